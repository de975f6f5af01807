//! Databases in the process itself that are ordered maps of bytes: all that is left to write for one.

use core::ops::Bound;

use vestibule_core::kv::{Action, Applied, Key, Op, Partition, Versioned};
use vestibule_core::{CorruptRow, StoreError};

use crate::form::{FlatKeys, holds, read_row, row, sum};
use crate::maintain::{Dead, Found, Swept};
use crate::schema::{self, FormatError, Migrated};

/// One of the maps that a database keeps for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "databases match on it; a further one would change the form")]
pub enum Space {
    /// Counters: eight bytes each, a big-endian `i64`.
    Counters,
    /// Which form the others have, and the last version that was given to a row.
    Meta,
    /// Rows.
    Rows,
}

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// An ordered map of bytes with transactions, in the process itself: a file, an embedded engine.
///
/// [`Threaded`](crate::Threaded) makes a [`Kv`](crate::Kv) of it. Reads run on the caller's thread and must not wait for
/// a writer.
pub trait Ordered: Send + Sync + 'static {
    /// The values of these keys, in their order, all of one instant.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot answer; [`FormatError::Missing`] when nobody has made it.
    fn get(&self, space: Space, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError>;

    /// The first so many pairs between two keys, ascending, all of one instant.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    fn range(
        &self,
        space: Space,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError>;

    /// Runs `work` in the one write transaction there can be at a time, and commits if it says that there is something to
    /// commit. An error, and nothing to commit, take everything back. When it returns, what was committed is on the disk.
    ///
    /// # Errors
    ///
    /// As [`Kv::apply`](crate::Kv::apply), and what `work` answers.
    fn transact(
        &self,
        work: &mut dyn FnMut(&mut dyn Changes) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError>;
}

/// What a transaction sees and changes.
pub trait Changes {
    /// The value of a key, as this transaction has left it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot answer.
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Sets a value.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    fn put(&mut self, space: Space, key: &[u8], value: &[u8]) -> Result<(), StoreError>;

    /// Removes a key.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    fn remove(&mut self, space: Space, key: &[u8]) -> Result<(), StoreError>;
}

/// One change of a database.
#[derive(Debug)]
pub(crate) enum Change {
    Add { key: Key, delta: i64, at_most: Option<i64> },
    Apply(Vec<Op>),
}

/// What became of a [`Change`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    Added(Option<i64>),
    Applied(Applied),
}

const KEYS: FlatKeys = FlatKeys::alone();
/// The row of [`Space::Meta`] that says which form everything has.
const SCHEMA: &[u8] = b"schema";
/// The row of [`Space::Meta`] with the last version that was given to a row: none is given twice.
const VERSION: &[u8] = b"version";

/// [`migrate`](crate::migrate), for such a database.
///
/// # Errors
///
/// As there.
pub fn prepare(database: &impl Ordered) -> Result<Migrated, StoreError> {
    let mut migrated = Migrated::NothingToDo;
    database.transact(&mut |changes| {
        let found = changes.get(Space::Meta, SCHEMA)?;
        Ok(match schema::judge(found.as_deref()) {
            Ok(()) => false,
            Err(fault) if fault.is_missing() => {
                changes.put(Space::Meta, SCHEMA, &schema::row())?;
                migrated = Migrated::Made;
                true
            }
            Err(fault) => return Err(fault.into()),
        })
    })?;
    Ok(migrated)
}

pub(crate) fn check(database: &impl Ordered) -> Result<(), StoreError> {
    let found = database.get(Space::Meta, &[SCHEMA.to_vec()])?.into_iter().next().flatten();
    Ok(schema::judge(found.as_deref())?)
}

pub(crate) fn get(database: &impl Ordered, keys: &[Key]) -> Result<Vec<Option<Versioned>>, StoreError> {
    let keys = keys.iter().map(|key| KEYS.key(key)).collect::<Result<Vec<_>, _>>()?;
    let rows = database.get(Space::Rows, &keys)?.into_iter();
    Ok(rows.map(|row| row.map(|row| read_row(&row)).transpose()).collect::<Result<_, _>>()?)
}

pub(crate) fn list(
    database: &impl Ordered,
    partition: &Partition,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<(Vec<u8>, Versioned)>, StoreError> {
    let first = KEYS.of(partition, after.unwrap_or_default())?;
    let from = if after.is_some() { Bound::Excluded(&*first) } else { Bound::Included(&*first) };
    let whole = KEYS.of(partition, &[])?;
    let end = after_all(&whole);
    let to = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
    let sorted = |(key, row): Pair| -> Result<_, CorruptRow> {
        let sort = key.strip_prefix(&*whole).ok_or(CorruptRow("key"))?;
        Ok((sort.to_vec(), read_row(&row)?))
    };
    let page = database.range(Space::Rows, from, to, limit)?;
    Ok(page.into_iter().map(sorted).collect::<Result<_, _>>()?)
}

/// The first key that is above all that begin so.
fn after_all(prefix: &[u8]) -> Option<Vec<u8>> {
    let (last, before) = prefix.split_last()?;
    match last.checked_add(1) {
        Some(last) => Some([before, &[last]].concat()),
        None => after_all(before),
    }
}

/// Makes these changes in one transaction, in their order: each is judged by itself, on what those before it left, and one
/// that does not hold changes nothing and keeps no other from landing.
pub(crate) fn write(database: &impl Ordered, changes: &[Change]) -> Result<Vec<Done>, StoreError> {
    let mut done = Vec::new();
    database.transact(&mut |tables| {
        done.clear();
        let mut changed = false;
        for change in changes {
            done.push(match change {
                Change::Add { key, delta, at_most } => {
                    Done::Added(add(tables, key, *delta, *at_most, &mut changed)?)
                }
                Change::Apply(ops) => Done::Applied(apply(tables, ops, &mut changed)?),
            });
        }
        Ok(changed)
    })?;
    Ok(done)
}

fn apply(tables: &mut dyn Changes, ops: &[Op], changed: &mut bool) -> Result<Applied, StoreError> {
    for op in ops {
        let found = tables.get(Space::Rows, &KEYS.key(&op.key)?)?;
        let found = found.map(|row| read_row(&row)).transpose()?;
        if !holds(op.expect, found.map(|row| row.version)) {
            return Ok(Applied::Nothing);
        }
    }
    let mut version = match tables.get(Space::Meta, VERSION)? {
        None => 0,
        Some(row) => read_row(&row)?.version,
    };
    for Op { key, action, .. } in ops {
        let key = KEYS.key(key)?;
        match action {
            Action::Check => continue,
            Action::Delete => tables.remove(Space::Rows, &key)?,
            Action::Put(value) => {
                version += 1;
                tables.put(Space::Rows, &key, &row(version, value))?;
            }
        }
        *changed = true;
    }
    tables.put(Space::Meta, VERSION, &row(version, &[]))?;
    Ok(Applied::All)
}

fn add(
    tables: &mut dyn Changes,
    key: &Key,
    delta: i64,
    at_most: Option<i64>,
    changed: &mut bool,
) -> Result<Option<i64>, StoreError> {
    let key = KEYS.key(key)?;
    let count = match tables.get(Space::Counters, &key)? {
        None => 0,
        Some(count) => i64::from_be_bytes(count.as_slice().try_into().map_err(|_| CorruptRow("count"))?),
    };
    let sum = sum(count, delta, at_most);
    if let Some(sum) = sum.filter(|sum| *sum != count) {
        tables.put(Space::Counters, &key, &sum.to_be_bytes())?;
        *changed = true;
    }
    Ok(sum)
}

/// The counters first, then the rows: a place is which of the two, and the last key that was looked at there.
pub(crate) fn sweep(
    database: &impl Ordered,
    after: &[u8],
    limit: usize,
    dead: &Dead,
) -> Result<Swept, StoreError> {
    let (space, after) = match after.split_first() {
        Some((1, after)) => (Space::Rows, after),
        Some((_, after)) => (Space::Counters, after),
        None => (Space::Counters, after),
    };
    let from = if after.is_empty() { Bound::Unbounded } else { Bound::Excluded(after) };
    let found = database.range(space, from, Bound::Unbounded, limit)?;
    let is_dead = |key: &[u8], value: &[u8]| match (KEYS.parts(key), space) {
        (Some((partition, sort)), Space::Counters) => dead(Found::Counter { partition, sort }),
        (Some((partition, _)), _) => {
            read_row(value).is_ok_and(|row| dead(Found::Row { partition, value: &row.value }))
        }
        (None, _) => false,
    };
    let gone: Vec<_> = found.iter().filter(|(key, value)| is_dead(key, value)).collect();
    database.transact(&mut |tables| {
        for (key, _) in &gone {
            tables.remove(space, key)?;
        }
        Ok(!gone.is_empty())
    })?;
    let next = match (found.last(), space) {
        (Some((last, _)), _) if found.len() == limit => {
            Some([&[u8::from(space == Space::Rows)], last.as_slice()].concat())
        }
        (_, Space::Counters) => Some(vec![1]),
        (_, Space::Meta | Space::Rows) => None,
    };
    Ok(Swept { looked: found.len(), removed: gone.len(), next })
}

impl FormatError {
    const fn is_missing(self) -> bool {
        matches!(self, Self::Missing)
    }
}
