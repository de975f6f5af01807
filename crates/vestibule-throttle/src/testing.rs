//! What this crate's tests share.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use vestibule_core::{ClientAddress, KeyId, KeyPurpose, KeyRing, Secret, Timestamp};

/// Some instant.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

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

/// Runs a future of the in-memory store, which is never pending.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the in-memory store is never pending"),
    }
}

/// Where somebody comes from.
pub(crate) fn address(text: &str) -> ClientAddress {
    text.parse::<core::net::IpAddr>().unwrap().into()
}
