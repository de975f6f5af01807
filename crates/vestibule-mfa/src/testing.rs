//! What this crate's tests share.

use vestibule_core::{
    BatchId, KeyId, KeyPurpose, KeyRing, Sealed, Secret, SubjectId, SystemEntropy, Timestamp,
};

use crate::authenticator::{Authenticator, AuthenticatorId};
use crate::name::AuthenticatorName;
use crate::totp::Parameters;

/// A pending authenticator.
pub(crate) fn authenticator() -> Authenticator {
    let id = KeyId::parse("k1").unwrap();
    let ring = KeyRing::builder()
        .current(KeyPurpose::Digest, id, Secret::new([1; 32]))
        .current(KeyPurpose::Pepper, id, Secret::new([2; 32]))
        .current(KeyPurpose::Seal, id, Secret::new([3; 32]))
        .build()
        .unwrap();
    Authenticator {
        subject: SubjectId::from(42),
        slot: 0,
        id: AuthenticatorId::from_bytes([1; 16]),
        name: AuthenticatorName::parse("phone").unwrap(),
        parameters: Parameters::default(),
        sealed: Sealed::seal(&ring, &SystemEntropy, &[b"row"], &Secret::new(vec![7; 20])).unwrap(),
        created_at: Timestamp::EPOCH,
        confirmed_at: None,
        last_step: None,
        version: 1,
        set_by: BatchId::from_bytes([9; 16]),
    }
}
