//! SQLite's codes as kinds of fault.

use rusqlite::{Error, ErrorCode, ffi};
use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_sql::Constraint;

/// What is wrong with the tables of a file; the source of an error of kind `Schema`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// A migration that was applied is not the one that this version knows under its number.
    #[error("a migration that was applied is not the one known under its number")]
    Altered,
    /// The tables are not as the migrations made them: an index or a constraint is missing, or one was added (FLT-X38).
    #[error("the tables are not as their migrations made them")]
    Changed,
    /// The migrations of a domain are not numbered 1, 2, 3 and so on, or two domains have one name.
    #[error("the migrations are misnumbered")]
    Misnumbered,
    /// The file has not been migrated.
    #[error("the tables are missing: the file has not been migrated")]
    Missing,
    /// The file was migrated by a newer version (FLT-X23).
    #[error("the tables are newer than this version")]
    Newer,
    /// The file was migrated by an older version.
    #[error("the tables are older than this version: migrate first")]
    Outdated,
}

impl From<SchemaError> for StoreError {
    fn from(error: SchemaError) -> Self {
        Self::new(StoreErrorKind::Schema, error)
    }
}

/// A fault of SQLite, as long as no commit was under way.
pub(crate) fn fault(error: Error) -> StoreError {
    if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) {
        return StoreError::new(StoreErrorKind::Corrupt, "it is no SQLite database");
    }
    StoreError::new(kind(&error), error)
}

/// A fault of `COMMIT` itself. SQLite has taken everything back when there was no room or somebody in the way; after a
/// failed write or sync the commit may be in the log all the same, and come back with the next opening (FLT-X18).
pub(crate) fn commit_kind(error: &Error) -> StoreErrorKind {
    match kind(error) {
        unapplied @ (StoreErrorKind::Contended | StoreErrorKind::Full | StoreErrorKind::ReadOnly) => {
            unapplied
        }
        _ if violates_a_constraint(error) => StoreErrorKind::Backend,
        _ => StoreErrorKind::OutcomeUnknown,
    }
}

pub(crate) fn kind(error: &Error) -> StoreErrorKind {
    // Statements are constants: one that names what is not there does not fit the tables.
    if names_what_is_missing(&error.to_string()) {
        return StoreErrorKind::Schema;
    }
    let Some(code) = error.sqlite_error() else { return StoreErrorKind::Backend };
    match code.code {
        // The file was moved away while open; SQLite then refuses to write (FLT-X20).
        _ if code.extended_code == ffi::SQLITE_READONLY_DBMOVED => StoreErrorKind::Unavailable,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            StoreErrorKind::Contended
        }
        ErrorCode::DiskFull => StoreErrorKind::Full,
        ErrorCode::ReadOnly => StoreErrorKind::ReadOnly,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreErrorKind::Corrupt,
        ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::PermissionDenied => {
            StoreErrorKind::Unavailable
        }
        ErrorCode::SchemaChanged => StoreErrorKind::Schema,
        _ => StoreErrorKind::Backend,
    }
}

/// "no such table: .." and the like have no code of their own, and are one of two kinds of error depending on the version.
fn names_what_is_missing(message: &str) -> bool {
    message.contains("no such ") || message.contains(" has no column named ")
}

fn violates_a_constraint(error: &Error) -> bool {
    matches!(error, Error::SqliteFailure(code, _) if code.code == ErrorCode::ConstraintViolation)
}

/// Whether this error is the violation of this constraint.
///
/// SQLite has no names for keys: it says "UNIQUE constraint failed: table.column, table.column", for a primary key too;
/// for a check it says its name.
pub(crate) fn violates(error: &Error, constraint: &Constraint) -> bool {
    let Error::SqliteFailure(code, Some(message)) = error else { return false };
    let Some((_, named)) = message.split_once(" constraint failed: ") else { return false };
    match (code.extended_code, constraint) {
        (ffi::SQLITE_CONSTRAINT_CHECK, Constraint::Check { name }) => named == *name,
        (
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
            Constraint::Unique { table, columns, .. },
        ) => named.split(", ").eq(columns.iter().map(|column| format!("{table}.{column}"))),
        _ => false,
    }
}
