//! A database that takes nothing beyond the limits, and remembers how near they came.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vestibule_core::kv::{Applied, Key, Kv, Op, Partition, Versioned};
use vestibule_core::{BatchId, StoreError};

use crate::limits::{self, Limit};
use crate::maintain::{Dead, Sweep, Swept};

/// The largest batch that was seen: the most operations and the most bytes, perhaps not of one batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Largest {
    /// The most operations of a batch.
    pub ops: usize,
    /// The most bytes of a batch: partitions, sort bytes and values.
    pub bytes: usize,
}

/// What passed through a [`Limited`] and its clones.
#[derive(Debug, Default)]
pub struct Record(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    largest: Largest,
    violated: Option<Limit>,
}

impl Record {
    /// Nothing seen yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The largest batch within the limits.
    #[must_use]
    pub fn largest(&self) -> Largest {
        self.lock().largest
    }

    /// The first limit that a call would have broken, if one would.
    #[must_use]
    pub fn violated(&self) -> Option<Limit> {
        self.lock().violated
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        // Nothing that holds the lock can leave it half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge<T>(&self, judged: Result<T, Limit>) -> Result<T, StoreError> {
        judged.map_err(|limit| {
            self.lock().violated.get_or_insert(limit);
            limit.into()
        })
    }
}

/// A database that refuses every call beyond the limits of [`Kv`], before it reaches the one beneath.
///
/// A refusal is an error of kind `Backend` with a [`Limit`] as its source, and is kept in the [`Record`], so that a test
/// can assert that there was none. Clones share the record.
#[derive(Debug, Clone)]
pub struct Limited<K> {
    inner: K,
    record: Arc<Record>,
}

impl<K> Limited<K> {
    /// This database, with a record of its own.
    #[must_use]
    pub fn new(inner: K) -> Self {
        Self::recording(inner, Arc::default())
    }

    /// This database, with a record that others share.
    #[must_use]
    pub const fn recording(inner: K, record: Arc<Record>) -> Self {
        Self { inner, record }
    }

    /// The database beneath.
    #[must_use]
    pub const fn inner(&self) -> &K {
        &self.inner
    }

    /// What was seen.
    #[must_use]
    pub const fn record(&self) -> &Arc<Record> {
        &self.record
    }
}

impl<K: Kv> Kv for Limited<K> {
    async fn get(&self, keys: Vec<Key>) -> Result<Vec<Option<Versioned>>, StoreError> {
        self.record.judge(limits::keys(&keys))?;
        self.inner.get(keys).await
    }

    async fn list(
        &self,
        partition: Partition,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Versioned)>, StoreError> {
        self.record.judge(limits::page(&partition, after.as_deref(), limit))?;
        self.inner.list(partition, after, limit).await
    }

    async fn apply(&self, batch: BatchId, ops: Vec<Op>) -> Result<Applied, StoreError> {
        let bytes = self.record.judge(limits::batch(&ops))?;
        {
            let largest = &mut self.record.lock().largest;
            largest.ops = largest.ops.max(ops.len());
            largest.bytes = largest.bytes.max(bytes);
        }
        self.inner.apply(batch, ops).await
    }

    async fn add(&self, key: Key, delta: i64, at_most: Option<i64>) -> Result<Option<i64>, StoreError> {
        self.record.judge(limits::key(&key))?;
        self.inner.add(key, delta, at_most).await
    }
}

impl<K: Sweep> Sweep for Limited<K> {
    async fn sweep(&self, after: Vec<u8>, limit: usize, dead: Dead) -> Result<Swept, StoreError> {
        self.inner.sweep(after, limit, dead).await
    }
}

#[cfg(test)]
mod tests {
    use core::error::Error;

    use vestibule_conformance::block_on;
    use vestibule_core::StoreErrorKind;
    use vestibule_core::kv::{Action, Expect, MemoryKv};

    use super::*;
    use crate::{MAX_BATCH_BYTES, MAX_OPS, MAX_PAGE, MAX_PARTITION, MAX_SORT};

    fn database() -> Limited<MemoryKv> {
        Limited::new(MemoryKv::new())
    }

    /// A partition of exactly this length: the table `t` and one part, each with two bytes of length before it.
    fn partition(length: usize) -> Partition {
        let partition = Partition::new("t", &[&vec![1; length - 5]]);
        assert_eq!(partition.as_bytes().len(), length);
        partition
    }

    fn put(key: Key, value: usize) -> Op {
        Op { key, expect: Expect::Absent, action: Action::Put(vec![0; value]) }
    }

    fn apply(kv: &impl Kv, ops: Vec<Op>) -> Result<Applied, StoreError> {
        block_on(kv.apply(BatchId::from_bytes([7; 16]), ops))
    }

    fn number(number: usize) -> Key {
        Key::single("t", &[&number.to_be_bytes()])
    }

    /// It was this limit, it is said and remembered, and nothing reached the database.
    fn broke<T: core::fmt::Debug>(kv: &Limited<MemoryKv>, answer: Result<T, StoreError>, limit: Limit) {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Backend);
        assert_eq!(error.source().and_then(|source| source.downcast_ref()), Some(&limit));
        assert_eq!(kv.record().violated(), Some(limit));
        assert!(kv.inner().dump().is_empty());
    }

    #[test]
    fn a_batch_has_at_most_forty_operations() {
        let kv = database();
        broke(&kv, apply(&kv, (0..=MAX_OPS).map(|key| put(number(key), 1)).collect()), Limit::Ops);
        let kv = database();
        assert_eq!(apply(&kv, (0..MAX_OPS).map(|key| put(number(key), 1)).collect()).unwrap(), Applied::All);
        assert_eq!((kv.record().violated(), kv.record().largest().ops), (None, MAX_OPS));
    }

    #[test]
    fn a_batch_has_at_most_256_kib_its_keys_included() {
        let full = |over: usize| {
            let key = Key::new(partition(MAX_PARTITION), &[1; 16]);
            vec![put(key, MAX_BATCH_BYTES - MAX_PARTITION - 16 + over)]
        };
        let kv = database();
        broke(&kv, apply(&kv, full(1)), Limit::BatchBytes);
        let kv = database();
        assert_eq!(apply(&kv, full(0)).unwrap(), Applied::All);
        assert_eq!((kv.record().violated(), kv.record().largest().bytes), (None, MAX_BATCH_BYTES));
    }

    #[test]
    fn no_key_stands_twice() {
        let kv = database();
        let check = Op { key: number(1), expect: Expect::Absent, action: Action::Check };
        broke(&kv, apply(&kv, vec![put(number(1), 1), check]), Limit::KeyTwice);
        let kv = database();
        broke(&kv, block_on(kv.get(vec![number(1), number(2), number(1)])), Limit::KeyTwice);
        let kv = database();
        assert_eq!(block_on(kv.get(vec![number(1), number(2)])).unwrap(), [None, None]);
        assert_eq!(kv.record().violated(), None);
    }

    /// Every call with this key.
    fn every_call(key: &Key, limit: Option<Limit>) {
        let judge = |ask: &dyn Fn(&Limited<MemoryKv>) -> Result<(), StoreError>| {
            let kv = database();
            match limit {
                None => ask(&kv).unwrap(),
                Some(limit) => broke(&kv, ask(&kv), limit),
            }
        };
        let partition = || key.partition().clone();
        judge(&|kv| block_on(kv.get(vec![key.clone()])).map(drop));
        judge(&|kv| block_on(kv.list(partition(), Some(key.sort().to_vec()), 1)).map(drop));
        judge(&|kv| apply(kv, vec![put(key.clone(), 1)]).map(drop));
        judge(&|kv| block_on(kv.add(key.clone(), 1, None)).map(drop));
    }

    #[test]
    fn a_partition_has_at_most_256_bytes() {
        every_call(&Key::new(partition(MAX_PARTITION), &[]), None);
        every_call(&Key::new(partition(MAX_PARTITION + 1), &[]), Some(Limit::Partition));
    }

    #[test]
    fn sort_bytes_are_at_most_256() {
        every_call(&Key::new(partition(9), &[1; MAX_SORT]), None);
        every_call(&Key::new(partition(9), &[1; MAX_SORT + 1]), Some(Limit::Sort));
    }

    #[test]
    fn a_page_has_at_most_a_thousand_rows() {
        let kv = database();
        assert!(block_on(kv.list(partition(9), None, MAX_PAGE)).unwrap().is_empty());
        assert_eq!(kv.record().violated(), None);
        broke(&kv, block_on(kv.list(partition(9), None, MAX_PAGE + 1)), Limit::Page);
    }

    #[test]
    fn clones_share_a_record_and_the_first_violation_stays() {
        let kv = Limited::new(Arc::new(MemoryKv::new()));
        let other = kv.clone();
        assert!(block_on(other.list(partition(9), None, MAX_PAGE + 1)).is_err());
        assert!(block_on(kv.add(Key::new(partition(9), &[1; MAX_SORT + 1]), 1, None)).is_err());
        assert_eq!(kv.record().violated(), Some(Limit::Page));
        assert_eq!(apply(&other, vec![put(number(1), 3)]).unwrap(), Applied::All);
        assert_eq!(
            kv.record().largest(),
            Largest { ops: 1, bytes: number(1).partition().as_bytes().len() + 3 }
        );
    }
}
