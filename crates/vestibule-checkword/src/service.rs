//! Load, decide, commit: checkwords for hosts that use this crate alone.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use vestibule_core::{
    Batch, BatchId, Commit, Entropy, Error, ErrorKind, Failure, KeyPurpose, KeyRing, Purpose, Secret,
    SecretText, SubjectId, Timestamp, commit_known,
};

use crate::checkword::MAX_BOUND;
use crate::code::{code_of, is_code_of};
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

/// What became of a request for a code. The page's answer is the same whether a message goes out or not.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub struct CodeRequested {
    /// For the page that asked, and no message: it names the code when that is typed. One that is worth nothing where the
    /// last message is too fresh and its ticket can be told no more.
    pub ticket: Secret<String>,
    /// For the phone; `None`: the last message is too fresh.
    pub message: Option<CodeMessage>,
}

/// A code to be sent.
#[derive(Debug)]
#[non_exhaustive]
pub struct CodeMessage {
    /// Six digits. Send them to the number that the request is bound to, and nowhere else.
    pub code: Secret<String>,
    /// The first instant at which they are refused.
    pub expires_at: Timestamp,
    /// Whether they are the same as before.
    pub again: bool,
}

/// What a round of asking came to.
struct Asked {
    /// `None`: there is none that can be told.
    link: Option<Secret<String>>,
    expires_at: Timestamp,
    again: bool,
    /// `Some`: the last message is too fresh.
    not_before: Option<Timestamp>,
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
        let asked = self.ask(request, now).await?;
        if let Some(not_before) = asked.not_before {
            return Ok(Requested::Spaced { not_before });
        }
        // A row whose text was not opened is decided without one: then there is a new link.
        let link = asked.link.ok_or_else(|| Error::from(ErrorKind::Misuse))?;
        Ok(Requested::Send { link, expires_at: asked.expires_at, again: asked.again })
    }

    /// Asks for a code that a person types. The page keeps the ticket, the phone is sent the code; each is worth nothing without
    /// the other. They last [`CODE_LASTS`](crate::CODE_LASTS) at most, and are spaced and sent again as links are.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub async fn request_code(
        &self,
        request: &CheckwordRequest,
        now: Timestamp,
    ) -> Result<CodeRequested, Failure<Problem>> {
        let asked = self.ask(&request.clone().as_code(), now).await?;
        let ticket = match asked.link {
            Some(link) => link,
            None => SecretText::make(&*self.entropy, request.purpose, self.ring.current(KeyPurpose::Digest))
                .map_err(Error::from)?
                .render(),
        };
        let code = match asked.not_before {
            Some(_) => None,
            // EXPOSE: the code that belongs to it is made of it.
            None => code_of(&self.ring, ticket.expose(), request.purpose),
        };
        let message = code.map(|code| CodeMessage { code, expires_at: asked.expires_at, again: asked.again });
        Ok(CodeRequested { ticket, message })
    }

    /// Lands what a request comes to.
    async fn ask(&self, request: &CheckwordRequest, now: Timestamp) -> Result<Asked, Failure<Problem>> {
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
            let (link, expires_at, writes, again, not_before) =
                match decide::request(&self.policy, request, newest.as_ref(), &made, now) {
                    Wanted::New { checkword, writes } => {
                        (Some(link), checkword.expires_at, writes, false, None)
                    }
                    Wanted::Again { checkword, writes } => (before, checkword.expires_at, writes, true, None),
                    Wanted::Spaced { not_before, writes } => {
                        // Of something else it is none of theirs.
                        let live = newest
                            .filter(|row| row.is_live(now) && row.is_code && row.bound == request.bound());
                        let link = before.filter(|_| live.is_some());
                        (link, live.map_or(now, |row| row.expires_at), writes, true, Some(not_before))
                    }
                };
            let asked = Asked { link, expires_at, again, not_before };
            // What lands of a message that is too fresh never refuses.
            if writes.is_empty() || self.land(made.batch, writes, now).await?.is_none() {
                return Ok(asked);
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

    /// Uses a code up that a person typed: a try is taken durably before it is looked at, at most
    /// [`TRIES_PER_CODE`](crate::TRIES_PER_CODE) of this one and [`TRIES_PER_DAY`](crate::TRIES_PER_DAY) of all of its slot.
    ///
    /// # Errors
    ///
    /// As [`redeem`](Self::redeem); [`Problem::CodeWrong`], [`Problem::CodeSpent`], [`Problem::CodeWait`].
    pub async fn redeem_code(
        &self,
        ticket: &str,
        typed: &str,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<RedeemedCheckword, Failure<Problem>> {
        let digest = read_link(&self.ring, ticket, purpose).map_err(Failure::Refused)?;
        for _ in 0..ROUNDS {
            let found = self.store.found(digest).await?;
            let batch = BatchId::make(&*self.entropy, now)?;
            let taken = decide::take_try(found.as_ref(), purpose, batch, now).map_err(Failure::Refused)?;
            if self.land(batch, vec![taken.write], now).await?.is_some() {
                continue;
            }
            if !is_code_of(&self.ring, ticket, purpose, typed) {
                return Err(Failure::Refused(Problem::CodeWrong));
            }
            return match taken.ended {
                Some(problem) => Err(Failure::Refused(problem)),
                None => self.redeem(ticket, purpose, Intent::TypedCode, now).await,
            };
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
