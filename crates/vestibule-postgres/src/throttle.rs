//! Windows: taken in one round trip, as long as none of them is known to be tight.

use core::time::Duration;
use std::sync::Arc;

use tokio_postgres::{Error, Row};
use vestibule_core::{Realm, StoreError, StoreErrorKind, Timestamp};
use vestibule_sql::throttle::{Debit, debit_at_once, debit_shared, forget_windows, give_back};
use vestibule_sql::{Query, Statement};
use vestibule_throttle::{Taken, TakenWindow, WindowTake, Windows};

use crate::PostgresStore;
use crate::bind::{Manner, execute, query, values};
use crate::error::{breaks, fault, leaves_open, passes, with_kind};
use crate::loud::MARK;
use crate::pipeline::{Request, pipelined};
use crate::pool::{Lease, Pool};
use crate::retry::{ROUNDS, pause};

/// How long an ended window is kept: clocks of several servers differ.
const GRACE: Duration = Duration::from_secs(3600);

/// The statements that remove windows nobody asks for any more.
pub(crate) fn forget(realm: &Realm, now: Timestamp, budget: u32) -> [Statement; 3] {
    forget_windows(realm, now.minus(GRACE), budget)
}

impl Windows for PostgresStore {
    async fn take(&self, windows: Vec<WindowTake>) -> Result<Taken, StoreError> {
        let (pool, realm) = (Arc::clone(self.pool()), self.realm().clone());
        let work = async move {
            for round in 0..ROUNDS {
                match take_all(&pool, &realm, &windows).await {
                    Ok(taken) => return Ok(taken),
                    Err(Fault::Passes) => pause(round).await,
                    Err(Fault::Stays(error)) => return Err(error),
                }
            }
            Err(StoreErrorKind::Contended.into())
        };
        self.hand_over(StoreErrorKind::OutcomeUnknown, work).await
    }

    async fn give_back(&self, windows: Vec<TakenWindow>) -> Result<(), StoreError> {
        let (pool, realm) = (Arc::clone(self.pool()), self.realm().clone());
        let work = async move {
            for round in 0..ROUNDS {
                match give_all(&pool, &realm, &windows).await {
                    Ok(()) => return Ok(()),
                    Err(Fault::Passes) => pause(round).await,
                    Err(Fault::Stays(error)) => return Err(error),
                }
            }
            Err(StoreErrorKind::Contended.into())
        };
        self.hand_over(StoreErrorKind::OutcomeUnknown, work).await
    }
}

/// Why a call did not come to its end. Either way it changed nothing, unless the error says `OutcomeUnknown`, or the
/// connection was lost: then windows may stay debited.
enum Fault {
    /// Somebody was in the way, or the connection was of no more use.
    Passes,
    Stays(StoreError),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        // Two racers that begin the same counter meet at its key: the second then finds it.
        let met = error.code().is_some_and(|state| state.code() == "23505");
        if met || passes(&error) || breaks(&error) { Self::Passes } else { Self::Stays(fault(error)) }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Stays(error)
    }
}

async fn take_all(pool: &Arc<Pool>, realm: &Realm, windows: &[WindowTake]) -> Result<Taken, Fault> {
    let debits: Vec<Debit> = windows.iter().map(|window| debit_at_once(realm, window)).collect();
    if !pool.tight.is_met_by(windows)
        && let Some(taken) = take_at_once(pool, realm, windows, &debits).await?
    {
        return Ok(Taken::All(taken));
    }
    take_in_turn(pool, realm, windows, &debits).await
}

/// Debits all and commits in one round trip. When one of them could not be debited the others are given back, in another;
/// from then on whoever asks for the tight one goes the long way, on which a refusal costs no commit.
async fn take_at_once(
    pool: &Arc<Pool>,
    realm: &Realm,
    windows: &[WindowTake],
    debits: &[Debit],
) -> Result<Option<Vec<TakenWindow>>, Fault> {
    let (lease, answers) =
        begin_with(pool, debits.iter().map(Query::statement), Manner::Plain, End::Commit).await?;
    lease.done();
    let mut taken = Vec::with_capacity(windows.len());
    for ((window, debit), rows) in windows.iter().zip(debits).zip(&answers) {
        match judged(debit, rows)? {
            (1.., _) => taken.push(TakenWindow { key: window.key.clone(), shared: false }),
            (0, there) => pool.tight.note(&window.key, there > 0),
        }
    }
    if taken.len() == windows.len() {
        return Ok(Some(taken));
    }
    if !taken.is_empty() {
        give_all(pool, realm, &taken).await?;
    }
    Ok(None)
}

/// Debits all in one round trip, and commits when each was found to have had room.
async fn take_in_turn(
    pool: &Arc<Pool>,
    realm: &Realm,
    windows: &[WindowTake],
    debits: &[Debit],
) -> Result<Taken, Fault> {
    let (mut lease, answers) =
        begin_with(pool, debits.iter().map(Query::statement), Manner::Plain, End::Open).await?;
    let mut taken = Vec::with_capacity(windows.len());
    for (position, ((window, debit), rows)) in windows.iter().zip(debits).zip(&answers).enumerate() {
        let shared = match judged(debit, rows)? {
            (1.., _) => Some(false),
            (0, 0) => changes(&mut lease, &debit_shared(realm, window)).await?.then_some(true),
            (0, _) => None,
        };
        let Some(shared) = shared else {
            lease.conn.client.batch_execute("rollback").await?;
            lease.done();
            return Ok(Taken::Full { position });
        };
        taken.push(TakenWindow { key: window.key.clone(), shared });
    }
    match lease.conn.client.batch_execute("commit").await {
        Ok(()) => {
            lease.done();
            Ok(Taken::All(taken))
        }
        Err(error) if leaves_open(&error) => {
            Err(Fault::Stays(with_kind(StoreErrorKind::OutcomeUnknown, error)))
        }
        Err(error) => Err(error.into()),
    }
}

async fn give_all(pool: &Arc<Pool>, realm: &Realm, windows: &[TakenWindow]) -> Result<(), Fault> {
    let credits: Vec<Statement> = windows.iter().map(|window| give_back(realm, window)).collect();
    match begin_with(pool, credits.iter(), Manner::LoudAny, End::Commit).await {
        Ok((lease, _)) => {
            lease.done();
            Ok(())
        }
        // It may have landed: given back twice would be too much.
        Err(Begun::Lost(error)) => Err(Fault::Stays(with_kind(StoreErrorKind::OutcomeUnknown, error))),
        Err(fault) => Err(fault.into()),
    }
}

/// How a transaction is left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Its commit is sent behind its statements.
    Commit,
    Open,
}

/// Why a transaction was not begun and run.
enum Begun {
    /// The connection was lost, with the commit perhaps on its way.
    Lost(Error),
    Failed(Fault),
}

impl From<Begun> for Fault {
    fn from(begun: Begun) -> Self {
        match begun {
            Begun::Lost(_) => Self::Passes,
            Begun::Failed(fault) => fault,
        }
    }
}

/// Begins a transaction and runs the statements, in one round trip once they are prepared. Where it is the beginning that fails, debits
/// stand by themselves, which is no more than a try that was paid for; what gives back is sent loud, and does not.
async fn begin_with<'a>(
    pool: &Arc<Pool>,
    statements: impl Iterator<Item = &'a Statement> + Clone,
    manner: Manner,
    end: End,
) -> Result<(Lease, Vec<Vec<Row>>), Begun> {
    let mut lease = pool.for_commit().await.map_err(|error| Begun::Failed(error.into()))?;
    let mut forms = Vec::new();
    for statement in statements.clone() {
        let form = lease.conn.form(statement, manner).await;
        forms.push(form.map_err(|error| Begun::Failed(error.into()))?);
    }
    let (client, begin) = (&lease.conn.client, format!("{}; {MARK}", lease.conn.begin(&pool.options)));
    let command = async |command: &str| client.batch_execute(command).await.map(|()| Vec::new());
    let mut requests: Vec<Request<'_, Result<Vec<Row>, Error>>> = vec![Box::pin(command(&begin))];
    for (statement, form) in statements.zip(&forms) {
        requests.push(Box::pin(query(client, form, statement)));
    }
    if end == End::Commit {
        requests.push(Box::pin(command("commit")));
    }
    let mut answers = pipelined(requests).await;
    if end == End::Commit {
        match answers.pop() {
            Some(Err(error)) if leaves_open(&error) => return Err(Begun::Lost(error)),
            // After an error before it, it is a rollback.
            _ => {}
        }
    }
    // The first error is the one that counts: those behind it say only that there was one.
    match answers.into_iter().collect::<Result<Vec<_>, _>>() {
        Ok(mut answers) => {
            answers.remove(0);
            Ok((lease, answers))
        }
        Err(error) => {
            if end == End::Commit && !breaks(&error) {
                lease.done();
            }
            Err(Begun::Failed(error.into()))
        }
    }
}

fn judged(debit: &Debit, rows: &[Row]) -> Result<(u64, u64), Fault> {
    let found = debit.one(values(rows)?).map_err(|row| StoreError::new(StoreErrorKind::Corrupt, row))?;
    found.ok_or_else(|| Fault::Stays(StoreErrorKind::Backend.into()))
}

async fn changes(lease: &mut Lease, statement: &Statement) -> Result<bool, Error> {
    let form = lease.conn.form(statement, Manner::Plain).await?;
    execute(&lease.conn.client, &form, statement).await.map(|rows| rows > 0)
}
