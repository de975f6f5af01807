//! Authenticators, recovery codes and tries: the same answers and the same rows as the in-memory reference.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use vestibule_core::{BatchId, KeyId, Realm, Sealed, SecretDigest, SubjectId, Timestamp};
use vestibule_mfa::MfaWrite::{self, *};
use vestibule_mfa::{
    Algorithm, Authenticator, AuthenticatorId, AuthenticatorName, CodeRow, Course, MfaGuard, MfaRead,
    Parameters, Reset, Tries,
};

use crate::compare::{Pair, Tally, create, is_corrupt, land, reopen, send, tamper};
use crate::support::block_on;

/// Ids of several shapes.
fn person(n: usize) -> SubjectId {
    [SubjectId::from(1), SubjectId::from_bytes(&[0; 64]).unwrap()][n]
}

fn seconds(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(second)
}

const fn id(byte: u8) -> AuthenticatorId {
    AuthenticatorId::from_bytes([byte; 16])
}

const fn digest(byte: u8) -> SecretDigest {
    SecretDigest::from_bytes([byte; 32])
}

fn sealed(byte: u8) -> Sealed {
    Sealed::from_bytes(&[&[1, 2, b's', b'1'][..], &[byte; 24], &[byte; 36]].concat()).unwrap()
}

fn pending(subject: SubjectId, slot: u8) -> Authenticator {
    Authenticator {
        subject,
        slot,
        id: id(slot),
        name: AuthenticatorName::parse("phone").unwrap(),
        parameters: Parameters::default(),
        sealed: sealed(7),
        created_at: seconds(5),
        confirmed_at: None,
        last_step: None,
        version: 1,
        set_by: BatchId::from_bytes([0xee; 16]),
    }
}

fn confirmed(subject: SubjectId, slot: u8) -> Authenticator {
    Authenticator { confirmed_at: Some(seconds(6)), last_step: Some(10), ..pending(subject, slot) }
}

fn code(subject: SubjectId, slot: u8, number: u8) -> CodeRow {
    let key = KeyId::parse("k1").unwrap();
    CodeRow {
        subject,
        slot,
        key,
        digest: digest(number),
        spent: None,
        version: 1,
        made_at: seconds(7),
        set_by: BatchId::from_bytes([0xee; 16]),
    }
}

fn put(row: Authenticator) -> MfaWrite {
    PutAuthenticator { row, from: None }
}

fn first_code(row: CodeRow) -> MfaWrite {
    PutCode { row, replacing: None }
}

fn take(subject: SubjectId, from: u64, stops_at: u64) -> MfaWrite {
    TakeTry { subject, from, at: seconds(8), stops_at }
}

/// What is drawn: numbers are meant beside those that stand in the row, so that most writes may land.
#[derive(Debug, Clone, Copy)]
enum Draw {
    Course { near: u64, course: Option<(i64, u8)> },
    Note { generation: u8 },
    Advance { near: u64, other: bool, resealed: bool },
    Clear { other: bool },
    Put { near: u64, absent: bool, confirmed: bool, row: (u8, i64, u8) },
    PutCode { other: bool, absent: bool, spent: bool, number: u8 },
    Remove { other: bool },
    Reset,
    Settle { near: u64 },
    Take { near: u64, at: i64, stops_at: u64 },
}

fn any_draw() -> impl Strategy<Value = (usize, u8, Draw)> {
    // One below, exact, one above; mostly exact.
    let near = || prop_oneof![6 => Just(1_u64), 1 => Just(0), 1 => Just(2)];
    let seldom = || prop::bool::weighted(0.2);
    let draw = prop_oneof![
        4 => (0..3_u64, seldom(), seldom()).prop_map(|(near, other, resealed)| Draw::Advance { near, other, resealed }),
        1 => seldom().prop_map(|other| Draw::Clear { other }),
        5 => (near(), seldom(), prop::bool::weighted(0.8), (any::<u8>(), any::<i64>(), 0..3_u8))
            .prop_map(|(near, absent, confirmed, row)| Draw::Put { near, absent, confirmed, row }),
        4 => (seldom(), seldom(), any::<bool>(), any::<u8>())
            .prop_map(|(other, absent, spent, number)| Draw::PutCode { other, absent, spent, number }),
        1 => seldom().prop_map(|other| Draw::Remove { other }),
        1 => Just(Draw::Reset),
        1 => any::<u8>().prop_map(|generation| Draw::Note { generation }),
        2 => (near(), prop::option::of((0..1_000_i64, any::<u8>())))
            .prop_map(|(near, course)| Draw::Course { near, course }),
        2 => (0..6_u64).prop_map(|near| Draw::Settle { near }),
        5 => (near(), any::<i64>(), 0..6_u64).prop_map(|(near, at, stops_at)| Draw::Take { near, at, stops_at }),
    ];
    (0..2_usize, 0..2_u8, draw)
}

/// The write that a draw means, given the rows as they stand.
fn meant((n, slot, draw): (usize, u8, Draw), store: &impl MfaRead) -> MfaWrite {
    let subject = person(n);
    let held = block_on(store.authenticators(subject)).unwrap().into_iter().find(|row| row.slot == slot);
    let code_held = block_on(store.codes(subject)).unwrap().into_iter().find(|row| row.slot == slot);
    let taken = block_on(store.mfa_tries(subject)).unwrap().map_or(0, |row: Tries| row.taken);
    let beside = |number: u64, near: u64| (number + near).saturating_sub(1);
    let named = |other: bool| held.as_ref().filter(|_| !other).map_or(id(99), |row| row.id);
    let live = |other: bool| code_held.as_ref().filter(|_| !other).map_or(digest(99), |row| row.digest);
    match draw {
        Draw::Advance { near, other, resealed } => {
            let last = held.as_ref().and_then(|row| row.last_step).unwrap_or(10);
            let resealed = resealed.then(|| sealed(8));
            AdvanceStep { subject, slot, id: named(other), to: beside(last, near), resealed }
        }
        Draw::Clear { other } => ClearCode { subject, slot, digest: live(other) },
        Draw::Put { near, absent, confirmed: is_confirmed, row: (byte, at, algorithm) } => {
            let from = held.as_ref().filter(|_| !absent).map(|row| beside(row.version, near));
            let at = Timestamp::from_unix_micros(at);
            let algorithm = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512][usize::from(algorithm)];
            let row = Authenticator {
                id: id(byte),
                parameters: Parameters::from_stored(algorithm, 6 + byte % 3, 15 + u16::from(byte % 100))
                    .unwrap(),
                sealed: sealed(byte),
                created_at: at,
                confirmed_at: is_confirmed.then_some(at),
                last_step: is_confirmed.then_some(byte.into()),
                version: from.map_or(1, |from| from + 1),
                ..pending(subject, slot)
            };
            PutAuthenticator { row, from }
        }
        Draw::PutCode { other, absent, spent, number } => {
            let replacing = code_held.as_ref().filter(|_| !absent).map(|_| live(other));
            let spent = code_held.as_ref().filter(|_| spent).map(|row| (row.key, row.digest));
            PutCode { row: CodeRow { spent, ..code(subject, slot, number) }, replacing }
        }
        Draw::Remove { other } => RemoveAuthenticator { subject, slot, id: named(other) },
        Draw::Course { near, course } => {
            let version = block_on(store.factor_reset(subject)).unwrap().map_or(0, |row| row.version);
            let course = course.map(|(at, generation)| Course {
                begun_at: seconds(at),
                ends_at: seconds(at + 1),
                generation: generation.into(),
            });
            SetCourse { subject, from: beside(version, near), course }
        }
        Draw::Note { generation } => NoteProven { subject, generation: generation.into() },
        Draw::Reset => ResetTries { subject },
        // From far below to above what was taken.
        Draw::Settle { near } => SettleTry { subject, number: (taken + 1).saturating_sub(near) },
        Draw::Take { near, at, stops_at } => {
            TakeTry { subject, from: beside(taken, near), at: Timestamp::from_unix_micros(at), stops_at }
        }
    }
}

type Everything = (Vec<Authenticator>, Vec<CodeRow>, Option<Tries>, Option<Reset>);

fn everything(store: &impl MfaRead) -> Vec<Everything> {
    let of = |subject| {
        (
            block_on(store.authenticators(subject)).unwrap(),
            block_on(store.codes(subject)).unwrap(),
            block_on(store.mfa_tries(subject)).unwrap(),
            block_on(store.factor_reset(subject)).unwrap(),
        )
    };
    (0..2).map(person).map(of).collect()
}

#[test]
fn every_batch_is_answered_as_the_reference_answers_and_leaves_the_same_rows() {
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    let sent = prop::collection::vec((0..80_u8, prop::collection::vec(any_draw(), 1..4)), 1..100);
    let tally = RefCell::new(Tally::default());
    let compared = TestRunner::new(config).run(&sent, |sent| {
        let mut pair = Pair::new();
        for (id, draws) in sent {
            let writes = draws.into_iter().map(|draw| meant(draw, &pair.reference)).collect();
            pair.send(id, writes, &mut tally.borrow_mut()).map_err(TestCaseError::fail)?;
            prop_assert_eq!(everything(&pair.sqlite), everything(&pair.reference));
        }
        Ok(())
    });
    compared.unwrap();
    let remembered = ["AdvanceStep", "PutAuthenticator", "PutCode", "SetCourse", "TakeTry"];
    let guarded = [remembered.as_slice(), &["ClearCode", "RemoveAuthenticator"]].concat();
    let landing = [guarded.as_slice(), &["NoteProven", "ResetTries", "SettleTry"]].concat();
    tally.borrow().require(&landing, &remembered, &guarded);
}

/// One row of each kind for a person.
fn first(store: &vestibule_sqlite::SqliteStore, subject: SubjectId, batch: u8) {
    land(store, batch, put(confirmed(subject, 3)));
    land(store, batch + 1, put(pending(subject, 0)));
    land(store, batch + 2, first_code(code(subject, 9, 1)));
    let key = KeyId::parse("k1").unwrap();
    let row = CodeRow { spent: Some((key, digest(1))), ..code(subject, 9, 2) };
    land(store, batch + 3, PutCode { row, replacing: Some(digest(1)) });
    land(store, batch + 4, take(subject, 0, 100));
    land(store, batch + 5, SettleTry { subject, number: 1 });
    let course = Course { begun_at: seconds(1), ends_at: seconds(2), generation: 3 };
    land(store, batch + 6, SetCourse { subject, from: 0, course: Some(course) });
}

#[test]
fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    first(&store, person(0), 1);
    first(&store, person(1), 11);
    let before = everything(&store);
    assert_eq!(before[0].0.iter().map(|row| row.slot).collect::<Vec<_>>(), [0, 3]);
    drop(store);
    assert_eq!(everything(&reopen(&folder)), before);
}

#[test]
fn another_realm_sees_nothing_and_has_rows_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    let other = store.in_realm(Realm::parse("other").unwrap());
    let subject = person(0);
    first(&store, subject, 1);
    let before = everything(&store);
    assert!(everything(&other).iter().all(|(held, codes, tries, reset)| {
        held.is_empty() && codes.is_empty() && tries.is_none() && reset.is_none()
    }));
    let advance = AdvanceStep { subject, slot: 3, id: id(3), to: 11, resealed: None };
    assert_eq!(send(&other, 90, advance.clone()).refused(), Some(MfaGuard::StepUnused));
    let clear = ClearCode { subject, slot: 9, digest: digest(2) };
    assert_eq!(send(&other, 91, clear.clone()).refused(), Some(MfaGuard::CodeLive));
    let remove = RemoveAuthenticator { subject, slot: 3, id: id(3) };
    assert_eq!(send(&other, 92, remove.clone()).refused(), Some(MfaGuard::AuthenticatorLive));
    first(&other, subject, 1);
    for (number, write) in [(93, advance), (94, clear), (95, remove), (96, ResetTries { subject })] {
        land(&other, number, write);
    }
    assert_eq!(everything(&store), before);
}

#[test]
fn a_row_that_cannot_be_read_is_corrupt_and_harms_only_itself() {
    for tampering in [
        "vestibule_authenticator set id = x'00'",
        "vestibule_authenticator set name = ''",
        "vestibule_authenticator set name = 'a' || char(10) || 'b'",
        "vestibule_authenticator set algorithm = 4",
        "vestibule_authenticator set digits = 5",
        "vestibule_authenticator set digits = 262",
        "vestibule_authenticator set period = 14",
        "vestibule_authenticator set period = 65536",
        "vestibule_authenticator set sealed = x'01'",
        "vestibule_authenticator set confirmed_at = null",
        "vestibule_authenticator set last_step = null",
        "vestibule_authenticator set last_step = -1",
        "vestibule_authenticator set slot = 4",
        "vestibule_authenticator set version = -1",
        "vestibule_authenticator set set_by = x'00'",
        "vestibule_recovery_code set slot = 10",
        "vestibule_recovery_code set key = ''",
        "vestibule_recovery_code set key = 'K 1'",
        "vestibule_recovery_code set digest = x'00'",
        "vestibule_recovery_code set spent_key = null",
        "vestibule_recovery_code set spent = null",
        "vestibule_recovery_code set version = -1",
        "vestibule_recovery_code set set_by = x'00'",
        "vestibule_factor_tries set taken = 0",
        "vestibule_factor_tries set settled = taken + 1",
        "vestibule_factor_tries set settled = -1",
        "vestibule_factor_tries set set_by = x'00'",
        "vestibule_factor_reset set proven = -1",
        "vestibule_factor_reset set begun_at = null",
        "vestibule_factor_reset set begun_at = ends_at + 1",
        "vestibule_factor_reset set generation = -1",
        "vestibule_factor_reset set version = -1",
        "vestibule_factor_reset set set_by = x'00'",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = create(&folder);
        let (ada, ben) = (person(0), person(1));
        first(&store, ada, 1);
        first(&store, ben, 11);
        let which = if tampering.contains("_authenticator ") { " and slot = 3" } else { "" };
        tamper(&folder, &format!("update {tampering} where subject = x'{:016x}'{which}", 1));
        let corrupt = [
            is_corrupt(block_on(store.authenticators(ada))),
            is_corrupt(block_on(store.codes(ada))),
            is_corrupt(block_on(store.mfa_tries(ada))),
            is_corrupt(block_on(store.factor_reset(ada))),
        ];
        let tables = [
            "vestibule_authenticator",
            "vestibule_recovery_code",
            "vestibule_factor_tries",
            "vestibule_factor_reset",
        ];
        assert_eq!(corrupt, tables.map(|table| tampering.starts_with(table)), "{tampering}");
        let untouched = (
            block_on(store.authenticators(ben)).unwrap().len(),
            block_on(store.codes(ben)).unwrap().len(),
            block_on(store.mfa_tries(ben)).unwrap().is_some(),
        );
        assert_eq!(untouched, (2, 1, true), "{tampering}");
    }
}
