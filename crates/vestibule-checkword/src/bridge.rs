//! The reads over any key-value database, once, and where its rows stand.

use vestibule_core::kv::{Key, Kv, KvStore, RecordReader, RecordWriter};
use vestibule_core::{CorruptRow, SecretDigest, StoreError, StoreErrorKind, SubjectId};

use crate::checkword::Checkword;
use crate::former::{FORMERS, Former};
use crate::store::{CheckwordRead, Found};

/// How often a pointer is followed again because its row moved meanwhile.
const FOLLOWS: u32 = 8;

impl<K: Kv> CheckwordRead for KvStore<K> {
    async fn checkword(&self, holder: SubjectId, purpose: String) -> Result<Option<Checkword>, StoreError> {
        let row = self.read(keys::slot(holder, &purpose)).await?;
        Ok(row.as_deref().map(Checkword::decode).transpose()?)
    }

    async fn found(&self, digest: SecretDigest) -> Result<Option<Found>, StoreError> {
        for _ in 0..FOLLOWS {
            let Some(pointer) = self.read(keys::digest(&digest)).await? else { return Ok(None) };
            let (holder, purpose, place) = pointed(&pointer)?;
            let key = match place {
                None => keys::slot(holder, &purpose),
                Some(place) => keys::former(holder, &purpose, place),
            };
            let row = self.read(key).await?;
            let found = match (row, place) {
                (None, _) => None,
                (Some(row), None) => Some(Found::Newest(Checkword::decode(&row)?))
                    .filter(|found| matches!(found, Found::Newest(row) if row.digest == digest)),
                (Some(row), Some(_)) => Some(Found::Former(Former::decode(&row)?))
                    .filter(|found| matches!(found, Found::Former(row) if row.digest == digest)),
            };
            if found.is_some() {
                return Ok(found);
            }
            // Moved between the two reads, or the rows contradict each other.
            if self.read(keys::digest(&digest)).await? == Some(pointer) {
                return Err(CorruptRow("digest").into());
            }
        }
        Err(StoreErrorKind::Contended.into())
    }
}

/// Where the rows of this domain stand.
pub(crate) mod keys {
    use super::{Key, SecretDigest, SubjectId};

    pub(crate) fn slot(holder: SubjectId, purpose: &str) -> Key {
        Key::single("checkword.slots", &[holder.as_bytes(), purpose.as_bytes()])
    }

    pub(crate) fn former(holder: SubjectId, purpose: &str, place: u64) -> Key {
        Key::single("checkword.formers", &[holder.as_bytes(), purpose.as_bytes(), &place.to_be_bytes()])
    }

    pub(crate) fn digest(digest: &SecretDigest) -> Key {
        Key::single("checkword.digests", &[digest.as_bytes()])
    }
}

const POINTER: u8 = 1;

/// What stands under a digest: the slot, or the place among its formers.
pub(crate) fn pointer(holder: SubjectId, purpose: &str, place: Option<u64>) -> Vec<u8> {
    RecordWriter::new(POINTER).bytes(holder.as_bytes()).text(purpose).maybe(place, RecordWriter::u64).finish()
}

fn pointed(bytes: &[u8]) -> Result<(SubjectId, String, Option<u64>), CorruptRow> {
    let mut row = RecordReader::new(bytes, POINTER)?;
    let pointed = (
        row.subject("holder")?,
        row.text("purpose")?.to_owned(),
        row.maybe("place", |row| row.u64("place"))?,
    );
    row.finish()?;
    if pointed.2.is_some_and(|place| place >= FORMERS) { Err(CorruptRow("place")) } else { Ok(pointed) }
}
