//! A file that is closed and opened again, and what is refused.

use std::error::Error;
use std::fs;
use std::sync::Arc;

use redb::{Database, TableDefinition};
use vestibule_conformance::block_on;
use vestibule_core::kv::{Action, Applied, Expect, Key, Kv, KvStore, Op, Partition, RecordWriter};
use vestibule_core::{
    Batch, BatchId, Commit, Landed, Realm, StoreError, StoreErrorKind, SubjectId, Timestamp,
};
use vestibule_profiles::{Profile, ProfilesWrite};
use vestibule_redb::{FormatError, RedbKv, create, open};

use crate::support::{apply, key, put, store, value};

const META: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("vestibule_meta");

fn format_error(error: &StoreError) -> Option<&FormatError> {
    assert_eq!(error.kind(), StoreErrorKind::Schema);
    error.source().and_then(|source| source.downcast_ref())
}

#[test]
fn what_was_answered_is_there_after_closing_and_opening_and_no_version_comes_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.redb");
    let first = store(&folder);
    assert_eq!(apply(first.kv(), vec![put(1, Expect::Absent, b"one")]).unwrap(), Applied::All);
    assert_eq!(block_on(first.kv().add(key(1), 3, None)).unwrap(), Some(3));
    let (_, version) = value(first.kv(), 1).unwrap().unwrap();
    let gone = Op { key: key(1), expect: Expect::Version(version), action: Action::Delete };
    assert_eq!(apply(first.kv(), vec![gone, put(2, Expect::Absent, b"two")]).unwrap(), Applied::All);
    drop(first);

    let second = open(&path, Realm::default()).unwrap();
    second.kv().check().unwrap();
    assert_eq!(value(second.kv(), 1).unwrap(), None);
    assert_eq!(value(second.kv(), 2).unwrap().unwrap().0, b"two");
    assert_eq!(block_on(second.kv().add(key(1), 0, None)).unwrap(), Some(3));
    assert_eq!(apply(second.kv(), vec![put(1, Expect::Absent, b"again")]).unwrap(), Applied::All);
    assert!(value(second.kv(), 1).unwrap().unwrap().1 > version, "also not after the row was removed");
    drop(second);

    let third = create(&path, Realm::default()).unwrap();
    assert_eq!(value(third.kv(), 2).unwrap().unwrap().0, b"two", "creating again takes nothing away");
}

#[test]
fn a_profile_of_any_realm_is_found_behind_any_number_of_other_rows() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    assert!(!store.kv().has_people().unwrap());
    let others = (0_u16..1500).map(|number| Op {
        key: Key::new(Partition::new("test", &[]), &number.to_be_bytes()),
        expect: Expect::Absent,
        action: Action::Put(vec![]),
    });
    assert_eq!(apply(store.kv(), others.collect()).unwrap(), Applied::All);
    assert!(!store.kv().has_people().unwrap());
    let profile = Profile { identifiers: 1, ..Profile::new(SubjectId::from(1), Timestamp::EPOCH) };
    let create = vec![ProfilesWrite::CreateProfile { profile }];
    let batch = Batch::new(BatchId::from_bytes([2; 16]), Timestamp::EPOCH, create).unwrap();
    let other = KvStore::new(store.kv().clone(), Realm::parse("other").unwrap());
    assert_eq!(block_on(other.commit(&batch)).unwrap(), Landed::Applied);
    assert!(store.kv().has_people().unwrap());
}

#[test]
fn a_file_that_is_open_elsewhere_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.redb");
    let kept = store(&folder);
    assert_eq!(open(&path, Realm::default()).unwrap_err().kind(), StoreErrorKind::Unavailable);
    drop(kept);
    assert!(open(&path, Realm::default()).is_ok());
}

#[test]
fn a_file_that_is_absent_is_unavailable_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.redb");
    assert_eq!(open(&path, Realm::default()).unwrap_err().kind(), StoreErrorKind::Unavailable);
    assert!(!path.exists());
}

#[test]
fn a_file_of_something_else_is_corrupt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.redb");
    fs::write(&path, vec![b'x'; 64 * 1024]).unwrap();
    assert_eq!(open(&path, Realm::default()).unwrap_err().kind(), StoreErrorKind::Corrupt);
    assert_eq!(create(&path, Realm::default()).unwrap_err().kind(), StoreErrorKind::Corrupt);
    assert_eq!(fs::read(&path).unwrap(), vec![b'x'; 64 * 1024], "and is left alone");
}

#[test]
fn tables_of_a_newer_version_or_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.redb");
    let database = Arc::new(Database::create(&path).unwrap());
    let error = RedbKv::over(Arc::clone(&database)).unwrap_err();
    assert_eq!(format_error(&error), Some(&FormatError::Missing));
    RedbKv::prepare(&database).unwrap();
    RedbKv::prepare(&database).unwrap();
    RedbKv::over(Arc::clone(&database)).unwrap();

    let transaction = database.begin_write().unwrap();
    let newer = RecordWriter::new(1).u64(2).finish();
    transaction.open_table(META).unwrap().insert(&b"schema"[..], newer.as_slice()).unwrap();
    transaction.commit().unwrap();
    let error = RedbKv::over(Arc::clone(&database)).unwrap_err();
    assert_eq!(format_error(&error), Some(&FormatError::Newer), "FLT-X23");
    drop(database);
    let errors = [open(&path, Realm::default()), create(&path, Realm::default())].map(Result::unwrap_err);
    assert!(errors.iter().all(|error| format_error(error) == Some(&FormatError::Newer)));
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let _store = store(&folder);
    let metadata = fs::metadata(folder.path().join("people.redb")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn a_file_that_was_replaced_or_deleted_while_open_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.redb");
    let store = store(&folder);
    let refused = || {
        let write = apply(store.kv(), vec![put(1, Expect::Absent, b"lost")]).map(drop);
        let add = block_on(store.kv().add(key(1), 1, None)).map(drop);
        let read = value(store.kv(), 1).map(drop);
        [write, add, read].into_iter().all(|answer| answer.unwrap_err().kind() == StoreErrorKind::Unavailable)
    };
    let aside = folder.path().join("aside.redb");
    fs::rename(&path, &aside).unwrap();
    assert!(refused(), "FLT-X20");
    let other = create(&path, Realm::default()).unwrap();
    assert!(refused(), "another file stands there");
    drop(other);
    fs::rename(&aside, &path).unwrap();
    assert_eq!(apply(store.kv(), vec![put(1, Expect::Absent, b"kept")]).unwrap(), Applied::All);
}
