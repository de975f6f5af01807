//! The questions of the journal, and how their rows are read.
//!
//! A row that was read passes the domain's own reading once more, as bytes: what it takes for corrupt in any other
//! database is corrupt here.

use vestibule_core::{
    AccountId, AddressKind, CaseReference, CorruptRow, EventId, Realm, Sealed, SecretDigest, SubjectId,
};
use vestibule_journal::{Case, Code, Event, EventActor, EventKind, Message, MessageState, Personal};

use super::read_fields;
use crate::{Query, RowValues, Value};

/// The most cases that one reference is answered with.
const CASES: u32 = 8;

/// One event, by its primary key.
#[must_use]
pub fn event(realm: &Realm, id: EventId) -> Query<Event> {
    Query::new(
        "select id, at, batch, kind, actor, actor_subject, account, subject, case_reference, code, commitment
         from vestibule_event where realm = ?1 and id = ?2",
        [realm.into(), id.into()],
        read_event,
    )
}

/// The refusal after proof under this reference, by its unique key.
#[must_use]
pub fn event_by_case(realm: &Realm, reference: CaseReference) -> Query<Event> {
    Query::new(
        "select id, at, batch, kind, actor, actor_subject, account, subject, case_reference, code, commitment
         from vestibule_event where realm = ?1 and case_reference = ?2",
        [realm.into(), bits(reference)],
        read_event,
    )
}

/// A page of what happened in an account, in the order of ids.
#[must_use]
pub fn events_of_account(
    realm: &Realm,
    account: AccountId,
    after: Option<EventId>,
    limit: u32,
) -> Query<Event> {
    Query::new(
        "select id, at, batch, kind, actor, actor_subject, account, subject, case_reference, code, commitment
         from vestibule_event where realm = ?1 and account = ?2 and id > ?3 order by id limit ?4",
        [realm.into(), account.into(), above(after), limit.into()],
        read_event,
    )
}

/// A page of what happened to a person, in the order of ids.
#[must_use]
pub fn events_of_subject(
    realm: &Realm,
    subject: SubjectId,
    after: Option<EventId>,
    limit: u32,
) -> Query<Event> {
    Query::new(
        "select id, at, batch, kind, actor, actor_subject, account, subject, case_reference, code, commitment
         from vestibule_event where realm = ?1 and subject = ?2 and id > ?3 order by id limit ?4",
        [realm.into(), subject.into(), above(after), limit.into()],
        read_event,
    )
}

/// The personal fields of an event.
#[must_use]
pub fn personal(realm: &Realm, event: EventId) -> Query<Personal> {
    Query::new(
        "select event, salt, fields from vestibule_event_personal where realm = ?1 and event = ?2",
        [realm.into(), event.into()],
        read_personal,
    )
}

/// The refusals before proof under this reference, at most eight, in the order of keys.
#[must_use]
pub fn cases(realm: &Realm, reference: CaseReference) -> Query<Case> {
    Query::new(
        "select key, code, first_at, last_at, refusals, network, account, facts from vestibule_case
         where realm = ?1 and reference = ?2 order by key limit ?3",
        [realm.into(), bits(reference), CASES.into()],
        read_case,
    )
}

/// How many cases there are: a count over an index, and always one row.
#[must_use]
pub fn case_population(realm: &Realm) -> Query<u64> {
    Query::new("select count(*) from vestibule_case where realm = ?1", [realm.into()], |row| row.u64("count"))
}

/// A page of the outgoing messages, in the order of slots.
#[must_use]
pub fn messages(realm: &Realm, after: Option<[u8; 32]>, limit: u32) -> Query<Message> {
    Query::new(
        "select slot, id, purpose, address_kind, sealed, state, made_at, not_before, language
         from vestibule_message where realm = ?1 and slot > ?2 order by slot limit ?3",
        [realm.into(), after.map_or_else(lowest, |slot| slot.as_slice().into()), limit.into()],
        read_message,
    )
}

fn bits(reference: CaseReference) -> Value {
    reference.as_bytes().as_slice().into()
}

fn above(after: Option<EventId>) -> Value {
    after.map_or_else(lowest, Value::from)
}

/// No bytes: they stand before all others.
const fn lowest() -> Value {
    Value::Blob(Vec::new())
}

fn read_event(row: &mut RowValues) -> Result<Event, CorruptRow> {
    let (id, at, batch) = (row.event("id")?, row.time("at")?, row.batch("batch")?);
    let kind = EventKind::from_row(&row.text("kind")?)?;
    let actor = match (row.text("actor")?.as_str(), row.maybe_subject("actor_subject")?) {
        ("person", Some(subject)) => EventActor::Person(subject),
        ("administrator", Some(subject)) => EventActor::Administrator(subject),
        ("operator", None) => EventActor::Operator,
        ("system", None) => EventActor::System,
        _ => return Err(CorruptRow("actor")),
    };
    Ok(Event {
        id,
        at,
        batch,
        kind,
        actor,
        account: row.maybe_account("account")?,
        subject: row.maybe_subject("subject")?,
        case: row
            .maybe_blob("case_reference")?
            .map(|bits| fixed(bits, "case_reference").map(CaseReference::from_bytes))
            .transpose()?,
        code: row.maybe_text("code")?.map(|text| code(&text, "code")).transpose()?,
        commitment: fixed(row.blob("commitment")?, "commitment")?,
    })
}

fn read_personal(row: &mut RowValues) -> Result<Personal, CorruptRow> {
    let personal = Personal {
        event: row.event("event")?,
        salt: fixed(row.blob("salt")?, "salt")?,
        fields: read_fields(row, "fields")?,
    };
    Personal::decode(&personal.encode())
}

fn read_case(row: &mut RowValues) -> Result<Case, CorruptRow> {
    let key = fixed(row.blob("key")?, "key")?;
    let case = Case {
        reference: CaseReference::derive(&SecretDigest::from_bytes(key)),
        key,
        code: code(&row.text("code")?, "code")?,
        first: row.time("first_at")?,
        last: row.time("last_at")?,
        count: row.u64("refusals")?,
        network: row.maybe_text("network")?,
        account: row.maybe_account("account")?,
        facts: read_fields(row, "facts")?,
    };
    Case::decode(&case.encode())
}

fn read_message(row: &mut RowValues) -> Result<Message, CorruptRow> {
    let message = Message {
        slot: fixed(row.blob("slot")?, "slot")?,
        id: row.message("id")?,
        purpose: code(&row.text("purpose")?, "purpose")?,
        to: AddressKind::from_stored(&row.text("address_kind")?).ok_or(CorruptRow("address_kind"))?,
        sealed: Sealed::from_bytes(&row.blob("sealed")?)?,
        state: match row.text("state")?.as_str() {
            "queued" => MessageState::Queued,
            "suppressed" => MessageState::Suppressed,
            "sent" => MessageState::Sent,
            "gave_up" => MessageState::GaveUp,
            _ => return Err(CorruptRow("state")),
        },
        made_at: row.time("made_at")?,
        not_before: row.time("not_before")?,
        language: row.maybe_text("language")?,
    };
    Message::decode(&message.encode())
}

fn fixed<const N: usize>(bytes: Vec<u8>, column: &'static str) -> Result<[u8; N], CorruptRow> {
    bytes.try_into().map_err(|_| CorruptRow(column))
}

fn code(text: &str, column: &'static str) -> Result<Code, CorruptRow> {
    Code::parse(text).map_err(|_| CorruptRow(column))
}
