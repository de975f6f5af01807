//! Whether the file that was opened is still the one under its path (FLT-X20).

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use vestibule_core::{StoreError, StoreErrorKind};

/// A file that was opened, by its path and what identifies it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenedFile {
    path: PathBuf,
    identity: Identity,
}

impl OpenedFile {
    /// The file under this path. It must be there: SQLite alone would make an empty one.
    pub(crate) fn find(path: &Path) -> Result<Self, StoreError> {
        // An absolute path also keeps names like `:memory:` and `file:..` from meaning something else to SQLite.
        let path = fs::canonicalize(path).map_err(unavailable)?;
        let metadata = fs::metadata(&path).map_err(unavailable)?;
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "it is a directory" } else { "it is no regular file" };
            return Err(StoreError::new(StoreErrorKind::Unavailable, what));
        }
        let identity = identity(&metadata);
        Ok(Self { path, identity })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Costs one `stat`, about a microsecond.
    pub(crate) fn require_same(&self) -> Result<(), StoreError> {
        let metadata = fs::metadata(&self.path).map_err(unavailable)?;
        if identity(&metadata) == self.identity {
            Ok(())
        } else {
            Err(StoreError::new(StoreErrorKind::Unavailable, "the file was replaced while it was open"))
        }
    }
}

pub(crate) fn unavailable(error: std::io::Error) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, error)
}

#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Elsewhere an open file cannot be deleted or replaced; the moment of its making is a belt to that.
#[cfg(not(unix))]
type Identity = Option<std::time::SystemTime>;

#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> Identity {
    metadata.created().ok()
}
