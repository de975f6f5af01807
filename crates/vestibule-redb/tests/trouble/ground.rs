//! What trouble comes over here: a redb file in a folder of its own.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
pub(crate) use vestibule_conformance::block_on;
use vestibule_core::Realm;
use vestibule_redb::{RedbStore, create};

const FILE: &str = "people.redb";

/// A file, which goes with this.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_at(folder.path());
        Self(folder)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join(FILE)
    }

    /// By which another process opens it.
    pub(crate) fn name(&self) -> String {
        self.path().to_str().unwrap().to_owned()
    }
}

/// Makes the file in this folder; by what it is opened.
pub(crate) fn make_at(folder: &Path) -> String {
    let path = folder.join(FILE);
    drop(create(&path, Realm::default()).unwrap());
    path.to_str().unwrap().to_owned()
}

pub(crate) fn open(name: &str, realm: Realm) -> RedbStore {
    vestibule_redb::open(name, realm).unwrap()
}

/// Nothing needs to be entered: every call is done when it is answered.
pub(crate) fn enter<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Nobody holds redb's only place for a writer.
pub(crate) fn require_quiet(_: &Place, store: &RedbStore) {
    let (database, free) = (store.kv().clone(), std::sync::mpsc::channel());
    // A place that is never given back would be waited for without end.
    std::thread::spawn(move || {
        database.database().begin_write().unwrap().abort().unwrap();
        // Whoever hears of it may close the file and open it again: nobody else has it open then.
        drop(database);
        free.0.send(()).unwrap();
    });
    free.1.recv_timeout(core::time::Duration::from_secs(10)).expect("somebody holds the place of the writer");
}

/// After a write that failed redb writes no more until the file is opened again.
pub(crate) fn with_room_again(store: RedbStore, name: &str) -> RedbStore {
    drop(store);
    open(name, Realm::default())
}
