//! Load, decide, commit: passwords for hosts that use this crate alone, and the steps of which the facade makes its own
//! flow.

use core::fmt;
use std::sync::Arc;

use vestibule_core::{
    Batch, BatchId, Commit, Entropy, Error, ErrorKind, Failure, Secret, SubjectId, Timestamp, commit_known,
};

use crate::problem::Problem;
use crate::store::{CredentialsGuard, CredentialsRead, CredentialsWrite, Lane, Password};
use crate::tries::{self, TakenTry};
use crate::{
    AcceptedPassword, Busy, HashError, HashPool, HashSalt, PasswordVerdict, Place, PreparedPassword,
    ProvenPassword, StoredHash, Verification,
};

/// How often a decision is made again when what it relied on has moved.
const ROUNDS: u32 = 64;

/// The person's password was typed, and was right. Only a verification makes it; of which row and by which pool is the
/// caller's word:
///
/// ```compile_fail,E0451
/// use vestibule_core::{SubjectId, Timestamp};
/// use vestibule_credentials::PasswordProof;
///
/// let subject = SubjectId::from(1);
/// let forged = PasswordProof { subject, version: 1, generation: 1, at: Timestamp::EPOCH, must_change: false };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordProof {
    subject: SubjectId,
    version: u64,
    generation: u64,
    at: Timestamp,
    must_change: bool,
}

impl PasswordProof {
    /// Who proved it.
    #[must_use]
    pub const fn subject(&self) -> SubjectId {
        self.subject
    }

    /// The version of the row that was verified.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The generation of the password that was verified.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether it is good for one change only (N2).
    #[must_use]
    pub const fn must_change(&self) -> bool {
        self.must_change
    }

    /// The authentication method (RFC 8176).
    #[must_use]
    pub const fn amr(&self) -> &'static str {
        "pwd"
    }
}

/// What a verification found, with what is needed to record it.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "right or wrong: there is no third")]
pub enum Verified {
    /// The password is the one.
    Right {
        /// The proof.
        proof: PasswordProof,
        /// The password, ready to be hashed anew if it should be.
        password: ProvenPassword,
    },
    /// It is not, or there is none.
    Wrong,
}

/// Computes exactly one hash in a reserved place and says whether the password is the one: against a decoy where
/// there is none, and also where the stored text cannot be read (ATK-A2).
///
/// # Errors
///
/// [`ErrorKind::Corrupt`] when the stored text is no hash that this pool can verify, others when the computation has no
/// result. None of them means that the password is wrong.
pub async fn verify_in(
    pool: &HashPool,
    place: Place,
    stored: Option<&Password>,
    typed: PreparedPassword,
    now: Timestamp,
) -> Result<Verified, Error> {
    let against = match stored.and_then(|stored| stored.hash.as_deref()) {
        None => Verification::Decoy,
        Some(text) => match pool.read(text) {
            Ok(against) => against,
            Err(error) => {
                place.verify(typed, Verification::Decoy).await.map_err(hash_fault)?;
                return Err(Error::new(ErrorKind::Corrupt, error));
            }
        },
    };
    match (place.verify(typed, against).await.map_err(hash_fault)?, stored) {
        (PasswordVerdict::Right(password), Some(stored)) => Ok(Verified::Right {
            proof: PasswordProof {
                subject: stored.subject,
                version: stored.version,
                generation: stored.generation,
                at: now,
                must_change: stored.must_change,
            },
            password,
        }),
        (PasswordVerdict::Right(_), None) | (PasswordVerdict::Wrong, _) => Ok(Verified::Wrong),
    }
}

/// The row of a new password: another generation, so that sessions of the last one end.
#[must_use]
pub fn set(
    subject: SubjectId,
    existing: Option<&Password>,
    hash: &StoredHash,
    batch: BatchId,
    now: Timestamp,
) -> CredentialsWrite {
    put(subject, existing, hash.to_text(), false, batch, now)
}

/// The row of an imported password: the text of whatever scheme, verified by a pool that knows it and replaced on the
/// first success.
#[must_use]
pub fn import(
    subject: SubjectId,
    existing: Option<&Password>,
    text: String,
    must_change: bool,
    batch: BatchId,
    now: Timestamp,
) -> CredentialsWrite {
    put(subject, existing, text, must_change, batch, now)
}

fn put(
    subject: SubjectId,
    existing: Option<&Password>,
    text: String,
    must_change: bool,
    batch: BatchId,
    now: Timestamp,
) -> CredentialsWrite {
    let password = Password {
        subject,
        hash: Some(text),
        version: existing.map_or(1, |row| row.version + 1),
        generation: existing.map_or(1, |row| row.generation + 1),
        set_at: now,
        must_change,
        set_by: batch,
    };
    CredentialsWrite::PutPassword { password, from: existing.map(|row| row.version) }
}

/// The row of the same password hashed anew: another version, the same generation, so that no session ends.
#[must_use]
pub fn rehashed(verified: &Password, hash: &StoredHash, batch: BatchId) -> CredentialsWrite {
    let password = Password {
        hash: Some(hash.to_text()),
        version: verified.version + 1,
        set_by: batch,
        ..verified.clone()
    };
    CredentialsWrite::PutPassword { password, from: Some(verified.version) }
}

/// The row with its mark *must be changed* set: the password is good for one change only (N2).
#[must_use]
pub fn marked_must_change(existing: &Password, batch: BatchId) -> CredentialsWrite {
    let password =
        Password { must_change: true, version: existing.version + 1, set_by: batch, ..existing.clone() };
    CredentialsWrite::PutPassword { password, from: Some(existing.version) }
}

/// A computation without a result, as a fault.
#[must_use]
pub fn hash_fault(error: HashError) -> Error {
    let kind = match error {
        HashError::PepperMissing => ErrorKind::Keys,
        HashError::TooCostly | HashError::Foreign(_) => ErrorKind::Corrupt,
        HashError::Failed | HashError::Stopped => ErrorKind::Busy,
    };
    Error::new(kind, error)
}

impl From<Busy> for Error {
    fn from(busy: Busy) -> Self {
        Self::busy(busy.retry_after)
    }
}

/// Passwords on a store of this domain.
pub struct Passwords<S> {
    store: S,
    pool: Arc<HashPool>,
    entropy: Arc<dyn Entropy>,
}

impl<S> fmt::Debug for Passwords<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("pool", &self.pool).finish_non_exhaustive()
    }
}

impl<S: CredentialsRead + Commit<CredentialsWrite>> Passwords<S> {
    /// Passwords on this store, hashed by this pool.
    pub fn new(store: S, pool: Arc<HashPool>, entropy: impl Entropy + 'static) -> Self {
        Self { store, pool, entropy: Arc::new(entropy) }
    }

    /// Sets a password that the policy accepted, whatever it was before, and lifts a stop.
    ///
    /// # Errors
    ///
    /// [`Failure::Fault`] only; [`ErrorKind::Busy`] when the pool is full.
    pub async fn set(
        &self,
        subject: SubjectId,
        password: AcceptedPassword,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        let place = self.pool.reserve().map_err(Error::from)?;
        let salt = HashSalt::make(&*self.entropy)?;
        let hash = place.hash(password, salt).await.map_err(hash_fault)?;
        for _ in 0..ROUNDS {
            let batch = BatchId::make(&*self.entropy, now)?;
            let existing = self.store.password(subject).await?;
            let writes = vec![
                set(subject, existing.as_ref(), &hash, batch, now),
                CredentialsWrite::ResetTries { subject, lane: Lane::Everybody },
            ];
            if self.land(batch, now, writes).await?.is_none() {
                return Ok(());
            }
        }
        Err(Failure::Fault(Error::busy(core::time::Duration::from_millis(50))))
    }

    /// Verifies a typed password: one place, one try, one hash, whoever it is.
    ///
    /// For somebody unknown, pass a decoy subject (a keyed digest of what was typed): the same rows are read and
    /// written.
    ///
    /// # Errors
    ///
    /// [`Problem::Wrong`], [`Problem::Stopped`]; [`ErrorKind::Busy`] when the pool is full, before anything is
    /// debited.
    pub async fn verify(
        &self,
        subject: SubjectId,
        typed: Secret<String>,
        lane: Lane,
        now: Timestamp,
    ) -> Result<PasswordProof, Failure<Problem>> {
        let typed = PreparedPassword::prepare(typed).map_err(|_| Failure::Refused(Problem::Wrong))?;
        let place = self.pool.reserve().map_err(Error::from)?;
        let stored = self.store.password(subject).await?;
        let taken = self.take_try(subject, lane, now).await?;
        match verify_in(&self.pool, place, stored.as_ref(), typed, now).await? {
            Verified::Wrong => Err(Failure::Refused(Problem::Wrong)),
            Verified::Right { proof, password } => {
                self.settle(taken, stored, proof, password, now).await?;
                Ok(proof)
            }
        }
    }

    /// Takes the next try of a lane, durably.
    ///
    /// # Errors
    ///
    /// [`Problem::Stopped`].
    pub async fn take_try(
        &self,
        subject: SubjectId,
        lane: Lane,
        now: Timestamp,
    ) -> Result<TakenTry, Failure<Problem>> {
        for _ in 0..ROUNDS {
            let read = self.store.tries(subject, lane).await?;
            let (taken, write) = tries::take(subject, lane, read.as_ref(), now).map_err(Failure::Refused)?;
            let batch = BatchId::make(&*self.entropy, now)?;
            if self.land(batch, now, vec![write]).await?.is_none() {
                return Ok(taken);
            }
        }
        Err(Failure::Fault(Error::busy(core::time::Duration::from_millis(50))))
    }

    /// Settles the try. If the password should be hashed anew and the pool has a place, that is part of the commit; a
    /// password that was set meanwhile stays as it is, and the proof is of one that is gone.
    async fn settle(
        &self,
        taken: TakenTry,
        stored: Option<Password>,
        proof: PasswordProof,
        password: ProvenPassword,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        let batch = BatchId::make(&*self.entropy, now)?;
        let subject = proof.subject();
        let mut writes = vec![taken.settle()];
        let place = if password.needs_rehash() { self.pool.reserve().ok() } else { None };
        match (place, &stored) {
            (Some(place), Some(stored)) => {
                let salt = HashSalt::make(&*self.entropy)?;
                let hash = place.rehash(password, salt).await.map_err(hash_fault)?;
                writes.push(rehashed(stored, &hash, batch));
            }
            _ => writes.push(CredentialsWrite::RequirePassword { subject, generation: proof.generation() }),
        }
        match self.land(batch, now, writes).await? {
            None => Ok(()),
            // Hashed anew or set anew by somebody else; only the latter makes the proof stale.
            Some(CredentialsGuard::PasswordVersion) => {
                let current = self.store.password(subject).await?;
                if current.is_none_or(|row| row.generation != proof.generation()) {
                    return Err(Failure::Refused(Problem::Wrong));
                }
                let batch = BatchId::make(&*self.entropy, now)?;
                self.land(batch, now, vec![taken.settle()]).await?;
                Ok(())
            }
            Some(_) => Err(Failure::Refused(Problem::Wrong)),
        }
    }

    async fn land(
        &self,
        id: BatchId,
        now: Timestamp,
        writes: Vec<CredentialsWrite>,
    ) -> Result<Option<CredentialsGuard>, Failure<Problem>> {
        let batch = Batch::new(id, now, writes)?;
        Ok(commit_known(&self.store, &batch).await?.refused())
    }
}
