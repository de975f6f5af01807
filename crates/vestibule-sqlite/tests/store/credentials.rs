//! Passwords and tries: the same answers and the same rows as the in-memory reference.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use vestibule_core::{BatchId, Landed, Realm, SessionHandle, SubjectId, Timestamp};
use vestibule_credentials::CredentialsWrite::{self, *};
use vestibule_credentials::{CredentialsGuard, CredentialsRead, Lane, Password, Tries};

use crate::compare::{Pair, Tally, create, is_corrupt, land, reopen, send, tamper};
use crate::support::block_on;

const DEVICE: Lane = Lane::Device(SessionHandle::from_bytes([7; 16]));
const LANES: [Lane; 2] = [Lane::Everybody, DEVICE];
const TEXTS: [&str; 6] =
    ["", "$argon2id$v=19$m=8,t=1,p=1$a$b", "a\0b", "'\"--; %_?1", "пароль \u{202e}🦀", "\n"];

/// Ids of several shapes.
fn person(n: usize) -> SubjectId {
    [SubjectId::from(1), SubjectId::from_bytes(&[0; 64]).unwrap(), SubjectId::try_from("'%").unwrap()][n]
}

fn seconds(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(second)
}

fn password(subject: SubjectId, version: u64) -> Password {
    Password {
        subject,
        hash: Some(TEXTS[1].to_owned()),
        version,
        generation: version,
        set_at: seconds(5),
        must_change: false,
        set_by: BatchId::from_bytes([0xee; 16]),
    }
}

fn put(password: Password) -> CredentialsWrite {
    PutPassword { password, from: None }
}

fn take(subject: SubjectId, lane: Lane, from: u64, at: Timestamp) -> CredentialsWrite {
    TakeTry { subject, lane, from, at, stops_at: 3 }
}

/// What is drawn: numbers are meant beside those that stand in the row, so that most writes may land.
#[derive(Debug, Clone, Copy)]
enum Draw {
    Put { person: usize, near: u64, absent: bool, row: (usize, u64, i64, bool) },
    Require { person: usize, near: u64 },
    Reset { person: usize, lane: usize },
    Settle { person: usize, lane: usize, near: u64 },
    Take { person: usize, lane: usize, near: u64, at: i64, stops_at: u64 },
}

fn any_draw() -> impl Strategy<Value = Draw> {
    let (person, lane) = (0..3_usize, 0..2_usize);
    // One below, exact, one above; mostly exact.
    let near = prop_oneof![6 => Just(1_u64), 1 => Just(0), 1 => Just(2)];
    let row = (0..TEXTS.len() + 1, 0..4_u64, any::<i64>(), any::<bool>());
    prop_oneof![
        4 => (person.clone(), near.clone(), prop::bool::weighted(0.2), row)
            .prop_map(|(person, near, absent, row)| Draw::Put { person, near, absent, row }),
        2 => (person.clone(), near.clone()).prop_map(|(person, near)| Draw::Require { person, near }),
        1 => (person.clone(), lane.clone()).prop_map(|(person, lane)| Draw::Reset { person, lane }),
        3 => (person.clone(), lane.clone(), 0..6_u64)
            .prop_map(|(person, lane, near)| Draw::Settle { person, lane, near }),
        8 => (person, lane, near, any::<i64>(), 0..6_u64)
            .prop_map(|(person, lane, near, at, stops_at)| Draw::Take { person, lane, near, at, stops_at }),
    ]
}

/// The write that a draw means, given the rows as they stand.
fn meant(draw: Draw, store: &impl CredentialsRead) -> CredentialsWrite {
    let found = |subject| block_on(store.password(subject)).unwrap();
    let taken =
        |subject, lane| block_on(store.tries(subject, lane)).unwrap().map_or(0, |row: Tries| row.taken);
    let beside = |number: u64, near: u64| (number + near).saturating_sub(1);
    match draw {
        Draw::Put { person: n, near, absent, row: (text, generation, at, must_change) } => {
            let subject = person(n);
            let row = found(subject);
            let from = row.filter(|_| !absent).map(|row| beside(row.version, near));
            let password = Password {
                hash: TEXTS.get(text).map(|text| (*text).to_owned()),
                generation,
                set_at: Timestamp::from_unix_micros(at),
                must_change,
                ..password(subject, from.map_or(1, |from| from + 1))
            };
            PutPassword { password, from }
        }
        Draw::Require { person: n, near } => {
            let subject = person(n);
            let generation = beside(found(subject).map_or(0, |row| row.generation), near);
            RequirePassword { subject, generation }
        }
        Draw::Reset { person: n, lane } => ResetTries { subject: person(n), lane: LANES[lane] },
        Draw::Settle { person: n, lane, near } => {
            let (subject, lane) = (person(n), LANES[lane]);
            // From far below to above what was taken.
            SettleTry { subject, lane, number: (taken(subject, lane) + 1).saturating_sub(near) }
        }
        Draw::Take { person: n, lane, near, at, stops_at } => {
            let (subject, lane) = (person(n), LANES[lane]);
            let from = beside(taken(subject, lane), near);
            TakeTry { subject, lane, from, at: Timestamp::from_unix_micros(at), stops_at }
        }
    }
}

fn everything(store: &impl CredentialsRead) -> Vec<(Option<Password>, Vec<Option<Tries>>)> {
    (0..3)
        .map(person)
        .map(|subject| {
            let tries = |lane| block_on(store.tries(subject, lane)).unwrap();
            (block_on(store.password(subject)).unwrap(), LANES.map(tries).to_vec())
        })
        .collect()
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
    let guarded = ["PutPassword", "RequirePassword", "TakeTry"];
    let landing = [guarded.as_slice(), &["ResetTries", "SettleTry"]].concat();
    tally.borrow().require(&landing, &["PutPassword", "TakeTry"], &guarded);
}

#[test]
fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    for n in 0..3_u8 {
        let subject = person(n.into());
        land(&store, n, put(password(subject, n.into())));
        land(&store, 10 + n, take(subject, LANES[usize::from(n % 2)], 0, seconds(n.into())));
    }
    let before = everything(&store);
    drop(store);
    assert_eq!(everything(&reopen(&folder)), before);
}

#[test]
fn a_text_of_any_shape_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    let long = "ж".repeat(5_000);
    for (n, text) in TEXTS.into_iter().chain([long.as_str()]).enumerate() {
        let row = Password { hash: Some(text.to_owned()), ..password(SubjectId::from(n as u64), 1) };
        land(&store, 1, put(row.clone()));
        let read = block_on(store.password(row.subject)).unwrap().unwrap();
        assert_eq!(read, Password { set_by: BatchId::from_bytes([1; 16]), ..row });
    }
}

#[test]
fn another_realm_sees_nothing_and_has_rows_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    let other = store.in_realm(Realm::parse("other").unwrap());
    let subject = person(0);
    land(&store, 1, put(password(subject, 1)));
    land(&store, 2, take(subject, DEVICE, 0, seconds(1)));
    let before = everything(&store);
    assert!(
        everything(&other)
            .iter()
            .all(|(password, tries)| { password.is_none() && tries.iter().all(Option::is_none) })
    );
    let refused = Landed::Refused { position: 0, guard: CredentialsGuard::Generation };
    assert_eq!(send(&other, 3, RequirePassword { subject, generation: 1 }), refused);
    let replace = PutPassword { password: password(subject, 2), from: Some(1) };
    assert_eq!(send(&other, 4, replace).refused(), Some(CredentialsGuard::PasswordVersion));
    land(&other, 1, put(password(subject, 9)));
    land(&other, 2, take(subject, DEVICE, 0, seconds(1)));
    land(&other, 5, SettleTry { subject, lane: DEVICE, number: 1 });
    land(&other, 6, ResetTries { subject, lane: DEVICE });
    assert_eq!(everything(&store), before);
}

#[test]
fn a_row_that_cannot_be_read_is_corrupt_and_harms_only_itself() {
    for (tampering, password_reads) in [
        ("update vestibule_password set version = -1", false),
        ("update vestibule_password set generation = -1", false),
        ("update vestibule_password set must_change = 2", false),
        ("update vestibule_password set set_by = x'00'", false),
        ("update vestibule_password set hash = cast(x'ff' as text)", false),
        ("update vestibule_tries set taken = 0", true),
        ("update vestibule_tries set taken = -5, settled = -5", true),
        ("update vestibule_tries set settled = taken + 1", true),
        ("update vestibule_tries set set_by = x'0102'", true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = create(&folder);
        let (ada, ben) = (person(0), person(1));
        for (n, subject) in [(0, ada), (1, ben)] {
            land(&store, n, put(password(subject, 1)));
            land(&store, 10 + n, take(subject, DEVICE, 0, seconds(1)));
            land(&store, 20 + n, SettleTry { subject, lane: DEVICE, number: 1 });
        }
        tamper(&folder, &format!("{tampering} where subject = x'{:016x}'", 1));
        assert_eq!(is_corrupt(block_on(store.password(ada))), !password_reads, "{tampering}");
        assert_eq!(is_corrupt(block_on(store.tries(ada, DEVICE))), password_reads, "{tampering}");
        assert!(block_on(store.password(ben)).unwrap().is_some());
        assert!(block_on(store.tries(ben, DEVICE)).unwrap().is_some());
        land(&store, 30, take(ben, DEVICE, 1, seconds(2)));
    }
}

#[test]
fn tries_of_a_device_are_removed_once_nobody_knows_the_device_and_those_of_everybody_stay() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    for (number, lane) in [(1, Lane::Everybody), (2, DEVICE)] {
        land(&store, number, take(person(0), lane, 0, seconds(7)));
    }
    let removed = |now| block_on(store.maintain(now, 100)).unwrap().tries;
    let kept_until = seconds(7).plus(core::time::Duration::from_secs(210 * 24 * 60 * 60));
    assert_eq!(removed(kept_until), 0, "at the instant they are still there");
    assert_eq!(removed(Timestamp::MAX), 1);
    let left = |lane| block_on(store.tries(person(0), lane)).unwrap().is_some();
    assert_eq!((left(Lane::Everybody), left(DEVICE)), (true, false));
}
