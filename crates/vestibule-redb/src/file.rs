//! Whether the file that was opened is still the one under its path (FLT-X20).

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use vestibule_core::{StoreError, StoreErrorKind};

/// A file that was opened, by its path and what identifies it there.
#[derive(Debug)]
pub(crate) struct OpenedFile {
    path: PathBuf,
    identity: Identity,
}

impl OpenedFile {
    /// The file with this metadata, under this path.
    pub(crate) fn new(path: &Path, metadata: &Metadata) -> io::Result<Self> {
        Ok(Self { path: fs::canonicalize(path)?, identity: identity(metadata) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Costs one `stat`, about a microsecond.
    pub(crate) fn require_same(&self) -> Result<(), StoreError> {
        let metadata = fs::metadata(&self.path).map_err(redb::Error::Io).map_err(crate::error::fault)?;
        if identity(&metadata) == self.identity {
            Ok(())
        } else {
            Err(StoreError::new(StoreErrorKind::Unavailable, "the file was replaced while it was open"))
        }
    }
}

#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
type Identity = Option<std::time::SystemTime>;

#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> Identity {
    metadata.created().ok()
}
