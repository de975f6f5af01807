//! Why a command ends without having done what was asked, and the exit status that says so.

use core::fmt;
use std::error::Error as StdError;
use std::io;
use std::process::ExitCode;

use vestibule_core::{Audience, Failure, Refusal};

use crate::challenge;

/// Why a command stops. Each has its exit status, documented in the README.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something broke, or is not set up: what, and what lies behind it. Status 2.
    Broken(String, Option<Box<dyn StdError + Send + Sync>>),
    /// The answer is no, or nothing was found. Status 1.
    No(String),
    /// The output could not be written. Status 2.
    Output(io::Error),
    /// The rules say no. Status 1.
    Refused(Box<Refusal>),
    /// The command has said it already. Status 1.
    Said,
    /// What was typed is not understood. Status 64.
    Usage(String),
}

impl Stop {
    /// Something broke, with its cause.
    pub(crate) fn broken(what: impl Into<String>, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Broken(what.into(), Some(cause.into()))
    }

    /// The exit status of a mistyped command line: `EX_USAGE` of `sysexits.h`.
    pub(crate) const USAGE: u8 = 64;

    pub(crate) fn status(&self) -> ExitCode {
        match self {
            // A reader who has seen enough (`| head`) is no failure.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::No(_) | Self::Refused(_) | Self::Said => ExitCode::from(1),
            Self::Broken(..) | Self::Output(_) => ExitCode::from(2),
            Self::Usage(_) => ExitCode::from(Self::USAGE),
        }
    }
}

/// What goes to standard error; nothing where all was said.
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(what, cause) => {
                writeln!(f, "error: {what}")?;
                let mut next = cause.as_deref().map(|cause| cause as &dyn StdError);
                while let Some(cause) = next {
                    writeln!(f, "  because: {cause}")?;
                    next = cause.source();
                }
                Ok(())
            }
            Self::No(what) => writeln!(f, "{what}"),
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Self::Output(error) => writeln!(f, "error: the output cannot be written\n  because: {error}"),
            Self::Refused(refusal) => write_refusal(refusal, f),
            Self::Said => Ok(()),
            Self::Usage(what) => writeln!(f, "error: {what}\n\nFor more information, try '--help'."),
        }
    }
}

/// A refusal as somebody at the terminal of the machine may see it: the code too, which names the cause.
fn write_refusal(refusal: &Refusal, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "Refused: {}", refusal.public().text)?;
    writeln!(f, "  code  {}", refusal.code())?;
    writeln!(f, "  case  {}", refusal.case())?;
    for (name, value) in refusal.facts_for(Audience::Operator) {
        writeln!(f, "  {name}  {value}")?;
    }
    for remedy in refusal.remedies() {
        writeln!(f, "  {:<4}  {}", remedy.id(), remedy.text())?;
    }
    if challenge::is_asked_for(refusal) {
        writeln!(f, "Next: the same with --challenge-passed: you vouch that it is a person who types")?;
    }
    Ok(())
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<Failure<Refusal>> for Stop {
    fn from(failure: Failure<Refusal>) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Fault(error) => Self::broken("it could not be done", error),
        }
    }
}

impl From<vestibule_core::StoreError> for Stop {
    fn from(error: vestibule_core::StoreError) -> Self {
        Self::broken("the store could not answer", error)
    }
}

impl From<vestibule_core::EntropyError> for Stop {
    fn from(error: vestibule_core::EntropyError) -> Self {
        Self::broken("no id could be made", error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_shown_with_all_that_is_behind_it() {
        let error = vestibule_core::StoreError::new(vestibule_core::StoreErrorKind::Full, "no block is left");
        let shown = Stop::broken("nothing was made", error).to_string();
        assert_eq!(
            shown,
            "error: nothing was made\n  because: the database has no room left\n  because: no block is left\n"
        );
    }

    #[test]
    fn a_reader_who_has_seen_enough_is_told_nothing() {
        let stop = Stop::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(stop.to_string(), "");
        assert_eq!(format!("{:?}", stop.status()), format!("{:?}", ExitCode::SUCCESS));
    }
}
