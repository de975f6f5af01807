//! The reads over any key-value database, once, and where its rows stand.

use vestibule_core::kv::{Key, Kv, KvStore, Partition};
use vestibule_core::{StoreError, SubjectId};

use crate::authenticator::{Authenticator, MAX_AUTHENTICATORS};
use crate::recovery::{CODES, CodeRow};
use crate::reset::Reset;
use crate::store::MfaRead;
use crate::tries::Tries;

impl<K: Kv> MfaRead for KvStore<K> {
    async fn authenticators(&self, subject: SubjectId) -> Result<Vec<Authenticator>, StoreError> {
        let page = self.read_page(keys::authenticators(subject), None, MAX_AUTHENTICATORS.into()).await?;
        Ok(page.iter().map(|(_, row)| Authenticator::decode(row)).collect::<Result<_, _>>()?)
    }

    async fn codes(&self, subject: SubjectId) -> Result<Vec<CodeRow>, StoreError> {
        let page = self.read_page(keys::codes(subject), None, CODES.into()).await?;
        Ok(page.iter().map(|(_, row)| CodeRow::decode(row)).collect::<Result<_, _>>()?)
    }

    async fn factor_reset(&self, subject: SubjectId) -> Result<Option<Reset>, StoreError> {
        let row = self.read(keys::reset(subject)).await?;
        Ok(row.as_deref().map(Reset::decode).transpose()?)
    }

    async fn mfa_tries(&self, subject: SubjectId) -> Result<Option<Tries>, StoreError> {
        let row = self.read(keys::tries(subject)).await?;
        Ok(row.as_deref().map(Tries::decode).transpose()?)
    }
}

/// Where the rows of this domain stand.
pub(crate) mod keys {
    use super::{Key, Partition, SubjectId};

    pub(crate) fn authenticators(subject: SubjectId) -> Partition {
        Partition::new("mfa.authenticators", &[subject.as_bytes()])
    }

    pub(crate) fn authenticator(subject: SubjectId, slot: u8) -> Key {
        Key::new(authenticators(subject), &[slot])
    }

    pub(crate) fn codes(subject: SubjectId) -> Partition {
        Partition::new("mfa.codes", &[subject.as_bytes()])
    }

    pub(crate) fn code(subject: SubjectId, slot: u8) -> Key {
        Key::new(codes(subject), &[slot])
    }

    pub(crate) fn reset(subject: SubjectId) -> Key {
        Key::single("mfa.reset", &[subject.as_bytes()])
    }

    pub(crate) fn tries(subject: SubjectId) -> Key {
        Key::single("mfa.tries", &[subject.as_bytes()])
    }
}
