//! Which form the rows have: made once, and refused when it is newer.

use vestibule_core::kv::{Action, Applied, Expect, Key, Kv, Op, RecordReader, RecordWriter};
use vestibule_core::{BatchId, CorruptRow, StoreError, StoreErrorKind};

/// The form of this version's rows.
const VERSION: u64 = 1;

/// What is wrong with the form of the rows; the source of an error of kind `Schema`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Nobody has made the store.
    #[error("the store was never made")]
    Missing,
    /// A newer version made it (FLT-X23).
    #[error("the store is of a newer version")]
    Newer,
    /// What says which version made it cannot be read.
    #[error("nothing says of which version the store is")]
    Unreadable,
}

impl From<FormatError> for StoreError {
    fn from(error: FormatError) -> Self {
        Self::new(StoreErrorKind::Schema, error)
    }
}

/// What [`migrate`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Migrated {
    /// The store is of this version now.
    Made,
    /// It was before, perhaps because another migrator was faster.
    NothingToDo,
}

/// Makes the store, or brings it to this version. One row says which it is, written only if it is as it was read: of two
/// migrators at once one does it, and the other finds it done (FLT-X24).
///
/// # Errors
///
/// [`StoreError`]; `Schema` with [`FormatError::Newer`] when a newer version made it.
pub async fn migrate(kv: &impl Kv) -> Result<Migrated, StoreError> {
    for _ in 0..ROUNDS {
        match judge(found(kv).await?.as_deref()) {
            Ok(()) => return Ok(Migrated::NothingToDo),
            Err(FormatError::Missing) => {}
            Err(fault) => return Err(fault.into()),
        }
        let op = Op { key: key(), expect: Expect::Absent, action: Action::Put(row()) };
        if kv.apply(batch(), vec![op]).await? == Applied::All {
            return Ok(Migrated::Made);
        }
    }
    Err(StoreErrorKind::Contended.into())
}

/// Whether the store is of this version. It changes nothing.
///
/// # Errors
///
/// [`StoreError`] of kind `Schema`, with a [`FormatError`], when it is not.
pub async fn check(kv: &impl Kv) -> Result<(), StoreError> {
    Ok(judge(found(kv).await?.as_deref())?)
}

/// How often a migrator looks again when another was faster.
const ROUNDS: usize = 8;

/// The only row of no realm: no realm's name has a dot.
fn key() -> Key {
    Key::single("vestibule.schema", &[])
}

/// What the row says of everything else.
pub(crate) fn judge(row: Option<&[u8]>) -> Result<(), FormatError> {
    let Some(row) = row else { return Err(FormatError::Missing) };
    match version(row) {
        Ok(VERSION) => Ok(()),
        Ok(1..) => Err(FormatError::Newer),
        Ok(0) | Err(_) => Err(FormatError::Unreadable),
    }
}

pub(crate) fn row() -> Vec<u8> {
    RecordWriter::new(1).u64(VERSION).finish()
}

fn version(row: &[u8]) -> Result<u64, CorruptRow> {
    let mut row = RecordReader::new(row, 1)?;
    let version = row.u64("version")?;
    row.finish()?;
    Ok(version)
}

async fn found(kv: &impl Kv) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(kv.get(vec![key()]).await?.into_iter().next().flatten().map(|row| row.value))
}

fn batch() -> BatchId {
    BatchId::from_bytes([0; 16])
}

#[cfg(test)]
mod tests {
    use core::error::Error;
    use std::sync::{Arc, Barrier};

    use vestibule_conformance::{Yielding, block_on};
    use vestibule_core::kv::MemoryKv;

    use super::*;

    fn put(kv: &MemoryKv, value: Vec<u8>) {
        let found = block_on(kv.get(vec![key()])).unwrap().remove(0);
        let expect = found.map_or(Expect::Absent, |row| Expect::Version(row.version));
        let op = Op { key: key(), expect, action: Action::Put(value) };
        assert_eq!(block_on(kv.apply(batch(), vec![op])).unwrap(), Applied::All);
    }

    fn format_error(error: &StoreError) -> Option<FormatError> {
        assert_eq!(error.kind(), StoreErrorKind::Schema);
        error.source().and_then(|source| source.downcast_ref()).copied()
    }

    #[test]
    fn a_store_is_made_once_and_checked() {
        let kv = MemoryKv::new();
        assert_eq!(format_error(&block_on(check(&kv)).unwrap_err()), Some(FormatError::Missing));
        assert_eq!(block_on(migrate(&kv)).unwrap(), Migrated::Made);
        block_on(check(&kv)).unwrap();
        assert_eq!(block_on(migrate(&kv)).unwrap(), Migrated::NothingToDo);
    }

    #[test]
    fn a_newer_store_is_neither_opened_nor_taken_back() {
        let kv = MemoryKv::new();
        put(&kv, RecordWriter::new(1).u64(VERSION + 1).finish());
        assert_eq!(format_error(&block_on(check(&kv)).unwrap_err()), Some(FormatError::Newer));
        let before = kv.dump();
        assert_eq!(format_error(&block_on(migrate(&kv)).unwrap_err()), Some(FormatError::Newer));
        assert!(kv.dump() == before);
        for row in [vec![], vec![2], RecordWriter::new(1).u64(0).finish()] {
            put(&kv, row);
            assert_eq!(format_error(&block_on(check(&kv)).unwrap_err()), Some(FormatError::Unreadable));
        }
    }

    #[test]
    fn of_two_migrators_at_once_one_makes_it() {
        for _ in 0..20 {
            let (kv, barrier) = (Arc::new(MemoryKv::new()), Barrier::new(2));
            let migrator = || {
                barrier.wait();
                block_on(migrate(&Yielding::new(Arc::clone(&kv)))).unwrap()
            };
            let both = std::thread::scope(|scope| {
                [scope.spawn(migrator), scope.spawn(migrator)].map(|one| one.join().unwrap())
            });
            assert!(both.contains(&Migrated::Made) && both.contains(&Migrated::NothingToDo), "{both:?}");
        }
    }
}
