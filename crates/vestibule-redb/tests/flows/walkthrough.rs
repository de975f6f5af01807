//! The walkthrough on a redb file is the walkthrough in memory, byte for byte, and within the limits.

use std::sync::Arc;

use vestibule_conformance::walkthrough::{Options, play};
use vestibule_core::MemoryStore;
use vestibule_credentials::HashParams;
use vestibule_kv::{MAX_BATCH_BYTES, MAX_OPS};

use crate::ground::ground;
use crate::world::block_on;

#[test]
fn the_walkthrough_is_the_same_on_a_file_and_in_memory_and_within_the_limits() {
    let options = Options::new().hashing(HashParams::danger_weak_for_tests());
    let (mut memory, mut file) = (Vec::new(), Vec::new());
    let told = block_on(play(MemoryStore::in_memory(), &options, |scene| {
        memory.push(scene.to_json().unwrap());
    }));
    assert!(told.unwrap().played > 0);
    let (store, _keep) = ground();
    let record = Arc::clone(store.kv().record());
    let told = block_on(play(store, &options, |scene| file.push(scene.to_json().unwrap())));
    assert_eq!(file, memory);

    assert_eq!(record.violated(), None);
    let largest = record.largest();
    println!(
        "largest batch: {} of {MAX_OPS} operations, {} of {MAX_BATCH_BYTES} bytes",
        largest.ops, largest.bytes
    );
    assert!(largest.ops > 1 && largest.bytes > 1);
    assert!(told.unwrap().is_ok(), "every scene ends as expected");
}
