//! What trouble comes over here: a file in a folder of its own.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
pub(crate) use vestibule_conformance::block_on;
use vestibule_core::{Realm, Timestamp};
use vestibule_sqlite::{Options, SqliteStore, Synchronous};

const FILE: &str = "people.db";

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

pub(crate) fn options() -> Options {
    // What is tested here survives the death of processes, not a loss of power.
    Options::new().synchronous(Synchronous::Normal).readers(2)
}

/// Makes the file in this folder; by what it is opened.
pub(crate) fn make_at(folder: &Path) -> String {
    let path = folder.join(FILE);
    SqliteStore::migrate(&path, &options(), Timestamp::EPOCH).unwrap();
    path.to_str().unwrap().to_owned()
}

pub(crate) fn open(name: &str, realm: Realm) -> SqliteStore {
    SqliteStore::open(name, realm, options()).unwrap()
}

/// Nothing needs to be entered: the store has a thread of its own.
pub(crate) fn enter<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Waits for what was handed over, and then nobody holds a lock on the file.
pub(crate) fn require_quiet(place: &Place, store: &SqliteStore) {
    // One writer: whoever is answered now came after everything that was handed over before.
    block_on(store.maintain(Timestamp::EPOCH, 0)).unwrap();
    let own = Connection::open(place.path()).unwrap();
    own.busy_timeout(core::time::Duration::ZERO).unwrap();
    own.execute_batch("begin immediate; rollback").expect("somebody holds a lock");
}

/// The same store: no repair is needed.
pub(crate) fn with_room_again(store: SqliteStore, _: &str) -> SqliteStore {
    store
}
