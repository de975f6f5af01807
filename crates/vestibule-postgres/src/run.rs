//! One plan: begun and run in one go, judged in order, then committed.

use std::sync::Arc;

use tokio_postgres::{Client, Error};
use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_sql::{BatchMemory, Judged, Outcome, Plan, Step, StepKind};

use crate::Options;
use crate::bind::{Form, execute, query};
use crate::connect::Conn;
use crate::error::{breaks, fault, leaves_open, passes, violates, waited, with_kind};
use crate::forms::Forms;
use crate::pipeline::{Request, pipelined};
use crate::pool::Pool;
use crate::retry::{ROUNDS, WAITS, pause};

/// How one attempt at a plan ended.
enum Attempt {
    /// It was judged.
    Judged(Outcome),
    /// Nothing was applied, and the next attempt may do better.
    Again { error: StoreError, waited: bool },
    /// Nothing was applied, and trying again is no use.
    Failed(StoreError),
    /// The answer to the commit was lost.
    Open(StoreError),
}

/// Brings a plan to its end.
///
/// When the answer to a commit is lost, the same plan is run again: it then finds what it wrote itself, waiting for it
/// if the server is still at work, or it lands now (FLT-X8).
pub(crate) async fn commit(pool: &Arc<Pool>, plan: &Plan) -> Result<Outcome, StoreError> {
    let mut open: Option<StoreError> = None;
    let mut last = StoreError::from(StoreErrorKind::Contended);
    let mut waits = 0;
    for round in 0..ROUNDS {
        match (attempt(pool, plan).await, open.take()) {
            (Attempt::Judged(outcome), None) => return Ok(outcome),
            (Attempt::Judged(Outcome::Applied | Outcome::AlreadyApplied), Some(_)) => {
                return Ok(Outcome::Applied);
            }
            // Its row of its own was not there, so it had not landed; rows that others change meanwhile prove nothing.
            (Attempt::Judged(outcome @ Outcome::Refused { .. }), Some(error)) => {
                let proved = matches!(plan.memory(), BatchMemory::OwnRow(_));
                return if proved { Ok(outcome) } else { Err(error) };
            }
            (Attempt::Failed(error), before) => return Err(before.unwrap_or(error)),
            (Attempt::Again { error, waited }, before) => {
                waits += u32::from(waited);
                open = before;
                last = error;
                if waits >= WAITS {
                    break;
                }
            }
            (Attempt::Open(error), before) => {
                let error = before.unwrap_or(error);
                if matches!(plan.memory(), BatchMemory::InRows(rows) if rows.is_empty()) {
                    return Err(error);
                }
                open = Some(error);
            }
        }
        pause(round).await;
    }
    Err(open.unwrap_or(last))
}

async fn attempt(pool: &Arc<Pool>, plan: &Plan) -> Attempt {
    let mut lease = match pool.for_commit().await {
        Ok(lease) => lease,
        Err(error) => return Attempt::Failed(error),
    };
    let forms = match Forms::of(&mut lease.conn, plan).await {
        Ok(forms) => forms,
        Err(error) => return unapplied(error),
    };
    let conn = &lease.conn;
    let attempt = match plan.steps() {
        [step] if conn.is_ours_alone() && matches!(plan.memory(), BatchMemory::InRows(_)) => {
            alone(conn, plan, step, &forms, &pool.options).await
        }
        _ => in_transaction(conn, plan, &forms, &pool.options).await,
    };
    // After anything else the connection may be amid a transaction.
    if matches!(attempt, (_, Usable(true))) {
        lease.done();
    }
    attempt.0
}

/// Whether the connection is outside any transaction and whole.
struct Usable(bool);

/// One step is a transaction by itself, in one round trip.
async fn alone(conn: &Conn, plan: &Plan, step: &Step, forms: &Forms, options: &Options) -> (Attempt, Usable) {
    let Some(form) = forms.steps.first() else {
        return (failed(StoreErrorKind::Backend.into()), Usable(true));
    };
    match judged(step, send(&conn.client, step, form).await) {
        Ok(Judged::Lands) => (Attempt::Judged(Outcome::Applied), Usable(true)),
        Ok(Judged::Refused) => refused(conn, plan, forms, step.position(), options).await,
        // It is done and cannot be taken back: the schema is not as it was checked to be.
        Ok(Judged::TooMany) => (Attempt::Open(too_many(StoreErrorKind::OutcomeUnknown)), Usable(true)),
        Err(error) if leaves_open(&error) => {
            let usable = Usable(!breaks(&error));
            (Attempt::Open(with_kind(StoreErrorKind::OutcomeUnknown, error)), usable)
        }
        Err(error) => (unapplied(error), Usable(true)),
    }
}

async fn in_transaction(conn: &Conn, plan: &Plan, forms: &Forms, options: &Options) -> (Attempt, Usable) {
    match all_steps(&conn.client, plan, forms, Some(&conn.begin(options))).await {
        Ok(Outcome::Applied) => match conn.client.batch_execute("commit").await {
            Ok(()) => (Attempt::Judged(Outcome::Applied), Usable(true)),
            Err(error) if leaves_open(&error) => {
                (Attempt::Open(with_kind(StoreErrorKind::OutcomeUnknown, error)), Usable(false))
            }
            Err(error) => (unapplied(error), Usable(false)),
        },
        Ok(outcome) => match (conn.client.batch_execute("rollback").await, outcome) {
            (Err(error), _) => (unapplied(error), Usable(false)),
            (Ok(()), Outcome::Refused { position }) => refused(conn, plan, forms, position, options).await,
            (Ok(()), outcome) => (Attempt::Judged(outcome), Usable(true)),
        },
        Err(fault) => {
            let usable = conn.client.batch_execute("rollback").await.is_ok();
            (fault.attempt(), Usable(usable))
        }
    }
}

/// Asked outside the transaction: what the batch itself had changed must not answer.
async fn refused(
    conn: &Conn,
    plan: &Plan,
    forms: &Forms,
    position: usize,
    options: &Options,
) -> (Attempt, Usable) {
    match remembers_alone(conn, plan, forms, options).await {
        Ok(true) => (Attempt::Judged(Outcome::AlreadyApplied), Usable(true)),
        Ok(false) => (Attempt::Judged(Outcome::Refused { position }), Usable(true)),
        Err(error) => (unapplied(error), Usable(false)),
    }
}

async fn remembers_alone(conn: &Conn, plan: &Plan, forms: &Forms, options: &Options) -> Result<bool, Error> {
    if conn.is_ours_alone() {
        return remembers(&conn.client, plan, forms).await;
    }
    conn.client.batch_execute(&conn.begin_snapshot(options)).await?;
    let remembers = remembers(&conn.client, plan, forms).await?;
    conn.client.batch_execute("rollback").await?;
    Ok(remembers)
}

/// Why a plan was not judged.
pub(crate) enum Fault {
    /// The server's own.
    Server(Error),
    /// A statement touched more rows than one.
    TooMany,
}

impl Fault {
    fn attempt(self) -> Attempt {
        match self {
            Self::Server(error) => unapplied(error),
            Self::TooMany => failed(too_many(StoreErrorKind::Backend)),
        }
    }

    pub(crate) fn error(self) -> StoreError {
        match self {
            Self::Server(error) => fault(error),
            Self::TooMany => too_many(StoreErrorKind::Backend),
        }
    }
}

/// Sends what begins, the memory's row and every step in one go, and judges the answers in their order: after the first
/// that is not as it must be, the others mean nothing.
pub(crate) async fn all_steps(
    client: &Client,
    plan: &Plan,
    forms: &Forms,
    begin: Option<&str>,
) -> Result<Outcome, Fault> {
    let mut requests: Vec<Request<'_, Result<usize, Error>>> = Vec::with_capacity(plan.steps().len() + 2);
    if let Some(begin) = begin {
        requests.push(Box::pin(async move { client.batch_execute(begin).await.map(|()| 1) }));
    }
    if let (BatchMemory::OwnRow(insert), Some(form)) = (plan.memory(), &forms.own_row) {
        requests.push(Box::pin(execute(client, form, insert)));
    }
    let before = requests.len();
    for (step, form) in plan.steps().iter().zip(&forms.steps) {
        requests.push(Box::pin(send(client, step, form)));
    }
    let mut answers = pipelined(requests).await;
    let steps = answers.split_off(before.min(answers.len()));
    let mut before = answers.into_iter();
    if begin.is_some() {
        before.next().transpose().map_err(Fault::Server)?;
    }
    if let Some(inserted) = before.next().transpose().map_err(Fault::Server)?
        && inserted == 0
    {
        return Ok(Outcome::AlreadyApplied);
    }
    let mut answered = 0;
    for (step, answer) in plan.steps().iter().zip(steps) {
        answered += 1;
        match judged(step, answer).map_err(Fault::Server)? {
            Judged::Lands => {}
            Judged::Refused => return Ok(Outcome::Refused { position: step.position() }),
            Judged::TooMany => return Err(Fault::TooMany),
        }
    }
    // Nothing is committed that was not judged.
    if answered == plan.steps().len() { Ok(Outcome::Applied) } else { Err(Fault::TooMany) }
}

async fn send(client: &Client, step: &Step, form: &Form) -> Result<usize, Error> {
    match step.kind() {
        StepKind::Execute => execute(client, form, step.statement()).await,
        StepKind::Query => query(client, form, step.statement()).await.map(|rows| rows.len()),
    }
}

fn judged(step: &Step, answer: Result<usize, Error>) -> Result<Judged, Error> {
    match answer {
        Ok(rows) => Ok(step.judge(rows)),
        Err(error) if step.refuses_by(|constraint| violates(&error, constraint)) => Ok(Judged::Refused),
        Err(error) => Err(error),
    }
}

pub(crate) async fn remembers(client: &Client, plan: &Plan, forms: &Forms) -> Result<bool, Error> {
    if let BatchMemory::InRows(questions) = plan.memory() {
        for (question, form) in questions.iter().zip(&forms.memory) {
            if !query(client, form, question).await?.is_empty() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// An error before the commit was sent, or one by which the server took everything back.
fn unapplied(error: Error) -> Attempt {
    let (again, waited) = (passes(&error) || breaks(&error), waited(&error));
    let error = fault(error);
    if again || waited { Attempt::Again { error, waited } } else { failed(error) }
}

const fn failed(error: StoreError) -> Attempt {
    Attempt::Failed(error)
}

fn too_many(kind: StoreErrorKind) -> StoreError {
    StoreError::new(kind, "a guarded statement touched several rows")
}
