//! One guarded fact about one row, and what it means.

use core::fmt;

use crate::BatchId;
use crate::kv::{Halt, Rows};

/// One guarded fact about one row.
///
/// A domain crate has one enum of writes. Each write has **exactly one guard**, so that a store need only say
/// *which* write was refused, never why; and each states its meaning once, in [`apply`](Self::apply), from which
/// core makes the in-memory store and every key-value store, and against which SQL stores are checked.
///
/// # Contract
///
/// - **S-1** All writes of a batch land, or none; a refused batch leaves no trace.
/// - **S-2** A write lands only while its guard holds, judged together with the effect in one step: no interval in
///   which another commit can come between.
/// - **S-3** Writes are judged in the batch's order (the canonical order of [`RowName`]); the first refused one is
///   the one reported.
/// - **S-4** Effects on one row apply in the order given.
/// - **S-5** [`WriteKind::Require`] has no effect, and no commit that changes its row lands in between.
/// - **S-6** A batch sent again lands at most once: the answer is then `AlreadyApplied`.
/// - **S-7** Stores compare and keep. They never generate, hash, fold case, ask a clock or decide.
pub trait Write: Clone + fmt::Debug + Send + Sync + 'static {
    /// The closed set of reasons for which this domain's writes are refused.
    type Guard: Copy + Eq + fmt::Debug + Send + Sync + 'static;

    /// The row in contention: for an insert, the unique key that racers want, not the fresh id.
    fn row(&self) -> RowName;

    /// The one condition under which this write lands.
    fn guard(&self) -> Self::Guard;

    /// Whether this write changes its row, or only relies on it.
    fn kind(&self) -> WriteKind;

    /// What this write means: judge the guard on `rows`, and put what changes.
    ///
    /// # Errors
    ///
    /// [`Halt`] passes through from `rows`: a row that must be fetched first, or one that cannot be read.
    fn apply(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Verdict, Halt>;

    /// Whether the row of this write carries the id of the batch that made it, and if so, whether it carries this.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    fn memory(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Memory, Halt>;

    /// Whether this write inserts a lasting row under the batch's own id, so that the batch needs no other memory.
    fn carries(&self, batch: BatchId) -> bool;
}

/// Whether a write changes its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "stores match on it; a third kind would change the contract")]
pub enum WriteKind {
    /// It changes its row when it lands.
    Effect,
    /// It only relies on its row, which must not change meanwhile.
    Require,
}

/// How a write was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a guard holds or it does not")]
pub enum Verdict {
    /// The guard holds.
    Lands,
    /// The guard does not hold; nothing of the batch lands.
    Refused,
}

impl Verdict {
    /// `Lands` if the guard holds.
    pub const fn when(holds: bool) -> Self {
        if holds { Self::Lands } else { Self::Refused }
    }
}

/// Whether a row remembers a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "the three answers there are")]
pub enum Memory {
    /// The row carries this batch's id: the batch has landed.
    Landed,
    /// The row carries another id, or is not there.
    NotThis,
    /// Rows of this kind carry no id.
    Silent,
}

impl Memory {
    /// `Landed` if the row carries the id.
    pub const fn when(carries: bool) -> Self {
        if carries { Self::Landed } else { Self::NotThis }
    }
}

/// The name of a row in the canonical order: the rank of its table, then the contended key.
///
/// Every store takes rows in this order, so no two commits wait for each other in a circle, and the first refusal
/// is the same everywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowName {
    rank: u16,
    key: Vec<u8>,
}

impl RowName {
    /// Names a row by the rank of its table and the parts of its key.
    ///
    /// Ranks below 1000 are Vestibule's (profiles 100, credentials 200, checkwords 300, second factors 400,
    /// invitations 500, sessions 600, journal 700, each with its tables counted up); hosts' own rows take 1000 and
    /// up.
    #[must_use]
    pub fn new(rank: u16, parts: &[&[u8]]) -> Self {
        let mut key = Vec::new();
        for part in parts {
            key.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            key.extend_from_slice(part);
        }
        Self { rank, key }
    }
}

/// A write that an adapter's target form can be made of: the one place where a store learns a domain.
///
/// A SQL store implements it for each domain's write; the union forwards.
pub trait Lower<Target> {
    /// Adds this write to the target form.
    fn lower(&self, batch: BatchId, target: &mut Target);
}
