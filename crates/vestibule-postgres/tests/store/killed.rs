//! Backends are killed at any moment: a batch is there wholly or not at all, and what was promised holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use vestibule_core::{Commit, Landed, StoreErrorKind};

use crate::ground::{Place, own, runtime};
use crate::passwords::{PEOPLE, first_passwords, landed};

const BATCHES: u64 = 150;

#[test]
fn a_killed_backend_never_leaves_half_a_batch() {
    let place = Place::new();
    let over = Arc::new(AtomicBool::new(false));
    let kills = runtime().block_on(async {
        let store = place.create().await;
        let killer = own(&place).await;
        let name = place.0.clone();
        let stop = Arc::clone(&over);
        let killed = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&killed);
        let killing = tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                // Whoever has a lock on a table of this schema right now: between a begin and the end of its commit.
                let rows = killer
                    .query(
                        "select pg_terminate_backend(pid) from (select distinct pid from pg_locks
                         join pg_class on pg_class.oid = relation
                         where relnamespace = to_regnamespace($1) and pid <> pg_backend_pid()) as working",
                        &[&name],
                    )
                    .await
                    .unwrap();
                count.fetch_add(rows.len(), Ordering::SeqCst);
            }
        });
        let mut unknown = 0;
        // On a busy machine it may take more batches until one is met in its commit.
        for number in 0..20 * BATCHES {
            if number >= BATCHES && killed.load(Ordering::SeqCst) > 0 {
                break;
            }
            let batch = first_passwords(number);
            let answer = store.commit(&batch).await;
            let there = loop {
                // The reader's own connection may be killed too.
                match tokio::spawn({
                    let store = store.clone();
                    async move { landed(&store, number).await }
                })
                .await
                {
                    Ok(there) => break there,
                    Err(_) => continue,
                }
            };
            assert!(there == 0 || there == PEOPLE, "half a batch: {there}");
            match answer {
                Ok(answer) => assert_eq!((answer, there), (Landed::Applied, PEOPLE)),
                Err(error) if error.kind() == StoreErrorKind::OutcomeUnknown => unknown += 1,
                Err(error) => assert_eq!(there, 0, "{error} promised that nothing was applied"),
            }
        }
        over.store(true, Ordering::SeqCst);
        killing.await.unwrap();
        let kills = killed.load(Ordering::SeqCst);
        eprintln!("{kills} kills, {unknown} unknown");
        kills
    });
    assert!(kills > 0, "nobody was killed");
}
