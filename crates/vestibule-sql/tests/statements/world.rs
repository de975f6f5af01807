//! The few people and things that the samples are about. No two values of one kind are alike, so that a parameter at
//! another's place shows.

use vestibule_core::{AccountId, Identifier, Realm, SecretDigest, SessionHandle, SubjectId, Timestamp};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// So many seconds later.
pub(crate) const fn later(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000 + seconds)
}

pub(crate) fn realm() -> Realm {
    Realm::default()
}

pub(crate) fn ada() -> SubjectId {
    SubjectId::try_from("ada").unwrap()
}

pub(crate) fn bob() -> SubjectId {
    SubjectId::try_from("bob").unwrap()
}

pub(crate) fn acme() -> AccountId {
    AccountId::try_from("acme").unwrap()
}

pub(crate) fn login() -> Identifier {
    Identifier::parse_login("Ada@Example.com").unwrap()
}

pub(crate) const fn handle(byte: u8) -> SessionHandle {
    SessionHandle::from_bytes([byte; 16])
}

pub(crate) const fn digest(byte: u8) -> SecretDigest {
    SecretDigest::from_bytes([byte; 32])
}
