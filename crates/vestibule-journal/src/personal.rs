//! What an event says about people, apart from the event.

use sha2::{Digest, Sha256};
use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{CorruptRow, Entropy, EntropyError, EventId, equal_in_constant_time, make_bytes};

use crate::event::Event;
use crate::field::{FieldError, encode_fields, read_fields, write_fields};

/// The personal fields of one event: masked identifiers, a reason, a device's name, a network.
///
/// They stand in a row of their own. The event holds only a salted commitment to them, so that this row can be
/// erased while the event stays provable, and nobody can guess from the commitment what stood here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: stores build it")]
pub struct Personal {
    /// The event.
    pub event: EventId,
    /// Keeps the commitment from being guessed; it is erased with the fields.
    pub salt: [u8; 32],
    /// Name and encoded text (see [`encode_text`](crate::encode_text)).
    pub fields: Vec<(String, String)>,
}

/// Why personal fields were not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PersonalError {
    /// The salt could not be drawn.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The fields are not of the form.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl From<PersonalError> for vestibule_core::Error {
    fn from(error: PersonalError) -> Self {
        match error {
            PersonalError::Entropy(error) => error.into(),
            PersonalError::Field(error) => Self::new(vestibule_core::ErrorKind::Misuse, error),
        }
    }
}

impl Personal {
    /// Draws a salt, checks the names and encodes the texts.
    ///
    /// # Errors
    ///
    /// [`PersonalError`].
    pub fn make(
        entropy: &(impl Entropy + ?Sized),
        event: EventId,
        fields: &[(&str, &str)],
    ) -> Result<Self, PersonalError> {
        Ok(Self { event, fields: encode_fields(fields)?, salt: make_bytes(entropy)? })
    }

    /// SHA-256 over the salt and the fields, each text with its length before it.
    #[must_use]
    pub fn commitment(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.salt);
        hash.update(write_fields(RecordWriter::new(1).bytes(self.event.as_bytes()), &self.fields).finish());
        hash.finalize().into()
    }

    /// Whether these are the fields that the event was recorded with.
    #[must_use]
    pub fn verify_commitment(&self, event: &Event) -> bool {
        self.event == event.id && equal_in_constant_time(&self.commitment(), &event.commitment)
    }

    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        write_fields(RecordWriter::new(1).bytes(self.event.as_bytes()).bytes(&self.salt), &self.fields)
            .finish()
    }

    /// Reads the row.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, 1)?;
        let personal = Self {
            event: EventId::from_bytes(crate::row::fixed(&mut row, "event")?),
            salt: crate::row::fixed(&mut row, "salt")?,
            fields: read_fields(&mut row)?,
        };
        row.finish()?;
        Ok(personal)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vestibule_core::{BatchId, SystemEntropy};

    use super::*;
    use crate::testing::{NOW, ada, batch};
    use crate::{Draft, EventActor, EventKind, JournalWrite};

    fn recorded(batch: BatchId) -> (Event, Personal) {
        let writes = Draft::new(EventKind::PROFILE_BLOCKED, EventActor::Operator)
            .subject(ada())
            .field("reason", "fraud\nreported")
            .field("network", "203.0.113.0/24")
            .record_first(&SystemEntropy, batch, NOW)
            .unwrap();
        match <[JournalWrite; 2]>::try_from(writes).unwrap() {
            [JournalWrite::RecordEvent { event }, JournalWrite::RecordPersonal { personal }] => {
                (event, personal)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_event_proves_its_fields_and_no_others() {
        let (event, personal) = recorded(batch());
        assert!(personal.verify_commitment(&event));
        let changes: [fn(&mut Personal); 4] = [
            |personal| personal.salt[0] ^= 1,
            |personal| personal.fields[0].1.push('!'),
            |personal| drop(personal.fields.pop()),
            |personal| personal.fields.swap(0, 1),
        ];
        for change in changes {
            let mut changed = personal.clone();
            change(&mut changed);
            assert!(!changed.verify_commitment(&event), "{changed:?}");
        }
        let (other, _) = recorded(batch());
        assert!(!personal.verify_commitment(&other), "fields do not move to another event");
        let copied = Event { id: other.id, ..event };
        assert!(!personal.verify_commitment(&copied), "nor does a commitment");
    }

    #[test]
    fn moving_a_boundary_between_texts_changes_the_commitment() {
        let (_, mut personal) = recorded(batch());
        personal.fields = vec![("a".into(), "bc".into())];
        let one = personal.commitment();
        personal.fields = vec![("ab".into(), "c".into())];
        assert_ne!(one, personal.commitment());
    }

    #[test]
    fn equal_fields_have_unequal_commitments() {
        let (id, fields) = (EventId::from(batch()), [("reason", "left")]);
        let made = || Personal::make(&SystemEntropy, id, &fields).unwrap().commitment();
        assert_ne!(made(), made());
    }

    #[test]
    fn fields_are_encoded_before_they_are_stored() {
        let (_, personal) = recorded(batch());
        assert_eq!(personal.fields[0].1, "fraud\\u{a}reported");
        let mut raw = personal;
        raw.fields[0].1 = "fraud\nreported".into();
        assert_eq!(Personal::decode(&raw.encode()), Err(CorruptRow("field text")));
    }

    proptest! {
        #[test]
        fn a_row_comes_back(texts in proptest::collection::vec(any::<String>(), 0..5)) {
            let names = ["a", "b", "c", "d", "e"];
            let fields: Vec<_> = names.into_iter().zip(texts.iter().map(String::as_str)).collect();
            let personal = Personal::make(&SystemEntropy, EventId::from(batch()), &fields).unwrap();
            prop_assert_eq!(Personal::decode(&personal.encode()), Ok(personal));
        }

        #[test]
        fn arbitrary_rows_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Personal::decode(&bytes);
            let _ = Event::decode(&bytes);
            let _ = crate::Case::decode(&bytes);
            let _ = crate::Message::decode(&bytes);
        }
    }
}
