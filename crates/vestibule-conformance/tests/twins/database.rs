//! A second key-value database, independent of the reference, that can be wrong in one way at a time.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use vestibule_conformance::{Harness, HarnessError, HostEnd, HostWork, JoinedGuard};
use vestibule_core::kv::{Action, Applied, Expect, Key, Kv, KvStore, Op, Partition, RecordReader, Versioned};
use vestibule_core::{BatchId, Commit, Landed, Realm, StoreError, StoreErrorKind, Timestamp};
use vestibule_sessions::Session;

use crate::faults::Fault;

type Bytes = (Vec<u8>, Vec<u8>);
/// The rows, and the last version that was given.
type Rows = (BTreeMap<Bytes, Versioned>, u64);

#[derive(Debug, Default)]
pub(crate) struct Tables {
    rows: Mutex<Rows>,
    counters: Mutex<BTreeMap<Bytes, i64>>,
    /// The host's own rows.
    host: Mutex<Vec<String>>,
    /// Whether a newer version made the tables.
    newer: AtomicBool,
    /// Whether the database can no longer be reached.
    broken: AtomicBool,
    /// Whether somebody is between the two halves of a batch.
    halfway: AtomicBool,
}

impl Tables {
    /// What a transaction sees and changes.
    fn fork(&self) -> Self {
        Self {
            rows: Mutex::new(self.rows.lock().unwrap().clone()),
            counters: Mutex::new(self.counters.lock().unwrap().clone()),
            host: Mutex::new(self.host.lock().unwrap().clone()),
            ..Self::default()
        }
    }
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

    /// What a call on a database that cannot be reached is answered; `None`: it can be.
    fn unreachable<T: Default>(&self) -> Option<Result<T, StoreError>> {
        if !self.tables.broken.load(Ordering::SeqCst) {
            return None;
        }
        Some(match self.fault {
            Some(Fault::BrokenIsEmpty) => Ok(T::default()),
            Some(Fault::LosesCause) => Err(StoreErrorKind::Unavailable.into()),
            _ => Err(StoreError::new(StoreErrorKind::Unavailable, "connection refused")),
        })
    }

    /// The rows, when nobody is between the halves of a batch.
    async fn whole(&self) -> MutexGuard<'_, Rows> {
        poll_fn(|context| {
            let rows = self.tables.rows.lock().unwrap();
            if !self.tables.halfway.load(Ordering::SeqCst) {
                return Poll::Ready(rows);
            }
            drop(rows);
            std::thread::yield_now();
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    /// The half-way point of a batch: it is passed a poll later. Nobody else sees the rows before the answer is dropped.
    async fn halfway(&self) -> Passed<'_> {
        let passed = Passed(&self.tables.halfway);
        let mut first = true;
        poll_fn(|context| {
            if !std::mem::take(&mut first) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        passed
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

impl Twin {
    fn put(&self, (rows, version): &mut Rows, op: &Op) {
        let key = self.key(&op.key);
        let memory = remembers_batch(op.key.partition());
        match &op.action {
            Action::Put(_) if memory && self.is(Fault::ForgetsMemory) => {}
            Action::Put(value) => {
                let mut value = value.clone();
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
}

impl Kv for Twin {
    async fn get(&self, keys: Vec<Key>) -> Result<Vec<Option<Versioned>>, StoreError> {
        if let Some(answer) = self.unreachable::<()>() {
            return answer.map(|()| vec![None; keys.len()]);
        }
        let keys: Vec<_> = keys.iter().map(|key| self.key(key)).collect();
        let mut found: Vec<_> = {
            let rows = self.whole().await;
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
        if let Some(answer) = self.unreachable() {
            return answer;
        }
        let partition = self.partition(&partition);
        let limit = if limit == 0 && self.is(Fault::ZeroIsAll) { usize::MAX } else { limit };
        let limit = limit.saturating_sub(usize::from(self.is(Fault::ShortPages)));
        let rows = self.whole().await;
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
        if let Some(answer) = self.unreachable::<()>() {
            return answer.map(|()| Applied::All);
        }
        if self.is(Fault::StaleReads) {
            self.remembered.lock().unwrap().retain(|key, _| ops.iter().all(|op| self.key(&op.key) != *key));
        }
        let half = ops.len() / 2;
        let fits = {
            let mut rows = self.whole().await;
            let fits = ops.iter().all(|op| self.holds(op, rows.0.get(&self.key(&op.key))));
            let lasts = |position: usize| match self.fault {
                Some(Fault::HalfBatch) => fits || position < half,
                Some(Fault::HalfWhenCancelled) => fits && position < half,
                _ => fits,
            };
            for (position, op) in ops.iter().enumerate() {
                if lasts(position) {
                    self.put(&mut rows, op);
                }
            }
            // Before anybody else sees the rows.
            self.tables.halfway.store(fits && self.is(Fault::HalfWhenCancelled), Ordering::SeqCst);
            fits
        };
        if fits && self.is(Fault::HalfWhenCancelled) {
            let _passed = self.halfway().await;
            let mut rows = self.tables.rows.lock().unwrap();
            ops.iter().skip(half).for_each(|op| self.put(&mut rows, op));
        }
        Ok(if fits { Applied::All } else { Applied::Nothing })
    }

    async fn add(&self, key: Key, delta: i64, at_most: Option<i64>) -> Result<Option<i64>, StoreError> {
        if let Some(answer) = self.unreachable() {
            return answer;
        }
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
        if tables.newer.load(Ordering::SeqCst) && self.fault != Some(Fault::IgnoresSchema) {
            return Err(StoreError::from(StoreErrorKind::Schema).into());
        }
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

    fn has_schema(&self) -> bool {
        true
    }

    async fn make_newer(&self, tables: &Self::Guard) -> Result<(), HarnessError> {
        tables.newer.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn has_breakdown(&self) -> bool {
        true
    }

    async fn break_down(&self, tables: &Self::Guard) -> Result<(), HarnessError> {
        tables.broken.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn has_host_transactions(&self) -> bool {
        true
    }

    async fn host_transaction(
        &self,
        tables: &Self::Guard,
        work: HostWork<'_>,
    ) -> Result<Landed<JoinedGuard>, HarnessError> {
        let own = Arc::new(tables.fork());
        own.host.lock().unwrap().push(work.row.to_owned());
        let store = KvStore::new(Twin::new(Arc::clone(&own), self.fault), Realm::default());
        let landed = store.commit(work.batch).await?;
        if self.fault == Some(Fault::RefusalEndsTransaction) && landed.refused().is_some() {
            return Err("the transaction is over".into());
        }
        if work.end == HostEnd::Commit || self.fault == Some(Fault::RollBackKeeps) {
            *tables.host.lock().unwrap() = own.host.lock().unwrap().clone();
            if self.fault != Some(Fault::HostCommitsAlone) {
                *tables.rows.lock().unwrap() = own.rows.lock().unwrap().clone();
            }
        }
        Ok(landed)
    }

    async fn host_rows(&self, tables: &Self::Guard) -> Result<Vec<String>, HarnessError> {
        let mut rows = tables.host.lock().unwrap().clone();
        rows.sort();
        Ok(rows)
    }

    fn has_maintenance(&self) -> bool {
        true
    }

    async fn maintain(
        &self,
        tables: &Self::Guard,
        _store: &Self::Store,
        now: Timestamp,
    ) -> Result<(), HarnessError> {
        if self.fault != Some(Fault::PurgesNothing) {
            tables.clean(self.fault, now);
        }
        Ok(())
    }
}

impl Tables {
    /// Housekeeping: batches are remembered for a day, counters kept for an hour after their windows. Whatever else
    /// rests has a slot that is used again.
    fn clean(&self, fault: Option<Fault>, now: Timestamp) {
        let is = |one| fault == Some(one);
        let grace =
            |hours: u64| Duration::from_secs(if is(Fault::PurgesEarly) { 0 } else { 60 * 60 * hours });
        let gone = |((partition, _), row): (&Bytes, &Versioned)| {
            let landed = || RecordReader::new(&row.value, 1).and_then(|mut row| row.time("at")).ok();
            let ended = || Session::decode(&row.value).ok().map(|row| row.ends_at);
            let past = |at: Timestamp, hours: u64| at.plus(grace(hours)) < now;
            names(partition, b"batch") && (is(Fault::PurgesMemory) || landed().is_some_and(|at| past(at, 24)))
                || names(partition, b"checkword.former") && is(Fault::PurgesFormer)
                || names(partition, b"sessions.rows")
                    && is(Fault::PurgesEarly)
                    && ended().is_some_and(|at| past(at, 0))
        };
        self.rows.lock().unwrap().0.retain(|key, row| !gone((key, row)));
        self.counters.lock().unwrap().retain(|(_, sort), _| {
            // A counter's sort bytes begin with the end of its window.
            let ends = sort.first_chunk().map(|ends| i64::from_be_bytes(*ends) ^ i64::MIN);
            let ends = ends.map(Timestamp::from_unix_micros);
            !is(Fault::PurgesLive) && ends.is_none_or(|ends| ends.plus(grace(1)) >= now)
        });
    }
}

/// Whether the rows there are of this table.
fn names(partition: &[u8], table: &[u8]) -> bool {
    partition.windows(table.len()).any(|part| part == table)
}

/// The other half is there, or will never be.
struct Passed<'a>(&'a AtomicBool);

impl Drop for Passed<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}
