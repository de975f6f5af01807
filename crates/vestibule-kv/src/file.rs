//! Databases in a file: made for its owner alone, found again, and noticed when it is another (FLT-X20).

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use vestibule_core::{StoreError, StoreErrorKind};

/// A file that was opened, by its path and what identifies it there.
#[derive(Debug)]
pub struct OpenedFile {
    path: PathBuf,
    identity: Identity,
}

impl OpenedFile {
    /// Opens the file for reading and writing, and makes it if there is none, readable by its owner alone (on Unix).
    ///
    /// # Errors
    ///
    /// [`StoreError`], as [`io_fault`] has it.
    pub fn create(path: &Path) -> Result<(File, Self), StoreError> {
        let file = own(OpenOptions::new().create(true).truncate(false), path).map_err(io_fault)?;
        let opened = Self::of(path, file.metadata()).map_err(io_fault)?;
        Ok((file, opened))
    }

    /// The file that is there. One put in its place between this look and its opening is found out by
    /// [`require_same`](Self::require_same).
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create); `Unavailable` when there is none.
    pub fn find(path: &Path) -> Result<Self, StoreError> {
        Self::of(path, path.metadata()).map_err(io_fault)
    }

    fn of(path: &Path, metadata: io::Result<Metadata>) -> io::Result<Self> {
        Ok(Self { identity: identity(&metadata?), path: fs::canonicalize(path)? })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file under the path is still the one that was opened. It costs one `stat`, about a microsecond.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of kind `Unavailable` when it is gone or another.
    pub fn require_same(&self) -> Result<(), StoreError> {
        if identity(&fs::metadata(&self.path).map_err(io_fault)?) == self.identity {
            return Ok(());
        }
        Err(StoreError::new(StoreErrorKind::Unavailable, "the file was replaced while it was open"))
    }

    /// Makes the name of a new file lasting: it rests in its folder.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn sync_folder(&self) -> Result<(), StoreError> {
        #[cfg(unix)]
        if let Some(folder) = self.path.parent() {
            return File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_fault);
        }
        Ok(())
    }
}

/// A file for its owner alone.
fn own(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

/// A file that is made beside its place and gets there only when it is whole: a process that is killed meanwhile leaves nothing under
/// the name, and whoever comes next begins anew (FLT-X22).
#[derive(Debug)]
pub struct Making {
    beside: PathBuf,
    path: PathBuf,
}

impl Making {
    /// Begins with a new file, locked, readable by its owner alone (on Unix). `None` where there is one in its place already.
    ///
    /// # Errors
    ///
    /// As [`OpenedFile::create`]; `Unavailable` while another process makes it.
    pub fn begin(path: &Path) -> Result<Option<(File, Self)>, StoreError> {
        let Some(name) = path.file_name() else {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "this names no file"));
        };
        let mut beside = name.to_owned();
        beside.push(".making");
        let making = Self { beside: path.with_file_name(beside), path: path.to_owned() };
        while !path.try_exists().map_err(io_fault)? {
            let file = match own(OpenOptions::new().create_new(true), &making.beside) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    making.discard()?;
                    continue;
                }
                Err(error) => return Err(io_fault(error)),
            };
            // Before it was locked, another one may have taken it for one that was left behind.
            if file.try_lock().is_ok() && making.is_beside(&file) {
                return Ok(Some((file, making)));
            }
        }
        Ok(None)
    }

    /// Removes what a process left behind that was killed. It is never written to: whose it is is not known.
    fn discard(&self) -> Result<(), StoreError> {
        let left = match File::open(&self.beside) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            left => left.map_err(io_fault)?,
        };
        if left.try_lock().is_err() {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "another process makes the file"));
        }
        // Another one may have removed it meanwhile, and begun a new one under the name.
        if self.is_beside(&left) {
            fs::remove_file(&self.beside).map_err(io_fault)?;
        }
        Ok(())
    }

    /// Whether this is the file that has the name beside the place now.
    fn is_beside(&self, file: &File) -> bool {
        OpenedFile::of(&self.beside, file.metadata()).is_ok_and(|opened| opened.require_same().is_ok())
    }

    /// Puts it in its place, whole as it is by now. The file stays open, and locked.
    ///
    /// # Errors
    ///
    /// As [`OpenedFile::create`]; `Unavailable` when there is another one there.
    pub fn done(self) -> Result<OpenedFile, StoreError> {
        match fs::hard_link(&self.beside, &self.path) {
            Ok(()) => fs::remove_file(&self.beside).map_err(io_fault)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let _ = fs::remove_file(&self.beside);
                return Err(io_fault(error));
            }
            // Not every file system gives a file two names.
            Err(_) => fs::rename(&self.beside, &self.path).map_err(io_fault)?,
        }
        let opened = OpenedFile::find(&self.path)?;
        opened.sync_folder()?;
        Ok(opened)
    }
}

/// A fault of the operating system's, while nothing was being committed.
#[must_use]
pub fn io_fault(error: io::Error) -> StoreError {
    StoreError::new(io_kind(error.kind()), error)
}

/// The kind of fault that it is.
#[must_use]
pub const fn io_kind(kind: io::ErrorKind) -> StoreErrorKind {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            StoreErrorKind::Full
        }
        io::ErrorKind::ReadOnlyFilesystem => StoreErrorKind::ReadOnly,
        // What is said of a file of something else, or of less than one.
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Unavailable,
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
