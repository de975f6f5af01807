//! What happened: the event.

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{AccountId, BatchId, CaseReference, CorruptRow, EventId, SubjectId, Timestamp};

use crate::code::Code;
use crate::kind::EventKind;
use crate::row;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the four actors there are")]
pub enum EventActor {
    /// Somebody for themselves.
    Person(SubjectId),
    /// Somebody with a permission in the account.
    Administrator(SubjectId),
    /// The deployment's operator.
    Operator,
    /// Nobody: time, or maintenance.
    System,
}

/// One audit event. It names people by id alone; texts about them are in [`Personal`](crate::Personal).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: stores build it")]
pub struct Event {
    /// Its id. The first event of a batch has the batch's.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// The batch that recorded it.
    pub batch: BatchId,
    /// What.
    pub kind: EventKind,
    /// Who.
    pub actor: EventActor,
    /// In which account.
    pub account: Option<AccountId>,
    /// To whom.
    pub subject: Option<SubjectId>,
    /// The reference of a refusal after proof; no two events share one.
    pub case: Option<CaseReference>,
    /// The refusal's code.
    pub code: Option<Code>,
    /// The commitment to the personal fields, or [`Event::NOTHING_PERSONAL`].
    pub commitment: [u8; 32],
}

impl Event {
    /// The commitment of an event without personal fields.
    pub const NOTHING_PERSONAL: [u8; 32] = [0; 32];

    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let row = RecordWriter::new(1)
            .bytes(self.id.as_bytes())
            .time(self.at)
            .bytes(self.batch.as_bytes())
            .text(self.kind.as_str());
        let row = match &self.actor {
            EventActor::Person(subject) => row.u8(1).bytes(subject.as_bytes()),
            EventActor::Administrator(subject) => row.u8(2).bytes(subject.as_bytes()),
            EventActor::Operator => row.u8(3),
            EventActor::System => row.u8(4),
        };
        row.maybe(self.account.as_ref(), |row, account| row.bytes(account.as_bytes()))
            .maybe(self.subject.as_ref(), |row, subject| row.bytes(subject.as_bytes()))
            .maybe(self.case.as_ref(), |row, case| row.bytes(case.as_bytes()))
            .maybe(self.code.as_ref(), |row, code| row.text(code.as_str()))
            .bytes(&self.commitment)
            .finish()
    }

    /// Reads the row.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, 1)?;
        let event = Self {
            id: EventId::from_bytes(row::fixed(&mut row, "id")?),
            at: row.time("at")?,
            batch: row.batch("batch")?,
            kind: EventKind::from_row(row.text("kind")?)?,
            actor: match row.u8("actor")? {
                1 => EventActor::Person(row.subject("actor")?),
                2 => EventActor::Administrator(row.subject("actor")?),
                3 => EventActor::Operator,
                4 => EventActor::System,
                _ => return Err(CorruptRow("actor")),
            },
            account: row.maybe("account", |row| row.account("account"))?,
            subject: row.maybe("subject", |row| row.subject("subject"))?,
            case: row.maybe("case", |row| row::fixed(row, "case").map(CaseReference::from_bytes))?,
            code: row.maybe("code", |row| row::code(row, "code"))?,
            commitment: row::fixed(&mut row, "commitment")?,
        };
        row.finish()?;
        Ok(event)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::NOW;

    fn any_event() -> impl Strategy<Value = Event> {
        let subject = || proptest::collection::vec(any::<u8>(), 1..=64);
        let actor = prop_oneof![
            subject().prop_map(|id| EventActor::Person(SubjectId::from_bytes(&id).unwrap())),
            subject().prop_map(|id| EventActor::Administrator(SubjectId::from_bytes(&id).unwrap())),
            Just(EventActor::Operator),
            Just(EventActor::System),
        ];
        let kind = proptest::sample::select(EventKind::ALL);
        let ids = (any::<[u8; 16]>(), any::<[u8; 16]>(), any::<i64>(), any::<[u8; 32]>());
        let options = (
            proptest::option::of(subject()),
            proptest::option::of(subject()),
            proptest::option::of(any::<[u8; 5]>()),
            proptest::option::of("[a-z_]{1,9}\\.[a-z_]{1,9}"),
        );
        (ids, kind, actor, options).prop_map(|((id, batch, at, commitment), kind, actor, options)| Event {
            id: EventId::from_bytes(id),
            at: Timestamp::from_unix_micros(at),
            batch: BatchId::from_bytes(batch),
            kind,
            actor,
            account: options.0.map(|id| AccountId::from_bytes(&id).unwrap()),
            subject: options.1.map(|id| SubjectId::from_bytes(&id).unwrap()),
            case: options.2.map(CaseReference::from_bytes),
            code: options.3.map(|code| Code::parse(&code).unwrap()),
            commitment,
        })
    }

    proptest! {
        #[test]
        fn an_event_comes_back_and_no_shortened_one_does(event in any_event()) {
            let bytes = event.encode();
            prop_assert_eq!(Event::decode(&bytes), Ok(event));
            for length in 0..bytes.len() {
                prop_assert!(Event::decode(&bytes[..length]).is_err());
            }
        }
    }

    #[test]
    fn the_stored_form_does_not_change_unnoticed() {
        let event = Event {
            id: EventId::from_bytes([1; 16]),
            at: NOW,
            batch: BatchId::from_bytes([2; 16]),
            kind: EventKind::SIGN_IN_SUCCEEDED,
            actor: EventActor::System,
            account: None,
            subject: Some(SubjectId::from(7)),
            case: None,
            code: None,
            commitment: Event::NOTHING_PERSONAL,
        };
        let hex: String = event.encode().iter().map(|byte| format!("{byte:02x}")).collect();
        let expected = [
            "01",
            "0000001001010101010101010101010101010101",
            "00060a24bf02dc00",
            "0000001002020202020202020202020202020202",
            "000000117369676e5f696e2e737563636565646564",
            "04",
            "00",
            "01000000080000000000000007",
            "00",
            "00",
            "00000020",
            &"00".repeat(32),
        ];
        assert_eq!(hex, expected.concat());
    }
}
