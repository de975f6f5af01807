//! The journal: the same answers as the in-memory reference, in the same file later, in its own realm.

mod forgetting;
mod random;
mod rows;

use vestibule_core::{
    AccountId, AddressKind, Batch, BatchId, CaseReference, Commit, EventId, Landed, MessageId, Sealed,
    SubjectId, Timestamp,
};
use vestibule_journal::{
    Case, Code, Event, EventActor, EventKind, JournalGuard, JournalRead, JournalWrite, Message, MessageState,
    Personal,
};

use crate::support::block_on;

/// How many of each small key there are.
const IDS: u8 = 12;
const REFERENCES: u8 = 3;
const SLOTS: u8 = 3;

/// Ids of every length and of bytes that mean something elsewhere.
const NAMES: [&[u8]; 3] = [b"\0", b"it's 100%", &[0xff; 64]];

fn at(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(micros)
}

fn event_id(id: u8) -> EventId {
    EventId::from_bytes([id; 16])
}

fn batch_id(id: u8) -> BatchId {
    BatchId::from_bytes([id; 16])
}

fn reference(reference: u8) -> CaseReference {
    CaseReference::from_bytes([reference; 5])
}

fn subject(name: usize) -> SubjectId {
    SubjectId::from_bytes(NAMES[name]).unwrap()
}

fn account(name: usize) -> AccountId {
    AccountId::from_bytes(NAMES[name]).unwrap()
}

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

/// An event in the first account, to the first person.
fn event(id: u8, case: Option<u8>) -> Event {
    Event {
        id: event_id(id),
        at: at(i64::from(id)),
        batch: batch_id(id),
        kind: EventKind::REFUSED,
        actor: EventActor::Person(subject(0)),
        account: Some(account(0)),
        subject: Some(subject(0)),
        case: case.map(reference),
        code: case.map(|_| code("sign_in.blocked")),
        commitment: [id; 32],
    }
}

fn personal(event: u8, text: &str) -> Personal {
    Personal {
        event: event_id(event),
        salt: [event; 32],
        fields: vec![("reason".to_owned(), text.to_owned())],
    }
}

/// A case under a reference that several keys share.
fn case(shared: u8, key: u8, last: i64) -> Case {
    let mut bytes = [key; 32];
    bytes[..5].copy_from_slice(reference(shared).as_bytes());
    Case {
        reference: reference(shared),
        key: bytes,
        code: code("sign_in.wrong_secret"),
        first: at(last),
        last: at(last),
        count: 1,
        network: Some("203.0.113.0/24".to_owned()),
        account: Some(account(0)),
        facts: vec![("tries".to_owned(), "3".to_owned())],
    }
}

fn message(slot: u8, state: MessageState, made_at: i64) -> Message {
    let sealed = [&[1, 2, b'k', b'1'], &[slot; 24][..], &[slot; 40]].concat();
    Message {
        slot: [slot; 32],
        id: MessageId::from_bytes([slot; 16]),
        purpose: code("recovery.link"),
        to: AddressKind::Email,
        sealed: Sealed::from_bytes(&sealed).unwrap(),
        state,
        made_at: at(made_at),
        not_before: at(made_at),
        language: Some("de-CH".to_owned()),
    }
}

fn batch(id: u8, writes: Vec<JournalWrite>) -> Batch<JournalWrite> {
    Batch::new(batch_id(id), Timestamp::EPOCH, writes).unwrap()
}

fn commit(store: &impl Commit<JournalWrite>, batch: &Batch<JournalWrite>) -> Landed<JournalGuard> {
    block_on(store.commit(batch)).unwrap()
}

/// Two rows of everything.
fn two_of_each() -> Vec<JournalWrite> {
    [1, 2]
        .into_iter()
        .flat_map(|id| {
            [
                JournalWrite::RecordEvent { event: event(id, Some(id)) },
                JournalWrite::RecordPersonal { personal: personal(id, "left") },
                JournalWrite::FoldCase { case: case(id, id, 7) },
                JournalWrite::QueueMessage { message: message(id, MessageState::Queued, 7) },
            ]
        })
        .collect()
}

/// What every read answers, over the whole space of keys.
#[derive(Debug, PartialEq, Eq)]
struct Answers {
    events: Vec<Option<Event>>,
    by_case: Vec<Option<Event>>,
    pages: Vec<Vec<Event>>,
    personal: Vec<Option<Personal>>,
    cases: Vec<Vec<Case>>,
    population: u64,
    messages: Vec<Vec<Message>>,
}

fn answers(store: &impl JournalRead) -> Answers {
    let pages = |name: usize| {
        (0..=IDS)
            .flat_map(move |after| [0, 1, 3, u32::MAX].map(|limit| (after.checked_sub(1), limit)))
            .flat_map(move |(after, limit)| {
                let after = after.map(event_id);
                [
                    block_on(store.events_of_account(account(name), after, limit)).unwrap(),
                    block_on(store.events_of_subject(subject(name), after, limit)).unwrap(),
                ]
            })
    };
    Answers {
        events: (0..IDS).map(|id| block_on(store.event(event_id(id))).unwrap()).collect(),
        by_case: (0..REFERENCES)
            .map(|case| block_on(store.event_by_case(reference(case))).unwrap())
            .collect(),
        pages: (0..NAMES.len()).flat_map(pages).collect(),
        personal: (0..IDS).map(|id| block_on(store.personal(event_id(id))).unwrap()).collect(),
        cases: (0..REFERENCES).map(|case| block_on(store.cases(reference(case))).unwrap()).collect(),
        population: block_on(store.case_population()).unwrap(),
        messages: (0..=SLOTS)
            .map(|after| after.checked_sub(1).map(|slot| [slot; 32]))
            .flat_map(|after| [0, 1, u32::MAX].map(|limit| block_on(store.messages(after, limit)).unwrap()))
            .collect(),
    }
}
