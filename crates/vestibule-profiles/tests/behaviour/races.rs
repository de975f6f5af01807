//! Many at once: what is counted stays true, and losers are told the true reason.

use std::sync::Barrier;
use std::thread;

use vestibule_core::{AccountId, Failure, SubjectId};
use vestibule_profiles::{
    Account, AccountPolicy, AccountState, ActingAs, Membership, Move, NewAccount, NewMember, Problem,
    Profile, Profiles, ProfilesRead, ProfilesWrite, Standing, Status,
};

use super::{World, account_id, at, block_on, login, person, policy, refusal, role};

/// Runs one closure per item at the same moment.
fn at_once<T: Sync, R: Send>(items: &[T], run: impl Fn(usize, &T) -> R + Sync) -> Vec<R> {
    let barrier = Barrier::new(items.len());
    thread::scope(|scope| {
        let (barrier, run) = (&barrier, &run);
        let threads: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(number, item)| {
                scope.spawn(move || {
                    barrier.wait();
                    run(number, item)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// An account whose administrators are these, and whose primary administrator is none of them: as after an import. Only
/// so can the last one be in question.
fn orphaned(world: &World, administrators: &[SubjectId]) -> AccountId {
    let account = account_id("acme");
    let count = u32::try_from(administrators.len()).unwrap();
    let mut writes = vec![ProfilesWrite::CreateAccount {
        account: Account {
            account,
            name: "acme".into(),
            state: AccountState::Open,
            primary: person("gone"),
            seats: count,
            administrators: count,
            policy: policy(),
            settings_version: 1,
            created_at: at(0),
        },
    }];
    for subject in administrators {
        let profile = Profile { live_memberships: 1, identifiers: 1, ..Profile::new(*subject, at(0)) };
        writes.push(ProfilesWrite::CreateProfile { profile });
        writes.push(ProfilesWrite::AddMembership {
            membership: Membership {
                account,
                subject: *subject,
                standing: Standing {
                    status: Status::Active,
                    role: role("worker"),
                    administers: true,
                    since: at(0),
                    moved_by: None,
                    exempt_until: None,
                },
                contact: None,
                joined_at: at(0),
                version: 1,
                epoch: 1,
                wrong_secret_at: None,
            },
        });
    }
    assert_eq!(world.commit(&world.batch(writes)).refused(), None);
    account
}

fn counts_are_true(world: &World, account: AccountId) {
    assert_eq!(world.account(account).administrators, world.active_administrators(account));
    assert_eq!(world.account(account).seats, world.active(account));
    assert!(world.active_administrators(account) >= 1, "PR-8");
}

fn one_lands(results: Vec<Result<(), Failure<Problem>>>) -> Problem {
    let (landed, mut refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!((landed.len(), refused.len()), (1, 1), "{refused:?}");
    refusal(refused.remove(0))
}

/// PR-8.
#[test]
fn of_two_administrators_who_dismiss_each_other_one_is_left() {
    for round in 0..200 {
        let world = World::new();
        let both = [person("ada"), person("ben")];
        let account = orphaned(&world, &both);
        let results = at_once(&both, |number, own| {
            let other = both[1 - number];
            block_on(world.profiles.move_member(ActingAs::Member(*own), account, other, Move::Dismiss, at(5)))
        });
        // The loser is dismissed already: they may nothing any more.
        let problem = one_lands(results);
        assert!(matches!(problem, Problem::NotPermitted { .. }), "{round}: {problem:?}");
        assert_eq!(world.active_administrators(account), 1);
        counts_are_true(&world, account);
    }
}

/// PR-8.
#[test]
fn of_two_administrators_who_demote_each_other_one_is_left() {
    for round in 0..200 {
        let world = World::new();
        let both = [person("ada"), person("ben")];
        let account = orphaned(&world, &both);
        let results = at_once(&both, |number, own| {
            let other = both[1 - number];
            let by = ActingAs::Member(*own);
            block_on(world.profiles.change_role(by, account, other, role("worker"), false, at(5)))
        });
        let problem = one_lands(results);
        assert!(matches!(problem, Problem::NotPermitted { .. }), "{round}: {problem:?}");
        assert_eq!(world.active_administrators(account), 1);
        counts_are_true(&world, account);
    }
}

/// PR-8: nothing but the counter stands between these two.
#[test]
fn the_operator_cannot_remove_both_last_administrators_at_once() {
    for round in 0..200 {
        let world = World::new();
        let both = [person("ada"), person("ben")];
        let account = orphaned(&world, &both);
        let results = at_once(&both, |number, own| {
            let by = ActingAs::Operator;
            if number == 0 {
                block_on(world.profiles.move_member(by, account, *own, Move::Dismiss, at(5)))
            } else {
                block_on(world.profiles.change_role(by, account, *own, role("worker"), false, at(5)))
            }
        });
        assert_eq!(one_lands(results), Problem::LastAdministrator, "{round}");
        counts_are_true(&world, account);
    }
}

/// PR-8.
#[test]
fn of_a_ring_of_administrators_at_least_one_is_left() {
    for _ in 0..50 {
        let world = World::new();
        let ring: Vec<SubjectId> = (0..8).map(|number| person(&format!("person-{number}"))).collect();
        let account = orphaned(&world, &ring);
        let results = at_once(&ring, |number, own| {
            let next = ring[(number + 1) % ring.len()];
            block_on(world.profiles.move_member(ActingAs::Member(*own), account, next, Move::Dismiss, at(5)))
        });
        let dismissed = results.iter().filter(|result| result.is_ok()).count();
        assert!((1..=7).contains(&dismissed), "{dismissed}");
        assert_eq!(world.active(account), 8 - u32::try_from(dismissed).unwrap());
        counts_are_true(&world, account);
    }
}

/// ATK-E8, U-31: a seat is taken at activation, on whichever way.
#[test]
fn seats_are_never_oversold() {
    for _ in 0..20 {
        let world = World::new();
        let mut limited = policy();
        let founder = world.register("founder");
        let account = world.open_with("acme", founder, limited.clone());
        let people: Vec<SubjectId> =
            (0..16).map(|number| world.register(&format!("person-{number}"))).collect();
        let operator = ActingAs::Operator;
        for (number, subject) in people.iter().enumerate() {
            match number % 3 {
                0 => {}
                1 => world.add(account, NewMember::awaiting_approval(*subject, role("worker"))).unwrap(),
                _ => {
                    world.add(account, NewMember::active(*subject, role("worker"))).unwrap();
                    let dismissal =
                        world.profiles.move_member(operator, account, *subject, Move::Dismiss, at(3));
                    block_on(dismissal).unwrap();
                }
            }
        }
        limited.seat_limit = Some(5);
        block_on(world.profiles.edit_policy(operator, account, limited, at(4))).unwrap();

        let results = at_once(&people, |number, subject| match number % 3 {
            0 => world.add(account, NewMember::active(*subject, role("worker"))),
            1 => block_on(world.profiles.move_member(operator, account, *subject, Move::Approve, at(5))),
            _ => block_on(world.profiles.move_member(operator, account, *subject, Move::Reinstate, at(5))),
        });
        // The founder has one of the five.
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 4);
        for result in results.into_iter().filter(Result::is_err) {
            assert_eq!(refusal(result), Problem::SeatLimit);
        }
        assert_eq!((world.account(account).seats, world.active(account)), (5, 5));
    }
}

/// PR-1.
#[test]
fn one_of_many_registers_an_address_and_the_others_leave_nothing_behind() {
    for _ in 0..50 {
        let world = World::new();
        let people: Vec<SubjectId> = (0..8).map(|number| person(&format!("person-{number}"))).collect();
        let results = at_once(&people, |number, subject| {
            let typed = if number % 2 == 0 { "Ada@Example.com" } else { "ada@example.com" };
            let identifiers = vec![login(&format!("own-{number}@example.com")), login(typed)];
            block_on(world.profiles.register_verified(*subject, identifiers, at(0)))
        });
        let mut winners = 0;
        for (number, (subject, result)) in people.iter().zip(results).enumerate() {
            let own = login(&format!("own-{number}@example.com"));
            let owner = block_on(world.store.identifier_owner(own.kind(), own.key())).unwrap();
            if result.is_ok() {
                winners += 1;
                assert_eq!(world.profile(*subject).unwrap().identifiers, 2);
                let shared = login("ada@example.com");
                let holder = block_on(world.store.identifier_owner(shared.kind(), shared.key())).unwrap();
                assert_eq!(holder.unwrap().subject, *subject);
                assert_eq!(owner.unwrap().subject, *subject);
            } else {
                assert_eq!(refusal(result), Problem::IdentifierTaken);
                assert_eq!(owner, None);
                assert_eq!(world.rows_naming(subject.as_bytes()), []);
            }
        }
        assert_eq!(winners, 1);
    }
}

#[test]
fn nobody_creates_more_accounts_than_allowed_by_asking_at_once() {
    for _ in 0..20 {
        let mut world = World::new();
        world.profiles = Profiles::new(world.store.clone(), super::SystemEntropy).accounts_at_most(3);
        let founder = world.register("founder");
        let names: Vec<AccountId> = (0..12).map(|number| account_id(&format!("account-{number}"))).collect();
        let results = at_once(&names, |_, name| {
            let new = NewAccount::new(*name, "x", role("worker"));
            block_on(world.profiles.create_account(founder, new, at(1)))
        });
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3);
        for result in results.into_iter().filter(Result::is_err) {
            assert_eq!(refusal(result), Problem::AccountLimit);
        }
        let profile = world.profile(founder).unwrap();
        assert_eq!((profile.created_accounts, profile.live_memberships), (3, 3));
        let rows = names.iter().filter(|name| block_on(world.store.account(**name)).unwrap().is_some());
        assert_eq!(rows.count(), 3);
    }
}

#[test]
fn one_of_many_takes_an_account_s_id_and_the_others_are_counted_nothing() {
    for _ in 0..20 {
        let world = World::new();
        let people: Vec<SubjectId> =
            (0..8).map(|number| world.register(&format!("person-{number}"))).collect();
        let results = at_once(&people, |_, subject| {
            let new = NewAccount::new(account_id("acme"), "x", role("worker")).policy(AccountPolicy::new());
            block_on(world.profiles.create_account(*subject, new, at(1)))
        });
        let mut winners = 0;
        for (subject, result) in people.iter().zip(results) {
            let profile = world.profile(*subject).unwrap();
            if result.is_ok() {
                winners += 1;
                assert_eq!(world.account(account_id("acme")).primary, *subject);
                assert_eq!((profile.created_accounts, profile.live_memberships), (1, 1));
            } else {
                assert_eq!(refusal(result), Problem::AccountTaken);
                assert_eq!((profile.created_accounts, profile.live_memberships), (0, 0));
            }
        }
        assert_eq!(winners, 1);
        counts_are_true(&world, account_id("acme"));
    }
}
