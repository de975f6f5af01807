//! Windows, each call one transaction.

use core::time::Duration;
use std::sync::Arc;

use tokio_postgres::Error;
use vestibule_core::{Realm, StoreError, StoreErrorKind, Timestamp};
use vestibule_sql::Statement;
use vestibule_sql::throttle::{
    begin_own, claim_place, debit_own, debit_shared, forget_windows, give_back, has_own,
};
use vestibule_throttle::{Taken, TakenWindow, WindowTake, Windows};

use crate::PostgresStore;
use crate::bind::{Form, Lock, execute, query, sql};
use crate::error::{breaks, fault, leaves_open, passes, with_kind};
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
            let again = |lease| take_all(lease, &pool, &realm, &windows);
            for round in 0..ROUNDS {
                match again(pool.for_commit().await?).await {
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
                match give_all(pool.for_commit().await?, &pool, &realm, &windows).await {
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

/// Why a call did not come to its end. Either way it changed nothing, unless the error says `OutcomeUnknown`.
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

/// Debits every window's own counter in one go, which is all there is to do for one that has been begun; what has not is
/// seen to one after the other.
async fn take_all(
    mut lease: Lease,
    pool: &Pool,
    realm: &Realm,
    windows: &[WindowTake],
) -> Result<Taken, Fault> {
    let debits: Vec<Statement> = windows.iter().map(|window| debit_own(realm, window)).collect();
    let debited = begin_with(&mut lease, pool, &debits).await?;
    let mut taken = Vec::with_capacity(windows.len());
    for (position, (window, debited)) in windows.iter().zip(debited).enumerate() {
        let shared = if debited > 0 { Some(false) } else { take(&mut lease, realm, window).await? };
        match shared {
            Some(shared) => taken.push(TakenWindow { key: window.key.clone(), shared }),
            None => {
                lease.conn.client.batch_execute("rollback").await?;
                lease.done();
                return Ok(Taken::Full { position });
            }
        }
    }
    commit(lease).await?;
    Ok(Taken::All(taken))
}

async fn give_all(
    mut lease: Lease,
    pool: &Pool,
    realm: &Realm,
    windows: &[TakenWindow],
) -> Result<(), Fault> {
    let credits: Vec<Statement> = windows.iter().map(|window| give_back(realm, window)).collect();
    let _ = begin_with(&mut lease, pool, &credits).await?;
    commit(lease).await
}

/// Begins a transaction and runs the statements, in one round trip once they are prepared.
async fn begin_with(lease: &mut Lease, pool: &Pool, statements: &[Statement]) -> Result<Vec<usize>, Fault> {
    let mut forms = Vec::with_capacity(statements.len());
    for statement in statements {
        forms.push(lease.conn.form(statement, Lock::None).await?);
    }
    let (client, begin) = (&lease.conn.client, pool.options.begin());
    let mut requests: Vec<Request<'_, Result<usize, Error>>> =
        vec![Box::pin(async { client.batch_execute(&begin).await.map(|()| 0) })];
    for (statement, form) in statements.iter().zip(&forms) {
        requests.push(Box::pin(execute(client, form, statement)));
    }
    let answers = pipelined(requests).await.into_iter();
    Ok(answers.collect::<Result<Vec<_>, _>>()?.split_off(1))
}

/// Whether the shared counter was debited; `None` when the window is full.
async fn take(lease: &mut Lease, realm: &Realm, window: &WindowTake) -> Result<Option<bool>, Error> {
    if changes(lease, &debit_own(realm, window)).await? {
        return Ok(Some(false));
    }
    let has = has_own(realm, &window.key);
    if !query(&lease.conn.client, &Form::Text(sql(&has, Lock::None)), &has).await?.is_empty() {
        return Ok(None);
    }
    if changes(lease, &claim_place(realm, window)).await? {
        return Ok(changes(lease, &begin_own(realm, window)).await?.then_some(false));
    }
    Ok(changes(lease, &debit_shared(realm, window)).await?.then_some(true))
}

async fn changes(lease: &mut Lease, statement: &Statement) -> Result<bool, Error> {
    let form = lease.conn.form(statement, Lock::None).await?;
    execute(&lease.conn.client, &form, statement).await.map(|rows| rows > 0)
}

async fn commit(lease: Lease) -> Result<(), Fault> {
    match lease.conn.client.batch_execute("commit").await {
        Ok(()) => {
            lease.done();
            Ok(())
        }
        Err(error) if leaves_open(&error) => {
            Err(Fault::Stays(with_kind(StoreErrorKind::OutcomeUnknown, error)))
        }
        Err(error) => Err(error.into()),
    }
}
