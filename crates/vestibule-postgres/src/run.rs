//! One plan: begun, run and committed in one go, its answers judged in order.

use std::sync::Arc;

use tokio_postgres::{Client, Error};
use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_sql::{BatchMemory, Expect, Judged, Outcome, Plan, Statement, Step, StepKind};

use crate::Options;
use crate::bind::{Form, execute, query};
use crate::connect::Conn;
use crate::error::{breaks, fault, leaves_open, passes, violates, waited, with_kind};
use crate::forms::{Forms, Voice};
use crate::loud::{MARK, counted};
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
    let lone = match plan.steps() {
        [step] if matches!(plan.memory(), BatchMemory::InRows(_)) => Some(step),
        _ => None,
    };
    let lone = lone.filter(|_| lease.conn.is_ours_alone());
    let voice = if lone.is_some() { Voice::Silent } else { Voice::Loud };
    let forms = match Forms::of(&mut lease.conn, plan, voice).await {
        Ok(forms) => forms,
        Err(error) => return unapplied(error),
    };
    let conn = &lease.conn;
    let attempt = match lone {
        Some(step) => alone(conn, plan, step, &forms, &pool.options).await,
        None => in_transaction(conn, plan, &forms, &pool.options).await,
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
    match judged(step, send(&conn.client, step, form, forms.voice).await) {
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

/// The commit is on its way before anything was judged: a guard that does not hold fails loudly, and makes a rollback of it.
async fn in_transaction(conn: &Conn, plan: &Plan, forms: &Forms, options: &Options) -> (Attempt, Usable) {
    let begin = format!("{}; {MARK}", conn.begin(options));
    let Answers { outcome, end } = all_steps(&conn.client, plan, forms, Some(&begin)).await;
    let usable = Usable(end.is_ok());
    match (outcome, end) {
        (Ok(Outcome::Applied), Ok(())) => (Attempt::Judged(Outcome::Applied), usable),
        (Ok(Outcome::Applied), Err(error)) if leaves_open(&error) => (lost(error), usable),
        (Ok(_), Err(error)) => (unapplied(error), usable),
        (Ok(Outcome::Refused { position }), Ok(())) => refused(conn, plan, forms, position, options).await,
        (Ok(outcome), Ok(())) => (Attempt::Judged(outcome), usable),
        // The server may have had everything by then.
        (Err(Fault::Server(error)), _) if error.as_db_error().is_none() => (lost(error), usable),
        (Err(fault), _) => (fault.attempt(), usable),
    }
}

fn lost(error: Error) -> Attempt {
    Attempt::Open(with_kind(StoreErrorKind::OutcomeUnknown, error))
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

/// What became of the statements of a plan, and of what ends their transaction, where one was begun.
pub(crate) struct Answers {
    pub(crate) outcome: Result<Outcome, Fault>,
    end: Result<(), Error>,
}

/// Sends the memory's row and every step in one go, between what begins a transaction and what commits it if that is
/// wanted, and judges the answers in their order: after the first that is not as it must be, the others mean nothing.
///
/// Only loud forms may be followed by a commit that nobody has judged.
pub(crate) async fn all_steps(client: &Client, plan: &Plan, forms: &Forms, begin: Option<&str>) -> Answers {
    let mut requests: Vec<Request<'_, Result<usize, Error>>> = Vec::with_capacity(plan.steps().len() + 3);
    if let Some(begin) = begin {
        requests.push(Box::pin(command(client, begin)));
    }
    if let (BatchMemory::OwnRow(insert), Some(form)) = (plan.memory(), &forms.own_row) {
        requests.push(Box::pin(changed(client, insert, form, forms.voice)));
    }
    let before = requests.len();
    for (step, form) in plan.steps().iter().zip(&forms.steps) {
        requests.push(Box::pin(send(client, step, form, forms.voice)));
    }
    if begin.is_some() {
        requests.push(Box::pin(command(client, "commit")));
    }
    let mut answers = pipelined(requests).await;
    let end = if begin.is_some() { answers.pop().map_or(Ok(()), |end| end.map(drop)) } else { Ok(()) };
    let steps = answers.split_off(before.min(answers.len()));
    Answers { outcome: outcome(plan, begin.is_some(), answers, steps), end }
}

/// Judges what was answered: to what came before the steps, and to the steps.
fn outcome(
    plan: &Plan,
    begun: bool,
    before: Vec<Result<usize, Error>>,
    steps: Vec<Result<usize, Error>>,
) -> Result<Outcome, Fault> {
    let mut before = before.into_iter();
    if begun {
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
    // Nothing is said to have landed that was not judged.
    if answered == plan.steps().len() { Ok(Outcome::Applied) } else { Err(Fault::TooMany) }
}

async fn command(client: &Client, command: &str) -> Result<usize, Error> {
    client.batch_execute(command).await.map(|()| 1)
}

async fn send(client: &Client, step: &Step, form: &Form, voice: Voice) -> Result<usize, Error> {
    match (step.kind(), step.expect()) {
        (StepKind::Execute, Expect::Any) => match voice {
            Voice::Silent => execute(client, form, step.statement()).await,
            // It counts nothing: where it fails, nothing was begun.
            Voice::Loud => query(client, form, step.statement()).await.map(|_| 1),
        },
        (StepKind::Execute, Expect::OneRow) => changed(client, step.statement(), form, voice).await,
        (StepKind::Query, _) => {
            let rows = query(client, form, step.statement()).await;
            if voice == Voice::Loud && step.expect() == Expect::OneRow {
                return counted(rows);
            }
            rows.map(|rows| rows.len())
        }
    }
}

async fn changed(client: &Client, statement: &Statement, form: &Form, voice: Voice) -> Result<usize, Error> {
    match voice {
        Voice::Silent => execute(client, form, statement).await,
        Voice::Loud => counted(query(client, form, statement).await),
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
    let BatchMemory::InRows(questions) = plan.memory() else { return Ok(false) };
    let mut requests: Vec<Request<'_, Result<bool, Error>>> = Vec::with_capacity(questions.len());
    for (question, form) in questions.iter().zip(&forms.memory) {
        requests.push(Box::pin(async move { Ok(!query(client, form, question).await?.is_empty()) }));
    }
    let answers: Result<Vec<bool>, Error> = pipelined(requests).await.into_iter().collect();
    Ok(answers?.contains(&true))
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
