//! The harness of the in-memory reference.

use std::sync::Arc;

use vestibule_core::kv::{Applied, Key, Kv, KvStore, MemoryKv, Op, Partition, Versioned};
use vestibule_core::{BatchId, Realm, StoreError};

use crate::harness::{Harness, HarnessError};

/// A database that lets other threads run between every read and the write that relies on it.
///
/// A store without an await point between the two hardly ever races by itself; under this one its races are real.
#[derive(Debug, Clone)]
pub struct Yielding<K>(K);

impl<K> Yielding<K> {
    /// Slows this database down.
    #[must_use]
    pub const fn new(kv: K) -> Self {
        Self(kv)
    }

    fn pause() {
        for _ in 0..8 {
            std::thread::yield_now();
        }
    }
}

impl<K: Kv> Kv for Yielding<K> {
    async fn get(&self, keys: Vec<Key>) -> Result<Vec<Option<Versioned>>, StoreError> {
        let found = self.0.get(keys).await;
        Self::pause();
        found
    }

    async fn list(
        &self,
        partition: Partition,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Versioned)>, StoreError> {
        self.0.list(partition, after, limit).await
    }

    async fn apply(&self, batch: BatchId, ops: Vec<Op>) -> Result<Applied, StoreError> {
        self.0.apply(batch, ops).await
    }

    async fn add(&self, key: Key, delta: i64, at_most: Option<i64>) -> Result<Option<i64>, StoreError> {
        Self::pause();
        self.0.add(key, delta, at_most).await
    }
}

/// The harness of [`MemoryStore`](vestibule_core::MemoryStore), with every race made real by [`Yielding`].
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct MemoryHarness;

impl MemoryHarness {
    /// The harness.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Harness for MemoryHarness {
    type Store = KvStore<Yielding<Arc<MemoryKv>>>;
    type Guard = Arc<MemoryKv>;

    fn name(&self) -> &'static str {
        "memory"
    }

    async fn fresh(&self, _case: &str) -> Result<(Self::Guard, Self::Store), HarnessError> {
        let kv = Arc::new(MemoryKv::new());
        let store = self.reopen(&kv, &Realm::default()).await?;
        Ok((kv, store))
    }

    async fn reopen(&self, guard: &Self::Guard, realm: &Realm) -> Result<Self::Store, HarnessError> {
        Ok(KvStore::new(Yielding::new(Arc::clone(guard)), realm.clone()))
    }

    fn has_raw_reader(&self) -> bool {
        true
    }

    async fn raw(&self, guard: &Self::Guard) -> Result<Vec<Vec<u8>>, HarnessError> {
        let rows = guard.dump().into_iter();
        Ok(rows.map(|(key, value)| [key.partition().as_bytes(), key.sort(), &value].concat()).collect())
    }
}
