//! The two secrets of this crate, as text that leaves the process.

use vestibule_core::{
    Entropy, EntropyError, KeyPurpose, KeyRing, KeyRingError, Purpose, Secret, SecretDigest, SecretText,
    SecretTextError,
};

macro_rules! token {
    ($(#[$doc:meta])* $name:ident, $purpose:literal) => {
        $(#[$doc])*
        ///
        /// 160 random bits (ASVS 7.2.3), read strictly: cut, extended or differently spelt texts are refused before a
        /// store is asked (ATK-H5). Only a digest of it rests.
        #[derive(Debug)]
        pub struct $name(SecretText);

        impl $name {
            /// Makes a new one, digested under the ring's current key.
            ///
            /// # Errors
            ///
            /// [`EntropyError`] when the source fails.
            pub fn make(entropy: &(impl Entropy + ?Sized), ring: &KeyRing) -> Result<Self, EntropyError> {
                SecretText::make(entropy, Self::PURPOSE, ring.current(KeyPurpose::Digest)).map(Self)
            }

            /// Reads a text.
            ///
            /// # Errors
            ///
            /// [`SecretTextError`] when it is none, or one of another purpose.
            pub fn parse(text: &str) -> Result<Self, SecretTextError> {
                SecretText::parse(text, Self::PURPOSE).map(Self)
            }

            /// The text, for its one way out: the host's cookie.
            #[must_use]
            pub fn render(&self) -> Secret<String> {
                self.0.render()
            }

            /// What rests of it.
            ///
            /// # Errors
            ///
            /// [`KeyRingError::Unknown`] when the key that the text names is not in the ring: for a text that came
            /// from outside, nobody knows it.
            pub fn digest(&self, ring: &KeyRing) -> Result<SecretDigest, KeyRingError> {
                self.0.digest(ring)
            }

            // Judged when compiling: no such panic can be met at run time.
            const PURPOSE: Purpose = match Purpose::new($purpose) {
                Ok(purpose) => purpose,
                Err(_) => panic!("not a purpose"),
            };
        }
    };
}

token! {
    /// The token of a session.
    SessionToken, "session"
}

token! {
    /// The token of a known device. It is no evidence and replaces no factor.
    DeviceToken, "device"
}

#[cfg(test)]
mod tests {
    use vestibule_core::SystemEntropy;

    use super::*;
    use crate::testing::ring;

    #[test]
    fn one_secret_does_not_serve_as_the_other() {
        let session = SessionToken::make(&SystemEntropy, &ring()).unwrap().render();
        // EXPOSE: handed back as a client would.
        assert_eq!(DeviceToken::parse(session.expose()).unwrap_err(), SecretTextError::WrongPurpose);
    }
}
