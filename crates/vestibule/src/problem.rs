//! Refusals that belong to no domain alone.

use vestibule_core::{Entry, Registered, Remedy, Stage};

/// Why a sign-in was refused before any domain was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignInProblem {
    /// What was typed is no e-mail address and no phone number.
    LoginMalformed,
    /// Nobody has verified this login (P1b).
    LoginUnknown,
}

/// Why a recovery was refused before a link was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecoveryProblem {
    /// This deployment sends no codes to phones.
    KindNotOffered,
    /// The member has nothing verified that a link can be sent to.
    NoAddress,
}

static KIND_NOT_OFFERED: Entry =
    Entry::new("recovery.kind_not_offered", "R2", "Recovery by phone is not offered here.")
        .stage(Stage::AtTheDoor)
        .remedies(&[Remedy::R35, Remedy::R1, Remedy::R38]);
static NO_ADDRESS: Entry =
    Entry::new("recovery.no_address", "R3", "The member has no verified address that a link can be sent to.")
        .remedies(&[Remedy::R38]);
static LOGIN_MALFORMED: Entry =
    Entry::new("sign_in.login_malformed", "P1b", "What was typed is no e-mail address and no phone number.")
        .stage(Stage::AtTheDoor)
        .remedies(&[Remedy::R34, Remedy::R35, Remedy::R38]);
static LOGIN_UNKNOWN: Entry = Entry::new("sign_in.login_unknown", "P1b", "Nobody has this login.")
    .stage(Stage::BeforeProof)
    .remedies(&[Remedy::R34, Remedy::R1, Remedy::R35, Remedy::R21, Remedy::R38]);

/// Every entry of this crate.
pub(crate) static ENTRIES: &[&Entry] = &[&KIND_NOT_OFFERED, &LOGIN_MALFORMED, &LOGIN_UNKNOWN, &NO_ADDRESS];

impl Registered for SignInProblem {
    fn entry(&self) -> &'static Entry {
        match self {
            Self::LoginMalformed => &LOGIN_MALFORMED,
            Self::LoginUnknown => &LOGIN_UNKNOWN,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

impl Registered for RecoveryProblem {
    fn entry(&self) -> &'static Entry {
        match self {
            Self::KindNotOffered => &KIND_NOT_OFFERED,
            Self::NoAddress => &NO_ADDRESS,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
