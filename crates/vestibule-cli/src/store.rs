//! The store by its name: `memory:` or `sqlite:PATH`.

use core::fmt;
use core::str::FromStr;
use std::path::{Path, PathBuf};

use vestibule::{ErasedStore, erase};
use vestibule_core::{MemoryStore, Realm, StoreError};
use vestibule_sqlite::{Options, SqliteStore};

/// Where everything rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreName {
    /// In this process, until it ends.
    Memory,
    /// In a file of SQLite.
    Sqlite(PathBuf),
}

impl StoreName {
    /// The same store, a relative path being taken from this folder.
    pub(crate) fn in_folder(self, folder: &Path) -> Self {
        match self {
            Self::Memory => Self::Memory,
            Self::Sqlite(path) => Self::Sqlite(folder.join(path)),
        }
    }

    /// Opens the store. It makes no file and changes no table.
    pub(crate) fn open(&self, realm: Realm) -> Result<ErasedStore, StoreError> {
        match self {
            Self::Memory => Ok(erase(MemoryStore::in_memory())),
            Self::Sqlite(path) => Ok(erase(open_sqlite(path, realm)?)),
        }
    }
}

/// Opens a file of SQLite, for one command: one reader is enough.
pub(crate) fn open_sqlite(path: &Path, realm: Realm) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, realm, Options::new().readers(1))
}

impl FromStr for StoreName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            _ => Err("a store is `sqlite:PATH` or `memory:`"),
        }
    }
}

impl fmt::Display for StoreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_memory_or_a_path() {
        assert_eq!("memory:".parse(), Ok(StoreName::Memory));
        let sqlite: StoreName = "sqlite:a:b.db".parse().unwrap();
        assert_eq!(sqlite, StoreName::Sqlite("a:b.db".into()));
        assert_eq!(sqlite.in_folder(Path::new("/etc/door")).to_string(), "sqlite:/etc/door/a:b.db");
        for bad in ["", "memory", "memory:x", "sqlite:", "postgres:x", "vestibule.db"] {
            assert!(bad.parse::<StoreName>().is_err(), "{bad}");
        }
    }
}
