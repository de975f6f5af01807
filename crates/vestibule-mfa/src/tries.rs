//! Tries: paid in advance, settled by success, stopped after too many.

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{BatchId, CorruptRow, SubjectId, Timestamp};

use crate::problem::Problem;
use crate::write::MfaWrite;

/// With how many consecutive failures a person's authenticators stop until bound anew (NIST SP 800-63B-4, 3.2.2).
pub const STOPS_AT: u64 = 100;

/// The tries made at a person's TOTP authenticators: one budget for all of them, because one typed code is compared
/// with all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct Tries {
    /// At whose authenticators.
    pub subject: SubjectId,
    /// The number of the last try taken.
    pub taken: u64,
    /// The highest number of a try that succeeded: a try whose outcome was never recorded counts as failed.
    pub settled: u64,
    /// Since when no further try is taken, until an authenticator is bound anew.
    pub stopped_at: Option<Timestamp>,
    /// When the last try was taken.
    pub last_at: Timestamp,
    /// The batch that took it.
    pub set_by: BatchId,
}

impl Tries {
    /// How many tries in a row have failed, or have an outcome that nobody recorded.
    #[must_use]
    pub const fn consecutive_failures(&self) -> u64 {
        self.taken.saturating_sub(self.settled)
    }

    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        RecordWriter::new(1)
            .bytes(self.subject.as_bytes())
            .u64(self.taken)
            .u64(self.settled)
            .maybe(self.stopped_at, RecordWriter::time)
            .time(self.last_at)
            .bytes(self.set_by.as_bytes())
            .finish()
    }

    /// The row from bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when they are not such a row.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, 1)?;
        let tries = Self {
            subject: row.subject("subject")?,
            taken: row.u64("taken")?,
            settled: row.u64("settled")?,
            stopped_at: row.maybe("stopped_at", |row| row.time("stopped_at"))?,
            last_at: row.time("last_at")?,
            set_by: row.batch("set_by")?,
        };
        row.finish()?;
        tries.checked()
    }

    /// The row, if it can be one: no try is settled that was never taken.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`].
    pub const fn checked(self) -> Result<Self, CorruptRow> {
        if self.settled > self.taken { Err(CorruptRow("settled")) } else { Ok(self) }
    }
}

/// A try that was taken; only it can be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct TakenTry {
    subject: SubjectId,
    number: u64,
}

impl TakenTry {
    /// The write that records its success.
    #[must_use]
    pub const fn settle(self) -> MfaWrite {
        MfaWrite::SettleTry { subject: self.subject, number: self.number }
    }
}

/// The next try, or that there is none left.
///
/// # Errors
///
/// [`Problem::Stopped`].
pub fn take(
    subject: SubjectId,
    tries: Option<&Tries>,
    now: Timestamp,
) -> Result<(TakenTry, MfaWrite), Problem> {
    if tries.is_some_and(|tries| tries.stopped_at.is_some()) {
        return Err(Problem::Stopped);
    }
    let from = tries.map_or(0, |tries| tries.taken);
    let taken = TakenTry { subject, number: from.saturating_add(1) };
    Ok((taken, MfaWrite::TakeTry { subject, from, at: now, stops_at: STOPS_AT }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_row_comes_back(settled: u32, more: u32, at in proptest::option::of(any::<i64>())) {
            let row = Tries {
                subject: SubjectId::from(1),
                taken: u64::from(settled) + u64::from(more),
                settled: settled.into(),
                stopped_at: at.map(Timestamp::from_unix_micros),
                last_at: Timestamp::EPOCH,
                set_by: BatchId::from_bytes([1; 16]),
            };
            prop_assert_eq!(row.consecutive_failures(), u64::from(more));
            prop_assert_eq!(Tries::decode(&row.encode()), Ok(row));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Tries::decode(&bytes);
        }
    }
}
