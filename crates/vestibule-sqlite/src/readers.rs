//! Connections that answer questions, on the caller's thread (decision 0006).

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rusqlite::{Connection, Transaction};
use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_sql::Query;

use crate::Options;
use crate::bind::rows;
use crate::connect::connect_reader;
use crate::error::fault;
use crate::file::OpenedFile;

/// The connections that nobody has, and how many callers wait for one.
struct Desk {
    free: Vec<Connection>,
    waiting: usize,
}

/// For how long a look at the file counts: what is answered was then no older than a question that was on its way.
const LOOK_COUNTS: Duration = Duration::from_millis(1);

pub(crate) struct Readers {
    file: OpenedFile,
    opened: Instant,
    /// When the file was last found to be the same, in nanoseconds since these were opened; zero: never.
    looked: AtomicU64,
    desk: Mutex<Desk>,
    came_back: Condvar,
    patience: Duration,
}

impl Readers {
    #[expect(clippy::disallowed_methods, reason = "how often the file is looked at is no decision's time")]
    pub(crate) fn open(file: &OpenedFile, options: &Options) -> Result<Self, StoreError> {
        let free = (0..options.readers).map(|_| connect_reader(file, options)).collect::<Result<_, _>>()?;
        Ok(Self {
            file: file.clone(),
            opened: Instant::now(),
            looked: AtomicU64::new(0),
            desk: Mutex::new(Desk { free, waiting: 0 }),
            came_back: Condvar::new(),
            patience: options.busy_timeout,
        })
    }

    /// Lends a connection, and waits for one no longer than for a lock (FLT-X13).
    pub(crate) fn with<T>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.require_same()?;
        let lent = self.lend();
        match &(Lent { readers: self, connection: lent }).connection {
            Some(connection) => ask(connection),
            None => Err(StoreError::new(StoreErrorKind::Contended, "no reader is free")),
        }
    }

    /// As the file's own, which costs more than finding a row does.
    fn require_same(&self) -> Result<(), StoreError> {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let (now, looked) = (nanos(self.opened.elapsed()), self.looked.load(Ordering::Relaxed));
        if looked == 0 || now.saturating_sub(looked) >= nanos(LOOK_COUNTS) {
            self.file.require_same()?;
            self.looked.store(now.max(1), Ordering::Relaxed);
        }
        Ok(())
    }

    fn lend(&self) -> Option<Connection> {
        let mut desk = self.lock();
        if desk.free.is_empty() {
            desk.waiting += 1;
            (desk, _) = self
                .came_back
                .wait_timeout_while(desk, self.patience, |desk| desk.free.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            desk.waiting -= 1;
        }
        desk.free.pop()
    }

    fn take_back(&self, connection: Connection) {
        let mut desk = self.lock();
        desk.free.push(connection);
        // To wake somebody is a system call, and there is mostly nobody to be woken.
        if desk.waiting > 0 {
            self.came_back.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        // Nothing that holds the lock can panic half-way.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection on loan. It comes back however the question ends: one that panicked has changed nothing, its transaction
/// was rolled back when it unwound.
struct Lent<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.readers.take_back(connection);
        }
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
