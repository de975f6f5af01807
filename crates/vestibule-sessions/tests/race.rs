//! What several threads want at the same time.

#![cfg(test)]

mod common;

use std::sync::Barrier;

use common::*;
use vestibule_core::kv::MemoryKv;
use vestibule_core::{ErrorKind, Failure, MemoryStore};
use vestibule_sessions::decide::ReissueRequest;
use vestibule_sessions::{NewSession, Problem, SessionPolicy};

const THREADS: usize = 8;
const ROUNDS: usize = 30;

/// What each thread made of it, all having begun together.
fn together<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        let (barrier, work) = (&barrier, &work);
        let racers: Vec<_> = (0..THREADS)
            .map(|n| {
                scope.spawn(move || {
                    barrier.wait();
                    work(n)
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    })
}

fn rows(store: &MemoryStore) -> usize {
    let kv: &MemoryKv = store.kv();
    kv.dump().len()
}

#[test]
fn the_cap_holds_and_every_session_is_in_the_list_or_was_evicted() {
    const CAP: u16 = 4;
    let policy = SessionPolicy::default().with_sessions_at_most(CAP).unwrap();
    for _ in 0..ROUNDS {
        let store = MemoryStore::in_memory();
        let made: Vec<Vec<NewSession>> = together(|_| {
            let node = node(&store).with_policy(policy);
            (0..5)
                .filter_map(|_| match block_on(node.open(&request(NOW), NOW)) {
                    Ok(new) => Some(new),
                    // Eight times in a row somebody else was faster: nothing was made.
                    Err(Failure::Fault(fault)) if fault.kind() == ErrorKind::Busy => None,
                    Err(other) => panic!("{other:?}"),
                })
                .collect()
        });
        let made: Vec<NewSession> = made.into_iter().flatten().collect();
        assert!(made.len() >= usize::from(CAP));
        assert_eq!(rows(&store), 2 * usize::from(CAP), "rows and tokens, none left over");
        let node = node(&store);
        let live = made.iter().filter(|new| use_it(&node, &text(new), &standing(), NOW).is_ok()).count();
        let evicted = made.iter().filter(|new| new.evicted.is_some()).count();
        assert_eq!((live, evicted), (usize::from(CAP), made.len() - usize::from(CAP)));
    }
}

#[test]
fn of_those_who_re_issue_one_session_exactly_one_succeeds() {
    for _ in 0..ROUNDS {
        let store = MemoryStore::in_memory();
        let token = text(&open(&node(&store), NOW));
        let used = use_it(&node(&store), &token, &standing(), NOW).unwrap();
        let answers = together(|_| block_on(node(&store).reissue(&used, &ReissueRequest::new(EPOCH), NOW)));
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        assert!(lost.into_iter().all(|answer| refusal(answer) == Problem::Unknown));
        assert_eq!(refusal(block_on(node(&store).find(&token))), Problem::Unknown);
        assert_eq!(rows(&store), 2);
    }
}

#[test]
fn sign_out_beats_whatever_happens_beside_it() {
    for _ in 0..ROUNDS {
        let store = MemoryStore::in_memory();
        let new = open(&node(&store), NOW);
        let token = text(&new);
        let later = NOW.plus(new.session.idle / 2);
        together(|n| {
            let node = node(&store);
            if n == 0 {
                block_on(node.end(ada(), new.session.handle, later)).unwrap();
            } else {
                // Used before or after: a use neither fails the sign-out nor brings anything back.
                let _ = use_it(&node, &token, &standing(), later);
            }
        });
        assert_eq!(refusal(block_on(node(&store).find(&token))), Problem::Unknown);
        assert_eq!(rows(&store), 0);
    }
}
