//! Races around the second factor: one code, one recovery code, two of them, a new set, a reset.

use std::sync::Barrier;

use vestibule::{Enrolling, FactorAnswer, NextStep, PendingSignIn, TurnFactorOff};
use vestibule_core::Secret;
use vestibule_journal::{EventActor, EventKind, JournalRead};
use vestibule_mfa::{AuthenticatorName, MfaRead};

use crate::app::{App, code_of, login};
use crate::factor_reset::{asked_by_two, begun, recovered_with_a_phone};
use crate::world::{ADA, RIGHT, World, block_on, both, reason, rounds};

const RACERS: usize = 8;

fn ada() -> (World, App, Vec<String>) {
    let (world, _) = World::with_ada();
    let (app, codes, _) = world.enrol(ADA);
    (world, app, codes)
}

/// How many of these answers sign in when all of them come at once.
fn winners(world: &World, pending: &PendingSignIn, answers: Vec<FactorAnswer>) -> usize {
    let barrier = Barrier::new(answers.len());
    std::thread::scope(|scope| {
        let racers: Vec<_> = answers
            .into_iter()
            .map(|answer| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    match block_on(world.vestibule.complete_sign_in(&pending.token, answer, None)) {
                        Ok(_) => 1,
                        Err(failure) => {
                            assert!(failure.refused().is_some(), "{failure:?}");
                            0
                        }
                    }
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    })
}

/// PR-7.
#[test]
fn of_sixteen_who_bring_one_code_exactly_one_is_let_in() {
    let (world, app, _) = ada();
    for _ in 0..rounds(12) {
        world.next_step();
        let pending = world.pending(login(ADA));
        let answers = (0..RACERS * 2).map(|_| app.answer(world.now(), 0)).collect();
        assert_eq!(winners(&world, &pending, answers), 1);
    }
}

/// PR-7.
#[test]
fn of_many_who_bring_one_recovery_code_exactly_one_is_let_in_and_two_different_ones_both() {
    for _ in 0..rounds(4) {
        let (world, _, codes) = ada();
        let pending = world.pending(login(ADA));
        let (one, other) = (codes[0].clone(), codes[1].clone());
        let mut answers: Vec<_> = (0..RACERS).map(|_| FactorAnswer::recovery_code(one.clone())).collect();
        answers.extend((0..RACERS).map(|_| FactorAnswer::recovery_code(other.clone())));
        assert_eq!(winners(&world, &pending, answers), 2);
    }
}

#[test]
fn a_new_set_and_an_old_code_never_both_leave_the_old_one_live() {
    for _ in 0..rounds(12) {
        let (world, _) = World::with_ada();
        let (_, codes, who) = world.enrol(ADA);
        let pending = world.pending(login(ADA));
        let barrier = Barrier::new(2);
        let sheet = std::thread::scope(|scope| {
            let (world, barrier, who) = (&world, &barrier, &who);
            let renewing = scope.spawn(move || {
                barrier.wait();
                block_on(world.vestibule.renew_recovery_codes(who)).unwrap()
            });
            let (pending, code) = (&pending, codes[0].clone());
            scope.spawn(move || {
                barrier.wait();
                let answer = FactorAnswer::recovery_code(code);
                let _ = block_on(world.vestibule.complete_sign_in(&pending.token, answer, None));
            });
            renewing.join().unwrap()
        });
        for code in &codes {
            let old = FactorAnswer::recovery_code(code.clone());
            assert_eq!(winners(&world, &pending, vec![old]), 0, "a code of the old set");
        }
        let new = FactorAnswer::recovery_code(sheet.codes()[0].render());
        assert_eq!(winners(&world, &pending, vec![new]), 1, "the new set is whole");
    }
}

#[test]
fn a_reset_and_a_sign_in_with_the_old_factor_never_leave_a_session_of_it() {
    for _ in 0..rounds(12) {
        let (world, subject) = World::with_ada();
        let (app, ..) = world.enrol(ADA);
        world.next_step();
        let pending = world.pending(login(ADA));
        let barrier = Barrier::new(2);
        let token: Option<Secret<String>> = std::thread::scope(|scope| {
            let (world, barrier, pending) = (&world, &barrier, &pending);
            let answer = app.answer(world.now(), 0);
            let signing = scope.spawn(move || {
                barrier.wait();
                world.complete(pending, answer).ok().map(|signed_in| signed_in.token)
            });
            scope.spawn(move || {
                barrier.wait();
                block_on(world.vestibule.reset_factor(&reason(), subject)).unwrap();
            });
            signing.join().unwrap()
        });
        if let Some(token) = token {
            assert_eq!(world.dead(&token), "session.revoked");
        }
        assert_eq!(world.pending(login(ADA)).next, NextStep::SetUp);
    }
}

#[test]
fn of_two_who_begin_one_reset_by_two_kinds_of_address_the_other_hears_that_it_waits() {
    for _ in 0..rounds(12) {
        let (world, pending) = recovered_with_a_phone();
        let (link, ticket, code) = asked_by_two(&world, &pending);
        let begin = || {
            let begun = world.vestibule.begin_factor_reset_by_two(&pending.token, &link, &ticket, &code);
            block_on(begun).map_err(|failure| failure.refused().unwrap().code())
        };
        let (one, other) = both(begin, begin);
        assert!(one.is_ok() != other.is_ok());
        assert_eq!(one.err().or(other.err()), Some("factor.reset_waits"));
    }
}

/// What ends a reset at the same time leaves nothing to keep: then no code is used up for it.
#[test]
fn a_factor_is_kept_by_a_code_only_where_that_is_what_stopped_the_reset() {
    for _ in 0..rounds(24) {
        let (world, app, _) = begun();
        world.next_step();
        let answer = app.answer(world.now(), 0);
        let subject = world.pending(login(ADA)).subject;
        let (kept, blocked) = both(
            || block_on(world.vestibule.keep_factor_by_code(ADA, answer, None, None)),
            || block_on(world.vestibule.block(&reason(), subject, None)),
        );
        blocked.unwrap();
        if kept.is_err() {
            assert_eq!(code_of(kept), "factor.keep_refused");
            block_on(world.vestibule.unblock(&reason(), subject)).unwrap();
            world.complete(&world.pending(login(ADA)), app.answer(world.now(), 0)).expect("it was not used");
            continue;
        }
        let events = block_on(world.store.events_of_subject(subject, None, 1000)).unwrap();
        let stopped: Vec<_> =
            events.iter().filter(|event| event.kind == EventKind::FACTOR_RESET_STOPPED).collect();
        assert_eq!(stopped.len(), 1);
        assert_eq!(stopped[0].actor, EventActor::Person(subject));
    }
}

#[test]
fn an_authenticator_that_is_begun_does_not_outlive_the_end_of_the_factor() {
    for round in 0..rounds(24) {
        let (world, subject) = World::with_ada();
        let (_, _, who) = world.enrol(ADA);
        let name = AuthenticatorName::parse("tablet").unwrap();
        let (begun, ()) = both(
            || block_on(world.vestibule.begin_authenticator(Enrolling::Session(&who), &name)),
            || match round % 2 {
                0 => block_on(world.vestibule.reset_factor(&reason(), subject)).unwrap(),
                _ => {
                    let by = TurnFactorOff::by_password(RIGHT);
                    let _ = block_on(world.vestibule.turn_factor_off(&who, by)).unwrap();
                }
            },
        );
        if begun.is_err() {
            assert_eq!(code_of(begun), "session.revoked");
        }
        assert_eq!(block_on(world.store.authenticators(subject)).unwrap(), []);
    }
}
