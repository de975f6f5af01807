//! Tries: paid in advance, each settled by its own success alone (ATK-B11, PR-12).

#![cfg(test)]

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use vestibule_core::{
    Batch, BatchId, Commit, Landed, MemoryStore, SessionHandle, SubjectId, SystemEntropy, Timestamp,
};
use vestibule_credentials::tries::{STOPS_AT, take};
use vestibule_credentials::{
    CredentialsGuard, CredentialsRead, CredentialsWrite, Lane, Problem, TakenTry, Tries,
};

const DEVICE: Lane = Lane::Device(SessionHandle::from_bytes([7; 16]));

/// The in-memory store never waits: one poll is the whole execution.
fn block_on<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the in-memory store never waits"),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

fn ada() -> SubjectId {
    SubjectId::from_bytes(b"ada").unwrap()
}

fn land(store: &MemoryStore, write: CredentialsWrite) -> Landed<CredentialsGuard> {
    let batch = BatchId::make(&SystemEntropy, at(1)).unwrap();
    block_on(store.commit(&Batch::new(batch, at(1), vec![write]).unwrap())).unwrap()
}

fn row(store: &MemoryStore, lane: Lane) -> Tries {
    block_on(store.tries(ada(), lane)).unwrap().unwrap()
}

/// Takes the next try, however often somebody else is faster.
fn taken(store: &MemoryStore, lane: Lane) -> Result<TakenTry, Problem> {
    loop {
        let read = block_on(store.tries(ada(), lane)).unwrap();
        let (taken, write) = take(ada(), lane, read.as_ref(), at(1))?;
        if land(store, write) == Landed::Applied {
            return Ok(taken);
        }
    }
}

fn number(taken: TakenTry) -> u64 {
    match taken.settle() {
        CredentialsWrite::SettleTry { number, .. } => number,
        other => panic!("not a settlement: {other:?}"),
    }
}

#[test]
fn n_parallel_failures_count_n() {
    let store = MemoryStore::in_memory();
    let barrier = Barrier::new(64);
    let numbers: Vec<u64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    number(taken(&store, Lane::Everybody).unwrap())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(numbers.iter().copied().collect::<BTreeSet<_>>(), (1..=64).collect());
    assert_eq!(row(&store, Lane::Everybody).consecutive_failures(), 64);
}

/// ATK-B11: more threads than tries.
#[test]
fn the_budget_is_never_overspent_by_asking_at_once() {
    let store = MemoryStore::in_memory();
    let barrier = Barrier::new(16);
    let spent: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    (0..10).filter(|_| taken(&store, Lane::Everybody).is_ok()).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(u64::try_from(spent).unwrap(), STOPS_AT);
    assert_eq!(row(&store, Lane::Everybody).taken, STOPS_AT);
    assert_eq!(taken(&store, Lane::Everybody), Err(Problem::Stopped));
}

#[test]
fn a_success_settles_only_its_own_try_and_those_before() {
    let store = MemoryStore::in_memory();
    let tries: Vec<TakenTry> = (0..5).map(|_| taken(&store, Lane::Everybody).unwrap()).collect();
    assert_eq!(land(&store, tries[1].settle()), Landed::Applied);
    assert_eq!(row(&store, Lane::Everybody).consecutive_failures(), 3);
    assert_eq!(land(&store, tries[0].settle()), Landed::Applied);
    assert_eq!(row(&store, Lane::Everybody).settled, 2, "an older success takes nothing back");
    assert_eq!(land(&store, tries[4].settle()), Landed::Applied);
    assert_eq!(row(&store, Lane::Everybody).consecutive_failures(), 0);
}

#[test]
fn a_success_does_not_erase_a_newer_stop_and_the_last_try_lifts_its_own() {
    let store = MemoryStore::in_memory();
    let tries: Vec<TakenTry> = (0..STOPS_AT).map(|_| taken(&store, Lane::Everybody).unwrap()).collect();
    assert_eq!(row(&store, Lane::Everybody).stopped_at, Some(at(1)));
    assert_eq!(land(&store, tries[98].settle()), Landed::Applied);
    assert_eq!(row(&store, Lane::Everybody).stopped_at, Some(at(1)));
    assert_eq!(taken(&store, Lane::Everybody), Err(Problem::Stopped));
    assert_eq!(land(&store, tries[99].settle()), Landed::Applied);
    assert_eq!(row(&store, Lane::Everybody).stopped_at, None);
    assert_eq!(number(taken(&store, Lane::Everybody).unwrap()), STOPS_AT + 1);
}

/// PR-12.
#[test]
fn a_flood_in_everybody_s_lane_leaves_a_device_its_tries() {
    let store = MemoryStore::in_memory();
    while taken(&store, Lane::Everybody).is_ok() {}
    assert_eq!(number(taken(&store, DEVICE).unwrap()), 1);
    assert_eq!(row(&store, DEVICE).stopped_at, None);
    let reset = CredentialsWrite::ResetTries { subject: ada(), lane: Lane::Everybody };
    assert_eq!(land(&store, reset), Landed::Applied);
    assert_eq!(row(&store, Lane::Everybody).consecutive_failures(), 0);
    assert_eq!(number(taken(&store, Lane::Everybody).unwrap()), STOPS_AT + 1, "numbers never come back");
    assert_eq!(row(&store, DEVICE).consecutive_failures(), 1, "each lane is reset by itself");
}

#[test]
fn a_try_that_was_read_too_early_or_in_a_stopped_lane_is_refused() {
    let store = MemoryStore::in_memory();
    let (_, stale) = take(ada(), Lane::Everybody, None, at(1)).unwrap();
    let _ = taken(&store, Lane::Everybody).unwrap();
    let refused = Landed::Refused { position: 0, guard: CredentialsGuard::TryNumber };
    assert_eq!(land(&store, stale), refused);
    while taken(&store, Lane::Everybody).is_ok() {}
    let (subject, lane) = (ada(), Lane::Everybody);
    let forged = CredentialsWrite::TakeTry { subject, lane, from: STOPS_AT, at: at(1), stops_at: u64::MAX };
    assert_eq!(land(&store, forged), refused);
}
