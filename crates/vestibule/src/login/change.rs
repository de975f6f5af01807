//! A login is added or replaced: asked for, looked at, confirmed, or taken back.

use core::num::NonZeroU32;

use vestibule_checkword::decide;
use vestibule_checkword::{CheckwordWrite, Problem as WordProblem, Rotation, purpose};
use vestibule_core::{
    AddressKind, ClientAddress, Error, Failure, Identifier, Refusal, Secret, SubjectId, Timestamp,
};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{
    MAX_IDENTIFIERS, Problem, ProfileIdentifier, ProfilesGuard, ProfilesRead, ProfilesWrite,
};
use vestibule_throttle::{Limit, WindowKind};

use super::bound::{Change, Named};
use super::letters::{LoginLetter, Slot};
use super::primary_of;
use crate::asking::Asking;
use crate::notice::{Notice, NoticeKind};
use crate::phone::{CodeFor, Sent};
use crate::recover::OpenSession;
use crate::refuse::window_full;
use crate::session::Authenticated;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::writes::{AnyGuard, AnyWrite};

/// How many messages an address is sent in an hour for people who want it as a login, whoever they are.
pub(crate) const BY_ADDRESS: Limit = Limit::per_hour(NonZeroU32::MIN.saturating_add(9));

/// A login that a person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginChange {
    /// What was typed as the new login.
    pub new: String,
    /// The login that leaves for it, as it was typed; `None`: it is one more.
    pub replaces: Option<String>,
    /// The client's address, as the host knows it.
    pub client: Option<ClientAddress>,
    /// The language of the page, for the message: a tag of at most 35 bytes (RFC 5646).
    pub language: Option<String>,
}

impl LoginChange {
    /// One more login.
    #[must_use]
    pub fn add(new: impl Into<String>) -> Self {
        Self { new: new.into(), replaces: None, client: None, language: None }
    }

    /// A login instead of another.
    #[must_use]
    pub fn replace(old: impl Into<String>, new: impl Into<String>) -> Self {
        Self { replaces: Some(old.into()), ..Self::add(new) }
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

/// The link of a change, as its page may show it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginChangePage {
    /// The new login, as its owner would recognise it.
    pub address: String,
    /// Whether another login leaves for it.
    pub replaces: bool,
    /// The first instant at which it is refused.
    pub expires_at: Timestamp,
    /// Whose session the browser holds. Only the person's own confirms: somebody else, and nobody, sign in first.
    pub session: OpenSession,
}

impl Vestibule {
    /// Asks for a change of a login (R18). It says "we sent a message to that address" for every mailbox: what is true of it
    /// is told there: a link that confirms it, or that it is a login already, and the way out (P7). The code of a phone goes to
    /// [`confirm_login_code`](Self::confirm_login_code). One change is pending at
    /// a time: a newer one takes the place of the older, and a recovery, a new password, a block and a sign-out everywhere
    /// end it.
    ///
    /// # Example
    ///
    /// A page asks, the mailbox is told, and the same person confirms:
    ///
    /// ```
    /// use vestibule::{Authenticated, LoginChange, Vestibule};
    /// use vestibule_core::{Failure, Refusal, Secret};
    ///
    /// # async fn f(vestibule: &Vestibule, who: &Authenticated, link: &Secret<String>) -> Result<(), Failure<Refusal>> {
    /// let _sent = vestibule.request_login_change(who, LoginChange::replace("ada@old.example", "ada@new.example")).await?;
    /// // The link leaves in a message to the new address. Its page looks first:
    /// let page = vestibule.inspect_login_change(link, None).await?;
    /// assert_eq!(page.address, "a***@n***.example");
    /// // and confirms in the session of the person, never by the link alone:
    /// vestibule.confirm_login_change(who, link).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `login.proof_too_old` (sign in again), `login.not_yours` (the one to replace), `identifier.too_many`,
    /// `login.too_many_leaving`, `profile.frozen`, `sign_in.login_malformed`, `recovery.kind_not_offered`,
    /// `throttle.wait`, `session.*`. None of them depends on whether anybody has the new address.
    pub async fn request_login_change(
        &self,
        who: &Authenticated,
        change: LoginChange,
    ) -> Result<Sent, Failure<Refusal>> {
        let inner = self.inner();
        let who = &inner.may_change_logins(who).await?;
        let (now, subject) = (inner.clock.now(), who.subject());
        let new = inner.reachable(&change.new, change.client).await?;
        let replaces = match &change.replaces {
            Some(old) => {
                inner.may_leave(who, now).await?;
                Some(Named::of(&inner.own_login(who, old, now).await?.identifier))
            }
            None if who.profile.identifiers >= MAX_IDENTIFIERS => {
                return inner.refuse_person(&Problem::TooManyIdentifiers, subject, now).await;
            }
            None => None,
        };
        if new.kind() == AddressKind::Phone {
            let what = CodeFor::Login(who, replaces);
            return inner.send_code(&new, what, change.language.as_deref()).await.map(Sent::Code);
        }
        let change = (Change { new, replaces }, change.language);
        let mut counted = None;
        for _ in 0..ROUNDS {
            match inner.ask_for_change(who, &change, &mut counted, now).await? {
                Asked::Sent => return Ok(Sent::Message),
                Asked::TooMany => {
                    return inner.refuse_person(&window_full(BY_ADDRESS, now), subject, now).await;
                }
                Asked::Spaced { not_before } => {
                    let problem = vestibule_throttle::Problem::Wait { not_before };
                    return inner.refuse_person(&problem, subject, now).await;
                }
                Asked::Refused(guard) => inner.still_theirs(who, guard).await?,
            }
        }
        Err(busy().into())
    }

    /// Looks at the link of a change; it reads only.
    ///
    /// # Errors
    ///
    /// `checkword.*` (P8).
    pub async fn inspect_login_change(
        &self,
        link: &Secret<String>,
        session: Option<&Secret<String>>,
    ) -> Result<LoginChangePage, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let (digest, purpose) = inner.read_link_for(link, &[purpose::CONFIRM_ADDRESS], now).await?;
        let live = inner.live_link(digest, purpose, now).await?;
        let change = Change::decode(&live.bound).map_err(vestibule_core::StoreError::from)?;
        Ok(LoginChangePage {
            address: change.new.masked(),
            replaces: change.replaces.is_some(),
            expires_at: live.expires_at,
            session: self.open_session(live.holder, session).await?,
        })
    }

    /// Confirms a change, in a session of the person whose change it is. In one commit: the link is used up, the new login is
    /// taken under its unique key, the one it replaces begins to leave, the ways in are counted, every verified address is
    /// told, and so is the one that leaves, with a link that freezes the profile.
    ///
    /// The primary login stays the primary one; where it is replaced, the new one is.
    ///
    /// # Errors
    ///
    /// `checkword.*` (P8), `checkword.other_person`, `identifier.taken` when somebody verified the address meanwhile (P7),
    /// `identifier.too_many`, `login.too_many_leaving`, `profile.frozen`, `session.revoked`. Nothing of this spends the link.
    pub async fn confirm_login_change(
        &self,
        who: &Authenticated,
        link: &Secret<String>,
    ) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let who = &inner.whole(who).await?;
        let (now, subject) = (inner.clock.now(), who.subject());
        let (digest, purpose) = inner.read_link_for(link, &[purpose::CONFIRM_ADDRESS], now).await?;
        for _ in 0..ROUNDS {
            let redemption = inner.redeem_own(who, (digest, purpose), now).await?;
            let change =
                Change::decode(redemption.proof.bound()).map_err(vestibule_core::StoreError::from)?;
            let old = match change.replaces {
                None => None,
                Some(old) => match inner.held(subject, old.key).await? {
                    Some(old) => {
                        inner.may_leave(who, now).await?;
                        Some(old)
                    }
                    None => {
                        let _ = inner.live(who).await?;
                        let problem = WordProblem::Rotated { at: now, by: Rotation::AddressRemoved };
                        return inner.refuse_link(&problem, Some(digest), now).await;
                    }
                },
            };
            let (id, confirmed) = (inner.batch_id(now)?, Confirmed { new: &change.new, old: old.as_ref() });
            let mut batch = inner.confirmed(who, &confirmed, id, now).await?;
            batch.push(redemption.write.into());
            match inner.land(id, now, batch).await? {
                None => return Ok(()),
                Some(AnyGuard::Profiles(ProfilesGuard::IdentifierFree)) => {
                    return inner.refuse_person(&Problem::IdentifierTaken, subject, now).await;
                }
                Some(AnyGuard::Profiles(ProfilesGuard::WaysIn)) => {
                    return inner.refuse_person(&Problem::TooManyIdentifiers, subject, now).await;
                }
                Some(guard) => inner.still_theirs(who, guard).await?,
            }
        }
        Err(busy().into())
    }

    /// Takes a pending change back: its link is worth nothing any more. It succeeds where nothing is pending, too.
    ///
    /// # Errors
    ///
    /// `session.revoked` when the session has ended.
    pub async fn cancel_login_change(&self, who: &Authenticated) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let who = &inner.whole(who).await?;
        let (now, subject) = (inner.clock.now(), who.subject());
        let id = inner.batch_id(now)?;
        let event =
            Draft::new(EventKind::LOGIN_CHANGE_CANCELLED, EventActor::Person(subject)).subject(subject);
        let mut batch = inner.record(event, id, now)?;
        batch.extend(inner.cancels_changes(who.subject(), now).await?);
        batch.push(vestibule_sessions::decide::require(&who.session).into());
        match inner.land(id, now, batch).await? {
            None => Ok(()),
            Some(_) => inner.refuse_session(&vestibule_sessions::Problem::Revoked, Some(subject)).await,
        }
    }
}

/// How a request went.
enum Asked {
    Sent,
    Spaced {
        not_before: Timestamp,
    },
    /// The address was sent as many as anybody has it sent in an hour.
    TooMany,
    Refused(AnyGuard),
}

/// What is confirmed.
struct Confirmed<'a> {
    new: &'a Identifier,
    old: Option<&'a ProfileIdentifier>,
}

/// What is true of an address that is to become somebody's login.
pub(crate) struct LoginTruth {
    pub(crate) kind: NoticeKind,
    /// Its owner's spelling, where it has one: whoever asks does not choose how a message is addressed.
    pub(crate) to: Option<Identifier>,
}

impl Inner {
    /// Whether an address that somebody wants as a login is sent one more message in this hour. It is asked where one would be sent,
    /// which depends on who asks and on nobody else.
    pub(crate) async fn may_write_to(&self, address: &Identifier, now: Timestamp) -> Result<bool, Error> {
        let owner = [b"login.change".as_slice(), address.key().as_bytes()].concat();
        self.throttle.count(WindowKind::Message, &owner, &BY_ADDRESS, now).await
    }

    pub(crate) async fn truth_of_login(
        &self,
        subject: SubjectId,
        new: &Identifier,
        now: Timestamp,
    ) -> Result<LoginTruth, Error> {
        let (kind, key) = (new.kind(), new.key());
        let owner = self.store.identifier_owner(kind, key).await?;
        let leaving = self.store.leaving(kind, key).await?;
        let kept = leaving.as_ref().is_some_and(|row| row.subject != subject && row.holds(now));
        let kind = match &owner {
            Some(owner) if owner.subject == subject => NoticeKind::LoginIsYours,
            Some(_) => NoticeKind::LoginTaken,
            None if kept => NoticeKind::LoginStillLeaving,
            None => NoticeKind::LoginChangeLink,
        };
        let to = owner.map(|own| own.identifier).or(leaving.map(|row| row.identifier).filter(|_| kept));
        Ok(LoginTruth { kind, to })
    }

    /// One round: the pending change, and what the new address is told. Whatever is true of it, the same reads, and writes of
    /// the same kinds: the change is pending in any case, only its link is not told (PR-6).
    async fn ask_for_change(
        &self,
        who: &Authenticated,
        (change, language): &(Change, Option<String>),
        counted: &mut Option<bool>,
        now: Timestamp,
    ) -> Result<Asked, Error> {
        let (subject, word) = (who.subject(), purpose::CONFIRM_ADDRESS);
        let LoginTruth { kind: told, to } = self.truth_of_login(subject, &change.new, now).await?;
        let (id, asking) = self.ask_for_link((subject, word), &change.encode(), now).await?;
        let (link, until, words) = match asking {
            Asking::Link { link, until, writes } => (link, until, writes),
            Asking::Spaced { not_before, .. } => return Ok(Asked::Spaced { not_before }),
        };
        let may_write = match *counted {
            Some(may) => may,
            None => *counted.insert(self.may_write_to(&change.new, now).await?),
        };
        if !may_write {
            return Ok(Asked::TooMany);
        }
        let to = to.as_ref().unwrap_or(&change.new);
        let carried = link.as_ref().filter(|_| told == NoticeKind::LoginChangeLink);
        let event =
            Draft::new(EventKind::LOGIN_CHANGE_REQUESTED, EventActor::Person(subject)).subject(subject);
        let mut batch = self.record(event.field("login", &change.new.masked()), id, now)?;
        batch.extend(words.into_iter().map(AnyWrite::from));
        // One change is pending at a time: what was asked for by phone is none any more.
        let by_phone = decide::rotate(subject, &[purpose::CODE_LOGIN], Rotation::Withdrawn, now);
        batch.extend(by_phone.into_iter().map(AnyWrite::from));
        batch.push(self.withdraw_code(&change.new, (subject, purpose::CODE_LOGIN), now)?);
        batch.push(self.login_letter(LoginLetter {
            slot: Slot::Change(&subject),
            to,
            kind: told,
            until: carried.map(|_| until),
            link: carried,
            blank: false,
            language: language.clone(),
            at: now,
        })?);
        batch.push(ProfilesWrite::RequireProfile { subject, epoch: who.profile.epoch }.into());
        batch.push(vestibule_sessions::decide::require(&who.session).into());
        Ok(match self.land(id, now, batch).await? {
            None => Asked::Sent,
            Some(guard) => Asked::Refused(guard),
        })
    }

    /// Everything that lands with a confirmed change, but for the use of its link.
    async fn confirmed(
        &self,
        who: &Authenticated,
        Confirmed { new, old }: &Confirmed<'_>,
        id: vestibule_core::BatchId,
        now: Timestamp,
    ) -> Result<Vec<AnyWrite>, Error> {
        let (subject, epoch) = (who.subject(), who.profile.epoch);
        let own = self.store.identifiers(subject).await?;
        let rest: Vec<_> = own.iter().filter(|own| Some(*own) != *old).cloned().collect();
        let (event, told) = match old {
            None => (EventKind::LOGIN_ADDED, NoticeKind::LoginAdded),
            Some(_) => (EventKind::LOGIN_REPLACED, NoticeKind::LoginReplaced),
        };
        let mut event =
            Draft::new(event, EventActor::Person(subject)).subject(subject).field("login", &new.masked());
        if let Some(old) = old {
            event = event.field("replaced", &old.identifier.masked());
        }
        let primary = match (old, primary_of(&who.profile, &own)) {
            (Some(old), Some(primary)) if primary != *old => primary.identifier.key(),
            (None, Some(primary)) => primary.identifier.key(),
            _ => new.key(),
        };
        let mut batch = self.record(event, id, now)?;
        let taken =
            ProfileIdentifier { subject, identifier: (*new).clone(), verified_at: Some(now), added_at: now };
        batch.push(ProfilesWrite::SetPrimary { subject, epoch, primary }.into());
        match old {
            None => batch.push(ProfilesWrite::CountWays { subject, identifiers: 1, social_links: 0 }.into()),
            Some(old) => batch.extend(self.leaves(old, who, id, now)?),
        }
        let notice = Notice::new(told, now);
        batch.extend(self.tell(&rest, notice)?);
        batch.push(self.letter(new, notice)?);
        batch.push(ProfilesWrite::TakeIdentifier { identifier: taken }.into());
        batch.push(vestibule_sessions::decide::require(&who.session).into());
        Ok(batch)
    }

    /// The writes that end whatever a person's changes wait for.
    pub(crate) async fn cancels_changes(
        &self,
        subject: SubjectId,
        now: Timestamp,
    ) -> Result<Vec<AnyWrite>, Error> {
        let words = [purpose::CODE_LOGIN, purpose::CONFIRM_ADDRESS, purpose::CONFIRM_REMOVAL];
        let rotated: Vec<CheckwordWrite> = decide::rotate(subject, &words, Rotation::Withdrawn, now);
        let mut writes: Vec<AnyWrite> = rotated.into_iter().map(AnyWrite::from).collect();
        if let Some(own) = self.store.identifiers(subject).await?.first() {
            writes.extend(self.withdraw_login_letters(&subject, &own.identifier, now)?);
            writes.push(self.withdraw_code(&own.identifier, (subject, purpose::CODE_LOGIN), now)?);
        }
        Ok(writes)
    }
}
