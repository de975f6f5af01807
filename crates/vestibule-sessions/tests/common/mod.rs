//! What the tests of sessions share.
#![cfg(test)]
#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;

use vestibule_core::{
    Failure, KeyId, KeyPurpose, KeyRing, MemoryStore, Secret, SubjectId, SystemEntropy, Timestamp,
};
use vestibule_sessions::decide::OpenRequest;
use vestibule_sessions::{Amr, AssertedEvidence, NewSession, Problem, Sessions, Standing, Validated};

pub const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
pub const EPOCH: u64 = 5;
pub const GENERATION: u64 = 3;

pub fn ada() -> SubjectId {
    SubjectId::from(42)
}

pub fn ring() -> Arc<KeyRing> {
    let id = KeyId::parse("k1").unwrap();
    let ring = KeyRing::builder()
        .current(KeyPurpose::Digest, id, Secret::new([1; 32]))
        .current(KeyPurpose::Pepper, id, Secret::new([2; 32]))
        .current(KeyPurpose::Seal, id, Secret::new([3; 32]))
        .build()
        .unwrap();
    Arc::new(ring)
}

/// One process: several of them share a store.
pub fn node(store: &MemoryStore) -> Sessions<MemoryStore> {
    Sessions::new(store.clone(), ring(), SystemEntropy)
}

/// Runs a future of the in-memory store, which is never pending.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the in-memory store is never pending"),
    }
}

pub fn password(now: Timestamp) -> AssertedEvidence {
    AssertedEvidence::the_host_vouches(Amr::Password, now)
}

pub fn request(now: Timestamp) -> OpenRequest {
    OpenRequest::new(ada(), EPOCH, password(now).into()).password_generation(GENERATION)
}

pub fn standing() -> Standing {
    Standing::new(EPOCH).with_password_generation(GENERATION)
}

pub fn open(node: &Sessions<MemoryStore>, now: Timestamp) -> NewSession {
    block_on(node.open(&request(now), now)).unwrap()
}

pub fn text(new: &NewSession) -> String {
    // EXPOSE: tests play the browser.
    new.token.render().expose().clone()
}

pub fn refusal<T: core::fmt::Debug>(answer: Result<T, Failure<Problem>>) -> Problem {
    match answer {
        Err(Failure::Refused(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

pub fn use_it(
    node: &Sessions<MemoryStore>,
    token: &str,
    standing: &Standing,
    now: Timestamp,
) -> Result<Validated, Failure<Problem>> {
    block_on(async { node.validate(node.find(token).await?, standing, now).await })
}
