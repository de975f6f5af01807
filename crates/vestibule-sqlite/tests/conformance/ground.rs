//! A file of its own for every case.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, TransactionBehavior};
use tempfile::TempDir;
use vestibule_conformance::{Harness, HarnessError, HostEnd, HostWork, JoinedGuard};
use vestibule_core::{Landed, Realm, Timestamp};
use vestibule_sqlite::{Maintained, Options, SqliteStore, WriterCounts, apply_in};

#[derive(Default)]
pub(crate) struct Sqlite {
    /// What the writer did for the whole walkthrough.
    story: Arc<Mutex<Option<WriterCounts>>>,
}

/// A folder for one case's file and its logs.
pub(crate) struct Folder {
    folder: TempDir,
    /// The store whose writer is asked in the end what it did, and where that is noted.
    counted: Option<(SqliteStore, Arc<Mutex<Option<WriterCounts>>>)>,
}

impl Folder {
    fn path(&self) -> PathBuf {
        self.folder.path().join("people.db")
    }

    /// A connection of the host's own.
    fn host(&self) -> Result<Connection, HarnessError> {
        let connection = Connection::open(self.path())?;
        connection.execute_batch("create table if not exists host_row (text text not null)")?;
        Ok(connection)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some((store, counts)) = &self.counted {
            *counts.lock().unwrap_or_else(PoisonError::into_inner) = Some(store.writer_counts());
        }
    }
}

impl Harness for Sqlite {
    type Store = SqliteStore;
    type Guard = Folder;

    fn name(&self) -> &'static str {
        "sqlite"
    }

    async fn fresh(&self, case: &str) -> Result<(Folder, SqliteStore), HarnessError> {
        let mut folder = Folder { folder: tempfile::tempdir()?, counted: None };
        let store = SqliteStore::create(folder.path(), Realm::default(), Options::new(), Timestamp::EPOCH)?;
        folder.counted = (case == "walkthrough").then(|| (store.clone(), Arc::clone(&self.story)));
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
        let files = fs::read_dir(folder.folder.path())?.map(|file| fs::read(file?.path()));
        Ok(files.collect::<Result<_, _>>()?)
    }

    fn has_schema(&self) -> bool {
        true
    }

    /// The ledger says that each domain has one migration more.
    async fn make_newer(&self, folder: &Folder) -> Result<(), HarnessError> {
        let newer = "insert into vestibule_migration (domain, number, checksum, applied_at)
                     select domain, max(number) + 1, checksum, applied_at from vestibule_migration group by domain";
        Ok(Connection::open(folder.path())?.execute_batch(newer)?)
    }

    fn has_breakdown(&self) -> bool {
        true
    }

    /// Every table goes. A file that is removed would still be there for whoever has opened it.
    async fn break_down(&self, folder: &Folder) -> Result<(), HarnessError> {
        let connection = Connection::open(folder.path())?;
        for table in tables(&connection)? {
            connection.execute_batch(&format!("drop table \"{table}\""))?;
        }
        Ok(())
    }

    fn has_host_transactions(&self) -> bool {
        true
    }

    async fn host_transaction(
        &self,
        folder: &Folder,
        work: HostWork<'_>,
    ) -> Result<Landed<JoinedGuard>, HarnessError> {
        let mut host = folder.host()?;
        let transaction = host.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("insert into host_row (text) values (?1)", [work.row])?;
        let landed = apply_in(&transaction, &Realm::default(), work.batch)?;
        match work.end {
            HostEnd::Commit => transaction.commit()?,
            HostEnd::RollBack => transaction.rollback()?,
        }
        Ok(landed)
    }

    async fn host_rows(&self, folder: &Folder) -> Result<Vec<String>, HarnessError> {
        let host = folder.host()?;
        let mut statement = host.prepare("select text from host_row order by text")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn has_maintenance(&self) -> bool {
        true
    }

    async fn maintain(&self, _: &Folder, store: &SqliteStore, now: Timestamp) -> Result<(), HarnessError> {
        while store.maintain(now, 7).await? != Maintained::default() {}
        Ok(())
    }

    fn measures(&self) -> Vec<(String, u64)> {
        let story = self.story.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(WriterCounts { transactions, batches, .. }) = *story else { return Vec::new() };
        vec![
            ("transactions of the whole walkthrough".to_owned(), transactions),
            ("batches of the whole walkthrough".to_owned(), batches),
        ]
    }
}

fn tables(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let mut tables =
        connection.prepare("select name from sqlite_master where type = 'table' order by name")?;
    tables.query_map([], |row| row.get(0))?.collect()
}

/// Every row of every table, its columns one after the other.
fn rows(connection: &Connection) -> Result<Vec<Vec<u8>>, Box<dyn Error + Send + Sync>> {
    let mut all = Vec::new();
    for table in tables(connection)? {
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
