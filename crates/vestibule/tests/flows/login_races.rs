//! Logins that several want to change at once.

use vestibule::{Authenticated, LoginChange, NewPerson, NoticeKind, RecoveryRequest};
use vestibule_core::LoginEmail;
use vestibule_profiles::ProfilesRead;

use crate::logins::{BOB, HOME, OFFICE, ask, change, code, confirm, freeze, link, waiting, with_two};
use crate::world::{ADA, NEW, World, block_on, rounds};

#[test]
fn the_last_login_is_never_removed_also_when_two_removals_race() {
    for _ in 0..rounds(50) {
        let world = World::new();
        with_two(&world);
        let (one, other) = (world.session(ADA), world.session(HOME));
        let remove =
            |who: &Authenticated, login: &str| code(block_on(world.vestibule.remove_login(who, login)));
        let both = std::thread::scope(|scope| {
            let (one, other) = (scope.spawn(|| remove(&one, ADA)), scope.spawn(|| remove(&other, HOME)));
            [one.join().unwrap(), other.join().unwrap()]
        });
        let won = both.iter().filter(|one| one.is_ok()).count();
        assert_eq!(won, 1, "{both:?}");
        assert!(both.contains(&Err("identifier.last_way_in")), "{both:?}");
    }
}

/// ATK-G4: of those who confirm one address at once, one has it.
#[test]
fn of_two_who_confirm_one_address_one_has_it() {
    for _ in 0..rounds(50) {
        let (world, _) = World::with_ada();
        world.person(BOB);
        let (ada, bob) = (world.session(ADA), world.session(BOB));
        ask(&world, &ada, LoginChange::add(HOME)).unwrap();
        let waiting = block_on(world.vestibule.waiting_messages(None, 1000)).unwrap();
        let first = waiting.messages.into_iter().find_map(|one| one.link).unwrap();
        ask(&world, &bob, LoginChange::add(HOME)).unwrap();
        let waiting = block_on(world.vestibule.waiting_messages(None, 1000)).unwrap();
        let second = waiting
            .messages
            .into_iter()
            .filter_map(|one| one.link)
            .find(|link| link.expose() != first.expose())
            .expect("nobody's request takes another's message its slot");
        let both = std::thread::scope(|scope| {
            let (one, other) = (
                scope.spawn(|| confirm(&world, &ada, &first)),
                scope.spawn(|| confirm(&world, &bob, &second)),
            );
            [one.join().unwrap(), other.join().unwrap()]
        });
        assert_eq!(both.iter().filter(|one| one.is_ok()).count(), 1, "{both:?}");
        assert!(both.contains(&Err("identifier.taken")), "{both:?}");
    }
}

/// The address of a recovery link leaves while the link is redeemed: either it was theirs when the password was set, and
/// every session that could take it away ended with that; or it had left, and set nothing.
#[test]
fn a_recovery_by_an_address_that_leaves_sets_no_password_after_it_has_left() {
    let mut won = [0, 0];
    for _ in 0..rounds(50) {
        let world = World::new();
        with_two(&world);
        let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(HOME))).unwrap();
        let link = link(&world, HOME, NoticeKind::RecoveryLink);
        let who = world.session(ADA);
        let (recovered, removed) = std::thread::scope(|scope| {
            let recovering = scope.spawn(|| code(block_on(world.vestibule.recover(&link, NEW, None))));
            let removing = scope.spawn(|| code(block_on(world.vestibule.remove_login(&who, HOME))));
            (recovering.join().unwrap(), removing.join().unwrap())
        });
        match (recovered, removed) {
            (Ok(()), Err("session.revoked")) => won[0] += 1,
            (Err("checkword.rotated"), Ok(())) => won[1] += 1,
            both => panic!("{both:?}"),
        }
    }
    assert_eq!(won[0] + won[1], rounds(50));
}

/// R18: the mailbox that was given up objects, in the moment in which whoever gave it up has it freed: it is frozen and kept, or
/// it is free, and nobody's profile is frozen any more by it.
#[test]
fn an_address_is_frozen_or_freed_and_never_both() {
    let mut won = [0, 0];
    for _ in 0..rounds(50) {
        let world = World::new();
        let ada = with_two(&world);
        let who = world.session(ADA);
        change(&world, &who, LoginChange::replace(ADA, OFFICE));
        let objection = waiting(&world, ADA, NoticeKind::LoginLeaves).unwrap();
        block_on(world.vestibule.request_login_release(&who, ADA)).unwrap();
        let release = link(&world, ADA, NoticeKind::LoginReleaseLink);
        let (frozen, freed) = std::thread::scope(|scope| {
            let freezing = scope.spawn(|| freeze(&world, &objection));
            let freeing = scope.spawn(|| code(block_on(world.vestibule.release_login(&who, &release))));
            (freezing.join().unwrap(), freeing.join().unwrap())
        });
        let is_frozen = block_on(world.store.profile(ada)).unwrap().unwrap().freeze.is_some();
        let new = NewPerson::verified_by_host(LoginEmail::parse(ADA).unwrap());
        let claimed = code(block_on(world.vestibule.register_verified(new)));
        match (frozen, freed) {
            (Ok(()), Err("session.revoked")) => {
                assert_eq!((is_frozen, claimed), (true, Err("identifier.taken")));
                won[0] += 1;
            }
            (Err("checkword.rotated"), Ok(())) => {
                assert_eq!((is_frozen, claimed), (false, Ok(())));
                won[1] += 1;
            }
            both => panic!("{both:?}"),
        }
    }
    assert_eq!(won[0] + won[1], rounds(50));
}
