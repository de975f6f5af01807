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

static LOGIN_MALFORMED: Entry =
    Entry::new("sign_in.login_malformed", "P1b", "What was typed is no e-mail address and no phone number.")
        .stage(Stage::AtTheDoor)
        .remedies(&[Remedy::R34, Remedy::R35, Remedy::R38]);
static LOGIN_UNKNOWN: Entry = Entry::new("sign_in.login_unknown", "P1b", "Nobody has this login.")
    .stage(Stage::BeforeProof)
    .remedies(&[Remedy::R34, Remedy::R35, Remedy::R21, Remedy::R38]);

/// Every entry of this crate.
pub(crate) static ENTRIES: &[&Entry] = &[&LOGIN_MALFORMED, &LOGIN_UNKNOWN];

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
