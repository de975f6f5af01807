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

/// What rests in the tables of people, row by row, in the order of the tables' own keys.
pub(crate) fn rows(_: &Ground, folder: &Keep) -> Vec<Vec<u8>> {
    let file = rusqlite::Connection::open(folder.path().join("people.db")).unwrap();
    let mut named = file
        .prepare("select name from sqlite_schema where type = 'table' and name <> 'vestibule_migration' order by name")
        .unwrap();
    let tables: Vec<String> = named.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut all = Vec::new();
    for table in tables {
        let mut every = file.prepare(&format!("select * from {table} order by 1, 2, 3")).unwrap();
        let width = every.column_count();
        let mut found = every.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let columns = (0..width).map(|column| row.get_ref(column).unwrap());
            all.push(format!("{table} {:?}", columns.collect::<Vec<_>>()).into_bytes());
        }
    }
    all
}

/// Every byte that rests: the database, its log and whatever else is in the folder.
pub(crate) fn at_rest(_: &Ground, folder: &Keep) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(folder.path()).unwrap();
    files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}
