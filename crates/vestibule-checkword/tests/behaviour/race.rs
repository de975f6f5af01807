//! What several threads want at the same time.

use std::sync::Barrier;

use vestibule_checkword::Rotation;
use vestibule_checkword::purpose::ALL;

use super::*;

const THREADS: usize = 16;

/// Or as many as `VESTIBULE_RACE_ROUNDS` says.
fn rounds() -> usize {
    std::env::var("VESTIBULE_RACE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(100)
}

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

#[test]
fn of_those_who_redeem_one_link_exactly_one_succeeds() {
    for _ in 0..rounds() {
        let store = MemoryStore::in_memory();
        let link = sent(&node(&store), NOW);
        let answers = together(|_| redeemed(&node(&store), &link, after(1)));
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        let lost = answers.into_iter().filter_map(Result::err);
        assert!(lost.into_iter().all(|problem| problem == Problem::Used { at: after(1) }));
    }
}

#[test]
fn of_those_who_ask_at_once_exactly_one_sends() {
    for _ in 0..rounds() {
        let store = MemoryStore::in_memory();
        let sent: Vec<_> = together(|_| ask(&node(&store), &wanted(), NOW)).into_iter().flatten().collect();
        assert_eq!(sent.len(), 1);
        let _ = redeemed(&node(&store), &sent[0].0, after(1)).unwrap();
    }
}

#[test]
fn beside_a_newer_link_the_old_one_succeeds_before_or_never() {
    for _ in 0..rounds() {
        let store = MemoryStore::in_memory();
        let old = sent(&node(&store), NOW);
        let now = after(40);
        let proofs: Vec<_> = together(|n| match n {
            0 => {
                sent(&node(&store), now);
                None
            }
            _ => redeemed(&node(&store), &old, now).ok(),
        });
        let used = proofs.into_iter().flatten().count();
        assert!(used <= 1);
        let told = if used == 1 { Problem::Used { at: now } } else { Problem::Superseded { at: now } };
        assert_eq!(inspected(&node(&store), &old, now), Err(told));
    }
}

#[test]
fn a_change_beats_whatever_happens_beside_it() {
    for _ in 0..rounds() {
        let store = MemoryStore::in_memory();
        let link = sent(&node(&store), NOW);
        let proofs = together(|n| match n {
            0 => {
                block_on(node(&store).rotate(ada(), ALL, Rotation::LoginChanged, after(1))).unwrap();
                None
            }
            _ => redeemed(&node(&store), &link, after(1)).ok(),
        });
        let used = proofs.into_iter().flatten().count();
        assert!(used <= 1);
        let told = inspected(&node(&store), &link, after(1)).unwrap_err();
        let rotated = Problem::Rotated { at: after(1), by: Rotation::LoginChanged };
        assert_eq!(told, if used == 1 { Problem::Used { at: after(1) } } else { rotated });
    }
}

#[test]
fn of_those_who_type_one_code_exactly_one_succeeds() {
    for _ in 0..rounds() {
        let store = MemoryStore::in_memory();
        let (ticket, code) = code::sent(&node(&store), NOW);
        let answers = together(|_| code::typed(&node(&store), &ticket, &code, NOW));
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        let lost = answers.into_iter().filter_map(Result::err);
        let told = |problem| matches!(problem, Problem::Used { .. } | Problem::CodeSpent);
        assert!(lost.into_iter().all(told));
    }
}

#[test]
fn of_those_who_guess_at_once_five_are_looked_at() {
    for _ in 0..rounds() {
        let store = MemoryStore::in_memory();
        let (ticket, code) = code::sent(&node(&store), NOW);
        let answers =
            together(|_| code::typed(&node(&store), &ticket, &code::wrong(&code), NOW).unwrap_err());
        let looked_at = |answer: &&Problem| matches!(answer, Problem::CodeWrong);
        assert_eq!(answers.iter().filter(looked_at).count(), 5);
        assert_eq!(answers.iter().filter(|answer| **answer == Problem::CodeSpent).count(), THREADS - 5);
    }
}
