//! One known device, as it rests.

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{BatchId, CorruptRow, SecretDigest, SessionHandle, SubjectId, Timestamp};

use crate::label::DeviceLabel;
use crate::policy::MAX_SLOTS;
use crate::session::{handle, slot};

/// A device on which the person has signed in, in one of the few slots of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build it; a further field would change the contract")]
pub struct Device {
    /// The slot, below [`MAX_SLOTS`].
    pub slot: u16,
    /// The public name.
    pub handle: SessionHandle,
    /// The digest of the token.
    pub digest: SecretDigest,
    /// Whose.
    pub subject: SubjectId,
    /// The profile's epoch then: with it, every device is forgotten.
    pub profile_epoch: u64,
    /// When the token was made.
    pub made_at: Timestamp,
    /// The first instant at which it is worth nothing.
    pub ends_at: Timestamp,
    /// When the second factor was shown on it by somebody who asked that it be remembered in the place of one; `None`: it is
    /// only known. No use of it moves this.
    pub remembered_since: Option<Timestamp>,
    /// The host's name of the device; see [`DeviceLabel`].
    pub label: String,
    /// The batch that put it.
    pub set_by: BatchId,
}

const FORM: u8 = 2;

impl Device {
    /// Whether its token is worth something.
    #[must_use]
    pub const fn is_live(&self, profile_epoch: u64, now: Timestamp) -> bool {
        self.profile_epoch == profile_epoch && self.ends_at.is_after(now)
    }

    /// When the second factor was shown on it, if it is remembered in the place of one at this instant, by a profile of this
    /// epoch. For how long that counts is an account's affair.
    #[must_use]
    pub fn remembered(&self, profile_epoch: u64, now: Timestamp) -> Option<Timestamp> {
        let since = self.remembered_since.filter(|since| !since.is_after(now));
        since.filter(|_| self.is_live(profile_epoch, now))
    }

    /// Whether its token is worth nothing any more at this instant, to a profile of this epoch: its slot is as good as
    /// empty.
    #[must_use]
    pub const fn is_over(&self, profile_epoch: u64, now: Timestamp) -> bool {
        self.profile_epoch < profile_epoch || !self.ends_at.is_after(now)
    }

    /// The bytes of a key-value store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        RecordWriter::new(FORM)
            .u64(self.slot.into())
            .bytes(self.handle.as_bytes())
            .bytes(self.digest.as_bytes())
            .bytes(self.subject.as_bytes())
            .u64(self.profile_epoch)
            .time(self.made_at)
            .time(self.ends_at)
            .text(&self.label)
            .bytes(self.set_by.as_bytes())
            .maybe(self.remembered_since, RecordWriter::time)
            .finish()
    }

    /// Reads those bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        // The first form knew no remembered device.
        let first = bytes.first() == Some(&1);
        let mut row = RecordReader::new(bytes, if first { 1 } else { FORM })?;
        let mut device = Self {
            slot: slot(&mut row)?,
            handle: handle(&mut row)?,
            digest: row.digest("digest")?,
            subject: row.subject("subject")?,
            profile_epoch: row.u64("profile_epoch")?,
            made_at: row.time("made_at")?,
            ends_at: row.time("ends_at")?,
            remembered_since: None,
            label: row.text("label")?.to_owned(),
            set_by: row.batch("set_by")?,
        };
        if !first {
            device.remembered_since = row.maybe("remembered_since", |row| row.time("remembered_since"))?;
        }
        row.finish()?;
        device.checked()
    }

    /// The row, if it keeps what every row keeps. Stores that read columns pass what they read through here.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn checked(self) -> Result<Self, CorruptRow> {
        if self.slot >= MAX_SLOTS {
            return Err(CorruptRow("slot"));
        }
        if DeviceLabel::parse(self.label.as_str()).is_err() {
            return Err(CorruptRow("label"));
        }
        Ok(self)
    }
}

/// A device that was recognised. It is **no evidence**: it opens nothing and replaces no factor. It only names a lane
/// of its own for the budget of tries, so that a flood by strangers does not lock the device out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct KnownDevice {
    handle: SessionHandle,
    subject: SubjectId,
    lane: SecretDigest,
}

impl KnownDevice {
    pub(crate) const fn of(device: &Device) -> Self {
        Self { handle: device.handle, subject: device.subject, lane: device.digest }
    }

    /// The device's public name.
    #[must_use]
    pub const fn handle(&self) -> SessionHandle {
        self.handle
    }

    /// Whose device it is.
    #[must_use]
    pub const fn subject(&self) -> SubjectId {
        self.subject
    }

    /// What a budget counts tries of this device under, in the place of the submitted identifier. It is as random as
    /// the token, and nobody gets from it to the token.
    #[must_use]
    pub const fn lane(&self) -> &[u8; 32] {
        self.lane.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_device_comes_back_from_its_bytes_and_no_cut_of_them_reads(
            slot in 0..MAX_SLOTS, ids in any::<([u8; 16], [u8; 32], u64, [u8; 16])>(), epoch in any::<u64>(),
            times in any::<(i64, i64)>(), remembered in any::<Option<i64>>(), label in "[a-zé ]{0,40}", at in any::<proptest::sample::Index>(),
        ) {
            let device = Device {
                slot,
                handle: SessionHandle::from_bytes(ids.0),
                digest: SecretDigest::from_bytes(ids.1),
                subject: SubjectId::from(ids.2),
                profile_epoch: epoch,
                made_at: Timestamp::from_unix_micros(times.0),
                ends_at: Timestamp::from_unix_micros(times.1),
                remembered_since: remembered.map(Timestamp::from_unix_micros),
                label,
                set_by: BatchId::from_bytes(ids.3),
            };
            let bytes = device.encode();
            prop_assert!(Device::decode(&bytes[..at.index(bytes.len())]).is_err());
            prop_assert_eq!(Device::decode(&bytes), Ok(device));
        }

        #[test]
        fn the_first_form_is_read_as_a_device_that_is_only_known(
            ids in any::<([u8; 16], [u8; 32], u64, [u8; 16])>(), epoch in any::<u64>(), times in any::<(i64, i64)>(),
        ) {
            let bytes = RecordWriter::new(1)
                .u64(3)
                .bytes(&ids.0)
                .bytes(&ids.1)
                .bytes(SubjectId::from(ids.2).as_bytes())
                .u64(epoch)
                .time(Timestamp::from_unix_micros(times.0))
                .time(Timestamp::from_unix_micros(times.1))
                .text("Firefox")
                .bytes(&ids.3)
                .finish();
            let device = Device::decode(&bytes).unwrap();
            prop_assert_eq!((device.profile_epoch, device.remembered_since), (epoch, None));
        }

        #[test]
        fn reading_arbitrary_bytes_never_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(form) = bytes.first_mut() {
                *form = FORM;
            }
            let _ = Device::decode(&bytes);
        }
    }

    #[test]
    fn a_device_is_remembered_by_its_epoch_while_it_lives_and_from_the_code_on() {
        let at = Timestamp::from_unix_seconds;
        let device = Device {
            slot: 0,
            handle: SessionHandle::from_bytes([1; 16]),
            digest: SecretDigest::from_bytes([2; 32]),
            subject: SubjectId::from(3),
            profile_epoch: 4,
            made_at: at(10),
            ends_at: at(20),
            remembered_since: Some(at(10)),
            label: String::new(),
            set_by: BatchId::from_bytes([5; 16]),
        };
        assert_eq!(device.remembered(4, at(10)), Some(at(10)));
        assert_eq!(device.remembered(4, at(19)), Some(at(10)));
        assert_eq!(device.remembered(4, at(9)), None, "nothing is remembered before it was shown");
        assert_eq!(device.remembered(4, at(20)), None, "its own end");
        assert_eq!((device.remembered(3, at(15)), device.remembered(5, at(15))), (None, None));
        let known = Device { remembered_since: None, ..device };
        assert_eq!(known.remembered(4, at(15)), None, "only known");
    }
}
