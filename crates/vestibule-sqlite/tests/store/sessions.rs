//! Sessions and known devices: the same answers and the same rows as the in-memory reference.

use std::cell::RefCell;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use vestibule_core::{
    AccountId, Batch, BatchId, Commit, Landed, Realm, SecretDigest, SessionHandle, StoreErrorKind, SubjectId,
    Timestamp,
};
use vestibule_sessions::SessionsWrite::{self, *};
use vestibule_sessions::{AdmissionStamp, Amr, Device, Evidence, Session, SessionsGuard, SessionsRead};
use vestibule_sqlite::{Maintained, SqliteStore};

use crate::compare::{Pair, Tally, create, is_corrupt, land, reopen, send, tamper};
use crate::support::block_on;

const PEOPLE: usize = 2;
const SLOTS: u16 = 3;
const HANDLES: u8 = 5;
/// A label holds no control characters; all else it may.
const LABELS: [&str; 5] = ["", "Firefox, Linux", "'\"--; %_?1 $1", "дом 🦀", "\u{10ffff}"];

/// Ids of several shapes; the first is a prefix of the second.
fn person(n: usize) -> SubjectId {
    [SubjectId::from_bytes(&[0; 8]).unwrap(), SubjectId::from_bytes(&[0; 64]).unwrap()][n]
}

fn handle(n: u8) -> SessionHandle {
    SessionHandle::from_bytes([n; 16])
}

/// Tokens are random, so no two places ever have one digest.
fn digest(subject: SubjectId, slot: u16, handle: SessionHandle) -> SecretDigest {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(handle.as_bytes());
    bytes[16..18].copy_from_slice(&slot.to_be_bytes());
    bytes[18] = u8::try_from(subject.as_bytes().len()).unwrap();
    SecretDigest::from_bytes(bytes)
}

fn micros(at: i64) -> Timestamp {
    Timestamp::from_unix_micros(at)
}

fn session(subject: SubjectId, slot: u16, handle: SessionHandle) -> Session {
    Session {
        slot,
        handle,
        digest: digest(subject, slot, handle),
        subject,
        profile_epoch: 3,
        password_generation: Some(4),
        evidence: vec![Evidence { amr: Amr::Password, at: micros(5) }],
        created_at: micros(6),
        last_used_at: micros(7),
        idle: Duration::from_secs(8),
        ends_at: micros(9),
        admissions: stamps(2),
        label: LABELS[1].to_owned(),
        version: 1,
        set_by: BatchId::from_bytes([0xee; 16]),
    }
}

fn device(subject: SubjectId, slot: u16, handle: SessionHandle) -> Device {
    Device {
        slot,
        handle,
        digest: digest(subject, slot, handle),
        subject,
        profile_epoch: 3,
        made_at: micros(4),
        ends_at: micros(5),
        remembered_since: Some(micros(4)),
        label: LABELS[1].to_owned(),
        set_by: BatchId::from_bytes([0xee; 16]),
    }
}

fn stamps(accounts: u64) -> Vec<AdmissionStamp> {
    let stamp = |n| AdmissionStamp {
        account: AccountId::from(n),
        membership_epoch: n,
        policy_version: u64::MAX - n,
        membership_version: 7,
    };
    (0..accounts).map(stamp).collect()
}

fn put(session: Session) -> SessionsWrite {
    PutSession { session, replacing: None }
}

fn put_device(device: Device) -> SessionsWrite {
    PutDevice { device, replacing: None }
}

/// Which handle a write names: mostly the one that stands in the slot.
#[derive(Debug, Clone, Copy)]
enum Named {
    Held,
    Absent,
    Other(u8),
}

#[derive(Debug, Clone)]
enum Act {
    End,
    PutDevice { new: u8, times: (i64, i64), remembered: Option<i64>, label: usize, epoch: u64 },
    PutSession { new: u8, row: Box<Row> },
    Require,
    Stamp { near: u64, accounts: u64 },
    Touch { at: i64 },
}

#[derive(Debug, Clone)]
struct Row {
    epochs: (u64, Option<u64>),
    evidence: [Option<i64>; 5],
    times: (i64, i64, i64),
    idle: u64,
    accounts: u64,
    label: usize,
    version: u64,
}

type Draw = (usize, u16, Named, Act);

fn any_row() -> impl Strategy<Value = Box<Row>> {
    let evidence = any::<[Option<i64>; 5]>().prop_map(|[first, second, third, fourth, fifth]| {
        [first.or(second.is_none().then_some(-1)), second, third, fourth, fifth]
    });
    let epoch = 0..i64::MAX as u64;
    let rest = (1..i64::MAX as u64, 0..=16_u64, 0..LABELS.len(), 0..3_u64);
    ((epoch.clone(), prop::option::of(epoch)), evidence, (any::<i64>(), -3..3_i64, any::<i64>()), rest)
        .prop_map(|(epochs, evidence, times, (idle, accounts, label, version))| {
            Box::new(Row { epochs, evidence, times, idle, accounts, label, version })
        })
}

fn any_draw() -> impl Strategy<Value = Draw> {
    let named = prop_oneof![
        6 => Just(Named::Held),
        1 => Just(Named::Absent),
        1 => (0..HANDLES).prop_map(Named::Other),
    ];
    let near = prop_oneof![4 => Just(1_u64), 1 => Just(0), 1 => Just(2)];
    let act = prop_oneof![
        2 => Just(Act::End),
        4 => (0..HANDLES, any::<(i64, i64)>(), any::<Option<i64>>(), 0..LABELS.len(), 0..9_u64)
            .prop_map(|(new, times, remembered, label, epoch)| {
                Act::PutDevice { new, times, remembered, label, epoch }
            }),
        6 => (0..HANDLES, any_row()).prop_map(|(new, row)| Act::PutSession { new, row }),
        2 => Just(Act::Require),
        3 => (near, 0..=16_u64).prop_map(|(near, accounts)| Act::Stamp { near, accounts }),
        2 => (-4..4_i64).prop_map(|at| Act::Touch { at }),
    ];
    // Few places, so that one is met again.
    (0..PEOPLE, 0..2_u16, named, act)
}

/// The write that a draw means, given the rows as they stand.
fn meant((n, slot, named, act): Draw, store: &impl SessionsRead) -> SessionsWrite {
    let subject = person(n);
    let held = block_on(store.sessions(subject)).unwrap().into_iter().find(|row| row.slot == slot);
    let held_device = block_on(store.devices(subject)).unwrap().into_iter().find(|row| row.slot == slot);
    let name = |held: Option<SessionHandle>| match named {
        Named::Held => held,
        Named::Absent => None,
        Named::Other(n) => Some(handle(n)),
    };
    // A new token comes with a new handle.
    let fresh = |new: u8, replacing: Option<SessionHandle>| match handle(new) {
        same if Some(same) == replacing => handle((new + 1) % HANDLES),
        other => other,
    };
    let replacing = name(held.as_ref().map(|row| row.handle));
    let this = replacing.unwrap_or(handle(0));
    match act {
        Act::End => EndSession { subject, slot, handle: this },
        Act::PutDevice { new, times, remembered, label, epoch } => {
            let replacing = name(held_device.map(|row| row.handle));
            let device = Device {
                profile_epoch: epoch,
                made_at: micros(times.0),
                ends_at: micros(times.1),
                remembered_since: remembered.map(micros),
                label: LABELS[label].to_owned(),
                ..device(subject, slot, fresh(new, replacing))
            };
            PutDevice { device, replacing }
        }
        Act::PutSession { new, row } => {
            let evidence = Amr::ALL.into_iter().zip(row.evidence);
            let session = Session {
                profile_epoch: row.epochs.0,
                password_generation: row.epochs.1,
                evidence: evidence.filter_map(|(amr, at)| Some(Evidence { amr, at: micros(at?) })).collect(),
                created_at: micros(row.times.0),
                last_used_at: micros(row.times.1),
                ends_at: micros(row.times.2),
                idle: Duration::from_micros(row.idle),
                admissions: stamps(row.accounts),
                label: LABELS[row.label].to_owned(),
                version: row.version,
                ..session(subject, slot, fresh(new, replacing))
            };
            PutSession { session, replacing }
        }
        Act::Require => RequireSession { subject, slot, handle: this },
        Act::Stamp { near, accounts } => {
            let from = (held.map_or(0, |row| row.version) + near).saturating_sub(1);
            StampAdmissions { subject, slot, handle: this, from, admissions: stamps(accounts) }
        }
        Act::Touch { at } => TouchSession { subject, slot, handle: this, at: micros(at) },
    }
}

type Lists = (Vec<Vec<Session>>, Vec<Vec<Device>>);

fn lists(store: &impl SessionsRead) -> Lists {
    (0..PEOPLE)
        .map(|n| (block_on(store.sessions(person(n))).unwrap(), block_on(store.devices(person(n))).unwrap()))
        .unzip()
}

type ByToken = Vec<(Option<Session>, Option<Device>)>;

fn by_token(store: &impl SessionsRead) -> ByToken {
    let places = (0..PEOPLE).flat_map(|n| (0..SLOTS).map(move |slot| (person(n), slot)));
    places
        .flat_map(|(subject, slot)| (0..HANDLES).map(move |n| digest(subject, slot, handle(n))))
        .map(|digest| (block_on(store.session(digest)).unwrap(), block_on(store.device(digest)).unwrap()))
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
            prop_assert_eq!(lists(&pair.sqlite), lists(&pair.reference));
        }
        prop_assert_eq!(by_token(&pair.sqlite), by_token(&pair.reference));
        Ok(())
    });
    compared.unwrap();
    let guarded = ["EndSession", "PutDevice", "PutSession", "RequireSession", "StampAdmissions"];
    let landing = [guarded.as_slice(), &["TouchSession"]].concat();
    tally.borrow().require(&landing, &["PutDevice", "PutSession", "StampAdmissions"], &guarded);
}

fn fill(store: &SqliteStore) {
    for n in 0..PEOPLE {
        // Not in the order of their slots.
        for slot in [2, 0, 1] {
            land(store, 1, put(session(person(n), slot, handle(1))));
            land(store, 1, put_device(device(person(n), slot, handle(2))));
        }
    }
}

#[test]
fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    fill(&store);
    let before = (lists(&store), by_token(&store));
    drop(store);
    let store = reopen(&folder);
    assert_eq!((lists(&store), by_token(&store)), before);
    assert_eq!(before.1.iter().filter(|(session, _)| session.is_some()).count(), 6);
}

#[test]
fn another_realm_sees_nothing_and_has_rows_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    let other = store.in_realm(Realm::parse("other").unwrap());
    fill(&store);
    let before = (lists(&store), by_token(&store));
    assert!(by_token(&other).iter().all(|found| *found == (None, None)));
    assert_eq!(lists(&other), (vec![vec![]; PEOPLE], vec![vec![]; PEOPLE]));
    let (subject, slot, handle) = (person(0), 0, handle(1));
    let live = Some(SessionsGuard::SessionLive);
    assert_eq!(send(&other, 2, EndSession { subject, slot, handle }).refused(), live);
    assert_eq!(send(&other, 3, RequireSession { subject, slot, handle }).refused(), live);
    let stamp = StampAdmissions { subject, slot, handle, from: 1, admissions: stamps(0) };
    assert_eq!(send(&other, 4, stamp).refused(), Some(SessionsGuard::SessionVersion));
    land(&other, 5, TouchSession { subject, slot, handle, at: Timestamp::MAX });
    // The same slots, handles and digests are free there.
    fill(&other);
    land(&other, 6, EndSession { subject, slot, handle });
    assert_eq!((lists(&store), by_token(&store)), before);
}

/// Digests are of random tokens: two places never have one. If they did, nobody would be given another's session.
#[test]
fn a_digest_is_of_one_session_only_and_free_again_after_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    let first = session(person(0), 0, handle(1));
    land(&store, 1, put(first.clone()));
    let (subject, handle) = (person(1), handle(2));
    let second = Session { subject, handle, ..first.clone() };
    let batch = Batch::new(BatchId::from_bytes([2; 16]), micros(0), vec![put(second.clone())]).unwrap();
    assert_eq!(block_on(store.commit(&batch)).unwrap_err().kind(), StoreErrorKind::Backend);
    assert_eq!(block_on(store.session(first.digest)).unwrap().unwrap().subject, first.subject);
    assert_eq!(block_on(store.sessions(subject)).unwrap(), []);
    land(&store, 3, EndSession { subject: first.subject, slot: 0, handle: first.handle });
    assert_eq!(block_on(store.commit(&batch)).unwrap(), Landed::Applied);
    assert_eq!(block_on(store.session(first.digest)).unwrap().unwrap().subject, subject);
}

#[test]
fn a_session_that_cannot_be_read_is_corrupt_and_harms_only_itself() {
    for tampering in [
        "slot = 99",
        "slot = 70000",
        "slot = 4294967300",
        "handle = x'01'",
        "profile_epoch = -1",
        "password_generation = -1",
        "evidence = x''",
        "evidence = x'010000000000000000'",
        "evidence = x'0100000000000000010900000000000000aa'",
        "evidence = x'010000000000000004'",
        "evidence = cast(evidence || x'00' as blob)",
        "idle = 0",
        "idle = -1",
        "admissions = x'02'",
        "admissions = x'01ffffffffffffffff'",
        "admissions = substr(admissions, 1, length(admissions) - 1)",
        "label = 'a' || char(10)",
        "label = cast(x'ff' as text)",
        "version = -1",
        "set_by = x''",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = create(&folder);
        fill(&store);
        let change = format!("update vestibule_session set {tampering}");
        tamper(&folder, &format!("{change} where length(subject) = 8 and slot = 1"));
        let read = |slot| block_on(store.session(digest(person(0), slot, handle(1))));
        assert!(is_corrupt(read(1)), "{tampering}");
        assert!(is_corrupt(block_on(store.sessions(person(0)))), "a list does not pass it in silence");
        assert!(read(0).unwrap().is_some() && read(2).unwrap().is_some());
        assert_eq!(block_on(store.sessions(person(1))).unwrap().len(), 3);
        assert_eq!(block_on(store.devices(person(0))).unwrap().len(), 3);
        land(&store, 9, EndSession { subject: person(0), slot: 2, handle: handle(1) });
    }
}

#[test]
fn a_device_that_cannot_be_read_is_corrupt_and_harms_only_itself() {
    for tampering in [
        "slot = 99",
        "slot = 70000",
        "handle = x'01'",
        "profile_epoch = -1",
        "label = 'a' || char(8238)",
        "label = cast(x'ff' as text)",
        "set_by = x''",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = create(&folder);
        fill(&store);
        let change = format!("update vestibule_device set {tampering}");
        tamper(&folder, &format!("{change} where length(subject) = 8 and slot = 1"));
        let read = |slot| block_on(store.device(digest(person(0), slot, handle(2))));
        assert!(is_corrupt(read(1)), "{tampering}");
        assert!(is_corrupt(block_on(store.devices(person(0)))));
        assert!(read(0).unwrap().is_some() && read(2).unwrap().is_some());
        assert_eq!(block_on(store.devices(person(1))).unwrap().len(), 3);
        assert_eq!(block_on(store.sessions(person(0))).unwrap().len(), 3);
    }
}

#[test]
fn a_label_of_any_shape_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    let long = "🦀".repeat(30);
    for (slot, label) in LABELS.into_iter().chain([long.as_str()]).enumerate() {
        let (slot, label) = (u16::try_from(slot).unwrap(), label.to_owned());
        let new = session(person(0), slot, handle(1));
        let found = digest(person(0), slot, handle(1));
        land(&store, 1, put(Session { label: label.clone(), ..new }));
        land(&store, 1, put_device(Device { label: label.clone(), ..device(person(0), slot, handle(1)) }));
        assert_eq!(block_on(store.session(found)).unwrap().unwrap().label, label);
        assert_eq!(block_on(store.device(found)).unwrap().unwrap().label, label);
    }
}

fn removed(store: &SqliteStore, now: Timestamp, budget: u32) -> (usize, usize) {
    let Maintained { sessions, devices, .. } = block_on(store.maintain(now, budget)).unwrap();
    (sessions, devices)
}

#[test]
fn what_has_ended_is_removed_after_thirty_days_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    for slot in 0..3_u16 {
        let ends_at = Timestamp::from_unix_seconds(slot.into());
        land(&store, 1, put(Session { ends_at, ..session(person(0), slot, handle(1)) }));
        land(&store, 1, put_device(Device { ends_at, ..device(person(0), slot, handle(1)) }));
    }
    let grace = Timestamp::EPOCH.plus(Duration::from_secs(30 * 24 * 60 * 60));
    let other = store.in_realm(Realm::parse("other").unwrap());
    assert_eq!(removed(&other, Timestamp::MAX, 100), (0, 0));
    assert_eq!(removed(&store, grace, 100), (0, 0), "at the instant they are still there");
    assert_eq!(removed(&store, grace.plus(Duration::from_micros(1)), 100), (1, 1));
    assert_eq!(removed(&store, Timestamp::MAX, 1), (1, 1), "no more than the budget, the oldest first");
    let slots: Vec<u16> = block_on(store.sessions(person(0))).unwrap().iter().map(|row| row.slot).collect();
    assert_eq!(slots, [2]);
    let slots: Vec<u16> = block_on(store.devices(person(0))).unwrap().iter().map(|row| row.slot).collect();
    assert_eq!(slots, [2]);
    assert_eq!(removed(&store, Timestamp::MAX, 100), (1, 1));
}
