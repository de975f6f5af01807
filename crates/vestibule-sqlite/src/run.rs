//! One plan, in a savepoint of its own.

use rusqlite::Connection;
use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_sql::{BatchMemory, Judged, Outcome, Plan, Step, StepKind};

use crate::bind::{count, execute};
use crate::error::{fault, violates};

/// Runs a plan inside the open transaction. Unless the answer is `Applied`, nothing of it is left.
///
/// After an error SQLite may have ended the whole transaction; `is_autocommit` tells.
pub(crate) fn run_in_savepoint(connection: &Connection, plan: &Plan) -> Result<Outcome, StoreError> {
    let applied = |outcome: &Outcome| matches!(outcome, Outcome::Applied);
    match in_savepoint(connection, applied, || run(connection, plan))? {
        // Asked after rolling back, so that the batch's own traces do not answer.
        Outcome::Refused { .. } if remembers(connection, plan)? => Ok(Outcome::AlreadyApplied),
        outcome => Ok(outcome),
    }
}

/// Runs something in a savepoint, which is rolled back after an error, or when the answer is none to keep.
pub(crate) fn in_savepoint<T>(
    connection: &Connection,
    keep: impl FnOnce(&T) -> bool,
    run: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    command(connection, "savepoint vestibule_batch").map_err(fault)?;
    let answer = run();
    if let Err(error) = leave_savepoint(connection, answer.as_ref().is_ok_and(keep)) {
        // Half a batch must not be there to be committed: the whole transaction goes.
        let _ = command(connection, "rollback");
        return Err(fault(error));
    }
    answer
}

fn leave_savepoint(connection: &Connection, keep: bool) -> rusqlite::Result<()> {
    if connection.is_autocommit() {
        return Ok(());
    }
    if !keep {
        command(connection, "rollback to vestibule_batch")?;
    }
    command(connection, "release vestibule_batch")
}

/// Runs a statement of our own about transactions.
pub(crate) fn command(connection: &Connection, sql: &'static str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

fn run(connection: &Connection, plan: &Plan) -> Result<Outcome, StoreError> {
    if let BatchMemory::OwnRow(insert) = plan.memory()
        && execute(connection, insert).map_err(fault)? == 0
    {
        return Ok(Outcome::AlreadyApplied);
    }
    for step in plan.steps() {
        match judge(connection, step)? {
            Judged::Lands => {}
            Judged::Refused => return Ok(Outcome::Refused { position: step.position() }),
            Judged::TooMany => {
                return Err(StoreError::new(
                    StoreErrorKind::Backend,
                    "a guarded statement touched several rows",
                ));
            }
        }
    }
    Ok(Outcome::Applied)
}

fn judge(connection: &Connection, step: &Step) -> Result<Judged, StoreError> {
    let rows = match step.kind() {
        StepKind::Execute => execute(connection, step.statement()),
        StepKind::Query => count(connection, step.statement()),
    };
    match rows {
        Ok(rows) => Ok(step.judge(rows)),
        Err(error) if step.refuses_by(|constraint| violates(&error, constraint)) => Ok(Judged::Refused),
        Err(error) => Err(fault(error)),
    }
}

fn remembers(connection: &Connection, plan: &Plan) -> Result<bool, StoreError> {
    if let BatchMemory::InRows(queries) = plan.memory() {
        for query in queries {
            if count(connection, query).map_err(fault)? > 0 {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
