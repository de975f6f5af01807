//! The second factor: the tables `vestibule_authenticator`, `vestibule_recovery_code`, `vestibule_factor_tries` and
//! `vestibule_factor_reset`.
//!
//! Every write is one statement about one row. An authenticator is put while its version is the one that was read, its step
//! advances upwards only, a code is replaced while it is the one that was read, and a try is taken while the number of the
//! last one is; all of them remember their batch in `set_by`. What removes a row is remembered nowhere, and neither is what
//! settles tries, which never refuses.

use vestibule_core::{BatchId, CorruptRow, KeyId, Lower, Realm, Sealed, SecretDigest, SubjectId, Timestamp};
use vestibule_mfa::{
    Algorithm, Authenticator, AuthenticatorId, AuthenticatorName, CodeRow, Course, MfaWrite, Parameters,
    Reset, Tries,
};

use crate::{Plan, Query, RowValues, Value};

impl Lower<Plan> for MfaWrite {
    fn lower(&self, batch: BatchId, plan: &mut Plan) {
        match self {
            Self::AdvanceStep { subject, slot, id, to, resealed } => {
                advance_step(plan, batch, (*subject, *slot, *id), *to, resealed.as_ref());
            }
            Self::ClearCode { subject, slot, digest } => {
                let params = held(plan.realm(), *subject, *slot, [(*digest).into()]);
                plan.step(
                    "delete from vestibule_recovery_code
                     where realm = ?1 and subject = ?2 and slot = ?3 and digest = ?4",
                    params,
                );
            }
            Self::NoteProven { subject, generation } => {
                let params = [plan.realm().into(), (*subject).into(), (*generation).into(), batch.into()];
                plan.always(
                    "insert into vestibule_factor_reset (realm, subject, proven, version, set_by)
                     values (?1, ?2, ?3, 0, ?4)
                     on conflict (realm, subject) do update set proven = excluded.proven",
                    params,
                );
            }
            Self::PutAuthenticator { row, from } => put_authenticator(plan, batch, row, *from),
            Self::PutCode { row, replacing } => put_code(plan, batch, row, *replacing),
            Self::RemoveAuthenticator { subject, slot, id } => {
                let params = held(plan.realm(), *subject, *slot, [bytes_of(*id)]);
                plan.step(
                    "delete from vestibule_authenticator
                     where realm = ?1 and subject = ?2 and slot = ?3 and id = ?4",
                    params,
                );
            }
            Self::ResetTries { subject } => {
                let params = [plan.realm().into(), (*subject).into()];
                plan.always(
                    "update vestibule_factor_tries set settled = taken, stopped_at = null
                     where realm = ?1 and subject = ?2",
                    params,
                );
            }
            Self::SetCourse { subject, from, course } => set_course(plan, batch, *subject, *from, *course),
            Self::SettleTry { subject, number } => {
                let params = [plan.realm().into(), (*subject).into(), (*number).into()];
                plan.always(
                    "update vestibule_factor_tries
                     set settled = case when taken < ?3 then taken when settled < ?3 then ?3 else settled end,
                     stopped_at = case when taken = ?3 then null else stopped_at end
                     where realm = ?1 and subject = ?2",
                    params,
                );
            }
            Self::TakeTry { subject, from, at, stops_at } => {
                take_try(plan, *subject, *from, (batch, *at), *stops_at);
            }
        }
    }
}

fn advance_step(
    plan: &mut Plan,
    batch: BatchId,
    (subject, slot, id): (SubjectId, u8, AuthenticatorId),
    to: u64,
    resealed: Option<&Sealed>,
) {
    let mut params = held(plan.realm(), subject, slot, [bytes_of(id), to.into(), batch.into()]);
    if let Some(sealed) = resealed {
        params.push(sealed.to_bytes().into());
        plan.step(
            "update vestibule_authenticator
             set last_step = ?5, set_by = ?6, sealed = ?7, version = version + 1
             where realm = ?1 and subject = ?2 and slot = ?3 and id = ?4 and confirmed_at is not null
             and last_step < ?5",
            params,
        );
    } else {
        plan.step(
            "update vestibule_authenticator set last_step = ?5, set_by = ?6, version = version + 1
             where realm = ?1 and subject = ?2 and slot = ?3 and id = ?4 and confirmed_at is not null
             and last_step < ?5",
            params,
        );
    }
    remember_authenticator(plan, subject, slot, batch);
}

fn put_authenticator(plan: &mut Plan, batch: BatchId, row: &Authenticator, from: Option<u64>) {
    let more = [
        bytes_of(row.id),
        row.name.as_str().into(),
        number_of(row.parameters.algorithm()).into(),
        u32::from(row.parameters.digits()).into(),
        u32::from(row.parameters.period()).into(),
        row.sealed.to_bytes().into(),
        row.created_at.into(),
        row.confirmed_at.into(),
        row.last_step.into(),
        row.version.into(),
        batch.into(),
    ];
    let mut params = held(plan.realm(), row.subject, row.slot, more);
    if let Some(from) = from {
        params.push(from.into());
        plan.step(
            "update vestibule_authenticator
             set id = ?4, name = ?5, algorithm = ?6, digits = ?7, period = ?8, sealed = ?9, created_at = ?10,
             confirmed_at = ?11, last_step = ?12, version = ?13, set_by = ?14
             where realm = ?1 and subject = ?2 and slot = ?3 and version = ?15",
            params,
        );
    } else {
        plan.step(
            "insert into vestibule_authenticator
             (realm, subject, slot, id, name, algorithm, digits, period, sealed, created_at, confirmed_at, last_step,
             version, set_by)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
             on conflict (realm, subject, slot) do nothing",
            params,
        );
    }
    remember_authenticator(plan, row.subject, row.slot, batch);
}

fn remember_authenticator(plan: &mut Plan, subject: SubjectId, slot: u8, batch: BatchId) {
    let params = held(plan.realm(), subject, slot, [batch.into()]);
    plan.remember_by(
        "select 1 from vestibule_authenticator where realm = ?1 and subject = ?2 and slot = ?3 and set_by = ?4",
        params,
    );
}

fn put_code(plan: &mut Plan, batch: BatchId, row: &CodeRow, replacing: Option<SecretDigest>) {
    let (spent_key, spent) = row.spent.unzip();
    let more = [
        row.key.as_str().into(),
        row.digest.into(),
        spent_key.as_ref().map(KeyId::as_str).into(),
        spent.into(),
        row.version.into(),
        row.made_at.into(),
        batch.into(),
    ];
    let mut params = held(plan.realm(), row.subject, row.slot, more);
    let memory = held(plan.realm(), row.subject, row.slot, [batch.into()]);
    if let Some(replacing) = replacing {
        params.push(replacing.into());
        plan.step(
            "update vestibule_recovery_code
             set key = ?4, digest = ?5, spent_key = ?6, spent = ?7, version = ?8, made_at = ?9, set_by = ?10
             where realm = ?1 and subject = ?2 and slot = ?3 and digest = ?11",
            params,
        );
    } else {
        plan.step(
            "insert into vestibule_recovery_code
             (realm, subject, slot, key, digest, spent_key, spent, version, made_at, set_by)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) on conflict (realm, subject, slot) do nothing",
            params,
        );
    }
    plan.remember_by(
        "select 1 from vestibule_recovery_code where realm = ?1 and subject = ?2 and slot = ?3 and set_by = ?4",
        memory,
    );
}

/// What is proven stands beside a reset in the same row: the first reset may find it there, at version zero.
fn set_course(plan: &mut Plan, batch: BatchId, subject: SubjectId, from: u64, course: Option<Course>) {
    let mut params: Vec<Value> = vec![
        plan.realm().into(),
        subject.into(),
        course.map(|course| course.begun_at).into(),
        course.map(|course| course.ends_at).into(),
        course.map(|course| course.generation).into(),
        batch.into(),
    ];
    let memory = [plan.realm().into(), subject.into(), batch.into()];
    if from == 0 {
        plan.step(
            "insert into vestibule_factor_reset (realm, subject, begun_at, ends_at, generation, version, set_by)
             values (?1, ?2, ?3, ?4, ?5, 1, ?6)
             on conflict (realm, subject) do update set begun_at = excluded.begun_at, ends_at = excluded.ends_at,
             generation = excluded.generation, version = 1, set_by = excluded.set_by
             where vestibule_factor_reset.version = 0",
            params,
        );
    } else {
        params.push(from.into());
        plan.step(
            "update vestibule_factor_reset
             set begun_at = ?3, ends_at = ?4, generation = ?5, version = version + 1, set_by = ?6
             where realm = ?1 and subject = ?2 and version = ?7",
            params,
        );
    }
    plan.remember_by(
        "select 1 from vestibule_factor_reset
         where realm = ?1 and subject = ?2 and set_by = ?3 and version > 0",
        memory,
    );
}

/// The first try makes the row: a row without a try is never there.
fn take_try(
    plan: &mut Plan,
    subject: SubjectId,
    from: u64,
    (batch, at): (BatchId, Timestamp),
    stops_at: u64,
) {
    let memory = [plan.realm().into(), subject.into(), batch.into()];
    if from == 0 {
        let stopped_at = (stops_at <= 1).then_some(at);
        let params = [plan.realm().into(), subject.into(), stopped_at.into(), at.into(), batch.into()];
        plan.step(
            "insert into vestibule_factor_tries (realm, subject, taken, settled, stopped_at, last_at, set_by)
             values (?1, ?2, 1, 0, ?3, ?4, ?5) on conflict (realm, subject) do nothing",
            params,
        );
    } else {
        let params =
            [plan.realm().into(), subject.into(), from.into(), stops_at.into(), at.into(), batch.into()];
        plan.step(
            "update vestibule_factor_tries
             set taken = taken + 1, last_at = ?5, set_by = ?6,
             stopped_at = case when taken + 1 - settled >= ?4 then ?5 end
             where realm = ?1 and subject = ?2 and taken = ?3 and stopped_at is null",
            params,
        );
    }
    plan.remember_by(
        "select 1 from vestibule_factor_tries where realm = ?1 and subject = ?2 and set_by = ?3",
        memory,
    );
}

/// Every authenticator of a person, ascending by slot.
#[must_use]
pub fn authenticators(realm: &Realm, subject: SubjectId) -> Query<Authenticator> {
    Query::new(
        "select subject, slot, id, name, algorithm, digits, period, sealed, created_at, confirmed_at, last_step,
         version, set_by from vestibule_authenticator where realm = ?1 and subject = ?2 order by slot",
        [realm.into(), subject.into()],
        read_authenticator,
    )
}

/// Every recovery code of a person, ascending by slot.
#[must_use]
pub fn codes(realm: &Realm, subject: SubjectId) -> Query<CodeRow> {
    Query::new(
        "select subject, slot, key, digest, spent_key, spent, version, made_at, set_by
         from vestibule_recovery_code where realm = ?1 and subject = ?2 order by slot",
        [realm.into(), subject.into()],
        read_code,
    )
}

/// The tries made at a person's authenticators.
#[must_use]
pub fn mfa_tries(realm: &Realm, subject: SubjectId) -> Query<Tries> {
    Query::new(
        "select subject, taken, settled, stopped_at, last_at, set_by from vestibule_factor_tries
         where realm = ?1 and subject = ?2",
        [realm.into(), subject.into()],
        read_tries,
    )
}

/// What is known about a person's factor for the case that it is lost.
#[must_use]
pub fn factor_reset(realm: &Realm, subject: SubjectId) -> Query<Reset> {
    Query::new(
        "select subject, proven, begun_at, ends_at, generation, version, set_by from vestibule_factor_reset
         where realm = ?1 and subject = ?2",
        [realm.into(), subject.into()],
        |row| {
            let reset = Reset {
                subject: row.subject("subject")?,
                proven: row.maybe_u64("proven")?,
                course: match (
                    row.maybe_time("begun_at")?,
                    row.maybe_time("ends_at")?,
                    row.maybe_u64("generation")?,
                ) {
                    (Some(begun_at), Some(ends_at), Some(generation)) => {
                        Some(Course { begun_at, ends_at, generation })
                    }
                    (None, None, None) => None,
                    _ => return Err(CorruptRow("generation")),
                },
                version: row.u64("version")?,
                set_by: row.batch("set_by")?,
            };
            reset.checked()
        },
    )
}

fn read_authenticator(row: &mut RowValues) -> Result<Authenticator, CorruptRow> {
    let authenticator = Authenticator {
        subject: row.subject("subject")?,
        slot: small(row, "slot")?,
        id: row.blob("id")?.try_into().map(AuthenticatorId::from_bytes).map_err(|_| CorruptRow("id"))?,
        name: AuthenticatorName::from_stored(&row.text("name")?)?,
        parameters: read_parameters(row)?,
        sealed: Sealed::from_bytes(&row.blob("sealed")?)?,
        created_at: row.time("created_at")?,
        confirmed_at: row.maybe_time("confirmed_at")?,
        last_step: row.maybe_u64("last_step")?,
        version: row.u64("version")?,
        set_by: row.batch("set_by")?,
    };
    authenticator.checked()
}

fn read_parameters(row: &mut RowValues) -> Result<Parameters, CorruptRow> {
    let algorithm = match row.u32("algorithm")? {
        1 => Algorithm::Sha1,
        2 => Algorithm::Sha256,
        3 => Algorithm::Sha512,
        _ => return Err(CorruptRow("algorithm")),
    };
    let digits = small(row, "digits")?;
    let period = u16::try_from(row.u32("period")?).map_err(|_| CorruptRow("period"))?;
    Parameters::from_stored(algorithm, digits, period)
}

const fn number_of(algorithm: Algorithm) -> u32 {
    match algorithm {
        Algorithm::Sha1 => 1,
        Algorithm::Sha256 => 2,
        Algorithm::Sha512 => 3,
    }
}

fn read_code(row: &mut RowValues) -> Result<CodeRow, CorruptRow> {
    let code = CodeRow {
        subject: row.subject("subject")?,
        slot: small(row, "slot")?,
        key: key(&row.text("key")?)?,
        digest: row.digest("digest")?,
        spent: match (row.maybe_text("spent_key")?, row.maybe_digest("spent")?) {
            (None, None) => None,
            (Some(text), Some(digest)) => Some((key(&text)?, digest)),
            _ => return Err(CorruptRow("spent")),
        },
        version: row.u64("version")?,
        made_at: row.time("made_at")?,
        set_by: row.batch("set_by")?,
    };
    code.checked()
}

fn key(text: &str) -> Result<KeyId, CorruptRow> {
    KeyId::parse(text).map_err(|_| CorruptRow("key"))
}

fn read_tries(row: &mut RowValues) -> Result<Tries, CorruptRow> {
    let tries = Tries {
        subject: row.subject("subject")?,
        taken: row.u64("taken")?,
        settled: row.u64("settled")?,
        stopped_at: row.maybe_time("stopped_at")?,
        last_at: row.time("last_at")?,
        set_by: row.batch("set_by")?,
    };
    tries.checked()
}

fn small(row: &mut RowValues, column: &'static str) -> Result<u8, CorruptRow> {
    u8::try_from(row.u32(column)?).map_err(|_| CorruptRow(column))
}

fn bytes_of(id: AuthenticatorId) -> Value {
    id.as_bytes().as_slice().into()
}

fn held<const N: usize>(realm: &Realm, subject: SubjectId, slot: u8, more: [Value; N]) -> Vec<Value> {
    let mut params = vec![realm.into(), subject.into(), u32::from(slot).into()];
    params.extend(more);
    params
}
