//! Sessions in use: who is it, may they enter, and the ends of sessions.

use vestibule_core::{
    AccountId, AddressKey, BatchId, ClientAddress, Error, Failure, Refusal, Registered, Secret,
    SessionHandle, SubjectId, Timestamp,
};
use vestibule_journal::{Draft, EventActor, EventKind, RefusedBy};
use vestibule_profiles::{Membership, Profile, ProfilesRead, ProfilesWrite, factor_stands};
use vestibule_sessions::{
    AdmissionStamp, AdmissionState, Problem, Session, SessionToken, SessionsRead, Standing,
    decide::{self, Ids, ReissueRequest, Reissued},
};

use crate::entering::{Factors, relied_on, stamp_of};
use crate::refuse::Attempt;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::views::{SessionView, Views};
use crate::writes::AnyWrite;

/// A session that was good a moment ago. Only [`Vestibule::authenticate`] makes it; what is done with it is checked
/// again in its commit.
///
/// ```compile_fail,E0451
/// # fn f(session: vestibule_sessions::Session, profile: vestibule_profiles::Profile) {
/// let forged = vestibule::Authenticated { session, profile, client: None };
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Authenticated {
    pub(crate) session: Session,
    pub(crate) profile: Profile,
    pub(crate) client: Option<ClientAddress>,
}

impl Authenticated {
    /// From this client, as the host knows it: an account that admits some networks only asks for it also where somebody
    /// acts on the account.
    pub fn from_client(mut self, client: impl Into<ClientAddress>) -> Self {
        self.client = Some(client.into());
        self
    }

    /// Who it is.
    #[must_use]
    pub const fn subject(&self) -> SubjectId {
        self.session.subject
    }

    /// The session's public name.
    #[must_use]
    pub const fn session(&self) -> SessionHandle {
        self.session.handle
    }
}

/// A session in the person's list. The token is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnSession {
    /// Its public name, for [`Vestibule::end_session`].
    pub handle: SessionHandle,
    /// The host's name of the device.
    pub label: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to a tenth of the idle time.
    pub last_used_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When the second factor was shown on the remembered device that opened it, if one did.
    pub remembered_since: Option<Timestamp>,
}

impl Vestibule {
    /// Whose session it is. It is looked up, and compared with the profile's present epoch, at every use.
    ///
    /// # Errors
    ///
    /// `session.unknown`, `session.expired`, `session.idle`, `session.revoked`, `session.blocked`.
    pub async fn authenticate(&self, token: &Secret<String>) -> Result<Authenticated, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let parsed = {
            // EXPOSE: read as the token it must be.
            let text = token.expose();
            SessionToken::parse(text).ok()
        };
        let digest = parsed.and_then(|token| token.digest(&inner.ring).ok());
        let found = match digest {
            None => None,
            Some(digest) => inner.store.session_view(digest).await?,
        };
        let Some(SessionView { session, profile, password_generation }) = found else {
            return inner.refuse_session(&Problem::Unknown, None).await;
        };
        let Some(profile) = profile else {
            return inner.refuse_session(&Problem::Revoked, Some(session.subject)).await;
        };
        let standing = standing_of(&profile, password_generation, now);
        let subject = session.subject;
        match decide::check(session, &standing, now) {
            Err(problem) => inner.refuse_session(&problem, Some(subject)).await,
            Ok(valid) => {
                if let Some(touch) = valid.touch {
                    // A use that could not be noted lets the session rest out a little earlier; it is no fault.
                    let _ = inner.land(inner.batch_id(now)?, now, vec![touch.into()]).await;
                }
                Ok(Authenticated { session: valid.session, profile, client: None })
            }
        }
    }

    /// May this person enter this account now? Noted in the session; asked anew whenever something it relied on moved.
    ///
    /// # Errors
    ///
    /// `admission.*`, `profile.blocked`, a host's `host.*`.
    pub async fn enter(
        &self,
        who: &Authenticated,
        account: AccountId,
        client: Option<ClientAddress>,
    ) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let mut who = who.clone();
        for _ in 0..ROUNDS {
            let factors = Factors::of(&who.session);
            let admission = match inner.admit_to(account, &who.profile, (client, factors), now).await? {
                Ok(admission) => admission,
                Err(problem) => {
                    // Why the account is shut is an answer for a session that is still there.
                    let _ = inner.live(&who).await?;
                    let actor = EventActor::Person(who.subject());
                    let refusal = inner
                        .refuse_after_proof(&problem, actor, Some(who.subject()), Some(account), now)
                        .await?;
                    return Err(Failure::Refused(refusal));
                }
            };
            let stamp = stamp_of(&admission);
            let Some(write) = decide::stamp(&who.session, stamp) else {
                // Nothing is written that would ask whether the session is still there.
                return inner.live(&who).await.map(|_| ());
            };
            let id = inner.batch_id(now)?;
            let event = Draft::new(EventKind::SIGN_IN_ADMITTED, EventActor::Person(who.subject()))
                .subject(who.subject())
                .account(account);
            let mut batch = inner.record(event, id, now)?;
            batch.push(write.into());
            batch.extend(relied_on(&admission, who.subject()));
            let (subject, epoch) = (who.subject(), who.profile.epoch);
            batch.push(ProfilesWrite::RequireProfile { subject, epoch }.into());
            if inner.land(id, now, batch).await?.is_none() {
                return Ok(());
            }
            // The session, the profile or the account moved: what is there now decides.
            let Some(session) = inner.store.session(who.session.digest).await? else {
                return inner.refuse_session(&Problem::Unknown, None).await;
            };
            let Some(profile) = inner.store.profile(session.subject).await? else {
                return inner.refuse_session(&Problem::Revoked, None).await;
            };
            if session.profile_epoch != profile.epoch {
                return inner.refuse_session(&Problem::Revoked, Some(session.subject)).await;
            }
            who = Authenticated { session, profile, client: who.client };
        }
        Err(busy().into())
    }

    /// Whether the session stands admitted to this account right now, without asking the account's rules again.
    ///
    /// # Errors
    ///
    /// [`Failure::Fault`] only.
    pub async fn is_admitted(
        &self,
        who: &Authenticated,
        account: AccountId,
    ) -> Result<bool, Failure<Refusal>> {
        let inner = self.inner();
        let who = match inner.live(who).await {
            Ok(live) => live,
            Err(Failure::Refused(_)) => return Ok(false),
            Err(fault) => return Err(fault),
        };
        let (stored, membership) = inner.door(account, who.subject()).await?;
        let (Some(stored), Some(membership)) = (stored, membership) else { return Ok(false) };
        // Every change of the account's state and policy and of the membership moves a version that the admission noted:
        // while the stamp is the same, so is the answer it was given on.
        let present = AdmissionStamp {
            account,
            membership_epoch: membership.epoch,
            policy_version: stored.settings_version,
            membership_version: membership.version,
        };
        let now = inner.clock.now();
        let mut standing = Standing::new(who.profile.epoch).with_admission(present);
        if let Some(generation) = who.session.password_generation {
            standing = standing.with_password_generation(generation);
        }
        // By time alone one answer changes: an exemption ends, a grace is over, a device was remembered for long enough.
        let proven = Factors::of(&who.session).proven();
        if factor_stands(&who.profile, proven, &stored, &membership, now).is_err() {
            return Ok(false);
        }
        let checked = decide::check(who.session.clone(), &standing, now);
        Ok(checked.is_ok_and(|valid| valid.admission == AdmissionState::Admitted))
    }

    /// The accounts this person belongs to, with their status: a page, ascending by id (R7).
    ///
    /// # Errors
    ///
    /// `session.revoked` when the session has ended.
    pub async fn list_accounts(
        &self,
        who: &Authenticated,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<Membership>, Failure<Refusal>> {
        let inner = self.inner();
        let _ = inner.whole(who).await?;
        Ok(inner.store.memberships_of(who.subject(), after, limit).await?)
    }

    /// The person's live sessions.
    ///
    /// # Errors
    ///
    /// `session.revoked` when the session has ended.
    pub async fn list_sessions(&self, who: &Authenticated) -> Result<Vec<OwnSession>, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let who = &inner.whole(who).await?;
        let live = |session: &Session| {
            session.profile_epoch == who.profile.epoch && session.rests_until().is_after(now)
        };
        let own = inner.store.sessions(who.subject()).await?;
        Ok(own
            .into_iter()
            .filter(live)
            .map(|session| OwnSession {
                current: session.handle == who.session(),
                remembered_since: session.remembered_since(),
                handle: session.handle,
                label: session.label,
                created_at: session.created_at,
                last_used_at: session.last_used_at,
            })
            .collect())
    }

    /// Ends this session.
    ///
    /// # Errors
    ///
    /// [`Failure::Fault`] only: a session that is gone already is as good as ended.
    pub async fn sign_out(&self, who: &Authenticated) -> Result<(), Failure<Refusal>> {
        // Gone already, or replaced: as good as ended.
        self.inner().end(who, &who.session).await?;
        Ok(())
    }

    /// Ends one of the person's own sessions by its public name.
    ///
    /// # Errors
    ///
    /// `session.ended` when the person has no live session of this name (ATK-H8).
    pub async fn end_session(
        &self,
        who: &Authenticated,
        handle: SessionHandle,
    ) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        inner.must_be_whole(who, now).await?;
        let own = inner.store.sessions(who.subject()).await?;
        let live = |session: &&Session| {
            session.handle == handle
                && session.profile_epoch == who.profile.epoch
                && session.rests_until().is_after(now)
        };
        let Some(session) = own.iter().find(live) else {
            return inner.refuse_session(&Problem::Ended, Some(who.subject())).await;
        };
        if inner.end(who, session).await? {
            Ok(())
        } else {
            inner.refuse_session(&Problem::Revoked, Some(who.subject())).await
        }
    }

    /// Ends every session of the person and forgets every known device, in one change of one row (R30).
    ///
    /// # Errors
    ///
    /// `session.revoked` when the acting session was ended meanwhile.
    pub async fn sign_out_everywhere(&self, who: &Authenticated) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let (now, subject) = (inner.clock.now(), who.subject());
        inner.must_be_whole(who, now).await?;
        let id = inner.batch_id(now)?;
        let event = Draft::new(EventKind::SESSIONS_ENDED, EventActor::Person(subject)).subject(subject);
        let mut batch = inner.record(event, id, now)?;
        batch.push(ProfilesWrite::BumpEpoch { subject, from: who.profile.epoch }.into());
        // A change of a login that waits for its confirmation may be another's, too (R30).
        batch.extend(inner.cancels_changes(subject, now).await?);
        batch.push(decide::require(&who.session).into());
        match inner.land(id, now, batch).await? {
            None => Ok(()),
            Some(_) => inner.refuse_session(&Problem::Revoked, Some(subject)).await,
        }
    }
}

/// What a session is judged by.
fn standing_of(profile: &Profile, password_generation: Option<u64>, now: Timestamp) -> Standing {
    let mut standing = Standing::new(profile.epoch);
    standing.blocked = profile.blocked_at(now).is_some();
    match password_generation {
        Some(generation) => standing.with_password_generation(generation),
        None => standing,
    }
}

impl Inner {
    /// A session goes on under a new token, which the host gets when the batch has landed.
    pub(crate) fn reissue(
        &self,
        old: &Session,
        request: &ReissueRequest,
        (id, now): (BatchId, Timestamp),
    ) -> Result<(Secret<String>, Reissued), Error> {
        let token = SessionToken::make(&*self.entropy, &self.ring)?;
        let handle = SessionHandle::make(&*self.entropy, now)?;
        let ids = Ids { handle, digest: token.digest(&self.ring)?, batch: id };
        Ok((token.render(), decide::reissue(&self.sessions, old, request, &ids, now)))
    }

    /// The session as it is now: a host may have held what [`Vestibule::authenticate`] answered for a while, and what is
    /// only read has no commit that would ask again.
    pub(crate) async fn live(&self, who: &Authenticated) -> Result<Authenticated, Failure<Refusal>> {
        let now = self.clock.now();
        let found = self.store.session_view(who.session.digest).await?;
        let subject = who.subject();
        let Some(SessionView { session, profile: Some(profile), password_generation }) = found else {
            return self.refuse_session(&Problem::Revoked, Some(subject)).await;
        };
        let standing = standing_of(&profile, password_generation, now);
        match decide::check(session, &standing, now) {
            Ok(valid) if valid.session.handle == who.session() => {
                Ok(Authenticated { session: valid.session, profile, client: who.client })
            }
            Ok(_) => self.refuse_session(&Problem::Revoked, Some(subject)).await,
            Err(problem) => self.refuse_session(&problem, Some(subject)).await,
        }
    }

    /// Ends a session by the acting one, while that is still good. Whether it landed.
    async fn end(&self, who: &Authenticated, session: &Session) -> Result<bool, Error> {
        let (now, subject) = (self.clock.now(), session.subject);
        let id = self.batch_id(now)?;
        let event = Draft::new(EventKind::SESSION_ENDED, EventActor::Person(subject)).subject(subject);
        let mut batch: Vec<AnyWrite> = self.record(event, id, now)?;
        batch.push(decide::end(session).into());
        batch.push(ProfilesWrite::RequireProfile { subject, epoch: who.profile.epoch }.into());
        if session.handle != who.session() {
            batch.push(decide::require(&who.session).into());
        }
        Ok(self.land(id, now, batch).await?.is_none())
    }

    /// A token that opens nothing. Whose it was is known to the operator only; the rows are folded by hour.
    pub(crate) async fn refuse_session<T>(
        &self,
        problem: &(dyn Registered + Sync),
        subject: Option<SubjectId>,
    ) -> Result<T, Failure<Refusal>> {
        let of = subject.map_or_else(Vec::new, |subject| subject.as_bytes().to_vec());
        let digest = self.ring.digest_current("session.case", &[&of]);
        let attempt = Attempt {
            key: AddressKey::from_bytes(*digest.as_bytes()),
            client: None,
            account: None,
            now: self.clock.now(),
        };
        Err(Failure::Refused(
            self.refuse_before_proof(problem, attempt, RefusedBy::Window, Vec::new()).await?,
        ))
    }
}
