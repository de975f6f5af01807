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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{any_identifier, any_subject, any_time};

    fn any_own() -> impl Strategy<Value = ProfileIdentifier> {
        let verified_at = proptest::option::of(any_time());
        (any_subject(), any_identifier(), verified_at, any_time()).prop_map(
            |(subject, identifier, verified_at, added_at)| ProfileIdentifier {
                subject,
                identifier,
                verified_at,
                added_at,
            },
        )
    }

    proptest! {
        #[test]
        fn every_identifier_comes_back_from_its_bytes_as_typed_and_from_neither_fewer_nor_more(
            own in any_own(), cut in any::<prop::sample::Index>(),
        ) {
            let bytes = own.encode();
            prop_assert!(ProfileIdentifier::decode(&bytes[..cut.index(bytes.len())]).is_err());
            prop_assert!(ProfileIdentifier::decode(&[&bytes[..], &[0]].concat()).is_err());
            let read = ProfileIdentifier::decode(&bytes).unwrap();
            prop_assert_eq!(read.identifier.as_typed(), own.identifier.as_typed());
            prop_assert_eq!(read, own);
        }

        #[test]
        fn a_changed_byte_reads_as_itself_or_is_corrupt(own in any_own(), byte: u8) {
            let whole = own.encode();
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                if let Ok(read) = ProfileIdentifier::decode(&bytes) {
                    prop_assert_eq!(read.encode(), bytes, "one row has one form");
                }
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ProfileIdentifier::decode(&bytes);
            if let Some(form) = bytes.first_mut() {
                *form = 1;
            }
            let _ = ProfileIdentifier::decode(&bytes);
        }
    }
}
