//! The store.

use core::fmt;
use core::future::Future;
use std::sync::Arc;

use tokio::runtime::Handle;
use vestibule_core::{
    Batch, Commit, CorruptRow, Landed, Lower, Realm, StoreError, StoreErrorKind, Timestamp, Write,
};
use vestibule_sql::{Plan, Query, RowValues, Statement};

use crate::bind::{Manner, execute, query, values};
use crate::error::{breaks, fault, with_kind};
use crate::export::export;
use crate::maintain::forget_batches;
use crate::migrate::{check, migrate};
use crate::pool::Pool;
use crate::run::commit;
use crate::{Fingerprint, Maintained, Migrated, Options, Schema, Server};

/// A store in a schema of a PostgreSQL database, bound to one realm. Cloning shares its connections.
///
/// It works on the tokio runtime in which it was opened, whoever polls its futures.
///
/// # Atomicity
///
/// A batch is one transaction, and one round trip: what begins it, its statements and its commit are sent at once. A
/// statement whose guard does not hold fails, and after a failure the server makes a rollback of the commit. Its log then
/// has a `division by zero`, which is nobody's mistake: somebody else's batch was faster.
///
/// # Cancellation
///
/// Every call is handed to a task of its own at its first poll, and runs to its end from there.
#[derive(Clone)]
pub struct PostgresStore {
    pool: Arc<Pool>,
    realm: Realm,
}

impl PostgresStore {
    /// Opens a schema that is there and was migrated. It makes and changes no table.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: `Unavailable` when the server is not reached or no tokio runtime is entered, `ReadOnly` when it
    /// follows another server or refuses writes, `Schema` (see [`SchemaError`](crate::SchemaError)) when the tables are not
    /// exactly those of this version.
    pub async fn open(server: &Server, realm: Realm, options: Options) -> Result<Self, StoreError> {
        let runtime =
            Handle::try_current().map_err(|error| StoreError::new(StoreErrorKind::Unavailable, error))?;
        let store = Self { pool: Pool::new(server.clone(), options, runtime), realm };
        store.check().await?;
        Ok(store)
    }

    /// Migrates the schema, and opens it.
    ///
    /// # Errors
    ///
    /// As [`migrate`](Self::migrate) and [`open`](Self::open).
    pub async fn create(
        server: &Server,
        realm: Realm,
        options: Options,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        migrate(server, &options, now).await?;
        Self::open(server, realm, options).await
    }

    /// Makes the schema if there is none, and brings its tables to this version: all pending migrations in one
    /// transaction under a lock, so that a migrator that dies has done nothing, and of two at once the second finds nothing
    /// to do (FLT-X24). It runs on the caller's task, inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; `Schema` when the schema was migrated by a newer version or its tables are not as they were made.
    pub async fn migrate(server: &Server, options: &Options, now: Timestamp) -> Result<Migrated, StoreError> {
        migrate(server, options, now).await
    }

    /// The migrations of these options' tables as one script, for whoever changes schemas by other means.
    #[must_use]
    pub fn export_sql(schema: &Schema) -> String {
        export(schema)
    }

    /// Compares the tables with those of this version, as opening does.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of kind `Schema` when they differ.
    pub async fn check(&self) -> Result<Fingerprint, StoreError> {
        let pool = Arc::clone(&self.pool);
        self.hand_over(StoreErrorKind::Unavailable, async move {
            let lease = pool.for_question().await?;
            let fingerprint = check(&lease.conn, &pool.options).await?;
            lease.done();
            Ok(fingerprint)
        })
        .await
    }

    /// The realm that this handle is bound to.
    #[must_use]
    pub const fn realm(&self) -> &Realm {
        &self.realm
    }

    /// A handle on another realm of the same schema.
    #[must_use]
    pub fn in_realm(&self, realm: Realm) -> Self {
        Self { pool: Arc::clone(&self.pool), realm }
    }

    /// Every row that answers a question. It sees every commit that was answered before.
    ///
    /// # Errors
    ///
    /// [`StoreError`], of kind `Corrupt` when a row cannot be read.
    pub async fn query<T>(&self, query: &Query<T>) -> Result<Vec<T>, StoreError> {
        query.all(self.rows(query.statement()).await?).map_err(corrupt)
    }

    /// The only row that answers a question, if there is one.
    ///
    /// # Errors
    ///
    /// As [`query`](Self::query), and `Corrupt` when there are several.
    pub async fn query_one<T>(&self, query: &Query<T>) -> Result<Option<T>, StoreError> {
        query.one(self.rows(query.statement()).await?).map_err(corrupt)
    }

    /// Removes what nobody needs any more, at most `budget` rows of each table: the memory of batches after a day, ended
    /// windows after an hour, sessions and known devices 30 days after their end, cases after 90 days and the oldest beyond
    /// the realm's cap, messages that no longer wait after 30 days, tries made with
    /// a device 210 days after the last, checkwords and identifiers that were given up 30 days after their end; and wipes
    /// the texts of checkwords that are sent no more.
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
        let pool = Arc::clone(&self.pool);
        self.hand_over(StoreErrorKind::OutcomeUnknown, async move {
            let mut lease = pool.for_commit().await?;
            let form = lease.conn.form(&statement, Manner::Plain).await.map_err(fault)?;
            let client = &lease.conn.client;
            client.batch_execute(&lease.conn.begin(&pool.options)).await.map_err(fault)?;
            let rows = execute(client, &form, &statement).await.map_err(fault)?;
            let ended = client.batch_execute("commit").await;
            ended.map_err(|error| with_kind(StoreErrorKind::OutcomeUnknown, error))?;
            lease.done();
            Ok(rows)
        })
        .await
    }

    async fn rows(&self, statement: &Statement) -> Result<Vec<RowValues>, StoreError> {
        let (pool, statement) = (Arc::clone(&self.pool), statement.clone());
        self.hand_over(StoreErrorKind::Unavailable, async move {
            match ask(&pool, &statement).await {
                // The server went away since the connection was last used: a question may be asked twice.
                Err(error) if error.kind() == StoreErrorKind::Unavailable => ask(&pool, &statement).await,
                answer => answer,
            }
        })
        .await
    }

    #[cfg(any(feature = "facade", feature = "throttle"))]
    pub(crate) const fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// Runs something to its end on the store's own runtime, whether anybody waits for the answer or not. `lost` is what
    /// it means when the runtime ends first.
    pub(crate) async fn hand_over<T: Send + 'static>(
        &self,
        lost: StoreErrorKind,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let answer = self.pool.runtime.spawn(work).await;
        answer.unwrap_or_else(|error| Err(StoreError::new(lost, error)))
    }
}

async fn ask(pool: &Arc<Pool>, statement: &Statement) -> Result<Vec<RowValues>, StoreError> {
    let mut lease = pool.for_question().await?;
    let rows = if lease.conn.is_ours_alone() {
        let form = lease.conn.form(statement, Manner::Plain).await;
        let answer = match &form {
            Ok(form) => query(&lease.conn.client, form, statement).await,
            Err(_) => Ok(Vec::new()),
        };
        match form.and(answer) {
            Ok(rows) => rows,
            Err(error) => {
                // Outside a transaction a connection is as good after an error as before.
                if !breaks(&error) {
                    lease.done();
                }
                return Err(fault(error));
            }
        }
    } else {
        let begin = lease.conn.begin_snapshot(&pool.options);
        lease.conn.client.batch_execute(&begin).await.map_err(fault)?;
        let form = lease.conn.form(statement, Manner::Plain).await.map_err(fault)?;
        let rows = query(&lease.conn.client, &form, statement).await.map_err(fault)?;
        lease.conn.client.batch_execute("commit").await.map_err(fault)?;
        rows
    };
    lease.done();
    values(&rows)
}

pub(crate) fn corrupt(row: CorruptRow) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, row)
}

impl<W: Write + Lower<Plan>> Commit<W> for PostgresStore {
    async fn commit(&self, batch: &Batch<W>) -> Result<Landed<W::Guard>, StoreError> {
        let plan =
            Plan::of(&self.realm, batch).map_err(|error| StoreError::new(StoreErrorKind::Backend, error))?;
        let pool = Arc::clone(&self.pool);
        let work = async move { commit(&pool, &plan).await };
        let outcome = self.hand_over(StoreErrorKind::OutcomeUnknown, work).await?;
        outcome.landed(batch).ok_or_else(|| StoreErrorKind::Backend.into())
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("realm", &self.realm).finish_non_exhaustive()
    }
}
