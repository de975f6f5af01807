//! A store in a file.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use redb::backends::FileBackend;
use redb::{Builder, Database};
use vestibule_core::kv::KvStore;
use vestibule_core::{Realm, StoreError};
use vestibule_kv::file::{Making, OpenedFile};

use crate::RedbKv;
use crate::error::fault;

/// A store of every domain in a redb file.
pub type RedbStore = KvStore<RedbKv>;

/// What redb keeps of the file in memory at most.
const CACHE: usize = 64 * 1024 * 1024;

/// Makes the file if there is none, readable by its owner alone (on Unix); makes our tables if they are not in it; and
/// opens it. A new file is made beside its place, as `name.making`, and gets there whole.
///
/// # Errors
///
/// As [`open`].
pub fn create(path: impl AsRef<Path>, realm: Realm) -> Result<RedbStore, StoreError> {
    let (database, opened) = match Making::begin(path.as_ref())? {
        Some((file, making)) => (prepared(file)?, making.done()?),
        None => {
            let (file, opened) = OpenedFile::create(path.as_ref())?;
            (prepared(file)?, opened)
        }
    };
    Ok(KvStore::new(RedbKv::start(database, Some(opened))?, realm))
}

fn prepared(file: File) -> Result<Arc<Database>, StoreError> {
    let backend = FileBackend::new(file).map_err(fault)?;
    let database = Builder::new().set_cache_size(CACHE).create_with_backend(backend).map_err(fault)?;
    let database = Arc::new(database);
    RedbKv::prepare(&database)?;
    Ok(database)
}

/// Opens a file in which our tables were made.
///
/// # Errors
///
/// [`StoreError`]; `Schema` when a newer version made the tables or there are none, `Unavailable` when there is no file or
/// somebody has it open, `Corrupt` when it is no redb file.
pub fn open(path: impl AsRef<Path>, realm: Realm) -> Result<RedbStore, StoreError> {
    let opened = OpenedFile::find(path.as_ref())?;
    let database = Builder::new().set_cache_size(CACHE).open(opened.path()).map_err(fault)?;
    Ok(KvStore::new(RedbKv::start(Arc::new(database), Some(opened))?, realm))
}
