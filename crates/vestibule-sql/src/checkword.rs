//! Checkwords: the tables `vestibule_checkword` (the newest of each slot) and `vestibule_checkword_former`.
//!
//! Every write is one statement about one row. A slot is put while its version is the one that was read, and used while it
//! holds this generation and is live at the instant of the write; both remember their batch in `set_by`. What buries, rotates
//! and wipes never refuses and is remembered nowhere.

use vestibule_checkword::{Checkword, CheckwordWrite, Former, Rotation, State, Tries};
use vestibule_core::{BatchId, CorruptRow, Lower, Realm, SecretDigest, SubjectId, Timestamp};

use crate::{Plan, Query, RowValues, Statement, Value};

impl Lower<Plan> for CheckwordWrite {
    fn lower(&self, batch: BatchId, plan: &mut Plan) {
        match self {
            Self::Bury { former } => bury(plan, former),
            Self::Consume { holder, purpose, generation, at } => {
                let params =
                    slot(plan.realm(), *holder, purpose, [(*generation).into(), (*at).into(), batch.into()]);
                plan.step(
                    "update vestibule_checkword
                     set state = 3, state_at = ?5, sends = 0, sealed = null, version = version + 1, set_by = ?6
                     where realm = ?1 and holder = ?2 and purpose = ?3 and generation = ?4 and state = 0
                     and expires_at > ?5",
                    params,
                );
                remember(plan, *holder, purpose, batch);
            }
            Self::Put { checkword, from } => put(plan, batch, checkword, *from),
            Self::Rotate { holder, purpose, at, by } => {
                let by = u32::from(by.number());
                let params = slot(plan.realm(), *holder, purpose, [(*at).into(), by.into()]);
                plan.always(
                    "update vestibule_checkword
                     set rotation = case when state = 0 then ?5 else rotation end,
                     state_at = case when state = 0 then ?4 else state_at end,
                     state = case when state = 0 then 1 else state end,
                     sealed = null, version = version + 1
                     where realm = ?1 and holder = ?2 and purpose = ?3",
                    params,
                );
            }
            Self::Wipe { holder, purpose, generation } => {
                let params = slot(plan.realm(), *holder, purpose, [(*generation).into()]);
                plan.always(
                    "update vestibule_checkword set sealed = null, version = version + 1
                     where realm = ?1 and holder = ?2 and purpose = ?3 and generation = ?4 and sealed is not null",
                    params,
                );
            }
        }
    }
}

fn put(plan: &mut Plan, batch: BatchId, checkword: &Checkword, from: Option<u64>) {
    let (state, state_at, rotation) = columns_of(checkword.state);
    let more = [
        checkword.generation.into(),
        checkword.digest.into(),
        checkword.bound.clone().into(),
        checkword.issued_at.into(),
        checkword.expires_at.into(),
        state.into(),
        state_at.into(),
        rotation.into(),
        checkword.sealed.clone().into(),
        checkword.sends.into(),
        checkword.last_sent_at.into(),
        checkword.version.into(),
        batch.into(),
        checkword.tries.of_code.into(),
        checkword.tries.of_day.into(),
        checkword.tries.day_began_at.into(),
        checkword.is_code.into(),
    ];
    let mut params = slot(plan.realm(), checkword.holder, &checkword.purpose, more);
    if let Some(from) = from {
        params.push(from.into());
        plan.step(
            "update vestibule_checkword
             set generation = ?4, digest = ?5, bound = ?6, issued_at = ?7, expires_at = ?8, state = ?9, state_at = ?10,
             rotation = ?11, sealed = ?12, sends = ?13, last_sent_at = ?14, version = ?15, set_by = ?16,
             tries = ?17, day_tries = ?18, day_began_at = ?19, is_code = ?20
             where realm = ?1 and holder = ?2 and purpose = ?3 and version = ?21",
            params,
        );
    } else {
        plan.step(
            "insert into vestibule_checkword
             (realm, holder, purpose, generation, digest, bound, issued_at, expires_at, state, state_at, rotation, sealed,
             sends, last_sent_at, version, set_by, tries, day_tries, day_began_at, is_code)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)
             on conflict (realm, holder, purpose) do nothing",
            params,
        );
    }
    remember(plan, checkword.holder, &checkword.purpose, batch);
}

fn bury(plan: &mut Plan, former: &Former) {
    let (state, state_at, rotation) = columns_of(former.state);
    let more = [
        former.place().into(),
        former.generation.into(),
        former.digest.into(),
        former.issued_at.into(),
        state.into(),
        state_at.into(),
        rotation.into(),
    ];
    let params = slot(plan.realm(), former.holder, &former.purpose, more);
    plan.always(
        "insert into vestibule_checkword_former
         (realm, holder, purpose, place, generation, digest, issued_at, state, state_at, rotation)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         on conflict (realm, holder, purpose, place) do update set generation = excluded.generation,
         digest = excluded.digest, issued_at = excluded.issued_at, state = excluded.state,
         state_at = excluded.state_at, rotation = excluded.rotation",
        params,
    );
}

fn remember(plan: &mut Plan, holder: SubjectId, purpose: &str, batch: BatchId) {
    let params = slot(plan.realm(), holder, purpose, [batch.into()]);
    plan.remember_by(
        "select 1 from vestibule_checkword where realm = ?1 and holder = ?2 and purpose = ?3 and set_by = ?4",
        params,
    );
}

/// The newest checkword of a holder and purpose.
#[must_use]
pub fn checkword(realm: &Realm, holder: SubjectId, purpose: &str) -> Query<Checkword> {
    Query::new(
        "select holder, purpose, generation, digest, bound, issued_at, expires_at, state, state_at, rotation, sealed,
         sends, last_sent_at, version, set_by, tries, day_tries, day_began_at, is_code from vestibule_checkword
         where realm = ?1 and holder = ?2 and purpose = ?3",
        slot(realm, holder, purpose, []),
        read_checkword,
    )
}

/// The newest checkword whose secret has this digest. Ask it before [`former_by_digest`]: a row moves from here to there,
/// never back.
#[must_use]
pub fn newest_by_digest(realm: &Realm, digest: SecretDigest) -> Query<Checkword> {
    Query::new(
        "select holder, purpose, generation, digest, bound, issued_at, expires_at, state, state_at, rotation, sealed,
         sends, last_sent_at, version, set_by, tries, day_tries, day_began_at, is_code
         from vestibule_checkword where (realm, holder, purpose) in
         (select realm, holder, purpose from vestibule_checkword where realm = ?1 and digest = ?2)",
        [realm.into(), digest.into()],
        read_checkword,
    )
}

/// The earlier checkword whose secret has this digest.
#[must_use]
pub fn former_by_digest(realm: &Realm, digest: SecretDigest) -> Query<Former> {
    Query::new(
        "select holder, purpose, place, generation, digest, issued_at, state, state_at, rotation
         from vestibule_checkword_former where (realm, holder, purpose, place) in
         (select realm, holder, purpose, place from vestibule_checkword_former where realm = ?1 and digest = ?2)",
        [realm.into(), digest.into()],
        read_former,
    )
}

/// Removes checkwords that expired before an instant, at most `budget` rows. The instant stands outside too: a database that
/// waits for somebody's lock judges only that part again, and the slot may hold a new one by then (FLT-X48).
#[must_use]
pub fn forget_checkwords(realm: &Realm, expired_before: Timestamp, budget: u32) -> Statement {
    Statement::new(
        "delete from vestibule_checkword where (realm, holder, purpose) in
         (select realm, holder, purpose from vestibule_checkword
          where realm = ?1 and expires_at < ?2 order by expires_at limit ?3) and expires_at < ?2",
        [realm.into(), expired_before.into(), budget.into()],
    )
}

/// Removes earlier checkwords that were made before an instant, at most `budget` rows, judged as [`forget_checkwords`] does.
#[must_use]
pub fn forget_formers(realm: &Realm, issued_before: Timestamp, budget: u32) -> Statement {
    Statement::new(
        "delete from vestibule_checkword_former where (realm, holder, purpose, place) in
         (select realm, holder, purpose, place from vestibule_checkword_former
          where realm = ?1 and issued_at < ?2 order by issued_at limit ?3) and issued_at < ?2",
        [realm.into(), issued_before.into(), budget.into()],
    )
}

/// Wipes the sealed texts of links that are past half of their life and of codes past all of it, which are told no more, at most `budget` rows.
#[must_use]
pub fn wipe_sealed(realm: &Realm, now: Timestamp, budget: u32) -> Statement {
    Statement::new(
        "update vestibule_checkword set sealed = null, version = version + 1
         where (realm, holder, purpose) in
         (select realm, holder, purpose from vestibule_checkword
          where realm = ?1 and sealed is not null and issued_at + (expires_at - issued_at) / (2 - is_code) < ?2
          order by issued_at limit ?3)
         and sealed is not null and issued_at + (expires_at - issued_at) / (2 - is_code) < ?2",
        [realm.into(), now.into(), budget.into()],
    )
}

fn read_checkword(row: &mut RowValues) -> Result<Checkword, CorruptRow> {
    let checkword = Checkword {
        holder: row.subject("holder")?,
        purpose: row.text("purpose")?,
        generation: row.u64("generation")?,
        digest: row.digest("digest")?,
        bound: row.blob("bound")?,
        issued_at: row.time("issued_at")?,
        expires_at: row.time("expires_at")?,
        state: read_state(row)?,
        sealed: row.maybe_blob("sealed")?,
        sends: row.u64("sends")?,
        last_sent_at: row.time("last_sent_at")?,
        version: row.u64("version")?,
        set_by: row.batch("set_by")?,
        tries: Tries {
            of_code: row.u64("tries")?,
            of_day: row.u64("day_tries")?,
            day_began_at: row.time("day_began_at")?,
        },
        is_code: row.flag("is_code")?,
    };
    checkword.checked()
}

fn read_former(row: &mut RowValues) -> Result<Former, CorruptRow> {
    let (holder, purpose, place) = (row.subject("holder")?, row.text("purpose")?, row.u64("place")?);
    let former = Former {
        holder,
        purpose,
        generation: row.u64("generation")?,
        digest: row.digest("digest")?,
        issued_at: row.time("issued_at")?,
        state: read_state(row)?,
    };
    // Otherwise the next of its generations would not take its place.
    if former.place() != place {
        return Err(CorruptRow("place"));
    }
    former.checked()
}

/// The columns `state`, `state_at` and `rotation`.
fn columns_of(state: State) -> (u32, Option<Timestamp>, Option<u32>) {
    match state {
        State::Live => (0, None, None),
        State::Rotated { at, by } => (1, Some(at), Some(by.number().into())),
        State::Superseded { at } => (2, Some(at), None),
        State::Used { at } => (3, Some(at), None),
    }
}

fn read_state(row: &mut RowValues) -> Result<State, CorruptRow> {
    let (state, at, rotation) = (row.u32("state")?, row.maybe_time("state_at")?, row.maybe_u32("rotation")?);
    match (state, at, rotation) {
        (0, None, None) => Ok(State::Live),
        (1, Some(at), Some(by)) => {
            let by = u8::try_from(by).map_err(|_| CorruptRow("rotation"))?;
            Ok(State::Rotated { at, by: Rotation::from_number(by)? })
        }
        (2, Some(at), None) => Ok(State::Superseded { at }),
        (3, Some(at), None) => Ok(State::Used { at }),
        _ => Err(CorruptRow("state")),
    }
}

fn slot<const N: usize>(realm: &Realm, holder: SubjectId, purpose: &str, more: [Value; N]) -> Vec<Value> {
    let mut params = vec![realm.into(), holder.into(), purpose.into()];
    params.extend(more);
    params
}
