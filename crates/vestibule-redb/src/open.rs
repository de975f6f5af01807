//! A store in a file.

use std::path::Path;
use std::sync::Arc;

use redb::Builder;
use redb::backends::FileBackend;
use vestibule_core::kv::KvStore;
use vestibule_core::{Realm, StoreError};
use vestibule_kv::file::OpenedFile;

use crate::RedbKv;
use crate::error::fault;

/// A store of every domain in a redb file.
pub type RedbStore = KvStore<RedbKv>;

/// What redb keeps of the file in memory at most.
const CACHE: usize = 64 * 1024 * 1024;

/// Makes the file if there is none, readable by its owner alone (on Unix); makes our tables if they are not in it; and
/// opens it.
///
/// # Errors
///
/// As [`open`].
pub fn create(path: impl AsRef<Path>, realm: Realm) -> Result<RedbStore, StoreError> {
    let (file, opened) = OpenedFile::create(path.as_ref())?;
    let backend = FileBackend::new(file).map_err(fault)?;
    let database = Builder::new().set_cache_size(CACHE).create_with_backend(backend).map_err(fault)?;
    let database = Arc::new(database);
    RedbKv::prepare(&database)?;
    opened.sync_folder()?;
    Ok(KvStore::new(RedbKv::start(database, Some(opened))?, realm))
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
