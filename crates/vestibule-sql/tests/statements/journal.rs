use vestibule_core::{AddressKind, BatchId, CaseReference, EventId, MessageId, Sealed};
use vestibule_journal::{
    Case, Code, Event, EventActor, EventKind, JournalWrite, Message, MessageState, Personal,
};
use vestibule_sql::journal;

use crate::world::{NOW, acme, ada, bob, later, realm};
use crate::{asked, compare, run, samples, written};

const REFERENCE: CaseReference = CaseReference::from_bytes([7; 5]);

fn event(id: EventId, refused: bool) -> Event {
    Event {
        id,
        at: NOW,
        batch: BatchId::from_bytes([0xba; 16]),
        kind: EventKind::REFUSED,
        actor: if refused { EventActor::Administrator(bob()) } else { EventActor::Operator },
        account: Some(acme()),
        subject: Some(ada()),
        case: refused.then_some(REFERENCE),
        code: refused.then(|| Code::parse("sign_in.blocked").unwrap()),
        commitment: [3; 32],
    }
}

fn case() -> Case {
    Case {
        reference: REFERENCE,
        key: [7; 32],
        code: Code::parse("sign_in.wrong_secret").unwrap(),
        first: NOW,
        last: later(1),
        count: 2,
        network: Some("203.0.113.0/24".to_owned()),
        account: Some(acme()),
        facts: vec![("tries".to_owned(), "t".to_owned())],
    }
}

fn message() -> Message {
    let sealed = [&[1, 2, b'k', b'1'][..], &[4; 24], &[5; 16]].concat();
    Message {
        slot: [1; 32],
        id: MessageId::from_bytes([2; 16]),
        purpose: Code::parse("recovery.link").unwrap(),
        to: AddressKind::Email,
        sealed: Sealed::from_bytes(&sealed).unwrap(),
        state: MessageState::Queued,
        made_at: NOW,
        not_before: later(1),
        language: Some("de-CH".to_owned()),
    }
}

#[test]
fn writes_of_the_journal_are_these_statements() {
    // One that carries the batch's id, one that does not.
    let (own, other) = (EventId::from_bytes([0xba; 16]), EventId::from_bytes([6; 16]));
    let fields = vec![("reason".to_owned(), "t".to_owned())];
    let samples = samples! { JournalWrite:
        FoldCase = [JournalWrite::FoldCase { case: case() }]
        QueueMessage = [JournalWrite::QueueMessage { message: message() }]
        RecordEvent = [
            JournalWrite::RecordEvent { event: event(own, true) },
            JournalWrite::RecordEvent { event: event(other, false) },
        ]
        RecordPersonal = [
            JournalWrite::RecordPersonal { personal: Personal { event: own, salt: [8; 32], fields } },
        ]
    };
    compare("journal_writes", &written(samples));
}

#[test]
fn questions_of_the_journal_are_these_statements() {
    let (realm, id, mut text) = (realm(), EventId::from_bytes([6; 16]), String::new());
    asked(&mut text, "case_population", &journal::case_population(&realm));
    asked(&mut text, "cases", &journal::cases(&realm, REFERENCE));
    asked(&mut text, "event", &journal::event(&realm, id));
    asked(&mut text, "event_by_case", &journal::event_by_case(&realm, REFERENCE));
    asked(&mut text, "events_of_account", &journal::events_of_account(&realm, acme(), Some(id), 50));
    asked(&mut text, "events_of_subject", &journal::events_of_subject(&realm, ada(), None, 50));
    run(&mut text, "forget_cases", &journal::forget_cases(&realm, later(1), 500));
    run(&mut text, "forget_cases_beyond", &journal::forget_cases_beyond(&realm, 100_000, 500));
    run(&mut text, "forget_messages", &journal::forget_messages(&realm, later(1), 500));
    asked(&mut text, "messages", &journal::messages(&realm, Some([1; 32]), 50));
    asked(&mut text, "personal", &journal::personal(&realm, id));
    compare("journal_questions", &text);
}
