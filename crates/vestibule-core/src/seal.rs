//! Authenticated encryption of what must be read back.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

use crate::entropy::make_bytes;
use crate::{CorruptRow, Entropy, EntropyError, KeyId, KeyPurpose, KeyRing, KeyRingError, Secret};

/// Why something sealed cannot be made or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The source of randomness failed.
    #[error("the source of randomness failed")]
    Entropy(#[from] EntropyError),
    /// The key is not in the ring (FLT-X40).
    #[error("the key of a sealed value is not in the key ring")]
    Key(#[from] KeyRingError),
    /// The bytes were changed, or belong to another row (ATK-D15).
    #[error("a sealed value cannot be opened")]
    Opened,
}

/// A sealed value as it rests: XChaCha20-Poly1305 under a named key, bound to the row it rests in.
///
/// # Example
///
/// ```
/// use vestibule_core::{KeyId, KeyPurpose, KeyRing, Sealed, Secret, SystemEntropy};
///
/// # let mut ring = KeyRing::builder();
/// # for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
/// #     ring = ring.current(purpose, KeyId::parse("k1")?, Secret::new([7; 32]));
/// # }
/// # let ring = ring.build()?;
/// let text = Secret::new(b"your link".to_vec());
/// let sealed = Sealed::seal(&ring, &SystemEntropy, &[b"message", b"17"], &text)?;
/// assert!(sealed.open(&ring, &[b"message", b"17"]).is_ok());
/// assert!(sealed.open(&ring, &[b"message", b"18"]).is_err(), "moved to another row");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    key: KeyId,
    nonce: [u8; 24],
    ciphertext: Vec<u8>,
}

impl Sealed {
    /// Seals under the current key, bound to a row by its identity.
    ///
    /// # Errors
    ///
    /// [`SealError::Entropy`] or [`SealError::Key`].
    pub fn seal(
        ring: &KeyRing,
        entropy: &(impl Entropy + ?Sized),
        row: &[&[u8]],
        plain: &Secret<Vec<u8>>,
    ) -> Result<Self, SealError> {
        let key = ring.current(KeyPurpose::Seal);
        let nonce = make_bytes::<24>(entropy)?;
        let aad = associated(key, row);
        // EXPOSE: the input of the encryption.
        let payload = Payload { msg: plain.expose(), aad: &aad };
        let ciphertext =
            cipher(ring, key)?.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Opened)?;
        Ok(Self { key, nonce, ciphertext })
    }

    /// Opens what was sealed for this row.
    ///
    /// # Errors
    ///
    /// [`SealError::Key`] or [`SealError::Opened`].
    pub fn open(&self, ring: &KeyRing, row: &[&[u8]]) -> Result<Secret<Vec<u8>>, SealError> {
        let aad = associated(self.key, row);
        let payload = Payload { msg: &self.ciphertext, aad: &aad };
        cipher(ring, self.key)?
            .decrypt(&XNonce::from(self.nonce), payload)
            .map(Secret::new)
            .map_err(|_| SealError::Opened)
    }

    /// The key it is sealed under.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// As it rests: form, length of the key id, key id, nonce, ciphertext.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let id = self.key.as_str().as_bytes();
        let mut bytes = vec![FORM, u8::try_from(id.len()).unwrap_or(0)];
        bytes.extend_from_slice(id);
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(&self.ciphertext);
        bytes
    }

    /// Reads what rests.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when it is no sealed value.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CorruptRow> {
        const CORRUPT: CorruptRow = CorruptRow("sealed");
        let ([FORM, length], rest) = bytes.split_first_chunk::<2>().ok_or(CORRUPT)? else {
            return Err(CORRUPT);
        };
        let (id, rest) = rest.split_at_checked((*length).into()).ok_or(CORRUPT)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<24>().ok_or(CORRUPT)?;
        let id = core::str::from_utf8(id).map_err(|_| CORRUPT)?;
        // Poly1305's tag is 16 bytes: nothing shorter was ever sealed.
        if ciphertext.len() < 16 {
            return Err(CORRUPT);
        }
        Ok(Self {
            key: KeyId::parse(id).map_err(|_| CORRUPT)?,
            nonce: *nonce,
            ciphertext: ciphertext.to_vec(),
        })
    }
}

/// The form of what rests; another cipher takes another number.
const FORM: u8 = 1;

fn cipher(ring: &KeyRing, key: KeyId) -> Result<XChaCha20Poly1305, KeyRingError> {
    let key = ring.key(KeyPurpose::Seal, key)?;
    // EXPOSE: the key of the cipher.
    Ok(XChaCha20Poly1305::new(&Key::from(*key.expose())))
}

/// The form, the key's id and each part of the row's identity, all behind their lengths, so that none can pose as
/// another.
fn associated(key: KeyId, row: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![FORM];
    for part in core::iter::once(key.as_str().as_bytes()).chain(row.iter().copied()) {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SystemEntropy;

    fn ring(current: &str, retired: Option<&str>) -> KeyRing {
        let id = |text| KeyId::parse(text).unwrap();
        let key = |text: &str| Secret::new([text.as_bytes()[1]; 32]);
        let mut ring = KeyRing::builder()
            .current(KeyPurpose::Digest, id("d1"), Secret::new([1; 32]))
            .current(KeyPurpose::Pepper, id("p1"), Secret::new([2; 32]))
            .current(KeyPurpose::Seal, id(current), key(current));
        if let Some(old) = retired {
            ring = ring.retired(KeyPurpose::Seal, id(old), key(old));
        }
        ring.build().unwrap()
    }

    #[test]
    fn a_retired_key_still_opens_and_a_lost_one_does_not() {
        let sealed =
            Sealed::seal(&ring("s1", None), &SystemEntropy, &[b"a"], &Secret::new(b"x".to_vec())).unwrap();
        let opened = sealed.open(&ring("s2", Some("s1")), &[b"a"]).unwrap();
        // EXPOSE: the test compares it.
        assert_eq!(opened.expose(), b"x");
        assert_eq!(
            sealed.open(&ring("s2", None), &[b"a"]).unwrap_err(),
            SealError::Key(KeyRingError::Unknown)
        );
    }

    #[test]
    fn a_changed_byte_or_another_row_is_refused() {
        let ring = ring("s1", None);
        let sealed = Sealed::seal(&ring, &SystemEntropy, &[b"a", b"b"], &Secret::new(vec![9; 40])).unwrap();
        let bytes = sealed.to_bytes();
        assert_eq!(Sealed::from_bytes(&bytes), Ok(sealed.clone()));
        for row in [&[b"ab".as_slice()][..], &[b"b", b"a"], &[]] {
            assert_eq!(sealed.open(&ring, row).unwrap_err(), SealError::Opened);
        }
        for at in 3..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let opened = Sealed::from_bytes(&changed).unwrap().open(&ring, &[b"a", b"b"]);
            assert!(opened.is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_value_cut_into_its_tag_is_corrupt() {
        let row: [&[u8]; 1] = [b"a"];
        let sealed = Sealed::seal(&ring("s1", None), &SystemEntropy, &row, &Secret::new(Vec::new())).unwrap();
        let bytes = sealed.to_bytes();
        assert!(Sealed::from_bytes(&bytes).is_ok());
        for length in 0..bytes.len() {
            assert_eq!(Sealed::from_bytes(&bytes[..length]), Err(CorruptRow("sealed")), "{length}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Sealed::from_bytes(&bytes);
        }
    }
}
