//! redb's errors as kinds of fault.

use redb::{CommitError, Error};
use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_kv::FormatError;
use vestibule_kv::file::io_kind;

/// A fault while no commit was under way.
pub(crate) fn fault(error: impl Into<Error>) -> StoreError {
    match error.into() {
        // Nobody has made them.
        Error::TableDoesNotExist(_) => FormatError::Missing.into(),
        error => StoreError::new(kind(&error), error),
    }
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
        Error::Io(error) => io_kind(error.kind()),
        Error::Corrupted(_) => StoreErrorKind::Corrupt,
        // After a failed read or write redb does nothing more with the file until it is opened again.
        Error::PreviousIo
        | Error::DatabaseClosed
        | Error::DatabaseAlreadyOpen
        | Error::LockProtocolMismatch => StoreErrorKind::Unavailable,
        Error::UpgradeRequired(_)
        | Error::TableIsMultimap(_)
        | Error::TableTypeMismatch { .. }
        | Error::TypeDefinitionChanged { .. } => StoreErrorKind::Schema,
        _ => StoreErrorKind::Backend,
    }
}
