//! Housekeeping: what nobody needs any more goes.

use core::time::Duration;
use std::sync::Arc;

use vestibule_core::kv::{Kv, RecordReader};
use vestibule_core::{StoreError, Timestamp};

/// How long a batch without a row of its own is remembered: far longer than anybody sends one again.
const BATCH_MEMORY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long an ended window is kept: clocks of several servers differ.
const WINDOW_GRACE: Duration = Duration::from_secs(60 * 60);

/// One thing that rests in a database, as a sweep meets it. The partition and the sort bytes are those of its key.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "databases build it; a third would change the contract")]
pub enum Found<'a> {
    /// A counter.
    Counter {
        /// Its partition.
        partition: &'a [u8],
        /// Its sort bytes.
        sort: &'a [u8],
    },
    /// A row.
    Row {
        /// Its partition.
        partition: &'a [u8],
        /// Its value.
        value: &'a [u8],
    },
}

/// Whether something can go.
pub type Dead = Arc<dyn Fn(Found<'_>) -> bool + Send + Sync>;

/// How far a sweep came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "databases build it")]
pub struct Swept {
    /// How many rows and counters were looked at.
    pub looked: usize,
    /// How many of them were removed.
    pub removed: usize,
    /// Where the next sweep begins; `None` when this one came to the end.
    pub next: Option<Vec<u8>>,
}

/// What housekeeping needs of a database besides the four methods: to see everything once.
pub trait Sweep: Kv {
    /// Looks at `limit` rows and counters at most, in any lasting order, beginning where `after` says (empty: at the
    /// beginning), and removes those that are `dead`. Each is judged as it is when it is removed, in one step.
    fn sweep(
        &self,
        after: Vec<u8>,
        limit: usize,
        dead: Dead,
    ) -> impl Future<Output = Result<Swept, StoreError>> + Send;
}

/// Removes what nobody needs any more, of all realms: the memory of batches after a day, and the counters of windows an
/// hour after their end. It looks at `budget` rows and counters at most, from where the last call ended, and wraps round
/// by itself: keep [`Swept::next`] and hand it in again (`None` begins anew).
///
/// Sessions, devices and messages rest in slots that are used again, and need no housekeeping.
///
/// # Errors
///
/// [`StoreError`]; what was removed before stays removed.
pub async fn maintain(
    kv: &impl Sweep,
    now: Timestamp,
    from: Option<Vec<u8>>,
    budget: usize,
) -> Result<Swept, StoreError> {
    kv.sweep(from.unwrap_or_default(), budget, Arc::new(move |found| is_dead(found, now))).await
}

fn is_dead(found: Found<'_>, now: Timestamp) -> bool {
    match found {
        Found::Row { partition, value } => {
            let memory = table(partition) == Some(b"batch");
            memory && landed(value).is_some_and(|at| at.plus(BATCH_MEMORY) < now)
        }
        Found::Counter { partition, sort } => {
            let window = table(partition).is_some_and(|table| table.starts_with(b"throttle."));
            window && ends(sort).is_some_and(|at| at.plus(WINDOW_GRACE) < now)
        }
    }
}

/// The table of a partition: its second part, after the realm.
pub(crate) fn table(partition: &[u8]) -> Option<&[u8]> {
    let (_, rest) = part(partition)?;
    part(rest).map(|(table, _)| table)
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u16::from_be_bytes(*length).into())
}

/// When the batch landed that this row remembers.
fn landed(row: &[u8]) -> Option<Timestamp> {
    RecordReader::new(row, 1).and_then(|mut row| row.time("at")).ok()
}

/// When the window of this counter ends: its sort bytes begin with that.
fn ends(sort: &[u8]) -> Option<Timestamp> {
    let (ends, _) = sort.split_first_chunk()?;
    Some(Timestamp::from_unix_micros(i64::from_be_bytes(*ends) ^ i64::MIN))
}
