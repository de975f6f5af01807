//! The store.

use core::fmt;
use std::path::Path;
use std::sync::Arc;

use vestibule_core::{Batch, Commit, Landed, Lower, Realm, StoreError, StoreErrorKind, Timestamp, Write};
use vestibule_sql::{Plan, Query, Statement};

use crate::connect::{connect, require_write_ahead_log};
use crate::error::fault;
use crate::export::export;
use crate::file::OpenedFile;
use crate::maintain::forget_batches;
use crate::migrate::{check, migrate};
use crate::readers::{Readers, Snapshot, all, one};
use crate::writer::{Done, Task, Writer};
use crate::{Fingerprint, Maintained, Migrated, Options, Schema, WriterCounts};

/// A store in a SQLite file, bound to one realm. Cloning shares its writer and its readers.
///
/// # Atomicity
///
/// Batches that wait at the same time share a transaction, each in a savepoint of its own, and are answered after its
/// commit. An error of the commit is told to all of them.
///
/// # Cancellation
///
/// A commit is handed to the writer at its first poll, and runs to its end from there.
#[derive(Clone)]
pub struct SqliteStore {
    shared: Arc<Shared>,
    realm: Realm,
}

struct Shared {
    // Dropped in this order: the writer's connection is then the last, and empties the log into the file.
    readers: Readers,
    writer: Writer,
    schema: Schema,
}

impl SqliteStore {
    /// Opens a file that is there and was migrated. It makes no file and changes no table.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: `Unavailable` when there is no such file, `Schema` (see [`SchemaError`](crate::SchemaError)) when
    /// its tables are not exactly those of this version, `Corrupt` when it is no database.
    pub fn open(path: impl AsRef<Path>, realm: Realm, options: Options) -> Result<Self, StoreError> {
        let file = OpenedFile::find(path.as_ref())?;
        let connection = connect(&file, &options)?;
        check(&connection, &options.schema)?;
        if !require_write_ahead_log(&connection).map_err(fault)? {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "no write-ahead log is possible here"));
        }
        let readers = Readers::open(&file, &options)?;
        let schema = options.schema.clone();
        let writer = Writer::start(connection, file, options)?;
        Ok(Self { shared: Arc::new(Shared { readers, writer, schema }), realm })
    }

    /// Makes the file if there is none, migrates it, and opens it.
    ///
    /// # Errors
    ///
    /// As [`migrate`](Self::migrate) and [`open`](Self::open).
    pub fn create(
        path: impl AsRef<Path>,
        realm: Realm,
        options: Options,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        migrate(path.as_ref(), &options, now)?;
        Self::open(path, realm, options)
    }

    /// Makes the file if there is none, and brings its tables to this version: all pending migrations in one exclusive
    /// transaction, so that a migrator that dies has done nothing, and of two at once the second finds nothing to do
    /// (FLT-X24).
    ///
    /// # Errors
    ///
    /// [`StoreError`]; `Schema` when the file was migrated by a newer version or its tables are not as they were made.
    pub fn migrate(
        path: impl AsRef<Path>,
        options: &Options,
        now: Timestamp,
    ) -> Result<Migrated, StoreError> {
        migrate(path.as_ref(), options, now)
    }

    /// The migrations of these domains as one script, for whoever changes schemas by other means.
    #[must_use]
    pub fn export_sql(schema: &Schema) -> String {
        export(schema)
    }

    /// Compares the tables with those of this version, as opening does.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of kind `Schema` when they differ.
    pub fn check(&self) -> Result<Fingerprint, StoreError> {
        self.shared.readers.with(|connection| check(connection, &self.shared.schema))
    }

    /// The realm that this handle is bound to.
    #[must_use]
    pub const fn realm(&self) -> &Realm {
        &self.realm
    }

    /// A handle on another realm of the same file.
    #[must_use]
    pub fn in_realm(&self, realm: Realm) -> Self {
        Self { shared: Arc::clone(&self.shared), realm }
    }

    /// Every row that answers a question. It runs on the caller's thread (decision 0006) and sees every commit that was
    /// answered before.
    ///
    /// # Errors
    ///
    /// [`StoreError`], of kind `Corrupt` when a row cannot be read.
    pub fn query<T>(&self, query: &Query<T>) -> Result<Vec<T>, StoreError> {
        self.shared.readers.with(|connection| all(connection, query))
    }

    /// The only row that answers a question, if there is one.
    ///
    /// # Errors
    ///
    /// As [`query`](Self::query), and `Corrupt` when there are several.
    pub fn query_one<T>(&self, query: &Query<T>) -> Result<Option<T>, StoreError> {
        self.shared.readers.with(|connection| one(connection, query))
    }

    /// Asks several questions of one instant.
    ///
    /// `ask` holds one of the readers; it must not ask the store itself, which may have no other.
    ///
    /// # Errors
    ///
    /// What `ask` answers, and [`StoreError`] when no snapshot can be taken.
    pub fn snapshot<T>(
        &self,
        ask: impl FnOnce(&Snapshot<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.shared.readers.with(|connection| ask(&Snapshot::of(connection)?))
    }

    /// Removes what nobody needs any more, at most `budget` rows of each table: the memory of batches after a day, ended
    /// windows after an hour, sessions and known devices 30 days after their end, cases after 90 days and the oldest beyond
    /// the realm's cap, messages that no longer wait after 30 days, tries made with
    /// a device 210 days after the last, checkwords and identifiers that were given up 30 days after their end; and wipes
    /// the texts of checkwords that are sent no more.
    ///
    /// Each statement takes the writer for itself; a smaller budget, more often, keeps commits from waiting.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; what was removed before stays removed.
    pub async fn maintain(&self, now: Timestamp, budget: u32) -> Result<Maintained, StoreError> {
        let mut done = Maintained::default();
        done.batches += self.remove(forget_batches(&self.realm, now, budget)).await?;
        #[cfg(feature = "checkword")]
        {
            let (removed, wiped) = crate::checkword::forget(&self.realm, now, budget);
            for removed in removed {
                done.checkwords += self.remove(removed).await?;
            }
            done.wiped += self.remove(wiped).await?;
        }
        #[cfg(feature = "credentials")]
        {
            done.tries += self.remove(crate::credentials::forget_tries(&self.realm, now, budget)).await?;
        }
        #[cfg(feature = "journal")]
        {
            let [old, beyond, messages] = crate::journal::forget(&self.realm, now, budget);
            done.cases += self.remove(old).await? + self.remove(beyond).await?;
            done.messages += self.remove(messages).await?;
        }
        #[cfg(feature = "profiles")]
        for removed in crate::profiles::forget(&self.realm, now, budget) {
            done.leavings += self.remove(removed).await?;
        }
        #[cfg(feature = "sessions")]
        {
            done.sessions += self.remove(crate::sessions::forget_sessions(&self.realm, now, budget)).await?;
            done.devices += self.remove(crate::sessions::forget_devices(&self.realm, now, budget)).await?;
        }
        #[cfg(feature = "throttle")]
        for forget in crate::throttle::forget(&self.realm, now, budget) {
            done.windows += self.remove(forget).await?;
        }
        Ok(done)
    }

    async fn remove(&self, statement: Statement) -> Result<usize, StoreError> {
        let Done::Statement { rows } = self.hand_over(Task::Statement(statement)).await? else {
            return Err(StoreErrorKind::Backend.into());
        };
        Ok(rows)
    }

    /// What the writer has done since the file was opened.
    #[must_use]
    pub fn writer_counts(&self) -> WriterCounts {
        self.shared.writer.counts()
    }

    /// Hands over what nobody waits for.
    #[cfg(feature = "throttle")]
    pub(crate) fn leave_with_writer(&self, task: Task) -> Result<(), StoreError> {
        self.shared.writer.hand_over(task).map(drop)
    }

    pub(crate) async fn hand_over(&self, task: Task) -> Result<Done, StoreError> {
        // Without an answer the writer died with the task in its hands: nobody knows how far it came.
        self.shared
            .writer
            .hand_over(task)?
            .await
            .unwrap_or_else(|| Err(StoreErrorKind::OutcomeUnknown.into()))
    }
}

impl<W: Write + Lower<Plan>> Commit<W> for SqliteStore {
    async fn commit(&self, batch: &Batch<W>) -> Result<Landed<W::Guard>, StoreError> {
        let plan =
            Plan::of(&self.realm, batch).map_err(|error| StoreError::new(StoreErrorKind::Backend, error))?;
        let Done::Batch(outcome) = self.hand_over(Task::Batch(plan)).await? else {
            return Err(StoreErrorKind::Backend.into());
        };
        outcome.landed(batch).ok_or_else(|| StoreErrorKind::Backend.into())
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("realm", &self.realm).finish_non_exhaustive()
    }
}
