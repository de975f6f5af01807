//! A command that another one overtakes at any call of its store: what both were answered and what is then stored is what one
//! of them after the other leads to. It is asked of the commands, in memory, where each of these moments can be chosen.

use std::sync::{Arc, Mutex};

use vestibule::Vestibule;
use vestibule_conformance::{Call, Hook, Hooked};
use vestibule_core::{MemoryStore, StoreError};

use crate::acts::{Act, Ready};
use crate::amount::{all, share};
use crate::cast::{Start, deployment, settle};
use crate::ground::block_on;
use crate::raced::{explained, serial};

/// Pairs, and the scene, that no order explained once: they are tried each time.
const ONCE_UNEXPLAINED: [(Start, Act, Act); 13] = [
    (Start::Member, Act::Dismiss, Act::ChangeRole),
    (Start::Factor, Act::Recover, Act::TurnFactorOff),
    (Start::Factor, Act::CompleteSignInByRecoveryCode, Act::TurnFactorOff),
    (Start::Factor, Act::TurnFactorOff, Act::BeginFactorReset),
    (Start::Factor, Act::Block, Act::BeginFactorReset),
    (Start::Factor, Act::ConfirmAuthenticator, Act::BeginFactorReset),
    (Start::Factor, Act::TurnFactorOff, Act::BeginAuthenticator),
    (Start::Factor, Act::ResetFactor, Act::BeginAuthenticator),
    (Start::Factor, Act::KeepFactorByCode, Act::Block),
    (Start::Unproven, Act::BeginFactorResetByTwo, Act::BeginFactorResetByTwo),
    (Start::Member, Act::ConfirmSignUp, Act::ConfirmSignUpWithProvider),
    (Start::SocialOnly, Act::RequestAddress, Act::ConfirmSignUp),
    (Start::SocialOnly, Act::RequestSignUp, Act::ConnectAddress),
];

pub(crate) fn what_no_order_explained_once() {
    for (start, first, second) in ONCE_UNEXPLAINED {
        everywhere(start, first, second).unwrap_or_else(|why| panic!("{why}"));
    }
}

/// Lets every act overtake this one at each of its calls in turn.
pub(crate) fn by_two(first: Act) {
    let own = Act::ALL.iter().position(|act| *act == first).unwrap();
    let mut unexplained = Vec::new();
    for (number, &second) in Act::ALL.iter().enumerate() {
        if all() || (own + number).is_multiple_of(share()) {
            let mut scenes = vec![first.start(), second.start()];
            scenes.dedup();
            unexplained.extend(scenes.into_iter().filter_map(|start| everywhere(start, first, second).err()));
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
}

fn everywhere(start: Start, first: Act, second: Act) -> Result<(), String> {
    let acts = [first, second];
    let serial = serial(start, &acts);
    for calls in 0_u32.. {
        let store = MemoryStore::in_memory();
        let plain = deployment(store.clone());
        let hook = Arc::new(Overtaking(Mutex::new(State::Off)));
        let hooked = deployment(Hooked::new(store.clone(), Arc::clone(&hook)));
        block_on(settle(&plain, start));
        let one = block_on(Ready::make(first, &hooked));
        let other = block_on(Ready::make(second, &plain));
        let (Ok(one), Ok(other)) = (one, other) else { return Ok(()) };
        *hook.0.lock().unwrap() = State::Waits(calls, Box::new((other, plain)));
        let one = format!("{:?}", block_on(one.go(&hooked)));
        let State::Done(other) = &*hook.0.lock().unwrap() else { return Ok(()) };
        explained(&acts, &[one, other.clone()], &store, &serial)
            .map_err(|why| format!("before call {}: {why}", calls + 1))?;
    }
    Ok(())
}

enum State {
    Off,
    /// After so many calls, this is done before the next one.
    Waits(u32, Box<(Ready, Vestibule)>),
    /// What it was answered.
    Done(String),
}

struct Overtaking(Mutex<State>);

impl Hook for Overtaking {
    fn before(&self, _: Call) -> Result<(), StoreError> {
        let mut state = self.0.lock().unwrap();
        *state = match core::mem::replace(&mut *state, State::Off) {
            State::Waits(0, other) => {
                let (ready, vestibule) = *other;
                State::Done(format!("{:?}", block_on(ready.go(&vestibule))))
            }
            State::Waits(left, other) => State::Waits(left - 1, other),
            other => other,
        };
        Ok(())
    }

    fn after(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }
}
