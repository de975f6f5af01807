//! What is lost after the commit of a sign-in undoes nothing of it.

use std::sync::Arc;

use vestibule::{SignIn, SignInRequest, Vestibule};
use vestibule_conformance::{Call, Hook, Hooked};
use vestibule_core::{KeyId, KeyPurpose, KeyRing, Secret, StoreError, StoreErrorKind};
use vestibule_credentials::{HashParams, HashPoolConfig};

use crate::world::{ADA, RIGHT, World, block_on};

/// The windows of a success cannot be given back.
struct KeepsWindows;

impl Hook for KeepsWindows {
    fn before(&self, call: Call) -> Result<(), StoreError> {
        match call {
            Call::Windows("give_back") => Err(StoreErrorKind::Unavailable.into()),
            _ => Ok(()),
        }
    }

    fn after(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }
}

#[test]
fn a_sign_in_whose_windows_were_not_given_back_hands_out_its_session() {
    let (world, ada) = World::with_ada();
    let mut ring = KeyRing::builder();
    for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
        ring = ring.current(purpose, KeyId::parse("k1").unwrap(), Secret::new([7; 32]));
    }
    let vestibule = Vestibule::builder()
        .store(Hooked::new(world.store.clone(), Arc::new(KeepsWindows)))
        .keys(ring.build().unwrap())
        .hashing(HashPoolConfig::new(HashParams::danger_weak_for_tests(), 1))
        .clock(Arc::clone(&world.clock))
        .build()
        .unwrap();
    let SignIn::SignedIn(signed_in) = block_on(vestibule.sign_in(SignInRequest::new(ADA, RIGHT))).unwrap()
    else {
        panic!("no session")
    };
    assert_eq!(block_on(vestibule.authenticate(&signed_in.token)).unwrap().subject(), ada);
}
