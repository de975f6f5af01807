//! The key-value door: what a database must offer, the bridge from writes to it, and the in-memory database.
//!
//! A new database implements [`Kv`] (four methods); [`KvStore`] makes it a store of every domain. `MemoryStore` is
//! the same bridge over a map, so that one meaning of every write serves the reference and every database.

mod bridge;
mod key;
mod memory;
mod record;
mod rows;

pub use bridge::{KvStore, MemoryStore};
pub use key::{Key, Partition};
pub use memory::MemoryKv;
pub use record::{RecordReader, RecordWriter};
pub use rows::{Halt, Rows};

use core::future::Future;

use crate::{BatchId, StoreError};

/// A value and the version under which it was read. A version is never used twice for one key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "adapters build it; a third field would change the contract")]
pub struct Versioned {
    /// The bytes as they were put.
    pub value: Vec<u8>,
    /// Which put of this key it was.
    pub version: u64,
}

/// The condition under which an operation's batch is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "adapters match on it; a further one would change the contract")]
pub enum Expect {
    /// The key has no value.
    Absent,
    /// The key has some value.
    Present,
    /// The key has the value that was put under this version.
    Version(u64),
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "adapters match on it; a further one would change the contract")]
pub enum Action {
    /// Only the condition counts.
    Check,
    /// Removes the key.
    Delete,
    /// Sets the value.
    Put(Vec<u8>),
}

/// One operation on one key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "adapters take it apart; a further field would change the contract"
)]
pub struct Op {
    /// The key.
    pub key: Key,
    /// Its condition.
    pub expect: Expect,
    /// Its effect.
    pub action: Action,
}

/// Whether a batch of operations was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "all conditions held or one did not")]
pub enum Applied {
    /// All of it.
    All,
    /// Nothing: a condition did not hold.
    Nothing,
}

/// A key-value database, as far as Vestibule needs one.
///
/// # Contract
///
/// - **K-1** `get` sees every `apply` and `add` that was answered before it was asked (strongly consistent).
/// - **K-2** `apply` does all of its operations or none, judged and done in one step. No key stands twice; at most
///   40 operations and 256 KiB.
/// - **K-3** `list` gives the keys of one partition above `after`, ascending by sort bytes, at most `limit`.
/// - **K-4** `add` is one step on one key that `apply` never touches: it adds, unless `delta` is positive and the sum would
///   be above `at_most` (giving back is never refused); a missing counter counts as zero, no sum goes below zero, and
///   adding nothing makes no counter.
///
/// # Atomicity
///
/// A call of `apply` or of `add` is one step: others see all of it or nothing. `get` and `list` answer every row whole; the rows
/// of one answer may be of different instants.
///
/// # Errors
///
/// As [`Commit`](crate::Commit): all but `OutcomeUnknown` promise that nothing was applied.
///
/// # Cancellation
///
/// A dropped future leaves all or nothing, as if the answer had been lost.
pub trait Kv: Send + Sync {
    /// The values of these keys, in their order.
    fn get(&self, keys: Vec<Key>) -> impl Future<Output = Result<Vec<Option<Versioned>>, StoreError>> + Send;

    /// A page of one partition.
    fn list(
        &self,
        partition: Partition,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(Vec<u8>, Versioned)>, StoreError>> + Send;

    /// All of these operations, or none. The batch id is for databases that have an idempotency token of their own.
    fn apply(&self, batch: BatchId, ops: Vec<Op>)
    -> impl Future<Output = Result<Applied, StoreError>> + Send;

    /// Adds to a counter; the new sum, or `None` when it would be above `at_most`.
    fn add(
        &self,
        key: Key,
        delta: i64,
        at_most: Option<i64>,
    ) -> impl Future<Output = Result<Option<i64>, StoreError>> + Send;
}
