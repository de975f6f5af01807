//! Answers that are lost, and databases that fail.

#![cfg(test)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use common::*;
use vestibule_core::kv::{Action, Applied, Expect, Key, Kv, KvStore, MemoryKv, Op, Partition, Versioned};
use vestibule_core::{
    BatchId, ErrorKind, Failure, Realm, StoreError, StoreErrorKind, SubjectId, SystemEntropy,
};
use vestibule_sessions::Sessions;
use vestibule_sessions::decide::{OpenRequest, ReissueRequest};

const SOUND: u8 = 0;
/// The next commit is applied and its answer lost.
const LOSES_ONE: u8 = 1;
/// No commit is applied.
const READ_ONLY: u8 = 2;

#[derive(Default)]
struct Troubled {
    inner: MemoryKv,
    trouble: AtomicU8,
}

impl Kv for Troubled {
    async fn get(&self, keys: Vec<Key>) -> Result<Vec<Option<Versioned>>, StoreError> {
        self.inner.get(keys).await
    }

    async fn list(
        &self,
        partition: Partition,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Versioned)>, StoreError> {
        self.inner.list(partition, after, limit).await
    }

    async fn apply(&self, batch: BatchId, ops: Vec<Op>) -> Result<Applied, StoreError> {
        if self.trouble.load(Ordering::SeqCst) == READ_ONLY {
            return Err(StoreErrorKind::ReadOnly.into());
        }
        let applied = self.inner.apply(batch, ops).await?;
        if self.trouble.swap(SOUND, Ordering::SeqCst) == LOSES_ONE {
            return Err(StoreErrorKind::OutcomeUnknown.into());
        }
        Ok(applied)
    }

    async fn add(&self, key: Key, delta: i64, at_most: Option<i64>) -> Result<Option<i64>, StoreError> {
        self.inner.add(key, delta, at_most).await
    }
}

fn troubled() -> (Arc<Troubled>, Sessions<KvStore<Arc<Troubled>>>) {
    let kv = Arc::new(Troubled::default());
    let store = KvStore::new(Arc::clone(&kv), Realm::default());
    (kv, Sessions::new(store, ring(), SystemEntropy))
}

#[test]
fn a_lost_answer_is_the_success_it_was() {
    let (kv, node) = troubled();
    let lose = || kv.trouble.store(LOSES_ONE, Ordering::SeqCst);
    block_on(async {
        lose();
        let new = node.open(&request(NOW), NOW).await.unwrap();
        assert_eq!(kv.inner.dump().len(), 2, "one session, not two");
        let found = node.find(&text(&new)).await.unwrap();
        let used = node.validate(found, &standing(), NOW).await.unwrap();
        lose();
        let new = node.reissue(&used, &ReissueRequest::new(EPOCH), NOW).await.unwrap();
        assert!(node.find(&text(&new)).await.is_ok());
        lose();
        node.end(ada(), new.session.handle, NOW).await.unwrap();
        assert!(kv.inner.dump().is_empty());
    });
}

#[test]
fn a_database_that_cannot_be_written_keeps_sessions_and_opens_none() {
    let (kv, node) = troubled();
    block_on(async {
        let new = node.open(&request(NOW), NOW).await.unwrap();
        kv.trouble.store(READ_ONLY, Ordering::SeqCst);
        let later = NOW.plus(new.session.idle / 2);
        let found = node.find(&text(&new)).await.unwrap();
        let used = node.validate(found, &standing(), later).await.unwrap();
        assert!(used.touch.is_some(), "the use is still to be noted");
        assert_eq!(used.session.last_used_at, NOW);
        let fault = node.open(&request(later), later).await.unwrap_err();
        assert!(matches!(fault, Failure::Fault(error) if error.kind() == ErrorKind::Store));
    });
}

#[test]
fn a_corrupt_row_is_a_fault_of_that_person_alone() {
    let (kv, node) = troubled();
    block_on(async {
        let new = node.open(&request(NOW), NOW).await.unwrap();
        let bob = SubjectId::from(43);
        let proven = password(NOW).into();
        let other = OpenRequest::new(bob, EPOCH, proven);
        let other = node.open(&other, NOW).await.unwrap();
        corrupt(&kv.inner, new.session.slot);
        let fault = node.find(&text(&new)).await.unwrap_err();
        assert!(matches!(fault, Failure::Fault(error) if error.kind() == ErrorKind::Corrupt));
        assert!(node.find(&text(&other)).await.is_ok());
    });
}

/// Cuts the last byte of Ada's row.
fn corrupt(kv: &MemoryKv, slot: u16) {
    let ada = ada();
    let named = |key: &Key| {
        let partition = key.partition().as_bytes();
        key.sort() == slot.to_be_bytes() && partition.windows(8).any(|window| window == ada.as_bytes())
    };
    let (key, mut row) = kv.dump().into_iter().find(|(key, _)| named(key)).unwrap();
    row.pop();
    let op = Op { key, expect: Expect::Present, action: Action::Put(row) };
    assert_eq!(block_on(kv.apply(BatchId::from_bytes([0; 16]), vec![op])).unwrap(), Applied::All);
}
