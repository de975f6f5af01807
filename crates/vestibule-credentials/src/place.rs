//! One reserved computation: what it is asked, what it answers.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

use argon2::Version;
use password_hash::phc::{Output, Salt};
use vestibule_core::{Entropy, EntropyError, KeyPurpose, KeyRing, make_bytes};

use crate::arena::Arena;
use crate::oneshot::{Receiver, oneshot};
use crate::worker::{Permit, Shared};
use crate::{AcceptedPassword, ForeignHash, ForeignHashError, HashParams, PreparedPassword, StoredHash};

/// A place in the pool, good for one computation. Dropped before use, it is free again.
///
/// Each method hands the job to the pool at once and returns a future that only waits. The place then belongs to the
/// job: dropping the future neither stops the computation nor frees the place early, so requests that are given up
/// cannot crowd the pool (ATK-B2).
#[must_use = "a place that is dropped is given back"]
pub struct Place(Permit);

impl Place {
    pub(crate) const fn new(permit: Permit) -> Self {
        Self(permit)
    }

    /// Hashes a password that the policy accepted, with today's cost and pepper.
    pub fn hash(self, password: AcceptedPassword, salt: HashSalt) -> HashAnswer<StoredHash> {
        let params = self.0.shared().config.params();
        self.hash_with(password.into_password(), params, salt)
    }

    /// Hashes a password again that was just verified. The cost is today's, or that of the old hash if higher.
    pub fn rehash(self, proven: ProvenPassword, salt: HashSalt) -> HashAnswer<StoredHash> {
        let params = proven.rehash.unwrap_or(self.0.shared().config.params());
        self.hash_with(proven.password, params, salt)
    }

    fn hash_with(
        self,
        password: PreparedPassword,
        params: HashParams,
        salt: HashSalt,
    ) -> HashAnswer<StoredHash> {
        self.run(move |shared, arena| {
            let recipe = salt.into_recipe(params, &shared.keys)?;
            shared.hash(arena, recipe, &password)
        })
    }

    /// Verifies a password. Whatever the verification is, exactly one hash is computed (ATK-A2).
    pub fn verify(self, password: PreparedPassword, against: Verification) -> HashAnswer<PasswordVerdict> {
        self.run(move |shared, arena| {
            let (right, rehash) = match &against {
                Verification::Stored(stored) => {
                    (shared.verify(arena, stored, &password)?, shared.rehash_params(stored))
                }
                Verification::Foreign(foreign) => {
                    (shared.verify_foreign(foreign, &password)?, Some(shared.config.params()))
                }
                Verification::Decoy => {
                    shared.verify_decoy(arena, &password)?;
                    (false, None)
                }
            };
            Ok(if right {
                PasswordVerdict::Right(ProvenPassword { password, rehash })
            } else {
                PasswordVerdict::Wrong
            })
        })
    }

    fn run<T, F>(self, work: F) -> HashAnswer<T>
    where
        T: Send + 'static,
        F: FnOnce(&Shared, &mut Arena) -> Result<T, HashError> + Send + 'static,
    {
        let (sender, receiver) = oneshot();
        let shared = Arc::clone(self.0.shared());
        let permit = self.0;
        let job = Box::new(move |arena: &mut Arena| {
            // Locals are dropped in reverse: also when the work panics, the place is free before the answer is known.
            let (sender, permit) = (sender, permit);
            let answer = work(permit.shared(), arena);
            drop(permit);
            sender.send(answer);
        });
        let stopped = shared.push(job).is_err();
        HashAnswer { receiver, stopped }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place(..)")
    }
}

/// What a password is compared with; see [`HashPool::read`](crate::HashPool::read).
#[derive(Debug)]
#[non_exhaustive]
pub enum Verification {
    /// There is nothing to compare with (nobody of that name, or nobody with a password): computed with today's
    /// cost, and always wrong.
    Decoy,
    /// A hash of another scheme.
    Foreign(ForeignStored),
    /// A hash of ours, or a plain Argon2id one.
    Stored(StoredHash),
}

/// A stored hash of a foreign scheme, with the scheme that recognised it.
#[derive(Clone)]
pub struct ForeignStored {
    pub(crate) scheme: Arc<dyn ForeignHash>,
    pub(crate) text: String,
}

impl ForeignStored {
    /// The name of the scheme.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        self.scheme.scheme()
    }
}

impl fmt::Debug for ForeignStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignStored").field("scheme", &self.scheme()).finish_non_exhaustive()
    }
}

/// What a verification found.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "right or wrong: there is no third")]
pub enum PasswordVerdict {
    /// The password is the one.
    Right(ProvenPassword),
    /// It is not.
    Wrong,
}

/// A password that a verification found right, ready to be hashed again. Only the pool makes it.
///
/// It proves nothing about a person: the verification does not know whose hash it was. Nobody else makes one:
///
/// ```compile_fail,E0451
/// # fn f(password: vestibule_credentials::PreparedPassword) {
/// let forged = vestibule_credentials::ProvenPassword { password, rehash: None };
/// # }
/// ```
pub struct ProvenPassword {
    password: PreparedPassword,
    rehash: Option<HashParams>,
}

impl ProvenPassword {
    /// Whether the stored hash should be replaced by [`Place::rehash`].
    #[must_use]
    pub const fn needs_rehash(&self) -> bool {
        self.rehash.is_some()
    }

    /// The password.
    #[must_use]
    pub const fn password(&self) -> &PreparedPassword {
        &self.password
    }
}

impl fmt::Debug for ProvenPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvenPassword").field("needs_rehash", &self.needs_rehash()).finish_non_exhaustive()
    }
}

/// The salt of one new hash. It is drawn before the job enters the pool, so that a failing source of randomness is
/// the request's failure and a test's draws come in order.
pub struct HashSalt([u8; 16]);

impl HashSalt {
    /// Draws a salt of 128 bits.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when the source fails; there is no other salt then (FLT-X29).
    pub fn make(entropy: &(impl Entropy + ?Sized)) -> Result<Self, EntropyError> {
        make_bytes(entropy).map(Self)
    }

    /// A hash that is still to be computed, under the current pepper.
    pub(crate) fn into_recipe(self, params: HashParams, keys: &KeyRing) -> Result<StoredHash, HashError> {
        Ok(StoredHash {
            pepper: Some(keys.current(KeyPurpose::Pepper)),
            preparation: PreparedPassword::VERSION,
            version: Version::V0x13,
            memory_kib: params.memory_kib(),
            passes: params.passes(),
            lanes: 1,
            salt: Salt::new(&self.0).map_err(|_| HashError::Failed)?,
            hash: Output::new(&[0; 32]).map_err(|_| HashError::Failed)?,
        })
    }
}

impl fmt::Debug for HashSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashSalt(..)")
    }
}

/// Waits for a computation that is on its way. Dropping it changes nothing but that nobody hears the answer.
#[must_use = "the computation runs, but nobody hears its answer"]
pub struct HashAnswer<T> {
    receiver: Receiver<Result<T, HashError>>,
    stopped: bool,
}

impl<T> Future for HashAnswer<T> {
    type Output = Result<T, HashError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let gone = if self.stopped { HashError::Stopped } else { HashError::Failed };
        Pin::new(&mut self.receiver).poll(context).map(|answer| answer.unwrap_or(Err(gone)))
    }
}

impl<T> fmt::Debug for HashAnswer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashAnswer(..)")
    }
}

/// Why a computation has no result. None of them means that the password is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// The computation panicked. The pool is whole; trying again is reasonable.
    #[error("the computation of a password hash failed")]
    Failed,
    /// The foreign scheme could not verify.
    #[error("a foreign hash could not be verified")]
    Foreign(#[source] ForeignHashError),
    /// The pepper the hash was made with is not in the key ring (FLT-X40).
    #[error("the pepper key of a stored hash is not in the key ring")]
    PepperMissing,
    /// The pool was stopped.
    #[error("the password pool was stopped")]
    Stopped,
    /// The stored hash names more memory or work than the pool was laid out for.
    #[error("a stored hash costs more than the password pool allows")]
    TooCostly,
}
