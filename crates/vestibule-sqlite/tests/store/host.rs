//! Our writes in a host's own transaction.

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use vestibule_core::{Landed, Realm, StoreErrorKind};
use vestibule_sqlite::apply_in;

use crate::support::{Guard, TestWrite::*, batch, dump, store, sum};

#[test]
fn the_host_decides_whether_it_lasts() {
    let folder = tempfile::tempdir().unwrap();
    let (store, realm) = (store(&folder), Realm::default());
    let mut own = Connection::open(folder.path().join("people.db")).unwrap();
    own.execute_batch("create table invoice (number integer)").unwrap();
    let both = batch(1, vec![Add { key: 1 }, Count { key: 1, by: 1 }]);
    let untouched = dump(&store);

    let transaction = own.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    assert_eq!(apply_in(&transaction, &realm, &both).unwrap(), Landed::Applied);
    transaction.rollback().unwrap();
    assert_eq!(dump(&store), untouched);

    let transaction = own.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    assert_eq!(apply_in(&transaction, &realm, &both).unwrap(), Landed::Applied);
    assert_eq!(apply_in(&transaction, &realm, &both).unwrap(), Landed::AlreadyApplied);
    transaction.commit().unwrap();
    assert_eq!(sum(&store, 1), 1);
}

#[test]
fn after_a_refusal_the_host_goes_on_with_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let mut own = Connection::open(folder.path().join("people.db")).unwrap();
    own.execute_batch("create table invoice (number integer)").unwrap();
    let transaction = own.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    transaction.execute("insert into invoice values (1)", []).unwrap();
    let refused = batch(1, vec![Add { key: 1 }, Count { key: 1, by: 1 }, Consume { key: 2 }]);
    let answer = apply_in(&transaction, &Realm::default(), &refused).unwrap();
    assert_eq!(answer, Landed::Refused { position: 1, guard: Guard::Live });
    transaction.commit().unwrap();
    let invoices: i64 = own.query_row("select count(*) from invoice", [], |row| row.get(0)).unwrap();
    assert_eq!((invoices, sum(&store, 1)), (1, 0));
}

#[test]
fn a_connection_that_cannot_write_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let _store = store(&folder);
    let path = folder.path().join("people.db");
    let mut own = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let transaction = own.transaction().unwrap();
    let error = apply_in(&transaction, &Realm::default(), &batch(1, vec![Add { key: 1 }])).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::ReadOnly);
}

#[test]
fn a_file_without_our_tables_is_a_fault_of_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let mut own = Connection::open(folder.path().join("host.db")).unwrap();
    let transaction = own.transaction().unwrap();
    let error = apply_in(&transaction, &Realm::default(), &batch(1, vec![Add { key: 1 }])).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Schema);
}
