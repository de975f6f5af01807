//! A person's own social accounts, as their page shows them.

use vestibule_core::{
    AddressKind, Entry, Failure, Identifier, Refusal, Registered, SocialSubject, Timestamp,
};
use vestibule_credentials::CredentialsRead;
use vestibule_profiles::{ProfileIdentifier, ProfilesRead};

use super::problem::SocialProblem;
use crate::session::Authenticated;
use crate::vestibule::{Inner, Vestibule};

/// One social account of a person's own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnLink {
    /// The issuer and its subject, for [`Vestibule::unlink_provider`].
    pub subject: SocialSubject,
    /// When it was linked.
    pub linked_at: Timestamp,
    /// Whether it can be taken away: something else would be left that opens the profile (PR-2).
    pub may_unlink: bool,
}

/// A person's own social accounts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OwnLinks {
    /// Those that are linked; at most eight.
    pub links: Vec<OwnLink>,
    /// Addresses that a provider named and that nobody has proven, as one might propose them for
    /// [`Vestibule::request_address`]. They open nothing.
    pub hints: Vec<String>,
    /// What to tell the person unasked: `social.only`, when social accounts are all they sign in by (P6).
    pub advice: Option<&'static Entry>,
}

/// What a profile can be opened by.
pub(crate) struct Ways {
    pub(super) own: Vec<ProfileIdentifier>,
    pub(crate) has_password: bool,
    /// Whether codes go to phones.
    has_codes: bool,
}

impl Ways {
    fn verified(&self, kind: AddressKind) -> usize {
        let verified = |own: &&ProfileIdentifier| own.verified_at.is_some() && own.identifier.kind() == kind;
        self.own.iter().filter(verified).count()
    }

    pub(super) fn link(&self, subject: &SocialSubject) -> Option<&ProfileIdentifier> {
        let identifier = Identifier::from(subject.clone());
        self.own.iter().find(|own| own.verified_at.is_some() && own.identifier == identifier)
    }

    pub(super) fn has_issuer(&self, issuer: &str) -> bool {
        self.own
            .iter()
            .filter(|own| own.verified_at.is_some())
            .any(|own| matches!(&own.identifier, Identifier::Social(subject) if subject.issuer() == issuer))
    }

    /// Whether a usable way in is left without one of the links: another link, a mailbox (a password is set through it), or a
    /// telephone number, with a password or with the codes by which one is set. PR-2.
    pub(super) fn lasts_without_a_link(&self) -> bool {
        self.verified(AddressKind::Social) > 1
            || self.verified(AddressKind::Email) > 0
            || (self.has_password || self.has_codes) && self.verified(AddressKind::Phone) > 0
    }

    /// P6: neither an address nor a password.
    fn is_social_only(&self) -> bool {
        let addresses = self.verified(AddressKind::Email) + self.verified(AddressKind::Phone);
        !self.has_password && addresses == 0 && self.verified(AddressKind::Social) > 0
    }
}

impl Vestibule {
    /// The person's own social accounts, and what to tell them about their ways in.
    ///
    /// # Errors
    ///
    /// `session.revoked` when the session has ended.
    pub async fn list_links(&self, who: &Authenticated) -> Result<OwnLinks, Failure<Refusal>> {
        let inner = self.inner();
        let _ = inner.whole(who).await?;
        let ways = inner.ways_of(who).await?;
        let may_unlink = ways.lasts_without_a_link();
        let links = ways.own.iter().filter_map(|own| match (&own.identifier, own.verified_at) {
            (Identifier::Social(subject), Some(linked_at)) => {
                Some(OwnLink { subject: subject.clone(), linked_at, may_unlink })
            }
            _ => None,
        });
        let pending = |own: &&ProfileIdentifier| {
            own.verified_at.is_none() && own.identifier.kind() == AddressKind::Email
        };
        Ok(OwnLinks {
            links: links.collect(),
            hints: ways.own.iter().filter(pending).map(|own| own.identifier.as_typed().to_owned()).collect(),
            advice: ways.is_social_only().then(|| SocialProblem::SocialOnly.entry()),
        })
    }
}

impl Inner {
    pub(crate) async fn ways_of(&self, who: &Authenticated) -> Result<Ways, vestibule_core::Error> {
        let own = self.store.identifiers(who.subject()).await?;
        let password = self.store.password(who.subject()).await?;
        let has_password = password.is_some_and(|password| password.hash.is_some());
        Ok(Ways { own, has_password, has_codes: self.phones.is_some() })
    }
}
