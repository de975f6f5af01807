//! A file of its own for every case.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use tempfile::TempDir;
use vestibule_conformance::{Harness, HarnessError};
use vestibule_core::{Realm, Timestamp};
use vestibule_sqlite::{Options, SqliteStore};

pub(crate) struct Sqlite;

/// A folder for one case's file and its logs.
pub(crate) struct Folder(TempDir);

impl Folder {
    fn path(&self) -> PathBuf {
        self.0.path().join("people.db")
    }
}

impl Harness for Sqlite {
    type Store = SqliteStore;
    type Guard = Folder;

    fn name(&self) -> &'static str {
        "sqlite"
    }

    async fn fresh(&self, _case: &str) -> Result<(Folder, SqliteStore), HarnessError> {
        let folder = Folder(tempfile::tempdir()?);
        let store = SqliteStore::create(folder.path(), Realm::default(), Options::new(), Timestamp::EPOCH)?;
        Ok((folder, store))
    }

    /// A writer and readers of their own, as another process has them.
    async fn reopen(&self, folder: &Folder, realm: &Realm) -> Result<SqliteStore, HarnessError> {
        Ok(SqliteStore::open(folder.path(), realm.clone(), Options::new())?)
    }

    fn has_raw_reader(&self) -> bool {
        true
    }

    async fn raw(&self, folder: &Folder) -> Result<Vec<Vec<u8>>, HarnessError> {
        rows(&Connection::open(folder.path())?)
    }

    async fn files(&self, folder: &Folder) -> Result<Vec<Vec<u8>>, HarnessError> {
        let files = fs::read_dir(folder.0.path())?.map(|file| fs::read(file?.path()));
        Ok(files.collect::<Result<_, _>>()?)
    }
}

/// Every row of every table, its columns one after the other.
fn rows(connection: &Connection) -> Result<Vec<Vec<u8>>, Box<dyn Error + Send + Sync>> {
    let mut tables =
        connection.prepare("select name from sqlite_master where type = 'table' order by name")?;
    let tables = tables.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let mut all = Vec::new();
    for table in tables {
        let mut statement = connection.prepare(&format!("select * from \"{table}\""))?;
        let columns = statement.column_count();
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let mut bytes = table.clone().into_bytes();
            for column in 0..columns {
                bytes.push(0);
                match row.get_ref(column)? {
                    ValueRef::Null => {}
                    ValueRef::Integer(number) => bytes.extend(number.to_string().into_bytes()),
                    ValueRef::Real(number) => bytes.extend(number.to_string().into_bytes()),
                    ValueRef::Text(value) | ValueRef::Blob(value) => bytes.extend_from_slice(value),
                }
            }
            all.push(bytes);
        }
    }
    Ok(all)
}
