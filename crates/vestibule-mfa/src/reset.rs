//! The reset of a lost factor (R33): what counts for one, and one that waits.

use core::time::Duration;

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{BatchId, CorruptRow, SubjectId, Timestamp};

/// How long a reset waits before the lost factor dies, unless the deployment says otherwise.
pub const RESET_WAITS: Duration = Duration::from_secs(72 * 3600);

/// No reset waits longer than this: the link that stops it is to be good all the time.
pub const MOST_RESET_WAITS: Duration = Duration::from_secs(6 * 24 * 3600);

/// No reset waits less than this.
pub const LEAST_RESET_WAITS: Duration = Duration::from_secs(24 * 3600);

/// What is known about a person's factor for the case that it is lost: one row, which comes into being with the first
/// two-step sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct Reset {
    /// Whose.
    pub subject: SubjectId,
    /// The generation of the password with which the factor was last shown: another one does not count for a reset, or
    /// whoever has the mailbox alone could recover the password and then reset the factor.
    pub proven: Option<u64>,
    /// The reset that waits.
    pub course: Option<Course>,
    /// Counts every change of the course.
    pub version: u64,
    /// The batch that changed the course last.
    pub set_by: BatchId,
}

/// A reset that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct Course {
    /// When it was begun.
    pub begun_at: Timestamp,
    /// From when the lost factor may die.
    pub ends_at: Timestamp,
    /// The generation of the password that began it.
    pub generation: u64,
}

impl Course {
    /// Whether its waiting time is over.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        !self.ends_at.is_after(now)
    }
}

impl Reset {
    /// Whether a password of this generation counts: a two-step sign-in was completed with it.
    #[must_use]
    pub fn counts(&self, generation: u64) -> bool {
        self.proven == Some(generation)
    }

    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        RecordWriter::new(1)
            .bytes(self.subject.as_bytes())
            .maybe(self.proven, RecordWriter::u64)
            .maybe(self.course, |row, course| {
                row.time(course.begun_at).time(course.ends_at).u64(course.generation)
            })
            .u64(self.version)
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
        let reset = Self {
            subject: row.subject("subject")?,
            proven: row.maybe("proven", |row| row.u64("proven"))?,
            course: row.maybe("course", |row| {
                Ok(Course {
                    begun_at: row.time("begun_at")?,
                    ends_at: row.time("ends_at")?,
                    generation: row.u64("generation")?,
                })
            })?,
            version: row.u64("version")?,
            set_by: row.batch("set_by")?,
        };
        row.finish()?;
        reset.checked()
    }

    /// The row, if it can be one: no reset ends before it begins.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`].
    pub fn checked(self) -> Result<Self, CorruptRow> {
        match self.course {
            Some(course) if course.begun_at.is_after(course.ends_at) => Err(CorruptRow("ends_at")),
            _ => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_row_comes_back(
            proven: Option<u64>, course in proptest::option::of((0..1_000_000_i64, 0..1_000_000_i64, any::<u64>())),
            version: u64,
        ) {
            let at = Timestamp::from_unix_micros;
            let row = Reset {
                subject: SubjectId::from(1),
                proven,
                course: course.map(|(begun, waits, generation)| Course {
                    begun_at: at(begun),
                    ends_at: at(begun + waits),
                    generation,
                }),
                version,
                set_by: BatchId::from_bytes([1; 16]),
            };
            prop_assert_eq!(Reset::decode(&row.encode()), Ok(row));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = Reset::decode(&bytes);
        }
    }

    #[test]
    fn the_end_of_the_waiting_time_is_over() {
        let at = Timestamp::from_unix_seconds;
        let course = Course { begun_at: at(0), ends_at: at(10), generation: 1 };
        assert!(!course.is_over(at(9)) && course.is_over(at(10)));
        assert!(
            Reset {
                subject: SubjectId::from(1),
                proven: None,
                course: Some(Course { ends_at: at(-1), ..course }),
                version: 1,
                set_by: BatchId::from_bytes([1; 16])
            }
            .checked()
            .is_err()
        );
    }
}
