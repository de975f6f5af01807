//! Load, decide, commit: verifying the second factor.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use vestibule_core::{
    Batch, BatchId, Commit, Entropy, Error, Failure, KeyRing, Secret, SubjectId, Timestamp, commit_known,
};

use crate::authenticator::Authenticator;
use crate::decide::{self, Stored};
use crate::problem::Problem;
use crate::proof::{FactorProof, ProvenBy};
use crate::recovery::{RecoveryCode, RecoverySheet};
use crate::store::MfaRead;
use crate::totp::TypedCode;
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

/// A recovery code that was used, and the one that takes its place.
#[derive(Debug)]
#[must_use = "the replacement is shown once: nobody can read it again"]
#[expect(clippy::exhaustive_structs, reason = "an answer, taken apart by its callers")]
pub struct Redeemed {
    /// The proof.
    pub proof: FactorProof,
    /// The new code (NIST SP 800-63B-4, 4.2.1.1).
    pub replacement: RecoveryCode,
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

    /// Verifies a typed code against the person's confirmed authenticators: one try, durably taken before anything is
    /// compared, and each step at most once (PR-7).
    ///
    /// What cannot be a code at all costs no try.
    ///
    /// # Errors
    ///
    /// [`Problem::NotEnrolled`], [`Problem::Wrong`], [`Problem::Replayed`], [`Problem::ClockSkew`],
    /// [`Problem::Stopped`].
    pub async fn verify_code(
        &self,
        subject: SubjectId,
        typed: &Secret<String>,
        now: Timestamp,
    ) -> Result<FactorProof, Failure<Problem>> {
        let authenticators = self.store.authenticators(subject).await?;
        if !authenticators.iter().any(Authenticator::is_confirmed) {
            return Err(Failure::Refused(Problem::NotEnrolled));
        }
        let fits = |code: &TypedCode| {
            authenticators.iter().any(|found| found.is_confirmed() && code.fits(found.parameters))
        };
        let code = TypedCode::parse(typed).filter(fits);
        let Some(code) = code else { return Err(Failure::Refused(Problem::Wrong)) };
        let taken = self.take_try(subject, now).await?;
        let accepted = decide::verify(&self.ring, &*self.entropy, &authenticators, &code, taken, now)?;
        let batch = BatchId::make(&*self.entropy, now)?;
        match self.land(batch, accepted.writes, now).await? {
            None => Ok(accepted.proof),
            Some(_) => {
                // Somebody used the step first, or removed the authenticator.
                let again = self.store.authenticators(subject).await?;
                let by = accepted.proof.by();
                let live = again.iter().any(|found| by == ProvenBy::Authenticator(found.id));
                Err(Failure::Refused(if live { Problem::Replayed } else { Problem::Wrong }))
            }
        }
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

    /// Uses a recovery code, once, and puts a new one in its place in the same commit.
    ///
    /// No try is taken: nobody guesses 120 bits, and a stop would only shut out whoever lost their phone (NIST SP
    /// 800-63B-4, 3.1.2.2 asks for a limit below 64 bits).
    ///
    /// # Errors
    ///
    /// [`Problem::NotEnrolled`], [`Problem::RecoveryCodeWrong`], [`Problem::RecoveryCodeSpent`].
    pub async fn redeem(
        &self,
        subject: SubjectId,
        typed: &Secret<String>,
        now: Timestamp,
    ) -> Result<Redeemed, Failure<Problem>> {
        let wrong = || Failure::Refused(Problem::RecoveryCodeWrong);
        let code = RecoveryCode::parse(typed).ok_or_else(wrong)?;
        if !self.is_enrolled(subject).await? {
            return Err(Failure::Refused(Problem::NotEnrolled));
        }
        for _ in 0..ROUNDS {
            let codes = self.store.codes(subject).await?;
            let stored = Stored { subject, authenticators: &[], codes: &codes, tries: None };
            let batch = BatchId::make(&*self.entropy, now)?;
            let (redeemed, write) = decide::redeem(&self.ring, &*self.entropy, stored, &code, (batch, now))?;
            if self.land(batch, vec![write], now).await?.is_none() {
                return Ok(redeemed);
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
