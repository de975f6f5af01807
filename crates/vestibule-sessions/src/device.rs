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
    /// The host's name of the device; see [`DeviceLabel`].
    pub label: String,
    /// The batch that put it.
    pub set_by: BatchId,
}

const FORM: u8 = 1;

impl Device {
    /// Whether its token is worth something.
    #[must_use]
    pub const fn is_live(&self, profile_epoch: u64, now: Timestamp) -> bool {
        self.profile_epoch == profile_epoch && self.ends_at.is_after(now)
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
            .finish()
    }

    /// Reads those bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, FORM)?;
        let device = Self {
            slot: slot(&mut row)?,
            handle: handle(&mut row)?,
            digest: row.digest("digest")?,
            subject: row.subject("subject")?,
            profile_epoch: row.u64("profile_epoch")?,
            made_at: row.time("made_at")?,
            ends_at: row.time("ends_at")?,
            label: row.text("label")?.to_owned(),
            set_by: row.batch("set_by")?,
        };
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
            times in any::<(i64, i64)>(), label in "[a-zé ]{0,40}", at in any::<proptest::sample::Index>(),
        ) {
            let device = Device {
                slot,
                handle: SessionHandle::from_bytes(ids.0),
                digest: SecretDigest::from_bytes(ids.1),
                subject: SubjectId::from(ids.2),
                profile_epoch: epoch,
                made_at: Timestamp::from_unix_micros(times.0),
                ends_at: Timestamp::from_unix_micros(times.1),
                label,
                set_by: BatchId::from_bytes(ids.3),
            };
            let bytes = device.encode();
            prop_assert!(Device::decode(&bytes[..at.index(bytes.len())]).is_err());
            prop_assert_eq!(Device::decode(&bytes), Ok(device));
        }

        #[test]
        fn reading_arbitrary_bytes_never_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(form) = bytes.first_mut() {
                *form = FORM;
            }
            let _ = Device::decode(&bytes);
        }
    }
}
