//! The walkthrough on a server is the walkthrough in memory, byte for byte.

use vestibule_conformance::walkthrough::{Options, play};
use vestibule_core::MemoryStore;
use vestibule_credentials::HashParams;

use crate::ground::ground;
use crate::world::block_on;

#[test]
fn the_walkthrough_is_the_same_on_a_server_and_in_memory() {
    let options = Options::new().hashing(HashParams::danger_weak_for_tests());
    let (mut memory, mut server) = (Vec::new(), Vec::new());
    let told = block_on(play(MemoryStore::in_memory(), &options, |scene| {
        memory.push(scene.to_json().unwrap());
    }));
    assert!(told.unwrap().is_ok());
    let (store, _keep) = ground();
    let told = block_on(play(store, &options, |scene| server.push(scene.to_json().unwrap())));
    assert!(told.unwrap().is_ok());
    assert_eq!(server, memory);
}
