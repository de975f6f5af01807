//! Several questions of one instant.

use std::sync::Arc;

use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_sql::{RowValues, Statement};

use crate::PostgresStore;
use crate::bind::{Lock, query, values};
use crate::error::fault;
use crate::pipeline::{Request, pipelined};
use crate::pool::{Lease, Pool};

/// A transaction that only reads. Dropped anywhere before its end, it closes its connection.
pub(crate) struct Snapshot {
    lease: Lease,
    pool: Arc<Pool>,
    begun: bool,
}

impl PostgresStore {
    pub(crate) async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let pool = Arc::clone(self.pool());
        let lease =
            self.hand_over(StoreErrorKind::Unavailable, async move { pool.for_question().await }).await?;
        Ok(Snapshot { lease, pool: Arc::clone(self.pool()), begun: false })
    }
}

impl Snapshot {
    /// Asks all of these in one round trip, once they are prepared. The first round begins the transaction.
    pub(crate) async fn ask(&mut self, statements: &[&Statement]) -> Result<Answers, StoreError> {
        let mut forms = Vec::with_capacity(statements.len());
        for statement in statements {
            forms.push(self.lease.conn.form(statement, Lock::None).await.map_err(fault)?);
        }
        let (client, begin) = (&self.lease.conn.client, self.pool.options.begin_snapshot());
        let mut requests: Vec<Request<'_, Result<Vec<RowValues>, StoreError>>> = Vec::new();
        let begins = !self.begun;
        if begins {
            requests.push(Box::pin(async {
                client.batch_execute(&begin).await.map(|()| Vec::new()).map_err(fault)
            }));
        }
        for (statement, form) in statements.iter().zip(&forms) {
            requests
                .push(Box::pin(async move { values(&query(client, form, statement).await.map_err(fault)?) }));
        }
        let answers = pipelined(requests).await.into_iter();
        let mut answers = answers.collect::<Result<Vec<_>, _>>()?.into_iter();
        if begins {
            answers.next();
            self.begun = true;
        }
        Ok(Answers(answers))
    }

    /// Ends the transaction. Nobody needs to wait for that: it has changed nothing.
    pub(crate) fn end(self) {
        let Self { lease, pool, .. } = self;
        drop(pool.runtime.spawn(async move {
            if lease.conn.client.batch_execute("commit").await.is_ok() {
                lease.done();
            }
        }));
    }
}

/// The answers in the order of the questions.
pub(crate) struct Answers(std::vec::IntoIter<Vec<RowValues>>);

impl Answers {
    pub(crate) fn take(&mut self) -> Result<Vec<RowValues>, StoreError> {
        self.0.next().ok_or_else(|| StoreErrorKind::Backend.into())
    }
}
