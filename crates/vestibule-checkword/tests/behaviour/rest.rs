//! What rests, and for how long.

use vestibule_checkword::decide::{self, Made, Wanted};
use vestibule_checkword::purpose::ALL;
use vestibule_checkword::{
    Checkword, CheckwordGuard, CheckwordPolicy, CheckwordRead, CheckwordWrite, Rotation,
};
use vestibule_core::{Batch, BatchId, Commit, Landed, Sealed, SecretDigest};

use super::*;

fn slot(store: &MemoryStore) -> Checkword {
    block_on(store.checkword(ada(), RECOVERY.as_str().to_owned())).unwrap().unwrap()
}

fn land(store: &MemoryStore, number: u8, writes: &[CheckwordWrite]) -> Landed<CheckwordGuard> {
    let batch = Batch::new(BatchId::from_bytes([number; 16]), NOW, writes.to_vec()).unwrap();
    block_on(store.commit(&batch)).unwrap()
}

const fn refused(guard: CheckwordGuard) -> Landed<CheckwordGuard> {
    Landed::Refused { position: 0, guard }
}

#[test]
fn no_row_holds_the_text() {
    let store = MemoryStore::in_memory();
    let link = sent(&node(&store), NOW);
    let random = link.split('_').nth(3).unwrap();
    for (_, row) in store.kv().dump() {
        assert!(!row.windows(random.len()).any(|part| part == random.as_bytes()));
    }
}

#[test]
fn use_change_and_a_request_after_half_life_wipe_the_sealed_text() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let link = sent(&node, NOW);
    assert!(slot(&store).sealed.is_some());
    let _ = redeemed(&node, &link, after(1)).unwrap();
    assert!(slot(&store).sealed.is_none());
    sent(&node, after(2));
    assert!(slot(&store).sealed.is_some());
    block_on(node.rotate(ada(), ALL, Rotation::Withdrawn, after(3))).unwrap();
    assert!(slot(&store).sealed.is_none());
}

#[test]
fn a_spaced_request_wipes_what_is_past_its_half_life() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let link = sent(&node, NOW);
    for minute in [1, 6, 21] {
        sent(&node, after(minute));
    }
    assert_eq!(ask(&node, &wanted(), NOW.plus(MINUTE * 29)), None);
    assert!(slot(&store).sealed.is_some());
    assert_eq!(ask(&node, &wanted(), after(30)), None);
    assert!(slot(&store).sealed.is_none());
    let _ = redeemed(&node, &link, after(31)).unwrap();
}

#[test]
fn with_the_seal_key_gone_there_is_a_new_link_and_no_fault() {
    let store = MemoryStore::in_memory();
    let old = sent(&node(&store), NOW);
    let other = Checkwords::new(store.clone(), ring("s2"), SystemEntropy);
    let (new, again) = ask(&other, &wanted(), after(1)).unwrap();
    assert!(!again);
    assert_eq!(redeemed(&other, &old, after(2)), Err(Problem::Superseded { at: after(1) }));
    let _ = redeemed(&other, &new, after(2)).unwrap();
}

#[test]
fn put_wants_the_version_that_was_read() {
    let store = MemoryStore::in_memory();
    sent(&node(&store), NOW);
    let row = slot(&store);
    for from in [None, Some(row.version + 1)] {
        let put = CheckwordWrite::Put { checkword: row.clone(), from };
        assert_eq!(land(&store, 1, &[put]), refused(CheckwordGuard::Version));
    }
    let next = Checkword { version: row.version + 1, ..row.clone() };
    let put = CheckwordWrite::Put { checkword: next, from: Some(row.version) };
    assert_eq!(land(&store, 2, core::slice::from_ref(&put)), Landed::Applied);
    assert_eq!(land(&store, 2, core::slice::from_ref(&put)), Landed::AlreadyApplied, "the same batch");
    assert_eq!(land(&store, 3, &[put]), refused(CheckwordGuard::Version), "another one");
}

#[test]
fn consume_wants_this_generation_live_at_that_instant_and_knows_its_own_batch_after_a_change() {
    let store = MemoryStore::in_memory();
    sent(&node(&store), NOW);
    let row = slot(&store);
    let consume = |generation, at| {
        [CheckwordWrite::Consume { holder: ada(), purpose: row.purpose.clone(), generation, at }]
    };
    assert_eq!(land(&store, 1, &consume(2, NOW)), refused(CheckwordGuard::Live));
    assert_eq!(land(&store, 1, &consume(1, row.expires_at)), refused(CheckwordGuard::Live));
    assert_eq!(land(&store, 2, &consume(1, NOW)), Landed::Applied);
    let rotate = decide::rotate(ada(), &[RECOVERY], Rotation::PasswordSet, NOW);
    assert_eq!(land(&store, 3, &rotate), Landed::Applied);
    assert_eq!(land(&store, 2, &consume(1, NOW)), Landed::AlreadyApplied, "the answer was lost");
    assert_eq!(land(&store, 4, &consume(1, NOW)), refused(CheckwordGuard::Live));
}

#[test]
fn a_request_decided_before_a_change_does_not_land_after_it() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let link = sent(&node, NOW);
    let read = slot(&store);
    block_on(node.rotate(ada(), ALL, Rotation::LoginChanged, after(1))).unwrap();
    let plain = Secret::new(b"x".to_vec());
    let made = Made {
        digest: SecretDigest::from_bytes([8; 32]),
        sealed: Sealed::seal(&ring("s1"), &SystemEntropy, &[b"x"], &plain).unwrap(),
        batch: BatchId::from_bytes([8; 16]),
    };
    for now in [after(2), after(40)] {
        let wanted = decide::request(&CheckwordPolicy::default(), &wanted(), Some(&read), &made, now);
        let (Wanted::New { writes, .. } | Wanted::Again { writes, .. }) = wanted else {
            panic!("a message is due")
        };
        assert_eq!(land(&store, 8, &writes), refused(CheckwordGuard::Version));
    }
    assert_eq!(
        inspected(&node, &link, after(41)),
        Err(Problem::Rotated { at: after(1), by: Rotation::LoginChanged })
    );
}
