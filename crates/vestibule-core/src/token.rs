//! Secrets as text that leaves the process, and the case reference.

use core::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::entropy::make_bytes;
use crate::{Entropy, EntropyError, KeyId, KeyRing, KeyRingError, Secret, SecretDigest, crockford};

/// What a secret text is for: 1 to 24 characters of `[a-z0-9-]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Purpose(&'static str);

impl Purpose {
    /// Names a purpose.
    ///
    /// # Errors
    ///
    /// [`SecretTextError::Malformed`] unless it is 1 to 24 characters of `[a-z0-9-]`.
    pub const fn new(name: &'static str) -> Result<Self, SecretTextError> {
        match check_purpose(name) {
            Ok(()) => Ok(Self(name)),
            Err(error) => Err(error),
        }
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

const fn check_purpose(name: &str) -> Result<(), SecretTextError> {
    let mut rest = name.as_bytes();
    if rest.is_empty() || rest.len() > 24 {
        return Err(SecretTextError::Malformed);
    }
    while let [first, tail @ ..] = rest {
        if !(first.is_ascii_lowercase() || first.is_ascii_digit() || *first == b'-') {
            return Err(SecretTextError::Malformed);
        }
        rest = tail;
    }
    Ok(())
}

/// Why a text is not the secret that is asked for. It is known before any store is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretTextError {
    /// Not a text that was ever made here: mistyped, cut, or of another origin.
    #[error("the text is not a secret of ours")]
    Malformed,
    /// A whole secret of ours, for another purpose.
    #[error("the secret is for another purpose")]
    WrongPurpose,
}

/// A random secret as it leaves: `vst1_<purpose>_<key id>_<random>_<check>`.
///
/// 160 random bits and 20 check bits (of SHA-256 over all before them), in lower-case Crockford base 32, read
/// strictly: one secret has one text (ATK-H5). The check tells a mistyped text from an unknown one without a store;
/// the purpose is refused before a store is asked; scanners find the prefix in leaked files.
///
/// # Example
///
/// ```
/// use vestibule_core::{KeyId, Purpose, SecretText, SecretTextError, SystemEntropy};
///
/// const SESSION: Purpose = match Purpose::new("session") { Ok(purpose) => purpose, Err(_) => panic!() };
/// const DEVICE: Purpose = match Purpose::new("device") { Ok(purpose) => purpose, Err(_) => panic!() };
///
/// let made = SecretText::make(&SystemEntropy, SESSION, KeyId::parse("d1")?)?;
/// let text = made.render();
/// // EXPOSE: it goes into the cookie.
/// let text = text.expose();
/// assert!(text.starts_with("vst1_session_d1_"));
/// assert!(SecretText::parse(text, SESSION).is_ok());
/// assert_eq!(SecretText::parse(text, DEVICE).unwrap_err(), SecretTextError::WrongPurpose);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SecretText {
    purpose: Purpose,
    key: KeyId,
    random: Secret<[u8; 20]>,
}

impl SecretText {
    /// Makes a new secret, to be digested under this key.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when the source fails.
    pub fn make(
        entropy: &(impl Entropy + ?Sized),
        purpose: Purpose,
        key: KeyId,
    ) -> Result<Self, EntropyError> {
        let mut drawn = make_bytes(entropy)?;
        let random = Secret::new(drawn);
        drawn.zeroize();
        Ok(Self { purpose, key, random })
    }

    /// Reads a text that must be for this purpose.
    ///
    /// # Errors
    ///
    /// [`SecretTextError`].
    pub fn parse(text: &str, purpose: Purpose) -> Result<Self, SecretTextError> {
        let malformed = SecretTextError::Malformed;
        // The longest text there is: nothing longer is looked at.
        if text.len() > 100 {
            return Err(malformed);
        }
        let (key, mut bytes) = body_of(text, purpose)?;
        let random = <[u8; 20]>::try_from(bytes.as_slice()).map(Secret::new).map_err(|_| malformed);
        bytes.zeroize();
        let random = random?;
        Ok(Self { purpose, key, random })
    }

    /// The text, for its one way out.
    #[must_use]
    pub fn render(&self) -> Secret<String> {
        // EXPOSE: the text is the secret.
        whole_text(self.purpose, self.key, self.random.expose())
    }

    /// What rests of it: a digest under the key it names, the purpose in the input.
    ///
    /// # Errors
    ///
    /// [`KeyRingError::Unknown`] when that key was retired for good.
    pub fn digest(&self, ring: &KeyRing) -> Result<SecretDigest, KeyRingError> {
        // EXPOSE: the input of the digest.
        ring.digest(self.key, "secret-text", &[self.purpose.as_str().as_bytes(), self.random.expose()])
    }

    /// The key it is digested under.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        self.key
    }
}

/// The text of these bytes, with its check.
pub(crate) fn whole_text(purpose: Purpose, key: KeyId, bytes: &[u8]) -> Secret<String> {
    let mut body = crockford::encode(bytes);
    // Long enough from the start: a growing text would leave copies of the secret behind.
    let mut text = String::with_capacity(48 + body.len());
    for part in ["vst1_", purpose.as_str(), "_", key.as_str(), "_", &body] {
        text.push_str(part);
    }
    body.zeroize();
    let check = check_of(&text);
    text.push('_');
    text.push_str(&check);
    Secret::new(text)
}

/// The bytes of a text for this purpose, and the key that it names.
pub(crate) fn body_of(text: &str, purpose: Purpose) -> Result<(KeyId, Vec<u8>), SecretTextError> {
    let malformed = SecretTextError::Malformed;
    let (body, check) = text.rsplit_once('_').ok_or(malformed)?;
    let mut parts = body.split('_');
    let (Some("vst1"), Some(found), Some(key), Some(bytes), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed);
    };
    if !crate::equal_in_constant_time(check.as_bytes(), check_of(body).as_bytes()) {
        return Err(malformed);
    }
    let key = KeyId::parse(key).map_err(|_| malformed)?;
    let bytes = crockford::decode(bytes).ok_or(malformed)?;
    // Anybody can compute a check: what is not even a purpose is no secret of ours.
    check_purpose(found)?;
    if found == purpose.as_str() { Ok((key, bytes)) } else { Err(SecretTextError::WrongPurpose) }
}

/// The first 20 bits of SHA-256.
fn check_of(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    let mut text = crockford::encode(digest.get(..3).unwrap_or_default());
    text.truncate(4);
    text
}

/// A short reference that a visitor reads to support: `VQ7K-2M4P`, 40 bits. It is no secret and opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseReference([u8; 5]);

impl CaseReference {
    /// Draws a reference.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when the source fails.
    pub fn make(entropy: &(impl Entropy + ?Sized)) -> Result<Self, EntropyError> {
        make_bytes(entropy).map(Self)
    }

    /// The reference that these bits are.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 5]) -> Self {
        Self(bytes)
    }

    /// The reference that a digest begins with.
    #[must_use]
    pub const fn derive(digest: &SecretDigest) -> Self {
        let [a, b, c, d, e, ..] = *digest.as_bytes();
        Self([a, b, c, d, e])
    }

    /// The bits.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 5] {
        &self.0
    }

    /// Reads what a person typed: any case, blanks and hyphens anywhere, `O` as `0`, `I` and `L` as `1`.
    ///
    /// # Errors
    ///
    /// [`SecretTextError::Malformed`] when it is no reference.
    pub fn parse(text: &str) -> Result<Self, SecretTextError> {
        if text.len() > 64 {
            return Err(SecretTextError::Malformed);
        }
        let bytes = crockford::decode(&crockford::forgive(text)).ok_or(SecretTextError::Malformed)?;
        bytes.try_into().map(Self).map_err(|_| SecretTextError::Malformed)
    }
}

impl fmt::Display for CaseReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = crockford::encode(&self.0).to_ascii_uppercase();
        let (head, tail) = text.split_at_checked(4).unwrap_or((&text, ""));
        write!(f, "{head}-{tail}")
    }
}

impl fmt::Debug for CaseReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaseReference({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every draw the same: a changed character passes 20 check bits once in a million, and so never or always.
    struct Fixed;

    impl Entropy for Fixed {
        fn try_fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
            out.iter_mut().zip(7_u8..).for_each(|(slot, byte)| *slot = byte.wrapping_mul(53));
            Ok(())
        }
    }

    const SESSION: Purpose = Purpose("session");

    fn made() -> String {
        let text = SecretText::make(&Fixed, SESSION, KeyId::parse("d1").unwrap()).unwrap().render();
        // EXPOSE: tests look at it.
        text.expose().clone()
    }

    #[test]
    fn every_cut_every_addition_and_every_changed_character_is_refused() {
        let text = made();
        for length in 0..text.len() {
            let cut: String = text.chars().take(length).collect();
            assert!(SecretText::parse(&cut, SESSION).is_err(), "{cut}");
        }
        for tail in ["0", "_", " ", "\n", "="] {
            assert!(SecretText::parse(&format!("{text}{tail}"), SESSION).is_err());
        }
        let swaps = (0..text.len()).map(|at| {
            text.char_indices()
                .map(|(i, c)| if i == at { if c == '0' { '1' } else { '0' } } else { c })
                .collect::<String>()
        });
        // 20 check bits leave one in a million: none of these 60.
        for swapped in swaps.filter(|swapped| *swapped != text) {
            assert!(SecretText::parse(&swapped, SESSION).is_err(), "{swapped}");
        }
        assert!(SecretText::parse(&text.to_uppercase(), SESSION).is_err());
    }

    #[test]
    fn another_purpose_is_told_apart_from_a_malformed_text() {
        assert_eq!(SecretText::parse(&made(), Purpose("device")).unwrap_err(), SecretTextError::WrongPurpose);
        assert_eq!(
            SecretText::parse("vst1_session_d1_x_y", SESSION).unwrap_err(),
            SecretTextError::Malformed
        );
    }

    #[test]
    fn a_right_check_does_not_make_a_purpose() {
        for found in ["", "Device", "ä", "aaaaaaaaaaaaaaaaaaaaaaaaa"] {
            let body = format!("vst1_{found}_d1_{}", "0".repeat(32));
            let text = format!("{body}_{}", check_of(&body));
            assert_eq!(SecretText::parse(&text, SESSION).unwrap_err(), SecretTextError::Malformed, "{found}");
        }
    }

    #[test]
    fn purposes_are_strict() {
        for bad in ["", "Session", "a_b", "ä", "aaaaaaaaaaaaaaaaaaaaaaaaa"] {
            assert!(Purpose::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_case_reference_is_read_forgivingly() {
        let case = CaseReference::parse("VQ7K-2M4P").unwrap();
        assert_eq!(case.to_string(), "VQ7K-2M4P");
        for spelt in ["vq7k2m4p", " vq7k 2m4p ", "V-Q7K2M4P"] {
            assert_eq!(CaseReference::parse(spelt), Ok(case));
        }
        assert_eq!(CaseReference::parse("OIL0-0000"), CaseReference::parse("0110-0000"));
        for bad in ["", "VQ7K-2M4", "VQ7K-2M4P5", "VQ7K-2M4U"] {
            assert!(CaseReference::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_no_secret_and_never_panics(text in any::<String>()) {
            prop_assert!(SecretText::parse(&text, SESSION).is_err());
            let _ = CaseReference::parse(&text);
        }
    }
}
