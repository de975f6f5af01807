//! The rows that one batch sees while it is judged.

use std::collections::BTreeMap;

use super::{Key, Versioned};
use crate::CorruptRow;

/// Why judging a write had to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the bridge matches on it")]
pub enum Halt {
    /// A row must be fetched first; the bridge notes which, and judges again.
    Fetch,
    /// A row cannot be read.
    Corrupt(CorruptRow),
}

impl From<CorruptRow> for Halt {
    fn from(corrupt: CorruptRow) -> Self {
        Self::Corrupt(corrupt)
    }
}

/// The rows that one batch sees while it is judged: what the database held, and over it what the batch's earlier
/// writes put.
#[derive(Debug)]
pub struct Rows<'a> {
    fetched: &'a BTreeMap<Key, Option<Versioned>>,
    staged: BTreeMap<Key, Option<Vec<u8>>>,
    used: Vec<Key>,
    missing: Vec<Key>,
}

impl<'a> Rows<'a> {
    pub(crate) const fn new(fetched: &'a BTreeMap<Key, Option<Versioned>>) -> Self {
        Self { fetched, staged: BTreeMap::new(), used: Vec::new(), missing: Vec::new() }
    }

    /// The row under this key.
    ///
    /// # Errors
    ///
    /// [`Halt::Fetch`] when the database has not been asked for it yet.
    pub fn get(&mut self, key: &Key) -> Result<Option<&[u8]>, Halt> {
        if let Some(staged) = self.staged.get(key) {
            return Ok(staged.as_deref());
        }
        match self.fetched.get(key) {
            Some(found) => {
                self.used.push(key.clone());
                Ok(found.as_ref().map(|row| row.value.as_slice()))
            }
            None => {
                self.missing.push(key.clone());
                Err(Halt::Fetch)
            }
        }
    }

    /// Whether there is a row under this key.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn has(&mut self, key: &Key) -> Result<bool, Halt> {
        self.get(key).map(|row| row.is_some())
    }

    /// Sets a row. A write puts only rows that it has looked at.
    pub fn put(&mut self, key: Key, value: Vec<u8>) {
        self.staged.insert(key, Some(value));
    }

    /// Removes a row that it has looked at.
    pub fn delete(&mut self, key: Key) {
        self.staged.insert(key, None);
    }

    pub(crate) fn into_parts(self) -> RowsParts {
        RowsParts { staged: self.staged, used: self.used, missing: self.missing }
    }
}

/// What a pass over a batch leaves.
pub(crate) struct RowsParts {
    /// What the writes put (`None`: removed).
    pub(crate) staged: BTreeMap<Key, Option<Vec<u8>>>,
    /// The fetched rows that were looked at.
    pub(crate) used: Vec<Key>,
    /// The rows that must be fetched before the next pass.
    pub(crate) missing: Vec<Key>,
}
