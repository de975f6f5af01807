//! The one way a bench fails: it has no figure.

use core::fmt;
use std::error::Error;

/// Why there is no figure. A bench says so and ends with status 2; it never guesses one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmeasured(String);

impl Unmeasured {
    /// Takes the reason, as it is printed.
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// Says at which step another error came up.
    #[must_use]
    pub fn at(step: &str, error: &dyn Error) -> Self {
        Self(format!("{step}: {error}"))
    }
}

impl fmt::Display for Unmeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Unmeasured {}
