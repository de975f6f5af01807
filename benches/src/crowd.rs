//! A crowd of people as rows, for tables too large to be filled by sign-ups: everybody has an identifier, a password, tries,
//! a session, and is a member of one account.
//!
//! The rows are those that the stores write: whoever loads them has them read by the store before anything is measured.

mod load_postgres;
mod load_sqlite;

use vestibule_core::{AccountId, AddressKey, LoginEmail, Realm, SecretDigest, SubjectId};
use vestibule_profiles::AccountPolicy;
use vestibule_sql::Value;

pub use load_postgres::load_postgres;
pub use load_sqlite::load_sqlite;

use crate::Unmeasured;

/// A hash that nobody's password has.
const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IG9mIG91cnM$5Y8xQ0uZ2fW1dJmC3T7nQk9aVbXeHrLpGsUoIyMtKzE";
/// 2026, in microseconds.
const DAY_ONE: i64 = 1_767_225_600_000_000;
const DAY: i64 = 86_400_000_000;

/// The account that everybody is a member of.
///
/// # Errors
///
/// [`Unmeasured`] never.
pub fn account() -> Result<AccountId, Unmeasured> {
    AccountId::from_bytes(&id(u32::MAX)).map_err(|error| Unmeasured::at("an account", &error))
}

/// Person number n.
///
/// # Errors
///
/// [`Unmeasured`] never.
pub fn subject(number: u32) -> Result<SubjectId, Unmeasured> {
    SubjectId::from_bytes(&id(number)).map_err(|error| Unmeasured::at("a person", &error))
}

/// The key of their login.
///
/// # Errors
///
/// [`Unmeasured`] never.
pub fn login_key(number: u32) -> Result<AddressKey, Unmeasured> {
    let login = LoginEmail::parse(&login(number)).map_err(|error| Unmeasured::at("an address", &error))?;
    Ok(login.key())
}

/// The digest of their session's token: as scattered as a real one, and as readable as a bench against a program that sends
/// text needs it.
#[must_use]
pub fn session_digest(number: u32) -> SecretDigest {
    let mut digest = [0; 32];
    let hex = format!("{:016x}{:016x}", scattered(u64::from(number)), scattered(!u64::from(number)));
    digest.iter_mut().zip(hex.bytes()).for_each(|(to, from)| *to = from);
    SecretDigest::from_bytes(digest)
}

/// A permutation of the numbers (splitmix64).
fn scattered(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// As ids are made: ascending in time, sixteen bytes.
fn id(number: u32) -> [u8; 16] {
    ((0x019b_7000_0000_7000_8000_u128 << 48) | u128::from(number)).to_be_bytes()
}

fn login(number: u32) -> String {
    format!("person{number}@example.com")
}

/// A table, its columns, and the row of each person in it.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static str,
    pub(crate) row: fn(&Ground, u32) -> Result<Vec<Value>, Unmeasured>,
    pub(crate) order: Order,
}

/// By what a table's rows rest: they are loaded in this order, as a tree likes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Subject,
    Login,
    Token,
}

/// What all rows share.
pub(crate) struct Ground {
    realm: Realm,
    account: AccountId,
}

impl Ground {
    pub(crate) fn new() -> Result<Self, Unmeasured> {
        Ok(Self { realm: Realm::default(), account: account()? })
    }

    /// The one row that is nobody's.
    pub(crate) fn account_row(&self, people: u32) -> Result<Vec<Value>, Unmeasured> {
        Ok(vec![
            (&self.realm).into(),
            self.account.into(),
            "Everybody".into(),
            "open".into(),
            subject(0)?.into(),
            people.into(),
            1_u32.into(),
            Value::Null,
            AccountPolicy::new().encode().into(),
            0_u32.into(),
            DAY_ONE.into(),
        ])
    }
}

pub(crate) const ACCOUNT_COLUMNS: &str = "realm, account, name, state, primary_subject, seats, administrators, seat_limit, policy, \
                                          settings_version, created_at";

pub(crate) const TABLES: [Table; 7] = [
    Table {
        name: "vestibule_profile",
        columns: "realm, subject, epoch, block_since, block_until, identifiers, social_links, live_memberships, \
                  created_accounts, created_at",
        row: |ground, number| {
            let (one, none) = (1_u32.into(), Value::from(0_u32));
            let (realm, subject) = ((&ground.realm).into(), subject(number)?.into());
            let at = DAY_ONE.into();
            Ok(vec![
                realm,
                subject,
                none.clone(),
                Value::Null,
                Value::Null,
                one,
                none,
                1_u32.into(),
                0_u32.into(),
                at,
            ])
        },
        order: Order::Subject,
    },
    Table {
        name: "vestibule_identifier",
        columns: "realm, subject, kind, key, canonical, typed, verified_at, added_at",
        row: |ground, number| {
            let (realm, subject, key) = ((&ground.realm).into(), subject(number)?.into(), login_key(number)?);
            let (key, login) = (key.as_bytes().as_slice().into(), login(number));
            let at = Value::from(DAY_ONE);
            Ok(vec![realm, subject, "email".into(), key, login.clone().into(), login.into(), at.clone(), at])
        },
        order: Order::Subject,
    },
    Table {
        name: "vestibule_identifier_owner",
        columns: "realm, kind, key, subject",
        row: |ground, number| {
            let key = login_key(number)?;
            let key = key.as_bytes().as_slice().into();
            Ok(vec![(&ground.realm).into(), "email".into(), key, subject(number)?.into()])
        },
        order: Order::Login,
    },
    Table {
        name: "vestibule_membership",
        columns: "realm, account, subject, status, role, administers, since, moved_by, contact, joined_at, version, \
                  epoch, wrong_secret_at",
        row: |ground, number| {
            let (realm, account) = ((&ground.realm).into(), ground.account.into());
            let (none, at) = (Value::from(0_u32), Value::from(DAY_ONE));
            let standing =
                ["active".into(), "employee".into(), none.clone(), at.clone(), Value::Null, Value::Null];
            let end = [at, none.clone(), none, Value::Null];
            let row = [realm, account, subject(number)?.into()].into_iter().chain(standing).chain(end);
            Ok(row.collect())
        },
        order: Order::Subject,
    },
    Table {
        name: "vestibule_password",
        columns: "realm, subject, hash, version, generation, set_at, must_change, set_by",
        row: |ground, number| {
            let (realm, subject, one) = ((&ground.realm).into(), subject(number)?.into(), Value::from(1_u32));
            let end = [DAY_ONE.into(), 0_u32.into(), batch(number)];
            Ok([realm, subject, HASH.into(), one.clone(), one].into_iter().chain(end).collect())
        },
        order: Order::Subject,
    },
    Table {
        name: "vestibule_tries",
        columns: "realm, subject, lane, taken, settled, stopped_at, last_at, set_by",
        row: |ground, number| {
            let (realm, subject, lane) =
                ((&ground.realm).into(), subject(number)?.into(), Value::Blob(Vec::new()));
            let three = Value::from(3_u32);
            let end = [Value::Null, DAY_ONE.into(), batch(number)];
            Ok([realm, subject, lane, three.clone(), three].into_iter().chain(end).collect())
        },
        order: Order::Subject,
    },
    Table {
        name: "vestibule_session",
        columns: "realm, subject, slot, handle, digest, profile_epoch, password_generation, evidence, created_at, \
                  last_used_at, idle, ends_at, admissions, label, version, set_by",
        row: |ground, number| {
            let (realm, subject, none) =
                ((&ground.realm).into(), subject(number)?.into(), Value::from(0_u32));
            let at = DAY_ONE.saturating_add(i64::from(number));
            let key = [realm, subject, none.clone(), batch(number), session_digest(number).into()];
            let proven = [none.clone(), 1_u32.into(), evidence(at).into(), at.into(), at.into()];
            let ends = [(14 * DAY).into(), at.saturating_add(3650 * DAY).into(), admissions().into()];
            Ok(key.into_iter().chain(proven).chain(ends).chain(["".into(), none, batch(number)]).collect())
        },
        order: Order::Token,
    },
];

/// One password, as the domain's record.
fn evidence(at: i64) -> Vec<u8> {
    [[1].as_slice(), &1_u64.to_be_bytes(), &[1], &at.to_be_bytes()].concat()
}

/// None, as the domain's record.
fn admissions() -> Vec<u8> {
    [[1].as_slice(), &0_u64.to_be_bytes()].concat()
}

fn batch(number: u32) -> Value {
    Value::Blob(id(number).to_vec())
}

/// Everybody's number, in the order in which a table is loaded.
pub(crate) fn order(table: &Table, people: u32) -> Result<Vec<u32>, Unmeasured> {
    let mut numbers: Vec<u32> = (0..people).collect();
    match table.order {
        Order::Subject => {}
        Order::Login => {
            let key = |&number: &u32| Ok::<_, Unmeasured>((*login_key(number)?.as_bytes(), number));
            let mut keyed = numbers.iter().map(key).collect::<Result<Vec<_>, _>>()?;
            keyed.sort_unstable();
            numbers = keyed.into_iter().map(|(_, number)| number).collect();
        }
        Order::Token => numbers.sort_by_cached_key(|&number| *session_digest(number).as_bytes()),
    }
    Ok(numbers)
}

/// Numbers all over the crowd, the same at each call: those who are asked about.
#[must_use]
pub fn sample(people: u32, size: usize) -> Vec<u32> {
    let people = u64::from(people.max(1));
    let number = |at: u64| u32::try_from(scattered(at).checked_rem(people).unwrap_or(0)).unwrap_or(0);
    (0..size as u64).map(number).collect()
}
