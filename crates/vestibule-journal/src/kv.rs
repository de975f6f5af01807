//! The journal on every key-value database.

use vestibule_core::kv::{Key, Kv, KvStore, Partition, RecordReader, RecordWriter};
use vestibule_core::{AccountId, CaseReference, CorruptRow, EventId, StoreError, SubjectId};

use crate::case::Case;
use crate::event::Event;
use crate::message::Message;
use crate::personal::Personal;
use crate::store::JournalRead;

/// The most cases that one reference is answered with.
const CASES: usize = 8;
/// The count of cases is kept in parts, so that new cases seldom meet.
const SHARDS: usize = 256;

impl<K: Kv> JournalRead for KvStore<K> {
    async fn event(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        one(self, event_key(id), Event::decode).await
    }

    async fn event_by_case(&self, reference: CaseReference) -> Result<Option<Event>, StoreError> {
        one(self, event_by_case_key(reference), Event::decode).await
    }

    async fn events_of_account(
        &self,
        account: AccountId,
        after: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let after = after.map(|after| after.as_bytes().to_vec());
        page(self, account_events(account), after, rows(limit), Event::decode).await
    }

    async fn events_of_subject(
        &self,
        subject: SubjectId,
        after: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let after = after.map(|after| after.as_bytes().to_vec());
        page(self, subject_events(subject), after, rows(limit), Event::decode).await
    }

    async fn personal(&self, event: EventId) -> Result<Option<Personal>, StoreError> {
        one(self, personal_key(event), Personal::decode).await
    }

    async fn cases(&self, reference: CaseReference) -> Result<Vec<Case>, StoreError> {
        page(self, cases(reference), None, CASES, Case::decode).await
    }

    async fn case_population(&self) -> Result<u64, StoreError> {
        let parts = page(self, populations(), None, SHARDS, read_population).await?;
        Ok(parts.into_iter().fold(0, u64::saturating_add))
    }

    async fn messages(&self, after: Option<[u8; 32]>, limit: u32) -> Result<Vec<Message>, StoreError> {
        page(self, outbox(), after.map(|after| after.to_vec()), rows(limit), Message::decode).await
    }
}

fn rows(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

async fn one<K: Kv, T>(
    store: &KvStore<K>,
    key: Key,
    decode: impl Fn(&[u8]) -> Result<T, CorruptRow> + Send,
) -> Result<Option<T>, StoreError> {
    let row = store.read(key).await?;
    Ok(row.as_deref().map(decode).transpose()?)
}

async fn page<K: Kv, T>(
    store: &KvStore<K>,
    partition: Partition,
    after: Option<Vec<u8>>,
    limit: usize,
    decode: impl Fn(&[u8]) -> Result<T, CorruptRow> + Send,
) -> Result<Vec<T>, StoreError> {
    let page = store.read_page(partition, after, limit).await?;
    Ok(page.iter().map(|(_, row)| decode(row)).collect::<Result<_, _>>()?)
}

pub(crate) fn event_key(id: EventId) -> Key {
    Key::single("journal.events", &[id.as_bytes()])
}

pub(crate) fn event_by_case_key(reference: CaseReference) -> Key {
    Key::single("journal.events_by_case", &[reference.as_bytes()])
}

fn account_events(account: AccountId) -> Partition {
    Partition::new("journal.events_of_account", &[account.as_bytes()])
}

pub(crate) fn account_key(account: AccountId, id: EventId) -> Key {
    Key::new(account_events(account), id.as_bytes())
}

fn subject_events(subject: SubjectId) -> Partition {
    Partition::new("journal.events_of_subject", &[subject.as_bytes()])
}

pub(crate) fn subject_key(subject: SubjectId, id: EventId) -> Key {
    Key::new(subject_events(subject), id.as_bytes())
}

pub(crate) fn personal_key(event: EventId) -> Key {
    Key::single("journal.personal", &[event.as_bytes()])
}

fn cases(reference: CaseReference) -> Partition {
    Partition::new("journal.cases", &[reference.as_bytes()])
}

pub(crate) fn case_key(reference: CaseReference, key: &[u8; 32]) -> Key {
    Key::new(cases(reference), key)
}

fn populations() -> Partition {
    Partition::new("journal.case_population", &[])
}

pub(crate) fn population_key(key: &[u8; 32]) -> Key {
    let [shard, ..] = *key;
    Key::new(populations(), &[shard])
}

pub(crate) fn read_population(row: &[u8]) -> Result<u64, CorruptRow> {
    let mut row = RecordReader::new(row, 1)?;
    let count = row.u64("count")?;
    row.finish()?;
    Ok(count)
}

pub(crate) fn write_population(count: u64) -> Vec<u8> {
    RecordWriter::new(1).u64(count).finish()
}

fn outbox() -> Partition {
    Partition::new("journal.messages", &[])
}

pub(crate) fn message_key(slot: &[u8; 32]) -> Key {
    Key::new(outbox(), slot)
}
