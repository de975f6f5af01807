//! The bounded pool in which every password is hashed.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use vestibule_core::{Entropy, EntropyError, KeyRing};

use crate::arena::Arena;
use crate::worker::Shared;
use crate::{
    ForeignHash, ForeignStored, HashError, HashParams, HashSalt, Place, StoredHash, StoredHashError,
    Verification,
};

/// How a [`HashPool`] is laid out.
///
/// # Example
///
/// ```
/// use vestibule_credentials::{HashParams, HashPoolConfig};
///
/// // At most 4 x 100 MiB, because imported hashes were made with that much.
/// let config = HashPoolConfig::new(HashParams::default(), 4).with_queue(200).with_largest_memory_kib(102_400);
/// ```
#[derive(Clone)]
pub struct HashPoolConfig {
    params: HashParams,
    pub(crate) workers: usize,
    pub(crate) queue: usize,
    largest_memory_kib: u32,
    largest_work: u64,
    retry_after: Duration,
    foreign: Vec<Arc<dyn ForeignHash>>,
}

impl HashPoolConfig {
    /// Takes the cost of new hashes and the number of threads, which is the number of hashes computed at a time. A
    /// good number is that of the cores; the memory is threads times memory per hash, allocated at the start.
    ///
    /// The rest: 32 places in the queue per worker, no stored hash larger than `params`, none with more than 16
    /// times the work, `Busy` for one second, no foreign scheme.
    #[must_use]
    pub const fn new(params: HashParams, workers: usize) -> Self {
        Self {
            params,
            workers,
            queue: workers.saturating_mul(32),
            largest_memory_kib: params.memory_kib(),
            largest_work: params.work().saturating_mul(16),
            retry_after: Duration::from_secs(1),
            foreign: Vec::new(),
        }
    }

    /// Sets how many jobs may wait beyond those being computed.
    #[must_use]
    pub const fn with_queue(mut self, places: usize) -> Self {
        self.queue = places;
        self
    }

    /// Sets the most memory a stored hash may name. Every worker holds that much; it is never less than that of
    /// the params.
    #[must_use]
    pub fn with_largest_memory_kib(mut self, memory_kib: u32) -> Self {
        self.largest_memory_kib = memory_kib.clamp(self.params.memory_kib(), HashParams::MAX_MEMORY_KIB);
        self
    }

    /// Sets the most work (memory in KiB times passes) a stored hash may name; never less than that of the params.
    #[must_use]
    pub fn with_largest_work(mut self, work: u64) -> Self {
        self.largest_work = work.clamp(self.params.work(), HashParams::MAX_WORK);
        self
    }

    /// Sets what [`Busy`] tells.
    #[must_use]
    pub const fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = retry_after;
        self
    }

    /// Adds a scheme of another system. They are asked in this order.
    #[must_use]
    pub fn with_foreign(mut self, scheme: impl ForeignHash + 'static) -> Self {
        self.foreign.push(Arc::new(scheme));
        self
    }

    /// The cost of new hashes.
    #[must_use]
    pub const fn params(&self) -> HashParams {
        self.params
    }

    pub(crate) const fn largest_memory_kib(&self) -> u32 {
        self.largest_memory_kib
    }

    pub(crate) const fn largest_work(&self) -> u64 {
        self.largest_work
    }
}

impl fmt::Debug for HashPoolConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let foreign: Vec<_> = self.foreign.iter().map(|scheme| scheme.scheme()).collect();
        f.debug_struct("HashPoolConfig")
            .field("params", &self.params)
            .field("workers", &self.workers)
            .field("queue", &self.queue)
            .field("largest_memory_kib", &self.largest_memory_kib)
            .field("largest_work", &self.largest_work)
            .field("retry_after", &self.retry_after)
            .field("foreign", &foreign)
            .finish()
    }
}

/// A fixed number of threads that hash passwords, each in memory of its own, and a queue with an end (ATK-B2).
///
/// It runs beside any executor or none: what it gives are plain futures. Memory is allocated at the start and wiped
/// after every computation. A panic in a computation is an answer to that one request; the thread goes on (FLT-X41).
///
/// Dropping the pool lets the jobs that wait finish, and joins its threads.
#[derive(Debug)]
pub struct HashPool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("config", &self.config)
            .field("taken", &self.taken())
            .finish_non_exhaustive()
    }
}

impl HashPool {
    /// Allocates the memory, starts the threads, and draws the salt of the decoy.
    ///
    /// # Errors
    ///
    /// [`PoolStartError`].
    pub fn start(
        config: HashPoolConfig,
        keys: Arc<KeyRing>,
        entropy: &(impl Entropy + ?Sized),
    ) -> Result<Self, PoolStartError> {
        if config.workers == 0 {
            return Err(PoolStartError::NoWorkers);
        }
        let salt = HashSalt::make(entropy).map_err(PoolStartError::Entropy)?;
        let decoy = salt.into_recipe(config.params, &keys).map_err(|_| PoolStartError::Memory)?;
        let (workers, memory_kib) = (config.workers, config.largest_memory_kib);
        let arenas = (0..workers).map(|_| Arena::allocate(memory_kib));
        let arenas: Vec<Arena> = arenas.collect::<Result<_, _>>().map_err(|_| PoolStartError::Memory)?;
        // Built before its threads: when one cannot be started, dropping it stops those that were.
        let mut pool = Self { shared: Arc::new(Shared::new(config, keys, decoy)), threads: Vec::new() };
        for (number, arena) in arenas.into_iter().enumerate() {
            let shared = Arc::clone(&pool.shared);
            let thread = thread::Builder::new()
                .name(format!("vestibule-hash-{number}"))
                .spawn(move || shared.work(arena))
                .map_err(PoolStartError::Thread)?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Reserves a place for one computation. Do it before anything is debited: a person who is told [`Busy`] has
    /// lost no try.
    ///
    /// # Errors
    ///
    /// [`Busy`] when every place is taken.
    pub fn reserve(&self) -> Result<Place, Busy> {
        let permit = self.shared.take().ok_or(Busy { retry_after: self.shared.config.retry_after })?;
        Ok(Place::new(permit))
    }

    /// Reads what a row holds: a hash of ours, or one of a configured foreign scheme.
    ///
    /// Whoever cannot read the row still spends one computation, on [`Verification::Decoy`], before reporting it.
    ///
    /// # Errors
    ///
    /// [`StoredHashError`]; never a wrong password.
    pub fn read(&self, text: &str) -> Result<Verification, StoredHashError> {
        match StoredHash::parse(text) {
            Ok(stored) => Ok(Verification::Stored(stored)),
            // Longer than any of ours may still be another scheme's.
            Err(error @ (StoredHashError::UnknownFormat | StoredHashError::TooLong)) => {
                let scheme =
                    self.shared.config.foreign.iter().find(|scheme| scheme.recognises(text)).ok_or(error)?;
                let foreign = ForeignStored { scheme: Arc::clone(scheme), text: text.into() };
                Ok(Verification::Foreign(foreign))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether this pool could verify what a row would hold: the form, the ceilings, the pepper; nothing is computed.
    /// Whoever imports a hash asks before it is stored, so that nobody finds out at a sign-in.
    ///
    /// # Errors
    ///
    /// [`UnusableHash`].
    pub fn check(&self, text: &str) -> Result<(), UnusableHash> {
        match self.read(text).map_err(UnusableHash::Unreadable)? {
            Verification::Stored(stored) => self.shared.check(&stored).map_err(UnusableHash::Unverifiable),
            Verification::Foreign(foreign) => {
                let checked = foreign.scheme.check(&foreign.text);
                checked.map_err(|error| UnusableHash::Unverifiable(HashError::Foreign(error)))
            }
            Verification::Decoy => Ok(()),
        }
    }

    /// The cost of new hashes.
    #[must_use]
    pub fn params(&self) -> HashParams {
        self.shared.config.params
    }

    /// How many hashes were computed since the start, of any kind. Every sign-in moves it by exactly one (ATK-A2).
    #[must_use]
    pub fn computations(&self) -> u64 {
        self.shared.computations()
    }

    /// How many places are taken at this moment, by jobs and by reservations.
    #[must_use]
    pub fn places_taken(&self) -> usize {
        self.shared.taken()
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        self.shared.stop();
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing left to stop.
            let _ = thread.join();
        }
    }
}

/// Every place in the pool is taken. Nothing was computed or debited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("every place in the password pool is taken")]
#[non_exhaustive]
pub struct Busy {
    /// When to try again.
    pub retry_after: Duration,
}

/// Why a hash made elsewhere is of no use here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableHash {
    /// It cannot be read.
    #[error("the hash cannot be read")]
    Unreadable(#[source] StoredHashError),
    /// It can be read, and not verified.
    #[error("the hash cannot be verified here")]
    Unverifiable(#[source] HashError),
}

/// Why a pool cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoolStartError {
    /// The salt of the decoy could not be drawn (FLT-X29).
    #[error("the salt of the decoy could not be drawn")]
    Entropy(#[source] EntropyError),
    /// There is not enough memory for every worker.
    #[error("the memory of the password pool could not be allocated")]
    Memory,
    /// Zero workers never finish.
    #[error("a password pool needs at least one worker")]
    NoWorkers,
    /// The operating system gave no thread.
    #[error("a thread of the password pool could not be started")]
    Thread(#[source] std::io::Error),
}
