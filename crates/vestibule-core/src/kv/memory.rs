//! The in-memory database: the reference.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Action, Applied, Expect, Key, Kv, Op, Partition, Versioned};
use crate::{BatchId, StoreError};

/// A key-value database in a map. It forgets everything when it is dropped; share it by `Arc`.
#[derive(Debug, Default)]
pub struct MemoryKv(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    rows: BTreeMap<Key, Versioned>,
    counters: BTreeMap<Key, i64>,
    version: u64,
}

impl MemoryKv {
    /// An empty database.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every row, for whoever looks at what really landed (the kit's auditor, the planted-secret search).
    #[must_use]
    pub fn dump(&self) -> Vec<(Key, Vec<u8>)> {
        self.lock().rows.iter().map(|(key, row)| (key.clone(), row.value.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        // No code that holds the lock can leave the tables half-changed: a poisoned lock is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kv for MemoryKv {
    async fn get(&self, keys: Vec<Key>) -> Result<Vec<Option<Versioned>>, StoreError> {
        let tables = self.lock();
        Ok(keys.iter().map(|key| tables.rows.get(key).cloned()).collect())
    }

    async fn list(
        &self,
        partition: Partition,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Versioned)>, StoreError> {
        let tables = self.lock();
        let first = Key::new(partition.clone(), after.as_deref().unwrap_or_default());
        Ok(tables
            .rows
            .range(first..)
            .take_while(|(key, _)| *key.partition() == partition)
            .filter(|(key, _)| after.as_deref().is_none_or(|after| key.sort() > after))
            .take(limit)
            .map(|(key, row)| (key.sort().to_vec(), row.clone()))
            .collect())
    }

    async fn apply(&self, _batch: BatchId, ops: Vec<Op>) -> Result<Applied, StoreError> {
        let mut tables = self.lock();
        let holds = ops.iter().all(|op| match (op.expect, tables.rows.get(&op.key)) {
            (Expect::Absent, None) | (Expect::Present, Some(_)) => true,
            (Expect::Version(expected), Some(row)) => row.version == expected,
            (Expect::Absent, Some(_)) | (Expect::Present | Expect::Version(_), None) => false,
        });
        if !holds {
            return Ok(Applied::Nothing);
        }
        for op in ops {
            match op.action {
                Action::Check => {}
                Action::Delete => {
                    tables.rows.remove(&op.key);
                }
                Action::Put(value) => {
                    tables.version += 1;
                    let version = tables.version;
                    tables.rows.insert(op.key, Versioned { value, version });
                }
            }
        }
        Ok(Applied::All)
    }

    async fn add(&self, key: Key, delta: i64, at_most: Option<i64>) -> Result<Option<i64>, StoreError> {
        let mut tables = self.lock();
        let count = tables.counters.get(&key).copied().unwrap_or(0);
        let sum = count.saturating_add(delta).max(0);
        if at_most.is_some_and(|limit| delta > 0 && sum > limit) {
            return Ok(None);
        }
        if sum != count {
            tables.counters.insert(key, sum);
        }
        Ok(Some(sum))
    }
}

impl<T: Kv> Kv for std::sync::Arc<T> {
    async fn get(&self, keys: Vec<Key>) -> Result<Vec<Option<Versioned>>, StoreError> {
        (**self).get(keys).await
    }

    async fn list(
        &self,
        partition: Partition,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Versioned)>, StoreError> {
        (**self).list(partition, after, limit).await
    }

    async fn apply(&self, batch: BatchId, ops: Vec<Op>) -> Result<Applied, StoreError> {
        (**self).apply(batch, ops).await
    }

    async fn add(&self, key: Key, delta: i64, at_most: Option<i64>) -> Result<Option<i64>, StoreError> {
        (**self).add(key, delta, at_most).await
    }
}
