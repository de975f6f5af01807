//! Rows: after a restart, of another realm, corrupt, of awkward texts, at their limits.

use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;
use vestibule_core::{Landed, MemoryStore, Realm, StoreError, StoreErrorKind};
use vestibule_journal::{Case, JournalGuard, JournalRead, JournalWrite, MessageState, Personal, encode_text};
use vestibule_sqlite::SqliteStore;

use super::{
    Answers, account, answers, batch, case, commit, event, event_id, message, personal, reference, subject,
    two_of_each,
};
use crate::support::{block_on, options, store};

/// A store with two rows of everything, and what it must answer.
fn filled(folder: &TempDir) -> (SqliteStore, Answers) {
    let (store, like) = (store(folder), MemoryStore::in_memory());
    let batch = batch(1, two_of_each());
    assert_eq!(commit(&store, &batch), Landed::Applied);
    assert_eq!(commit(&like, &batch), Landed::Applied);
    (store, answers(&like))
}

#[test]
fn every_read_answers_the_same_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (store, expected) = filled(&folder);
    assert_eq!(answers(&store), expected);
    drop(store);
    let path = folder.path().join("people.db");
    let store = SqliteStore::open(&path, Realm::default(), options()).unwrap();
    assert_eq!(answers(&store), expected);
    assert_eq!(commit(&store, &batch(1, two_of_each())), Landed::AlreadyApplied);
}

#[test]
fn a_batch_that_its_event_remembers_keeps_no_row_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, _) = filled(&folder);
    let own = Connection::open(folder.path().join("people.db")).unwrap();
    let rows: i64 = own.query_row("select count(*) from vestibule_batch", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 0);
}

#[test]
fn another_realm_sees_nothing_and_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (store, expected) = filled(&folder);
    let other = store.in_realm(Realm::parse("other").unwrap());
    assert_eq!(answers(&other), answers(&MemoryStore::in_memory()));
    // The same ids, references, slots and the very batch are free there; what it overwrites is its own.
    assert_eq!(commit(&other, &batch(1, two_of_each())), Landed::Applied);
    let changes = vec![
        JournalWrite::RecordPersonal { personal: personal(1, "other") },
        JournalWrite::FoldCase { case: case(1, 1, 9) },
        JournalWrite::QueueMessage { message: message(1, MessageState::Sent, 9) },
    ];
    assert_eq!(commit(&other, &batch(2, changes)), Landed::Applied);
    assert_ne!(answers(&other), expected);
    assert_eq!(answers(&store), expected);
}

type Ask = fn(&SqliteStore, u8) -> Result<(), StoreError>;

const EVENT: Ask = |store, id| block_on(store.event(event_id(id))).map(drop);
const BY_CASE: Ask = |store, id| block_on(store.event_by_case(reference(id))).map(drop);
const OF_ACCOUNT: Ask =
    |store, id| block_on(store.events_of_account(account(0), Some(event_id(id - 1)), 1)).map(drop);
const OF_SUBJECT: Ask =
    |store, id| block_on(store.events_of_subject(subject(0), Some(event_id(id - 1)), 1)).map(drop);
const PERSONAL: Ask = |store, id| block_on(store.personal(event_id(id))).map(drop);
const CASES: Ask = |store, id| block_on(store.cases(reference(id))).map(drop);
const MESSAGES: Ask = |store, id| block_on(store.messages(Some([id - 1; 32]), 1)).map(drop);

/// What is done to the first row, and which reads meet it.
const CORRUPTIONS: [(&str, &[Ask]); 17] = [
    ("update vestibule_event set kind = 'Refused' where id = ?1", &[EVENT, BY_CASE, OF_ACCOUNT, OF_SUBJECT]),
    ("update vestibule_event set actor = 'root' where id = ?1", &[EVENT, BY_CASE, OF_ACCOUNT, OF_SUBJECT]),
    ("update vestibule_event set actor = 'system' where id = ?1", &[EVENT]),
    ("update vestibule_event set actor_subject = null where id = ?1", &[EVENT]),
    ("update vestibule_event set batch = x'00' where id = ?1", &[EVENT]),
    ("update vestibule_event set account = x'' where id = ?1", &[EVENT, BY_CASE, OF_SUBJECT]),
    ("update vestibule_event set code = 'x' || char(10) where id = ?1", &[EVENT]),
    ("update vestibule_event set commitment = zeroblob(31) where id = ?1", &[EVENT]),
    ("update vestibule_event_personal set fields = x'02' where event = ?1", &[PERSONAL]),
    ("update vestibule_event_personal set fields = cast(fields || x'00' as blob) where event = ?1", &[PERSONAL]),
    (
        "update vestibule_event_personal set fields = cast(replace(fields, 'left', 'l' || char(10) || 'ft') as blob)
         where event = ?1",
        &[PERSONAL],
    ),
    ("update vestibule_case set last_at = first_at - 1 where substr(key, 6, 16) = ?1", &[CASES]),
    ("update vestibule_case set refusals = 0 where substr(key, 6, 16) = ?1", &[CASES]),
    ("update vestibule_case set network = char(8238) where substr(key, 6, 16) = ?1", &[CASES]),
    ("update vestibule_message set state = 'lost' where id = ?1", &[MESSAGES]),
    ("update vestibule_message set sealed = x'01' where id = ?1", &[MESSAGES]),
    ("update vestibule_message set language = 'de' || char(13) where id = ?1", &[MESSAGES]),
];

#[test]
fn a_corrupt_row_is_a_fault_for_who_reads_it_only() {
    for (corrupt, met_by) in CORRUPTIONS {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = filled(&folder);
        let own = Connection::open(folder.path().join("people.db")).unwrap();
        own.execute_batch("pragma ignore_check_constraints = on").unwrap();
        assert_eq!(own.execute(corrupt, [[1_u8; 16]]).unwrap(), 1, "{corrupt}");
        for ask in met_by {
            assert_eq!(ask(&store, 1).unwrap_err().kind(), StoreErrorKind::Corrupt, "{corrupt}");
        }
        for ask in [EVENT, BY_CASE, OF_ACCOUNT, OF_SUBJECT, PERSONAL, CASES, MESSAGES] {
            ask(&store, 2).unwrap_or_else(|error| panic!("{corrupt}: {error}"));
        }
        let next = batch(3, vec![JournalWrite::RecordEvent { event: event(3, None) }]);
        assert_eq!(commit(&store, &next), Landed::Applied, "{corrupt}");
    }
}

#[test]
fn a_taken_reference_or_id_refuses_the_whole_batch() {
    let folder = tempfile::tempdir().unwrap();
    let (store, expected) = filled(&folder);
    for taken in [event(3, Some(1)), event(1, None), event(2, Some(1))] {
        let writes = vec![
            JournalWrite::RecordEvent { event: taken },
            JournalWrite::RecordPersonal { personal: personal(3, "left") },
            JournalWrite::FoldCase { case: case(0, 0, 7) },
        ];
        let refused = Landed::Refused { position: 0, guard: JournalGuard::CaseFree };
        assert_eq!(commit(&store, &batch(4, writes)), refused);
    }
    assert_eq!(answers(&store), expected);
}

#[test]
fn a_reference_is_answered_with_eight_cases_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let fold = (0..9).map(|key| JournalWrite::FoldCase { case: case(1, key, 7) }).collect();
    assert_eq!(commit(&store, &batch(1, fold)), Landed::Applied);
    let cases = block_on(store.cases(reference(1))).unwrap();
    assert_eq!(cases, (0..8).map(|key| case(1, key, 7)).collect::<Vec<_>>());
    assert_eq!(block_on(store.case_population()).unwrap(), 9);
}

#[test]
fn a_case_that_cannot_count_further_stays_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (store, most) = (store(&folder), u64::try_from(i64::MAX).unwrap());
    for (id, count) in [(1, most - 1), (2, 1), (3, 1), (4, most)] {
        let fold = JournalWrite::FoldCase { case: Case { count, ..case(1, 1, 7) } };
        assert_eq!(commit(&store, &batch(id, vec![fold])), Landed::Applied);
    }
    assert_eq!(block_on(store.cases(reference(1))).unwrap()[0].count, most);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn texts_of_any_shape_come_back(
        texts in proptest::collection::vec(
            prop_oneof![any::<String>(), "[\0'\"%_;\\\\\n\u{202e}\u{1f600}é-]{0,40}", ".{600,700}"], 16),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let named = |(name, text): (u8, &String)| (char::from(name).to_string(), encode_text(text));
        let fields: Vec<_> = (b'a'..).zip(&texts).map(named).collect();
        let personal = Personal { fields: fields.clone(), ..personal(1, "") };
        let case = Case { network: Some(fields[0].1.clone()), facts: fields, ..case(1, 1, 7) };
        let writes = vec![
            JournalWrite::RecordPersonal { personal: personal.clone() },
            JournalWrite::FoldCase { case: case.clone() },
        ];
        prop_assert_eq!(commit(&store, &batch(1, writes)), Landed::Applied);
        prop_assert_eq!(block_on(store.personal(event_id(1))).unwrap(), Some(personal));
        prop_assert_eq!(block_on(store.cases(reference(1))).unwrap(), [case]);
    }
}
