//! Checkwords through the public API, on the in-memory store.

#![cfg(test)]

mod code;
mod life;
mod machine;
mod race;
mod rest;

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;

use vestibule_checkword::decide::CheckwordRequest;
use vestibule_checkword::purpose::RECOVERY;
use vestibule_checkword::{CheckwordPolicy, Checkwords, Intent, Problem, RedeemedCheckword, Requested};
use vestibule_core::{
    Failure, KeyId, KeyPurpose, KeyRing, MemoryStore, Secret, SubjectId, SystemEntropy, Timestamp,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
const MINUTE: Duration = Duration::from_secs(60);

fn after(minutes: u32) -> Timestamp {
    NOW.plus(MINUTE * minutes)
}

fn ada() -> SubjectId {
    SubjectId::from(42)
}

fn ring(seal: &str) -> Arc<KeyRing> {
    let id = |text| KeyId::parse(text).unwrap();
    let ring = KeyRing::builder()
        .current(KeyPurpose::Digest, id("k1"), Secret::new([1; 32]))
        .current(KeyPurpose::Pepper, id("k1"), Secret::new([2; 32]))
        .current(KeyPurpose::Seal, id(seal), Secret::new([3; 32]))
        .build()
        .unwrap();
    Arc::new(ring)
}

/// One process: several of them share a store.
fn node(store: &MemoryStore) -> Checkwords<MemoryStore> {
    Checkwords::new(store.clone(), ring("s1"), SystemEntropy)
}

/// Runs a future of the in-memory store, which is never pending.
fn block_on<F: Future>(future: F) -> F::Output {
    match pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the in-memory store is never pending"),
    }
}

fn wanted() -> CheckwordRequest {
    CheckwordRequest::new(ada(), RECOVERY).bound_to(b"ada@example.org")
}

/// The link, and whether it is the one from before; `None`: spaced.
fn ask(node: &Checkwords<MemoryStore>, wanted: &CheckwordRequest, now: Timestamp) -> Option<(String, bool)> {
    match block_on(node.request(wanted, now)).unwrap() {
        // EXPOSE: tests play the mailbox.
        Requested::Send { link, again, .. } => Some((link.expose().clone(), again)),
        Requested::Spaced { not_before } => {
            assert!(not_before.is_after(now));
            None
        }
    }
}

fn sent(node: &Checkwords<MemoryStore>, now: Timestamp) -> String {
    ask(node, &wanted(), now).expect("a message is due").0
}

fn inspected(node: &Checkwords<MemoryStore>, link: &str, now: Timestamp) -> Result<(), Problem> {
    known(block_on(node.inspect(link, RECOVERY, now))).map(|_| ())
}

fn redeemed(
    node: &Checkwords<MemoryStore>,
    link: &str,
    now: Timestamp,
) -> Result<RedeemedCheckword, Problem> {
    known(block_on(node.redeem(link, RECOVERY, Intent::NewPassword, now)))
}

fn known<T>(answer: Result<T, Failure<Problem>>) -> Result<T, Problem> {
    answer.map_err(|failure| match failure {
        Failure::Refused(problem) => problem,
        Failure::Fault(fault) => panic!("{fault:?}"),
    })
}
