//! The keys of a deployment, by purpose.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{Secret, SecretDigest};

/// What a key is for. A key of one purpose is never used for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyPurpose {
    /// Keyed digests of random secrets and of submitted identifiers.
    Digest,
    /// Extra key of password hashes, kept apart from the database.
    Pepper,
    /// Authenticated encryption of what must be read back.
    Seal,
}

/// Names one key among several live ones: 1 to 8 characters of `[a-z0-9]`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId {
    bytes: [u8; 8],
    len: u8,
}

impl KeyId {
    /// Reads a key id.
    ///
    /// # Errors
    ///
    /// [`KeyRingError::BadId`] unless it is 1 to 8 characters of `[a-z0-9]`.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let valid = (1..=8).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !valid {
            return Err(KeyRingError::BadId);
        }
        let mut bytes = [0; 8];
        for (slot, byte) in bytes.iter_mut().zip(text.bytes()) {
            *slot = byte;
        }
        Ok(Self { bytes, len: u8::try_from(text.len()).unwrap_or(8) })
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let used = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(used).unwrap_or_default()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({})", self.as_str())
    }
}

/// Why a set of keys cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// A key id is not 1 to 8 characters of `[a-z0-9]`.
    #[error("a key id is 1 to 8 characters of a-z and 0-9")]
    BadId,
    /// Two keys of one purpose have the same id.
    #[error("two keys of one purpose have the same id")]
    Duplicate,
    /// A purpose has no key.
    #[error("no key for the purpose {0:?}")]
    Missing(KeyPurpose),
    /// A key of this id is named (by a stored row, say) but is not in the ring (FLT-X40).
    #[error("a key that is named is not in the ring")]
    Unknown,
}

struct Key {
    purpose: KeyPurpose,
    id: KeyId,
    bytes: Secret<[u8; 32]>,
}

/// The keys of a deployment: per purpose one current key, which is used to write, and any number of older
/// ones, which are still read.
///
/// # Example
///
/// ```
/// use vestibule_core::{KeyId, KeyPurpose, KeyRing, Secret};
///
/// let ring = KeyRing::builder()
///     .current(KeyPurpose::Digest, KeyId::parse("d1")?, Secret::new([1; 32]))
///     .current(KeyPurpose::Pepper, KeyId::parse("p2")?, Secret::new([2; 32]))
///     .retired(KeyPurpose::Pepper, KeyId::parse("p1")?, Secret::new([3; 32]))
///     .current(KeyPurpose::Seal, KeyId::parse("s1")?, Secret::new([4; 32]))
///     .build()?;
/// assert_eq!(ring.current(KeyPurpose::Pepper).as_str(), "p2");
/// # Ok::<(), vestibule_core::KeyRingError>(())
/// ```
pub struct KeyRing {
    keys: Vec<Key>,
    digest: KeyId,
    pepper: KeyId,
    seal: KeyId,
}

impl KeyRing {
    /// Begins a ring.
    #[must_use]
    pub const fn builder() -> KeyRingBuilder {
        KeyRingBuilder { keys: Vec::new(), current: Vec::new() }
    }

    /// The id of the key that writes.
    #[must_use]
    pub const fn current(&self, purpose: KeyPurpose) -> KeyId {
        match purpose {
            KeyPurpose::Digest => self.digest,
            KeyPurpose::Pepper => self.pepper,
            KeyPurpose::Seal => self.seal,
        }
    }

    /// The ids of all live keys of a purpose, the current one first.
    pub fn live(&self, purpose: KeyPurpose) -> impl Iterator<Item = KeyId> {
        let current = self.current(purpose);
        let others =
            self.keys.iter().filter(move |key| key.purpose == purpose && key.id != current).map(|key| key.id);
        core::iter::once(current).chain(others)
    }

    /// One key's bytes.
    ///
    /// # Errors
    ///
    /// [`KeyRingError::Unknown`] when the ring does not hold it.
    pub fn key(&self, purpose: KeyPurpose, id: KeyId) -> Result<&Secret<[u8; 32]>, KeyRingError> {
        self.keys
            .iter()
            .find(|key| key.purpose == purpose && key.id == id)
            .map(|key| &key.bytes)
            .ok_or(KeyRingError::Unknown)
    }

    /// HMAC-SHA-256 under a digest key, over the label and then each part with its length before it, so that
    /// neither two labels nor two splittings of the same bytes ever meet.
    ///
    /// # Errors
    ///
    /// [`KeyRingError::Unknown`] when the ring does not hold the key.
    pub fn digest(&self, id: KeyId, label: &str, parts: &[&[u8]]) -> Result<SecretDigest, KeyRingError> {
        let key = self.key(KeyPurpose::Digest, id)?;
        // EXPOSE: the key of the keyed digest.
        let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).map_err(|_| KeyRingError::Unknown)?;
        for part in core::iter::once(label.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Ok(SecretDigest::from_bytes(mac.finalize().into_bytes().into()))
    }

    /// [`digest`](Self::digest) under the current key, which a built ring always holds.
    #[must_use]
    pub fn digest_current(&self, label: &str, parts: &[&[u8]]) -> SecretDigest {
        // A built ring holds its current keys and HMAC takes keys of any length: the fallback cannot be reached,
        // and it matches nothing that was ever stored.
        self.digest(self.digest, label, parts).unwrap_or(SecretDigest::from_bytes([0; 32]))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("digest", &self.digest)
            .field("pepper", &self.pepper)
            .field("seal", &self.seal)
            .field("keys", &self.keys.len())
            .finish()
    }
}

/// Collects keys; see [`KeyRing::builder`].
pub struct KeyRingBuilder {
    keys: Vec<Key>,
    current: Vec<(KeyPurpose, KeyId)>,
}

impl KeyRingBuilder {
    /// Adds the key that writes for this purpose. A later call for the same purpose replaces the choice; the
    /// earlier key stays readable.
    #[must_use]
    pub fn current(mut self, purpose: KeyPurpose, id: KeyId, bytes: Secret<[u8; 32]>) -> Self {
        self.current.retain(|(existing, _)| *existing != purpose);
        self.current.push((purpose, id));
        self.retired(purpose, id, bytes)
    }

    /// Adds a key that is still read but no longer writes.
    #[must_use]
    pub fn retired(mut self, purpose: KeyPurpose, id: KeyId, bytes: Secret<[u8; 32]>) -> Self {
        self.keys.push(Key { purpose, id, bytes });
        self
    }

    /// Checks that every purpose has a current key and no id stands twice.
    ///
    /// # Errors
    ///
    /// [`KeyRingError::Missing`] or [`KeyRingError::Duplicate`].
    pub fn build(self) -> Result<KeyRing, KeyRingError> {
        let current = |purpose| {
            self.current
                .iter()
                .find(|(existing, _)| *existing == purpose)
                .map(|(_, id)| *id)
                .ok_or(KeyRingError::Missing(purpose))
        };
        let (digest, pepper, seal) =
            (current(KeyPurpose::Digest)?, current(KeyPurpose::Pepper)?, current(KeyPurpose::Seal)?);
        let duplicate = self.keys.iter().enumerate().any(|(position, key)| {
            self.keys.iter().take(position).any(|other| other.purpose == key.purpose && other.id == key.id)
        });
        if duplicate {
            return Err(KeyRingError::Duplicate);
        }
        Ok(KeyRing { keys: self.keys, digest, pepper, seal })
    }
}

impl fmt::Debug for KeyRingBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRingBuilder").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> KeyId {
        KeyId::parse(text).unwrap()
    }

    fn ring() -> KeyRing {
        KeyRing::builder()
            .current(KeyPurpose::Digest, id("d1"), Secret::new([1; 32]))
            .retired(KeyPurpose::Digest, id("d0"), Secret::new([9; 32]))
            .current(KeyPurpose::Pepper, id("p1"), Secret::new([2; 32]))
            .current(KeyPurpose::Seal, id("s1"), Secret::new([3; 32]))
            .build()
            .unwrap()
    }

    #[test]
    fn a_missing_purpose_is_named() {
        let missing = KeyRing::builder().current(KeyPurpose::Digest, id("a"), Secret::new([0; 32])).build();
        assert_eq!(missing.unwrap_err(), KeyRingError::Missing(KeyPurpose::Pepper));
    }

    #[test]
    fn ids_are_strict() {
        for bad in ["", "A", "a-b", "123456789", "é"] {
            assert_eq!(KeyId::parse(bad), Err(KeyRingError::BadId), "{bad}");
        }
        assert_eq!(id("a1b2c3d4").as_str(), "a1b2c3d4");
    }

    #[test]
    fn digests_differ_by_key_label_and_splitting() {
        let ring = ring();
        let base = ring.digest(id("d1"), "a", &[b"bc"]).unwrap();
        assert_eq!(base, ring.digest_current("a", &[b"bc"]));
        assert_ne!(base, ring.digest(id("d0"), "a", &[b"bc"]).unwrap());
        assert_ne!(base, ring.digest_current("ab", &[b"c"]));
        assert_ne!(base, ring.digest_current("a", &[b"b", b"c"]));
        assert_eq!(ring.digest(id("zz"), "a", &[]), Err(KeyRingError::Unknown));
    }

    #[test]
    fn debug_shows_ids_and_no_key() {
        let text = format!("{:?}", ring());
        assert!(text.contains("p1") && !text.contains("[1, 1"), "{text}");
    }

    #[test]
    fn live_keys_begin_with_the_current_one() {
        let ids: Vec<_> = ring().live(KeyPurpose::Digest).collect();
        assert_eq!(ids, [id("d1"), id("d0")]);
    }
}
