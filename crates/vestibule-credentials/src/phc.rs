//! The text a password hash is stored as, read strictly.

use core::fmt;

use argon2::Version;
use password_hash::phc::{Output, Salt};
use vestibule_core::KeyId;

use crate::{HashParams, PreparedPassword};

/// An Argon2id hash with everything needed to verify against it.
///
/// Ours is `$vst1$k=<pepper>,n=<preparation>` before a PHC string: the id of the pepper key (`-` for none) and the
/// version of the preparation. A PHC string of another system without that part is read as well: no pepper,
/// computed over the password as typed.
///
/// Reading is strict. Every parameter has a floor and a ceiling that are checked before anything is computed, a
/// missing `v=` means version 0x10 and not the current one, only Argon2id is known, and
/// [`to_text`](Self::to_text) of what was read is the text itself. `Debug` does not show the hash.
///
/// # Example
///
/// ```
/// use vestibule_credentials::StoredHash;
///
/// let text = "$vst1$k=p1,n=1$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$\
///             E1h9Ld6JrBEAJJih9BnzLwV4+2zzkc9JpbIqixMitO0";
/// let stored = StoredHash::parse(text)?;
/// assert_eq!(stored.pepper().unwrap().as_str(), "p1");
/// assert_eq!(stored.to_text(), text);
/// # Ok::<(), vestibule_credentials::StoredHashError>(())
/// ```
#[derive(Clone)]
pub struct StoredHash {
    pub(crate) pepper: Option<KeyId>,
    /// 0: over the password as typed.
    pub(crate) preparation: u8,
    pub(crate) version: Version,
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
    pub(crate) salt: Salt,
    pub(crate) hash: Output,
}

impl StoredHash {
    /// The most bytes of a stored text.
    pub const MAX_LEN: usize = 256;
    const MAX_LANES: u32 = 16;
    const MIN_HASH: usize = 16;
    /// Shorter salts and hashes than those made today are replaced at the next chance.
    const TODAYS_SALT: usize = 16;
    const TODAYS_HASH: usize = 32;

    /// Reads a stored text.
    ///
    /// # Errors
    ///
    /// [`StoredHashError`]. [`UnknownFormat`](StoredHashError::UnknownFormat) alone says that it may be the hash
    /// of another scheme; the rest say that it is one of ours or an Argon2 one, and not acceptable.
    pub fn parse(text: &str) -> Result<Self, StoredHashError> {
        use StoredHashError::{Malformed, OutOfRange};
        if text.len() > Self::MAX_LEN {
            return Err(StoredHashError::TooLong);
        }
        let (pepper, preparation, phc) = envelope(text)?;
        let mut fields = phc.split('$').peekable();
        if (fields.next(), fields.next()) != (Some(""), Some("argon2id")) {
            return Err(StoredHashError::Algorithm);
        }
        let version = match fields.next_if(|field| field.starts_with("v=")) {
            None | Some("v=16") => Version::V0x10,
            Some("v=19") => Version::V0x13,
            Some(_) => return Err(StoredHashError::Version),
        };
        let [memory_kib, passes, lanes] = costs(fields.next().ok_or(Malformed)?)?;
        let salt = Salt::from_b64(fields.next().ok_or(Malformed)?).map_err(|_| Malformed)?;
        let hash = Output::decode(fields.next().ok_or(Malformed)?).map_err(|_| Malformed)?;
        if !(1..=Self::MAX_LANES).contains(&lanes)
            || passes == 0
            || !(lanes.saturating_mul(8)..=HashParams::MAX_MEMORY_KIB).contains(&memory_kib)
            || hash.len() < Self::MIN_HASH
        {
            return Err(OutOfRange);
        }
        let stored = Self { pepper, preparation, version, memory_kib, passes, lanes, salt, hash };
        if stored.work() > HashParams::MAX_WORK {
            return Err(OutOfRange);
        }
        // One text per hash: no leading zeros, no other base64, nothing behind it.
        if stored.to_text() != text {
            return Err(Malformed);
        }
        Ok(stored)
    }

    /// The text to store.
    #[must_use]
    pub fn to_text(&self) -> String {
        let envelope = match (self.pepper, self.preparation) {
            (None, 0) => String::new(),
            (None, preparation) => format!("$vst1$k=-,n={preparation}"),
            (Some(pepper), preparation) => format!("$vst1$k={pepper},n={preparation}"),
        };
        let version = match self.version {
            Version::V0x10 => "",
            Version::V0x13 => "$v=19",
        };
        let Self { memory_kib, passes, lanes, salt, hash, .. } = self;
        format!("{envelope}$argon2id{version}$m={memory_kib},t={passes},p={lanes}${salt}${hash}")
    }

    /// The pepper key it was computed with.
    #[must_use]
    pub const fn pepper(&self) -> Option<KeyId> {
        self.pepper
    }

    /// Memory in KiB.
    #[must_use]
    pub const fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// Number of passes.
    #[must_use]
    pub const fn passes(&self) -> u32 {
        self.passes
    }

    /// Memory times passes.
    #[must_use]
    pub const fn work(&self) -> u64 {
        self.memory_kib as u64 * self.passes as u64
    }

    /// Whether a right password should be hashed again: the cost is lower than today's, the pepper another, the
    /// preparation older, or it was not made here (ATK-B6).
    ///
    /// A higher cost is no reason, and when another one applies the higher cost is kept.
    #[must_use]
    pub fn needs_rehash(&self, today: HashParams, pepper: KeyId) -> bool {
        self.rehash_params(today, pepper).is_some()
    }

    /// The cost to hash again with, if that is needed: never lower than the stored one.
    pub(crate) fn rehash_params(&self, today: HashParams, pepper: KeyId) -> Option<HashParams> {
        let own = HashParams::new(self.memory_kib, self.passes).ok();
        // Much work over little memory is weak as well.
        let under_floor = own.is_none() && HashParams::new(today.memory_kib(), today.passes()).is_ok();
        let cheaper = self.work() < today.work() || under_floor;
        let dated = self.pepper != Some(pepper)
            || self.preparation < PreparedPassword::VERSION
            || !matches!(self.version, Version::V0x13)
            || self.lanes != 1
            || self.salt.as_ref().len() < Self::TODAYS_SALT
            || self.hash.len() < Self::TODAYS_HASH;
        if !cheaper && !dated {
            return None;
        }
        Some(own.filter(|own| own.work() > today.work()).unwrap_or(today))
    }
}

impl fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredHash")
            .field("pepper", &self.pepper)
            .field("preparation", &self.preparation)
            .field("memory_kib", &self.memory_kib)
            .field("passes", &self.passes)
            .field("lanes", &self.lanes)
            .finish_non_exhaustive()
    }
}

/// Why a stored text is refused. It is never the same as a wrong password: whoever reads a row reports it as
/// corrupt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoredHashError {
    /// Ours or an Argon2 text, but not Argon2id.
    #[error("the algorithm of a stored hash is not Argon2id")]
    Algorithm,
    /// Not in the one form a hash is written in.
    #[error("a stored hash is malformed")]
    Malformed,
    /// A parameter, or their product, is under the floor or above the ceiling.
    #[error("a parameter of a stored hash is out of range")]
    OutOfRange,
    /// Prepared by rules that this version does not know.
    #[error("a stored hash names an unknown preparation")]
    Preparation,
    /// More than [`StoredHash::MAX_LEN`] bytes.
    #[error("a stored hash is too long")]
    TooLong,
    /// Neither ours nor Argon2, and no foreign scheme that is configured recognises it.
    #[error("the format of a stored hash is unknown")]
    UnknownFormat,
    /// A version of Argon2 that does not exist.
    #[error("a stored hash names an unknown version")]
    Version,
}

/// Takes our part off the text.
fn envelope(text: &str) -> Result<(Option<KeyId>, u8, &str), StoredHashError> {
    use StoredHashError::{Malformed, Preparation, UnknownFormat};
    let Some(ours) = text.strip_prefix("$vst1$") else {
        return if text.starts_with("$argon2") { Ok((None, 0, text)) } else { Err(UnknownFormat) };
    };
    let (head, phc) = ours.find('$').and_then(|at| ours.split_at_checked(at)).ok_or(Malformed)?;
    let (pepper, preparation) =
        head.strip_prefix("k=").and_then(|head| head.split_once(",n=")).ok_or(Malformed)?;
    let pepper = match pepper {
        "-" => None,
        id => Some(KeyId::parse(id).map_err(|_| Malformed)?),
    };
    let preparation: u8 = preparation.parse().map_err(|_| Preparation)?;
    if !(1..=PreparedPassword::VERSION).contains(&preparation) {
        return Err(Preparation);
    }
    Ok((pepper, preparation, phc))
}

/// `m=..,t=..,p=..`, in this order and nothing else. A number beyond `u32` is out of range.
fn costs(field: &str) -> Result<[u32; 3], StoredHashError> {
    let mut parts = field.split(',');
    let mut costs = [0; 3];
    for (cost, name) in costs.iter_mut().zip(["m=", "t=", "p="]) {
        let digits = parts.next().and_then(|part| part.strip_prefix(name)).unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(StoredHashError::Malformed);
        }
        *cost = digits.parse().map_err(|_| StoredHashError::OutOfRange)?;
    }
    if parts.next().is_some() { Err(StoredHashError::Malformed) } else { Ok(costs) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SALT: &str = "AAECAwQFBgcICQoLDA0ODw";
    const HASH: &str = "E1h9Ld6JrBEAJJih9BnzLwV4+2zzkc9JpbIqixMitO0";

    fn text(head: &str, middle: &str) -> String {
        format!("{head}$argon2id{middle}${SALT}${HASH}")
    }

    fn error(text: &str) -> StoredHashError {
        StoredHash::parse(text).unwrap_err()
    }

    fn key(text: &str) -> KeyId {
        KeyId::parse(text).unwrap()
    }

    #[test]
    fn what_is_accepted_is_written_back_byte_for_byte() {
        for accepted in [
            text("$vst1$k=p1,n=1", "$v=19$m=19456,t=2,p=1"),
            text("$vst1$k=-,n=1", "$v=19$m=19456,t=2,p=1"),
            text("", "$v=19$m=65536,t=3,p=4"),
            text("", "$m=65536,t=3,p=4"),
            text("", "$v=19$m=2097152,t=2,p=16"),
            text("", "$v=19$m=8,t=1,p=1"),
        ] {
            assert_eq!(StoredHash::parse(&accepted).unwrap().to_text(), accepted);
        }
    }

    #[test]
    fn a_text_without_version_is_the_old_version() {
        let version = |middle| StoredHash::parse(&text("", middle)).unwrap().version;
        assert_eq!(version("$m=64,t=1,p=1"), Version::V0x10);
        assert_eq!(version("$v=19$m=64,t=1,p=1"), Version::V0x13);
        assert_eq!(error(&text("", "$v=18$m=64,t=1,p=1")), StoredHashError::Version);
    }

    #[test]
    fn every_parameter_has_a_floor_and_a_ceiling() {
        for (m, t, p) in [
            ("7", "1", "1"),
            ("15", "1", "2"),
            ("2097153", "1", "1"),
            ("4294967295", "4294967295", "1"),
            ("4294967296", "1", "1"),
            ("99999999999999999999", "1", "1"),
            ("64", "0", "1"),
            ("64", "65537", "1"),
            ("64", "1", "0"),
            ("4096", "1", "17"),
            ("4096", "1", "4294967295"),
        ] {
            let costs = format!("$v=19$m={m},t={t},p={p}");
            assert_eq!(error(&text("", &costs)), StoredHashError::OutOfRange, "{costs}");
        }
        let with = |salt: &str, hash: &str| error(&format!("$argon2id$v=19$m=64,t=1,p=1${salt}${hash}"));
        assert_eq!(with("AAECAwQFBg", HASH), StoredHashError::Malformed);
        assert_eq!(with(&"A".repeat(65), HASH), StoredHashError::Malformed);
        assert_eq!(with(SALT, "AAECAwQFBgcICQoLDA0O"), StoredHashError::OutOfRange);
        assert_eq!(with(SALT, &"A".repeat(87)), StoredHashError::Malformed);
        assert_eq!(error(&text(&"$".repeat(300), "")), StoredHashError::TooLong);
    }

    #[test]
    fn other_spellings_of_the_same_hash_are_refused() {
        for middle in [
            "$v=19$m=064,t=1,p=1",
            "$v=19$m=+64,t=1,p=1",
            "$v=19$t=1,m=64,p=1",
            "$v=19$m=64,t=1",
            "$v=19$m=64,t=1,p=1,p=1",
            "$v=19$m=64,t=1,p=1,data=AAAA",
            "$v=19$m=64,t=1,p=1,keyid=AAAA",
            "$v=16$m=64,t=1,p=1",
            "$m=64,t=1,p=1$v=19",
            "",
        ] {
            assert_eq!(error(&text("", middle)), StoredHashError::Malformed, "{middle}");
        }
        let whole = text("", "$v=19$m=64,t=1,p=1");
        for other in [format!("{whole}="), format!("{whole}$"), format!("{whole} "), format!("{whole}\n")] {
            assert_eq!(error(&other), StoredHashError::Malformed, "{other:?}");
        }
        // Bits that the last character carries in vain.
        let last = whole.strip_suffix('0').unwrap();
        assert_eq!(error(&format!("{last}1")), StoredHashError::Malformed);
    }

    #[test]
    fn envelopes_are_read_strictly() {
        let costs = "$v=19$m=64,t=1,p=1";
        for head in
            ["$vst1$", "$vst1$k=,n=1", "$vst1$k=P1,n=1", "$vst1$n=1,k=p1", "$vst1$k=p1", "$vst1$k=p1,n=01"]
        {
            assert_eq!(error(&text(head, costs)), StoredHashError::Malformed, "{head}");
        }
        for head in ["$vst1$k=p1,n=0", "$vst1$k=-,n=0", "$vst1$k=p1,n=2", "$vst1$k=p1,n=256", "$vst1$k=p1,n="]
        {
            assert_eq!(error(&text(head, costs)), StoredHashError::Preparation, "{head}");
        }
        for other in ["", "$", "!", "$2b$05$abc", "$vst2$k=p1,n=1", "pbkdf2_sha256$1$a$b", "plain"] {
            assert_eq!(error(other), StoredHashError::UnknownFormat, "{other}");
        }
        for other in ["$argon2i$v=19$m=64,t=1,p=1", "$argon2d$", "$argon2", "$vst1$k=p1,n=1$2b$05$abc"] {
            assert_eq!(error(other), StoredHashError::Algorithm, "{other}");
        }
    }

    #[test]
    fn lower_cost_other_pepper_and_older_preparation_are_rehashed_and_higher_cost_is_kept() {
        let today = HashParams::default();
        let higher = HashParams::new(65_536, 3).unwrap();
        let rehash =
            |head, middle| StoredHash::parse(&text(head, middle)).unwrap().rehash_params(today, key("p2"));
        for (head, middle, expected) in [
            ("$vst1$k=p2,n=1", "$v=19$m=19456,t=2,p=1", None),
            ("$vst1$k=p2,n=1", "$v=19$m=65536,t=3,p=1", None),
            ("$vst1$k=p2,n=1", "$v=19$m=47104,t=1,p=1", None),
            ("$vst1$k=p2,n=1", "$v=19$m=19455,t=2,p=1", Some(today)),
            ("$vst1$k=p2,n=1", "$v=19$m=8,t=1,p=1", Some(today)),
            ("$vst1$k=p1,n=1", "$v=19$m=19456,t=2,p=1", Some(today)),
            ("$vst1$k=p1,n=1", "$v=19$m=65536,t=3,p=1", Some(higher)),
            ("$vst1$k=-,n=1", "$v=19$m=19456,t=2,p=1", Some(today)),
            ("", "$v=19$m=19456,t=2,p=1", Some(today)),
            ("", "$v=19$m=65536,t=3,p=4", Some(higher)),
            ("$vst1$k=p2,n=1", "$m=65536,t=3,p=1", Some(higher)),
            ("$vst1$k=p1,n=1", "$v=19$m=4096,t=64,p=1", Some(today)),
            ("$vst1$k=p2,n=1", "$v=19$m=4096,t=64,p=1", Some(today)),
        ] {
            assert_eq!(rehash(head, middle), expected, "{head}{middle}");
        }
    }

    #[test]
    fn debug_shows_neither_salt_nor_hash() {
        let shown = format!("{:?}", StoredHash::parse(&text("", "$v=19$m=64,t=1,p=1")).unwrap());
        assert!(!shown.contains("AAEC") && !shown.contains("E1h9") && !shown.contains("19, 88"), "{shown}");
    }

    #[test]
    fn a_hash_made_with_todays_weak_test_params_is_not_made_again() {
        let stored = StoredHash::parse(&text("$vst1$k=p2,n=1", "$v=19$m=8,t=1,p=1")).unwrap();
        assert!(!stored.needs_rehash(HashParams::danger_weak_for_tests(), key("p2")));
    }

    proptest! {
        #[test]
        fn hashing_again_never_makes_a_sound_hash_cheaper(
            old in (12_288_u32..200_000, 1_u32..12),
            today in (12_288_u32..200_000, 1_u32..12),
            pepper in "p[12]",
        ) {
            let (Ok(old), Ok(today)) = (HashParams::new(old.0, old.1), HashParams::new(today.0, today.1)) else {
                return Ok(());
            };
            let head = format!("$vst1$k={pepper},n=1");
            let stored = text(&head, &format!("$v=19$m={},t={},p=1", old.memory_kib(), old.passes()));
            match StoredHash::parse(&stored).unwrap().rehash_params(today, key("p2")) {
                Some(new) => prop_assert!(new.work() >= old.work() && new.work() >= today.work()),
                None => prop_assert!(old.work() >= today.work() && pepper == "p2"),
            }
        }

        #[test]
        fn no_text_makes_it_panic(any in any::<String>()) {
            let _ = StoredHash::parse(&any);
        }

        #[test]
        fn near_misses_are_refused_or_written_back(
            head in "(\\$vst1\\$(k=[a-z0-9-]{0,9},n=[0-9]{0,3})?)?",
            middle in "(\\$v=(16|19|[0-9]{0,3}))?\\$m=[0-9]{0,8},t=[0-9]{1,4},p=[0-9]{1,2}",
            salt in "[A-Za-z0-9+/]{9,66}",
            hash in "[A-Za-z0-9+/=]{12,90}",
        ) {
            let text = format!("{head}$argon2id{middle}${salt}${hash}");
            if let Ok(stored) = StoredHash::parse(&text) {
                prop_assert_eq!(stored.to_text(), text);
                prop_assert!(stored.work() <= HashParams::MAX_WORK);
            }
        }
    }
}
