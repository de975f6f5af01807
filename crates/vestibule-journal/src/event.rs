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
            .maybe(self.case, |row, case| row.bytes(&case.to_bytes()))
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
