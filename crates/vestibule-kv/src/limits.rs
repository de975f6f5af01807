//! What a call may ask of a database at most, so that it fits every one of them.

use std::collections::HashSet;

use vestibule_core::kv::{Action, Key, Op, Partition};
use vestibule_core::{StoreError, StoreErrorKind};

/// The most operations of a batch.
pub const MAX_OPS: usize = 40;
/// The most bytes of a batch: partitions, sort bytes and values of all its operations.
pub const MAX_BATCH_BYTES: usize = 256 * 1024;
/// The most bytes of a partition.
pub const MAX_PARTITION: usize = 256;
/// The most sort bytes of a key.
pub const MAX_SORT: usize = 256;
/// The most rows of a page.
pub const MAX_PAGE: usize = 1000;

/// A limit that a call would break; the source of an error of kind `Backend`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Limit {
    /// A batch has more than [`MAX_BATCH_BYTES`].
    #[error("a batch has more than 256 KiB")]
    BatchBytes,
    /// A key stands twice in one call.
    #[error("a key stands twice in one call")]
    KeyTwice,
    /// A batch has more than [`MAX_OPS`].
    #[error("a batch has more than 40 operations")]
    Ops,
    /// A page of more than [`MAX_PAGE`] rows is asked for.
    #[error("a page has more than 1000 rows")]
    Page,
    /// A partition is longer than [`MAX_PARTITION`].
    #[error("a partition has more than 256 bytes")]
    Partition,
    /// A key has more than [`MAX_SORT`].
    #[error("the sort bytes of a key are more than 256")]
    Sort,
}

impl From<Limit> for StoreError {
    fn from(limit: Limit) -> Self {
        Self::new(StoreErrorKind::Backend, limit)
    }
}

pub(crate) fn key(key: &Key) -> Result<(), Limit> {
    place(key.partition(), key.sort())
}

pub(crate) fn place(of: &Partition, sort_bytes: &[u8]) -> Result<(), Limit> {
    partition(of)?;
    sort(sort_bytes)
}

pub(crate) fn keys(keys: &[Key]) -> Result<(), Limit> {
    keys.iter().try_for_each(key)?;
    once(keys.iter())
}

pub(crate) fn page(of: &Partition, after: Option<&[u8]>, limit: usize) -> Result<(), Limit> {
    place(of, after.unwrap_or_default())?;
    within(limit, MAX_PAGE, Limit::Page)
}

/// The bytes of the batch, if it is within every limit.
pub(crate) fn batch(ops: &[Op]) -> Result<usize, Limit> {
    within(ops.len(), MAX_OPS, Limit::Ops)?;
    ops.iter().try_for_each(|op| key(&op.key))?;
    once(ops.iter().map(|op| &op.key))?;
    let bytes = ops.iter().map(bytes).fold(0, usize::saturating_add);
    within(bytes, MAX_BATCH_BYTES, Limit::BatchBytes)?;
    Ok(bytes)
}

fn bytes(op: &Op) -> usize {
    let value = match &op.action {
        Action::Check | Action::Delete => 0,
        Action::Put(value) => value.len(),
    };
    value.saturating_add(op.key.partition().as_bytes().len()).saturating_add(op.key.sort().len())
}

fn once<'a>(mut keys: impl Iterator<Item = &'a Key>) -> Result<(), Limit> {
    let mut seen = HashSet::new();
    if keys.all(|key| seen.insert(key)) { Ok(()) } else { Err(Limit::KeyTwice) }
}

fn partition(partition: &Partition) -> Result<(), Limit> {
    within(partition.as_bytes().len(), MAX_PARTITION, Limit::Partition)
}

fn sort(sort: &[u8]) -> Result<(), Limit> {
    within(sort.len(), MAX_SORT, Limit::Sort)
}

fn within(count: usize, most: usize, limit: Limit) -> Result<(), Limit> {
    if count <= most { Ok(()) } else { Err(limit) }
}
