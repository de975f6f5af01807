//! What this domain refuses.

use vestibule_core::{Audience, Entry, FactEntry, Registered, Remedy, Timestamp};

use crate::state::Rotation;

/// A checkword that opens nothing (P8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever renders refusals must meet a new one when compiling")]
pub enum Problem {
    /// So many codes were typed with this one that it is worth nothing any more.
    CodeSpent,
    /// So many codes were typed in a day that no more are looked at.
    CodeWait {
        /// From when they are.
        not_before: Timestamp,
    },
    /// What was typed is not the code that was sent.
    CodeWrong,
    /// Its time is over (P8b).
    Expired {
        /// The first instant at which it was refused.
        at: Timestamp,
    },
    /// The text is none that was ever made here: mistyped, cut, or of another origin.
    Malformed,
    /// It is somebody else's than the person's who is signed in (P8c).
    OtherPerson,
    /// A change made it worthless (P8d).
    Rotated {
        /// When.
        at: Timestamp,
        /// Which change.
        by: Rotation,
    },
    /// A newer one was sent (P8a).
    Superseded {
        /// When.
        at: Timestamp,
    },
    /// Nobody knows it: it was made elsewhere, or so long ago that its row is gone.
    Unknown,
    /// It was redeemed (P8d).
    Used {
        /// When.
        at: Timestamp,
    },
    /// It is for something else.
    WrongPurpose,
}

const EVERYBODY: &[Audience] = &[Audience::Visitor, Audience::MailboxOwner, Audience::Operator];
const WHEN: &[FactEntry] = &[FactEntry::new("at", EVERYBODY)];
const NOT_BEFORE: &[FactEntry] = &[FactEntry::new("not_before", EVERYBODY)];
const WHEN_AND_WHY: &[FactEntry] = &[FactEntry::new("at", EVERYBODY), FactEntry::new("change", EVERYBODY)];
const AGAIN: &[Remedy] = &[Remedy::R1, Remedy::R2, Remedy::R38];
const NEWEST: &[Remedy] = &[Remedy::R4, Remedy::R36, Remedy::R1, Remedy::R38];

// All of them are answered to whoever holds the link, which only its mailbox was sent; a text that nobody knows tells
// nothing about anybody.
static CODE_SPENT: Entry = Entry::new(
    "checkword.code_spent",
    "P8",
    "The code was typed so often that it is worth nothing any more.",
)
.visitor("This code was typed too often. Ask for a new one.")
.remedies(&[Remedy::R2, Remedy::R35, Remedy::R1, Remedy::R38]);
static CODE_WAIT: Entry = Entry::new("checkword.code_wait", "P8", "Codes were typed too often within a day.")
    .visitor("Codes were typed too often today. Use another way, or wait.")
    .facts(NOT_BEFORE)
    .remedies(&[Remedy::R35, Remedy::R1, Remedy::R38]);
static CODE_WRONG: Entry =
    Entry::new("checkword.code_wrong", "P8", "What was typed is not the code that was sent.")
        .visitor(
            "This is not the code that was sent last. Look at the newest message; a code lasts ten minutes.",
        )
        .remedies(&[Remedy::R34, Remedy::R2, Remedy::R35, Remedy::R38]);
static EXPIRED: Entry =
    Entry::new("checkword.expired", "P8b", "The link was opened after its time was over.")
        .visitor("This link or code has expired. Ask for a new one.")
        .facts(WHEN)
        .remedies(AGAIN);
static MALFORMED: Entry = Entry::new(
    "checkword.malformed",
    "P8",
    "The text is no link that was ever made here: it was cut or mistyped.",
)
.visitor("This link is not complete. Open it from the message again, or copy all of it.")
.remedies(&[Remedy::R34, Remedy::R4, Remedy::R1, Remedy::R38]);
static OTHER_PERSON: Entry =
    Entry::new("checkword.other_person", "P8c", "The link belongs to somebody else than who is signed in.")
        .visitor("You are signed in as somebody else than this link is for.")
        .remedies(&[Remedy::R6, Remedy::R38]);
static ROTATED: Entry =
    Entry::new("checkword.rotated", "P8d", "A change of the profile made the link worthless.")
        .visitor(
            "This link or code is worth nothing any more, because the profile was changed after it was sent.",
        )
        .facts(WHEN_AND_WHY)
        .remedies(AGAIN);
static SUPERSEDED: Entry = Entry::new("checkword.superseded", "P8a", "A newer link was sent after this one.")
    .visitor("A newer link or code was sent. Only the newest one works.")
    .facts(WHEN)
    .remedies(NEWEST);
static UNKNOWN: Entry =
    Entry::new("checkword.unknown", "P8", "Nobody knows the link: it was not made here, or very long ago.")
        .visitor("This link or code is not known here. Ask for a new one.")
        .remedies(AGAIN);
static USED: Entry = Entry::new("checkword.used", "P8d", "The link was used before.")
    .visitor("This link or code was already used. If it was not you, ask for a new one at once.")
    .facts(WHEN)
    .remedies(AGAIN);
static WRONG_PURPOSE: Entry = Entry::new(
    "checkword.wrong_purpose",
    "P8",
    "The link is for something else than the page it was brought to.",
)
.visitor("This link is for something else. Open it from the message again.")
.remedies(NEWEST);

/// Every code of this domain.
#[must_use]
pub fn registry() -> &'static [&'static Entry] {
    static ENTRIES: &[&Entry] = &[
        &CODE_SPENT,
        &CODE_WAIT,
        &CODE_WRONG,
        &EXPIRED,
        &MALFORMED,
        &OTHER_PERSON,
        &ROTATED,
        &SUPERSEDED,
        &UNKNOWN,
        &USED,
        &WRONG_PURPOSE,
    ];
    ENTRIES
}

impl Registered for Problem {
    fn entry(&self) -> &'static Entry {
        match self {
            Self::CodeSpent => &CODE_SPENT,
            Self::CodeWait { .. } => &CODE_WAIT,
            Self::CodeWrong => &CODE_WRONG,
            Self::Expired { .. } => &EXPIRED,
            Self::Malformed => &MALFORMED,
            Self::OtherPerson => &OTHER_PERSON,
            Self::Rotated { .. } => &ROTATED,
            Self::Superseded { .. } => &SUPERSEDED,
            Self::Unknown => &UNKNOWN,
            Self::Used { .. } => &USED,
            Self::WrongPurpose => &WRONG_PURPOSE,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Expired { at } | Self::Superseded { at } | Self::Used { at } => {
                vec![("at", at.to_string())]
            }
            Self::Rotated { at, by } => vec![("at", at.to_string()), ("change", by.as_str().to_owned())],
            Self::CodeWait { not_before } => vec![("not_before", not_before.to_string())],
            Self::CodeSpent
            | Self::CodeWrong
            | Self::Malformed
            | Self::OtherPerson
            | Self::Unknown
            | Self::WrongPurpose => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_one_registered_entry_of_good_form() {
        let at = Timestamp::EPOCH;
        let all = [
            Problem::CodeSpent,
            Problem::CodeWait { not_before: at },
            Problem::CodeWrong,
            Problem::Expired { at },
            Problem::Malformed,
            Problem::OtherPerson,
            Problem::Rotated { at, by: Rotation::PasswordSet },
            Problem::Superseded { at },
            Problem::Unknown,
            Problem::Used { at },
            Problem::WrongPurpose,
        ];
        assert_eq!(registry().len(), all.len());
        for problem in all {
            let entry = problem.entry();
            assert_eq!(entry.check(), Ok(()), "{}", entry.code);
            assert_eq!(registry().iter().filter(|other| other.code == entry.code).count(), 1);
            let told: Vec<_> = problem.facts().into_iter().map(|(name, _)| name).collect();
            let registered: Vec<_> = entry.facts.iter().map(|fact| fact.name).collect();
            assert_eq!(told, registered, "{}", entry.code);
        }
    }
}
