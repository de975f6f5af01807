//! What the links of a change of logins are bound to. The row says what is done, never the request (ATK-G1).

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{AddressKey, AddressKind, CorruptRow, Identifier, SubjectId, Timestamp};

/// An identifier by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) kind: AddressKind,
    pub(crate) key: AddressKey,
}

impl Named {
    pub(crate) fn of(identifier: &Identifier) -> Self {
        Self { kind: identifier.kind(), key: identifier.key() }
    }

    pub(crate) fn write(self, row: RecordWriter) -> RecordWriter {
        row.text(self.kind.as_str()).bytes(self.key.as_bytes())
    }

    pub(crate) fn read(row: &mut RecordReader<'_>) -> Result<Self, CorruptRow> {
        let kind = AddressKind::from_stored(row.text("kind")?).ok_or(CorruptRow("kind"))?;
        let key = row.bytes("key")?.try_into().map_err(|_| CorruptRow("key"))?;
        Ok(Self { kind, key: AddressKey::from_bytes(key) })
    }
}

/// A change that waits for its confirmation: the new login, and the one that leaves for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) new: Identifier,
    pub(crate) replaces: Option<Named>,
}

impl Change {
    pub(crate) fn encode(&self) -> Vec<u8> {
        RecordWriter::new(1)
            .text(self.new.as_typed())
            .maybe(self.replaces, |row, old| old.write(row))
            .finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, 1)?;
        let new = Identifier::parse_login(row.text("new")?).map_err(|_| CorruptRow("new"))?;
        let change = Self { new, replaces: row.maybe("replaces", Named::read)? };
        row.finish()?;
        Ok(change)
    }
}

/// A login that leaves: what its owner may freeze or give free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) subject: SubjectId,
    pub(super) named: Named,
    pub(super) since: Timestamp,
}

impl Left {
    pub(super) fn encode(&self) -> Vec<u8> {
        let row = RecordWriter::new(1).bytes(self.subject.as_bytes());
        self.named.write(row).time(self.since).finish()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, 1)?;
        let left = Self {
            subject: row.subject("subject")?,
            named: Named::read(&mut row)?,
            since: row.time("since")?,
        };
        row.finish()?;
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_link_is_bound_to_comes_back_and_fits_with_the_longest_address() {
        let name = format!(
            "{}@{}.example",
            "a".repeat(64),
            ["b".repeat(60), "c".repeat(60), "d".repeat(56)].join(".")
        );
        let new = Identifier::parse_login(&name).unwrap();
        let named = Named::of(&Identifier::parse_login("+41 44 555 01 00").unwrap());
        for replaces in [None, Some(named)] {
            let change = Change { new: new.clone(), replaces };
            assert!(change.encode().len() <= vestibule_checkword::MAX_BOUND);
            assert_eq!(Change::decode(&change.encode()), Ok(change));
        }
        let subject = SubjectId::from_bytes(&[7; 64]).unwrap();
        let left = Left { subject, named, since: Timestamp::from_unix_micros(-1) };
        assert!(left.encode().len() <= vestibule_checkword::MAX_BOUND);
        assert_eq!(Left::decode(&left.encode()), Ok(left));
    }
}
