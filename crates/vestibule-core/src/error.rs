//! Faults: what went wrong on our side, apart from refusals.

use core::fmt;
use core::time::Duration;

use crate::{BatchError, CorruptRow, EntropyError, KeyRingError, StoreError, StoreErrorKind};

/// The outcome of an operation that did not succeed.
///
/// `P` is a domain crate's closed enum of problems, or the facade's [`Refusal`](crate::Refusal). Both are errors
/// to `?`, so an unhandled one fails closed.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "refused or broken: there is no third")]
pub enum Failure<P> {
    /// The rules say no. It is an answer for the person.
    Refused(P),
    /// Something broke. It is nobody's answer; nothing was granted.
    Fault(Error),
}

impl<P> Failure<P> {
    /// The same failure with its problem wrapped.
    pub fn map<Q>(self, wrap: impl FnOnce(P) -> Q) -> Failure<Q> {
        match self {
            Self::Refused(problem) => Failure::Refused(wrap(problem)),
            Self::Fault(error) => Failure::Fault(error),
        }
    }

    /// The refusal, if it is one.
    pub const fn refused(&self) -> Option<&P> {
        match self {
            Self::Refused(problem) => Some(problem),
            Self::Fault(_) => None,
        }
    }
}

impl<P: fmt::Display> fmt::Display for Failure<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(problem) => problem.fmt(f),
            Self::Fault(error) => error.fmt(f),
        }
    }
}

impl<P: std::error::Error + 'static> std::error::Error for Failure<P> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(problem) => problem.source(),
            Self::Fault(error) => error.source(),
        }
    }
}

impl<P, E: Into<Error>> From<E> for Failure<P> {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Too much is asked of this process at once; [`Error::retry_after`] says when to ask again.
    Busy,
    /// The clocks of this process and of the database differ by more than the bound.
    Clock,
    /// A row is not of the form this version writes.
    Corrupt,
    /// The source of randomness failed.
    Entropy,
    /// A key that a stored row names is not in the key ring (FLT-X40).
    Keys,
    /// The calling code contradicts the contract.
    Misuse,
    /// The answer to a commit was lost, and asking again did not tell.
    OutcomeUnknown,
    /// The store cannot do it now; its [`StoreError`] is behind `source()`.
    Store,
}

/// A fault: opaque, with a kind. `Display` carries no values; the cause is behind `source()`.
pub struct Error {
    kind: ErrorKind,
    retry_after: Option<Duration>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A fault with its cause.
    pub fn new(kind: ErrorKind, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind, retry_after: None, source: Some(source.into()) }
    }

    /// Too much at once: ask again after this long.
    #[must_use]
    pub const fn busy(retry_after: Duration) -> Self {
        Self { kind: ErrorKind::Busy, retry_after: Some(retry_after), source: None }
    }

    /// What kind of fault it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// When to ask again, if that is known.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the same call can succeed later without anybody mending anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let store = self.source.as_ref().and_then(|source| source.downcast_ref::<StoreError>());
        matches!(self.kind, ErrorKind::Busy | ErrorKind::OutcomeUnknown)
            || store.is_some_and(StoreError::is_retryable)
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, retry_after: None, source: None }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let kind = match error.kind() {
            StoreErrorKind::Corrupt => ErrorKind::Corrupt,
            StoreErrorKind::OutcomeUnknown => ErrorKind::OutcomeUnknown,
            StoreErrorKind::Contended => ErrorKind::Busy,
            StoreErrorKind::Backend
            | StoreErrorKind::Full
            | StoreErrorKind::ReadOnly
            | StoreErrorKind::Schema
            | StoreErrorKind::Unavailable => ErrorKind::Store,
        };
        Self::new(kind, error)
    }
}

impl From<EntropyError> for Error {
    fn from(error: EntropyError) -> Self {
        Self::new(ErrorKind::Entropy, error)
    }
}

impl From<KeyRingError> for Error {
    fn from(error: KeyRingError) -> Self {
        Self::new(ErrorKind::Keys, error)
    }
}

#[cfg(feature = "seal")]
impl From<crate::SealError> for Error {
    fn from(error: crate::SealError) -> Self {
        let kind = match error {
            crate::SealError::Entropy(_) => ErrorKind::Entropy,
            crate::SealError::Key(_) => ErrorKind::Keys,
            crate::SealError::Opened => ErrorKind::Corrupt,
        };
        Self::new(kind, error)
    }
}

impl From<BatchError> for Error {
    fn from(error: BatchError) -> Self {
        Self::new(ErrorKind::Misuse, error)
    }
}

impl From<CorruptRow> for Error {
    fn from(error: CorruptRow) -> Self {
        Self::new(ErrorKind::Corrupt, error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::Busy => "too much is asked at once",
            ErrorKind::Clock => "the clocks differ too much",
            ErrorKind::Corrupt => "a stored row cannot be read",
            ErrorKind::Entropy => "the source of randomness failed",
            ErrorKind::Keys => "a key is missing from the key ring",
            ErrorKind::Misuse => "the call contradicts the contract",
            ErrorKind::OutcomeUnknown => "it is not known whether the change was made",
            ErrorKind::Store => "the store failed",
        })
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
