//! Getting back in, first half: a link is asked for. The page's answer is the same for every address; its owner is told the
//! truth in the mailbox.

use core::num::NonZeroU32;

use vestibule_core::{
    AccountId, AddressKey, AddressKind, ClientAddress, Failure, Identifier, Refusal, SubjectId,
};
use vestibule_journal::{EventKind, RefusedBy};
use vestibule_profiles::{Permission, Problem, ProfileIdentifier, ProfilesRead};
use vestibule_throttle::{Limit, WindowKind};

use crate::account::{Act, Acting};
use crate::login::primary_of;
use crate::phone::{CodeFor, Sent};
use crate::problem::{RecoveryProblem, SignInProblem};
use crate::refuse::{Attempt, window_full};
use crate::telling::{Asked, Told};
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};

/// How many messages one client may ask for in an hour, whatever the addresses.
const BY_CLIENT: Limit = Limit::per_hour(NonZeroU32::MIN.saturating_add(59));
/// How many codes for phones: they cost money.
const CODES_BY_CLIENT: Limit = Limit::per_hour(NonZeroU32::MIN.saturating_add(9));

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
    /// Asks for a way back in (R1, R2). It succeeds for every address that is one, known or not, with the same reads and writes;
    /// what is true of the address goes to its mailbox: a link, or why there is none. At most one message at a time, spaced by
    /// 60 seconds, then more; during the first half of a link's life the same link is sent again.
    ///
    /// A phone is sent a code, if it is somebody's, and the page asks for it: see
    /// [`confirm_recovery_code`](Self::confirm_recovery_code).
    ///
    /// It looks at the profile only: somebody dismissed from everywhere recovers. It changes no password, no membership and no
    /// factor, and signs nobody in.
    ///
    /// # Errors
    ///
    /// `sign_in.login_malformed`, `recovery.kind_not_offered` (a phone number, where no codes go to phones), `throttle.wait` when
    /// this client asks too often. None of them depends on whether anybody has the address.
    pub async fn request_recovery(&self, request: RecoveryRequest) -> Result<Sent, Failure<Refusal>> {
        let inner = self.inner();
        let login = inner.reachable(&request.login, request.client).await?;
        if login.kind() == AddressKind::Phone {
            return inner
                .send_code(&login, CodeFor::Recovery, request.language.as_deref())
                .await
                .map(Sent::Code);
        }
        let _told = inner.tell_mailbox(&login, Asked::Recovery, request.language, None).await?;
        Ok(Sent::Message)
    }

    /// Has a recovery link sent to a member's own primary login (R3), or to a mailbox of theirs where that is a phone. Who has phones
    /// alone gets the link itself there, where codes go to phones. The administrator never sees it, nor whether it went out.
    ///
    /// # Errors
    ///
    /// `membership.not_permitted` without the permission to see logins, `admission.*`, `recovery.no_address` when the member
    /// has nothing verified that a link can be sent to.
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
            let is = |kind| {
                move |own: &ProfileIdentifier| own.identifier.kind() == kind && own.verified_at.is_some()
            };
            let kind = match own.iter().any(is(AddressKind::Email)) || inner.phones.is_none() {
                true => AddressKind::Email,
                false => AddressKind::Phone,
            };
            own.retain(is(kind));
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
            match told.await? {
                Told::Once => return Ok(()),
                Told::NotTheirs => {}
                Told::TooMany => {
                    let problem = window_full(inner.texts_in_an_hour(), now);
                    let (actor, whom) = (by.actor(), Some(subject));
                    let refusal = inner.refuse_after_proof(&problem, actor, whom, Some(account), now).await?;
                    return Err(Failure::Refused(refusal));
                }
            }
        }
        Err(busy().into())
    }
}

impl Inner {
    /// The mailbox or phone that was typed, once it is known that this client may ask at all. Nothing of this depends on
    /// whether anybody has the address.
    pub(crate) async fn reachable(
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
        let limit = match (login.kind(), &self.phones) {
            (AddressKind::Email, _) => BY_CLIENT,
            (AddressKind::Phone, Some(phones)) if phones.reach(&login) => CODES_BY_CLIENT,
            _ => {
                let problem = RecoveryProblem::KindNotOffered;
                return self.refuse_at_door(&problem, door(login.key()), RefusedBy::Window).await;
            }
        };
        if let Some(client) = client {
            let owner =
                [login.kind().as_str().as_bytes(), client.own_network().to_bytes().as_slice()].concat();
            if !self.throttle.count(WindowKind::Message, &owner, &limit, now).await? {
                return self.refuse_too_many(limit, door(login.key())).await;
            }
        }
        Ok(login)
    }

    pub(crate) async fn refuse_too_many<T>(
        &self,
        limit: Limit,
        attempt: Attempt,
    ) -> Result<T, Failure<Refusal>> {
        let problem = window_full(limit, attempt.now);
        self.refuse_at_door(&problem, attempt, RefusedBy::Window).await
    }
}
