//! Keys: (partition, sort), built by core alone.

use crate::Realm;

/// The rows that are listed together.
///
/// At most 256 bytes: realm, table and the parts, each with its length before it, so that no part can pose as two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(Vec<u8>);

impl Partition {
    /// The partition of `table` named by `parts`. [`KvStore`](super::KvStore) puts the realm before it.
    #[must_use]
    pub fn new(table: &'static str, parts: &[&[u8]]) -> Self {
        let mut bytes = Vec::with_capacity(64);
        push(&mut bytes, table.as_bytes());
        parts.iter().for_each(|part| push(&mut bytes, part));
        Self(bytes)
    }

    /// The bytes as a database keeps them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn within(&self, realm: &Realm) -> Self {
        let mut bytes = Vec::with_capacity(self.0.len() + 33);
        push(&mut bytes, realm.as_str().as_bytes());
        bytes.extend_from_slice(&self.0);
        Self(bytes)
    }
}

/// One key: a partition and the sort bytes within it (at most 256 bytes each).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    partition: Partition,
    sort: Vec<u8>,
}

impl Key {
    /// The key that `sort` names in a partition. Sort bytes of one partition must have equal length or be
    /// prefix-free, because they are ordered as they stand.
    #[must_use]
    pub fn new(partition: Partition, sort: &[u8]) -> Self {
        Self { partition, sort: sort.to_vec() }
    }

    /// The key of a row that stands alone in its partition.
    #[must_use]
    pub fn single(table: &'static str, parts: &[&[u8]]) -> Self {
        Self::new(Partition::new(table, parts), &[])
    }

    /// The partition.
    #[must_use]
    pub const fn partition(&self) -> &Partition {
        &self.partition
    }

    /// The sort bytes.
    #[must_use]
    pub fn sort(&self) -> &[u8] {
        &self.sort
    }

    pub(crate) fn within(&self, realm: &Realm) -> Self {
        Self { partition: self.partition.within(realm), sort: self.sort.clone() }
    }
}

fn push(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend_from_slice(part);
}
