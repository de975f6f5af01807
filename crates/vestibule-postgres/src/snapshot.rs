//! Several questions of one instant.

use std::sync::Arc;

use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_sql::{Query, RowValues, Statement};

use crate::PostgresStore;
use crate::bind::{Manner, query, values};
use crate::error::fault;
use crate::pipeline::{Request, pipelined};
use crate::pool::Pool;
use crate::store::corrupt;

impl PostgresStore {
    /// Asks all of these in one round trip, once they are prepared: a transaction that only reads may be ended before its
    /// answers are looked at.
    pub(crate) async fn at_one_instant(&self, statements: &[&Statement]) -> Result<Answers, StoreError> {
        let pool = Arc::clone(self.pool());
        let statements: Vec<Statement> = statements.iter().map(|statement| (*statement).clone()).collect();
        self.hand_over(StoreErrorKind::Unavailable, async move {
            match ask_all(&pool, &statements).await {
                // The server went away since the connection was last used: a question may be asked twice.
                Err(error) if error.kind() == StoreErrorKind::Unavailable => {
                    ask_all(&pool, &statements).await
                }
                answers => answers,
            }
        })
        .await
    }
}

async fn ask_all(pool: &Arc<Pool>, statements: &[Statement]) -> Result<Answers, StoreError> {
    type Answer = Result<Vec<RowValues>, StoreError>;

    let mut lease = pool.for_question().await?;
    let mut forms = Vec::with_capacity(statements.len());
    for statement in statements {
        forms.push(lease.conn.form(statement, Manner::Plain).await.map_err(fault)?);
    }
    let (client, begin) = (&lease.conn.client, lease.conn.begin_snapshot(&pool.options));
    let command = async |command: &str| -> Answer {
        client.batch_execute(command).await.map(|()| Vec::new()).map_err(fault)
    };
    let mut requests: Vec<Request<'_, Answer>> = vec![Box::pin(command(&begin))];
    for (statement, form) in statements.iter().zip(&forms) {
        requests.push(Box::pin(async move { values(&query(client, form, statement).await.map_err(fault)?) }));
    }
    requests.push(Box::pin(command("commit")));
    let answers = pipelined(requests).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    lease.done();
    let mut answers = answers.into_iter();
    answers.next();
    Ok(Answers(answers))
}

/// The answers in the order of the questions.
pub(crate) struct Answers(std::vec::IntoIter<Vec<RowValues>>);

impl Answers {
    /// The next answer, which has one row or none.
    pub(crate) fn one<T>(&mut self, query: &Query<T>) -> Result<Option<T>, StoreError> {
        query.one(self.0.next().ok_or(StoreErrorKind::Backend)?).map_err(corrupt)
    }
}
