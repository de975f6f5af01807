//! What this domain refuses.

use vestibule_core::{Audience, Entry, FactEntry, Registered, Remedy};

/// Why an operation on the second factor was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever renders refusals must meet a new one when compiling")]
pub enum Problem {
    /// The code is right for another time: the clock of the phone is wrong (P13).
    ClockSkew {
        /// By how many steps the phone is ahead; negative: behind.
        steps: i64,
    },
    /// The person has no such authenticator.
    Gone,
    /// The person has no confirmed authenticator.
    NotEnrolled,
    /// There is no pending authenticator of this id: it was confirmed, replaced, or is too old.
    NotPending,
    /// The recovery code was used (PR-7).
    RecoveryCodeSpent,
    /// It is none of the person's recovery codes.
    RecoveryCodeWrong,
    /// The code was used, or one of a later step (PR-7).
    Replayed,
    /// Too many consecutive failures: no further code is compared, right or wrong.
    Stopped,
    /// The person has as many authenticators as there may be.
    TooMany,
    /// The code is not the one.
    Wrong,
}

const WRONG_TEXT: &str = "This code is not right. Wait for the next one, and try again.";
const OFFSET: &[FactEntry] = &[FactEntry::new("steps", &[Audience::Visitor, Audience::Operator])];

// All of them are answered to somebody who has proven the first factor.
static CLOCK_SKEW: Entry =
    Entry::new("mfa.clock_skew", "P13", "The code is right for another time: the phone's clock is wrong.")
        .visitor("The clock of your phone is wrong. Set it to the network's time, and try again.")
        .facts(OFFSET)
        .remedies(&[Remedy::R34, Remedy::R22, Remedy::R38]);
static GONE: Entry = Entry::new("mfa.gone", "-", "The person has no such authenticator.")
    .visitor("This authenticator is not there any more.")
    .remedies(&[Remedy::R24, Remedy::R38]);
static NOT_ENROLLED: Entry =
    Entry::new("mfa.not_enrolled", "P13", "The person has no confirmed authenticator.")
        .visitor("No second factor is set up.")
        .remedies(&[Remedy::R24, Remedy::R38]);
static NOT_PENDING: Entry = Entry::new(
    "mfa.not_pending",
    "-",
    "The authenticator waits for no code: it was confirmed, was replaced, or was begun too long ago.",
)
.visitor("This set-up has ended. Begin again.")
.remedies(&[Remedy::R24, Remedy::R38]);
static RECOVERY_CODE_SPENT: Entry =
    Entry::new("mfa.recovery_code_spent", "P13", "The recovery code was used before.")
        .visitor("This recovery code was used. Use another one.")
        .remedies(&[Remedy::R22, Remedy::R33, Remedy::R38]);
static RECOVERY_CODE_WRONG: Entry =
    Entry::new("mfa.recovery_code_wrong", "P13", "It is none of the person's recovery codes.")
        .visitor("This is none of your recovery codes. The newest sheet counts.")
        .remedies(&[Remedy::R34, Remedy::R22, Remedy::R33, Remedy::R38]);
// A code that was used and one that never was are the same answer; only the record tells them apart.
static REPLAYED: Entry =
    Entry::new("mfa.code_replayed", "P13", "The code was used before, or one of a later step was.")
        .visitor(WRONG_TEXT)
        .remedies(&[Remedy::R34, Remedy::R22, Remedy::R38]);
static STOPPED: Entry =
    Entry::new("mfa.stopped", "P13", "Too many wrong codes in a row: no further one is compared.")
        .visitor("Too many wrong codes. Use a recovery code, and set the second factor up again.")
        .remedies(&[Remedy::R22, Remedy::R33, Remedy::R38]);
static TOO_MANY: Entry =
    Entry::new("mfa.too_many", "-", "The person has as many authenticators as there may be.")
        .visitor("You have as many authenticators as there may be. Remove one first.")
        .remedies(&[Remedy::R24, Remedy::R38]);
static WRONG: Entry = Entry::new("mfa.code_wrong", "P13", "The code is not the one of now.")
    .visitor(WRONG_TEXT)
    .remedies(&[Remedy::R34, Remedy::R22, Remedy::R38]);

/// Every code of this domain.
#[must_use]
pub fn registry() -> &'static [&'static Entry] {
    static ENTRIES: &[&Entry] = &[
        &CLOCK_SKEW,
        &GONE,
        &NOT_ENROLLED,
        &NOT_PENDING,
        &RECOVERY_CODE_SPENT,
        &RECOVERY_CODE_WRONG,
        &REPLAYED,
        &STOPPED,
        &TOO_MANY,
        &WRONG,
    ];
    ENTRIES
}

impl Registered for Problem {
    fn entry(&self) -> &'static Entry {
        match self {
            Self::ClockSkew { .. } => &CLOCK_SKEW,
            Self::Gone => &GONE,
            Self::NotEnrolled => &NOT_ENROLLED,
            Self::NotPending => &NOT_PENDING,
            Self::RecoveryCodeSpent => &RECOVERY_CODE_SPENT,
            Self::RecoveryCodeWrong => &RECOVERY_CODE_WRONG,
            Self::Replayed => &REPLAYED,
            Self::Stopped => &STOPPED,
            Self::TooMany => &TOO_MANY,
            Self::Wrong => &WRONG,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::ClockSkew { steps } => vec![("steps", steps.to_string())],
            Self::Gone
            | Self::NotEnrolled
            | Self::NotPending
            | Self::RecoveryCodeSpent
            | Self::RecoveryCodeWrong
            | Self::Replayed
            | Self::Stopped
            | Self::TooMany
            | Self::Wrong => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Problem; 10] = [
        Problem::ClockSkew { steps: -3 },
        Problem::Gone,
        Problem::NotEnrolled,
        Problem::NotPending,
        Problem::RecoveryCodeSpent,
        Problem::RecoveryCodeWrong,
        Problem::Replayed,
        Problem::Stopped,
        Problem::TooMany,
        Problem::Wrong,
    ];

    #[test]
    fn every_problem_has_one_registered_entry_of_good_form() {
        assert_eq!(registry().len(), ALL.len());
        for problem in ALL {
            let entry = problem.entry();
            assert_eq!(entry.check(), Ok(()), "{}", entry.code);
            assert_eq!(registry().iter().filter(|other| other.code == entry.code).count(), 1);
            for (name, _) in problem.facts() {
                assert!(entry.facts.iter().any(|fact| fact.name == name), "{name}");
            }
        }
    }

    #[test]
    fn a_code_that_was_used_is_answered_like_a_wrong_one() {
        assert_eq!(Problem::Replayed.entry().visitor, Problem::Wrong.entry().visitor);
        assert_eq!(Problem::Replayed.entry().remedies, Problem::Wrong.entry().remedies);
    }
}
