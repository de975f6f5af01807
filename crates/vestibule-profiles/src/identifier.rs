//! What a person signs in with.

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{AddressKind, CorruptRow, Identifier, SubjectId, Timestamp};

/// An identifier of a profile. The unique key of the realm covers *verified* ones only (PR-1): any number of people
/// may have the same address pending, and it grants none of them anything.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct ProfileIdentifier {
    /// Whose.
    pub subject: SubjectId,
    /// The address or social subject.
    pub identifier: Identifier,
    /// When it was verified; `None` while it is pending.
    pub verified_at: Option<Timestamp>,
    /// When it was added.
    pub added_at: Timestamp,
}

impl ProfileIdentifier {
    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        RecordWriter::new(1)
            .bytes(self.subject.as_bytes())
            .text(self.identifier.kind().as_str())
            .text(self.identifier.canonical())
            .text(self.identifier.as_typed())
            .maybe(self.verified_at, RecordWriter::time)
            .time(self.added_at)
            .finish()
    }

    /// The row from bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when they are not such a row, or hold an address that would be refused today.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, 1)?;
        let subject = row.subject("subject")?;
        let kind = AddressKind::from_stored(row.text("kind")?).ok_or(CorruptRow("kind"))?;
        let canonical = row.text("canonical")?;
        let typed = row.text("typed")?;
        let identifier =
            Identifier::from_stored(kind, canonical, typed).map_err(|_| CorruptRow("identifier"))?;
        let own = Self {
            subject,
            identifier,
            verified_at: row.maybe("verified_at", |row| row.time("verified_at"))?,
            added_at: row.time("added_at")?,
        };
        row.finish()?;
        Ok(own)
    }

    /// Whether it counts among the social links rather than the addresses.
    #[must_use]
    pub fn is_social(&self) -> bool {
        self.identifier.kind() == AddressKind::Social
    }
}
