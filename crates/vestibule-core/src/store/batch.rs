//! All writes of one decision.

use crate::store::write::{RowName, Write};
use crate::{BatchId, Timestamp};

/// Why writes do not make a batch. Each is a mistake in the deciding code, never a matter of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// A require stands beside an effect on the same row: the version relied on belongs into the effect's guard.
    #[error("a require stands beside an effect on the same row")]
    RequireBesideEffect,
    /// More writes than every store can land at once.
    #[error("more than {} writes", MAX_WRITES)]
    TooMany,
    /// No write at all.
    #[error("no write")]
    Empty,
}

/// The most writes of a batch. A key-value store then stays within 40 operations (design of the bridge).
pub(crate) const MAX_WRITES: usize = 32;

/// All writes of one decision, in canonical row order, under one id.
///
/// # Example
///
/// See the domain crates: a batch is made by a decision, `Batch::new(id, now, writes)?`, and handed to
/// [`Commit::commit`](crate::Commit::commit).
#[derive(Debug, Clone)]
pub struct Batch<W> {
    id: BatchId,
    at: Timestamp,
    writes: Vec<W>,
}

impl<W: Write> Batch<W> {
    /// The most writes of a batch.
    pub const MAX_WRITES: usize = MAX_WRITES;

    /// Brings the writes into canonical order; those on one row keep the order given.
    ///
    /// # Errors
    ///
    /// [`BatchError`] when the writes contradict the contract.
    pub fn new(id: BatchId, at: Timestamp, writes: Vec<W>) -> Result<Self, BatchError> {
        match writes.len() {
            0 => return Err(BatchError::Empty),
            1..=MAX_WRITES => {}
            _ => return Err(BatchError::TooMany),
        }
        let mut keyed: Vec<(RowName, W)> = writes.into_iter().map(|write| (write.row(), write)).collect();
        keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mixed = keyed.windows(2).any(|pair| match pair {
            [(a, first), (b, second)] => a == b && first.kind() != second.kind(),
            _ => false,
        });
        if mixed {
            return Err(BatchError::RequireBesideEffect);
        }
        Ok(Self { id, at, writes: keyed.into_iter().map(|(_, write)| write).collect() })
    }

    /// The id under which the batch is remembered.
    #[must_use]
    pub const fn id(&self) -> BatchId {
        self.id
    }

    /// The instant of the decision.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The writes in canonical order.
    #[must_use]
    pub fn writes(&self) -> &[W] {
        &self.writes
    }

    /// Whether a store must keep a row of its own to recognise this batch when it is sent again: several writes,
    /// none of which inserts a row under the batch's id. A batch of one write is remembered by its row or not at all.
    #[must_use]
    pub fn needs_memory(&self) -> bool {
        self.writes.len() > 1 && !self.writes.iter().any(|write| write.carries(self.id))
    }

    /// The refusal of the write at `position`; for stores.
    #[must_use]
    pub fn refused(&self, position: usize) -> Option<crate::Landed<W::Guard>> {
        self.writes.get(position).map(|write| crate::Landed::Refused { position, guard: write.guard() })
    }

    /// The same batch in a wider union.
    #[must_use]
    pub fn widen<U: Write + From<W>>(self) -> Batch<U> {
        let writes = self.writes.into_iter().map(U::from).collect();
        Batch { id: self.id, at: self.at, writes }
    }
}
