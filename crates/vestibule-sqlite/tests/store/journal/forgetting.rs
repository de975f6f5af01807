//! What housekeeping removes and what it leaves; and that every statement finds its rows by an index.

use rusqlite::Connection;
use rusqlite::types::Value as Column;
use tempfile::TempDir;
use vestibule_core::Realm;
use vestibule_journal::{JournalRead, JournalWrite, MessageState};
use vestibule_sql::{Statement, Value, journal};
use vestibule_sqlite::SqliteStore;

use super::{account, at, batch, case, commit, event_id, message, reference, subject};
use crate::support::{block_on, store};

fn params(statement: &Statement) -> impl rusqlite::Params {
    rusqlite::params_from_iter(statement.params().iter().map(|value| match value {
        Value::Null => Column::Null,
        Value::Int(number) => Column::Integer(*number),
        Value::Text(text) => Column::Text(text.clone()),
        Value::Blob(bytes) => Column::Blob(bytes.clone()),
    }))
}

/// How many rows the statement removes.
fn run(folder: &TempDir, statement: &Statement) -> usize {
    let own = Connection::open(folder.path().join("people.db")).unwrap();
    own.execute(statement.sql(), params(statement)).unwrap()
}

/// Five cases, the last of each at its key; as many in another realm.
fn five_cases(folder: &TempDir) -> (SqliteStore, SqliteStore) {
    let store = store(folder);
    let other = store.in_realm(Realm::parse("other").unwrap());
    for store in [&store, &other] {
        // In another order than that of their age.
        let fold = [3, 1, 4, 0, 2].map(|key| JournalWrite::FoldCase { case: case(1, key, key.into()) });
        let _ = commit(store, &batch(1, fold.into()));
    }
    (store, other)
}

fn ages(store: &SqliteStore) -> Vec<i64> {
    let cases = block_on(store.cases(reference(1))).unwrap();
    cases.iter().map(|case| case.last.unix_micros()).collect()
}

#[test]
fn old_cases_go_the_oldest_first_and_no_more_than_the_budget() {
    let folder = tempfile::tempdir().unwrap();
    let (store, other) = five_cases(&folder);
    let forget = |budget| run(&folder, &journal::forget_cases(store.realm(), at(3), budget));
    assert_eq!((forget(2), ages(&store)), (2, vec![2, 3, 4]));
    assert_eq!((forget(2), ages(&store)), (1, vec![3, 4]));
    assert_eq!(forget(2), 0);
    assert_eq!(ages(&other), [0, 1, 2, 3, 4]);
}

#[test]
fn cases_beyond_the_cap_go_the_oldest_first_and_no_more_than_the_budget() {
    let folder = tempfile::tempdir().unwrap();
    let (store, other) = five_cases(&folder);
    let forget =
        |at_most, budget| run(&folder, &journal::forget_cases_beyond(store.realm(), at_most, budget));
    assert_eq!((forget(5, 9), forget(9, 9)), (0, 0));
    assert_eq!((forget(2, 2), ages(&store)), (2, vec![2, 3, 4]));
    assert_eq!((forget(2, 2), ages(&store)), (1, vec![3, 4]));
    assert_eq!(forget(2, 2), 0);
    assert_eq!(ages(&other), [0, 1, 2, 3, 4]);
}

#[test]
fn only_messages_that_no_longer_wait_go() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let other = store.in_realm(Realm::parse("other").unwrap());
    let states = [
        (MessageState::Queued, 0),
        (MessageState::Suppressed, 1),
        (MessageState::Sent, 2),
        (MessageState::GaveUp, 3),
        (MessageState::Sent, 5),
    ];
    let messages = |store: &SqliteStore| block_on(store.messages(None, 9)).unwrap();
    for store in [&store, &other] {
        let queue = (0..).zip(states).map(|(slot, (state, made_at))| JournalWrite::QueueMessage {
            message: message(slot, state, made_at),
        });
        let _ = commit(store, &batch(1, queue.collect()));
        assert_eq!(messages(store).len(), 5);
    }
    let forget = |budget| run(&folder, &journal::forget_messages(store.realm(), at(5), budget));
    assert_eq!(forget(2), 2);
    let slots =
        |store: &SqliteStore| messages(store).iter().map(|message| message.slot[0]).collect::<Vec<_>>();
    assert_eq!(slots(&store), [0, 3, 4], "the oldest first");
    assert_eq!((forget(2), forget(2)), (1, 0));
    assert_eq!(slots(&store), [0, 4], "what waits, and what is not old enough");
    assert_eq!(slots(&other), [0, 1, 2, 3, 4]);
}

#[test]
fn every_statement_finds_its_rows_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (realm, after) = (store.realm(), Some(event_id(1)));
    let statements = [
        journal::event(realm, event_id(1)).statement().clone(),
        journal::event_by_case(realm, reference(1)).statement().clone(),
        journal::events_of_account(realm, account(0), after, 9).statement().clone(),
        journal::events_of_subject(realm, subject(0), after, 9).statement().clone(),
        journal::personal(realm, event_id(1)).statement().clone(),
        journal::cases(realm, reference(1)).statement().clone(),
        journal::case_population(realm).statement().clone(),
        journal::messages(realm, Some([1; 32]), 9).statement().clone(),
        journal::forget_cases(realm, at(1), 9),
        journal::forget_cases_beyond(realm, 1, 9),
        journal::forget_messages(realm, at(1), 9),
    ];
    let own = Connection::open(folder.path().join("people.db")).unwrap();
    for statement in statements {
        let mut explained = own.prepare(&format!("explain query plan {}", statement.sql())).unwrap();
        let steps = explained.query_map(params(&statement), |row| row.get::<_, String>("detail")).unwrap();
        for step in steps.map(Result::unwrap) {
            assert!(
                !step.contains("SCAN vestibule") && !step.contains("TEMP B-TREE"),
                "{step}: {statement:?}"
            );
        }
    }
}
