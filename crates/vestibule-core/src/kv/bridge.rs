//! From the meaning of writes to operations on keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::rows::RowsParts;
use super::{Action, Applied, Expect, Halt, Key, Kv, MemoryKv, Op, Partition, RecordWriter, Rows, Versioned};
use crate::{Batch, BatchId, Commit, Landed, Memory, Realm, StoreError, StoreErrorKind, Verdict, Write};

/// A store of every domain over a key-value database, bound to one realm.
///
/// It runs the meaning of each write over the rows it has; rows that are missing are fetched together and the
/// meaning runs again; then everything read and written goes into one conditional [`Kv::apply`]. Before it refuses, it looks
/// whether the rows still stand. When somebody was faster it begins anew, a bounded number of times.
#[derive(Debug)]
pub struct KvStore<K> {
    kv: K,
    realm: Realm,
}

/// The in-memory store: the bridge over a map. Cloning shares the map.
pub type MemoryStore = KvStore<Arc<MemoryKv>>;

impl<K: Clone> Clone for KvStore<K> {
    fn clone(&self) -> Self {
        Self { kv: self.kv.clone(), realm: self.realm.clone() }
    }
}

impl MemoryStore {
    /// An empty store in the default realm.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(Arc::new(MemoryKv::new()), Realm::default())
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::in_memory()
    }
}

/// How often a commit begins anew when others are faster.
const ROUNDS: u32 = 64;
/// How often missing rows are fetched: the key, a pointer's target, one more.
const FETCHES: u32 = 8;

impl<K: Kv> KvStore<K> {
    /// A store of this realm.
    #[must_use]
    pub const fn new(kv: K, realm: Realm) -> Self {
        Self { kv, realm }
    }

    /// The database.
    #[must_use]
    pub const fn kv(&self) -> &K {
        &self.kv
    }

    /// The realm.
    #[must_use]
    pub const fn realm(&self) -> &Realm {
        &self.realm
    }

    /// One row; for the reads of a domain.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot answer.
    pub async fn read(&self, key: Key) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.kv.get(vec![key.within(&self.realm)]).await?;
        Ok(found.into_iter().next().flatten().map(|row| row.value))
    }

    /// A page of a partition: sort bytes and rows; for the reads of a domain.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot answer.
    pub async fn read_page(
        &self,
        partition: Partition,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let page = self.kv.list(partition.within(&self.realm), after, limit).await?;
        Ok(page.into_iter().map(|(sort, row)| (sort, row.value)).collect())
    }

    /// Adds to a counter of this realm; see [`Kv::add`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot answer.
    pub async fn count(&self, key: Key, delta: i64, at_most: Option<i64>) -> Result<Option<i64>, StoreError> {
        self.kv.add(key.within(&self.realm), delta, at_most).await
    }

    async fn fetch(
        &self,
        keys: Vec<Key>,
        fetched: &mut BTreeMap<Key, Option<Versioned>>,
    ) -> Result<(), StoreError> {
        let found = self.kv.get(keys.iter().map(|key| key.within(&self.realm)).collect()).await?;
        fetched.extend(keys.into_iter().zip(found));
        Ok(())
    }

    /// Whether these rows stand as they were fetched, and so have all stood at one instant. What lands has that judged by the
    /// database; a refusal has not, and a batch that lands while its rows are fetched would be refused by its own. A row that came and
    /// went between the two looks is not noticed: it has no version.
    async fn stand(&self, fetched: &BTreeMap<Key, Option<Versioned>>) -> Result<bool, StoreError> {
        if fetched.len() < 2 {
            return Ok(true);
        }
        let mut again = BTreeMap::new();
        self.fetch(fetched.keys().cloned().collect(), &mut again).await?;
        Ok(again == *fetched)
    }

    /// Judges the whole batch, fetching what it turns out to need.
    async fn judge<W: Write>(
        &self,
        batch: &Batch<W>,
        fetched: &mut BTreeMap<Key, Option<Versioned>>,
    ) -> Result<Judged, StoreError> {
        for _ in 0..FETCHES {
            let judged = judge_once(batch, fetched)?;
            match judged {
                Ok(judged) => return Ok(judged),
                Err(missing) => self.fetch(missing, fetched).await?,
            }
        }
        Err(StoreErrorKind::Backend.into())
    }
}

impl<K: Kv, W: Write> Commit<W> for KvStore<K> {
    async fn commit(&self, batch: &Batch<W>) -> Result<Landed<W::Guard>, StoreError> {
        for _ in 0..ROUNDS {
            let mut fetched = BTreeMap::new();
            let ops = match self.judge(batch, &mut fetched).await? {
                Judged::AlreadyApplied => return Ok(Landed::AlreadyApplied),
                Judged::Refused(_) if !self.stand(&fetched).await? => continue,
                Judged::Refused(position) => {
                    return batch.refused(position).ok_or_else(|| StoreErrorKind::Backend.into());
                }
                Judged::Lands(ops) => {
                    ops.into_iter().map(|op| Op { key: op.key.within(&self.realm), ..op }).collect()
                }
            };
            if self.kv.apply(batch.id(), ops).await? == Applied::All {
                return Ok(Landed::Applied);
            }
        }
        Err(StoreErrorKind::Contended.into())
    }
}

enum Judged {
    AlreadyApplied,
    Lands(Vec<Op>),
    Refused(usize),
}

/// One pass over the batch. `Err` names the rows to fetch before the next.
fn judge_once<W: Write>(
    batch: &Batch<W>,
    fetched: &BTreeMap<Key, Option<Versioned>>,
) -> Result<Result<Judged, Vec<Key>>, StoreError> {
    // A batch that is remembered has landed, whatever its guards say by now.
    let mut rows = Rows::new(fetched);
    let remembered = remembered(batch, &mut rows)?;
    let RowsParts { used: memory_used, mut missing, .. } = rows.into_parts();
    if remembered {
        return Ok(Ok(Judged::AlreadyApplied));
    }

    let mut rows = Rows::new(fetched);
    let mut refused = None;
    for (position, write) in batch.writes().iter().enumerate() {
        match write.apply(batch.id(), &mut rows) {
            Ok(Verdict::Lands) | Err(Halt::Fetch) => {}
            Ok(Verdict::Refused) => {
                refused = refused.or(Some(position));
            }
            Err(Halt::Corrupt(corrupt)) => return Err(corrupt.into()),
        }
    }
    let RowsParts { mut staged, used, missing: more } = rows.into_parts();
    missing.extend(more);
    if !missing.is_empty() {
        missing.sort();
        missing.dedup();
        return Ok(Err(missing));
    }
    if let Some(position) = refused {
        return Ok(Ok(Judged::Refused(position)));
    }
    if batch.needs_memory() {
        staged.insert(memory_key(batch.id()), Some(RecordWriter::new(1).time(batch.at()).finish()));
    }
    Ok(Ok(Judged::Lands(operations(staged, used.into_iter().chain(memory_used), fetched))))
}

fn remembered<W: Write>(batch: &Batch<W>, rows: &mut Rows<'_>) -> Result<bool, StoreError> {
    if batch.needs_memory() {
        return match rows.has(&memory_key(batch.id())) {
            Ok(found) => Ok(found),
            Err(Halt::Fetch) => Ok(false),
            Err(Halt::Corrupt(corrupt)) => Err(corrupt.into()),
        };
    }
    let mut landed = false;
    for write in batch.writes() {
        match write.memory(batch.id(), rows) {
            Ok(Memory::Landed) => landed = true,
            Ok(Memory::NotThis | Memory::Silent) | Err(Halt::Fetch) => {}
            Err(Halt::Corrupt(corrupt)) => return Err(corrupt.into()),
        }
    }
    Ok(landed)
}

/// Everything read becomes a condition, everything staged an effect.
fn operations(
    staged: BTreeMap<Key, Option<Vec<u8>>>,
    used: impl Iterator<Item = Key>,
    fetched: &BTreeMap<Key, Option<Versioned>>,
) -> Vec<Op> {
    let expect = |key: &Key| match fetched.get(key) {
        Some(Some(row)) => Expect::Version(row.version),
        Some(None) | None => Expect::Absent,
    };
    let mut ops: BTreeMap<Key, Action> = used.map(|key| (key, Action::Check)).collect();
    for (key, value) in staged {
        let existed = matches!(fetched.get(&key), Some(Some(_)));
        match value {
            Some(value) => ops.insert(key, Action::Put(value)),
            None if existed => ops.insert(key, Action::Delete),
            None => ops.insert(key, Action::Check),
        };
    }
    ops.into_iter().map(|(key, action)| Op { expect: expect(&key), key, action }).collect()
}

fn memory_key(batch: BatchId) -> Key {
    Key::single("batch", &[batch.as_bytes()])
}
