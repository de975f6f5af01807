//! What an enrolling person is shown, once.

use core::fmt;

use vestibule_core::{Entropy, EntropyError, Secret, make_bytes};

use crate::authenticator::AuthenticatorId;
use crate::totp::Parameters;

/// How many bytes a new secret has (RFC 4226, R6: 160 bits).
const SECRET: usize = 20;

/// A new secret, to be put into an authenticator app. It is shown now and never again.
pub struct PendingEnrolment {
    pub(crate) id: AuthenticatorId,
    pub(crate) parameters: Parameters,
    pub(crate) secret: Secret<Vec<u8>>,
}

impl fmt::Debug for PendingEnrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingEnrolment").field("id", &self.id).finish_non_exhaustive()
    }
}

impl PendingEnrolment {
    pub(crate) fn make_secret(entropy: &(impl Entropy + ?Sized)) -> Result<Secret<Vec<u8>>, EntropyError> {
        let bytes = Secret::new(make_bytes::<SECRET>(entropy)?);
        // EXPOSE: moved to the heap; both copies are wiped.
        Ok(Secret::new(bytes.expose().to_vec()))
    }

    /// Which authenticator a code will confirm.
    #[must_use]
    pub const fn id(&self) -> AuthenticatorId {
        self.id
    }

    /// How its codes are computed.
    #[must_use]
    pub const fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// The key for typing it in: base 32 in groups of four.
    #[must_use]
    pub fn manual_key(&self) -> Secret<String> {
        let mut key = String::with_capacity(64);
        // EXPOSE: the text is a secret itself.
        for (place, character) in base32(&self.secret).expose().chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                key.push(' ');
            }
            key.push(character);
        }
        Secret::new(key)
    }

    /// The `otpauth` URI for an app to scan, with the parameters as they are. `issuer` names the deployment, `account`
    /// the person's login at it.
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &str) -> Secret<String> {
        // Long enough from the start: a growing text would leave copies of the secret behind.
        let mut uri = String::with_capacity(160 + 6 * issuer.len() + 3 * account.len());
        uri.push_str("otpauth://totp/");
        escape(&mut uri, issuer);
        uri.push_str("%3A");
        escape(&mut uri, account);
        uri.push_str("?secret=");
        // EXPOSE: the URI is a secret itself.
        uri.push_str(base32(&self.secret).expose());
        uri.push_str("&issuer=");
        escape(&mut uri, issuer);
        uri.push_str("&algorithm=");
        uri.push_str(self.parameters.algorithm().as_str());
        uri.push_str("&digits=");
        uri.push_str(&self.parameters.digits().to_string());
        uri.push_str("&period=");
        uri.push_str(&self.parameters.period().to_string());
        Secret::new(uri)
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986. A colon becomes `%3A` as well; the colon that parts
/// issuer and account is dropped from both, or an app could not tell where one ends.
fn escape(into: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes().filter(|byte| *byte != b':') {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            into.push(char::from(byte));
        } else {
            into.push('%');
            for half in [byte >> 4, byte & 15] {
                into.push(HEX.get(usize::from(half)).copied().map_or('0', char::from));
            }
        }
    }
}

/// Base 32 of RFC 4648 without padding.
fn base32(secret: &Secret<Vec<u8>>) -> Secret<String> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(112);
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut push = |bits: u32| {
        let index = usize::try_from(bits & 31).unwrap_or(0);
        text.push(ALPHABET.get(index).copied().map_or('A', char::from));
    };
    // EXPOSE: written out for the person whose secret it is.
    for byte in secret.expose() {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            push(bits >> held);
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        push(bits << (5 - held));
    }
    Secret::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> PendingEnrolment {
        PendingEnrolment {
            id: AuthenticatorId::from_bytes([1; 16]),
            parameters: Parameters::default(),
            secret: Secret::new(b"12345678901234567890".to_vec()),
        }
    }

    #[test]
    fn base_32_is_that_of_rfc_4648() {
        for (plain, text) in
            [("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI"), ("", "")]
        {
            // EXPOSE: a published vector.
            assert_eq!(base32(&Secret::new(plain.as_bytes().to_vec())).expose(), text);
        }
    }

    #[test]
    fn the_uri_says_the_real_parameters_and_escapes_what_it_carries() {
        let uri = pending().uri("Böhm & Co: x", "ada@b.example");
        // EXPOSE: a published secret.
        let shown = uri.expose();
        assert_eq!(
            shown,
            "otpauth://totp/B%C3%B6hm%20%26%20Co%20x%3Aada%40b.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=B%C3%B6hm%20%26%20Co%20x&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn the_manual_key_stands_in_groups_and_debug_shows_none_of_it() {
        // EXPOSE: a published secret.
        assert_eq!(pending().manual_key().expose(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert!(!format!("{:?}", pending()).contains("49"));
    }
}
