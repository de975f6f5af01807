//! Random batches: the same answers as the in-memory reference, and the same sums.

use proptest::prelude::*;
use vestibule_core::{Batch, BatchId, Commit, MemoryStore, Timestamp};

use crate::support::{TestWrite, TestWrite::*, block_on, commit, store};

fn any_write() -> impl Strategy<Value = TestWrite> {
    let key = 0..3_u8;
    prop_oneof![
        key.clone().prop_map(|key| Add { key }),
        key.clone().prop_map(|key| Consume { key }),
        key.clone().prop_map(|key| RequireLive { key }),
        key.clone().prop_map(|key| Use { key }),
        (key.clone(), 0..2_u8).prop_map(|(key, seat)| Seat { key, seat }),
        key.prop_map(|key| Count { key, by: 1 }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_batch_is_answered_as_the_reference_answers(
        sent in proptest::collection::vec((0..20_u8, proptest::collection::vec(any_write(), 1..5)), 1..25),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (sqlite, reference) = (store(&folder), MemoryStore::in_memory());
        let mut known: std::collections::BTreeMap<u8, Batch<TestWrite>> = std::collections::BTreeMap::new();
        for (id, writes) in sent {
            // One id is one batch: drawn again, it is sent again.
            let Ok(fresh) = Batch::new(BatchId::from_bytes([id; 16]), Timestamp::EPOCH, writes) else { continue };
            let batch = known.entry(id).or_insert(fresh);
            let expected = block_on(reference.commit(batch)).unwrap();
            prop_assert_eq!(commit(&sqlite, batch), expected, "{:?}", batch);
        }
        // The state is the same if every question is answered the same.
        for key in 0..3_u8 {
            for write in [Add { key }, Consume { key }, RequireLive { key }, Use { key }, Seat { key, seat: 0 }] {
                let ask = Batch::new(BatchId::from_bytes([99 + key; 16]), Timestamp::EPOCH, vec![write]).unwrap();
                prop_assert_eq!(commit(&sqlite, &ask), block_on(reference.commit(&ask)).unwrap(), "{:?}", ask);
            }
        }
    }
}
