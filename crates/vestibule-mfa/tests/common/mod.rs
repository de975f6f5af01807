//! What the tests of the second factor share.
#![cfg(test)]
#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;

use vestibule_core::{
    Failure, KeyId, KeyPurpose, KeyRing, MemoryStore, Secret, SubjectId, SystemEntropy, Timestamp,
};
use vestibule_mfa::{AuthenticatorId, AuthenticatorName, Mfa, Parameters, Problem, RecoverySheet, code_at};

pub const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_010);

pub fn ada() -> SubjectId {
    SubjectId::from(42)
}

pub fn ring(current: &str, retired: &[&str]) -> Arc<KeyRing> {
    let id = |text| KeyId::parse(text).unwrap();
    let key = |text: &str| Secret::new([text.as_bytes()[1]; 32]);
    let mut ring = KeyRing::builder();
    for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
        ring = ring.current(purpose, id(current), key(current));
        for old in retired {
            ring = ring.retired(purpose, id(old), key(old));
        }
    }
    Arc::new(ring.build().unwrap())
}

pub fn node(store: &MemoryStore) -> Mfa<MemoryStore> {
    Mfa::new(store.clone(), ring("k1", &[]), SystemEntropy)
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the in-memory store is never pending"),
    }
}

/// An authenticator app.
pub struct App {
    pub id: AuthenticatorId,
    secret: Vec<u8>,
}

impl App {
    /// The code it shows so many steps after now.
    pub fn code(&self, now: Timestamp, steps: i64) -> Secret<String> {
        let step = Parameters::default().step_at(now).checked_add_signed(steps).unwrap();
        code_at(Parameters::default(), &Secret::new(self.secret.clone()), step).unwrap()
    }
}

pub fn base32(text: &str) -> Vec<u8> {
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for c in text.bytes().filter(|c| *c != b' ') {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|k| *k == c).unwrap();
        bits = (bits << 5 | u32::try_from(value).unwrap()) & 0xfff;
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 255).unwrap());
        }
    }
    out
}

/// Begins an authenticator and puts its key into an app.
pub fn begin(node: &Mfa<MemoryStore>, now: Timestamp) -> App {
    let begun = block_on(node.begin(ada(), &AuthenticatorName::parse("phone").unwrap(), now)).unwrap();
    // EXPOSE: tests play the app.
    App { id: begun.id(), secret: base32(begun.manual_key().expose()) }
}

/// An authenticator that was confirmed two steps ago.
pub fn enrol(node: &Mfa<MemoryStore>) -> (App, Option<RecoverySheet>) {
    let app = begin(node, NOW);
    let sheet = block_on(node.confirm(ada(), app.id, &app.code(NOW, -1), NOW)).unwrap();
    (app, sheet)
}

pub fn refusal<T: core::fmt::Debug>(answer: Result<T, Failure<Problem>>) -> Problem {
    match answer {
        Err(Failure::Refused(problem)) => problem,
        other => panic!("{other:?}"),
    }
}
