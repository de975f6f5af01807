//! Events, cases and messages.

use std::collections::BTreeSet;

use vestibule_checkword::purpose::ALL;
use vestibule_checkword::{CheckwordRead, Found, State, read_link};
use vestibule_core::{AccountId, CaseReference, KeyRing, SecretDigest, SubjectId};
use vestibule_journal::{Event, JournalRead, Message, MessageState, open_message};

use super::PAGE;
use super::flaw::{Counted, Flaw, Listed, Place, Unsound};
use crate::finding::Finding;

pub(super) async fn of_account(
    store: &impl JournalRead,
    account: AccountId,
    found: &mut Vec<Unsound>,
) -> Result<(), Finding> {
    let (mut events, mut pages): (Vec<Event>, _) = (Vec::new(), BTreeSet::new());
    // A list that is not in order may lead back to where it began.
    while pages.insert(events.last().map(|last| last.id)) {
        let page = store.events_of_account(account, events.last().map(|last| last.id), PAGE).await?;
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    of_events(store, &events, Place::Account(account), |event| event.account == Some(account), found).await
}

pub(super) async fn of_person(
    store: &impl JournalRead,
    subject: SubjectId,
    found: &mut Vec<Unsound>,
) -> Result<(), Finding> {
    let (mut events, mut pages): (Vec<Event>, _) = (Vec::new(), BTreeSet::new());
    // A list that is not in order may lead back to where it began.
    while pages.insert(events.last().map(|last| last.id)) {
        let page = store.events_of_subject(subject, events.last().map(|last| last.id), PAGE).await?;
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    of_events(store, &events, Place::Person(subject), |event| event.subject == Some(subject), found).await
}

async fn of_events(
    store: &impl JournalRead,
    events: &[Event],
    here: Place,
    named: impl Fn(&Event) -> bool,
    found: &mut Vec<Unsound>,
) -> Result<(), Finding> {
    if !events.is_sorted_by(|one, next| one.id < next.id) {
        found.push(Flaw::OutOfOrder(Listed::Events).at(here));
    }
    for event in events {
        if !named(event) {
            found.push(Flaw::EventOfAnother(event.id).at(here));
        }
        if store.event(event.id).await?.as_ref() != Some(event) {
            found.push(Flaw::EventDiffers(event.id).at(here));
        }
        if let Some(case) = event.case {
            let led_to = store.event_by_case(case).await?;
            if led_to.map(|event| event.id) != Some(event.id) {
                found.push(Flaw::CaseLeadsElsewhere(event.id).at(here));
            }
        }
        // Fields may have been erased. Those that are there are those of the event.
        let personal = store.personal(event.id).await?;
        if personal.is_some_and(|personal| !personal.verify_commitment(event)) {
            found.push(Flaw::Commitment(event.id).at(here));
        }
    }
    Ok(())
}

pub(super) async fn of_cases(
    store: &impl JournalRead,
    references: &[CaseReference],
    found: &mut Vec<Unsound>,
) -> Result<(), Finding> {
    let mut there = 0;
    for &reference in references {
        for case in store.cases(reference).await? {
            there += 1;
            let derived = CaseReference::derive(&SecretDigest::from_bytes(case.key));
            let filed = case.reference == reference && derived == reference;
            if !filed || case.count == 0 || case.first > case.last {
                found.push(Flaw::CaseMisfiled.at(Place::Case(reference)));
            }
        }
    }
    let says = store.case_population().await?;
    if let (true, Some(&reference)) = (says < there, references.first()) {
        found.push(Flaw::Counter { of: Counted::Cases, says, there }.at(Place::Case(reference)));
    }
    Ok(())
}

pub(super) async fn of_messages<S: CheckwordRead + JournalRead>(
    store: &S,
    ring: Option<&KeyRing>,
    found: &mut Vec<Unsound>,
) -> Result<(), Finding> {
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let page = store.messages(messages.last().map(|last| last.slot), PAGE).await?;
        let Some(first) = page.first() else { break };
        if messages.last().is_some_and(|last| last.slot >= first.slot)
            || !page.is_sorted_by(|one, next| one.slot < next.slot)
        {
            found.push(Flaw::OutOfOrder(Listed::Messages).at(Place::Message(first.slot)));
            break;
        }
        messages.extend(page);
    }
    let Some(ring) = ring else { return Ok(()) };
    for message in &messages {
        let here = Place::Message(message.slot);
        let Ok(contents) = open_message(ring, message) else {
            found.push(Flaw::LetterSealedElsewhere.at(here));
            continue;
        };
        // What is not sent may say what it likes.
        if message.state != MessageState::Queued {
            continue;
        }
        // EXPOSE: searched for a link, of which the digest is asked for.
        let Some(digest) = link_in(ring, contents.payload.expose()) else { continue };
        let over = match store.found(digest).await? {
            Some(Found::Newest(row)) => row.state != State::Live,
            Some(Found::Former(_)) | None => true,
        };
        if over {
            found.push(Flaw::LetterOfNoUse.at(here));
        }
    }
    Ok(())
}

/// The digest of the link that a message carries, if it carries one.
fn link_in(ring: &KeyRing, payload: &[u8]) -> Option<SecretDigest> {
    let start = payload.windows(5).position(|part| part == b"vst1_")?;
    let rest = payload.get(start..)?;
    let part_of_it = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let length = rest.iter().position(|byte| !part_of_it(byte)).unwrap_or(rest.len());
    let text = core::str::from_utf8(rest.get(..length)?).ok()?;
    ALL.iter().find_map(|purpose| read_link(ring, text, *purpose).ok())
}
