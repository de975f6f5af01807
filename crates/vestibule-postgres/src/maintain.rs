//! Housekeeping: what it did, and the store's own rows.

use core::time::Duration;

use vestibule_core::{Realm, Timestamp};
use vestibule_sql::{Statement, batches};

/// How long a batch without a row of its own is remembered: far longer than anybody sends one again.
const BATCH_MEMORY: Duration = Duration::from_secs(24 * 60 * 60);

/// What housekeeping did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Maintained {
    /// How many batches were forgotten.
    pub batches: usize,
    /// How many cases were removed: old ones, and the oldest beyond the cap.
    pub cases: usize,
    /// How many checkwords were removed, long after their end.
    pub checkwords: usize,
    /// How many known devices were removed, long after their end.
    pub devices: usize,
    /// How many rows of identifiers were removed that their profiles gave up long ago.
    pub leavings: usize,
    /// How many messages were removed that no longer wait.
    pub messages: usize,
    /// How many sessions were removed, long after their end.
    pub sessions: usize,
    /// How many rows of tries were removed that were made with devices nobody knows any more.
    pub tries: usize,
    /// How many sealed texts of checkwords were wiped that are sent no more.
    pub wiped: usize,
    /// How many rows of ended windows were removed.
    pub windows: usize,
}

pub(crate) fn forget_batches(realm: &Realm, now: Timestamp, budget: u32) -> Statement {
    batches::forget_batches(realm, now.minus(BATCH_MEMORY), budget)
}
