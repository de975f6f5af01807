//! Why a password is refused.

use vestibule_core::{Audience, Entry, FactEntry, Registered, Remedy, Stage};

use crate::policy::PasswordRejection;

/// Why an operation on a password was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The password was right, and is good for one change only (N2).
    MustChange,
    /// There is nothing to compare with: nobody of that name, or nobody with a password (P1b, N1).
    NoPassword,
    /// The new password is not accepted.
    Rejected(PasswordRejection),
    /// Too many consecutive failures: no further try is compared, right or wrong (P1c).
    Stopped,
    /// The password is not the one (P1a).
    Wrong,
}

const WHO: &[Audience] = &[Audience::Visitor, Audience::Operator];

static MUST_CHANGE: Entry =
    Entry::new("password.must_change", "N2", "The password was right, and is good for one change only.")
        .visitor("Your password has to be changed before you can go on.")
        .remedies(&[Remedy::R5, Remedy::R38]);
static NO_PASSWORD: Entry = Entry::new("password.none", "N1", "There is no password to compare with.")
    .stage(Stage::BeforeProof)
    .visitor("No password is set for this login.")
    .remedies(&[Remedy::R34, Remedy::R1, Remedy::R35, Remedy::R38]);
static REJECTED: Entry = Entry::new("password.rejected", "6.2", "The new password is not accepted.")
    .facts(&[
        FactEntry::new("reason", WHO),
        FactEntry::new("min", WHO),
        FactEntry::new("max", WHO),
        FactEntry::new("have", WHO),
        FactEntry::new("word", WHO),
    ])
    .remedies(&[Remedy::R5]);
static STOPPED: Entry =
    Entry::new("password.stopped", "P1c", "Too many wrong passwords in a row: no further one is compared.")
        .stage(Stage::BeforeProof)
        .visitor("Too many wrong passwords. Set a new one by recovery.")
        .remedies(&[Remedy::R1, Remedy::R2, Remedy::R38]);
static WRONG: Entry = Entry::new("password.wrong", "P1a", "The password is not the one of this login.")
    .stage(Stage::BeforeProof)
    .remedies(&[Remedy::R34, Remedy::R1, Remedy::R35, Remedy::R38]);

/// Every entry of this crate.
pub static ENTRIES: &[&Entry] = &[&MUST_CHANGE, &NO_PASSWORD, &REJECTED, &STOPPED, &WRONG];

impl Registered for Problem {
    fn entry(&self) -> &'static Entry {
        match self {
            Self::MustChange => &MUST_CHANGE,
            Self::NoPassword => &NO_PASSWORD,
            Self::Rejected(_) => &REJECTED,
            Self::Stopped => &STOPPED,
            Self::Wrong => &WRONG,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let Self::Rejected(rejection) = self else { return Vec::new() };
        match *rejection {
            PasswordRejection::BreachUnknown => vec![("reason", "breach_unknown".into())],
            PasswordRejection::Breached => vec![("reason", "breached".into())],
            PasswordRejection::Common => vec![("reason", "common".into())],
            PasswordRejection::IsContextWord { which } => {
                vec![("reason", "context_word".into()), ("word", format!("{which:?}"))]
            }
            PasswordRejection::TooLong { max, have } => {
                vec![("reason", "too_long".into()), ("max", max.to_string()), ("have", have.to_string())]
            }
            PasswordRejection::TooManyBytes { max } => {
                vec![("reason", "too_many_bytes".into()), ("max", max.to_string())]
            }
            PasswordRejection::TooShort { min, have } => {
                vec![("reason", "too_short".into()), ("min", min.to_string()), ("have", have.to_string())]
            }
        }
    }
}

impl From<PasswordRejection> for Problem {
    fn from(rejection: PasswordRejection) -> Self {
        Self::Rejected(rejection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_keeps_the_registry_s_form_and_no_code_stands_twice() {
        for entry in ENTRIES {
            assert_eq!(entry.check(), Ok(()), "{}", entry.code);
            assert_eq!(ENTRIES.iter().filter(|other| other.code == entry.code).count(), 1, "{}", entry.code);
        }
    }
}
