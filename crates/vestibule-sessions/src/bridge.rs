//! The reads over any key-value database, once, and where its rows stand.

use vestibule_core::kv::{Key, Kv, KvStore, Partition, RecordReader, RecordWriter};
use vestibule_core::{CorruptRow, SecretDigest, StoreError, SubjectId};

use crate::device::Device;
use crate::policy::MAX_SLOTS;
use crate::session::{Session, slot};
use crate::store::SessionsRead;

impl<K: Kv> SessionsRead for KvStore<K> {
    async fn session(&self, digest: SecretDigest) -> Result<Option<Session>, StoreError> {
        let Some(pointer) = self.read(keys::token(&digest)).await? else { return Ok(None) };
        let (subject, slot) = pointed(&pointer)?;
        let Some(row) = self.read(keys::session(subject, slot)).await? else { return Ok(None) };
        // Replaced between the two reads: then it is another session's row.
        Ok(Some(Session::decode(&row)?).filter(|session| session.digest == digest))
    }

    async fn sessions(&self, subject: SubjectId) -> Result<Vec<Session>, StoreError> {
        let page = self.read_page(keys::sessions(subject), None, usize::from(MAX_SLOTS)).await?;
        Ok(page.iter().map(|(_, row)| Session::decode(row)).collect::<Result<_, _>>()?)
    }

    async fn device(&self, digest: SecretDigest) -> Result<Option<Device>, StoreError> {
        let Some(pointer) = self.read(keys::device_token(&digest)).await? else { return Ok(None) };
        let (subject, slot) = pointed(&pointer)?;
        let Some(row) = self.read(keys::device(subject, slot)).await? else { return Ok(None) };
        Ok(Some(Device::decode(&row)?).filter(|device| device.digest == digest))
    }

    async fn devices(&self, subject: SubjectId) -> Result<Vec<Device>, StoreError> {
        let page = self.read_page(keys::devices(subject), None, usize::from(MAX_SLOTS)).await?;
        Ok(page.iter().map(|(_, row)| Device::decode(row)).collect::<Result<_, _>>()?)
    }
}

/// Where the rows of this domain stand.
pub(crate) mod keys {
    use super::{Key, Partition, SecretDigest, SubjectId};

    pub(crate) fn sessions(subject: SubjectId) -> Partition {
        Partition::new("sessions.rows", &[subject.as_bytes()])
    }

    pub(crate) fn session(subject: SubjectId, slot: u16) -> Key {
        Key::new(sessions(subject), &slot.to_be_bytes())
    }

    pub(crate) fn token(digest: &SecretDigest) -> Key {
        Key::single("sessions.tokens", &[digest.as_bytes()])
    }

    pub(crate) fn devices(subject: SubjectId) -> Partition {
        Partition::new("sessions.devices", &[subject.as_bytes()])
    }

    pub(crate) fn device(subject: SubjectId, slot: u16) -> Key {
        Key::new(devices(subject), &slot.to_be_bytes())
    }

    pub(crate) fn device_token(digest: &SecretDigest) -> Key {
        Key::single("sessions.device_tokens", &[digest.as_bytes()])
    }
}

const POINTER: u8 = 1;

/// What stands under a token's digest.
pub(crate) fn pointer(subject: SubjectId, slot: u16) -> Vec<u8> {
    RecordWriter::new(POINTER).u64(slot.into()).bytes(subject.as_bytes()).finish()
}

fn pointed(bytes: &[u8]) -> Result<(SubjectId, u16), CorruptRow> {
    let mut row = RecordReader::new(bytes, POINTER)?;
    let (slot, subject) = (slot(&mut row)?, row.subject("subject")?);
    row.finish()?;
    Ok((subject, slot))
}
