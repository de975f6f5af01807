//! A store in a file.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{Builder, Error};
use vestibule_core::kv::KvStore;
use vestibule_core::{Realm, StoreError};

use crate::RedbKv;
use crate::error::fault;
use crate::file::OpenedFile;

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
    let (file, opened) = created(path.as_ref()).map_err(Error::Io).map_err(fault)?;
    let backend = FileBackend::new(file).map_err(fault)?;
    let database = Builder::new().set_cache_size(CACHE).create_with_backend(backend).map_err(fault)?;
    RedbKv::prepare(&database)?;
    sync_folder(opened.path()).map_err(Error::Io).map_err(fault)?;
    Ok(KvStore::new(RedbKv::in_file(database, opened)?, realm))
}

/// Opens a file in which our tables were made.
///
/// # Errors
///
/// [`StoreError`]; `Schema` when a newer version made the tables or there are none, `Unavailable` when there is no file or
/// somebody has it open, `Corrupt` when it is no redb file.
pub fn open(path: impl AsRef<Path>, realm: Realm) -> Result<RedbStore, StoreError> {
    let opened = found(path.as_ref()).map_err(Error::Io).map_err(fault)?;
    let database = Builder::new().set_cache_size(CACHE).open(opened.path()).map_err(fault)?;
    Ok(KvStore::new(RedbKv::in_file(database, opened)?, realm))
}

fn created(path: &Path) -> io::Result<(File, OpenedFile)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    let opened = OpenedFile::new(path, &file.metadata()?)?;
    Ok((file, opened))
}

/// What is replaced between this look and the opening is found to be another file by the first read.
fn found(path: &Path) -> io::Result<OpenedFile> {
    OpenedFile::new(path, &path.metadata()?)
}

/// The name of a new file rests in its folder.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
