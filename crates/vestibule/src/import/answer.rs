//! What became of an import.

use vestibule_core::{AccountId, Entry, Identifier, Registered};
use vestibule_profiles::Problem;

use super::problem::{IDENTIFIER_NOT_ADDED, PASSWORD_NOT_SET};

/// What became of an import, and what of it was left out.
///
/// An import that was cut short is asked again as it was; there is nothing for the host to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "what was skipped is told here alone"]
#[expect(clippy::exhaustive_enums, reason = "new, more than before, or as before: there is no fourth")]
pub enum Imported {
    /// It was not there, and is now.
    Created {
        /// What was left out.
        skipped: Vec<Skipped>,
    },
    /// It was there, and something was missing that is there now.
    Completed {
        /// What was left out.
        skipped: Vec<Skipped>,
    },
    /// Nothing was missing, and nothing was written.
    Unchanged {
        /// What was left out.
        skipped: Vec<Skipped>,
    },
}

impl Imported {
    /// What was left out.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        match self {
            Self::Created { skipped } | Self::Completed { skipped } | Self::Unchanged { skipped } => skipped,
        }
    }
}

/// A part that was left out, because what is there already wins.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Skipped {
    /// There is an account of this id with another primary administrator, name or policy.
    Account {
        /// Which.
        account: AccountId,
    },
    /// The profile was there already, without this identifier. The person may have given it up, and an address that
    /// somebody gave up is no way in again because an old table has it.
    IdentifierNotAdded {
        /// Which.
        identifier: Identifier,
    },
    /// Somebody else has verified the identifier: it never moves (PR-1).
    IdentifierTaken {
        /// Which.
        identifier: Identifier,
    },
    /// The person could not be made a member, or is one otherwise than given.
    Membership {
        /// Where.
        account: AccountId,
        /// Why: no such account, suspended, closed, no seat left, a contact address taken, or a membership that is
        /// there already, with its status.
        because: Problem,
    },
    /// The profile was there already and its password, if there is one, is not the given one; or a password without a
    /// profile was.
    Password,
}

impl Skipped {
    /// The registry's entry of the reason: its code, its cause in a sentence, and what helps.
    #[must_use]
    pub fn entry(&self) -> &'static Entry {
        match self {
            Self::Account { .. } => Problem::AccountTaken.entry(),
            Self::IdentifierNotAdded { .. } => &IDENTIFIER_NOT_ADDED,
            Self::IdentifierTaken { .. } => Problem::IdentifierTaken.entry(),
            Self::Membership { because, .. } => because.entry(),
            Self::Password => &PASSWORD_NOT_SET,
        }
    }
}
