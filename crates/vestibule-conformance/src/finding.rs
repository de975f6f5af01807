//! What a case finds wrong.

use core::fmt;

/// What is wrong with a store, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding(String);

/// How a case ends.
pub type Outcome = Result<(), Finding>;

impl Finding {
    /// A finding.
    #[must_use]
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// The same finding, with where it was found before it.
    #[must_use]
    pub fn within(self, place: impl fmt::Display) -> Self {
        Self(format!("{place}: {}", self.0))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// It is no `Error` itself, so that every error becomes one by `?`.
impl<E: std::error::Error> From<E> for Finding {
    fn from(error: E) -> Self {
        let mut sentence = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            sentence.push_str(": ");
            sentence.push_str(&cause.to_string());
            source = cause.source();
        }
        Self(sentence)
    }
}

/// A finding unless both are equal.
pub(crate) fn same<T: PartialEq + fmt::Debug>(what: &str, found: &T, expected: &T) -> Outcome {
    if found == expected {
        return Ok(());
    }
    Err(Finding(format!("{what}: found {found:?}, expected {expected:?}")))
}

/// A finding unless it holds.
pub(crate) fn ensure(holds: bool, what: &str) -> Outcome {
    if holds { Ok(()) } else { Err(Finding(what.to_owned())) }
}
