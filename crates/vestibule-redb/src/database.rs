//! redb as an ordered map of bytes.

use core::ops::Bound;
use std::sync::Arc;

use redb::{Database, Durability, ReadableDatabase, ReadableTable, Table, TableDefinition, Value};
use vestibule_core::{CorruptRow, StoreError};
use vestibule_kv::file::OpenedFile;
use vestibule_kv::{Changes, Ordered, Pair, Space};

use crate::error::{commit_fault, fault};

type Bytes = &'static [u8];

const COUNTERS: TableDefinition<'_, Bytes, i64> = TableDefinition::new("vestibule_counters");
const META: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new("vestibule_meta");
const ROWS: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new("vestibule_rows");

/// A redb database, and the file in which it was opened.
#[derive(Debug)]
pub(crate) struct Redb {
    pub(crate) database: Arc<Database>,
    pub(crate) file: Option<OpenedFile>,
}

impl Redb {
    /// The database, if its file is still the one that was opened.
    fn same(&self) -> Result<&Database, StoreError> {
        self.file.as_ref().map_or(Ok(()), OpenedFile::require_same)?;
        Ok(&self.database)
    }
}

impl Ordered for Redb {
    fn get(&self, space: Space, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let transaction = self.same()?.begin_read().map_err(fault)?;
        if space == Space::Counters {
            let table = transaction.open_table(COUNTERS).map_err(fault)?;
            return keys.iter().map(|key| one(&table, key)).collect();
        }
        let table = transaction.open_table(named(space)).map_err(fault)?;
        keys.iter().map(|key| one(&table, key)).collect()
    }

    fn range(
        &self,
        space: Space,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let transaction = self.same()?.begin_read().map_err(fault)?;
        if space == Space::Counters {
            let table = transaction.open_table(COUNTERS).map_err(fault)?;
            return page(&table, (from, to), limit);
        }
        page(&transaction.open_table(named(space)).map_err(fault)?, (from, to), limit)
    }

    /// What is committed is on the disk when it is answered, in two syncs: outsiders choose some of the bytes, and redb's
    /// commit by one sync relies on checksums that can be forged.
    fn transact(
        &self,
        work: &mut dyn FnMut(&mut dyn Changes) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.same()?.begin_write().map_err(fault)?;
        transaction.set_durability(Durability::Immediate).map_err(fault)?;
        transaction.set_two_phase_commit(true);
        let commits = work(&mut Tables {
            counters: transaction.open_table(COUNTERS).map_err(fault)?,
            meta: transaction.open_table(META).map_err(fault)?,
            rows: transaction.open_table(ROWS).map_err(fault)?,
        })?;
        if commits { transaction.commit().map_err(commit_fault) } else { Ok(()) }
    }
}

struct Tables<'t> {
    counters: Table<'t, Bytes, i64>,
    meta: Table<'t, Bytes, Bytes>,
    rows: Table<'t, Bytes, Bytes>,
}

impl Changes for Tables<'_> {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match space {
            Space::Counters => one(&self.counters, key),
            Space::Meta => one(&self.meta, key),
            Space::Rows => one(&self.rows, key),
        }
    }

    fn put(&mut self, space: Space, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        match space {
            Space::Counters => {
                let count = value.try_into().map_err(|_| CorruptRow("count"))?;
                self.counters.insert(key, i64::from_be_bytes(count)).map(drop)
            }
            Space::Meta => self.meta.insert(key, value).map(drop),
            Space::Rows => self.rows.insert(key, value).map(drop),
        }
        .map_err(fault)
    }

    fn remove(&mut self, space: Space, key: &[u8]) -> Result<(), StoreError> {
        match space {
            Space::Counters => self.counters.remove(key).map(drop),
            Space::Meta => self.meta.remove(key).map(drop),
            Space::Rows => self.rows.remove(key).map(drop),
        }
        .map_err(fault)
    }
}

const fn named(space: Space) -> TableDefinition<'static, Bytes, Bytes> {
    if matches!(space, Space::Meta) { META } else { ROWS }
}

/// A value of a table, as bytes.
trait Plain: Value + 'static {
    fn plain(value: Self::SelfType<'_>) -> Vec<u8>;
}

impl Plain for Bytes {
    fn plain(value: &[u8]) -> Vec<u8> {
        value.to_vec()
    }
}

impl Plain for i64 {
    fn plain(value: Self) -> Vec<u8> {
        value.to_be_bytes().to_vec()
    }
}

fn one<V: Plain>(table: &impl ReadableTable<Bytes, V>, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(table.get(key).map_err(fault)?.map(|found| V::plain(found.value())))
}

fn page<V: Plain>(
    table: &impl ReadableTable<Bytes, V>,
    between: (Bound<&[u8]>, Bound<&[u8]>),
    limit: usize,
) -> Result<Vec<Pair>, StoreError> {
    let mut page = Vec::new();
    for pair in table.range::<&[u8]>(between).map_err(fault)?.take(limit) {
        let (key, value) = pair.map_err(fault)?;
        page.push((key.value().to_vec(), V::plain(value.value())));
    }
    Ok(page)
}
