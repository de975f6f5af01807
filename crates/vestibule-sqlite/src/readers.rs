//! Connections that answer questions, on the caller's thread (decision 0006).

use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::{Connection, Transaction};
use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_sql::Query;

use crate::Options;
use crate::bind::rows;
use crate::connect::connect_reader;
use crate::error::fault;
use crate::file::OpenedFile;

pub(crate) struct Readers {
    file: OpenedFile,
    connections: Vec<Mutex<Connection>>,
    next: AtomicUsize,
}

impl Readers {
    pub(crate) fn open(file: &OpenedFile, options: &Options) -> Result<Self, StoreError> {
        let connections = (0..options.readers)
            .map(|_| connect_reader(file, options).map(Mutex::new))
            .collect::<Result<_, _>>()?;
        Ok(Self { file: file.clone(), connections, next: AtomicUsize::new(0) })
    }

    /// Lends a connection: a free one, or the next in turn.
    pub(crate) fn with<T>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.file.require_same()?;
        let connection = self.free().map_or_else(|| self.next_in_turn(), Ok)?;
        ask(&connection)
    }

    fn free(&self) -> Option<MutexGuard<'_, Connection>> {
        self.connections.iter().find_map(|connection| match connection.try_lock() {
            Ok(free) => Some(free),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        })
    }

    fn next_in_turn(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let connection = turn
            .checked_rem(self.connections.len())
            .and_then(|turn| self.connections.get(turn))
            .ok_or(StoreErrorKind::Backend)?;
        // A question that panicked has changed nothing: its transaction was rolled back when it unwound.
        Ok(connection.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One instant of the database: every question asked of it sees the same commits.
pub struct Snapshot<'a>(Transaction<'a>);

impl<'a> Snapshot<'a> {
    pub(crate) fn of(connection: &'a Connection) -> Result<Self, StoreError> {
        connection.unchecked_transaction().map(Self).map_err(fault)
    }

    /// Every row of the answer.
    ///
    /// # Errors
    ///
    /// [`StoreError`], of kind `Corrupt` when a row cannot be read.
    pub fn all<T>(&self, query: &Query<T>) -> Result<Vec<T>, StoreError> {
        all(&self.0, query)
    }

    /// The only row of the answer, if there is one.
    ///
    /// # Errors
    ///
    /// As [`all`](Self::all), and `Corrupt` when there are several.
    pub fn one<T>(&self, query: &Query<T>) -> Result<Option<T>, StoreError> {
        one(&self.0, query)
    }
}

impl fmt::Debug for Snapshot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}

pub(crate) fn all<T>(connection: &Connection, query: &Query<T>) -> Result<Vec<T>, StoreError> {
    Ok(query.all(rows(connection, query.statement(), usize::MAX)?)?)
}

pub(crate) fn one<T>(connection: &Connection, query: &Query<T>) -> Result<Option<T>, StoreError> {
    Ok(query.one(rows(connection, query.statement(), 2)?)?)
}
