//! The link auditor: people with several profiles, found by an address that two of them share. It reads only, for the operator.

use vestibule_core::{
    AccountId, AddressKind, ContactEmail, Error, Identifier, LoginEmail, Remedy, SubjectId,
};
use vestibule_profiles::{ProfileIdentifier, ProfilesRead};

use crate::vestibule::{Inner, Vestibule};

/// The most people of one page.
const PAGE: u32 = 100;

/// Why two profiles seem to be one person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SharedBy {
    /// The contact address of the one in an account is the login of the other.
    Contact,
    /// The address that an identity provider named for the one is the login of the other.
    SocialEmail,
}

/// One of two profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditedProfile {
    /// Whose.
    pub subject: SubjectId,
    /// What opens it, masked: `a***@e***.com`, `accounts.example.com:***`.
    pub opened_by: Vec<String>,
    /// How many accounts it is a live member of.
    pub live_memberships: u32,
    /// How many social accounts open it.
    pub social_links: u32,
}

/// What would make one profile of two, as far as that is to be had: profiles are never merged. Its owner does it; nobody else can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repair {
    /// Both are in use: the owner says which one is to stay.
    AskOwner,
    /// The profile that has the address is in no account: its owner changes that login away, and claims the address for the
    /// other one (R1, R18).
    FreeAddress,
    /// The profile that the social account opens is in no account: its owner moves the social account to the other one (R20),
    /// after connecting an address (R19) if it is the only way in.
    MoveLink,
}

impl Repair {
    /// What its owner presses, in this order.
    #[must_use]
    pub const fn remedies(self) -> &'static [Remedy] {
        match self {
            Self::AskOwner => &[Remedy::R6, Remedy::R7],
            Self::FreeAddress => &[Remedy::R1, Remedy::R18],
            Self::MoveLink => &[Remedy::R19, Remedy::R20],
        }
    }
}

/// Two profiles that share an address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedAddress {
    /// The address, masked.
    pub address: String,
    /// In what way.
    pub by: SharedBy,
    /// The profile that is looked at: it has the address as a contact or a hint.
    pub names_it: AuditedProfile,
    /// The profile that the address opens.
    pub opened_by_it: AuditedProfile,
    /// What is proposed.
    pub repair: Repair,
}

/// A page of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkAudit {
    /// What was found among the people of this page.
    pub found: Vec<SharedAddress>,
    /// How many people were looked at.
    pub people: u32,
    /// Where the next page begins; `None` after the last.
    pub next: Option<SubjectId>,
}

impl Vestibule {
    /// Who among the members of an account has a second profile, by what address it shows, which login opens which, and what
    /// would repair it (P5a, P5b, P7). A page of at most 100 people; each costs one read of their identifiers and, for each
    /// address that is not their login, three reads by key. No store scans a table for it.
    ///
    /// A profile that is in no account has no page to stand on: it is found from its own side, by
    /// [`audit_profile`](Self::audit_profile). For the operator: it looks across accounts.
    ///
    /// # Errors
    ///
    /// [`Error`] when the store has a fault.
    pub async fn audit_links(
        &self,
        account: AccountId,
        after: Option<SubjectId>,
        limit: u32,
    ) -> Result<LinkAudit, Error> {
        let inner = self.inner();
        let limit = limit.clamp(1, PAGE);
        let members = inner.store.members_of(account, after, limit).await?;
        let people = u32::try_from(members.len()).unwrap_or(u32::MAX);
        let next = if people >= limit { members.last().map(|member| member.subject) } else { None };
        let mut found = Vec::new();
        for member in members {
            let contact = member.contact.as_deref().and_then(|typed| ContactEmail::parse(typed).ok());
            found.extend(inner.shared_by(member.subject, contact).await?);
        }
        Ok(LinkAudit { found, people, next })
    }

    /// The same of one profile, whether it is in an account or not: by the addresses that identity providers named for it.
    ///
    /// # Errors
    ///
    /// [`Error`] when the store has a fault.
    pub async fn audit_profile(&self, subject: SubjectId) -> Result<Vec<SharedAddress>, Error> {
        self.inner().shared_by(subject, None).await
    }
}

impl Inner {
    async fn shared_by(
        &self,
        subject: SubjectId,
        contact: Option<ContactEmail>,
    ) -> Result<Vec<SharedAddress>, Error> {
        let own = self.store.identifiers(subject).await?;
        let hinted = |own: &&ProfileIdentifier| {
            own.verified_at.is_none() && own.identifier.kind() == AddressKind::Email
        };
        let hints = own.iter().filter(hinted).map(|own| (SharedBy::SocialEmail, own.identifier.clone()));
        // A login and a contact of one address have one key.
        let contact = contact.and_then(|contact| LoginEmail::parse(contact.as_typed()).ok());
        let contact = contact.map(|contact| (SharedBy::Contact, Identifier::from(contact)));
        let mut found = Vec::new();
        for (by, address) in contact.into_iter().chain(hints) {
            let owner = self.store.identifier_owner(address.kind(), address.key()).await?;
            let Some(owner) = owner.map(|owner| owner.subject).filter(|owner| *owner != subject) else {
                continue;
            };
            let (Some(names_it), Some(opened_by_it)) =
                (self.audited(subject).await?, self.audited(owner).await?)
            else {
                continue;
            };
            let repair = repair(by, &names_it, &opened_by_it);
            found.push(SharedAddress { address: address.masked(), by, names_it, opened_by_it, repair });
        }
        Ok(found)
    }

    async fn audited(&self, subject: SubjectId) -> Result<Option<AuditedProfile>, Error> {
        let Some(profile) = self.store.profile(subject).await? else { return Ok(None) };
        let own = self.store.identifiers(subject).await?;
        let opened_by = own.iter().filter(|own| own.verified_at.is_some()).map(|own| own.identifier.masked());
        Ok(Some(AuditedProfile {
            subject,
            opened_by: opened_by.collect(),
            live_memberships: profile.live_memberships,
            social_links: profile.social_links,
        }))
    }
}

/// The profile that is in no account gives way; where both are in use, their owner decides.
fn repair(by: SharedBy, names_it: &AuditedProfile, opened_by_it: &AuditedProfile) -> Repair {
    match (names_it.live_memberships, opened_by_it.live_memberships) {
        (_, 0) => Repair::FreeAddress,
        (0, _) if by == SharedBy::SocialEmail && names_it.social_links > 0 => Repair::MoveLink,
        _ => Repair::AskOwner,
    }
}
