//! What this crate's tests share.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use vestibule_core::{
    AccountId, AddressKey, Batch, BatchId, Commit, KeyId, KeyPurpose, KeyRing, Landed, MemoryStore, Secret,
    SubjectId, SystemEntropy, Timestamp,
};

use crate::{Case, CaseOf, Code, JournalGuard, JournalWrite};

/// Some instant, at the start of an hour.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_002_800);

pub(crate) fn ada() -> SubjectId {
    SubjectId::from(17)
}

pub(crate) fn acme() -> AccountId {
    AccountId::try_from("acme").unwrap()
}

/// A ring with one key per purpose.
pub(crate) fn ring() -> KeyRing {
    let id = KeyId::parse("k1").unwrap();
    KeyRing::builder()
        .current(KeyPurpose::Digest, id, Secret::new([1; 32]))
        .current(KeyPurpose::Pepper, id, Secret::new([2; 32]))
        .current(KeyPurpose::Seal, id, Secret::new([3; 32]))
        .build()
        .unwrap()
}

/// A refusal of a wrong secret.
pub(crate) fn refusal(identifier: u8, client: Option<&str>, at: Timestamp, population: u64) -> Case {
    let refusal = CaseOf {
        code: &Code::parse("sign_in.wrong_secret").unwrap(),
        told: &Code::parse("sign_in.try_again").unwrap(),
        identifier: &AddressKey::from_bytes([identifier; 32]),
        client: client.map(|client| client.parse::<core::net::IpAddr>().unwrap().into()),
        account: Some(acme()),
        facts: &[("tries", "3")],
        at,
    };
    Case::derive(&ring(), &refusal, population).unwrap()
}

/// A fresh batch id.
pub(crate) fn batch() -> BatchId {
    BatchId::make(&SystemEntropy, NOW).unwrap()
}

/// Commits writes under this id.
pub(crate) fn commit(store: &MemoryStore, id: BatchId, writes: Vec<JournalWrite>) -> Landed<JournalGuard> {
    block_on(store.commit(&Batch::new(id, NOW, writes).unwrap())).unwrap()
}

/// Runs a future of the in-memory store, which is never pending.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the in-memory store is never pending"),
    }
}
