//! What the flows stand on here: a file in a folder of its own.

use tempfile::TempDir;
use vestibule_core::{Realm, Timestamp};
use vestibule_sqlite::{Options, SqliteStore, Synchronous};

pub(crate) type Ground = SqliteStore;

/// The folder goes with the test.
pub(crate) type Keep = TempDir;

pub(crate) fn ground() -> (Ground, Keep) {
    let folder = tempfile::tempdir().unwrap();
    // What is tested here is what happens, not what survives a loss of power.
    let options = Options::new().synchronous(Synchronous::Normal);
    let path = folder.path().join("people.db");
    let store = SqliteStore::create(path, Realm::default(), options, Timestamp::EPOCH).unwrap();
    (store, folder)
}

/// Every byte that rests: the database, its log and whatever else is in the folder.
pub(crate) fn at_rest(_: &Ground, folder: &Keep) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(folder.path()).unwrap();
    files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}
