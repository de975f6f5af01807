//! What the flows stand on here: a redb file in a folder of its own, behind the limits.

use tempfile::TempDir;
use vestibule_core::Realm;
use vestibule_core::kv::KvStore;
use vestibule_kv::Limited;
use vestibule_redb::{RedbKv, create};

pub(crate) type Ground = KvStore<Limited<RedbKv>>;

/// The folder goes with the test.
pub(crate) type Keep = TempDir;

pub(crate) fn ground() -> (Ground, Keep) {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path().join("people.redb"), Realm::default()).unwrap();
    let limited = Limited::new(store.kv().clone());
    (KvStore::new(limited, Realm::default()), folder)
}

/// Every byte of the file, pages that were given back included.
pub(crate) fn at_rest(_: &Ground, folder: &Keep) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(folder.path()).unwrap();
    files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}
