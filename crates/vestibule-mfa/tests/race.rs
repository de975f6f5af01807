//! What several threads want at the same time (PR-7).

#![cfg(test)]

mod common;

use std::sync::Barrier;

use common::*;
use vestibule_core::MemoryStore;
use vestibule_mfa::{Problem, RecoveryCodes, Totp};

const THREADS: usize = 16;

/// Or as many as `VESTIBULE_RACE_ROUNDS` says.
fn rounds() -> usize {
    std::env::var("VESTIBULE_RACE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(30)
}

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
fn one_code_is_accepted_once() {
    for _ in 0..rounds() {
        let store = MemoryStore::in_memory();
        let (app, _) = enrol(&node(&store));
        let answers = together(|_| block_on(node(&store).verify(&Totp, ada(), &app.code(NOW, 0), NOW)));
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        assert!(lost.into_iter().all(|answer| refusal(answer) == Problem::Replayed));
    }
}

#[test]
fn one_recovery_code_works_once_and_different_ones_all_work() {
    for _ in 0..rounds() {
        let store = MemoryStore::in_memory();
        let sheet = enrol(&node(&store)).1.unwrap();
        let same = together(|_| {
            block_on(node(&store).verify(&RecoveryCodes, ada(), &sheet.codes()[0].render(), NOW)).is_ok()
        });
        assert_eq!(same.iter().filter(|won| **won).count(), 1);
        // The nine others, and some of them by two who come at once.
        let others = &sheet.codes()[1..];
        let each = together(|n| {
            let code = others[n % others.len()].render();
            (n % others.len(), block_on(node(&store).verify(&RecoveryCodes, ada(), &code, NOW)).is_ok())
        });
        for other in 0..others.len() {
            assert_eq!(each.iter().filter(|(code, won)| *code == other && *won).count(), 1);
        }
        assert_eq!(block_on(node(&store).count_codes(ada())).unwrap(), 10);
    }
}

#[test]
fn one_enrolment_is_confirmed_once() {
    for _ in 0..rounds() {
        let store = MemoryStore::in_memory();
        let app = begin(&node(&store), NOW);
        let answers =
            together(|_| block_on(node(&store).confirm(ada(), app.id, &app.code(NOW, 0), NOW)).is_ok());
        assert_eq!(answers.into_iter().filter(|won| *won).count(), 1);
    }
}
