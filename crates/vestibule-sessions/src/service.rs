//! Load, decide, commit: sessions for hosts that use this crate alone.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use vestibule_core::{
    Batch, BatchId, Commit, Entropy, Error, Failure, KeyRing, SessionHandle, SubjectId, Timestamp,
    commit_known,
};

use crate::check::{Standing, Validated};
use crate::decide::{self, Ids, OpenRequest, ReissueRequest};
use crate::evidence::AssertedEvidence;
use crate::label::DeviceLabel;
use crate::policy::SessionPolicy;
use crate::problem::Problem;
use crate::session::{AdmissionStamp, Session};
use crate::store::SessionsRead;
use crate::token::SessionToken;
use crate::write::{SessionsGuard, SessionsWrite};

/// How often a decision is made again when others were faster.
pub(crate) const ROUNDS: u32 = 8;
/// How many sessions one commit ends: a row and a token each, within what every database does in one step.
const ENDED_AT_ONCE: usize = 16;

/// Sessions and known devices on a store of this domain.
///
/// # Errors
///
/// Every operation: [`Failure::Refused`] with the true [`Problem`], or [`Failure::Fault`]. After a refused commit the
/// rows are read again and the decision is made anew, a bounded number of times.
pub struct Sessions<S> {
    pub(crate) store: S,
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) policy: SessionPolicy,
}

impl<S> fmt::Debug for Sessions<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// A session that was found by its token and is **not judged yet**: read the person's standing, then hand it to
/// [`Sessions::validate`].
#[derive(Debug)]
#[must_use = "a session that is not judged opens nothing"]
pub struct Found(Session);

impl Found {
    /// Whose standing is to be read.
    #[must_use]
    pub const fn subject(&self) -> SubjectId {
        self.0.subject
    }
}

/// A session that was just opened or re-issued.
#[derive(Debug)]
#[must_use = "the token is nowhere else"]
#[non_exhaustive]
pub struct NewSession {
    /// The token, for the host's cookie.
    pub token: SessionToken,
    /// The session.
    pub session: Session,
    /// The live session that had to go, because the profile had as many as it may have.
    pub evicted: Option<SessionHandle>,
}

/// A session as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionView {
    /// Its public name.
    pub handle: SessionHandle,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When it was last used, to within a tenth of its idle time.
    pub last_used_at: Timestamp,
    /// The host's name of the device.
    pub label: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl<S: SessionsRead + Commit<SessionsWrite>> Sessions<S> {
    /// Sessions on this store, under the default policy, their tokens digested under the ring's current key.
    pub fn new(store: S, ring: Arc<KeyRing>, entropy: impl Entropy + 'static) -> Self {
        Self { store, ring, entropy: Arc::new(entropy), policy: SessionPolicy::default() }
    }

    /// Another policy. It applies to what is opened from now on.
    #[must_use]
    pub const fn with_policy(mut self, policy: SessionPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// The policy.
    pub const fn policy(&self) -> &SessionPolicy {
        &self.policy
    }

    /// Opens a session for somebody whom the host has let in.
    ///
    /// `profile_epoch` is the person's epoch as read *before* the host checked anything: what ends all sessions in
    /// between ends this one, too.
    ///
    /// # Errors
    ///
    /// Faults only.
    pub async fn open_asserted(
        &self,
        subject: SubjectId,
        profile_epoch: u64,
        evidence: AssertedEvidence,
        label: DeviceLabel,
        now: Timestamp,
    ) -> Result<NewSession, Failure<Problem>> {
        self.open(&OpenRequest::new(subject, profile_epoch, evidence.into()).label(label), now).await
    }

    /// Opens a session as requested: with several pieces of evidence, a password's generation, an admission.
    ///
    /// # Errors
    ///
    /// Faults only.
    pub async fn open(&self, request: &OpenRequest, now: Timestamp) -> Result<NewSession, Failure<Problem>> {
        for _ in 0..ROUNDS {
            let existing = self.store.sessions(request.subject()).await?;
            let (token, ids) = self.mint(now)?;
            let opened = decide::open(&self.policy, request, &existing, &ids, now);
            if self.land(ids.batch, vec![opened.write], now).await?.is_none() {
                return Ok(NewSession { token, session: opened.session, evicted: opened.evicted });
            }
        }
        Err(busy())
    }

    /// Finds the session of a token that came from outside.
    ///
    /// # Errors
    ///
    /// [`Problem::Unknown`].
    pub async fn find(&self, token: &str) -> Result<Found, Failure<Problem>> {
        let unknown = || Failure::Refused(Problem::Unknown);
        let token = SessionToken::parse(token).map_err(|_| unknown())?;
        // The text names the key, and anybody can write one: a key that is not in the ring is no fault of ours.
        let digest = token.digest(&self.ring).map_err(|_| unknown())?;
        self.store.session(digest).await?.map(Found).ok_or_else(unknown)
    }

    /// Judges a session under the person's standing, which is read after it was found, and notes the use.
    ///
    /// A use that could not be noted refuses nobody: the session merely rests out earlier. It then still stands in
    /// [`Validated::touch`].
    ///
    /// # Errors
    ///
    /// As [`decide::check`].
    pub async fn validate(
        &self,
        found: Found,
        standing: &Standing,
        now: Timestamp,
    ) -> Result<Validated, Failure<Problem>> {
        let mut validated = decide::check(found.0, standing, now).map_err(Failure::Refused)?;
        if let Some(touch) = validated.touch.clone() {
            let batch = Batch::new(BatchId::make(&*self.entropy, now)?, now, vec![touch])?;
            if self.store.commit(&batch).await.is_ok() {
                validated.touch = None;
                validated.session.last_used_at = now;
            }
        }
        Ok(validated)
    }

    /// A new token for a session that goes on: the old one ends in the same step (ATK-H1).
    ///
    /// # Errors
    ///
    /// [`Problem::Unknown`] when it ended, or somebody else re-issued it first (ATK-H7).
    pub async fn reissue(
        &self,
        validated: &Validated,
        request: &ReissueRequest,
        now: Timestamp,
    ) -> Result<NewSession, Failure<Problem>> {
        let (token, ids) = self.mint(now)?;
        let reissued = decide::reissue(&self.policy, &validated.session, request, &ids, now);
        match self.land(ids.batch, vec![reissued.write], now).await? {
            None => Ok(NewSession { token, session: reissued.session, evicted: None }),
            // The guard names the handle, and a handle that left its slot never comes back: deciding again is vain.
            Some(_) => Err(Failure::Refused(Problem::Unknown)),
        }
    }

    /// Notes that the session was admitted to an account, relying on this stamp.
    ///
    /// # Errors
    ///
    /// [`Problem::Unknown`] when the session has ended or was re-issued.
    pub async fn admitted(
        &self,
        validated: &Validated,
        stamp: AdmissionStamp,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        let mut session = validated.session.clone();
        for _ in 0..ROUNDS {
            let Some(write) = decide::stamp(&session, stamp) else { return Ok(()) };
            let batch = BatchId::make(&*self.entropy, now)?;
            if self.land(batch, vec![write], now).await?.is_none() {
                return Ok(());
            }
            let again = self.store.session(session.digest).await?;
            session = again.ok_or(Failure::Refused(Problem::Unknown))?;
        }
        Err(busy())
    }

    /// The person's live sessions, by handle; `current` is the one that asks (ASVS 7.5.2). No token, no digest.
    ///
    /// # Errors
    ///
    /// Faults only.
    pub async fn list(
        &self,
        subject: SubjectId,
        standing: &Standing,
        current: Option<SessionHandle>,
        now: Timestamp,
    ) -> Result<Vec<SessionView>, Failure<Problem>> {
        let sessions = self.store.sessions(subject).await?;
        let live = sessions.into_iter().filter_map(|session| decide::check(session, standing, now).ok());
        Ok(live
            .map(|Validated { session, .. }| SessionView {
                handle: session.handle,
                created_at: session.created_at,
                last_used_at: session.last_used_at,
                label: session.label,
                current: Some(session.handle) == current,
            })
            .collect())
    }

    /// Ends one of the person's own sessions. Whoever asks must be that person, or act for them: a handle of
    /// somebody else's session ends nothing (ATK-H8).
    ///
    /// # Errors
    ///
    /// [`Problem::Ended`] when the person has no session of this handle.
    pub async fn end(
        &self,
        subject: SubjectId,
        handle: SessionHandle,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        let sessions = self.store.sessions(subject).await?;
        let session = sessions.iter().find(|session| session.handle == handle);
        let write = decide::end(session.ok_or(Failure::Refused(Problem::Ended))?);
        // Refused, it has ended meanwhile, by an earlier answer to this very commit or by somebody else: as asked.
        self.land(BatchId::make(&*self.entropy, now)?, vec![write], now).await?;
        Ok(())
    }

    /// Ends every session of the person but `keep` (ASVS 7.4.3): how many.
    ///
    /// It ends the sessions it finds, in more than one commit if they are many. To end all that exist at one instant,
    /// move the profile's epoch: then this only clears away what opens nothing any more.
    ///
    /// # Errors
    ///
    /// Faults only.
    pub async fn end_all(
        &self,
        subject: SubjectId,
        keep: Option<SessionHandle>,
        now: Timestamp,
    ) -> Result<usize, Failure<Problem>> {
        let mut ended = 0;
        for _ in 0..ROUNDS {
            let sessions = self.store.sessions(subject).await?;
            let others = sessions.iter().filter(|session| Some(session.handle) != keep);
            let writes: Vec<_> = others.take(ENDED_AT_ONCE).map(decide::end).collect();
            let count = writes.len();
            if count == 0 {
                return Ok(ended);
            }
            if self.land(BatchId::make(&*self.entropy, now)?, writes, now).await?.is_none() {
                ended += count;
            }
        }
        Err(busy())
    }

    fn mint(&self, now: Timestamp) -> Result<(SessionToken, Ids), Error> {
        let token = SessionToken::make(&*self.entropy, &self.ring)?;
        let ids = Ids {
            handle: SessionHandle::make(&*self.entropy, now)?,
            digest: token.digest(&self.ring)?,
            batch: BatchId::make(&*self.entropy, now)?,
        };
        Ok((token, ids))
    }

    /// `Some`: the guard that refused.
    pub(crate) async fn land(
        &self,
        batch: BatchId,
        writes: Vec<SessionsWrite>,
        now: Timestamp,
    ) -> Result<Option<SessionsGuard>, Failure<Problem>> {
        let batch = Batch::new(batch, now, writes)?;
        Ok(commit_known(&self.store, &batch).await?.refused())
    }
}

pub(crate) fn busy() -> Failure<Problem> {
    Failure::Fault(Error::busy(Duration::from_millis(50)))
}
