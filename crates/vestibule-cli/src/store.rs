//! The store by its name: `memory:`, `sqlite:PATH`, `redb:PATH` or `postgres://..`.

use core::fmt;
use core::str::FromStr;
use std::path::{Path, PathBuf};

use vestibule::{ErasedStore, Store, erase};
use vestibule_core::{MemoryStore, Realm, StoreError, Timestamp};
use vestibule_postgres::PostgresStore;
use vestibule_redb::RedbStore;
use vestibule_sqlite::{Options, SqliteStore};

use crate::postgres::{self, Address};

/// Where everything rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreName {
    /// In this process, until it ends.
    Memory,
    /// On a server of PostgreSQL.
    Postgres(Address),
    /// In a file of redb.
    Redb(PathBuf),
    /// In a file of SQLite.
    Sqlite(PathBuf),
}

impl StoreName {
    /// The same store, a relative path being taken from this folder.
    pub(crate) fn in_folder(self, folder: &Path) -> Self {
        match self {
            Self::Memory | Self::Postgres(_) => self,
            Self::Redb(path) => Self::Redb(folder.join(path)),
            Self::Sqlite(path) => Self::Sqlite(folder.join(path)),
        }
    }

    /// The file, if it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Memory | Self::Postgres(_) => None,
            Self::Redb(path) | Self::Sqlite(path) => Some(path),
        }
    }

    /// Opens the store. It makes no file and changes no table.
    pub(crate) fn open(&self, realm: Realm) -> Result<ErasedStore, StoreError> {
        Ok(match self {
            Self::Memory => erase(MemoryStore::in_memory()),
            Self::Postgres(address) => erase(open_postgres(address, realm)?),
            Self::Redb(path) => erase(open_redb(path, realm)?),
            Self::Sqlite(path) => erase(open_sqlite(path, realm)?),
        })
    }

    /// Whether there is anybody in it, in any realm, whichever version made it. It makes nothing and changes no table.
    pub(crate) fn has_people(&self) -> Result<bool, StoreError> {
        match self {
            Self::Memory => Ok(false),
            Self::Postgres(address) => postgres::block_on(async {
                let options = vestibule_postgres::Options::new();
                PostgresStore::has_people(&address.server(), &options).await
            })?,
            Self::Redb(path) if !path.exists() => Ok(false),
            Self::Redb(path) => open_redb(path, Realm::default())?.kv().has_people(),
            Self::Sqlite(path) => SqliteStore::has_people(path, &Options::new()),
        }
    }

    /// Makes what is missing: the file of redb, the tables of the others. Of a store in memory there is nothing to make.
    pub(crate) fn migrate(&self, now: Timestamp) -> Result<(), StoreError> {
        match self {
            Self::Memory => Ok(()),
            Self::Postgres(address) => postgres::block_on(async {
                let options = vestibule_postgres::Options::new();
                PostgresStore::migrate(&address.server(), &options, now).await.map(drop)
            })?,
            Self::Redb(path) => vestibule_redb::create(path, Realm::default()).map(drop),
            Self::Sqlite(path) => SqliteStore::migrate(path, &Options::new(), now).map(drop),
        }
    }

    /// Opens the store and hands it to `work`, under its own type.
    pub(crate) fn with<T>(&self, realm: Realm, work: impl Work<T>) -> Result<T, StoreError> {
        Ok(match self {
            Self::Memory => work.on(MemoryStore::in_memory()),
            Self::Postgres(address) => work.on(open_postgres(address, realm)?),
            Self::Redb(path) => work.on(open_redb(path, realm)?),
            Self::Sqlite(path) => work.on(open_sqlite(path, realm)?),
        })
    }
}

/// What is done with a store of any kind.
pub(crate) trait Work<T> {
    fn on(self, store: impl Store + Clone) -> T;
}

/// Opens a file of SQLite, for one command: one reader is enough.
pub(crate) fn open_sqlite(path: &Path, realm: Realm) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, realm, Options::new().readers(1))
}

/// Opens a file of redb.
pub(crate) fn open_redb(path: &Path, realm: Realm) -> Result<RedbStore, StoreError> {
    vestibule_redb::open(path, realm)
}

/// Connects to a server, for one command: few connections are enough.
pub(crate) fn open_postgres(address: &Address, realm: Realm) -> Result<PostgresStore, StoreError> {
    postgres::block_on(async {
        let options = vestibule_postgres::Options::new().connections(2);
        PostgresStore::open(&address.server(), realm, options).await
    })?
}

const NAMES: &str = "a store is `sqlite:PATH`, `redb:PATH`, `postgres://..` or `memory:`";

impl FromStr for StoreName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("postgres" | "postgresql", _)) => Address::parse(text).map(Self::Postgres),
            Some(("redb", path)) if !path.is_empty() => Ok(Self::Redb(path.into())),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            _ => Err(NAMES),
        }
    }
}

impl fmt::Display for StoreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Postgres(address) => fmt::Display::fmt(address, f),
            Self::Redb(path) => write!(f, "redb:{}", path.display()),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_memory_a_path_or_an_address() {
        assert_eq!("memory:".parse(), Ok(StoreName::Memory));
        let sqlite: StoreName = "sqlite:a:b.db".parse().unwrap();
        assert_eq!(sqlite, StoreName::Sqlite("a:b.db".into()));
        assert_eq!(sqlite.in_folder(Path::new("/etc/door")).to_string(), "sqlite:/etc/door/a:b.db");
        let redb: StoreName = "redb:people.redb".parse().unwrap();
        assert_eq!(redb.in_folder(Path::new("/etc/door")).to_string(), "redb:/etc/door/people.redb");
        let server: StoreName = "postgres://door@db.example.com/people".parse().unwrap();
        assert_eq!(server.to_string(), "postgres://door@db.example.com/people");
        for bad in ["", "memory", "memory:x", "sqlite:", "redb:", "postgres:x", "vestibule.db"] {
            assert!(bad.parse::<StoreName>().is_err(), "{bad}");
        }
    }
}
