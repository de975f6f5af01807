//! Passwords and tries: the tables `vestibule_password` and `vestibule_tries`.
//!
//! Every write is one statement about one row. A password is replaced while its version is the one that was read, a try
//! is taken while the number of the last one is; both remember their batch in `set_by`. What settles tries never
//! refuses and is remembered nowhere.

use vestibule_core::{BatchId, CorruptRow, Lower, Realm, SubjectId, Timestamp};
use vestibule_credentials::{CredentialsWrite, Lane, Password, Tries};

use crate::{Plan, Query, RowValues, Statement, Value};

impl Lower<Plan> for CredentialsWrite {
    fn lower(&self, batch: BatchId, plan: &mut Plan) {
        match self {
            Self::PutPassword { password, from } => put_password(plan, batch, password, *from),
            Self::RequirePassword { subject, generation } => {
                let params = [plan.realm().into(), (*subject).into(), (*generation).into()];
                plan.require(
                    "select 1 from vestibule_password where realm = ?1 and subject = ?2 and generation = ?3",
                    params,
                );
            }
            Self::ResetTries { subject, lane } => {
                let params = of(plan.realm(), *subject, *lane, []);
                plan.always(
                    "update vestibule_tries set settled = taken, stopped_at = null
                     where realm = ?1 and subject = ?2 and lane = ?3",
                    params,
                );
            }
            Self::SettleTry { subject, lane, number } => {
                let params = of(plan.realm(), *subject, *lane, [(*number).into()]);
                plan.always(
                    "update vestibule_tries
                     set settled = case when taken < ?4 then taken when settled < ?4 then ?4 else settled end,
                     stopped_at = case when taken = ?4 then null else stopped_at end
                     where realm = ?1 and subject = ?2 and lane = ?3",
                    params,
                );
            }
            Self::TakeTry { subject, lane, from, at, stops_at } => {
                take_try(plan, *subject, *lane, *from, (batch, *at), *stops_at);
            }
        }
    }
}

fn put_password(plan: &mut Plan, batch: BatchId, password: &Password, from: Option<u64>) {
    let mut params: Vec<Value> = vec![
        plan.realm().into(),
        password.subject.into(),
        Value::from(password.hash.clone()),
        password.version.into(),
        password.generation.into(),
        password.set_at.into(),
        password.must_change.into(),
        batch.into(),
    ];
    let memory = [plan.realm().into(), password.subject.into(), batch.into()];
    if let Some(from) = from {
        params.push(from.into());
        plan.step(
            "update vestibule_password
             set hash = ?3, version = ?4, generation = ?5, set_at = ?6, must_change = ?7, set_by = ?8
             where realm = ?1 and subject = ?2 and version = ?9",
            params,
        );
    } else {
        plan.step(
            "insert into vestibule_password
             (realm, subject, hash, version, generation, set_at, must_change, set_by)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict (realm, subject) do nothing",
            params,
        );
    }
    plan.remember_by(
        "select 1 from vestibule_password where realm = ?1 and subject = ?2 and set_by = ?3",
        memory,
    );
}

/// The first try makes the row: a row without a try is never there.
fn take_try(
    plan: &mut Plan,
    subject: SubjectId,
    lane: Lane,
    from: u64,
    (batch, at): (BatchId, Timestamp),
    stops_at: u64,
) {
    let memory = of(plan.realm(), subject, lane, [batch.into()]);
    if from == 0 {
        let stopped_at = (stops_at <= 1).then_some(at);
        let params = of(plan.realm(), subject, lane, [stopped_at.into(), at.into(), batch.into()]);
        plan.step(
            "insert into vestibule_tries (realm, subject, lane, taken, settled, stopped_at, last_at, set_by)
             values (?1, ?2, ?3, 1, 0, ?4, ?5, ?6) on conflict (realm, subject, lane) do nothing",
            params,
        );
    } else {
        let params = of(plan.realm(), subject, lane, [from.into(), stops_at.into(), at.into(), batch.into()]);
        plan.step(
            "update vestibule_tries
             set taken = taken + 1, last_at = ?6, set_by = ?7,
             stopped_at = case when taken + 1 - settled >= ?5 then ?6 end
             where realm = ?1 and subject = ?2 and lane = ?3 and taken = ?4 and stopped_at is null",
            params,
        );
    }
    plan.remember_by(
        "select 1 from vestibule_tries where realm = ?1 and subject = ?2 and lane = ?3 and set_by = ?4",
        memory,
    );
}

/// Removes tries that were made with a known device or in a session and were last taken before an instant, at most
/// `budget` rows; the instant stands outside too, for a database that waits for somebody's lock. Tries of everybody stay:
/// the row does not tell whether its subject is a decoy.
#[must_use]
pub fn forget_tries(realm: &Realm, last_before: Timestamp, budget: u32) -> Statement {
    Statement::new(
        "delete from vestibule_tries where (realm, subject, lane) in
         (select realm, subject, lane from vestibule_tries
          where realm = ?1 and last_at < ?2 and length(lane) > 0 order by last_at limit ?3) and last_at < ?2",
        [realm.into(), last_before.into(), budget.into()],
    )
}

/// The password of a person.
#[must_use]
pub fn password(realm: &Realm, subject: SubjectId) -> Query<Password> {
    Query::new(
        "select subject, hash, version, generation, set_at, must_change, set_by from vestibule_password
         where realm = ?1 and subject = ?2",
        [realm.into(), subject.into()],
        read_password,
    )
}

pub(crate) fn read_password(row: &mut RowValues) -> Result<Password, CorruptRow> {
    Ok(Password {
        subject: row.subject("subject")?,
        hash: row.maybe_text("hash")?,
        version: row.u64("version")?,
        generation: row.u64("generation")?,
        set_at: row.time("set_at")?,
        must_change: row.flag("must_change")?,
        set_by: row.batch("set_by")?,
    })
}

/// The tries made at a person's password in one lane.
#[must_use]
pub fn tries(realm: &Realm, subject: SubjectId, lane: Lane) -> Query<Tries> {
    Query::new(
        "select subject, lane, taken, settled, stopped_at, last_at, set_by from vestibule_tries
         where realm = ?1 and subject = ?2 and lane = ?3",
        of(realm, subject, lane, []),
        read_tries,
    )
}

pub(crate) fn read_tries(row: &mut RowValues) -> Result<Tries, CorruptRow> {
    let tries = Tries {
        subject: row.subject("subject")?,
        lane: Lane::from_stored(&row.blob("lane")?)?,
        taken: row.u64("taken")?,
        settled: row.u64("settled")?,
        stopped_at: row.maybe_time("stopped_at")?,
        last_at: row.time("last_at")?,
        set_by: row.batch("set_by")?,
    };
    if tries.settled > tries.taken { Err(CorruptRow("settled")) } else { Ok(tries) }
}

fn of<const N: usize>(realm: &Realm, subject: SubjectId, lane: Lane, more: [Value; N]) -> Vec<Value> {
    let mut params = vec![realm.into(), subject.into(), lane.as_stored().into()];
    params.extend(more);
    params
}
