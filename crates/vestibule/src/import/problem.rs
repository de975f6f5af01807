//! Why an import takes nothing of what it was given.

use core::fmt;

use vestibule_core::{AccountId, AddressError, Audience, Entry, FactEntry, Registered, Remedy};
use vestibule_credentials::UnusableHash;
use vestibule_profiles::PolicyError;

/// Which part of what was given is meant. Positions count from zero, each kind of identifier for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportField {
    /// When the person or the account came into being.
    CreatedAt,
    /// An e-mail address.
    Email(usize),
    /// The contact address of a membership.
    MembershipContact(AccountId),
    /// When a person joined.
    MembershipJoinedAt(AccountId),
    /// The role of a membership.
    MembershipRole(AccountId),
    /// Since when a membership has its status.
    MembershipSince(AccountId),
    /// The hash of the password.
    Password,
    /// A phone number.
    Phone(usize),
    /// The role of an account's primary administrator.
    PrimaryRole,
    /// A social subject.
    Social(usize),
}

impl fmt::Display for ImportField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreatedAt => f.write_str("created_at"),
            Self::Email(position) => write!(f, "email[{position}]"),
            Self::MembershipContact(account) => write!(f, "membership[{account}].contact"),
            Self::MembershipJoinedAt(account) => write!(f, "membership[{account}].joined_at"),
            Self::MembershipRole(account) => write!(f, "membership[{account}].role"),
            Self::MembershipSince(account) => write!(f, "membership[{account}].since"),
            Self::Password => f.write_str("password"),
            Self::Phone(position) => write!(f, "phone[{position}]"),
            Self::PrimaryRole => f.write_str("role"),
            Self::Social(position) => write!(f, "social[{position}]"),
        }
    }
}

/// Why an import takes nothing of what it was given. Nothing was written, not even a case: the answer is for the
/// program that imports, and the next run asks again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportProblem {
    /// An address is none.
    #[error("{field}: {error}")]
    Address {
        /// Which.
        field: ImportField,
        /// What stands in the way.
        error: AddressError,
    },
    /// An instant that has not come yet.
    #[error("{field}: the instant has not come yet")]
    Future {
        /// Which.
        field: ImportField,
    },
    /// Nobody could ever sign in with this hash: it cannot be read, or costs more than the deployment computes.
    #[error("{field}: {error}", field = ImportField::Password, error = .0)]
    Hash(UnusableHash),
    /// What the linking model refuses: `identifier.taken` when every identifier is somebody else's,
    /// `identifier.last_way_in` when none was given for a person who is not there yet, `identifier.too_many`,
    /// `profile.unknown` when an account's primary administrator is not there, `account.out_of_bounds`.
    #[error("{}", .0.entry().cause)]
    Profiles(vestibule_profiles::Problem),
    /// A role that is none.
    #[error("{field}: {error}")]
    Role {
        /// Which.
        field: ImportField,
        /// What stands in the way.
        error: PolicyError,
    },
}

impl ImportProblem {
    /// The part that is meant, if it is one part alone.
    #[must_use]
    pub const fn field(&self) -> Option<ImportField> {
        match self {
            Self::Address { field, .. } | Self::Future { field } | Self::Role { field, .. } => Some(*field),
            Self::Hash(_) => Some(ImportField::Password),
            Self::Profiles(_) => None,
        }
    }
}

const FIELD: &[FactEntry] = &[FactEntry::new("field", &[Audience::Operator])];

static ADDRESS: Entry =
    Entry::new("import.address_malformed", "-", "An address of an imported person cannot be read.")
        .facts(FIELD)
        .remedies(&[Remedy::R38]);
static FUTURE: Entry =
    Entry::new("import.instant_in_future", "-", "An instant of what is imported has not come yet.")
        .facts(FIELD)
        .remedies(&[Remedy::R38]);
static HASH: Entry = Entry::new(
    "import.hash_unusable",
    "-",
    "The password hash of an imported person cannot be verified by this deployment.",
)
.facts(FIELD)
.remedies(&[Remedy::R1, Remedy::R38]);
static ROLE: Entry = Entry::new("import.role_malformed", "-", "A role of what is imported is none.")
    .facts(FIELD)
    .remedies(&[Remedy::R38]);
pub(super) static IDENTIFIER_NOT_ADDED: Entry = Entry::new(
    "import.identifier_not_added",
    "-",
    "The profile was there already, without this identifier; an import adds no way in to it.",
)
.remedies(&[Remedy::R18, Remedy::R19]);
pub(super) static PASSWORD_NOT_SET: Entry = Entry::new(
    "import.password_not_set",
    "-",
    "The profile or its password was there already; an import changes no password.",
)
.remedies(&[Remedy::R5, Remedy::R1]);

/// Every entry of importing.
pub(crate) static ENTRIES: &[&Entry] =
    &[&ADDRESS, &FUTURE, &HASH, &IDENTIFIER_NOT_ADDED, &PASSWORD_NOT_SET, &ROLE];

impl Registered for ImportProblem {
    fn entry(&self) -> &'static Entry {
        match self {
            Self::Address { .. } => &ADDRESS,
            Self::Future { .. } => &FUTURE,
            Self::Hash(_) => &HASH,
            Self::Profiles(problem) => problem.entry(),
            Self::Role { .. } => &ROLE,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Profiles(problem) => problem.facts(),
            Self::Address { .. } | Self::Future { .. } | Self::Hash(_) | Self::Role { .. } => {
                self.field().map(|field| ("field", field.to_string())).into_iter().collect()
            }
        }
    }
}
