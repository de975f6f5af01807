//! Batches that are easily seen to have landed wholly, in part or not at all: each sets the passwords of several people.

use vestibule_core::{Batch, BatchId, SubjectId, Timestamp};
use vestibule_credentials::{CredentialsRead, CredentialsWrite, Password};
use vestibule_postgres::PostgresStore;

pub(crate) const PEOPLE: u64 = 4;

/// A first password for each of four people of this number's own.
pub(crate) fn first_passwords(number: u64) -> Batch<CredentialsWrite> {
    let writes = (0..PEOPLE).map(|person| CredentialsWrite::PutPassword {
        password: password(subject(number, person)),
        from: None,
    });
    Batch::new(id(number), Timestamp::EPOCH, writes.collect()).unwrap()
}

/// How many of the four have it.
pub(crate) async fn landed(store: &PostgresStore, number: u64) -> u64 {
    let mut landed = 0;
    for person in 0..PEOPLE {
        landed += u64::from(store.password(subject(number, person)).await.unwrap().is_some());
    }
    landed
}

pub(crate) fn id(number: u64) -> BatchId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    BatchId::from_bytes(bytes)
}

pub(crate) fn subject(number: u64, person: u64) -> SubjectId {
    SubjectId::from(number * PEOPLE + person + 1)
}

pub(crate) fn password(subject: SubjectId) -> Password {
    Password {
        subject,
        hash: Some("$argon2id$".to_owned()),
        version: 1,
        generation: 1,
        set_at: Timestamp::EPOCH,
        must_change: false,
        set_by: id(0),
    }
}
