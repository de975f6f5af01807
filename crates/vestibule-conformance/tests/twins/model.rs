//! Random batches mean the same on two databases that share no code.

use std::sync::Arc;

use proptest::prelude::*;
use vestibule_conformance::block_on;
use vestibule_core::kv::KvStore;
use vestibule_core::{AccountId, Batch, BatchId, Commit, MemoryStore, Realm, SubjectId, Timestamp};
use vestibule_profiles::{Profile, ProfilesRead, ProfilesWrite};

use crate::database::Twin;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// Few people and few versions, so that guards hold about as often as not.
fn any_write() -> impl Strategy<Value = ProfilesWrite> {
    let people = || (0_u64..3).prop_map(SubjectId::from);
    let maybe = || proptest::option::of((0_u64..3).prop_map(SubjectId::from));
    prop_oneof![
        people().prop_map(|subject| ProfilesWrite::CreateProfile { profile: Profile::new(subject, NOW) }),
        (people(), 1_u64..4).prop_map(|(subject, from)| ProfilesWrite::BumpEpoch { subject, from }),
        (people(), 1_u64..4).prop_map(|(subject, epoch)| ProfilesWrite::RequireProfile { subject, epoch }),
        (people(), -1_i8..2, -1_i8..2).prop_map(|(subject, identifiers, social_links)| {
            ProfilesWrite::CountWays { subject, identifiers, social_links }
        }),
        (0_u8..2, maybe(), maybe()).prop_map(|(key, from, to)| ProfilesWrite::MoveContact {
            account: AccountId::from(1),
            key: vestibule_core::AddressKey::from_bytes([key; 32]),
            from,
            to,
        }),
    ]
}

proptest! {
    #[test]
    fn random_batches_are_answered_alike(
        batches in proptest::collection::vec((0_u8..12, proptest::collection::vec(any_write(), 1..4)), 1..24),
    ) {
        let reference = MemoryStore::in_memory();
        let other = KvStore::new(Twin::new(Arc::default(), None), Realm::default());
        for (id, writes) in batches {
            // Ids repeat, so that remembered batches come again, also with other writes.
            let Ok(batch) = Batch::new(BatchId::from_bytes([id; 16]), NOW, writes) else { continue };
            let answers = (block_on(reference.commit(&batch)).unwrap(), block_on(other.commit(&batch)).unwrap());
            prop_assert_eq!(answers.0, answers.1);
            for person in (0..3).map(SubjectId::from) {
                prop_assert_eq!(
                    block_on(reference.profile(person)).unwrap(),
                    block_on(other.profile(person)).unwrap()
                );
            }
        }
    }
}
