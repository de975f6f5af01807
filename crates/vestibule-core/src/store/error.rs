//! What can go wrong in a store: faults, never refusals.

use core::fmt;

/// A boxed cause.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What a store could not do, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The database said something that the store did not expect. Nothing was applied.
    Backend,
    /// Others were in the way for longer than the store's bound. Nothing was applied; the same batch may be sent
    /// again.
    Contended,
    /// A stored row is not of the form this version writes. Nothing was applied; the fault is confined to whoever
    /// owns the row (FLT-X37). When a store is opened: what is there is no database of its kind.
    Corrupt,
    /// There is no room (FLT-X17). Nothing was applied.
    Full,
    /// The answer to a commit was lost. Perhaps it was applied: send the *same* batch again.
    OutcomeUnknown,
    /// The database cannot be written. Nothing was applied.
    ReadOnly,
    /// The database's schema is missing, is not what this version knows, or is newer (FLT-X23).
    Schema,
    /// The database cannot be reached, or its file was replaced or deleted (FLT-X20). Nothing was applied.
    Unavailable,
}

/// A store's fault. `Display` carries no values; the cause is behind `source()`.
pub struct StoreError {
    kind: StoreErrorKind,
    source: Option<BoxError>,
}

impl StoreError {
    /// A fault with its cause.
    pub fn new(kind: StoreErrorKind, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    /// What kind of fault it is.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether sending the same batch, or asking the same question, again can help.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            StoreErrorKind::Contended | StoreErrorKind::OutcomeUnknown | StoreErrorKind::Unavailable
        )
    }
}

impl From<StoreErrorKind> for StoreError {
    fn from(kind: StoreErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StoreErrorKind::Backend => "the database answered unexpectedly",
            StoreErrorKind::Contended => "the database was contended for too long",
            StoreErrorKind::Corrupt => "what is stored cannot be read",
            StoreErrorKind::Full => "the database has no room left",
            StoreErrorKind::OutcomeUnknown => "the answer to a commit was lost",
            StoreErrorKind::ReadOnly => "the database cannot be written",
            StoreErrorKind::Schema => "the database's schema is not the one expected",
            StoreErrorKind::Unavailable => "the database cannot be reached",
        })
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// A stored row that is not of the form this version writes. It says which field and never what stood there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored row cannot be read at {0}")]
#[expect(clippy::exhaustive_structs, reason = "domain crates and adapters build it wherever they read a row")]
pub struct CorruptRow(pub &'static str);

impl From<CorruptRow> for StoreError {
    fn from(corrupt: CorruptRow) -> Self {
        Self::new(StoreErrorKind::Corrupt, corrupt)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn no_error_prints_what_its_cause_says() {
        for kind in [
            StoreErrorKind::Backend,
            StoreErrorKind::Contended,
            StoreErrorKind::Corrupt,
            StoreErrorKind::Full,
            StoreErrorKind::OutcomeUnknown,
            StoreErrorKind::ReadOnly,
            StoreErrorKind::Schema,
            StoreErrorKind::Unavailable,
        ] {
            let error = StoreError::new(kind, "key (email)=(ada@example.com)");
            assert!(!format!("{error} {error:?}").contains("ada"));
            assert!(error.source().unwrap().to_string().contains("ada"));
        }
    }
}
