//! Random batches.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vestibule_core::{AccountId, AddressKind, Batch, MemoryStore, SubjectId, Timestamp};
use vestibule_journal::{
    Case, Event, EventActor, EventKind, JournalWrite, Message, MessageState, Personal, encode_text,
};

use super::{
    IDS, NAMES, REFERENCES, SLOTS, account, answers, at, batch_id, case, code, commit, event_id, message,
    reference, subject,
};
use crate::support::store;

fn any_subject() -> impl Strategy<Value = SubjectId> {
    (0..NAMES.len()).prop_map(subject)
}

fn any_account() -> impl Strategy<Value = AccountId> {
    (0..NAMES.len()).prop_map(account)
}

fn any_actor() -> impl Strategy<Value = EventActor> {
    prop_oneof![
        any_subject().prop_map(EventActor::Person),
        any_subject().prop_map(EventActor::Administrator),
        Just(EventActor::Operator),
        Just(EventActor::System),
    ]
}

/// An event of the batch or, now and then, of any: what a batch is remembered by is not always its own.
fn any_event(batch: u8) -> impl Strategy<Value = Event> {
    let id = || prop_oneof![3 => Just(batch), 2 => 0..IDS];
    let kind = proptest::sample::select(EventKind::ALL);
    let options = (
        proptest::option::of(any_account()),
        proptest::option::of(any_subject()),
        proptest::option::of((0..REFERENCES).prop_map(reference)),
        proptest::option::of(proptest::sample::select(vec!["sign_in.blocked", "host.closed"]).prop_map(code)),
    );
    (id(), id(), any::<i64>(), kind, any_actor(), options, any::<[u8; 32]>()).prop_map(
        |(id, batch, at, kind, actor, (account, subject, case, code), commitment)| Event {
            id: event_id(id),
            at: Timestamp::from_unix_micros(at),
            batch: batch_id(batch),
            kind,
            actor,
            account,
            subject,
            case,
            code,
            commitment,
        },
    )
}

fn any_fields() -> impl Strategy<Value = Vec<(String, String)>> {
    let texts = proptest::collection::vec(any::<String>(), 0..3);
    texts.prop_map(|texts| {
        let names = ["reason", "device"].map(str::to_owned);
        names.into_iter().zip(texts.iter().map(|text| encode_text(text))).collect()
    })
}

fn any_personal() -> impl Strategy<Value = Personal> {
    (0..IDS, any::<[u8; 32]>(), any_fields()).prop_map(|(event, salt, fields)| Personal {
        event: event_id(event),
        salt,
        fields,
    })
}

fn any_case() -> impl Strategy<Value = Case> {
    let network = proptest::option::of(any::<String>().prop_map(|text| encode_text(&text)));
    let instants = (0..9_i64, 0..9_i64);
    (0..REFERENCES, 0..3_u8, instants, 1..4_u64, network, proptest::option::of(any_account()), any_fields())
        .prop_map(|(reference, key, (first, lasts), count, network, account, facts)| Case {
            first: at(first),
            last: at(first + lasts),
            count,
            network,
            account,
            facts,
            ..case(reference, key, 0)
        })
}

fn any_message() -> impl Strategy<Value = Message> {
    let state = proptest::sample::select(vec![
        MessageState::Queued,
        MessageState::Suppressed,
        MessageState::Sent,
        MessageState::GaveUp,
    ]);
    let to = proptest::sample::select(vec![AddressKind::Email, AddressKind::Phone, AddressKind::Social]);
    (0..SLOTS, state, to, any::<i64>(), any::<i64>(), proptest::option::of("[a-zA-Z0-9-]{1,35}")).prop_map(
        |(slot, state, to, made, not_before, language)| Message {
            to,
            not_before: at(not_before),
            language,
            ..message(slot, state, made)
        },
    )
}

fn any_write(batch: u8) -> impl Strategy<Value = JournalWrite> {
    prop_oneof![
        4 => any_event(batch).prop_map(|event| JournalWrite::RecordEvent { event }),
        1 => any_personal().prop_map(|personal| JournalWrite::RecordPersonal { personal }),
        2 => any_case().prop_map(|case| JournalWrite::FoldCase { case }),
        1 => any_message().prop_map(|message| JournalWrite::QueueMessage { message }),
    ]
}

fn any_batch() -> impl Strategy<Value = (u8, Vec<JournalWrite>)> {
    (0..IDS).prop_flat_map(|id| (Just(id), proptest::collection::vec(any_write(id), 1..4)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_batch_and_every_read_is_answered_as_the_reference_answers(
        sent in proptest::collection::vec(any_batch(), 1..25),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (sqlite, reference) = (store(&folder), MemoryStore::in_memory());
        let mut known: BTreeMap<u8, Batch<JournalWrite>> = BTreeMap::new();
        for (id, writes) in sent {
            // One id is one batch: drawn again, it is sent again.
            let batch = known.entry(id).or_insert_with(|| super::batch(id, writes));
            prop_assert_eq!(commit(&sqlite, batch), commit(&reference, batch), "{:?}", batch);
        }
        prop_assert_eq!(answers(&sqlite), answers(&reference));
    }
}
