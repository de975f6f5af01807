//! The few people, accounts and texts that random batches are about: ids of several shapes, texts that mean something
//! elsewhere.

use vestibule_core::{
    AccountId, Identifier, PhoneNumber, SessionHandle, SocialSubject, SubjectId, Timestamp,
};
use vestibule_credentials::Lane;

use crate::finding::Finding;
use crate::fixture::ids;

pub(super) const PEOPLE: u8 = 3;
pub(super) const ACCOUNTS: u8 = 2;
pub(super) const ADDRESSES: u8 = 3;
pub(super) const SLOTS: u16 = 3;
/// So many ids of batches, and of events.
pub(super) const IDS: u8 = 40;
pub(super) const REFERENCES: u8 = 4;

pub(super) fn person(number: u8) -> Result<SubjectId, Finding> {
    Ok(match number % PEOPLE {
        0 => SubjectId::from(1),
        1 => SubjectId::from_bytes(&[0; 64])?,
        _ => SubjectId::try_from("'%")?,
    })
}

pub(super) fn company(number: u8) -> Result<AccountId, Finding> {
    Ok(if number.is_multiple_of(ACCOUNTS) { AccountId::from(7) } else { AccountId::try_from("Acme\0")? })
}

pub(super) fn address(number: u8) -> Result<Identifier, Finding> {
    Ok(match number % ADDRESSES {
        0 => Identifier::parse_login("Ada@Example.com")?,
        1 => PhoneNumber::parse("+49 30 123456")?.into(),
        _ => SocialSubject::new("https://accounts.example", "it's %_ 4711")?.into(),
    })
}

pub(super) fn text(number: u8) -> String {
    ["", "a\0b", "'\"--; %_?1", "\u{43f}\u{430}\u{440}\u{43e}\u{43b}\u{44c} \u{1f980}"]
        .get(usize::from(number % 4))
        .copied()
        .unwrap_or_default()
        .to_owned()
}

pub(super) fn instant(number: i8) -> Timestamp {
    match number {
        i8::MIN..=-2 => Timestamp::from_unix_micros(i64::MIN),
        2..=i8::MAX => Timestamp::from_unix_micros(i64::MAX),
        near => Timestamp::from_unix_micros(near.into()),
    }
}

pub(super) fn lane(number: u8) -> Lane {
    match number {
        0 => Lane::Everybody,
        number => Lane::Device(SessionHandle::from_bytes([number; 16])),
    }
}

/// The name of the `n`th session (or device) of a person in a slot: no two places share a token.
pub(super) fn name(person: u8, slot: u16, n: u8) -> u64 {
    1_000 + 100 * u64::from(person) + 10 * u64::from(slot) + u64::from(n)
}

pub(super) fn handle(person: u8, slot: u16, n: u8) -> SessionHandle {
    ids(name(person, slot, n)).handle
}
