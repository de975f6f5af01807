//! A second key-value database, independent of the reference, that can be wrong in one way at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use vestibule_conformance::{Harness, HarnessError};
use vestibule_core::kv::{Action, Applied, Expect, Key, Kv, KvStore, Op, Partition, Versioned};
use vestibule_core::{BatchId, Realm, StoreError, StoreErrorKind};

use crate::faults::Fault;

type Bytes = (Vec<u8>, Vec<u8>);

#[derive(Debug, Default)]
pub(crate) struct Tables {
    rows: Mutex<(BTreeMap<Bytes, Versioned>, u64)>,
    counters: Mutex<BTreeMap<Bytes, i64>>,
}

/// A handle.
#[derive(Debug)]
pub(crate) struct Twin {
    tables: Arc<Tables>,
    fault: Option<Fault>,
    remembered: Mutex<BTreeMap<Bytes, Option<Versioned>>>,
}

impl Twin {
    pub(crate) fn new(tables: Arc<Tables>, fault: Option<Fault>) -> Self {
        Self { tables, fault, remembered: Mutex::default() }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn partition(&self, partition: &Partition) -> Vec<u8> {
        let mut bytes = partition.as_bytes().to_vec();
        if self.is(Fault::LeaksRealm) {
            let realm = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
            bytes.drain(..2 + realm);
        }
        if self.is(Fault::NulTruncates) {
            bytes = truncate(&bytes);
        }
        // Ids of batches and events are left alone: which of them fold together would be a matter of scheduling.
        if self.is(Fault::CaseFolds) && !remembers_batch(partition) && !is_of_journal(partition) {
            bytes.make_ascii_lowercase();
        }
        bytes
    }

    fn key(&self, key: &Key) -> Bytes {
        (self.partition(key.partition()), key.sort().to_vec())
    }

    fn holds(&self, op: &Op, found: Option<&Versioned>) -> bool {
        let unjudged = match op.expect {
            Expect::Absent => self.is(Fault::SwallowsDuplicate),
            Expect::Version(_) => self.is(Fault::IgnoresVersion),
            Expect::Present => false,
        };
        let relied_on = op.action == Action::Check && self.is(Fault::RequireWithoutLock);
        self.is(Fault::DoubleSpend)
            || unjudged
            || relied_on
            || match op.expect {
                Expect::Absent => found.is_none(),
                Expect::Present => found.is_some(),
                Expect::Version(version) => found.is_some_and(|row| row.version == version),
            }
    }
}

/// Every length-prefixed part, up to its first NUL.
fn truncate(bytes: &[u8]) -> Vec<u8> {
    let (mut rest, mut cut) = (bytes, Vec::new());
    while let [high, low, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (part, after) = tail.split_at(length);
        cut.extend(part.iter().take_while(|byte| **byte != 0));
        cut.push(0);
        rest = after;
    }
    cut
}

/// Whether a row there remembers a batch.
fn remembers_batch(partition: &Partition) -> bool {
    partition.as_bytes().windows(7).any(|part| part == b"\0\x05batch")
}

fn is_of_journal(partition: &Partition) -> bool {
    partition.as_bytes().windows(8).any(|part| part == b"journal.")
}

fn pause() {
    (0..8).for_each(|_| std::thread::yield_now());
}

impl Kv for Twin {
    async fn get(&self, keys: Vec<Key>) -> Result<Vec<Option<Versioned>>, StoreError> {
        let keys: Vec<_> = keys.iter().map(|key| self.key(key)).collect();
        let mut found: Vec<_> = {
            let rows = self.tables.rows.lock().unwrap();
            keys.iter().map(|key| rows.0.get(key).cloned()).collect()
        };
        if self.is(Fault::StaleReads) {
            let mut remembered = self.remembered.lock().unwrap();
            for (key, row) in keys.into_iter().zip(&mut found) {
                *row = remembered.entry(key).or_insert_with(|| row.clone()).clone();
            }
        }
        pause();
        Ok(found)
    }

    async fn list(
        &self,
        partition: Partition,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Versioned)>, StoreError> {
        let partition = self.partition(&partition);
        let limit = limit.saturating_sub(usize::from(self.is(Fault::ShortPages)));
        let rows = self.tables.rows.lock().unwrap();
        let above = |sort: &Vec<u8>| match &after {
            None => true,
            Some(after) if self.is(Fault::PagesOverlap) => sort >= after,
            Some(after) => sort > after,
        };
        let mut page: Vec<_> = rows
            .0
            .iter()
            .filter(|((own, sort), _)| {
                let same = *own == partition
                    || self.is(Fault::ListsRunOn) && own.starts_with(&partition[..partition.len() - 1]);
                same && above(sort)
            })
            .map(|((_, sort), row)| (sort.clone(), row.clone()))
            .take(limit)
            .collect();
        if page.is_empty() && self.is(Fault::MissingIsError) {
            return Err(StoreErrorKind::Backend.into());
        }
        if self.is(Fault::ListsBackwards) {
            page.reverse();
        }
        Ok(page)
    }

    async fn apply(&self, _batch: BatchId, ops: Vec<Op>) -> Result<Applied, StoreError> {
        if self.is(Fault::StaleReads) {
            self.remembered.lock().unwrap().retain(|key, _| ops.iter().all(|op| self.key(&op.key) != *key));
        }
        let mut rows = self.tables.rows.lock().unwrap();
        let (rows, version) = &mut *rows;
        let fits = ops.iter().all(|op| self.holds(op, rows.get(&self.key(&op.key))));
        let half = ops.len() / 2;
        for (position, op) in ops.into_iter().enumerate() {
            if !(fits || self.is(Fault::HalfBatch) && position < half) {
                continue;
            }
            let key = self.key(&op.key);
            let memory = remembers_batch(op.key.partition());
            match op.action {
                Action::Put(_) if memory && self.is(Fault::ForgetsMemory) => {}
                Action::Put(mut value) => {
                    if self.is(Fault::CutsValues) {
                        value.truncate(96);
                    }
                    let address = key.0.windows(19).any(|part| part == b"profiles.identifier");
                    if address && self.is(Fault::FoldsValues) {
                        value.make_ascii_lowercase();
                    }
                    *version += 1;
                    rows.insert(key, Versioned { value, version: *version });
                }
                Action::Delete if !self.is(Fault::NeverDeletes) => {
                    rows.remove(&key);
                }
                Action::Check | Action::Delete => {}
            }
        }
        Ok(if fits { Applied::All } else { Applied::Nothing })
    }

    async fn add(&self, key: Key, delta: i64, at_most: Option<i64>) -> Result<Option<i64>, StoreError> {
        if delta < 0 && self.is(Fault::NeverGivesBack) {
            return Ok(Some(0));
        }
        let key = self.key(&key);
        let read = || self.tables.counters.lock().unwrap().get(&key).copied().unwrap_or(0);
        let early = read();
        pause();
        let mut counters = self.tables.counters.lock().unwrap();
        let count = counters.entry(key.clone()).or_insert(0);
        let judged = if self.is(Fault::CountersOverspend) { early } else { *count };
        let full = at_most.is_some_and(|limit| delta > 0 && judged + delta > limit);
        if full && !self.is(Fault::CountersUnlimited) {
            return Ok(None);
        }
        *count = (*count + delta).max(0);
        Ok(Some(*count))
    }
}

/// The harness of a twin.
#[derive(Debug)]
pub(crate) struct TwinHarness {
    fault: Option<Fault>,
}

impl TwinHarness {
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Self { fault }
    }
}

impl Harness for TwinHarness {
    type Store = KvStore<Twin>;
    type Guard = Arc<Tables>;

    fn name(&self) -> &str {
        "twin"
    }

    async fn fresh(&self, _case: &str) -> Result<(Self::Guard, Self::Store), HarnessError> {
        let tables = Arc::new(Tables::default());
        let store = KvStore::new(Twin::new(Arc::clone(&tables), self.fault), Realm::default());
        Ok((tables, store))
    }

    async fn reopen(&self, tables: &Self::Guard, realm: &Realm) -> Result<Self::Store, HarnessError> {
        let tables =
            if self.fault == Some(Fault::LosesOnReopen) { Arc::default() } else { Arc::clone(tables) };
        Ok(KvStore::new(Twin::new(tables, self.fault), realm.clone()))
    }

    fn has_raw_reader(&self) -> bool {
        true
    }

    async fn raw(&self, tables: &Self::Guard) -> Result<Vec<Vec<u8>>, HarnessError> {
        let rows = tables.rows.lock().unwrap();
        Ok(rows
            .0
            .iter()
            .map(|((partition, sort), row)| [&partition[..], sort, &row.value].concat())
            .collect())
    }
}
