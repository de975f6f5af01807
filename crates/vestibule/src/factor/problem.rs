//! Why something about the second factor is refused that the domain alone cannot judge.

use vestibule_core::{Audience, Entry, FactEntry, Registered, Remedy, Stage, Timestamp};

/// Why an act around the second factor was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FactorProblem {
    /// The account's administrators were asked already.
    AccessAsked,
    /// The account that was named accepts no remembered device, or not for so long.
    DeviceNotAccepted,
    /// The device is not remembered for this person, or is forgotten.
    DeviceNotRemembered,
    /// The factor did not end a reset: it was wrong, nobody has the login, or no reset runs. Before proof they are the same.
    KeepRefused,
    /// The last authenticator is not removed but turned off, with the password.
    LastAuthenticator,
    /// No account was named that asks this person for no second factor.
    NotExempt,
    /// The session's last proof is older than such an act allows.
    ProofTooOld,
    /// The session was opened without the second factor that the person has.
    Required,
    /// The person has no second factor that could be lost.
    ResetNeedsFactor,
    /// No two-step sign-in was completed with this password since it was set: it does not count for a reset.
    ResetPasswordUnproven,
    /// The reset runs, and its waiting time is not over.
    ResetWaits {
        /// When it is.
        until: Timestamp,
    },
    /// The sign-in was begun too long ago, or what it had proven stands no longer.
    SignInOver,
}

static ACCESS_ASKED: Entry = Entry::new(
    "factor.access_asked",
    "R26",
    "The administrators of the account were asked at this sign-in, or three times today.",
)
.visitor("The administrators of this account have been asked already.")
.remedies(&[Remedy::R22, Remedy::R33, Remedy::R38]);
static DEVICE_NOT_ACCEPTED: Entry = Entry::new(
    "factor.device_not_accepted",
    "P13",
    "The account that was named accepts no remembered device, or the code was shown on this one longer ago than it allows.",
)
.visitor("Your second factor is needed here.")
.remedies(&[Remedy::R22, Remedy::R26, Remedy::R33, Remedy::R38]);
static DEVICE_NOT_REMEMBERED: Entry = Entry::new(
    "factor.device_not_remembered",
    "P13",
    "The device is not remembered for this person: nobody asked for it, or it was forgotten with all sessions or a change of the factor.",
)
.visitor("This device is not remembered.")
.remedies(&[Remedy::R22, Remedy::R26, Remedy::R33, Remedy::R38]);
static KEEP_REFUSED: Entry = Entry::new(
    "factor.keep_refused",
    "R33",
    "A factor that was shown without a password ended no reset: it is wrong, nobody has the login, or no reset runs.",
)
.stage(Stage::BeforeProof)
.visitor("This ended no reset. Check the login and the code; if no reset is running, there is nothing to end.")
.remedies(&[Remedy::R34, Remedy::R22, Remedy::R38]);
static LAST_AUTHENTICATOR: Entry = Entry::new(
    "factor.last_authenticator",
    "R24",
    "The last authenticator is not removed; the second factor is turned off instead, by the first one.",
)
.visitor("This is your last authenticator. Add another one first, or turn the second factor off.")
.remedies(&[Remedy::R24, Remedy::R38]);
static NOT_EXEMPT: Entry = Entry::new(
    "factor.not_exempt",
    "R23",
    "The account that was named asks this person for the second factor; there is no exemption.",
)
.visitor("Your second factor is needed here.")
.remedies(&[Remedy::R22, Remedy::R26, Remedy::R33, Remedy::R38]);
static PROOF_TOO_OLD: Entry = Entry::new(
    "factor.proof_too_old",
    "R24",
    "The session's last proof is older than an act on the second factor allows.",
)
.visitor("Show once more that it is you: this needs a fresh code, or your password where there is none yet.")
.remedies(&[Remedy::R24, Remedy::R22, Remedy::R38]);
static REQUIRED: Entry = Entry::new(
    "factor.required",
    "P13",
    "The session was opened without the second factor: it opens the account that exempts the person, and nothing else.",
)
.visitor("For this you need your second factor. Sign in with it.")
.remedies(&[Remedy::R22, Remedy::R33, Remedy::R38]);
static RESET_NEEDS_FACTOR: Entry =
    Entry::new("factor.reset_needs_factor", "R33", "The person has no second factor that could be lost.")
        .visitor("There is no second factor to reset.")
        .remedies(&[Remedy::R24, Remedy::R38]);
static RESET_PASSWORD_UNPROVEN: Entry = Entry::new(
    "factor.reset_password_unproven",
    "R33",
    "No two-step sign-in was completed with this password since it was set: it does not count for a reset.",
)
.visitor(
    "Your password was set anew since you last used your second factor. Ask support to reset the factor.",
)
.remedies(&[Remedy::R22, Remedy::R26, Remedy::R38]);
static RESET_WAITS: Entry = Entry::new(
    "factor.reset_waits",
    "R33",
    "The reset of the second factor runs; until its waiting time is over the factor is asked for.",
)
.visitor("The reset of your second factor is running. Sign in again when its waiting time is over.")
.facts(&[FactEntry::new("until", &[Audience::Visitor, Audience::MailboxOwner, Audience::Operator])])
.remedies(&[Remedy::R22, Remedy::R26, Remedy::R38]);
static SIGN_IN_OVER: Entry = Entry::new(
    "factor.sign_in_over",
    "P13",
    "The sign-in was begun more than ten minutes ago, or what it had proven stands no longer.",
)
.visitor("This sign-in took too long. Begin again.")
.remedies(&[Remedy::R34, Remedy::R1, Remedy::R38]);

/// Every entry of this part.
pub(crate) static ENTRIES: &[&Entry] = &[
    &ACCESS_ASKED,
    &DEVICE_NOT_ACCEPTED,
    &DEVICE_NOT_REMEMBERED,
    &KEEP_REFUSED,
    &LAST_AUTHENTICATOR,
    &NOT_EXEMPT,
    &PROOF_TOO_OLD,
    &REQUIRED,
    &RESET_NEEDS_FACTOR,
    &RESET_PASSWORD_UNPROVEN,
    &RESET_WAITS,
    &SIGN_IN_OVER,
];

impl Registered for FactorProblem {
    fn entry(&self) -> &'static Entry {
        match self {
            Self::AccessAsked => &ACCESS_ASKED,
            Self::DeviceNotAccepted => &DEVICE_NOT_ACCEPTED,
            Self::DeviceNotRemembered => &DEVICE_NOT_REMEMBERED,
            Self::KeepRefused => &KEEP_REFUSED,
            Self::LastAuthenticator => &LAST_AUTHENTICATOR,
            Self::NotExempt => &NOT_EXEMPT,
            Self::ProofTooOld => &PROOF_TOO_OLD,
            Self::Required => &REQUIRED,
            Self::ResetNeedsFactor => &RESET_NEEDS_FACTOR,
            Self::ResetPasswordUnproven => &RESET_PASSWORD_UNPROVEN,
            Self::ResetWaits { .. } => &RESET_WAITS,
            Self::SignInOver => &SIGN_IN_OVER,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::ResetWaits { until } => vec![("until", until.to_string())],
            Self::AccessAsked
            | Self::DeviceNotAccepted
            | Self::DeviceNotRemembered
            | Self::KeepRefused
            | Self::LastAuthenticator
            | Self::NotExempt
            | Self::ProofTooOld
            | Self::Required
            | Self::ResetNeedsFactor
            | Self::ResetPasswordUnproven
            | Self::SignInOver => Vec::new(),
        }
    }
}
