//! What a host gives to an import.

use vestibule_core::{
    AccountId, AddressError, ContactEmail, Identifier, LoginEmail, PhoneNumber, Secret, SocialSubject,
    SubjectId, Timestamp,
};
use vestibule_profiles::{AccountPolicy, Role, Status};

use super::problem::{ImportField, ImportProblem};

/// A person as the host has them: the id, what they sign in with, the hash of the password, where they belong.
///
/// Texts are read as they are given; the first that cannot be read is what [`Vestibule::import`](crate::Vestibule::import)
/// answers, before anything is written.
#[derive(Debug)]
#[must_use]
pub struct ImportedPerson {
    pub(super) subject: SubjectId,
    pub(super) identifiers: Vec<Identifier>,
    pub(super) password: Option<Secret<String>>,
    pub(super) must_change: bool,
    pub(super) created_at: Option<Timestamp>,
    pub(super) memberships: Vec<ImportedMembership>,
    pub(super) wrong: Option<ImportProblem>,
    /// How many of each kind were given: e-mail addresses, phone numbers, social subjects.
    given: [usize; 3],
}

impl ImportedPerson {
    /// A person under the host's id, which is kept.
    pub const fn new(subject: SubjectId) -> Self {
        Self {
            subject,
            identifiers: Vec::new(),
            password: None,
            must_change: false,
            created_at: None,
            memberships: Vec::new(),
            wrong: None,
            given: [0; 3],
        }
    }

    /// With an e-mail address that the host has verified: whoever reads the mailbox can recover the profile.
    pub fn email(mut self, typed: &str) -> Self {
        let field = ImportField::Email(position(&mut self.given[0]));
        self.take(field, LoginEmail::parse(typed))
    }

    /// With a phone number that the host has verified, in international form.
    pub fn phone(mut self, typed: &str) -> Self {
        let field = ImportField::Phone(position(&mut self.given[1]));
        self.take(field, PhoneNumber::parse(typed))
    }

    /// With a social link: the issuer and its subject, as [`SocialSubject`] reads them.
    pub fn social(mut self, issuer: &str, subject: &str) -> Self {
        let field = ImportField::Social(position(&mut self.given[2]));
        self.take(field, SocialSubject::new(issuer, subject))
    }

    /// With the hash of the password: a text of ours, a plain `$argon2id$` one, or one of a foreign scheme that the
    /// [hashing pool](crate::Builder::hashing) was given. It is replaced at the first sign-in.
    pub fn password_hash(mut self, text: impl Into<String>) -> Self {
        self.password = Some(Secret::new(text.into()));
        self
    }

    /// The given password is good for one change only (N2). Without a hash it means nothing.
    pub const fn must_change(mut self) -> Self {
        self.must_change = true;
        self
    }

    /// When the person came into being; the instant of the import if it is not given.
    pub const fn created_at(mut self, at: Timestamp) -> Self {
        self.created_at = Some(at);
        self
    }

    /// With one more account the person belongs to, or belonged to.
    pub fn member(mut self, membership: ImportedMembership) -> Self {
        self.memberships.push(membership);
        self
    }

    fn take(mut self, field: ImportField, read: Result<impl Into<Identifier>, AddressError>) -> Self {
        match read {
            Ok(identifier) => {
                let identifier = identifier.into();
                // Two spellings of one address are one identifier.
                if !self.identifiers.contains(&identifier) {
                    self.identifiers.push(identifier);
                }
            }
            Err(error) => {
                self.wrong.get_or_insert(ImportProblem::Address { field, error });
            }
        }
        self
    }

    /// The first part that cannot be as it was given.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), ImportProblem> {
        if let Some(wrong) = &self.wrong {
            return Err(wrong.clone());
        }
        not_in_future(ImportField::CreatedAt, self.created_at, now)?;
        self.memberships.iter().try_for_each(|membership| membership.check(now))
    }
}

/// A person in an account, as the host has it. Who is dismissed or waits administers nothing.
#[derive(Debug, Clone)]
#[must_use]
pub struct ImportedMembership {
    pub(super) account: AccountId,
    pub(super) status: Status,
    pub(super) administers: bool,
    pub(super) role: Result<Role, ImportProblem>,
    pub(super) contact: Result<Option<ContactEmail>, ImportProblem>,
    pub(super) joined_at: Option<Timestamp>,
    pub(super) since: Option<Timestamp>,
}

impl ImportedMembership {
    fn new(account: AccountId, role: &str, status: Status, administers: bool) -> Self {
        let field = ImportField::MembershipRole(account);
        let role = Role::parse(role).map_err(|error| ImportProblem::Role { field, error });
        Self { account, status, administers, role, contact: Ok(None), joined_at: None, since: None }
    }

    /// A member who may enter.
    pub fn active(account: AccountId, role: &str) -> Self {
        Self::new(account, role, Status::Active, false)
    }

    /// A member who may enter, and administers.
    pub fn administrator(account: AccountId, role: &str) -> Self {
        Self::new(account, role, Status::Active, true)
    }

    /// A member whom an administrator has yet to approve.
    pub fn awaiting_approval(account: AccountId, role: &str) -> Self {
        Self::new(account, role, Status::AwaitingApproval, false)
    }

    /// A member who was dismissed: they may not enter until reinstated (PR-4).
    pub fn dismissed(account: AccountId, role: &str) -> Self {
        Self::new(account, role, Status::Dismissed, false)
    }

    /// With this contact address, unique in the account; it is no login.
    pub fn contact(mut self, typed: &str) -> Self {
        let field = ImportField::MembershipContact(self.account);
        let read = ContactEmail::parse(typed).map_err(|error| ImportProblem::Address { field, error });
        self.contact = read.map(Some);
        self
    }

    /// When the person joined; the instant of the import if it is not given.
    pub const fn joined_at(mut self, at: Timestamp) -> Self {
        self.joined_at = Some(at);
        self
    }

    /// Since when the status holds; the instant of the import if it is not given.
    pub const fn since(mut self, at: Timestamp) -> Self {
        self.since = Some(at);
        self
    }

    fn check(&self, now: Timestamp) -> Result<(), ImportProblem> {
        self.role.as_ref().map_err(Clone::clone)?;
        self.contact.as_ref().map_err(Clone::clone)?;
        not_in_future(ImportField::MembershipJoinedAt(self.account), self.joined_at, now)?;
        not_in_future(ImportField::MembershipSince(self.account), self.since, now)
    }
}

/// An account as the host has it. Its primary administrator is imported before it, everybody else after it.
#[derive(Debug)]
#[must_use]
pub struct ImportedAccount {
    pub(super) account: AccountId,
    pub(super) name: String,
    pub(super) primary: SubjectId,
    pub(super) role: Result<Role, ImportProblem>,
    pub(super) policy: AccountPolicy,
    pub(super) created_at: Option<Timestamp>,
}

impl ImportedAccount {
    /// An account under the host's id, with an open policy; `role` is the primary administrator's.
    pub fn new(account: AccountId, name: impl Into<String>, primary: SubjectId, role: &str) -> Self {
        let field = ImportField::PrimaryRole;
        let role = Role::parse(role).map_err(|error| ImportProblem::Role { field, error });
        Self { account, name: name.into(), primary, role, policy: AccountPolicy::new(), created_at: None }
    }

    /// With this policy.
    pub fn policy(mut self, policy: AccountPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// When the account came into being; the instant of the import if it is not given.
    pub const fn created_at(mut self, at: Timestamp) -> Self {
        self.created_at = Some(at);
        self
    }
}

pub(super) fn not_in_future(
    field: ImportField,
    at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), ImportProblem> {
    if at.is_some_and(|at| at.is_after(now)) { Err(ImportProblem::Future { field }) } else { Ok(()) }
}

/// The position of the next one.
const fn position(given: &mut usize) -> usize {
    let position = *given;
    *given += 1;
    position
}
