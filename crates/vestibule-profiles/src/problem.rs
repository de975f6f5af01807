//! Why the linking model refuses.

use vestibule_core::{Audience, Entry, FactEntry, Registered, Remedy, Timestamp};

use crate::membership::Status;
use crate::policy::Permission;

/// Why an operation on profiles, accounts and memberships was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The person has created as many accounts as a person may.
    AccountLimit,
    /// The account's id is taken.
    AccountTaken,
    /// Nobody knows an account of this id (N8).
    AccountUnknown,
    /// The person is a member already, in this status (P9).
    AlreadyMember {
        /// The status.
        status: Status,
    },
    /// The person waits for approval (N7).
    AwaitingApproval,
    /// The operator keeps the person out (P1f, N13).
    Blocked {
        /// Until when, if there is an end.
        until: Option<Timestamp>,
    },
    /// The account does not admit this client's address (N5).
    ClientNotAllowed,
    /// The account is closed (N8).
    Closed,
    /// Another member of the account has this contact address (P9).
    ContactTaken,
    /// The person was dismissed from the account (P4).
    Dismissed {
        /// Since when.
        since: Timestamp,
    },
    /// The account asks for a second factor, and the person has set up none (N10).
    FactorNotSetUp {
        /// Since when it is asked for: the grace ended then.
        since: Timestamp,
    },
    /// The person has a second factor, and this session did not show it (P13).
    FactorRequired,
    /// It is disputed whose the profile is: nothing about it is changed (R18).
    Frozen {
        /// Since when.
        since: Timestamp,
    },
    /// A host's own rule refused.
    Host(HostProblem),
    /// Somebody has verified this identifier (P7).
    IdentifierTaken,
    /// The account would be left without an Active administrator (PR-8).
    LastAdministrator,
    /// The profile would be left without a way in (PR-2).
    LastWayIn,
    /// The acting member may not do this.
    NotPermitted {
        /// What would be needed.
        permission: Permission,
    },
    /// The person is no member of the account (P2).
    NotMember,
    /// Nobody does this to themselves.
    NotYourself,
    /// A name or a policy is beyond its bounds.
    OutOfBounds,
    /// The account's primary administrator hands over first (M9, R32).
    PrimaryAdministrator,
    /// A profile of this id exists.
    ProfileTaken,
    /// Nobody knows a profile of this id.
    ProfileUnknown,
    /// Every seat of the account is taken (N4, counted at activation: U-31).
    SeatLimit,
    /// Only the account's identity provider lets people in (N6).
    SingleSignOnOnly,
    /// The account is suspended (N8).
    Suspended,
    /// The profile has as many identifiers as a profile may have.
    TooManyIdentifiers,
    /// The move does not start from the membership's status.
    WrongStatus {
        /// The status it has.
        status: Status,
    },
}

/// A refusal of a host's own [`AdmissionRule`](crate::AdmissionRule).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HostProblem {
    /// The host's entry, its code under `host.`.
    pub entry: &'static Entry,
    /// Its facts, by the names that the entry registers.
    pub facts: Vec<(&'static str, String)>,
}

impl HostProblem {
    /// A refusal with the host's entry.
    #[must_use]
    pub const fn new(entry: &'static Entry, facts: Vec<(&'static str, String)>) -> Self {
        Self { entry, facts }
    }
}

impl PartialEq for HostProblem {
    fn eq(&self, other: &Self) -> bool {
        self.entry.code == other.entry.code && self.facts == other.facts
    }
}

impl Eq for HostProblem {}

const MEMBERS: &[Audience] = &[Audience::Visitor, Audience::Administrator, Audience::Operator];

static ACCOUNT_LIMIT: Entry =
    Entry::new("account.limit", "1.1", "This person has created as many accounts as one person may.")
        .remedies(&[Remedy::R7, Remedy::R38]);
static ACCOUNT_TAKEN: Entry =
    Entry::new("account.taken", "-", "An account of this id exists already.").remedies(&[Remedy::R38]);
static ACCOUNT_UNKNOWN: Entry = Entry::new("admission.account_unknown", "N8", "There is no such account.")
    .visitor("There is no such account. Check the address you came by.")
    .remedies(&[Remedy::R7, Remedy::R38]);
static ALREADY_MEMBER: Entry =
    Entry::new("membership.exists", "P9", "This person is already a member of the account.")
        .facts(&[FactEntry::new("status", &[Audience::Administrator, Audience::Operator])])
        .remedies(&[Remedy::R16, Remedy::R14]);
static AWAITING_APPROVAL: Entry = Entry::new(
    "admission.awaiting_approval",
    "N7",
    "An administrator of the account has not approved the person yet.",
)
.visitor("An administrator of this account has yet to approve you.")
.remedies(&[Remedy::R14, Remedy::R7]);
static BLOCKED: Entry = Entry::new("profile.blocked", "P1f", "The operator keeps this person out.")
    .visitor("The operator has blocked your profile.")
    .facts(&[FactEntry::new("until", &[Audience::Visitor, Audience::Operator])])
    .remedies(&[Remedy::R38]);
static BLOCKED_UNTIL: Entry =
    Entry::new("profile.blocked_until", "N13", "The operator keeps this person out for a time.")
        .visitor("The operator has blocked your profile for a time.")
        .facts(&[FactEntry::new("until", &[Audience::Visitor, Audience::Operator])])
        .remedies(&[Remedy::R38]);
static CLIENT_NOT_ALLOWED: Entry = Entry::new(
    "admission.client_not_allowed",
    "N5",
    "The account does not admit this client's network address.",
)
.visitor("This account cannot be entered from this network.")
.remedies(&[Remedy::R7, Remedy::R38]);
static CLOSED: Entry = Entry::new("admission.account_closed", "N8", "The account is closed.")
    .visitor("This account is closed.")
    .remedies(&[Remedy::R7, Remedy::R38]);
static CONTACT_TAKEN: Entry =
    Entry::new("membership.contact_taken", "P9", "Another member of the account has this contact address.")
        .remedies(&[Remedy::R21, Remedy::R17]);
static DISMISSED: Entry =
    Entry::new("admission.dismissed", "P4", "The person was dismissed from the account.")
        .visitor("Your access to this account has ended. Check that it is the right account.")
        .facts(&[FactEntry::new("since", MEMBERS)])
        .remedies(&[Remedy::R7, Remedy::R16]);
static FACTOR_NOT_SET_UP: Entry = Entry::new(
    "admission.factor_not_set_up",
    "N10",
    "The account asks for a second factor, the time to set one up is over, and the person has none.",
)
.visitor("This account asks for a second factor. Set one up to go on.")
.facts(&[FactEntry::new("since", MEMBERS)])
.remedies(&[Remedy::R24, Remedy::R23, Remedy::R31]);
static FACTOR_REQUIRED: Entry = Entry::new(
    "admission.factor_required",
    "P13",
    "The person has a second factor, and this session was opened without it.",
)
.visitor("Your second factor is needed here.")
.remedies(&[Remedy::R22, Remedy::R26, Remedy::R23, Remedy::R33, Remedy::R38]);
static FROZEN: Entry = Entry::new(
    "profile.frozen",
    "R18",
    "An address that was given up objected: nothing about the profile is changed until it is known who is right.",
)
.visitor("Your profile is frozen, because an address that was removed from it objected.")
.facts(&[FactEntry::new("since", &[Audience::Visitor, Audience::MailboxOwner, Audience::Operator])])
.remedies(&[Remedy::R1, Remedy::R35, Remedy::R38]);
static IDENTIFIER_TAKEN: Entry =
    Entry::new("identifier.taken", "P7", "Another profile has verified this identifier.")
        .visitor("This address cannot be used. Take another one, or free it first.")
        .remedies(&[Remedy::R35, Remedy::R1, Remedy::R18]);
static LAST_ADMINISTRATOR: Entry =
    Entry::new("membership.last_administrator", "I8", "The account would be left without an administrator.")
        .remedies(&[Remedy::R32, Remedy::R38]);
static LAST_WAY_IN: Entry =
    Entry::new("identifier.last_way_in", "U-6", "The profile would be left without a way in.")
        .remedies(&[Remedy::R19, Remedy::R20]);
static NOT_MEMBER: Entry =
    Entry::new("admission.not_member", "P2", "The person is no member of the account.")
        .visitor("You are signed in, but this account does not know you.")
        .facts(&[FactEntry::new("signed_in_as", &[Audience::Visitor, Audience::Operator])])
        .remedies(&[Remedy::R6, Remedy::R7, Remedy::R8]);
static NOT_PERMITTED: Entry =
    Entry::new("membership.not_permitted", "2.10", "The acting member's role does not permit this.")
        .facts(&[FactEntry::new("permission", MEMBERS)])
        .remedies(&[Remedy::R7, Remedy::R38]);
static NOT_YOURSELF: Entry = Entry::new("membership.not_yourself", "M9", "Nobody does this to themselves.")
    .remedies(&[Remedy::R28, Remedy::R38]);
static OUT_OF_BOUNDS: Entry = Entry::new(
    "account.out_of_bounds",
    "-",
    "A name has 1 to 200 bytes of plain text, a policy at most 64 roles and 64 networks, a grace and an exemption at most a year.",
)
.remedies(&[Remedy::R38]);
static PRIMARY: Entry = Entry::new(
    "membership.primary_administrator",
    "M9",
    "The account's primary administrator hands over first.",
)
.remedies(&[Remedy::R32]);
static PROFILE_TAKEN: Entry =
    Entry::new("profile.taken", "-", "A profile of this id exists already.").remedies(&[Remedy::R38]);
static PROFILE_UNKNOWN: Entry =
    Entry::new("profile.unknown", "-", "There is no profile of this id.").remedies(&[Remedy::R38]);
static SEAT_LIMIT: Entry = Entry::new("membership.seat_limit", "N4", "Every seat of the account is taken.")
    .facts(&[FactEntry::new("limit", &[Audience::Administrator, Audience::Operator])])
    .remedies(&[Remedy::R15, Remedy::R38]);
static SSO_ONLY: Entry =
    Entry::new("admission.single_sign_on_only", "N6", "Only the account's identity provider lets people in.")
        .visitor("This account is entered through its identity provider only.")
        .remedies(&[Remedy::R35, Remedy::R7]);
static SUSPENDED: Entry = Entry::new("admission.account_suspended", "N8", "The account is suspended.")
    .visitor("This account is suspended for now.")
    .remedies(&[Remedy::R7, Remedy::R38]);
static TOO_MANY: Entry =
    Entry::new("identifier.too_many", "5", "The profile has as many identifiers as a profile may have.")
        .remedies(&[Remedy::R20, Remedy::R18]);
static WRONG_STATUS: Entry = Entry::new(
    "membership.wrong_status",
    "2.2",
    "The membership is not in the status that this step starts from.",
)
.facts(&[FactEntry::new("status", &[Audience::Administrator, Audience::Operator])])
.remedies(&[Remedy::R16, Remedy::R14, Remedy::R38]);

/// Every entry of this crate.
pub static ENTRIES: &[&Entry] = &[
    &ACCOUNT_LIMIT,
    &ACCOUNT_TAKEN,
    &ACCOUNT_UNKNOWN,
    &ALREADY_MEMBER,
    &AWAITING_APPROVAL,
    &BLOCKED,
    &BLOCKED_UNTIL,
    &CLIENT_NOT_ALLOWED,
    &CLOSED,
    &CONTACT_TAKEN,
    &DISMISSED,
    &FACTOR_NOT_SET_UP,
    &FACTOR_REQUIRED,
    &FROZEN,
    &IDENTIFIER_TAKEN,
    &LAST_ADMINISTRATOR,
    &LAST_WAY_IN,
    &NOT_MEMBER,
    &NOT_PERMITTED,
    &NOT_YOURSELF,
    &OUT_OF_BOUNDS,
    &PRIMARY,
    &PROFILE_TAKEN,
    &PROFILE_UNKNOWN,
    &SEAT_LIMIT,
    &SSO_ONLY,
    &SUSPENDED,
    &TOO_MANY,
    &WRONG_STATUS,
];

impl Registered for Problem {
    fn entry(&self) -> &'static Entry {
        match self {
            Self::AccountLimit => &ACCOUNT_LIMIT,
            Self::AccountTaken => &ACCOUNT_TAKEN,
            Self::AccountUnknown => &ACCOUNT_UNKNOWN,
            Self::AlreadyMember { .. } => &ALREADY_MEMBER,
            Self::AwaitingApproval => &AWAITING_APPROVAL,
            Self::Blocked { until: None } => &BLOCKED,
            Self::Blocked { until: Some(_) } => &BLOCKED_UNTIL,
            Self::ClientNotAllowed => &CLIENT_NOT_ALLOWED,
            Self::Closed => &CLOSED,
            Self::ContactTaken => &CONTACT_TAKEN,
            Self::Dismissed { .. } => &DISMISSED,
            Self::FactorNotSetUp { .. } => &FACTOR_NOT_SET_UP,
            Self::FactorRequired => &FACTOR_REQUIRED,
            Self::Frozen { .. } => &FROZEN,
            Self::Host(host) => host.entry,
            Self::IdentifierTaken => &IDENTIFIER_TAKEN,
            Self::LastAdministrator => &LAST_ADMINISTRATOR,
            Self::LastWayIn => &LAST_WAY_IN,
            Self::NotMember => &NOT_MEMBER,
            Self::NotPermitted { .. } => &NOT_PERMITTED,
            Self::NotYourself => &NOT_YOURSELF,
            Self::OutOfBounds => &OUT_OF_BOUNDS,
            Self::PrimaryAdministrator => &PRIMARY,
            Self::ProfileTaken => &PROFILE_TAKEN,
            Self::ProfileUnknown => &PROFILE_UNKNOWN,
            Self::SeatLimit => &SEAT_LIMIT,
            Self::SingleSignOnOnly => &SSO_ONLY,
            Self::Suspended => &SUSPENDED,
            Self::TooManyIdentifiers => &TOO_MANY,
            Self::WrongStatus { .. } => &WRONG_STATUS,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::AlreadyMember { status } | Self::WrongStatus { status } => {
                vec![("status", status.as_str().to_owned())]
            }
            Self::Blocked { until: Some(until) } => vec![("until", until.to_string())],
            Self::Dismissed { since } | Self::FactorNotSetUp { since } | Self::Frozen { since } => {
                vec![("since", since.to_string())]
            }
            Self::Host(host) => host.facts.clone(),
            Self::NotPermitted { permission } => vec![("permission", format!("{permission:?}"))],
            Self::AccountLimit
            | Self::AccountTaken
            | Self::AccountUnknown
            | Self::AwaitingApproval
            | Self::Blocked { until: None }
            | Self::ClientNotAllowed
            | Self::Closed
            | Self::ContactTaken
            | Self::FactorRequired
            | Self::IdentifierTaken
            | Self::LastAdministrator
            | Self::LastWayIn
            | Self::NotMember
            | Self::NotYourself
            | Self::OutOfBounds
            | Self::PrimaryAdministrator
            | Self::ProfileTaken
            | Self::ProfileUnknown
            | Self::SeatLimit
            | Self::SingleSignOnOnly
            | Self::Suspended
            | Self::TooManyIdentifiers => Vec::new(),
        }
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
