//! What this domain refuses.

use vestibule_core::{Audience, Entry, FactEntry, Registered, Remedy, Timestamp};

/// A session that opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever renders refusals must meet a new one when compiling")]
pub enum Problem {
    /// The operator keeps the person out (P1f).
    Blocked,
    /// The person has no live session of this handle: it ended, or was never theirs (ATK-H8).
    Ended,
    /// The session lasted as long as a session may.
    Expired {
        /// Since when it opens nothing.
        ended_at: Timestamp,
    },
    /// The session was not used for longer than it may rest.
    Idle {
        /// Since when it opens nothing.
        ended_at: Timestamp,
    },
    /// Every session of then was ended: a sign-out everywhere, a new password, a block.
    Revoked,
    /// Nobody knows the token: it was never made here, was signed out, or has been replaced (P1e).
    Unknown,
}

const SIGNED_OUT: &str = "You are signed out. Sign in again.";
const WHEN: &[FactEntry] = &[FactEntry::new("ended_at", &[Audience::Visitor, Audience::Operator])];

// All of them are answered to whoever holds the token. A token that nobody knows tells nothing about anybody, so
// that answer, too, is the plain truth and not the one text of a failed sign-in.
static BLOCKED: Entry =
    Entry::new("session.blocked", "P1f", "The operator keeps this person out, so the session opens nothing.")
        .visitor("The operator has blocked your profile.")
        .remedies(&[Remedy::R38]);
static ENDED: Entry = Entry::new("session.ended", "-", "The person has no live session of this handle.")
    .visitor("This session has already ended.")
    .remedies(&[Remedy::R30, Remedy::R38]);
static EXPIRED: Entry = Entry::new("session.expired", "P1e", "The session lasted as long as a session may.")
    .visitor("Your session has come to its end. Sign in again.")
    .facts(WHEN)
    .remedies(&[Remedy::R6, Remedy::R1, Remedy::R38]);
static IDLE: Entry =
    Entry::new("session.idle", "P1e", "The session was not used for longer than it may rest.")
        .visitor("You were signed out because the session was not used for long. Sign in again.")
        .facts(WHEN)
        .remedies(&[Remedy::R6, Remedy::R1, Remedy::R38]);
static REVOKED: Entry = Entry::new(
    "session.revoked",
    "P1e",
    "All sessions of then were ended: a sign-out everywhere, a new password, or the operator's act.",
)
.visitor(SIGNED_OUT)
.remedies(&[Remedy::R6, Remedy::R1, Remedy::R38]);
static UNKNOWN: Entry = Entry::new(
    "session.unknown",
    "P1e",
    "The token belongs to no session: it was never made here, was signed out, or has been replaced.",
)
.visitor(SIGNED_OUT)
.remedies(&[Remedy::R6, Remedy::R1, Remedy::R38]);

/// Every code of this domain.
#[must_use]
pub fn registry() -> &'static [&'static Entry] {
    static ENTRIES: &[&Entry] = &[&BLOCKED, &ENDED, &EXPIRED, &IDLE, &REVOKED, &UNKNOWN];
    ENTRIES
}

impl Registered for Problem {
    fn entry(&self) -> &'static Entry {
        match self {
            Self::Blocked => &BLOCKED,
            Self::Ended => &ENDED,
            Self::Expired { .. } => &EXPIRED,
            Self::Idle { .. } => &IDLE,
            Self::Revoked => &REVOKED,
            Self::Unknown => &UNKNOWN,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Expired { ended_at } | Self::Idle { ended_at } => vec![("ended_at", ended_at.to_string())],
            Self::Blocked | Self::Ended | Self::Revoked | Self::Unknown => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::{CaseReference, Disclosure, Refusal};

    use super::*;

    const ALL: [Problem; 6] = [
        Problem::Blocked,
        Problem::Ended,
        Problem::Expired { ended_at: Timestamp::EPOCH },
        Problem::Idle { ended_at: Timestamp::EPOCH },
        Problem::Revoked,
        Problem::Unknown,
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
    fn a_token_that_nobody_knows_is_told_to_sign_in_again() {
        let case = CaseReference::from_bytes([0; 5]);
        let refusal = Refusal::new(&Problem::Unknown, case, Disclosure::AfterProof);
        assert_eq!(refusal.public().text, "You are signed out. Sign in again.");
    }
}
