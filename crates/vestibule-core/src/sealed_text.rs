//! State that leaves sealed and comes back: what a host's cookie carries for us.

use crate::token::{body_of, whole_text};
use crate::{Entropy, KeyRing, Purpose, SealError, Sealed, Secret, SecretTextError};

/// The longest text that is looked at.
const LONGEST: usize = 4096;

/// Seals state for one purpose and writes it as the secret texts of this workspace are written:
/// `vst1_<purpose>_<key id>_<sealed>_<check>`. Whoever holds the text can bring it back and can neither read nor change it.
///
/// # Errors
///
/// [`SealError`].
///
/// # Example
///
/// ```
/// use vestibule_core::{KeyId, KeyPurpose, KeyRing, Purpose, Secret, SystemEntropy, open_text, seal_text};
///
/// # let mut ring = KeyRing::builder();
/// # for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
/// #     ring = ring.current(purpose, KeyId::parse("k1")?, Secret::new([7; 32]));
/// # }
/// # let ring = ring.build()?;
/// const STATE: Purpose = match Purpose::new("state") { Ok(purpose) => purpose, Err(_) => panic!() };
///
/// let text = seal_text(&ring, &SystemEntropy, STATE, &Secret::new(b"who, and when".to_vec()))?;
/// // EXPOSE: it goes into the cookie.
/// let opened = open_text(&ring, text.expose(), STATE)?;
/// // EXPOSE: what was sealed.
/// assert_eq!(opened.expose(), b"who, and when");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn seal_text(
    ring: &KeyRing,
    entropy: &(impl Entropy + ?Sized),
    purpose: Purpose,
    plain: &Secret<Vec<u8>>,
) -> Result<Secret<String>, SealError> {
    let sealed = Sealed::seal(ring, entropy, &[b"sealed-text", purpose.as_str().as_bytes()], plain)?;
    Ok(whole_text(purpose, sealed.key(), &sealed.to_bytes()))
}

/// Opens what [`seal_text`] wrote for this purpose.
///
/// # Errors
///
/// [`SecretTextError::WrongPurpose`], or [`SecretTextError::Malformed`] for everything that was not sealed here, or under a key
/// that is gone.
pub fn open_text(ring: &KeyRing, text: &str, purpose: Purpose) -> Result<Secret<Vec<u8>>, SecretTextError> {
    if text.len() > LONGEST {
        return Err(SecretTextError::Malformed);
    }
    let (_, bytes) = body_of(text, purpose)?;
    let sealed = Sealed::from_bytes(&bytes).map_err(|_| SecretTextError::Malformed)?;
    sealed.open(ring, &[b"sealed-text", purpose.as_str().as_bytes()]).map_err(|_| SecretTextError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{KeyId, KeyPurpose, SystemEntropy};

    const ONE: Purpose = match Purpose::new("one") {
        Ok(purpose) => purpose,
        Err(_) => panic!(),
    };
    const OTHER: Purpose = match Purpose::new("other") {
        Ok(purpose) => purpose,
        Err(_) => panic!(),
    };

    fn ring(byte: u8) -> KeyRing {
        let id = KeyId::parse("k1").unwrap();
        [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal]
            .into_iter()
            .fold(KeyRing::builder(), |ring, purpose| ring.current(purpose, id, Secret::new([byte; 32])))
            .build()
            .unwrap()
    }

    proptest! {
        #[test]
        fn what_was_sealed_comes_back_and_no_changed_text_does(
            plain in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), with in "[0-9a-z_]",
        ) {
            let text = seal_text(&ring(1), &SystemEntropy, ONE, &Secret::new(plain.clone())).unwrap();
            // EXPOSE: a test's own state.
            let text = text.expose().clone();
            let opened = open_text(&ring(1), &text, ONE).unwrap();
            // EXPOSE: a test's own state.
            prop_assert_eq!(opened.expose(), &plain);
            prop_assert_eq!(open_text(&ring(1), &text, OTHER).unwrap_err(), SecretTextError::WrongPurpose);
            prop_assert!(open_text(&ring(2), &text, ONE).is_err(), "another deployment's keys");
            let at = at.index(text.len());
            let mut changed = text.clone();
            changed.replace_range(at..=at, &with);
            if changed != text {
                prop_assert!(open_text(&ring(1), &changed, ONE).is_err());
            }
        }

        #[test]
        fn no_text_makes_reading_panic(text in "\\PC{0,200}") {
            prop_assert!(open_text(&ring(1), &text, ONE).is_err());
        }
    }
}
