//! How often something is tried again that was in somebody's way, and when.

use core::time::Duration;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// How often a commit is begun, at most.
pub(crate) const ROUNDS: u32 = 6;
/// How often of these a lock may have been waited for in vain: each time for half of the patience.
pub(crate) const WAITS: u32 = 2;

/// Waits before the next round: up to 4, 8, 16, .. milliseconds, so that those who met do not meet again.
pub(crate) async fn pause(round: u32) {
    let at_most = 4_u64 << round.min(6);
    // Not a matter of secrecy: a number that differs from one racer to the next.
    let drawn = RandomState::new().build_hasher().finish();
    tokio::time::sleep(Duration::from_millis(1 + drawn % at_most)).await;
}
