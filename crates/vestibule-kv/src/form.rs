//! The bytes of keys and rows, and the judgements, that databases of one flat key have in common.

use vestibule_core::kv::{Expect, Key, Partition, Versioned};
use vestibule_core::{CorruptRow, StoreError};

use crate::limits::{self, Limit};

/// Keys of a database that has one flat key: what a host puts before all of ours, then the partition with its length
/// before it, then the sort bytes. No partition can pose as the beginning of another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlatKeys(Vec<u8>);

impl FlatKeys {
    /// Nothing stands before our keys: the database, or the table, is ours alone.
    #[must_use]
    pub const fn alone() -> Self {
        Self(Vec::new())
    }

    /// These bytes stand before every key of ours, and before none of anybody else's.
    #[must_use]
    pub fn after(prefix: impl Into<Vec<u8>>) -> Self {
        Self(prefix.into())
    }

    /// The key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it is beyond the limits.
    pub fn key(&self, key: &Key) -> Result<Vec<u8>, StoreError> {
        self.of(key.partition(), key.sort())
    }

    /// The key of these sort bytes in a partition; of none: what all keys of the partition begin with.
    ///
    /// # Errors
    ///
    /// As [`key`](Self::key).
    pub fn of(&self, partition: &Partition, sort: &[u8]) -> Result<Vec<u8>, StoreError> {
        limits::place(partition, sort)?;
        let partition = partition.as_bytes();
        let length = u16::try_from(partition.len()).map_err(|_| Limit::Partition)?;
        Ok([self.0.as_slice(), &length.to_be_bytes(), partition, sort].concat())
    }

    /// The partition's bytes and the sort bytes of a key; `None` when it is none of ours.
    #[must_use]
    pub fn parts<'k>(&self, key: &'k [u8]) -> Option<(&'k [u8], &'k [u8])> {
        let (length, rest) = key.strip_prefix(self.0.as_slice())?.split_first_chunk()?;
        rest.split_at_checked(u16::from_be_bytes(*length).into())
    }
}

/// A row as one value: its version, then its bytes.
#[must_use]
pub fn row(version: u64, value: &[u8]) -> Vec<u8> {
    [&version.to_be_bytes(), value].concat()
}

/// What [`row`] made.
///
/// # Errors
///
/// [`CorruptRow`] when it is too short to be one.
pub fn read_row(row: &[u8]) -> Result<Versioned, CorruptRow> {
    let (version, value) = row.split_first_chunk().ok_or(CorruptRow("version"))?;
    Ok(Versioned { value: value.to_vec(), version: u64::from_be_bytes(*version) })
}

/// Whether what was found under a key, by its version, is what an operation expects there.
#[must_use]
pub fn holds(expect: Expect, found: Option<u64>) -> bool {
    match expect {
        Expect::Absent => found.is_none(),
        Expect::Present => found.is_some(),
        Expect::Version(version) => found == Some(version),
    }
}

/// What a counter becomes: never below zero, and `None` when it would be above the most it may be.
#[must_use]
pub fn sum(count: i64, delta: i64, at_most: Option<i64>) -> Option<i64> {
    let sum = count.saturating_add(delta).max(0);
    (delta <= 0 || at_most.is_none_or(|limit| sum <= limit)).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MAX_PARTITION, MAX_SORT};

    #[test]
    fn no_partition_poses_as_the_beginning_of_another() {
        let keys = FlatKeys::alone();
        let (short, long) = (Partition::new("t", &[]), Partition::new("t", &[b"x"]));
        let rest = &long.as_bytes()[short.as_bytes().len()..];
        assert!(long.as_bytes().starts_with(short.as_bytes()));
        let posing = keys.key(&Key::new(short.clone(), rest)).unwrap();
        assert!(!posing.starts_with(&keys.of(&long, &[]).unwrap()));
        assert_eq!(keys.parts(&posing), Some((short.as_bytes(), rest)));
    }

    #[test]
    fn a_prefix_keeps_a_hosts_own_keys_apart() {
        let keys = FlatKeys::after(*b"host/");
        let key = keys.key(&Key::new(Partition::new("t", &[]), b"sort")).unwrap();
        assert!(key.starts_with(b"host/"));
        assert_eq!(keys.parts(&key).map(|(_, sort)| sort), Some(&b"sort"[..]));
        for foreign in [&b""[..], b"other/", b"host/", b"host/\0\x09short"] {
            assert_eq!(keys.parts(foreign), None);
        }
    }

    #[test]
    fn a_key_beyond_the_limits_is_refused() {
        let keys = FlatKeys::alone();
        assert!(keys.of(&Partition::new("t", &[]), &[1; MAX_SORT]).is_ok());
        assert!(keys.of(&Partition::new("t", &[]), &[1; MAX_SORT + 1]).is_err());
        assert!(keys.of(&Partition::new("t", &[&[1; MAX_PARTITION]]), &[]).is_err());
    }

    #[test]
    fn a_row_comes_back_and_a_short_one_is_corrupt() {
        assert_eq!(read_row(&row(7, b"ab")), Ok(Versioned { value: b"ab".to_vec(), version: 7 }));
        assert_eq!(read_row(&[1; 7]), Err(CorruptRow("version")));
    }

    #[test]
    fn expectations_and_sums() {
        for (expect, none, one, two) in [
            (Expect::Absent, true, false, false),
            (Expect::Present, false, true, true),
            (Expect::Version(1), false, true, false),
        ] {
            assert_eq!([None, Some(1), Some(2)].map(|found| holds(expect, found)), [none, one, two]);
        }
        assert_eq!(sum(2, 1, Some(3)), Some(3));
        assert_eq!(sum(3, 1, Some(3)), None);
        assert_eq!(sum(9, -1, Some(3)), Some(8), "giving back is never refused");
        assert_eq!(sum(1, -5, None), Some(0));
        assert_eq!(sum(i64::MAX, 1, None), Some(i64::MAX));
    }
}
