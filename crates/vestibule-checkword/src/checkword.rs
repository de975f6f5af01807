//! The newest checkword of a holder and purpose, as it rests.

use core::fmt;

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{BatchId, CorruptRow, Purpose, Sealed, SecretDigest, SubjectId, Timestamp};

use crate::state::State;
use crate::tries::Tries;

/// The most bytes of what a checkword is bound to.
pub const MAX_BOUND: usize = 512;

/// The one slot of a holder and purpose: the newest generation. Earlier ones rest as [`Former`](crate::Former)s.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build it; a further field would change the contract")]
pub struct Checkword {
    /// Whose: a profile, a pending sign-up, or a decoy (PR-6).
    pub holder: SubjectId,
    /// For what: the name of a [`Purpose`].
    pub purpose: String,
    /// Counts the checkwords of this slot. The highest is the newest, whatever any clock says.
    pub generation: u64,
    /// The digest of the secret.
    pub digest: SecretDigest,
    /// What it is bound to: the address it was sent to, an account; at most [`MAX_BOUND`] bytes of the host's
    /// (ATK-G1).
    pub bound: Vec<u8>,
    /// When it was made.
    pub issued_at: Timestamp,
    /// The first instant at which it is refused.
    pub expires_at: Timestamp,
    /// What became of it.
    pub state: State,
    /// The text itself, sealed for this row, so that it can be sent again; gone once it is of no use.
    pub sealed: Option<Vec<u8>>,
    /// How many messages were sent in a row.
    pub sends: u64,
    /// When the last one was.
    pub last_sent_at: Timestamp,
    /// Whether it is the ticket of a code that is typed, and no link: it is worth nothing without its code.
    pub is_code: bool,
    /// The tries that were taken with typed codes; with links none are.
    pub tries: Tries,
    /// Counts every change of the row.
    pub version: u64,
    /// The batch that put it or used it.
    pub set_by: BatchId,
}

impl fmt::Debug for Checkword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkword")
            .field("holder", &self.holder)
            .field("purpose", &self.purpose)
            .field("generation", &self.generation)
            .field("state", &self.state)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

const FORM: u8 = 2;

impl Checkword {
    /// Whether it can be redeemed. The boundary instant is refused.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.state == State::Live && self.expires_at.is_after(now)
    }

    /// Whether a request at this instant is for this very text: at least half of its life is left, nothing has happened to it, and its tries
    /// are not spent. So nobody makes somebody's link worthless by asking for more (ATK-C5).
    #[must_use]
    pub fn is_due_again(&self, now: Timestamp) -> bool {
        self.state == State::Live && !now.is_after(self.half_life()) && !self.tries.are_spent()
    }

    /// The first instant of the second half of its life: from then on the same text is sent no more.
    #[must_use]
    pub fn half_life(&self) -> Timestamp {
        self.issued_at.plus(self.expires_at.since(self.issued_at) / 2)
    }

    /// The bytes of a key-value store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let row = RecordWriter::new(FORM)
            .bytes(self.holder.as_bytes())
            .text(&self.purpose)
            .u64(self.generation)
            .bytes(self.digest.as_bytes())
            .bytes(&self.bound)
            .time(self.issued_at)
            .time(self.expires_at);
        self.state
            .write(row)
            .maybe(self.sealed.as_deref(), RecordWriter::bytes)
            .u64(self.sends)
            .time(self.last_sent_at)
            .u64(self.version)
            .bytes(self.set_by.as_bytes())
            .u64(self.tries.of_code)
            .u64(self.tries.of_day)
            .time(self.tries.day_began_at)
            .bool(self.is_code)
            .finish()
    }

    /// Reads those bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        // The first form knew no typed codes.
        let form = if bytes.first() == Some(&1) { 1 } else { FORM };
        let mut row = RecordReader::new(bytes, form)?;
        let mut checkword = Self {
            holder: row.subject("holder")?,
            purpose: row.text("purpose")?.to_owned(),
            generation: row.u64("generation")?,
            digest: row.digest("digest")?,
            bound: row.bytes("bound")?.to_vec(),
            issued_at: row.time("issued_at")?,
            expires_at: row.time("expires_at")?,
            state: State::read(&mut row)?,
            sealed: row.maybe("sealed", |row| row.bytes("sealed").map(<[u8]>::to_vec))?,
            sends: row.u64("sends")?,
            last_sent_at: row.time("last_sent_at")?,
            is_code: false,
            tries: Tries::NONE,
            version: row.u64("version")?,
            set_by: row.batch("set_by")?,
        };
        if form == FORM {
            checkword.tries = Tries {
                of_code: row.u64("tries")?,
                of_day: row.u64("day_tries")?,
                day_began_at: row.time("day_began_at")?,
            };
            checkword.is_code = row.bool("is_code")?;
        }
        row.finish()?;
        checkword.checked()
    }

    /// The row, if it keeps what every row keeps. Stores that read columns pass what they read through here.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn checked(self) -> Result<Self, CorruptRow> {
        check_purpose(&self.purpose)?;
        if self.bound.len() > MAX_BOUND {
            return Err(CorruptRow("bound"));
        }
        // The newest is never superseded, and what is over can not be sent again.
        match self.state {
            State::Superseded { .. } => return Err(CorruptRow("state")),
            State::Live => {}
            State::Rotated { .. } | State::Used { .. } if self.sealed.is_some() => {
                return Err(CorruptRow("sealed"));
            }
            State::Rotated { .. } | State::Used { .. } => {}
        }
        if let Some(sealed) = &self.sealed {
            Sealed::from_bytes(sealed)?;
        }
        Ok(self)
    }
}

pub(crate) fn check_purpose(purpose: &str) -> Result<(), CorruptRow> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let good = (1..=24).contains(&purpose.len()) && purpose.bytes().all(plain);
    if good { Ok(()) } else { Err(CorruptRow("purpose")) }
}

/// What a sealed text is bound to: its row's identity.
pub(crate) fn with_identity<T>(
    holder: SubjectId,
    purpose: Purpose,
    generation: u64,
    make: impl FnOnce(&[&[u8]]) -> T,
) -> T {
    make(&[b"checkword", holder.as_bytes(), purpose.as_str().as_bytes(), &generation.to_be_bytes()])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::state::Rotation;
    use crate::testing::row;

    proptest! {
        #[test]
        fn every_row_comes_back_from_its_bytes_and_no_cut_of_them_reads(
            numbers in any::<(u64, u64, u64)>(), times in any::<(i64, i64, i64)>(), which in 0..3usize,
            tries in any::<(u64, u64, i64, bool)>(), change in 0..7usize, at in any::<prop::sample::Index>(),
        ) {
            let when = Timestamp::from_unix_micros(times.2);
            let mut row = row();
            row.state = [State::Live, State::Used { at: when }, State::Rotated { at: when, by: Rotation::ALL[change] }][which];
            if row.state != State::Live {
                row.sealed = None;
            }
            (row.generation, row.sends, row.version) = numbers;
            row.is_code = tries.3;
            let day_began_at = Timestamp::from_unix_micros(tries.2);
            row.tries = Tries { of_code: tries.0, of_day: tries.1, day_began_at };
            row.issued_at = Timestamp::from_unix_micros(times.0);
            row.expires_at = Timestamp::from_unix_micros(times.1);
            let bytes = row.encode();
            prop_assert!(Checkword::decode(&bytes[..at.index(bytes.len())]).is_err());
            prop_assert_eq!(Checkword::decode(&bytes), Ok(row));
        }

        #[test]
        fn reading_arbitrary_bytes_never_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(form) = bytes.first_mut() {
                *form = 1 + *form % FORM;
            }
            let _ = Checkword::decode(&bytes);
        }
    }

    #[test]
    fn a_row_of_the_first_form_has_no_tries() {
        let mut bytes = row().encode();
        bytes[0] = 1;
        bytes.truncate(bytes.len() - 25);
        assert_eq!(Checkword::decode(&bytes), Ok(row()));
    }

    #[test]
    fn a_row_that_breaks_a_rule_is_corrupt() {
        let at = row().issued_at;
        let broken = [
            Checkword { purpose: "Recovery".to_owned(), ..row() },
            Checkword { bound: vec![0; MAX_BOUND + 1], ..row() },
            Checkword { state: State::Superseded { at }, sealed: None, ..row() },
            Checkword { state: State::Used { at }, ..row() },
            Checkword { sealed: Some(vec![1, 2]), ..row() },
        ];
        for row in broken {
            assert!(Checkword::decode(&row.encode()).is_err(), "{row:?}");
        }
    }
}
