//! Checkwords: the same answers and the same rows as the in-memory reference.

use core::time::Duration;
use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use vestibule_checkword::decide::{CheckwordRequest, Made, Wanted, request};
use vestibule_checkword::purpose::{RECOVERY, SIGN_UP};
use vestibule_checkword::{
    Checkword, CheckwordGuard, CheckwordPolicy, CheckwordRead, CheckwordWrite, Found, Rotation, State,
};
use vestibule_core::{BatchId, Landed, Purpose, Realm, Sealed, SecretDigest, SubjectId, Timestamp};

use crate::compare::{Pair, Tally, create, is_corrupt, land, reopen, send, tamper};
use crate::support::block_on;

const PURPOSES: [Purpose; 2] = [RECOVERY, SIGN_UP];

/// Ids of several shapes.
fn person(n: usize) -> SubjectId {
    [SubjectId::from(1), SubjectId::from_bytes(&[0; 64]).unwrap()][n]
}

fn at(second: u64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000).plus(Duration::from_secs(second))
}

/// A digest for every number.
fn digest(number: u64) -> SecretDigest {
    let mut bytes = [3; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    SecretDigest::from_bytes(bytes)
}

fn made(number: u64) -> Made {
    let sealed = [&[1, 2, b's', b'1'][..], &[7; 24], &[9; 16]].concat();
    let sealed = Sealed::from_bytes(&sealed).unwrap();
    Made { digest: digest(number), sealed, batch: BatchId::from_bytes([0xee; 16]) }
}

/// What a request comes to, by the crate's own decision.
fn wanted(
    newest: Option<&Checkword>,
    holder: SubjectId,
    purpose: Purpose,
    number: u64,
    now: Timestamp,
) -> Vec<CheckwordWrite> {
    let asked =
        CheckwordRequest::new(holder, purpose).bound_to(&number.to_be_bytes()[..(number % 3) as usize]);
    match request(&CheckwordPolicy::default(), &asked, newest, &made(number), now) {
        Wanted::Again { writes, .. } | Wanted::New { writes, .. } | Wanted::Spaced { writes, .. } => writes,
    }
}

fn first(store: &vestibule_sqlite::SqliteStore, holder: SubjectId, number: u64) {
    for (nth, write) in wanted(None, holder, RECOVERY, number, at(0)).into_iter().enumerate() {
        land(store, u8::try_from(number * 8 + nth as u64).unwrap(), write);
    }
}

/// What is drawn: numbers are meant beside those that stand in the row, so that most writes may land.
#[derive(Debug, Clone, Copy)]
enum Draw {
    Request { near: u64, number: u64 },
    Consume { near: u64 },
    Rotate { by: usize },
    Wipe { near: u64 },
}

fn any_draw() -> impl Strategy<Value = (usize, usize, u64, Draw)> {
    // One below, exact, one above; mostly exact.
    let near = || prop_oneof![6 => Just(1_u64), 1 => Just(0), 1 => Just(2)];
    let draw = prop_oneof![
        6 => (near(), any::<u64>()).prop_map(|(near, number)| Draw::Request { near, number }),
        3 => near().prop_map(|near| Draw::Consume { near }),
        1 => (0..Rotation::ALL.len()).prop_map(|by| Draw::Rotate { by }),
        1 => near().prop_map(|near| Draw::Wipe { near }),
    ];
    (0..2_usize, 0..2_usize, 0..20_000_u64, draw)
}

fn meant((n, p, second, draw): (usize, usize, u64, Draw), store: &impl CheckwordRead) -> Vec<CheckwordWrite> {
    let (holder, purpose, now) = (person(n), PURPOSES[p], at(second));
    let name = purpose.as_str().to_owned();
    let newest = block_on(store.checkword(holder, name.clone())).unwrap();
    let beside = |near: u64| newest.as_ref().map_or(near, |row| (row.generation + near).saturating_sub(1));
    match draw {
        Draw::Request { near, number } => wanted(newest.as_ref(), holder, purpose, number, now)
            .into_iter()
            .map(|write| match write {
                CheckwordWrite::Put { checkword, from } => {
                    // The version moves in any case: a batch that is sent again when others have landed is refused.
                    let from = from.map(|from| (from + near).saturating_sub(1));
                    let version = from.map_or(checkword.version, |from| from + 1);
                    CheckwordWrite::Put { checkword: Checkword { version, ..checkword }, from }
                }
                other => other,
            })
            .collect(),
        Draw::Consume { near } => {
            vec![CheckwordWrite::Consume { holder, purpose: name, generation: beside(near), at: now }]
        }
        Draw::Rotate { by } => {
            vec![CheckwordWrite::Rotate { holder, purpose: name, at: now, by: Rotation::ALL[by] }]
        }
        Draw::Wipe { near } => vec![CheckwordWrite::Wipe { holder, purpose: name, generation: beside(near) }],
    }
}

type Everything = (Vec<Option<Checkword>>, Vec<Option<Found>>);

fn everything(store: &impl CheckwordRead, digests: &[SecretDigest]) -> Everything {
    let slots = (0..2).flat_map(|n| PURPOSES.map(|purpose| (person(n), purpose.as_str().to_owned())));
    (
        slots.map(|(holder, purpose)| block_on(store.checkword(holder, purpose)).unwrap()).collect(),
        digests.iter().map(|digest| block_on(store.found(*digest)).unwrap()).collect(),
    )
}

#[test]
fn every_batch_is_answered_as_the_reference_answers_and_leaves_the_same_rows() {
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    let sent = prop::collection::vec((0..80_u8, prop::collection::vec(any_draw(), 1..3)), 1..60);
    let tally = RefCell::new(Tally::default());
    let compared = TestRunner::new(config).run(&sent, |sent| {
        let (mut pair, mut digests) = (Pair::new(), Vec::new());
        for (id, draws) in sent {
            let writes: Vec<_> = draws.into_iter().flat_map(|draw| meant(draw, &pair.reference)).collect();
            if writes.is_empty() {
                continue;
            }
            digests.extend(writes.iter().filter_map(|write| match write {
                CheckwordWrite::Put { checkword, .. } => Some(checkword.digest),
                _ => None,
            }));
            pair.send(id, writes, &mut tally.borrow_mut()).map_err(TestCaseError::fail)?;
            prop_assert_eq!(everything(&pair.sqlite, &digests), everything(&pair.reference, &digests));
        }
        Ok(())
    });
    compared.unwrap();
    let guarded = ["Consume", "Put"];
    let landing = [guarded.as_slice(), &["Bury", "Rotate", "Wipe"]].concat();
    tally.borrow().require(&landing, &guarded, &guarded);
}

#[test]
fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    first(&store, person(0), 1);
    first(&store, person(1), 2);
    let before = everything(&store, &[digest(1), digest(2)]);
    drop(store);
    assert_eq!(everything(&reopen(&folder), &[digest(1), digest(2)]), before);
}

#[test]
fn another_realm_sees_nothing_and_has_rows_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    let other = store.in_realm(Realm::parse("other").unwrap());
    first(&store, person(0), 1);
    let before = everything(&store, &[digest(1)]);
    assert_eq!(block_on(other.found(digest(1))).unwrap(), None);
    let consume = CheckwordWrite::Consume {
        holder: person(0),
        purpose: "recovery".to_owned(),
        generation: 1,
        at: at(1),
    };
    let refused = Landed::Refused { position: 0, guard: CheckwordGuard::Live };
    assert_eq!(send(&other, 90, consume.clone()), refused);
    first(&other, person(0), 1);
    land(&other, 91, consume);
    assert_eq!(everything(&store, &[digest(1)]), before);
}

#[test]
fn housekeeping_wipes_texts_at_half_life_and_removes_rows_thirty_days_after_their_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    first(&store, person(0), 1);
    let slot = || block_on(store.checkword(person(0), "recovery".to_owned())).unwrap();
    let maintain = |now| block_on(store.maintain(now, 100)).unwrap();
    assert_eq!(maintain(at(1800)).wiped, 0, "at half of its life it may still be sent again");
    let wiped = maintain(at(1801));
    assert_eq!((wiped.wiped, wiped.checkwords), (1, 0));
    let row = slot().unwrap();
    assert_eq!((row.sealed, row.state), (None, State::Live), "it still opens");
    for write in wanted(slot().as_ref(), person(0), RECOVERY, 5, at(2000)) {
        let id = if matches!(write, CheckwordWrite::Put { .. }) { 50 } else { 51 };
        land(&store, id, write);
    }
    let month = 30 * 24 * 60 * 60;
    assert_eq!(maintain(at(2000 + 3600 + month)).checkwords, 0, "at the instant it is still there");
    assert_eq!(maintain(at(2001 + 3600 + month)).checkwords, 1);
    assert!(slot().is_none() && block_on(store.found(digest(1))).unwrap().is_some(), "its former is younger");
    assert_eq!(maintain(at(month + 24 * 60 * 60 + 1)).checkwords, 1);
    assert!(block_on(store.found(digest(1))).unwrap().is_none());
}

#[test]
fn a_row_that_cannot_be_read_is_corrupt_and_harms_only_itself() {
    for tampering in [
        "generation = -1",
        "digest = x'00'",
        "purpose = 'RECOVERY'",
        "state = 7",
        "state = 3",
        "state = 2, state_at = 1, sealed = null",
        "rotation = 1",
        "sealed = x'01'",
        "version = -1",
        "set_by = x'00'",
        "bound = zeroblob(513)",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = create(&folder);
        first(&store, person(0), 1);
        first(&store, person(1), 2);
        let found = digest(1);
        tamper(&folder, &format!("update vestibule_checkword set {tampering} where holder = x'{:016x}'", 1));
        let by_slot = block_on(store.checkword(person(0), "recovery".to_owned()));
        let gone = tampering.starts_with("purpose");
        assert!(is_corrupt(by_slot) || gone, "{tampering}");
        let by_digest = block_on(store.found(found));
        let moved = tampering.starts_with("digest");
        assert!(is_corrupt(by_digest) || moved, "{tampering}");
        assert!(block_on(store.found(digest(2))).unwrap().is_some());
    }
}
