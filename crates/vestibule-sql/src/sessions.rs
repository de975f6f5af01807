//! Sessions and known devices: the tables `vestibule_session` and `vestibule_device`.
//!
//! A row is found by its person and slot, which racers want, and by the digest of its token, which every request brings; both are
//! unique. By which of them it rests is each database's own matter. Evidence and admissions are asked for with their session alone,
//! so each rests in a column as a record (`kv::RecordWriter`). Every row that is read goes through the domain's `checked`.

mod records;

use core::time::Duration;

use vestibule_core::{BatchId, CorruptRow, Lower, Realm, SecretDigest, SessionHandle, SubjectId, Timestamp};
use vestibule_sessions::{AdmissionStamp, Device, Session, SessionsWrite};

use crate::{Plan, Query, RowValues, Statement, Value};

impl Lower<Plan> for SessionsWrite {
    fn lower(&self, batch: BatchId, plan: &mut Plan) {
        match self {
            Self::EndSession { subject, slot, handle } => {
                let params = held(plan.realm(), *subject, *slot, *handle, []);
                plan.step(
                    "delete from vestibule_session where realm = ?1 and subject = ?2 and slot = ?3 and handle = ?4",
                    params,
                );
            }
            Self::PutDevice { device, replacing } => put_device(plan, batch, device, *replacing),
            Self::PutSession { session, replacing } => put_session(plan, batch, session, *replacing),
            Self::RequireSession { subject, slot, handle } => {
                let params = held(plan.realm(), *subject, *slot, *handle, []);
                plan.require(
                    "select 1 from vestibule_session where realm = ?1 and subject = ?2 and slot = ?3 and handle = ?4",
                    params,
                );
            }
            Self::StampAdmissions { subject, slot, handle, from, admissions } => {
                stamp(plan, batch, held(plan.realm(), *subject, *slot, *handle, []), *from, admissions);
                remember_session(plan, batch, *subject, *slot);
            }
            Self::TouchSession { subject, slot, handle, at } => {
                let params = held(plan.realm(), *subject, *slot, *handle, [(*at).into()]);
                plan.always(
                    "update vestibule_session set last_used_at = ?5
                     where realm = ?1 and subject = ?2 and slot = ?3 and handle = ?4 and last_used_at < ?5",
                    params,
                );
            }
        }
    }
}

fn put_session(plan: &mut Plan, batch: BatchId, session: &Session, replacing: Option<SessionHandle>) {
    let mut params: Vec<Value> = slot_of(plan.realm(), session.subject, session.slot);
    params.extend([
        session.handle.into(),
        session.digest.into(),
        session.profile_epoch.into(),
        session.password_generation.into(),
        records::evidence(&session.evidence).into(),
        session.created_at.into(),
        session.last_used_at.into(),
        u64::try_from(session.idle.as_micros()).unwrap_or(u64::MAX).into(),
        session.ends_at.into(),
        records::admissions(&session.admissions).into(),
        session.label.as_str().into(),
        session.version.into(),
        batch.into(),
    ]);
    if let Some(replacing) = replacing {
        params.push(replacing.into());
        plan.step(
            "update vestibule_session
             set handle = ?4, digest = ?5, profile_epoch = ?6, password_generation = ?7, evidence = ?8,
             created_at = ?9, last_used_at = ?10, idle = ?11, ends_at = ?12, admissions = ?13, label = ?14,
             version = ?15, set_by = ?16
             where realm = ?1 and subject = ?2 and slot = ?3 and handle = ?17",
            params,
        );
    } else {
        plan.step(
            "insert into vestibule_session
             (realm, subject, slot, handle, digest, profile_epoch, password_generation, evidence, created_at,
             last_used_at, idle, ends_at, admissions, label, version, set_by)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
             on conflict (realm, subject, slot) do update
             set handle = ?4, digest = ?5, profile_epoch = ?6, password_generation = ?7, evidence = ?8,
             created_at = ?9, last_used_at = ?10, idle = ?11, ends_at = ?12, admissions = ?13, label = ?14,
             version = ?15, set_by = ?16
             where (vestibule_session.profile_epoch < ?6 or vestibule_session.ends_at <= ?9
             or vestibule_session.last_used_at <= ?9 - vestibule_session.idle) and vestibule_session.set_by <> ?16",
            params,
        );
    }
    remember_session(plan, batch, session.subject, session.slot);
}

fn stamp(plan: &mut Plan, batch: BatchId, mut params: Vec<Value>, from: u64, admissions: &[AdmissionStamp]) {
    params.extend([
        from.into(),
        from.saturating_add(1).into(),
        records::admissions(admissions).into(),
        batch.into(),
    ]);
    // The last condition is about the last version there is, after which none comes.
    plan.step(
        "update vestibule_session set admissions = ?7, version = ?6, set_by = ?8
         where realm = ?1 and subject = ?2 and slot = ?3 and handle = ?4 and version = ?5 and version < ?6",
        params,
    );
}

fn remember_session(plan: &mut Plan, batch: BatchId, subject: SubjectId, slot: u16) {
    let mut params = slot_of(plan.realm(), subject, slot);
    params.push(batch.into());
    plan.remember_by(
        "select 1 from vestibule_session where realm = ?1 and subject = ?2 and slot = ?3 and set_by = ?4",
        params,
    );
}

fn put_device(plan: &mut Plan, batch: BatchId, device: &Device, replacing: Option<SessionHandle>) {
    let mut params = slot_of(plan.realm(), device.subject, device.slot);
    let mut memory = params.clone();
    memory.push(batch.into());
    params.extend([
        device.handle.into(),
        device.digest.into(),
        device.profile_epoch.into(),
        device.made_at.into(),
        device.ends_at.into(),
        device.label.as_str().into(),
        batch.into(),
        device.remembered_since.into(),
    ]);
    if let Some(replacing) = replacing {
        params.push(replacing.into());
        plan.step(
            "update vestibule_device
             set handle = ?4, digest = ?5, profile_epoch = ?6, made_at = ?7, ends_at = ?8, label = ?9, set_by = ?10,
             remembered_since = ?11
             where realm = ?1 and subject = ?2 and slot = ?3 and handle = ?12",
            params,
        );
    } else {
        plan.step(
            "insert into vestibule_device
             (realm, subject, slot, handle, digest, profile_epoch, made_at, ends_at, label, set_by, remembered_since)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) on conflict (realm, subject, slot) do update
             set handle = ?4, digest = ?5, profile_epoch = ?6, made_at = ?7, ends_at = ?8, label = ?9, set_by = ?10,
             remembered_since = ?11
             where (vestibule_device.profile_epoch < ?6 or vestibule_device.ends_at <= ?7)
             and vestibule_device.set_by <> ?10",
            params,
        );
    }
    plan.remember_by(
        "select 1 from vestibule_device where realm = ?1 and subject = ?2 and slot = ?3 and set_by = ?4",
        memory,
    );
}

/// The session whose token has this digest.
#[must_use]
pub fn session(realm: &Realm, digest: SecretDigest) -> Query<Session> {
    Query::new(
        "select subject, slot, handle, digest, profile_epoch, password_generation, evidence, created_at,
         last_used_at, idle, ends_at, admissions, label, version, set_by from vestibule_session
         where realm = ?1 and digest = ?2",
        [realm.into(), digest.into()],
        read_session,
    )
}

/// Every session of a person, ascending by slot.
#[must_use]
pub fn sessions(realm: &Realm, subject: SubjectId) -> Query<Session> {
    Query::new(
        "select subject, slot, handle, digest, profile_epoch, password_generation, evidence, created_at,
         last_used_at, idle, ends_at, admissions, label, version, set_by from vestibule_session
         where realm = ?1 and subject = ?2 order by slot",
        [realm.into(), subject.into()],
        read_session,
    )
}

pub(crate) fn read_session(row: &mut RowValues) -> Result<Session, CorruptRow> {
    let session = Session {
        subject: row.subject("subject")?,
        slot: slot(row)?,
        handle: row.session("handle")?,
        digest: row.digest("digest")?,
        profile_epoch: row.u64("profile_epoch")?,
        password_generation: row.maybe_u64("password_generation")?,
        evidence: records::read_evidence(&row.blob("evidence")?)?,
        created_at: row.time("created_at")?,
        last_used_at: row.time("last_used_at")?,
        idle: Duration::from_micros(row.u64("idle")?),
        ends_at: row.time("ends_at")?,
        admissions: records::read_admissions(&row.blob("admissions")?)?,
        label: row.text("label")?,
        version: row.u64("version")?,
        set_by: row.batch("set_by")?,
    };
    session.checked()
}

/// The known device whose token has this digest.
#[must_use]
pub fn device(realm: &Realm, digest: SecretDigest) -> Query<Device> {
    Query::new(
        "select subject, slot, handle, digest, profile_epoch, made_at, ends_at, label, set_by, remembered_since
         from vestibule_device where realm = ?1 and digest = ?2",
        [realm.into(), digest.into()],
        read_device,
    )
}

/// Every known device of a person, ascending by slot.
#[must_use]
pub fn devices(realm: &Realm, subject: SubjectId) -> Query<Device> {
    Query::new(
        "select subject, slot, handle, digest, profile_epoch, made_at, ends_at, label, set_by, remembered_since
         from vestibule_device where realm = ?1 and subject = ?2 order by slot",
        [realm.into(), subject.into()],
        read_device,
    )
}

fn read_device(row: &mut RowValues) -> Result<Device, CorruptRow> {
    let device = Device {
        subject: row.subject("subject")?,
        slot: slot(row)?,
        handle: row.session("handle")?,
        digest: row.digest("digest")?,
        profile_epoch: row.u64("profile_epoch")?,
        made_at: row.time("made_at")?,
        ends_at: row.time("ends_at")?,
        label: row.text("label")?,
        set_by: row.batch("set_by")?,
        remembered_since: row.maybe_time("remembered_since")?,
    };
    device.checked()
}

/// Removes sessions that ended by themselves before an instant, at most `budget` rows. The instant stands outside too: a
/// database that waits for somebody's lock judges only that part again, and the slot may have a new session (FLT-X48).
#[must_use]
pub fn forget_sessions(realm: &Realm, ended_before: Timestamp, budget: u32) -> Statement {
    Statement::new(
        "delete from vestibule_session where (realm, subject, slot) in
         (select realm, subject, slot from vestibule_session
          where realm = ?1 and ends_at < ?2 order by ends_at limit ?3) and ends_at < ?2",
        [realm.into(), ended_before.into(), budget.into()],
    )
}

/// Removes known devices whose time was over before an instant, at most `budget` rows, judged as [`forget_sessions`] does.
#[must_use]
pub fn forget_devices(realm: &Realm, ended_before: Timestamp, budget: u32) -> Statement {
    Statement::new(
        "delete from vestibule_device where (realm, subject, slot) in
         (select realm, subject, slot from vestibule_device
          where realm = ?1 and ends_at < ?2 order by ends_at limit ?3) and ends_at < ?2",
        [realm.into(), ended_before.into(), budget.into()],
    )
}

fn slot(row: &mut RowValues) -> Result<u16, CorruptRow> {
    u16::try_from(row.u32("slot")?).map_err(|_| CorruptRow("slot"))
}

fn slot_of(realm: &Realm, subject: SubjectId, slot: u16) -> Vec<Value> {
    vec![realm.into(), subject.into(), u32::from(slot).into()]
}

fn held<const N: usize>(
    realm: &Realm,
    subject: SubjectId,
    slot: u16,
    handle: SessionHandle,
    more: [Value; N],
) -> Vec<Value> {
    let mut params = slot_of(realm, subject, slot);
    params.push(handle.into());
    params.extend(more);
    params
}
