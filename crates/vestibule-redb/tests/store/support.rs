//! Rows of no domain, put by themselves.

use tempfile::TempDir;
use vestibule_conformance::block_on;
use vestibule_core::kv::{Action, Applied, Expect, Key, Kv, Op, Partition};
use vestibule_core::{BatchId, Realm, StoreError};
use vestibule_redb::{RedbKv, RedbStore, create};

pub(crate) fn store(folder: &TempDir) -> RedbStore {
    create(folder.path().join("people.redb"), Realm::default()).unwrap()
}

pub(crate) fn key(number: u8) -> Key {
    Key::new(Partition::new("test", &[]), &[number])
}

pub(crate) fn put(number: u8, expect: Expect, value: &[u8]) -> Op {
    Op { key: key(number), expect, action: Action::Put(value.to_vec()) }
}

pub(crate) fn apply(kv: &RedbKv, ops: Vec<Op>) -> Result<Applied, StoreError> {
    block_on(kv.apply(BatchId::from_bytes([1; 16]), ops))
}

pub(crate) fn value(kv: &RedbKv, number: u8) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
    let found = block_on(kv.get(vec![key(number)]))?.remove(0);
    Ok(found.map(|row| (row.value, row.version)))
}
