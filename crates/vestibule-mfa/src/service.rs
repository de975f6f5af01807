//! Load, decide, commit: verifying the second factor.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use vestibule_core::{
    Batch, BatchId, Commit, Entropy, Error, Failure, KeyRing, Secret, SubjectId, Timestamp, commit_known,
};

use crate::authenticator::Authenticator;
use crate::decide::{self, Stored};
use crate::factor::{Factor, Judging};
use crate::problem::Problem;
use crate::proof::FactorProof;
use crate::recovery::{RecoveryCode, RecoverySheet};
use crate::store::MfaRead;
use crate::tries::{self, TakenTry};
use crate::write::{MfaGuard, MfaWrite};

/// How often a decision is made again when what it relied on has moved.
pub(crate) const ROUNDS: u32 = 64;

/// The second factor of people on a store of this domain.
pub struct Mfa<S> {
    pub(crate) store: S,
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl<S> fmt::Debug for Mfa<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mfa").field("ring", &self.ring).finish_non_exhaustive()
    }
}

/// That a factor was proven.
#[derive(Debug)]
#[must_use = "the replacement is shown once: nobody can read it again"]
#[non_exhaustive]
pub struct Proven {
    /// The proof.
    pub proof: FactorProof,
    /// A recovery code to be shown once, in the place of the one that was used (NIST SP 800-63B-4, 4.2.1.1).
    pub replacement: Option<RecoveryCode>,
}

impl<S: MfaRead + Commit<MfaWrite>> Mfa<S> {
    /// The second factor on this store.
    pub fn new(store: S, ring: Arc<KeyRing>, entropy: impl Entropy + 'static) -> Self {
        Self { store, ring, entropy: Arc::new(entropy) }
    }

    /// Whether the person has a confirmed authenticator.
    ///
    /// # Errors
    ///
    /// Faults only.
    pub async fn is_enrolled(&self, subject: SubjectId) -> Result<bool, Failure<Problem>> {
        Ok(self.store.authenticators(subject).await?.iter().any(Authenticator::is_confirmed))
    }

    /// Verifies an answer of whatever factor: its try is durably taken before anything is compared, and what it uses up is used
    /// at most once (PR-7).
    ///
    /// What cannot be an answer at all costs no try.
    ///
    /// # Errors
    ///
    /// [`Problem::NotEnrolled`], and what the factor refuses: of codes [`Problem::Wrong`], [`Problem::Replayed`],
    /// [`Problem::ClockSkew`], [`Problem::Stopped`]; of recovery codes [`Problem::RecoveryCodeWrong`],
    /// [`Problem::RecoveryCodeSpent`].
    pub async fn verify(
        &self,
        factor: &dyn Factor,
        subject: SubjectId,
        answer: &Secret<String>,
        now: Timestamp,
    ) -> Result<Proven, Failure<Problem>> {
        let mut authenticators = self.store.authenticators(subject).await?;
        let mut codes = self.store.codes(subject).await?;
        let mut paid = None;
        for _ in 0..ROUNDS {
            let stored = Stored { subject, authenticators: &authenticators, codes: &codes, tries: None };
            factor.can_be(stored, answer).map_err(Failure::Refused)?;
            if factor.costs_a_try() && paid.is_none() {
                paid = Some(self.take_try(subject, now).await?);
            }
            let batch = BatchId::make(&*self.entropy, now)?;
            let judging = Judging::new(&self.ring, &*self.entropy, stored, (batch, now)).paid(paid);
            let judged = factor.judge(judging, answer)?;
            if self.land(batch, judged.writes, now).await?.is_none() {
                return Ok(Proven { proof: judged.proof, replacement: judged.replacement });
            }
            // Somebody was first with the same answer, or what it is an answer of is gone: read again, it says which.
            authenticators = self.store.authenticators(subject).await?;
            codes = self.store.codes(subject).await?;
        }
        Err(busy())
    }

    /// Takes the next try, durably; for flows that verify by [`decide::verify`] and land its writes themselves.
    ///
    /// # Errors
    ///
    /// [`Problem::Stopped`].
    pub async fn take_try(&self, subject: SubjectId, now: Timestamp) -> Result<TakenTry, Failure<Problem>> {
        for _ in 0..ROUNDS {
            let read = self.store.mfa_tries(subject).await?;
            let (taken, write) = tries::take(subject, read.as_ref(), now).map_err(Failure::Refused)?;
            let batch = BatchId::make(&*self.entropy, now)?;
            if self.land(batch, vec![write], now).await?.is_none() {
                return Ok(taken);
            }
        }
        Err(busy())
    }

    /// A new set of recovery codes; all older ones are void from this commit on. Whoever asks must be the person, with
    /// a fresh proof of the factor.
    ///
    /// # Errors
    ///
    /// [`Problem::NotEnrolled`].
    pub async fn regenerate_codes(
        &self,
        subject: SubjectId,
        now: Timestamp,
    ) -> Result<RecoverySheet, Failure<Problem>> {
        for _ in 0..ROUNDS {
            if !self.is_enrolled(subject).await? {
                return Err(Failure::Refused(Problem::NotEnrolled));
            }
            let batch = BatchId::make(&*self.entropy, now)?;
            let codes = self.store.codes(subject).await?;
            let stored = Stored { subject, authenticators: &[], codes: &codes, tries: None };
            let (sheet, writes) = decide::code_set(&self.ring, &*self.entropy, stored, (batch, now))?;
            if self.land(batch, writes, now).await?.is_none() {
                return Ok(sheet);
            }
        }
        Err(busy())
    }

    /// How many live recovery codes the person has: none, or all of them.
    ///
    /// # Errors
    ///
    /// Faults only.
    pub async fn count_codes(&self, subject: SubjectId) -> Result<usize, Failure<Problem>> {
        Ok(self.store.codes(subject).await?.len())
    }

    /// `Some`: the guard that refused.
    pub(crate) async fn land(
        &self,
        batch: BatchId,
        writes: Vec<MfaWrite>,
        now: Timestamp,
    ) -> Result<Option<MfaGuard>, Failure<Problem>> {
        let batch = Batch::new(batch, now, writes)?;
        Ok(commit_known(&self.store, &batch).await?.refused())
    }
}

pub(crate) fn busy() -> Failure<Problem> {
    Failure::Fault(Error::busy(Duration::from_millis(50)))
}
