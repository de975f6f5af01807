//! S-3, S-6: a refusal is of rows that stood at one instant.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use vestibule_core::kv::{Applied, Key, Kv, KvStore, MemoryKv, Op, Partition, Versioned};
use vestibule_core::{Batch, BatchId, Commit, Landed, MemoryStore, Realm, StoreError};
use vestibule_profiles::{ProfilesGuard, ProfilesWrite, decide};

use super::{at, block_on, login, person};

/// A database in which this batch lands between the first and the second look at its rows.
struct Between {
    kv: Arc<MemoryKv>,
    batch: Batch<ProfilesWrite>,
    looks: AtomicU32,
}

impl Kv for Between {
    async fn get(&self, keys: Vec<Key>) -> Result<Vec<Option<Versioned>>, StoreError> {
        if self.looks.fetch_add(1, Ordering::SeqCst) == 1 {
            let store = MemoryStore::new(Arc::clone(&self.kv), Realm::default());
            assert_eq!(store.commit(&self.batch).await?, Landed::Applied);
        }
        self.kv.get(keys).await
    }

    async fn list(
        &self,
        partition: Partition,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Versioned)>, StoreError> {
        self.kv.list(partition, after, limit).await
    }

    async fn apply(&self, batch: BatchId, ops: Vec<Op>) -> Result<Applied, StoreError> {
        self.kv.apply(batch, ops).await
    }

    async fn add(&self, key: Key, delta: i64, at_most: Option<i64>) -> Result<Option<i64>, StoreError> {
        self.kv.add(key, delta, at_most).await
    }
}

/// Somebody registers while this batch lands.
fn registers(id: u8, name: &str, lands: Batch<ProfilesWrite>) -> Landed<ProfilesGuard> {
    let kv = Between { kv: Arc::new(MemoryKv::new()), batch: lands, looks: AtomicU32::new(0) };
    block_on(KvStore::new(kv, Realm::default()).commit(&batch(id, name))).unwrap()
}

fn batch(id: u8, name: &str) -> Batch<ProfilesWrite> {
    let writes = decide::register(person(name), vec![login("ada@example.com")], at(5)).unwrap();
    Batch::new(BatchId::from_bytes([id; 16]), at(5), writes).unwrap()
}

#[test]
fn a_batch_that_lands_while_it_is_sent_again_is_not_refused_by_its_own_rows() {
    assert_eq!(registers(1, "ada", batch(1, "ada")), Landed::AlreadyApplied);
}

#[test]
fn of_another_that_lands_meanwhile_the_first_refusal_is_reported() {
    let first = Landed::Refused { position: 0, guard: ProfilesGuard::ProfileFree };
    assert_eq!(registers(2, "ada", batch(1, "ada")), first);
    let second = Landed::Refused { position: 1, guard: ProfilesGuard::IdentifierFree };
    assert_eq!(registers(2, "bob", batch(1, "ada")), second);
}
