//! The writes of the journal, and what they mean.

use vestibule_core::kv::{Halt, Rows};
use vestibule_core::{BatchId, EventId, Memory, RowName, Verdict, Write, WriteKind};

use crate::case::Case;
use crate::event::Event;
use crate::kv::{
    account_key, case_key, event_by_case_key, event_key, message_key, personal_key, population_key,
    read_population, subject_key, write_population,
};
use crate::message::Message;
use crate::personal::Personal;

/// Why a write of the journal is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new guard must fail to compile wherever refusals are explained"
)]
pub enum JournalGuard {
    /// It never refuses.
    Always,
    /// The event's id, and its case reference if it has one, are free. Draw the reference again.
    CaseFree,
}

/// What changes in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store that knows not every write must fail to compile")]
pub enum JournalWrite {
    /// Counts one refusal before proof: a row for the first, the same row for those after it.
    FoldCase {
        /// The refusal; what is there is [`folded`](Case::folded) with it.
        case: Case,
    },
    /// Puts a message into its slot, in place of whatever was there.
    QueueMessage {
        /// The message.
        message: Message,
    },
    /// Records an event.
    RecordEvent {
        /// The event.
        event: Event,
    },
    /// Records the personal fields of an event, beside it.
    RecordPersonal {
        /// The fields.
        personal: Personal,
    },
}

mod rank {
    pub(super) const EVENT: u16 = 700;
    pub(super) const PERSONAL: u16 = 701;
    pub(super) const CASE: u16 = 702;
    pub(super) const MESSAGE: u16 = 703;
}

impl Write for JournalWrite {
    type Guard = JournalGuard;

    fn row(&self) -> RowName {
        match self {
            Self::FoldCase { case } => RowName::new(rank::CASE, &[&case.key]),
            Self::QueueMessage { message } => RowName::new(rank::MESSAGE, &[&message.slot]),
            // Racers want the reference, never the id.
            Self::RecordEvent { event } => match &event.case {
                Some(case) => RowName::new(rank::EVENT, &[b"case", case.as_bytes()]),
                None => RowName::new(rank::EVENT, &[b"event", event.id.as_bytes()]),
            },
            Self::RecordPersonal { personal } => RowName::new(rank::PERSONAL, &[personal.event.as_bytes()]),
        }
    }

    fn guard(&self) -> JournalGuard {
        match self {
            Self::RecordEvent { .. } => JournalGuard::CaseFree,
            Self::FoldCase { .. } | Self::QueueMessage { .. } | Self::RecordPersonal { .. } => {
                JournalGuard::Always
            }
        }
    }

    fn kind(&self) -> WriteKind {
        WriteKind::Effect
    }

    fn apply(&self, _batch: BatchId, rows: &mut Rows<'_>) -> Result<Verdict, Halt> {
        match self {
            Self::FoldCase { case } => fold_case(case, rows),
            Self::QueueMessage { message } => {
                let key = message_key(&message.slot);
                rows.has(&key)?;
                rows.put(key, message.encode());
                Ok(Verdict::Lands)
            }
            Self::RecordEvent { event } => record_event(event, rows),
            Self::RecordPersonal { personal } => {
                let key = personal_key(personal.event);
                rows.has(&key)?;
                rows.put(key, personal.encode());
                Ok(Verdict::Lands)
            }
        }
    }

    fn memory(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Memory, Halt> {
        match self {
            Self::RecordEvent { event } => match rows.get(&event_key(event.id))? {
                Some(row) => Ok(Memory::when(Event::decode(row)?.batch == batch)),
                None => Ok(Memory::NotThis),
            },
            Self::FoldCase { .. } | Self::QueueMessage { .. } | Self::RecordPersonal { .. } => {
                Ok(Memory::Silent)
            }
        }
    }

    fn carries(&self, batch: BatchId) -> bool {
        matches!(self, Self::RecordEvent { event } if event.id == EventId::from(batch) && event.batch == batch)
    }
}

/// An event never changes, so each list it stands in holds it whole.
fn record_event(event: &Event, rows: &mut Rows<'_>) -> Result<Verdict, Halt> {
    let unique = [Some(event_key(event.id)), event.case.map(event_by_case_key)];
    let lists = [
        event.account.map(|account| account_key(account, event.id)),
        event.subject.map(|subject| subject_key(subject, event.id)),
    ];
    let (unique, lists) = (unique.into_iter().flatten(), lists.into_iter().flatten());
    let mut free = true;
    for key in unique.clone() {
        free &= !rows.has(&key)?;
    }
    if free {
        for key in unique.chain(lists) {
            rows.put(key, event.encode());
        }
    }
    Ok(Verdict::when(free))
}

fn fold_case(case: &Case, rows: &mut Rows<'_>) -> Result<Verdict, Halt> {
    let key = case_key(case.reference, &case.key);
    let existing = rows.get(&key)?.map(Case::decode).transpose()?;
    if existing.is_none() {
        let population = population_key(&case.key);
        let count = rows.get(&population)?.map(read_population).transpose()?.unwrap_or(0);
        rows.put(population, write_population(count.saturating_add(1)));
    }
    let folded = existing.map_or_else(|| case.clone(), |existing| existing.folded(case));
    rows.put(key, folded.encode());
    Ok(Verdict::Lands)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::sync::Barrier;

    use vestibule_core::{AddressKind, CaseReference, Landed, MemoryStore, Secret, SystemEntropy, Timestamp};

    use super::*;
    use crate::testing::{NOW, acme, ada, batch, block_on, commit, refusal, ring};
    use crate::{
        Code, Contents, Draft, EventActor, EventKind, JournalRead, Letter, derive_slot, seal_message,
    };

    fn draft() -> Draft {
        Draft::new(EventKind::REFUSED, EventActor::Person(ada())).account(acme()).subject(ada())
    }

    fn refused(case: [u8; 5]) -> Draft {
        draft().refused(Code::parse("sign_in.blocked").unwrap(), CaseReference::from_bytes(case))
    }

    #[test]
    fn an_event_is_found_by_every_way_there_is_to_it() {
        let (store, id) = (MemoryStore::in_memory(), batch());
        let draft = refused([7; 5]).field("reason", "left");
        assert_eq!(commit(&store, id, draft.record_first(&SystemEntropy, id, NOW).unwrap()), Landed::Applied);
        let event = block_on(store.event(id.into())).unwrap().unwrap();
        let found = [
            block_on(store.event_by_case(CaseReference::from_bytes([7; 5]))).unwrap().into_iter().collect(),
            block_on(store.events_of_account(acme(), None, 9)).unwrap(),
            block_on(store.events_of_subject(ada(), None, 9)).unwrap(),
        ];
        for events in found {
            assert_eq!(events, std::slice::from_ref(&event));
        }
        assert!(block_on(store.personal(id.into())).unwrap().unwrap().verify_commitment(&event));
        assert_eq!(block_on(store.event_by_case(CaseReference::from_bytes([8; 5]))).unwrap(), None);
    }

    #[test]
    fn a_taken_reference_refuses_the_whole_batch() {
        let (store, first, second) = (MemoryStore::in_memory(), batch(), batch());
        let _ = commit(&store, first, refused([7; 5]).record_first(&SystemEntropy, first, NOW).unwrap());
        let writes = refused([7; 5]).field("reason", "x").record_first(&SystemEntropy, second, NOW).unwrap();
        let landed = commit(&store, second, writes);
        assert_eq!(landed, Landed::Refused { position: 0, guard: JournalGuard::CaseFree });
        assert_eq!(block_on(store.event(second.into())).unwrap(), None);
        assert_eq!(block_on(store.personal(second.into())).unwrap(), None);
    }

    #[test]
    fn a_batch_sent_again_is_remembered_by_its_first_event() {
        let (store, id) = (MemoryStore::in_memory(), batch());
        let mut writes = draft().field("reason", "x").record_first(&SystemEntropy, id, NOW).unwrap();
        writes.extend(draft().record_further(&SystemEntropy, id, NOW).unwrap());
        writes.push(JournalWrite::FoldCase { case: refusal(1, None, NOW, 0) });
        assert_eq!(commit(&store, id, writes.clone()), Landed::Applied);
        assert_eq!(commit(&store, id, writes.clone()), Landed::AlreadyApplied);
        assert_eq!(block_on(store.events_of_subject(ada(), None, 9)).unwrap().len(), 2);
        let case = refusal(1, None, NOW, 0);
        assert_eq!(block_on(store.cases(case.reference)).unwrap(), [case]);
        let memory = store
            .kv()
            .dump()
            .into_iter()
            .filter(|(key, _)| key.partition().as_bytes().windows(7).any(|part| part == b"\0\x05batch"));
        assert_eq!(memory.count(), 0, "no row but the event");
    }

    #[test]
    fn pages_of_events_are_in_the_order_of_time_and_meet_without_a_gap() {
        let store = MemoryStore::in_memory();
        let at = |minute: u64| NOW.plus(Duration::from_secs(60 * minute));
        for minute in [3, 1, 4, 0, 2] {
            let id = BatchId::make(&SystemEntropy, at(minute)).unwrap();
            let _ = commit(&store, id, draft().record_first(&SystemEntropy, id, at(minute)).unwrap());
        }
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = block_on(store.events_of_account(acme(), after, 2)).unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            seen.extend(page.iter().map(|event| event.at));
        }
        assert_eq!(seen, (0..5).map(at).collect::<Vec<Timestamp>>());
    }

    #[test]
    fn parallel_refusals_are_one_row_with_their_count() {
        let (store, barrier) = (MemoryStore::in_memory(), Barrier::new(4));
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (store, barrier) = (&store, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    for second in 0..5 {
                        let at = NOW.plus(Duration::from_secs(thread * 5 + second));
                        let case = refusal(1, None, at, 0);
                        assert_eq!(
                            commit(store, batch(), vec![JournalWrite::FoldCase { case }]),
                            Landed::Applied
                        );
                    }
                });
            }
        });
        let cases = block_on(store.cases(refusal(1, None, NOW, 0).reference)).unwrap();
        let folded: Vec<_> = cases.iter().map(|case| (case.count, case.first, case.last)).collect();
        assert_eq!(folded, [(20, NOW, NOW.plus(Duration::from_secs(19)))]);
        assert_eq!(block_on(store.case_population()).unwrap(), 1);
    }

    #[test]
    fn the_population_counts_cases_and_not_refusals() {
        let store = MemoryStore::in_memory();
        for identifier in 0..50 {
            for _ in 0..2 {
                let case = refusal(identifier, None, NOW, 0);
                let _ = commit(&store, batch(), vec![JournalWrite::FoldCase { case }]);
            }
        }
        assert_eq!(block_on(store.case_population()).unwrap(), 50);
    }

    #[test]
    fn a_newer_message_takes_the_slot_of_the_older() {
        let (store, ring) = (MemoryStore::in_memory(), ring());
        let message = |owner: &[u8]| {
            let purpose = Code::parse("recovery.link").unwrap();
            let letter = Letter {
                slot: derive_slot(&ring, &purpose, owner),
                purpose,
                to: AddressKind::Email,
                suppressed: false,
                not_before: NOW,
                language: None,
                contents: Contents {
                    recipient: Secret::new("a@b.example".into()),
                    payload: Secret::new(vec![1]),
                },
            };
            seal_message(&ring, &SystemEntropy, letter, NOW).unwrap()
        };
        let messages = [message(b"ada"), message(b"ada"), message(b"bob")];
        for message in messages.clone() {
            let _ = commit(&store, batch(), vec![JournalWrite::QueueMessage { message }]);
        }
        let [_, newer, bob] = messages;
        let mut expected = vec![newer, bob];
        expected.sort_by_key(|message| message.slot);
        assert_eq!(block_on(store.messages(None, 9)).unwrap(), expected);
        assert_eq!(block_on(store.messages(Some(expected[0].slot), 9)).unwrap(), expected[1..]);
    }

    #[test]
    fn a_row_that_cannot_be_read_is_a_fault_and_never_an_answer() {
        use vestibule_core::kv::{Action, Expect, Kv, Op};
        let (store, id) = (MemoryStore::in_memory(), batch());
        let writes = draft().record_first(&SystemEntropy, id, NOW).unwrap();
        let _ = commit(&store, id, writes.clone());
        for (key, row) in store.kv().dump() {
            let op = Op { key, expect: Expect::Present, action: Action::Put(row[1..].to_vec()) };
            let _ = block_on(store.kv().apply(id, vec![op])).unwrap();
        }
        assert!(block_on(store.event(id.into())).is_err());
        assert!(block_on(store.events_of_subject(ada(), None, 1)).is_err());
    }
}
