//! Changing a password, of one's own accord and because one must.

use core::time::Duration;

use vestibule::{Authenticated, ChangePermit, SignIn, SignInRequest};
use vestibule_core::{Audience, SubjectId};
use vestibule_credentials::{CredentialsRead, Lane, Tries};
use vestibule_profiles::NewAccount;

use crate::world::{ADA, NEW, RIGHT, WRONG, World, block_on, reason, role};

/// In the lane of the session itself: what strangers do at the door does not count here.
fn failures(world: &World, who: &Authenticated) -> u64 {
    let tries = block_on(world.store.tries(who.subject(), Lane::Device(who.session()))).unwrap();
    tries.as_ref().map_or(0, Tries::consecutive_failures)
}

#[test]
fn a_change_ends_every_session_and_the_acting_one_goes_on_under_a_new_token() {
    let (world, _) = World::with_ada();
    let (acting, other) = (world.sign_in(ADA), world.sign_in(ADA));
    let who = world.authenticate(&acting.token).unwrap();
    let token = block_on(world.vestibule.change_password(&who, RIGHT, NEW)).unwrap();

    let _ = (world.dead(&acting.token), world.dead(&other.token));
    let now = world.authenticate(&token).unwrap();
    assert_eq!(now.subject(), acting.subject);
    assert_eq!(block_on(world.vestibule.list_sessions(&now)).unwrap().len(), 1);
    assert_eq!(world.refused_in(SignInRequest::new(ADA, RIGHT)).code(), "password.wrong");
    world.sign_in_with(SignInRequest::new(ADA, NEW));
    // The session of before the change changes nothing any more.
    let again = block_on(world.vestibule.change_password(&who, NEW, RIGHT));
    assert_eq!(crate::world::refused(again).code(), "session.revoked");
    world.sign_in_with(SignInRequest::new(ADA, NEW));
}

#[test]
fn a_wrong_present_password_is_refused_and_counted() {
    let (world, _) = World::with_ada();
    let signed_in = world.sign_in(ADA);
    let who = world.authenticate(&signed_in.token).unwrap();
    assert_eq!(failures(&world, &who), 0);
    assert_eq!(world.told(block_on(world.vestibule.change_password(&who, WRONG, NEW))), "password.wrong");
    assert_eq!(failures(&world, &who), 1);
    assert!(world.authenticate(&signed_in.token).is_ok());
    world.sign_in(ADA);
}

#[test]
fn a_rejected_new_password_burns_nothing() {
    let (world, _) = World::with_ada();
    let signed_in = world.sign_in(ADA);
    let who = world.authenticate(&signed_in.token).unwrap();
    for bad in ["short", "password1234567", ADA] {
        let refused = block_on(world.vestibule.change_password(&who, RIGHT, bad));
        assert_eq!(world.told(refused), "password.rejected", "{bad}");
    }
    assert_eq!(failures(&world, &who), 0);
    assert!(world.authenticate(&signed_in.token).is_ok());
    world.sign_in(ADA);
}

#[test]
fn a_hundred_wrong_present_passwords_stop_the_change_too() {
    let (world, _) = World::with_ada();
    let who = world.session(ADA);
    for _ in 0..100 {
        let wrong = crate::world::refused(block_on(world.vestibule.change_password(&who, WRONG, NEW)));
        assert_eq!(wrong.code(), "password.wrong");
    }
    let right = crate::world::refused(block_on(world.vestibule.change_password(&who, RIGHT, NEW)));
    assert_eq!(right.code(), "password.stopped");
}

fn must_change(world: &World, ada: SubjectId) -> ChangePermit {
    block_on(world.vestibule.require_password_change(&reason(), ada)).unwrap();
    match world.try_in(SignInRequest::new(ADA, RIGHT)).unwrap() {
        SignIn::PasswordChangeNeeded { proof, because } => {
            assert_eq!(world.found(&because), (false, true));
            proof
        }
        SignIn::FactorNeeded(_) | SignIn::SignedIn(_) => {
            panic!("a password good for one change only opened more")
        }
    }
}

#[test]
fn a_marked_password_is_good_for_one_change_within_ten_minutes() {
    let (world, ada) = World::with_ada();
    let proof = must_change(&world, ada);
    world.clock.advance(Duration::from_secs(599));
    block_on(world.vestibule.replace_password(proof, NEW)).unwrap();
    assert_eq!(world.refused_in(SignInRequest::new(ADA, RIGHT)).code(), "password.wrong");
    world.sign_in_with(SignInRequest::new(ADA, NEW));
}

#[test]
fn a_proof_is_good_for_nothing_after_ten_minutes() {
    let (world, ada) = World::with_ada();
    let proof = must_change(&world, ada);
    world.clock.advance(Duration::from_secs(601));
    assert_eq!(world.told(block_on(world.vestibule.replace_password(proof, NEW))), "password.wrong");
    assert_eq!(world.refused_in(SignInRequest::new(ADA, NEW)).code(), "password.wrong");
    let _ = must_change(&world, ada);
}

#[test]
fn a_second_proof_is_good_for_nothing_once_the_first_was_used() {
    let (world, ada) = World::with_ada();
    let (first, second) = (must_change(&world, ada), must_change(&world, ada));
    block_on(world.vestibule.replace_password(first, NEW)).unwrap();
    let again = world.told(block_on(world.vestibule.replace_password(second, "twelve herons on a wire")));
    assert_eq!(again, "password.wrong");
    world.sign_in_with(SignInRequest::new(ADA, NEW));
}

/// The operator keeps a person out: a proof from before the block sets no password.
#[test]
fn a_proof_of_before_a_block_signs_nobody_in() {
    let (world, ada) = World::with_ada();
    let proof = must_change(&world, ada);
    block_on(world.vestibule.block(&reason(), ada, None)).unwrap();
    let _ = block_on(world.vestibule.replace_password(proof, NEW));
    for password in [RIGHT, NEW] {
        assert!(world.try_in(SignInRequest::new(ADA, password)).is_err());
    }
}

/// Guessing the present password in a stolen session meets the windows that guessing at the door meets (U-14).
#[test]
fn guessing_at_the_present_password_meets_windows() {
    let world = World::with(vestibule_throttle::ThrottlePolicy::default());
    world.person(ADA);
    let who = world.authenticate(&world.sign_in(ADA).token).unwrap();
    let change = |present: &str| block_on(world.vestibule.change_password(&who, present, NEW));
    for _ in 0..5 {
        assert_eq!(world.told(change(WRONG)), "password.wrong");
    }
    assert_eq!(world.told(change(RIGHT)), "throttle.wait", "also with the right one");
    world.clock.advance(Duration::from_secs(60));
    let _ = change(RIGHT).unwrap();
}

/// What anybody who knows the person would try first is no password, however it is decorated.
#[test]
fn ones_own_address_the_product_and_the_names_of_ones_accounts_are_no_passwords() {
    let (world, _) = World::with_ada();
    let who = world.session(ADA);
    let named = |id: u64, name| NewAccount::new(id.into(), name, role());
    block_on(world.vestibule.create_account(&who, named(1, "Bluebird Logistics"))).unwrap();
    let change = |new: &str| {
        let who = world.session(ADA);
        block_on(world.vestibule.change_password(&who, RIGHT, new)).map(drop).map_err(|failure| {
            let refusal = failure.refused().unwrap().clone();
            let facts = refusal.facts_for(Audience::Visitor).map(|(_, value)| value.to_owned());
            (refusal.code(), facts.collect::<Vec<_>>())
        })
    };
    for (new, of) in [
        ("bluebird-logistics-bluebird", "Account"),
        ("Bluebird Logistics 2026!", "Account"),
        ("ada@example.com1", "Address"),
    ] {
        let (code, facts) = change(new).unwrap_err();
        assert_eq!(code, "password.rejected", "{new}");
        assert!(facts.iter().any(|value| value.contains(of)), "{new}: {facts:?}");
    }
    assert_eq!(change("bluebirds rent out no harps"), Ok(()));
}

/// The same of somebody else's account, whose name they may not know.
#[test]
fn the_name_of_an_account_that_one_is_not_in_is_a_password_as_any_other() {
    let (world, _) = World::with_ada();
    let bob = world.person("bob@example.com");
    let named = NewAccount::new(1.into(), "Bluebird Logistics", role());
    block_on(world.vestibule.create_account(&world.session(ADA), named)).unwrap();
    let who = world.session("bob@example.com");
    assert_eq!(who.subject(), bob);
    assert!(block_on(world.vestibule.change_password(&who, RIGHT, "bluebird-logistics-bluebird")).is_ok());
}
