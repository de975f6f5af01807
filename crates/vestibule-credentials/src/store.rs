//! What passwords ask of a store: reads, writes with their meaning, guards.

use vestibule_core::kv::{Halt, Key, Kv, KvStore, RecordReader, RecordWriter, Rows};
use vestibule_core::{
    BatchId, CorruptRow, Memory, RowName, SessionHandle, StoreError, SubjectId, Timestamp, Verdict, Write,
    WriteKind, store_trait,
};

store_trait! {
    /// Reads of passwords.
    ///
    /// # Contract
    ///
    /// S-8 and S-9 of the linking model: an answer shows every commit answered before, and what is not there is
    /// `None`.
    ///
    /// # Atomicity
    ///
    /// A row is answered whole, as one commit has left it. The rows of one answer, and two answers, may be of different
    /// instants: what a decision relies on is in the guards of its writes.
    ///
    /// # Cancellation
    ///
    /// A question that is dropped has changed nothing.
    pub trait CredentialsRead {
        /// The password of a person.
        fn password(subject: SubjectId) -> Option<Password>;

        /// The tries made at a person's password in one lane.
        fn tries(subject: SubjectId, lane: Lane) -> Option<Tries>;
    }
}

/// A person's password as it rests.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct Password {
    /// Whose.
    pub subject: SubjectId,
    /// The text of a [`StoredHash`](crate::StoredHash) or of a foreign hash; `None` after removal: the row stays, so
    /// that no generation ever comes back.
    pub hash: Option<String>,
    /// Counts every change of the row.
    pub version: u64,
    /// Counts every change of the password itself; hashing it anew is none. Sessions hold it.
    pub generation: u64,
    /// When it was last set.
    pub set_at: Timestamp,
    /// Good for one change only (N2).
    pub must_change: bool,
    /// The batch that wrote the row.
    pub set_by: BatchId,
}

impl core::fmt::Debug for Password {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Password")
            .field("subject", &self.subject)
            .field("version", &self.version)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// Whose budget a try is debited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "stores match on it")]
pub enum Lane {
    /// Anybody's.
    Everybody,
    /// That of a device on which the person has signed in before: a flood of strangers does not empty it (PR-12).
    Device(SessionHandle),
}

impl Lane {
    /// The bytes that rest in stores: none, or the device's handle.
    #[must_use]
    pub fn as_stored(&self) -> &[u8] {
        match self {
            Self::Everybody => &[],
            Self::Device(handle) => handle.as_bytes(),
        }
    }

    /// Reads the bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] for any other length.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, CorruptRow> {
        if bytes.is_empty() {
            return Ok(Self::Everybody);
        }
        bytes
            .try_into()
            .map(|own| Self::Device(SessionHandle::from_bytes(own)))
            .map_err(|_| CorruptRow("lane"))
    }
}

/// The tries made at one authenticator in one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct Tries {
    /// At whose password. For somebody unknown it is a decoy: a digest of what was typed.
    pub subject: SubjectId,
    /// In which lane.
    pub lane: Lane,
    /// The number of the last try taken.
    pub taken: u64,
    /// The highest number of a try that succeeded. Consecutive failures are `taken - settled`: a try whose outcome was
    /// never recorded counts as failed.
    pub settled: u64,
    /// Since when no further try is taken: until the password is set anew, or, in a device's lane, for as long as the
    /// device is known. (A new password ends the profile's epoch, and with it every known device.)
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
}

/// Why a write of passwords is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new guard must fail to compile wherever refusals are explained"
)]
pub enum CredentialsGuard {
    /// It never refuses.
    Always,
    /// The password is of the generation that was proven.
    Generation,
    /// The password's row is of the version that was read, or absent as read.
    PasswordVersion,
    /// The tries stand as they were read, and are not stopped.
    TryNumber,
}

/// The writes of passwords: each one guarded fact about one row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new write must fail to compile in every SQL store")]
pub enum CredentialsWrite {
    /// Sets, replaces, marks or hashes anew a password.
    PutPassword {
        /// The row as it becomes.
        password: Password,
        /// The version that was read; `None`: there was no row.
        from: Option<u64>,
    },
    /// Relies on the password being of this generation.
    RequirePassword {
        /// Whose.
        subject: SubjectId,
        /// The generation that was proven.
        generation: u64,
    },
    /// The password was set anew: all earlier tries in the lane are settled and its stop is lifted.
    ResetTries {
        /// Whose.
        subject: SubjectId,
        /// In which lane.
        lane: Lane,
    },
    /// This try succeeded. It lifts a stop only if no later try was taken.
    SettleTry {
        /// Whose.
        subject: SubjectId,
        /// In which lane.
        lane: Lane,
        /// The try's number.
        number: u64,
    },
    /// Takes the next try, before anything is compared (PR: guesses are paid in advance).
    TakeTry {
        /// Whose.
        subject: SubjectId,
        /// In which lane.
        lane: Lane,
        /// The number of the last try, as read; zero if there was no row.
        from: u64,
        /// When.
        at: Timestamp,
        /// With how many consecutive failures the lane stops.
        stops_at: u64,
    },
}

impl Write for CredentialsWrite {
    type Guard = CredentialsGuard;

    fn row(&self) -> RowName {
        match self {
            Self::PutPassword { password, .. } => RowName::new(200, &[password.subject.as_bytes()]),
            Self::RequirePassword { subject, .. } => RowName::new(200, &[subject.as_bytes()]),
            Self::ResetTries { subject, lane }
            | Self::SettleTry { subject, lane, .. }
            | Self::TakeTry { subject, lane, .. } => {
                RowName::new(201, &[subject.as_bytes(), lane.as_stored()])
            }
        }
    }

    fn guard(&self) -> CredentialsGuard {
        match self {
            Self::PutPassword { .. } => CredentialsGuard::PasswordVersion,
            Self::RequirePassword { .. } => CredentialsGuard::Generation,
            Self::ResetTries { .. } | Self::SettleTry { .. } => CredentialsGuard::Always,
            Self::TakeTry { .. } => CredentialsGuard::TryNumber,
        }
    }

    fn kind(&self) -> WriteKind {
        match self {
            Self::RequirePassword { .. } => WriteKind::Require,
            Self::PutPassword { .. }
            | Self::ResetTries { .. }
            | Self::SettleTry { .. }
            | Self::TakeTry { .. } => WriteKind::Effect,
        }
    }

    fn apply(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Verdict, Halt> {
        match self {
            Self::PutPassword { password, from } => {
                let key = password_key(password.subject);
                let found = rows.get(&key)?.map(Password::decode).transpose()?;
                if found.map(|row| row.version) != *from {
                    return Ok(Verdict::Refused);
                }
                rows.put(key, Password { set_by: batch, ..password.clone() }.encode());
                Ok(Verdict::Lands)
            }
            Self::RequirePassword { subject, generation } => {
                let found = rows.get(&password_key(*subject))?.map(Password::decode).transpose()?;
                Ok(Verdict::when(found.is_some_and(|row| row.generation == *generation)))
            }
            Self::ResetTries { subject, lane } => change_tries(rows, *subject, *lane, |tries| {
                tries.settled = tries.taken;
                tries.stopped_at = None;
            }),
            Self::SettleTry { subject, lane, number } => change_tries(rows, *subject, *lane, |tries| {
                tries.settled = tries.settled.max(*number).min(tries.taken);
                if *number == tries.taken {
                    tries.stopped_at = None;
                }
            }),
            Self::TakeTry { subject, lane, from, at, stops_at } => {
                let key = tries_key(*subject, *lane);
                let found = rows.get(&key)?.map(Tries::decode).transpose()?;
                let mut tries = found.unwrap_or(Tries {
                    subject: *subject,
                    lane: *lane,
                    taken: 0,
                    settled: 0,
                    stopped_at: None,
                    last_at: *at,
                    set_by: batch,
                });
                if tries.taken != *from || tries.stopped_at.is_some() {
                    return Ok(Verdict::Refused);
                }
                tries.taken += 1;
                tries.last_at = *at;
                tries.set_by = batch;
                if tries.consecutive_failures() >= *stops_at {
                    tries.stopped_at = Some(*at);
                }
                rows.put(key, tries.encode());
                Ok(Verdict::Lands)
            }
        }
    }

    fn memory(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Memory, Halt> {
        match self {
            Self::PutPassword { password, .. } => {
                let found = rows.get(&password_key(password.subject))?.map(Password::decode).transpose()?;
                Ok(Memory::when(found.is_some_and(|row| row.set_by == batch)))
            }
            Self::TakeTry { subject, lane, .. } => {
                let found = rows.get(&tries_key(*subject, *lane))?.map(Tries::decode).transpose()?;
                Ok(Memory::when(found.is_some_and(|row| row.set_by == batch)))
            }
            Self::RequirePassword { .. } | Self::ResetTries { .. } | Self::SettleTry { .. } => {
                Ok(Memory::Silent)
            }
        }
    }

    fn carries(&self, _batch: BatchId) -> bool {
        false
    }
}

fn change_tries(
    rows: &mut Rows<'_>,
    subject: SubjectId,
    lane: Lane,
    change: impl FnOnce(&mut Tries),
) -> Result<Verdict, Halt> {
    let key = tries_key(subject, lane);
    if let Some(mut tries) = rows.get(&key)?.map(Tries::decode).transpose()? {
        change(&mut tries);
        rows.put(key, tries.encode());
    }
    Ok(Verdict::Lands)
}

impl Password {
    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        RecordWriter::new(1)
            .bytes(self.subject.as_bytes())
            .maybe(self.hash.as_deref(), RecordWriter::text)
            .u64(self.version)
            .u64(self.generation)
            .time(self.set_at)
            .bool(self.must_change)
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
        let password = Self {
            subject: row.subject("subject")?,
            hash: row.maybe("hash", |row| row.text("hash").map(str::to_owned))?,
            version: row.u64("version")?,
            generation: row.u64("generation")?,
            set_at: row.time("set_at")?,
            must_change: row.bool("must_change")?,
            set_by: row.batch("set_by")?,
        };
        row.finish()?;
        Ok(password)
    }
}

impl Tries {
    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        RecordWriter::new(1)
            .bytes(self.subject.as_bytes())
            .bytes(self.lane.as_stored())
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
    /// [`CorruptRow`] when they are not such a row, or settle a try that was never taken.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, 1)?;
        let tries = Self {
            subject: row.subject("subject")?,
            lane: Lane::from_stored(row.bytes("lane")?)?,
            taken: row.u64("taken")?,
            settled: row.u64("settled")?,
            stopped_at: row.maybe("stopped_at", |row| row.time("stopped_at"))?,
            last_at: row.time("last_at")?,
            set_by: row.batch("set_by")?,
        };
        row.finish()?;
        if tries.settled > tries.taken { Err(CorruptRow("settled")) } else { Ok(tries) }
    }
}

fn password_key(subject: SubjectId) -> Key {
    Key::single("credentials.password", &[subject.as_bytes()])
}

fn tries_key(subject: SubjectId, lane: Lane) -> Key {
    Key::single("credentials.tries", &[subject.as_bytes(), lane.as_stored()])
}

impl<K: Kv> CredentialsRead for KvStore<K> {
    async fn password(&self, subject: SubjectId) -> Result<Option<Password>, StoreError> {
        let row = self.read(password_key(subject)).await?;
        Ok(row.as_deref().map(Password::decode).transpose()?)
    }

    async fn tries(&self, subject: SubjectId, lane: Lane) -> Result<Option<Tries>, StoreError> {
        let row = self.read(tries_key(subject, lane)).await?;
        Ok(row.as_deref().map(Tries::decode).transpose()?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_time() -> impl Strategy<Value = Timestamp> {
        any::<i64>().prop_map(Timestamp::from_unix_micros)
    }

    fn any_subject() -> impl Strategy<Value = SubjectId> {
        proptest::collection::vec(any::<u8>(), 1..=64).prop_map(|id| SubjectId::from_bytes(&id).unwrap())
    }

    fn any_batch() -> impl Strategy<Value = BatchId> {
        any::<[u8; 16]>().prop_map(BatchId::from_bytes)
    }

    fn any_password() -> impl Strategy<Value = Password> {
        let hash = proptest::option::of("[$a-zA-Z0-9+/=,]{0,110}|\\PC{0,40}");
        (any_subject(), hash, any::<(u64, u64, bool)>(), any_time(), any_batch()).prop_map(
            |(subject, hash, (version, generation, must_change), set_at, set_by)| Password {
                subject,
                hash,
                version,
                generation,
                set_at,
                must_change,
                set_by,
            },
        )
    }

    fn any_tries() -> impl Strategy<Value = Tries> {
        let device = |handle| Lane::Device(SessionHandle::from_bytes(handle));
        let lane = prop_oneof![Just(Lane::Everybody), any::<[u8; 16]>().prop_map(device)];
        let rest = (proptest::option::of(any_time()), any_time(), any_batch());
        (any_subject(), lane, any::<(u64, u64)>(), rest).prop_map(
            |(subject, lane, (one, other), (stopped_at, last_at, set_by))| Tries {
                subject,
                lane,
                taken: one.max(other),
                settled: one.min(other),
                stopped_at,
                last_at,
                set_by,
            },
        )
    }

    #[test]
    fn what_was_settled_was_taken() {
        let tries = Tries {
            subject: SubjectId::from(1),
            lane: Lane::Everybody,
            taken: 1,
            settled: 2,
            stopped_at: None,
            last_at: Timestamp::EPOCH,
            set_by: BatchId::from_bytes([1; 16]),
        };
        assert_eq!(Tries::decode(&tries.encode()), Err(CorruptRow("settled")));
    }

    proptest! {
        #[test]
        fn every_password_comes_back_from_its_bytes_and_from_neither_fewer_nor_more(
            row in any_password(), cut in any::<prop::sample::Index>(),
        ) {
            let bytes = row.encode();
            prop_assert!(Password::decode(&bytes[..cut.index(bytes.len())]).is_err());
            prop_assert!(Password::decode(&[&bytes[..], &[0]].concat()).is_err());
            prop_assert_eq!(Password::decode(&bytes), Ok(row));
        }

        #[test]
        fn a_changed_byte_of_password_reads_as_itself_or_is_corrupt(row in any_password(), byte: u8) {
            let whole = row.encode();
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                if let Ok(read) = Password::decode(&bytes) {
                    prop_assert_eq!(read.encode(), bytes, "one row has one form");
                }
            }
        }

        #[test]
        fn every_row_of_tries_comes_back_from_its_bytes_and_from_neither_fewer_nor_more(
            row in any_tries(), cut in any::<prop::sample::Index>(),
        ) {
            let bytes = row.encode();
            prop_assert!(Tries::decode(&bytes[..cut.index(bytes.len())]).is_err());
            prop_assert!(Tries::decode(&[&bytes[..], &[0]].concat()).is_err());
            prop_assert_eq!(Tries::decode(&bytes), Ok(row));
        }

        #[test]
        fn a_changed_byte_of_tries_reads_as_itself_or_is_corrupt(row in any_tries(), byte: u8) {
            let whole = row.encode();
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                if let Ok(read) = Tries::decode(&bytes) {
                    prop_assert_eq!(read.encode(), bytes, "one row has one form");
                }
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..160)) {
            let _ = Password::decode(&bytes);
            let _ = Tries::decode(&bytes);
            if let Some(form) = bytes.first_mut() {
                *form = 1;
            }
            let _ = Password::decode(&bytes);
            let _ = Tries::decode(&bytes);
        }
    }
}
