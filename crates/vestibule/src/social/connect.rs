//! A profile that social accounts alone open connects an address and sets a first password (R19, P6).

use core::num::NonZeroU32;

use vestibule_checkword::decide::{inspect, redeem};
use vestibule_checkword::{CheckwordRead, Intent, Problem as WordProblem, Rotation, decide::rotate, purpose};
use vestibule_core::{
    AddressKind, ClientAddress, Failure, Purpose, Refusal, Registered, Secret, SecretDigest, Timestamp,
};
use vestibule_credentials::{
    CredentialsRead, CredentialsWrite, Lane, PasswordUse, Problem as PasswordProblem, set,
};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{Problem, ProfileIdentifier, ProfilesGuard, ProfilesWrite};
use vestibule_throttle::{Limit, WindowKind};

use super::problem::SocialProblem;
use crate::login::BY_ADDRESS;
use crate::notice::{Notice, NoticeKind};
use crate::phone::{CodeFor, Sent};
use crate::recover::ROTATED;
use crate::refuse::window_full;
use crate::session::Authenticated;
use crate::telling::{Asked, connected_in};
use crate::vestibule::{Inner, Vestibule};
use crate::writes::AnyGuard;

/// How many messages one person has an address sent in an hour: no more are spaced into it.
const BY_ASKER: Limit = Limit::per_hour(NonZeroU32::MIN.saturating_add(3));

/// Somebody signed in by a social account wants an address and a password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectRequest {
    /// What was typed as address, or was proposed (see [`OwnLinks::hints`](super::OwnLinks::hints)).
    pub address: String,
    /// The client's address, as the host knows it.
    pub client: Option<ClientAddress>,
    /// The language of the page, for the message: a tag of at most 35 bytes (RFC 5646).
    pub language: Option<String>,
}

impl ConnectRequest {
    /// This address, from a client that the host does not name.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), client: None, language: None }
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

impl Vestibule {
    /// Asks for an address to be connected to a profile without a password (R19). It succeeds for every address that is one,
    /// taken or not: say that a message was sent to it. Its mailbox is told the truth: a link, or that the address is the
    /// login of a profile already (P7). The code of a phone goes to [`confirm_address_code`](Self::confirm_address_code).
    ///
    /// # Errors
    ///
    /// `social.proof_too_old`, `social.has_password`, `sign_in.login_malformed`, `recovery.kind_not_offered`,
    /// `throttle.wait`, `session.revoked`.
    pub async fn request_address(
        &self,
        who: &Authenticated,
        request: ConnectRequest,
    ) -> Result<Sent, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        inner.must_be_fresh(who, now).await?;
        let _ = inner.live(who).await?;
        if inner.ways_of(who).await?.has_password {
            return inner.refuse_own(who, &SocialProblem::HasPassword, now).await;
        }
        let address = inner.reachable(&request.address, request.client).await?;
        if address.kind() == AddressKind::Phone {
            let what = CodeFor::Connect(who);
            return inner.send_code(&address, what, request.language.as_deref()).await.map(Sent::Code);
        }
        // No more than one person is sent in an hour counts of what one asks for: whether a message goes out depends on whose the
        // address is, and must not tell.
        let own = [b"login.asker".as_slice(), who.subject().as_bytes(), address.key().as_bytes()].concat();
        if inner.throttle.count(WindowKind::Message, &own, &BY_ASKER, now).await?
            && !inner.may_write_to(&address, now).await?
        {
            return inner.refuse_own(who, &window_full(BY_ADDRESS, now), now).await;
        }
        let asked = Asked::Connect(who.subject(), who.profile.epoch);
        match inner.tell_mailbox(&address, asked, request.language, None).await {
            Ok(_told) => Ok(Sent::Message),
            Err(fault) => {
                let _ = inner.live(who).await?;
                Err(fault.into())
            }
        }
    }

    /// Connects the address, with the first password: by the link in its mailbox, and in the session of the person who asked
    /// for it. The link alone connects nothing, or its reader would be made part of somebody else's profile. Every other
    /// session ends, and the acting one goes on under the new token that is returned; the social accounts stay.
    ///
    /// # Errors
    ///
    /// `checkword.*` (P8), `checkword.other_person` when the session is not of the person who asked, `password.rejected`,
    /// `social.has_password`, `identifier.taken` (P7), `profile.frozen`, `session.revoked`. Nothing of this spends the link.
    pub async fn connect_address(
        &self,
        who: &Authenticated,
        link: &Secret<String>,
        password: impl Into<Secret<String>>,
    ) -> Result<Secret<String>, Failure<Refusal>> {
        let password = password.into();
        let inner = self.inner();
        let (now, subject) = (inner.clock.now(), who.subject());
        inner.must_not_be_frozen(who, now).await?;
        let purpose = purpose::SET_FIRST_PASSWORD;
        let (digest, _) = inner.read_link_for(link, &[purpose], now).await?;
        let live = match inspect(inner.store.found(digest).await?.as_ref(), purpose, now) {
            Ok(live) => live,
            Err(problem) => return inner.refuse_connecting(who, &problem, Some(digest), now).await,
        };
        let Some(address) = connected_in(&live.bound) else {
            return inner.refuse_connecting(who, &WordProblem::WrongPurpose, Some(digest), now).await;
        };
        if live.holder != subject {
            return inner.refuse_connecting(who, &WordProblem::OtherPerson, Some(digest), now).await;
        }
        let mut words = inner.words_of(subject).await?;
        words.add(&address);
        let hash = match inner.hash_new(password, &words, PasswordUse::Alone).await? {
            Ok(hash) => hash,
            Err(rejection) => {
                return inner
                    .refuse_connecting(who, &PasswordProblem::Rejected(rejection), Some(digest), now)
                    .await;
            }
        };
        let found = inner.store.found(digest).await?;
        let redemption = match redeem(found.as_ref(), purpose, Intent::OwnSession(subject), now) {
            Ok(redemption) => redemption,
            Err(problem) => return inner.refuse_connecting(who, &problem, Some(digest), now).await,
        };
        let stored = inner.store.password(subject).await?;
        if stored.as_ref().is_some_and(|stored| stored.hash.is_some()) {
            return inner.refuse_connecting(who, &SocialProblem::HasPassword, Some(digest), now).await;
        }
        let id = inner.batch_id(now)?;
        let event = Draft::new(EventKind::ADDRESS_CONNECTED, EventActor::Person(subject)).subject(subject);
        let mut batch = inner.record(event, id, now)?;
        batch.push(redemption.write.into());
        let others: Vec<Purpose> = ROTATED.into_iter().filter(|other| *other != purpose).collect();
        batch.extend(rotate(subject, &others, Rotation::PasswordSet, now).into_iter().map(Into::into));
        batch.push(set(subject, stored.as_ref(), &hash, id, now).into());
        batch.push(CredentialsWrite::ResetTries { subject, lane: Lane::Everybody }.into());
        batch.push(ProfilesWrite::CountWays { subject, identifiers: 1, social_links: 0 }.into());
        let identifier =
            ProfileIdentifier { subject, identifier: address.clone(), verified_at: Some(now), added_at: now };
        batch.push(ProfilesWrite::TakeIdentifier { identifier }.into());
        let notice = Notice::new(NoticeKind::AddressConnected, now);
        batch.extend(inner.notices(subject, notice).await?);
        batch.push(inner.letter(&address, notice)?);
        batch.push(inner.withdraw(&address, now)?);
        batch.extend(inner.withdrawals(subject, now).await?);
        match inner.go_on(who, batch, id, now).await? {
            Ok(token) => Ok(token),
            Err(AnyGuard::Profiles(ProfilesGuard::IdentifierFree)) => {
                inner.refuse_connecting(who, &Problem::IdentifierTaken, Some(digest), now).await
            }
            Err(AnyGuard::Profiles(ProfilesGuard::WaysIn)) => {
                inner.refuse_connecting(who, &Problem::TooManyIdentifiers, Some(digest), now).await
            }
            Err(guard @ AnyGuard::Checkword(_)) => {
                let _ = inner.live(who).await?;
                // Used, or made worthless, meanwhile: it says so itself.
                let _ = inner.live_link(digest, purpose, now).await?;
                inner.moved(who, guard, now).await
            }
            Err(guard) => inner.moved(who, guard, now).await,
        }
    }
}

impl Inner {
    /// Who lost the session meanwhile hears of that, and not of the link.
    async fn refuse_connecting<T>(
        &self,
        who: &Authenticated,
        problem: &(dyn Registered + Sync),
        link: Option<SecretDigest>,
        now: Timestamp,
    ) -> Result<T, Failure<Refusal>> {
        let _ = self.live(who).await?;
        self.refuse_link(problem, link, now).await
    }
}
