//! PR-6, where it could be measured: whoever is asked about, the store is called alike.

use std::sync::{Arc, Mutex};

use vestibule::{NewPerson, SignInRequest};
use vestibule_conformance::{Call, Hook};
use vestibule_core::{LoginEmail, StoreError};

use crate::lost::hooked;
use crate::world::{ADA, WRONG, World, block_on, reason};

#[derive(Default)]
struct Recorder(Mutex<Vec<Call>>);

impl Hook for Recorder {
    fn before(&self, call: Call) -> Result<(), StoreError> {
        self.0.lock().unwrap().push(call);
        Ok(())
    }

    fn after(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Every call of a dozen tries in a row, of which the last ones meet the challenge.
fn called(login: &str) -> Vec<(&'static str, Vec<Call>)> {
    let (world, _) = World::with_ada();
    let bare = NewPerson::verified_by_host(LoginEmail::parse("bare@example.com").unwrap());
    block_on(world.vestibule.register_verified(bare)).unwrap();
    let blocked = world.person("blocked@example.com");
    block_on(world.vestibule.block(&reason(), blocked, None)).unwrap();
    let marked = world.person("marked@example.com");
    block_on(world.vestibule.require_password_change(&reason(), marked)).unwrap();
    let recorder = Arc::new(Recorder::default());
    let vestibule = hooked(&world, Arc::clone(&recorder));
    (0..12)
        .map(|_| {
            let failure = block_on(vestibule.sign_in(SignInRequest::new(login, WRONG))).err().unwrap();
            let code = failure.refused().unwrap().public().code;
            (code, std::mem::take(&mut *recorder.0.lock().unwrap()))
        })
        .collect()
}

#[test]
fn pr_6_the_store_is_called_alike_for_everybody_and_nobody() {
    let nobody = called("nobody@example.com");
    assert!(nobody.iter().all(|(_, calls)| calls.len() > 2), "{nobody:?}");
    let codes: std::collections::BTreeSet<_> = nobody.iter().map(|(code, _)| *code).collect();
    assert!(codes.len() > 1, "a window or the challenge was met: {codes:?}");
    for login in [ADA, "bare@example.com", "blocked@example.com", "marked@example.com"] {
        assert_eq!(called(login), nobody, "{login}");
    }
}
