//! redb's errors as kinds of fault.

use std::io;

use redb::{CommitError, Error};
use vestibule_core::{StoreError, StoreErrorKind};

/// What is wrong with the tables of a file; the source of an error of kind `Schema`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// There are no tables of ours: nobody has created the store.
    #[error("the tables are missing: the store was never created")]
    Missing,
    /// The tables were made by a newer version (FLT-X23).
    #[error("the tables are newer than this version")]
    Newer,
}

impl From<FormatError> for StoreError {
    fn from(error: FormatError) -> Self {
        Self::new(StoreErrorKind::Schema, error)
    }
}

/// A fault while no commit was under way.
pub(crate) fn fault(error: impl Into<Error>) -> StoreError {
    let error = error.into();
    StoreError::new(kind(&error), error)
}

/// A fault of the commit itself. The pages are written and synced before the header names them, so that one for which
/// there was no room is not there after the next opening; after any other it may be.
pub(crate) fn commit_fault(error: CommitError) -> StoreError {
    let nothing_applied = matches!(error, CommitError::TransactionPoisoned);
    let error = error.into();
    let kind = match kind(&error) {
        StoreErrorKind::Full => StoreErrorKind::Full,
        _ if nothing_applied => StoreErrorKind::Backend,
        _ => StoreErrorKind::OutcomeUnknown,
    };
    StoreError::new(kind, error)
}

fn kind(error: &Error) -> StoreErrorKind {
    match error {
        Error::Io(error) => io_kind(error),
        Error::Corrupted(_) => StoreErrorKind::Corrupt,
        // After a failed read or write redb does nothing more with the file until it is opened again.
        Error::PreviousIo | Error::DatabaseClosed => StoreErrorKind::Unavailable,
        Error::DatabaseAlreadyOpen | Error::LockProtocolMismatch => StoreErrorKind::Unavailable,
        Error::UpgradeRequired(_)
        | Error::TableDoesNotExist(_)
        | Error::TableIsMultimap(_)
        | Error::TableTypeMismatch { .. }
        | Error::TypeDefinitionChanged { .. } => StoreErrorKind::Schema,
        _ => StoreErrorKind::Backend,
    }
}

fn io_kind(error: &io::Error) -> StoreErrorKind {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            StoreErrorKind::Full
        }
        io::ErrorKind::ReadOnlyFilesystem => StoreErrorKind::ReadOnly,
        // What redb says of a file that is none of its own.
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Unavailable,
    }
}
