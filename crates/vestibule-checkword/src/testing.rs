//! What this crate's tests share.

use vestibule_core::{BatchId, KeyId, KeyPurpose, KeyRing, Secret, SecretDigest, SubjectId, Timestamp};

use crate::checkword::Checkword;
use crate::state::State;
use crate::tries::Tries;

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// A live row whose sealed text is of good form.
pub(crate) fn row() -> Checkword {
    let sealed = [&[1, 2, b's', b'1'][..], &[7; 24], &[9; 16]].concat();
    Checkword {
        holder: SubjectId::from(42),
        purpose: "recovery".to_owned(),
        generation: 3,
        digest: SecretDigest::from_bytes([5; 32]),
        bound: b"ada@example.org".to_vec(),
        issued_at: NOW,
        expires_at: NOW.plus(core::time::Duration::from_secs(3600)),
        state: State::Live,
        sealed: Some(sealed),
        sends: 1,
        last_sent_at: NOW,
        is_code: false,
        tries: Tries::NONE,
        version: 4,
        set_by: BatchId::from_bytes([6; 16]),
    }
}

pub(crate) fn ring() -> KeyRing {
    let purposes = [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal];
    let builder = purposes.into_iter().fold(KeyRing::builder(), |ring, purpose| {
        ring.current(purpose, KeyId::parse("k1").unwrap(), Secret::new([7; 32]))
    });
    builder.build().unwrap()
}
