//! PostgreSQL's codes as kinds of fault.

use core::fmt;

use tokio_postgres::Error;
use tokio_postgres::error::{Severity, SqlState};
use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_sql::Constraint;

/// What is wrong with the tables of a schema; the source of an error of kind `Schema`.
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
    /// The schema has not been migrated.
    #[error("the tables are missing: the schema has not been migrated")]
    Missing,
    /// The schema was migrated by a newer version (FLT-X23).
    #[error("the tables are newer than this version")]
    Newer,
    /// The schema was migrated by an older version.
    #[error("the tables are older than this version: migrate first")]
    Outdated,
}

impl From<SchemaError> for StoreError {
    fn from(error: SchemaError) -> Self {
        Self::new(StoreErrorKind::Schema, error)
    }
}

/// What the server answered instead of a result: its code, and no more.
///
/// The server's message and detail quote rows and parameters, which must not reach a log (PR-16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    code: String,
    constraint: Option<String>,
}

impl ServerError {
    /// The SQLSTATE, five letters and digits.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The constraint that was violated, if the server named one.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.constraint.as_deref()
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered {}", self.code)?;
        self.constraint.as_ref().map_or(Ok(()), |name| write!(f, " for {name}"))
    }
}

impl core::error::Error for ServerError {}

/// A fault of PostgreSQL, as long as no commit was under way.
pub(crate) fn fault(error: Error) -> StoreError {
    with_kind(kind(&error), error)
}

/// The same with a kind that its place decides.
pub(crate) fn with_kind(kind: StoreErrorKind, error: Error) -> StoreError {
    match error.as_db_error() {
        Some(server) => {
            let constraint = server.constraint().map(str::to_owned);
            StoreError::new(kind, ServerError { code: server.code().code().to_owned(), constraint })
        }
        None => StoreError::new(kind, error),
    }
}

pub(crate) fn kind(error: &Error) -> StoreErrorKind {
    let Some(state) = error.code() else {
        return if is_of_the_connection(error) {
            StoreErrorKind::Unavailable
        } else {
            StoreErrorKind::Backend
        };
    };
    match state.code() {
        // Serialization failure, deadlock, lock or statement timeout, too many connections.
        "40001" | "40P01" | "55P03" | "57014" | "53300" => StoreErrorKind::Contended,
        "25006" => StoreErrorKind::ReadOnly,
        "53100" => StoreErrorKind::Full,
        "XX001" | "XX002" => StoreErrorKind::Corrupt,
        // A plan that was prepared before the tables were changed.
        "0A000" | "3F000" => StoreErrorKind::Schema,
        // Shutdown, crash of a neighbour, not yet up, database gone; out of memory.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" | "53000" | "53200" => {
            StoreErrorKind::Unavailable
        }
        code if code.starts_with("08") || code.starts_with("58") || code.starts_with("28") => {
            StoreErrorKind::Unavailable
        }
        "3D000" => StoreErrorKind::Unavailable,
        // No such table, column or function, or no right to it.
        code if code.starts_with("42") => StoreErrorKind::Schema,
        _ => StoreErrorKind::Backend,
    }
}

/// Whether the connection is of no more use after this error.
pub(crate) fn breaks(error: &Error) -> bool {
    match error.code() {
        None => true,
        Some(state) => state.code().starts_with("08") || state.code().starts_with("57P"),
    }
}

/// Whether an error in answer to `COMMIT` leaves open what became of it. An `ERROR` with a code means that the server took
/// everything back: after the record of the commit is kept, only a crash is left to it.
pub(crate) fn leaves_open(error: &Error) -> bool {
    error.as_db_error().is_none_or(|server| {
        let severe = !matches!(server.parsed_severity(), Some(Severity::Error));
        severe || ["08", "57P", "XX"].iter().any(|class| server.code().code().starts_with(class))
    })
}

/// Whether nothing is wrong but that somebody else was in the way.
pub(crate) fn passes(error: &Error) -> bool {
    matches!(error.code(), Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED))
}

/// Whether a lock was waited for in vain.
pub(crate) fn waited(error: &Error) -> bool {
    error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
}

/// Whether this error is the violation of this constraint.
pub(crate) fn violates(error: &Error, constraint: &Constraint) -> bool {
    let Some(server) = error.as_db_error() else { return false };
    let code = match constraint {
        Constraint::Check { .. } => &SqlState::CHECK_VIOLATION,
        Constraint::Unique { .. } => &SqlState::UNIQUE_VIOLATION,
        _ => return false,
    };
    server.code() == code && server.constraint() == Some(constraint.name())
}

fn is_of_the_connection(error: &Error) -> bool {
    let source = core::error::Error::source(error);
    error.is_closed() || source.is_some_and(|source| source.is::<std::io::Error>()) || source.is_none()
}
