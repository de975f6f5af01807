//! How often something is tried again that was in somebody's way, and when.

use core::time::Duration;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// How often a commit is begun, at most.
pub(crate) const ROUNDS: u32 = 6;
/// How often of these a lock may have been waited for in vain: each time for half of the patience.
pub(crate) const WAITS: u32 = 2;

/// Waits before the next round.
pub(crate) async fn pause(round: u32) {
    tokio::time::sleep(wait(round)).await;
}

/// Up to 4, 8, 16, .. milliseconds, so that those who met do not meet again.
fn wait(round: u32) -> Duration {
    let at_most = 4_u64 << round.min(6);
    // Not a matter of secrecy: a number that differs from one racer to the next.
    let drawn = RandomState::new().build_hasher().finish();
    Duration::from_millis(1 + drawn % at_most)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn waits_differ_from_one_racer_to_the_next_and_grow_to_a_quarter_of_a_second() {
        for round in 0..32 {
            let longest = Duration::from_millis(4 << round.min(6));
            let waits: HashSet<Duration> = (0..200).map(|_| wait(round)).collect();
            assert!(waits.len() > 1, "everybody waits as long in round {round}");
            assert!(waits.iter().all(|wait| !wait.is_zero() && *wait <= longest));
            assert!(waits.iter().any(|wait| *wait > longest / 2));
        }
    }
}
