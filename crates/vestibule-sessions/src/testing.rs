//! What this crate's tests share.

use vestibule_core::{
    BatchId, KeyId, KeyPurpose, KeyRing, Secret, SecretDigest, SessionHandle, SubjectId, Timestamp,
};

use crate::check::Standing;
use crate::decide::{Ids, OpenRequest, open};
use crate::evidence::{Amr, Evidence};
use crate::policy::SessionPolicy;
use crate::session::Session;

/// Some instant.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
pub(crate) const EPOCH: u64 = 5;
pub(crate) const GENERATION: u64 = 3;

pub(crate) fn subject() -> SubjectId {
    SubjectId::from(42)
}

/// Ids that differ by a number.
pub(crate) fn ids(n: u8) -> Ids {
    Ids {
        handle: SessionHandle::from_bytes([n; 16]),
        digest: SecretDigest::from_bytes([n; 32]),
        batch: BatchId::from_bytes([n; 16]),
    }
}

/// A session that the password opened now.
pub(crate) fn session() -> Session {
    let proven = Evidence { amr: Amr::Password, at: NOW };
    let request = OpenRequest::new(subject(), EPOCH, proven).password_generation(GENERATION);
    open(&SessionPolicy::default(), &request, &[], &ids(1), NOW).session
}

/// What that session relies on.
pub(crate) fn standing() -> Standing {
    Standing::new(EPOCH).with_password_generation(GENERATION)
}

/// A ring with one key per purpose.
pub(crate) fn ring() -> KeyRing {
    let id = KeyId::parse("k1").unwrap();
    KeyRing::builder()
        .current(KeyPurpose::Digest, id, Secret::new([1; 32]))
        .current(KeyPurpose::Pepper, id, Secret::new([2; 32]))
        .current(KeyPurpose::Seal, id, Secret::new([3; 32]))
        .build()
        .unwrap()
}
