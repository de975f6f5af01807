//! A host gets the tables of the domains whose features it turns on, and no others. The gate runs this with each domain alone.

#![cfg(test)]

#[path = "../../vestibule-sql/tests/tables/enabled.rs"]
mod enabled;

use rusqlite::Connection;
use vestibule_core::Timestamp;
use vestibule_sqlite::{Options, Schema, SqliteStore};

fn tables(own: &Connection) -> Vec<String> {
    let mut statement =
        own.prepare("select name from sqlite_schema where type = 'table' order by name").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn a_file_has_the_tables_of_the_enabled_domains_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    SqliteStore::migrate(&path, &Options::new(), Timestamp::EPOCH).unwrap();
    assert_eq!(tables(&Connection::open(path).unwrap()), enabled::tables());
}

#[test]
fn so_has_what_the_exported_script_makes() {
    let own = Connection::open_in_memory().unwrap();
    own.execute_batch(&SqliteStore::export_sql(&Schema::enabled())).unwrap();
    assert_eq!(tables(&own), enabled::tables());
}
