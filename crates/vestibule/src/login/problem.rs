//! Why a change of logins is refused.

use vestibule_core::{Audience, Entry, FactEntry, Registered, Remedy, Timestamp};

/// Why a person's act on their own logins was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginProblem {
    /// The code beside a freeze link is another.
    FreezeCodeWrong,
    /// The number is a login of the same profile already.
    IsYours,
    /// The address is not leaving any more: it was given free, taken back, or its window is over.
    NotLeaving,
    /// The person has no such login.
    NotYours,
    /// The login was given up in another session than the one that would give it free at once.
    OtherSession {
        /// When it is free by itself.
        free_at: Timestamp,
    },
    /// The session's last proof is older than such an act allows.
    ProofTooOld,
    /// Another profile has given the number up a short time ago: it is not free yet.
    StillLeaving,
    /// As many logins are leaving as may leave at once.
    TooManyLeaving,
}

static FREEZE_CODE_WRONG: Entry =
    Entry::new("login.freeze_code_wrong", "R18", "The code that was typed is not the one of the message.")
        .visitor("This is not the code of the message. Type the six digits that stand beside the link.")
        .remedies(&[Remedy::R34, Remedy::R38]);
static IS_YOURS: Entry =
    Entry::new("login.is_yours", "R18", "The number is a login of the same profile already.")
        .visitor("This number is a login of yours already.")
        .remedies(&[Remedy::R35, Remedy::R38]);
static NOT_LEAVING: Entry =
    Entry::new("login.not_leaving", "R18", "The address is not one that the profile is giving up.")
        .visitor("This address has left the profile already, or is its login again.")
        .remedies(&[Remedy::R38]);
static NOT_YOURS: Entry = Entry::new("login.not_yours", "R18", "The profile has no such login.")
    .visitor("This is none of your logins.")
    .remedies(&[Remedy::R34, Remedy::R38]);
static OTHER_SESSION: Entry = Entry::new(
    "login.other_session",
    "R18",
    "An address is given free at once only in the session in which it was given up.",
)
.visitor("Open this link in the browser in which you changed the login, while you are still signed in there.")
.facts(&[FactEntry::new("free_at", &[Audience::Visitor, Audience::Operator])])
.remedies(&[Remedy::R6, Remedy::R38]);
static PROOF_TOO_OLD: Entry =
    Entry::new("login.proof_too_old", "R18", "The session's last proof is older than such an act allows.")
        .visitor("Sign in again: this needs a fresh proof of who you are.")
        .remedies(&[Remedy::R6, Remedy::R1, Remedy::R38]);
static STILL_LEAVING: Entry = Entry::new(
    "login.still_leaving",
    "P7",
    "Another profile has given the number up a short time ago, and it is not free yet.",
)
.visitor(
    "Another profile has given this number up a short time ago. It is free a week after that, or at once if that profile's \
     owner gives it free.",
)
.remedies(&[Remedy::R35, Remedy::R18, Remedy::R38]);
static TOO_MANY_LEAVING: Entry = Entry::new(
    "login.too_many_leaving",
    "R18",
    "As many logins are leaving the profile as may leave at once.",
)
.visitor("Too many of your logins were given up lately. Wait until the first of them is free.")
.remedies(&[Remedy::R18, Remedy::R38]);

/// Every entry of this part.
pub(crate) static ENTRIES: &[&Entry] = &[
    &FREEZE_CODE_WRONG,
    &IS_YOURS,
    &NOT_LEAVING,
    &NOT_YOURS,
    &OTHER_SESSION,
    &PROOF_TOO_OLD,
    &STILL_LEAVING,
    &TOO_MANY_LEAVING,
];

impl Registered for LoginProblem {
    fn entry(&self) -> &'static Entry {
        match self {
            Self::FreezeCodeWrong => &FREEZE_CODE_WRONG,
            Self::IsYours => &IS_YOURS,
            Self::NotLeaving => &NOT_LEAVING,
            Self::NotYours => &NOT_YOURS,
            Self::OtherSession { .. } => &OTHER_SESSION,
            Self::ProofTooOld => &PROOF_TOO_OLD,
            Self::StillLeaving => &STILL_LEAVING,
            Self::TooManyLeaving => &TOO_MANY_LEAVING,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::OtherSession { free_at } => vec![("free_at", free_at.to_string())],
            Self::FreezeCodeWrong
            | Self::IsYours
            | Self::NotLeaving
            | Self::NotYours
            | Self::ProofTooOld
            | Self::StillLeaving
            | Self::TooManyLeaving => Vec::new(),
        }
    }
}
