//! Getting back in, first half: a link is asked for. The page's answer is the same for every address; its owner is told the
//! truth in the mailbox.

use core::num::NonZeroU32;

use vestibule_core::{
    AccountId, AddressKey, AddressKind, ClientAddress, Failure, Identifier, Refusal, SubjectId,
};
use vestibule_journal::{EventKind, RefusedBy};
use vestibule_profiles::{Permission, Problem, ProfilesRead};
use vestibule_throttle::{Limit, WindowKind};

use crate::account::{Act, Acting};
use crate::login::primary_of;
use crate::problem::{RecoveryProblem, SignInProblem};
use crate::refuse::Attempt;
use crate::telling::{Asked, Told};
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};

/// How many messages one client may ask for in an hour, whatever the addresses.
const BY_CLIENT: Limit = Limit::per_hour(NonZeroU32::MIN.saturating_add(59));
/// Somebody asks for a way back in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveryRequest {
    /// What was typed as login.
    pub login: String,
    /// The client's address, as the host knows it.
    pub client: Option<ClientAddress>,
    /// The language of the page, for the message: a tag of at most 35 bytes (RFC 5646).
    pub language: Option<String>,
}

impl RecoveryRequest {
    /// For this login, from a client that the host does not name.
    #[must_use]
    pub fn new(login: impl Into<String>) -> Self {
        Self { login: login.into(), client: None, language: None }
    }

    /// From this client.
    #[must_use]
    pub fn from_client(mut self, client: impl Into<ClientAddress>) -> Self {
        self.client = Some(client.into());
        self
    }

    /// In this language.
    #[must_use]
    pub fn language(mut self, tag: impl Into<String>) -> Self {
        self.language = Some(tag.into());
        self
    }
}

/// Whether the owner of a mailbox who is nobody here is told so, when somebody asked for a recovery of that address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum UnknownAddressNotice {
    /// At most once a day per address, and within a budget of the realm.
    #[default]
    Send,
    /// Never. The same rows are written.
    Silent,
}

impl Vestibule {
    /// Asks for a way back in (R1). It succeeds for every address that is one, known or not, with the same reads and writes;
    /// what is true of the address goes to its mailbox: a link, or why there is none. At most one message at a time, spaced by
    /// 60 seconds, then more; during the first half of a link's life the same link is sent again.
    ///
    /// It looks at the profile only: somebody dismissed from everywhere recovers. It changes no password, no membership and no
    /// factor, and signs nobody in.
    ///
    /// # Errors
    ///
    /// `sign_in.login_malformed`, `recovery.kind_not_offered` (a phone number), `throttle.wait` when this client asks too
    /// often. None of them depends on whether anybody has the address.
    pub async fn request_recovery(&self, request: RecoveryRequest) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let login = inner.mailbox_of(&request.login, request.client).await?;
        let _told = inner.tell_mailbox(&login, Asked::Recovery, request.language, None).await?;
        Ok(())
    }

    /// Has a recovery link sent to a member's own primary login (R3). The administrator never sees it, nor whether it went out.
    ///
    /// # Errors
    ///
    /// `membership.not_permitted` without the permission to see logins, `admission.*`, `recovery.no_address` when the member
    /// has no verified mailbox.
    pub async fn send_recovery(
        &self,
        by: Acting<'_>,
        account: AccountId,
        subject: SubjectId,
    ) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let act = Act::reading(by, account, Some(subject));
        inner.authorised_to_read(&act, Permission::SeeLogin).await?;
        if inner.store.membership(account, subject).await?.is_none() {
            return inner.refuse_act(act, &Problem::NotMember).await;
        }
        for _ in 0..ROUNDS {
            let mut own = inner.store.identifiers(subject).await?;
            own.retain(|own| own.identifier.kind() == AddressKind::Email);
            let profile = inner.store.profile(subject).await?;
            let login = profile.and_then(|profile| primary_of(&profile, &own).cloned());
            let Some(login) = login else {
                let problem = RecoveryProblem::NoAddress;
                let refusal =
                    inner.refuse_after_proof(&problem, by.actor(), Some(subject), Some(account), now).await?;
                return Err(Failure::Refused(refusal));
            };
            let event = by.draft(EventKind::RECOVERY_SENT).account(account).subject(subject);
            let told = inner.tell_mailbox(&login.identifier, Asked::RecoveryOf(subject), None, Some(event));
            if told.await? == Told::Told {
                return Ok(());
            }
        }
        Err(busy().into())
    }
}

impl Inner {
    /// The mailbox that was typed, once it is known that this client may ask at all. Nothing of this depends on whether
    /// anybody has the address.
    pub(crate) async fn mailbox_of(
        &self,
        typed: &str,
        client: Option<ClientAddress>,
    ) -> Result<Identifier, Failure<Refusal>> {
        let now = self.clock.now();
        let door = |key| Attempt { key, client, account: None, now };
        let Ok(login) = Identifier::parse_login(typed) else {
            let digest = self.ring.digest_current("login.malformed", &[typed.as_bytes()]);
            let key = AddressKey::from_bytes(*digest.as_bytes());
            return self.refuse_at_door(&SignInProblem::LoginMalformed, door(key), RefusedBy::Window).await;
        };
        if login.kind() != AddressKind::Email {
            let problem = RecoveryProblem::KindNotOffered;
            return self.refuse_at_door(&problem, door(login.key()), RefusedBy::Window).await;
        }
        if let Some(client) = client {
            let network = client.own_network().to_bytes();
            if !self.throttle.count(WindowKind::Message, &network, &BY_CLIENT, now).await? {
                let not_before = now.start_of(BY_CLIENT.span()).plus(BY_CLIENT.span());
                let problem = vestibule_throttle::Problem::Wait { not_before };
                return self.refuse_at_door(&problem, door(login.key()), RefusedBy::Window).await;
            }
        }
        Ok(login)
    }
}
