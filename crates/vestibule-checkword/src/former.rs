//! An earlier checkword, kept so that its holder can be told why it is refused.

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{CorruptRow, SecretDigest, SubjectId, Timestamp};

use crate::checkword::{Checkword, check_purpose};
use crate::state::State;

/// How many earlier generations of a slot are remembered. They are bounded by their keys: the ninth takes the place of
/// the first, whose text is then unknown.
pub const FORMERS: u64 = 8;

/// A checkword that is no longer the newest of its slot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build it; a further field would change the contract")]
pub struct Former {
    /// Whose.
    pub holder: SubjectId,
    /// For what.
    pub purpose: String,
    /// Which of the slot's.
    pub generation: u64,
    /// The digest of its secret.
    pub digest: SecretDigest,
    /// When it was made.
    pub issued_at: Timestamp,
    /// What became of it; never [`State::Live`].
    pub state: State,
}

const FORM: u8 = 1;

impl Former {
    /// The place in which it rests, below [`FORMERS`].
    #[must_use]
    pub const fn place(&self) -> u64 {
        self.generation % FORMERS
    }

    /// What is left of a checkword that a newer one takes the place of.
    pub(crate) fn of(checkword: &Checkword, now: Timestamp) -> Self {
        let state = match checkword.state {
            State::Live => State::Superseded { at: now },
            ended => ended,
        };
        Self {
            holder: checkword.holder,
            purpose: checkword.purpose.clone(),
            generation: checkword.generation,
            digest: checkword.digest,
            issued_at: checkword.issued_at,
            state,
        }
    }

    /// The bytes of a key-value store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let row = RecordWriter::new(FORM)
            .bytes(self.holder.as_bytes())
            .text(&self.purpose)
            .u64(self.generation)
            .bytes(self.digest.as_bytes())
            .time(self.issued_at);
        self.state.write(row).finish()
    }

    /// Reads those bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, FORM)?;
        let former = Self {
            holder: row.subject("holder")?,
            purpose: row.text("purpose")?.to_owned(),
            generation: row.u64("generation")?,
            digest: row.digest("digest")?,
            issued_at: row.time("issued_at")?,
            state: State::read(&mut row)?,
        };
        row.finish()?;
        former.checked()
    }

    /// The row, if it keeps what every row keeps. Stores that read columns pass what they read through here.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn checked(self) -> Result<Self, CorruptRow> {
        check_purpose(&self.purpose)?;
        if self.state == State::Live { Err(CorruptRow("state")) } else { Ok(self) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::row;

    proptest! {
        #[test]
        fn every_former_comes_back_from_its_bytes_and_no_cut_of_them_reads(
            generation in any::<u64>(), at in any::<i64>(), cut in any::<prop::sample::Index>(),
        ) {
            let former = Former { generation, ..Former::of(&row(), Timestamp::from_unix_micros(at)) };
            let bytes = former.encode();
            prop_assert!(Former::decode(&bytes[..cut.index(bytes.len())]).is_err());
            prop_assert_eq!(Former::decode(&bytes), Ok(former));
        }
    }

    #[test]
    fn a_former_that_lives_is_corrupt() {
        let former = Former { state: State::Live, ..Former::of(&row(), row().issued_at) };
        assert!(Former::decode(&former.encode()).is_err());
    }
}
