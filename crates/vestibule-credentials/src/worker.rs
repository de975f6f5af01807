//! What the pool's threads share, and what each of them does.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use vestibule_core::{KeyId, KeyPurpose, KeyRing, Secret};
use zeroize::Zeroizing;

use crate::arena::Arena;
use crate::{ForeignStored, HashError, HashParams, HashPoolConfig, PreparedPassword, StoredHash};

/// One piece of work, with everything it owns: password, place, the end that answers.
pub(crate) type Job = Box<dyn FnOnce(&mut Arena) + Send>;

pub(crate) struct Shared {
    pub(crate) config: HashPoolConfig,
    pub(crate) keys: Arc<KeyRing>,
    /// Computed in the place of a hash that does not exist.
    decoy: StoredHash,
    capacity: usize,
    taken: AtomicUsize,
    computations: AtomicU64,
    queue: Mutex<Queue>,
    changed: Condvar,
}

struct Queue {
    jobs: VecDeque<Job>,
    stopping: bool,
}

impl Shared {
    pub(crate) fn new(config: HashPoolConfig, keys: Arc<KeyRing>, decoy: StoredHash) -> Self {
        let capacity = config.workers.saturating_add(config.queue);
        Self {
            config,
            keys,
            decoy,
            capacity,
            taken: AtomicUsize::new(0),
            computations: AtomicU64::new(0),
            queue: Mutex::new(Queue { jobs: VecDeque::new(), stopping: false }),
            changed: Condvar::new(),
        }
    }

    /// Takes one of the places, if one is free.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Permit> {
        let more = |taken: usize| (taken < self.capacity).then(|| taken.saturating_add(1));
        self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Permit(Arc::clone(self)))
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Acquire)
    }

    pub(crate) fn computations(&self) -> u64 {
        self.computations.load(Ordering::Acquire)
    }

    /// Queues the job. Its place was reserved, so there is room; only a stopping pool gives it back.
    pub(crate) fn push(&self, job: Job) -> Result<(), Job> {
        let mut queue = self.lock();
        if queue.stopping {
            return Err(job);
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.changed.notify_one();
        Ok(())
    }

    /// No job is taken any more; those that wait are still done.
    pub(crate) fn stop(&self) {
        self.lock().stopping = true;
        self.changed.notify_all();
    }

    /// What a thread of the pool does until the pool stops.
    pub(crate) fn work(&self, mut arena: Arena) {
        while let Some(job) = self.next() {
            // The job owns what it touches, and its answer and place are given up while it unwinds: the one thing
            // that lives on is the arena, which is wiped (FLT-X41).
            if catch_unwind(AssertUnwindSafe(|| job(&mut arena))).is_err() {
                arena.wipe();
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            if queue.stopping {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nothing panics while it holds the lock; a poisoned one is as good as new.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a new hash. `recipe` says how; its own hash is replaced.
    pub(crate) fn hash(
        &self,
        arena: &mut Arena,
        mut recipe: StoredHash,
        password: &PreparedPassword,
    ) -> Result<StoredHash, HashError> {
        let pepper = self.pepper(recipe.pepper)?;
        let mut out = Zeroizing::new([0; 32]);
        self.count();
        arena.derive(&recipe, pepper, password, &mut *out).map_err(|_| HashError::TooCostly)?;
        recipe.hash = password_hash::phc::Output::new(&*out).map_err(|_| HashError::Failed)?;
        Ok(recipe)
    }

    /// Whether the pool was laid out for such a hash and has its pepper.
    pub(crate) fn check(&self, stored: &StoredHash) -> Result<(), HashError> {
        self.verifiable(stored).map(|_| ())
    }

    fn verifiable(&self, stored: &StoredHash) -> Result<Option<&Secret<[u8; 32]>>, HashError> {
        if stored.memory_kib() > self.config.largest_memory_kib()
            || stored.work() > self.config.largest_work()
        {
            return Err(HashError::TooCostly);
        }
        self.pepper(stored.pepper)
    }

    /// Whether the password is right.
    pub(crate) fn verify(
        &self,
        arena: &mut Arena,
        stored: &StoredHash,
        password: &PreparedPassword,
    ) -> Result<bool, HashError> {
        let pepper = self.verifiable(stored)?;
        self.count();
        arena.matches(stored, pepper, password).map_err(|_| HashError::TooCostly)
    }

    /// The same work for a hash that does not exist. Nothing is right.
    pub(crate) fn verify_decoy(
        &self,
        arena: &mut Arena,
        password: &PreparedPassword,
    ) -> Result<(), HashError> {
        self.verify(arena, &self.decoy, password).map(|_| ())
    }

    /// Whether the password is right by another system's scheme.
    pub(crate) fn verify_foreign(
        &self,
        stored: &ForeignStored,
        password: &PreparedPassword,
    ) -> Result<bool, HashError> {
        self.count();
        stored.scheme.verify(password.typed(), &stored.text).map_err(HashError::Foreign)
    }

    /// The cost of a new hash for a password that was verified against `stored`, if it needs one.
    pub(crate) fn rehash_params(&self, stored: &StoredHash) -> Option<HashParams> {
        let kept = |params: &HashParams| params.memory_kib() <= self.config.largest_memory_kib();
        let today = self.config.params();
        stored
            .rehash_params(today, self.keys.current(KeyPurpose::Pepper))
            .map(|params| Some(params).filter(kept).unwrap_or(today))
    }

    fn pepper(&self, id: Option<KeyId>) -> Result<Option<&Secret<[u8; 32]>>, HashError> {
        id.map(|id| self.keys.key(KeyPurpose::Pepper, id).map_err(|_| HashError::PepperMissing)).transpose()
    }

    fn count(&self) {
        self.computations.fetch_add(1, Ordering::AcqRel);
    }
}

/// One place. Whoever holds it has room in the pool; dropped, it is free again.
pub(crate) struct Permit(Arc<Shared>);

impl Permit {
    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.0
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::AcqRel);
    }
}
