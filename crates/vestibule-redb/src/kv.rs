//! The four methods over redb's transactions.

use core::ops::Bound;
use std::sync::Arc;

use redb::{
    Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, TableError,
    WriteTransaction,
};
use vestibule_core::kv::{Action, Applied, Expect, Key, Kv, Op, Partition, Versioned};
use vestibule_core::{BatchId, StoreError, StoreErrorKind};

use crate::error::{FormatError, commit_fault, fault};
use crate::file::OpenedFile;

/// Key: partition with its length before it, then sort bytes. Value: version, then the bytes as they were put.
const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("vestibule_rows");
const COUNTERS: TableDefinition<'_, &[u8], i64> = TableDefinition::new("vestibule_counters");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("vestibule_meta");

/// The row of `META` that says which form the tables have, and that form.
const FORMAT: (&str, u64) = ("format", 1);
/// The row of `META` with the last version that was given to a row: none is given twice.
const VERSION: &str = "version";

/// A redb database as Vestibule needs it. Clones share it.
#[derive(Debug, Clone)]
pub struct RedbKv {
    database: Arc<Database>,
    file: Option<Arc<OpenedFile>>,
}

impl RedbKv {
    /// Makes our tables in a database of yours, if they are not there.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; `Schema` when a newer version made them.
    pub fn prepare(database: &Database) -> Result<(), StoreError> {
        let transaction = begin(database)?;
        {
            let mut meta = transaction.open_table(META).map_err(fault)?;
            if let Some(format) = meta.get(FORMAT.0).map_err(fault)? {
                return require_known(format.value());
            }
            meta.insert(FORMAT.0, FORMAT.1).map_err(fault)?;
            transaction.open_table(ROWS).map_err(fault)?;
            transaction.open_table(COUNTERS).map_err(fault)?;
        }
        transaction.commit().map_err(commit_fault)
    }

    /// A database of yours, in which our tables were made.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn over(database: Arc<Database>) -> Result<Self, StoreError> {
        let kv = Self { database, file: None };
        kv.check()?;
        Ok(kv)
    }

    pub(crate) fn in_file(database: Database, file: OpenedFile) -> Result<Self, StoreError> {
        let kv = Self { database: Arc::new(database), file: Some(Arc::new(file)) };
        kv.check()?;
        Ok(kv)
    }

    /// The database beneath.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Whether the tables are those of this version.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; of kind `Schema`, with a [`FormatError`], when they are not.
    pub fn check(&self) -> Result<(), StoreError> {
        let meta = match self.read()?.open_table(META) {
            Err(TableError::TableDoesNotExist(_)) => return Err(FormatError::Missing.into()),
            opened => opened.map_err(fault)?,
        };
        let format = meta.get(FORMAT.0).map_err(fault)?.ok_or(FormatError::Missing)?;
        require_known(format.value())
    }

    fn read(&self) -> Result<ReadTransaction, StoreError> {
        self.require_same_file()?;
        self.database.begin_read().map_err(fault)
    }

    fn write(&self) -> Result<WriteTransaction, StoreError> {
        self.require_same_file()?;
        begin(&self.database)
    }

    fn require_same_file(&self) -> Result<(), StoreError> {
        self.file.as_ref().map_or(Ok(()), |file| file.require_same())
    }
}

impl Kv for RedbKv {
    async fn get(&self, keys: Vec<Key>) -> Result<Vec<Option<Versioned>>, StoreError> {
        let rows = self.read()?.open_table(ROWS).map_err(fault)?;
        let one = |key: &Key| {
            let found = rows.get(encode(key.partition(), key.sort())?.as_slice()).map_err(fault)?;
            found.map(|row| decode(row.value())).transpose()
        };
        keys.iter().map(one).collect()
    }

    async fn list(
        &self,
        partition: Partition,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Versioned)>, StoreError> {
        let rows = self.read()?.open_table(ROWS).map_err(fault)?;
        let first = encode(&partition, after.as_deref().unwrap_or_default())?;
        let from = if after.is_some() { Bound::Excluded(&*first) } else { Bound::Included(&*first) };
        let partition = encode(&partition, &[])?;
        let mut page = Vec::new();
        for row in rows.range::<&[u8]>((from, Bound::Unbounded)).map_err(fault)?.take(limit) {
            let (key, value) = row.map_err(fault)?;
            let Some(sort) = key.value().strip_prefix(&*partition) else { break };
            page.push((sort.to_vec(), decode(value.value())?));
        }
        Ok(page)
    }

    async fn apply(&self, _: BatchId, ops: Vec<Op>) -> Result<Applied, StoreError> {
        let changes = ops.iter().any(|op| op.action != Action::Check);
        let transaction = self.write()?;
        {
            let mut rows = transaction.open_table(ROWS).map_err(fault)?;
            let mut meta = transaction.open_table(META).map_err(fault)?;
            let mut version = meta.get(VERSION).map_err(fault)?.map_or(0, |version| version.value());
            for Op { key, expect, action } in ops {
                let key = encode(key.partition(), key.sort())?;
                let found = rows.get(&*key).map_err(fault)?.map(|row| decode(row.value())).transpose()?;
                // A transaction that ends here takes everything back.
                if !holds(expect, found.as_ref()) {
                    return Ok(Applied::Nothing);
                }
                match action {
                    Action::Check => {}
                    Action::Delete => drop(rows.remove(&*key).map_err(fault)?),
                    Action::Put(value) => {
                        version += 1;
                        let row = [&version.to_be_bytes(), value.as_slice()].concat();
                        rows.insert(&*key, &*row).map_err(fault)?;
                    }
                }
            }
            if !changes {
                return Ok(Applied::All);
            }
            meta.insert(VERSION, version).map_err(fault)?;
        }
        transaction.commit().map_err(commit_fault)?;
        Ok(Applied::All)
    }

    async fn add(&self, key: Key, delta: i64, at_most: Option<i64>) -> Result<Option<i64>, StoreError> {
        let key = encode(key.partition(), key.sort())?;
        let transaction = self.write()?;
        let sum = {
            let mut counters = transaction.open_table(COUNTERS).map_err(fault)?;
            let count = counters.get(&*key).map_err(fault)?.map_or(0, |count| count.value());
            let sum = count.saturating_add(delta).max(0);
            if at_most.is_some_and(|limit| delta > 0 && sum > limit) {
                return Ok(None);
            }
            if sum == count {
                return Ok(Some(sum));
            }
            counters.insert(&*key, sum).map_err(fault)?;
            sum
        };
        transaction.commit().map_err(commit_fault)?;
        Ok(Some(sum))
    }
}

/// A transaction whose commit is on the disk when it is answered, in two syncs: outsiders choose some of the bytes, and
/// redb's commit by one sync relies on checksums that can be forged.
fn begin(database: &Database) -> Result<WriteTransaction, StoreError> {
    let mut transaction = database.begin_write().map_err(fault)?;
    transaction.set_durability(Durability::Immediate).map_err(fault)?;
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

fn require_known(format: u64) -> Result<(), StoreError> {
    if format <= FORMAT.1 { Ok(()) } else { Err(FormatError::Newer.into()) }
}

const fn holds(expect: Expect, found: Option<&Versioned>) -> bool {
    match (expect, found) {
        (Expect::Absent, found) => found.is_none(),
        (Expect::Present, found) => found.is_some(),
        (Expect::Version(expected), Some(found)) => found.version == expected,
        (Expect::Version(_), None) => false,
    }
}

fn encode(partition: &Partition, sort: &[u8]) -> Result<Vec<u8>, StoreError> {
    let partition = partition.as_bytes();
    let length = u16::try_from(partition.len()).map_err(|_| {
        StoreError::new(StoreErrorKind::Backend, "a partition is longer than its length can say")
    })?;
    Ok([&length.to_be_bytes(), partition, sort].concat())
}

fn decode(row: &[u8]) -> Result<Versioned, StoreError> {
    let (version, value) = row.split_first_chunk().ok_or(StoreErrorKind::Corrupt)?;
    Ok(Versioned { value: value.to_vec(), version: u64::from_be_bytes(*version) })
}
