//! Writes of identifiers and contact addresses as statements.

use vestibule_core::{AccountId, AddressKey, AddressKind, Identifier, SubjectId, Timestamp};
use vestibule_profiles::{Leaving, ProfileIdentifier};

use super::writes::{company, person};
use crate::{Plan, Value};

pub(super) fn move_contact(
    plan: &mut Plan,
    account: AccountId,
    key: AddressKey,
    from: Option<SubjectId>,
    to: Option<SubjectId>,
) {
    let key = Value::from(key.as_bytes().as_slice());
    match (from, to) {
        (None, Some(to)) => {
            let params = company(plan, account, [key, to.into()]);
            plan.step(
                "insert into vestibule_contact (realm, account, key, subject) values (?1, ?2, ?3, ?4)
                 on conflict (realm, account, key) do nothing",
                params,
            );
        }
        (Some(from), Some(to)) => {
            let params = company(plan, account, [key, from.into(), to.into()]);
            plan.step(
                "update vestibule_contact set subject = ?5
                 where realm = ?1 and account = ?2 and key = ?3 and subject = ?4",
                params,
            );
        }
        (Some(from), None) => {
            let params = company(plan, account, [key, from.into()]);
            plan.step(
                "delete from vestibule_contact
                 where realm = ?1 and account = ?2 and key = ?3 and subject = ?4",
                params,
            );
        }
        // From nobody to nobody changes nothing, and holds while it is nobody's: what cannot be taken is somebody's.
        (None, None) => {
            let nobody = key.clone();
            let params = company(plan, account, [key.clone(), nobody]);
            plan.step(
                "insert into vestibule_contact (realm, account, key, subject) values (?1, ?2, ?3, ?4)
                 on conflict (realm, account, key) do nothing",
                params,
            );
            let params = company(plan, account, [key]);
            plan.always(
                "delete from vestibule_contact where realm = ?1 and account = ?2 and key = ?3",
                params,
            );
        }
    }
}

/// A verified identifier of the same person is more than a pending one: it stays.
pub(super) fn note_pending(plan: &mut Plan, own: &ProfileIdentifier) {
    let params = identifier(plan, own);
    plan.always(
        "insert into vestibule_identifier
         (realm, subject, kind, key, canonical, typed, verified_at, added_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         on conflict (realm, subject, kind, key) do update
         set canonical = excluded.canonical, typed = excluded.typed, verified_at = excluded.verified_at,
         added_at = excluded.added_at
         where vestibule_identifier.verified_at is null",
        params,
    );
}

/// The row that everybody wants judges: nobody has it, or who left it has left it for good, or is the same person.
pub(super) fn take_identifier(plan: &mut Plan, own: &ProfileIdentifier) {
    let (kind, key) = (own.identifier.kind(), own.identifier.key());
    let wanted = contended(plan, kind, key, [own.subject.into(), own.verified_at.into()]);
    plan.step(
        "insert into vestibule_identifier_owner (realm, kind, key, subject) values (?1, ?2, ?3, ?4)
         on conflict (realm, kind, key) do update set subject = excluded.subject, leaving_until = null
         where vestibule_identifier_owner.leaving_until is not null
         and (vestibule_identifier_owner.leaving_until <= ?5 or vestibule_identifier_owner.subject = excluded.subject)",
        wanted,
    );
    let params = identifier(plan, own);
    plan.always(
        "insert into vestibule_identifier
         (realm, subject, kind, key, canonical, typed, verified_at, added_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         on conflict (realm, subject, kind, key) do update
         set canonical = excluded.canonical, typed = excluded.typed, verified_at = excluded.verified_at,
         added_at = excluded.added_at",
        params,
    );
    let left = contended(plan, kind, key, []);
    plan.always("delete from vestibule_leaving where realm = ?1 and kind = ?2 and key = ?3", left);
}

/// The key stays the person's until the end of the window; what it opened is gone.
pub(super) fn leave_identifier(plan: &mut Plan, leaving: &Leaving) {
    let (kind, key) = (leaving.identifier.kind(), leaving.identifier.key());
    let owner = contended(plan, kind, key, [leaving.subject.into(), leaving.until.into()]);
    plan.step(
        "update vestibule_identifier_owner set leaving_until = ?5
         where realm = ?1 and kind = ?2 and key = ?3 and subject = ?4 and leaving_until is null",
        owner,
    );
    let own = person(plan, leaving.subject, [kind.as_str().into(), key.as_bytes().as_slice().into()]);
    plan.always(
        "delete from vestibule_identifier where realm = ?1 and subject = ?2 and kind = ?3 and key = ?4",
        own,
    );
    let row = person(
        plan,
        leaving.subject,
        [
            kind.as_str().into(),
            key.as_bytes().as_slice().into(),
            leaving.identifier.canonical().into(),
            leaving.identifier.as_typed().into(),
            leaving.verified_at.into(),
            leaving.since.into(),
            leaving.until.into(),
            leaving.session.into(),
        ],
    );
    plan.always(
        "insert into vestibule_leaving
         (realm, subject, kind, key, canonical, typed, verified_at, left_at, left_until, session)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         on conflict (realm, kind, key) do update set subject = excluded.subject,
         canonical = excluded.canonical, typed = excluded.typed, verified_at = excluded.verified_at,
         left_at = excluded.left_at, left_until = excluded.left_until, session = excluded.session",
        row,
    );
}

pub(super) fn forget_leaving(
    plan: &mut Plan,
    subject: SubjectId,
    kind: AddressKind,
    key: AddressKey,
    until: Timestamp,
) {
    let owner = contended(plan, kind, key, [subject.into(), until.into()]);
    plan.step(
        "delete from vestibule_identifier_owner
         where realm = ?1 and kind = ?2 and key = ?3 and subject = ?4 and leaving_until = ?5",
        owner,
    );
    let left = contended(plan, kind, key, []);
    plan.always("delete from vestibule_leaving where realm = ?1 and kind = ?2 and key = ?3", left);
}

pub(super) fn require_identifier(
    plan: &mut Plan,
    subject: SubjectId,
    kind: AddressKind,
    key: AddressKey,
    leaving_until: Option<Timestamp>,
) {
    if let Some(until) = leaving_until {
        let owner = contended(plan, kind, key, [subject.into(), until.into()]);
        plan.require(
            "select 1 from vestibule_identifier_owner
             where realm = ?1 and kind = ?2 and key = ?3 and subject = ?4 and leaving_until = ?5",
            owner,
        );
    } else {
        let owner = contended(plan, kind, key, [subject.into()]);
        plan.require(
            "select 1 from vestibule_identifier_owner
             where realm = ?1 and kind = ?2 and key = ?3 and subject = ?4 and leaving_until is null",
            owner,
        );
    }
}

pub(super) fn release_identifier(
    plan: &mut Plan,
    subject: SubjectId,
    kind: AddressKind,
    key: AddressKey,
    verified: bool,
) {
    let own = person(plan, subject, [kind.as_str().into(), key.as_bytes().as_slice().into()]);
    if verified {
        plan.step(
            "delete from vestibule_identifier
             where realm = ?1 and subject = ?2 and kind = ?3 and key = ?4 and verified_at is not null",
            own,
        );
        let owner = contended(plan, kind, key, [subject.into()]);
        plan.always(
            "delete from vestibule_identifier_owner
             where realm = ?1 and kind = ?2 and key = ?3 and subject = ?4",
            owner,
        );
    } else {
        plan.step(
            "delete from vestibule_identifier
             where realm = ?1 and subject = ?2 and kind = ?3 and key = ?4 and verified_at is null",
            own,
        );
    }
}

fn identifier(plan: &Plan, own: &ProfileIdentifier) -> Vec<Value> {
    let typed: &Identifier = &own.identifier;
    person(
        plan,
        own.subject,
        [
            typed.kind().as_str().into(),
            typed.key().as_bytes().as_slice().into(),
            typed.canonical().into(),
            typed.as_typed().into(),
            own.verified_at.into(),
            own.added_at.into(),
        ],
    )
}

fn contended<const N: usize>(
    plan: &Plan,
    kind: AddressKind,
    key: AddressKey,
    more: [Value; N],
) -> Vec<Value> {
    let mut params = vec![plan.realm().into(), kind.as_str().into(), key.as_bytes().as_slice().into()];
    params.extend(more);
    params
}
