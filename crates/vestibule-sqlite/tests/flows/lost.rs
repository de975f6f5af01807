//! What is lost after the commit of a sign-in undoes nothing of it.

use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;

use vestibule::{SignIn, SignInRequest, Vestibule, look_up_case};
use vestibule_conformance::{Call, Hook, Hooked};
use vestibule_core::{AccountId, KeyId, KeyPurpose, KeyRing, Secret, StoreError, StoreErrorKind};
use vestibule_credentials::{HashParams, HashPoolConfig};
use vestibule_sessions::SessionsRead;

use crate::world::{ADA, NEW, RIGHT, World, block_on};

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

/// After so many calls each one fails.
struct Gone(AtomicU32);

impl Hook for Gone {
    fn before(&self, _: Call) -> Result<(), StoreError> {
        let one_less = |left: u32| left.checked_sub(1);
        let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        left.map(|_| ()).map_err(|_| StoreErrorKind::Unavailable.into())
    }

    fn after(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The world's store with something in its way, and the default windows.
pub(crate) fn hooked(world: &World, hook: Arc<impl Hook>) -> Vestibule {
    let mut ring = KeyRing::builder();
    for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
        ring = ring.current(purpose, KeyId::parse("k1").unwrap(), Secret::new([7; 32]));
    }
    Vestibule::builder()
        .store(Hooked::new(world.store.clone(), hook))
        .keys(ring.build().unwrap())
        .hashing(HashPoolConfig::new(HashParams::danger_weak_for_tests(), 1))
        .clock(Arc::clone(&world.clock))
        .build()
        .unwrap()
}

#[test]
fn a_sign_in_whose_windows_were_not_given_back_hands_out_its_session() {
    let (world, ada) = World::with_ada();
    let vestibule = hooked(&world, Arc::new(KeepsWindows));
    let SignIn::SignedIn(signed_in) = block_on(vestibule.sign_in(SignInRequest::new(ADA, RIGHT))).unwrap()
    else {
        panic!("no session")
    };
    assert_eq!(block_on(vestibule.authenticate(&signed_in.token)).unwrap().subject(), ada);
}

/// P2: the session of somebody whom the account does not let in, and the case that says why, land as one.
#[test]
fn a_session_is_never_there_without_its_token_having_been_handed_out() {
    let (world, ada) = World::with_ada();
    let sessions = || block_on(world.store.sessions(ada)).unwrap().len();
    let mut faults = 0;
    for calls in 0.. {
        let before = sessions();
        let mut request = SignInRequest::new(ADA, RIGHT);
        request.account = Some(AccountId::from(404));
        match block_on(hooked(&world, Arc::new(Gone(AtomicU32::new(calls)))).sign_in(request)) {
            Err(failure) => {
                assert!(failure.refused().is_none());
                assert_eq!(sessions(), before, "after {calls} calls there is a session that nobody holds");
                faults += 1;
            }
            Ok(SignIn::SignedIn(signed_in)) => {
                let refusal = signed_in.entered.unwrap().unwrap_err();
                assert_eq!(block_on(look_up_case(&world.store, refusal.case())).unwrap().len(), 1);
                break;
            }
            Ok(_) => panic!("another answer"),
        }
    }
    assert!(faults > 2, "{faults}");
}

/// No account's row can be read.
struct CorruptAccounts(StoreErrorKind);

impl Hook for CorruptAccounts {
    fn before(&self, call: Call) -> Result<(), StoreError> {
        if call == Call::Read("account") { Err(self.0.into()) } else { Ok(()) }
    }

    fn after(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }
}

/// FLT-X37: the names of accounts are words that a password must not be made of, and no more.
#[test]
fn an_account_that_cannot_be_read_keeps_nobody_from_a_new_password() {
    let (world, _) = World::with_ada();
    let _account = world.account(&world.session(ADA), 1);
    let change = |kind| {
        let vestibule = hooked(&world, Arc::new(CorruptAccounts(kind)));
        block_on(vestibule.change_password(&world.session(ADA), RIGHT, NEW))
    };
    assert!(change(StoreErrorKind::Unavailable).is_err_and(|failure| failure.refused().is_none()));
    assert!(change(StoreErrorKind::Corrupt).is_ok());
}
