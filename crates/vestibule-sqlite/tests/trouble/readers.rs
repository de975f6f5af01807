//! Every connection lent out (FLT-X13): who asks meanwhile is told so within the bound, and nothing hangs.

use core::time::Duration;
use std::sync::{Arc, Barrier};
use std::time::Instant;

use vestibule_core::StoreErrorKind;
use vestibule_profiles::ProfilesRead;
use vestibule_sqlite::SqliteStore;

use crate::calls::realm;
use crate::cast::{BOB, Start, bob, deployment, settle};
use crate::ground::{Place, block_on, options};

const READERS: usize = 2;
const PATIENCE: Duration = Duration::from_millis(100);

#[expect(clippy::disallowed_methods, reason = "how long somebody waited is what is tested")]
pub(crate) fn held_by_others_they_are_contended_and_then_free() {
    let place = Place::new();
    let options = options().readers(READERS).busy_timeout(PATIENCE);
    let store = SqliteStore::open(place.path(), realm("default"), options).unwrap();
    let vestibule = deployment(store.clone());
    block_on(settle(&vestibule, Start::Member));
    let (held, over) = (Arc::new(Barrier::new(READERS + 1)), Arc::new(Barrier::new(READERS + 1)));
    let holders: Vec<_> = (0..READERS)
        .map(|_| {
            let (store, held, over) = (store.clone(), Arc::clone(&held), Arc::clone(&over));
            std::thread::spawn(move || {
                store.snapshot(|_| {
                    held.wait();
                    over.wait();
                    Ok(())
                })
            })
        })
        .collect();
    held.wait();
    // On a thread of its own: one that hangs is to be a failure, and not a test without an end.
    let (sent, answer) = std::sync::mpsc::channel();
    let asking = store.clone();
    std::thread::spawn(move || {
        let begun = Instant::now();
        let kind = block_on(asking.profile(bob())).map(drop).map_err(|error| error.kind());
        sent.send((kind, begun.elapsed())).unwrap();
    });
    let answer = answer.recv_timeout(PATIENCE * 50);
    over.wait();
    let (kind, waited) = answer.expect("it hangs");
    assert_eq!(kind, Err(StoreErrorKind::Contended));
    assert!(waited >= PATIENCE, "it was not waited for");
    holders.into_iter().for_each(|holder| holder.join().unwrap().unwrap());
    let _ = block_on(crate::acts::session(&vestibule, BOB)).expect("everything works afterwards");
}
