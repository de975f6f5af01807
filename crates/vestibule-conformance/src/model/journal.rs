//! Random writes of the journal.

use vestibule_core::{AddressKind, BatchId, CaseReference, EventId, MessageId, Sealed};
use vestibule_journal::{
    Case, Code, Event, EventActor, EventKind, JournalWrite, Message, MessageState, Personal, encode_text,
};

use super::draw::Draw;
use super::world::{IDS, REFERENCES, company, instant, person, text};
use crate::finding::Finding;

pub(super) fn reference(number: u8) -> CaseReference {
    CaseReference::from_bytes([number % REFERENCES; 5])
}

/// The id of the batch mostly, so that it is its own memory; now and then one that another batch may have.
fn event_id(draw: &Draw, batch: BatchId) -> EventId {
    let other = [(7 * draw.who + draw.n) % IDS; 16];
    if draw.by.0 < 2 { EventId::from(batch) } else { EventId::from_bytes(other) }
}

pub(super) fn meant(draw: &Draw, which: u8, batch: BatchId) -> Result<JournalWrite, Finding> {
    Ok(match which {
        32 => JournalWrite::FoldCase { case: case(draw)? },
        33 => JournalWrite::QueueMessage { message: message(draw)? },
        34 => JournalWrite::RecordPersonal {
            personal: Personal {
                event: event_id(draw, batch),
                salt: [draw.who; 32],
                fields: vec![("reason".to_owned(), encode_text(&text(draw.n)))],
            },
        },
        _ => JournalWrite::RecordEvent { event: event(draw, batch)? },
    })
}

fn event(draw: &Draw, batch: BatchId) -> Result<Event, Finding> {
    let subject = person(draw.who)?;
    Ok(Event {
        id: event_id(draw, batch),
        at: instant(draw.by.1),
        batch,
        kind: EventKind::REFUSED,
        actor: match draw.n {
            0 => EventActor::Person(subject),
            1 => EventActor::Operator,
            _ => EventActor::Administrator(subject),
        },
        account: if draw.place == 0 { Some(company(draw.n)?) } else { None },
        subject: (draw.n > 0).then_some(subject),
        case: draw.flag.then(|| reference(draw.who + draw.n)),
        code: if draw.flag { Some(Code::parse("sign_in.blocked")?) } else { None },
        commitment: [draw.n; 32],
    })
}

fn case(draw: &Draw) -> Result<Case, Finding> {
    // Two keys of one reference: the reference is the first bytes of the key.
    let mut key = [draw.place; 32];
    if let Some(start) = key.get_mut(..5) {
        start.copy_from_slice(reference(draw.n).as_bytes());
    }
    Ok(Case {
        reference: reference(draw.n),
        key,
        code: Code::parse("sign_in.wrong_secret")?,
        first: instant(draw.by.0),
        last: instant(draw.by.0.max(draw.by.1)),
        count: 1 + u64::from(draw.who),
        network: draw.flag.then(|| "203.0.113.0/24".to_owned()),
        account: if draw.flag { Some(company(draw.place)?) } else { None },
        facts: vec![("tries".to_owned(), encode_text(&text(draw.who)))],
    })
}

fn message(draw: &Draw) -> Result<Message, Finding> {
    // The form of what is sealed, and a key's name; what it says does not matter here.
    let sealed = [&[1, 2, b'k', b'1'][..], &[draw.who; 24], &[draw.n; 40]].concat();
    Ok(Message {
        slot: [draw.n; 32],
        id: MessageId::from_bytes([draw.who; 16]),
        purpose: Code::parse("recovery.link")?,
        to: if draw.flag { AddressKind::Email } else { AddressKind::Phone },
        sealed: Sealed::from_bytes(&sealed)?,
        state: if draw.place == 0 { MessageState::Queued } else { MessageState::Suppressed },
        made_at: instant(draw.by.0),
        not_before: instant(draw.by.1),
        language: draw.flag.then(|| "de-CH".to_owned()),
    })
}
