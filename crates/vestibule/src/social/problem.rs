//! Why a social account opens nothing here, or is not linked.

use vestibule_core::{Audience, Entry, FactEntry, Registered, Remedy, Stage};

/// Why what an identity provider said was not enough.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SocialProblem {
    /// The answer is older than ten minutes, or from the future (ATK-F9).
    AnswerTooOld,
    /// The provider, or the person there, said no (P5c).
    Denied {
        /// Its issuer.
        issuer: String,
    },
    /// The profile has a password: an address is changed or added as a login is.
    HasPassword,
    /// The social account opens a profile already (P5a, U-6).
    LinkedElsewhere,
    /// The profile has no such link.
    NotLinked,
    /// The deployment takes nobody from this provider (ATK-F13).
    NotOffered {
        /// Its issuer.
        issuer: String,
    },
    /// The act asks for a proof of the last minutes.
    ProofTooOld,
    /// The profile has a link of this provider already (2.8).
    ProviderLinked,
    /// The profile has social links, no address and no password (P6). Nothing is refused: it is a question with an answer.
    SocialOnly,
    /// Nobody has linked this social account, and nobody signs up by this provider (P5f).
    SignUpClosed,
    /// Nobody has linked this social account (P5b).
    UnknownLink,
    /// The provider did not answer (P5c).
    Unreachable {
        /// Its issuer.
        issuer: String,
    },
}

const PROVIDER: &[FactEntry] =
    &[FactEntry::new("provider", &[Audience::Visitor, Audience::Administrator, Audience::Operator])];

static ANSWER_TOO_OLD: Entry =
    Entry::new("social.answer_too_old", "P5c", "The provider's answer is older than ten minutes.")
        .stage(Stage::AtTheDoor)
        .visitor("This took too long. Go to the provider once more.")
        .remedies(&[Remedy::R35, Remedy::R38]);
static DENIED: Entry = Entry::new("social.denied", "P5c", "The provider, or the person there, said no.")
    .stage(Stage::AtTheDoor)
    .visitor("The provider did not let you through. Sign in with your address and password, or use another account there.")
    .facts(PROVIDER)
    .remedies(&[Remedy::R35, Remedy::R1, Remedy::R38]);
static HAS_PASSWORD: Entry = Entry::new(
    "social.has_password",
    "R19",
    "The profile has a password: what is for people without one, as connecting an address, is not for it.",
)
.remedies(&[Remedy::R18, Remedy::R1]);
static LINKED_ELSEWHERE: Entry = Entry::new(
    "social.linked_elsewhere",
    "P5a",
    "The social account opens a profile already.",
)
.visitor(
    "This social account opens a profile already. Sign in with it; from there it can be moved, with proof on \
             both sides.",
)
.remedies(&[Remedy::R6, Remedy::R20, Remedy::R38]);
static NOT_LINKED: Entry =
    Entry::new("social.not_linked", "R20", "The profile has no link to this social account.")
        .remedies(&[Remedy::R20]);
static NOT_OFFERED: Entry =
    Entry::new("social.not_offered", "P5c", "The deployment takes nobody from this provider.")
        .stage(Stage::AtTheDoor)
        .visitor("This provider is not offered here.")
        .facts(PROVIDER)
        .remedies(&[Remedy::R35, Remedy::R1, Remedy::R38]);
static PROOF_TOO_OLD: Entry =
    Entry::new("social.proof_too_old", "R20", "The session's last proof is older than such an act allows.")
        .visitor("Sign in once more, then do it again.")
        .remedies(&[Remedy::R6, Remedy::R38]);
static PROVIDER_LINKED: Entry =
    Entry::new("social.provider_linked", "R20", "The profile has a link of this provider already.")
        .remedies(&[Remedy::R20]);
static SIGN_UP_CLOSED: Entry = Entry::new(
    "social.sign_up_closed",
    "P5f",
    "Nobody has linked this social account, and nobody signs up by this provider.",
)
.stage(Stage::AtTheDoor)
.visitor("No profile is linked to this social account. Sign in in another way, and link it there.")
.remedies(&[Remedy::R35, Remedy::R1, Remedy::R20, Remedy::R38]);
static SOCIAL_ONLY: Entry = Entry::new(
    "social.only",
    "P6",
    "The profile was signed up by a social account: it has no address and no password.",
)
.visitor(
    "You sign in by a social account only. Connect an address and set a password to have a second way in.",
)
.remedies(&[Remedy::R19]);
static UNKNOWN_LINK: Entry =
    Entry::new("social.unknown_link", "P5b", "Nobody has linked this social account.")
        .stage(Stage::AtTheDoor)
        .visitor(
            "No profile is linked to this social account. Use the one you have linked, or sign in in another way and link \
             this one, too.",
        )
        .remedies(&[Remedy::R35, Remedy::R1, Remedy::R20, Remedy::R38]);
static UNREACHABLE: Entry = Entry::new("social.unreachable", "P5c", "The provider did not answer.")
    .stage(Stage::AtTheDoor)
    .visitor("The provider does not answer now. Sign in with your address and password, or try again later.")
    .facts(PROVIDER)
    .remedies(&[Remedy::R35, Remedy::R1, Remedy::R38]);

/// Every entry of social accounts.
pub(crate) static ENTRIES: &[&Entry] = &[
    &ANSWER_TOO_OLD,
    &DENIED,
    &HAS_PASSWORD,
    &LINKED_ELSEWHERE,
    &NOT_LINKED,
    &NOT_OFFERED,
    &PROOF_TOO_OLD,
    &PROVIDER_LINKED,
    &SIGN_UP_CLOSED,
    &SOCIAL_ONLY,
    &UNKNOWN_LINK,
    &UNREACHABLE,
];

impl Registered for SocialProblem {
    fn entry(&self) -> &'static Entry {
        match self {
            Self::AnswerTooOld => &ANSWER_TOO_OLD,
            Self::Denied { .. } => &DENIED,
            Self::HasPassword => &HAS_PASSWORD,
            Self::LinkedElsewhere => &LINKED_ELSEWHERE,
            Self::NotLinked => &NOT_LINKED,
            Self::NotOffered { .. } => &NOT_OFFERED,
            Self::ProofTooOld => &PROOF_TOO_OLD,
            Self::ProviderLinked => &PROVIDER_LINKED,
            Self::SignUpClosed => &SIGN_UP_CLOSED,
            Self::SocialOnly => &SOCIAL_ONLY,
            Self::UnknownLink => &UNKNOWN_LINK,
            Self::Unreachable { .. } => &UNREACHABLE,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Denied { issuer } | Self::NotOffered { issuer } | Self::Unreachable { issuer } => {
                vec![("provider", issuer.clone())]
            }
            Self::AnswerTooOld
            | Self::HasPassword
            | Self::LinkedElsewhere
            | Self::NotLinked
            | Self::ProofTooOld
            | Self::ProviderLinked
            | Self::SignUpClosed
            | Self::SocialOnly
            | Self::UnknownLink => Vec::new(),
        }
    }
}
