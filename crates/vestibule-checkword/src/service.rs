//! Load, decide, commit: checkwords for hosts that use this crate alone.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use vestibule_core::{
    Batch, BatchId, Commit, Entropy, Error, ErrorKind, Failure, KeyRing, Purpose, Secret, SubjectId,
    Timestamp, commit_known,
};

use crate::checkword::MAX_BOUND;
use crate::decide::{self, CheckwordRequest, Live, Wanted};
use crate::intent::{Intent, RedeemedCheckword};
use crate::link::{make_link, open_link, read_link};
use crate::policy::CheckwordPolicy;
use crate::problem::Problem;
use crate::state::Rotation;
use crate::store::CheckwordRead;
use crate::write::{CheckwordGuard, CheckwordWrite};

/// How often a decision is made again when others were faster.
const ROUNDS: u32 = 8;

/// Checkwords on a store of this domain.
///
/// After a refused commit the rows are read again and the decision is made anew, a bounded number of times.
pub struct Checkwords<S> {
    store: S,
    ring: Arc<KeyRing>,
    entropy: Arc<dyn Entropy>,
    policy: CheckwordPolicy,
}

impl<S> fmt::Debug for Checkwords<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkwords").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// What became of a request. The page says the same in both cases; only the mailbox tells.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a message goes out or it does not")]
pub enum Requested {
    /// Send this link to the address it is bound to, and nowhere else.
    Send {
        /// The text of the link.
        link: Secret<String>,
        /// The first instant at which it is refused.
        expires_at: Timestamp,
        /// Whether it is the same link as before.
        again: bool,
    },
    /// Send nothing: the last message is too fresh.
    Spaced {
        /// From when the next message may follow.
        not_before: Timestamp,
    },
}

impl<S: CheckwordRead + Commit<CheckwordWrite>> Checkwords<S> {
    /// Checkwords on this store, under the default policy.
    pub fn new(store: S, ring: Arc<KeyRing>, entropy: impl Entropy + 'static) -> Self {
        Self { store, ring, entropy: Arc::new(entropy), policy: CheckwordPolicy::default() }
    }

    /// Another policy. It applies to what is made from now on.
    #[must_use]
    pub fn with_policy(mut self, policy: CheckwordPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Asks for a link: a new one, or the live one again during the first half of its life.
    ///
    /// # Errors
    ///
    /// Faults only; [`ErrorKind::Misuse`] when it is bound to more than [`MAX_BOUND`] bytes.
    pub async fn request(
        &self,
        request: &CheckwordRequest,
        now: Timestamp,
    ) -> Result<Requested, Failure<Problem>> {
        if request.bound.len() > MAX_BOUND {
            return Err(Error::from(ErrorKind::Misuse).into());
        }
        for _ in 0..ROUNDS {
            let purpose = request.purpose.as_str().to_owned();
            let mut newest = self.store.checkword(request.holder, purpose).await?;
            let before = open_link(&self.ring, newest.as_mut(), request.purpose);
            let generation = newest.as_ref().map_or(0, |row| row.generation).saturating_add(1);
            let batch = BatchId::make(&*self.entropy, now)?;
            let (link, made) = make_link(&self.ring, &*self.entropy, request, generation, batch)?;
            let (link, checkword, writes, again) =
                match decide::request(&self.policy, request, newest.as_ref(), &made, now) {
                    Wanted::New { checkword, writes } => (Some(link), checkword, writes, false),
                    Wanted::Again { checkword, writes } => (before, checkword, writes, true),
                    Wanted::Spaced { not_before, writes } => {
                        if !writes.is_empty() {
                            self.land(made.batch, writes, now).await?;
                        }
                        return Ok(Requested::Spaced { not_before });
                    }
                };
            if self.land(made.batch, writes, now).await?.is_none() {
                // A row whose text was not opened is decided without one: then there is a new link.
                let link = link.ok_or_else(|| Error::from(ErrorKind::Misuse))?;
                return Ok(Requested::Send { link, expires_at: checkword.expires_at, again });
            }
        }
        Err(Error::busy(Duration::from_millis(50)).into())
    }

    /// Looks at a link, and changes nothing however often it is done (ATK-C12).
    ///
    /// # Errors
    ///
    /// The true [`Problem`].
    pub async fn inspect(
        &self,
        link: &str,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Live, Failure<Problem>> {
        let found = self.store.found(read_link(&self.ring, link, purpose).map_err(Failure::Refused)?).await?;
        decide::inspect(found.as_ref(), purpose, now).map_err(Failure::Refused)
    }

    /// Uses a link up, once, whatever the number of racing servers (PR-3).
    ///
    /// # Errors
    ///
    /// The true [`Problem`]; of those who race, all but one are told [`Problem::Used`].
    pub async fn redeem(
        &self,
        link: &str,
        purpose: Purpose,
        intent: Intent,
        now: Timestamp,
    ) -> Result<RedeemedCheckword, Failure<Problem>> {
        let digest = read_link(&self.ring, link, purpose).map_err(Failure::Refused)?;
        for _ in 0..ROUNDS {
            let found = self.store.found(digest).await?;
            let redemption =
                decide::redeem(found.as_ref(), purpose, intent, now).map_err(Failure::Refused)?;
            let batch = BatchId::make(&*self.entropy, now)?;
            if self.land(batch, vec![redemption.write], now).await?.is_none() {
                return Ok(redemption.proof);
            }
        }
        Err(Error::busy(Duration::from_millis(50)).into())
    }

    /// Makes the holder's checkwords for these purposes worthless, at most [`Batch::MAX_WRITES`] of them.
    ///
    /// # Errors
    ///
    /// Faults only.
    pub async fn rotate(
        &self,
        holder: SubjectId,
        purposes: &[Purpose],
        by: Rotation,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        let writes = decide::rotate(holder, purposes, by, now);
        if !writes.is_empty() {
            self.land(BatchId::make(&*self.entropy, now)?, writes, now).await?;
        }
        Ok(())
    }

    /// `Some`: the guard that refused.
    async fn land(
        &self,
        batch: BatchId,
        writes: Vec<CheckwordWrite>,
        now: Timestamp,
    ) -> Result<Option<CheckwordGuard>, Failure<Problem>> {
        let batch = Batch::new(batch, now, writes)?;
        Ok(commit_known(&self.store, &batch).await?.refused())
    }
}
