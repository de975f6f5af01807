//! bcrypt, as other systems left it behind.

use bcrypt::{HashParts, Version};
use vestibule_core::{Secret, equal_in_constant_time};
use zeroize::Zeroizing;

use crate::{ForeignHash, ForeignHashError};

/// Verifies bcrypt hashes: `$2a$`, `$2b$`, `$2y$` and `$2x$`.
///
/// bcrypt looks at the first 72 bytes of a password alone. A longer one is verified by its first 72 bytes, as the
/// system that made the hash did, and the new hash made at that first success covers all of it. A password with a
/// NUL is never right: bcrypt takes it for the end, so two different passwords would open the same (ATK-B5).
///
/// `$2x$` marks hashes of old PHP systems whose implementation extended the sign of bytes above 127; their keys are
/// rebuilt with that mistake. `$2a$` is taken as made without it.
///
/// # Example
///
/// ```
/// use vestibule_core::Secret;
/// use vestibule_credentials::{BcryptHash, ForeignHash};
///
/// let stored = "$2b$05$abcdefghijklmnopqrstuu8.veTXNDPV2eEsdpKNczMw2otgh5LnK";
/// assert!(BcryptHash::default().verify(&Secret::new("a".into()), stored)?);
/// # Ok::<(), vestibule_credentials::ForeignHashError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct BcryptHash {
    max_cost: u32,
}

impl Default for BcryptHash {
    /// A ceiling of cost 14, about a second of work.
    fn default() -> Self {
        Self { max_cost: 14 }
    }
}

impl BcryptHash {
    /// The length of what is hashed.
    const KEY: usize = 72;
    /// Where the 31 characters of the hash itself begin.
    const HASH_AT: usize = 29;

    /// Sets the greatest cost that is computed. Each step doubles the work; bcrypt knows 4 to 31.
    #[must_use]
    pub const fn with_max_cost(self, max_cost: u32) -> Self {
        Self { max_cost }
    }

    fn within_ceiling(self, stored: &str) -> Result<(bool, HashParts), ForeignHashError> {
        let (sign_extended, parts) = read(stored)?;
        if parts.get_cost() > self.max_cost {
            return Err(ForeignHashError::TooCostly);
        }
        Ok((sign_extended, parts))
    }
}

impl ForeignHash for BcryptHash {
    fn scheme(&self) -> &'static str {
        "bcrypt"
    }

    fn recognises(&self, stored: &str) -> bool {
        read(stored).is_ok()
    }

    fn check(&self, stored: &str) -> Result<(), ForeignHashError> {
        self.within_ceiling(stored).map(|_| ())
    }

    fn verify(&self, typed: &Secret<String>, stored: &str) -> Result<bool, ForeignHashError> {
        let (sign_extended, parts) = self.within_ceiling(stored)?;
        // EXPOSE: it becomes the key, in a buffer that is wiped.
        let password = typed.expose().as_bytes();
        let mut key = Zeroizing::new([0; Self::KEY]);
        fill(&mut key, password, sign_extended);
        // Given all 72 bytes, the crate adds nothing to them.
        let made = bcrypt::hash_with_salt(*key, parts.get_cost(), parts.get_salt_raw())
            .map_err(|_| ForeignHashError::Malformed)?;
        let made = Zeroizing::new(made.format_for_version(Version::TwoB));
        let same = match (made.as_bytes().get(Self::HASH_AT..), stored.as_bytes().get(Self::HASH_AT..)) {
            (Some(made), Some(stored)) => equal_in_constant_time(made, stored),
            _ => return Err(ForeignHashError::Malformed),
        };
        // Only after the same work as for any other password.
        Ok(same && !password.contains(&0))
    }
}

/// Repeats the password and the NUL that ends it over the whole key.
fn fill(key: &mut [u8; BcryptHash::KEY], password: &[u8], sign_extended: bool) {
    let mut bytes = password.iter().copied().chain([0]).cycle();
    for word in key.as_chunks_mut::<4>().0 {
        let next = [0; 4].map(|_: u8| bytes.next().unwrap_or_default());
        *word = if sign_extended {
            // The mistake: a byte above 127 sets every bit before it.
            let extend = |byte: u8| i32::from(byte.cast_signed()).cast_unsigned();
            next.into_iter().fold(0, |word, byte| (word << 8) | extend(byte)).to_be_bytes()
        } else {
            next
        };
    }
}

/// Reads the one form there is: prefix, two digits of cost, salt, hash; 60 characters.
fn read(stored: &str) -> Result<(bool, HashParts), ForeignHashError> {
    let sign_extended = match stored.as_bytes() {
        [b'$', b'2', kind @ (b'a' | b'b' | b'x' | b'y'), b'$', b'0'..=b'3', b'0'..=b'9', b'$', ..] => {
            *kind == b'x'
        }
        _ => return Err(ForeignHashError::Malformed),
    };
    let parts: HashParts = stored.parse().map_err(|_| ForeignHashError::Malformed)?;
    if !(4..=31).contains(&parts.get_cost()) {
        return Err(ForeignHashError::Malformed);
    }
    Ok((sign_extended, parts))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VECTORS: &str = include_str!("../vectors/bcrypt.txt");

    fn vectors() -> impl Iterator<Item = (String, &'static str)> {
        VECTORS.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let [_, password, stored] = line.split(" | ").collect::<Vec<_>>().try_into().unwrap();
            let bytes: Vec<u8> = match password {
                "-" => Vec::new(),
                hex => {
                    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { panic!("half a byte") };
                    pairs
                        .iter()
                        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
                        .collect()
                }
            };
            (String::from_utf8(bytes).unwrap(), stored)
        })
    }

    fn verify(password: &str, stored: &str) -> Result<bool, ForeignHashError> {
        BcryptHash::default().verify(&Secret::new(password.into()), stored)
    }

    #[test]
    fn hashes_of_other_implementations_are_verified() {
        let mut seen = [0; 4];
        for (password, stored) in vectors() {
            assert!(BcryptHash::default().recognises(stored));
            assert_eq!(verify(&password, stored), Ok(true), "{password} {stored}");
            assert_eq!(verify(&format!("!{password}"), stored), Ok(false), "{password} {stored}");
            let kind = stored.as_bytes()[2];
            seen[b"abxy".iter().position(|known| *known == kind).unwrap()] += 1;
        }
        assert!(seen.iter().all(|count| *count >= 15), "{seen:?}");
    }

    #[test]
    fn the_two_key_schedules_differ_beyond_ascii_only() {
        let pairs = vectors().filter(|(_, stored)| stored.starts_with("$2x$")).map(|(password, stored)| {
            let as_2y = stored.replacen("$2x$", "$2y$", 1);
            (password.is_ascii(), verify(&password, &as_2y).unwrap())
        });
        let pairs: Vec<_> = pairs.collect();
        assert!(pairs.iter().all(|(ascii, same)| ascii == same), "{pairs:?}");
        assert!(pairs.contains(&(false, false)));
    }

    #[test]
    fn a_nul_never_stands_for_the_end() {
        let (_, stored) = vectors().find(|(password, _)| password == "a").unwrap();
        assert_eq!(verify("a", stored), Ok(true));
        for other in ["a\0", "a\0a", "a\0a\0a", "a\0b"] {
            assert_eq!(verify(other, stored), Ok(false), "{other:?}");
        }
    }

    #[test]
    fn the_73rd_byte_is_not_looked_at_and_the_72nd_is() {
        let (_, stored) = vectors().find(|(password, _)| *password == "x".repeat(72)).unwrap();
        assert_eq!(verify(&"x".repeat(73), stored), Ok(true));
        assert_eq!(verify(&"x".repeat(71), stored), Ok(false));
        assert_eq!(verify(&format!("{}y", "x".repeat(71)), stored), Ok(false));
    }

    #[test]
    fn a_cost_above_the_ceiling_is_refused_and_not_computed() {
        let dear = "$2b$31$abcdefghijklmnopqrstuu8.veTXNDPV2eEsdpKNczMw2otgh5LnK";
        assert_eq!(verify("a", dear), Err(ForeignHashError::TooCostly));
        assert_eq!(BcryptHash::default().check(dear), Err(ForeignHashError::TooCostly));
        let cheap = BcryptHash::default().with_max_cost(4);
        let five = "$2b$05$abcdefghijklmnopqrstuu8.veTXNDPV2eEsdpKNczMw2otgh5LnK";
        assert_eq!(cheap.verify(&Secret::new("a".into()), five), Err(ForeignHashError::TooCostly));
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_never_a_wrong_password() {
        for text in [
            "",
            "$2b$05$",
            "$2c$05$abcdefghijklmnopqrstuu8.veTXNDPV2eEsdpKNczMw2otgh5LnK",
            "$2$05$abcdefghijklmnopqrstuu8.veTXNDPV2eEsdpKNczMw2otgh5LnKx",
            "$2b$03$abcdefghijklmnopqrstuu8.veTXNDPV2eEsdpKNczMw2otgh5LnK",
            "$2b$32$abcdefghijklmnopqrstuu8.veTXNDPV2eEsdpKNczMw2otgh5LnK",
            "$2b$+5$abcdefghijklmnopqrstuu8.veTXNDPV2eEsdpKNczMw2otgh5LnK",
            "$2b$05$abcdefghijklmnopqrstuu8.veTXNDPV2eEsdpKNczMw2otgh5Ln",
            "$2b$05$abcdefghijklmnopqrstuu8.veTXNDPV2eEsdpKNczMw2otgh5LnKK",
            "$2b$05$abcdefghijklmnopqrstuu8.veTXNDPV2eEsdpKNczMw2otgh5Ln!",
        ] {
            assert!(!BcryptHash::default().recognises(text), "{text}");
            assert_eq!(verify("a", text), Err(ForeignHashError::Malformed), "{text}");
            assert_eq!(BcryptHash::default().check(text), Err(ForeignHashError::Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(any in "\\$2[abxyc]\\$[0-9+]{2}\\$[A-Za-z0-9./=é]{50,54}|\\PC*") {
            let strict = BcryptHash::default().with_max_cost(3);
            let result = strict.verify(&Secret::new("a".into()), &any);
            prop_assert_eq!(strict.recognises(&any), result == Err(ForeignHashError::TooCostly));
        }
    }
}
