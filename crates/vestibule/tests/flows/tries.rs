//! Windows, the challenge, and the hundredth failure.

use core::time::Duration;

use vestibule::SignInRequest;
use vestibule_core::{Audience, Identifier, Secret};
use vestibule_throttle::{ChallengePassed, ThrottlePolicy};

use crate::world::{ADA, RIGHT, WRONG, World};

#[test]
fn a_hundred_failures_stop_the_password_but_not_the_known_device() {
    let (world, _) = World::with_ada();
    let device = world.sign_in(ADA).device.unwrap();
    for _ in 0..100 {
        assert_eq!(world.refused_in(SignInRequest::new(ADA, WRONG)).code(), "password.wrong");
    }
    let stopped = world.refused_in(SignInRequest::new(ADA, RIGHT));
    assert_eq!((stopped.code(), stopped.public().code), ("password.stopped", "sign_in.try_again"));
    assert_eq!(world.found(&stopped), (true, false));

    // PR-12: a stranger's failures do not shut the person's own device out.
    let known = world.sign_in_with(SignInRequest::new(ADA, RIGHT).device(device));
    assert!(known.device.is_none(), "the device is known already");
    assert!(world.authenticate(&known.token).is_ok());
    assert_eq!(world.refused_in(SignInRequest::new(ADA, RIGHT)).code(), "password.stopped");
}

#[test]
fn somebody_elses_device_opens_no_lane() {
    let (world, _) = World::with_ada();
    world.person("eve@example.com");
    let device = world.sign_in("eve@example.com").device.unwrap();
    for _ in 0..100 {
        world.refused_in(SignInRequest::new(ADA, WRONG));
    }
    let request = SignInRequest::new(ADA, RIGHT).device(device);
    assert_eq!(world.refused_in(request).code(), "password.stopped");
    let request = SignInRequest::new(ADA, RIGHT).device(Secret::new("nonsense".to_owned()));
    assert_eq!(world.refused_in(request).code(), "password.stopped");
}

#[test]
fn five_failures_ask_for_a_challenge_which_the_right_password_ends_on_this_device() {
    for login in [ADA, "nobody@example.com"] {
        let world = World::with(ThrottlePolicy::default());
        world.person(ADA);
        for _ in 0..5 {
            assert_ne!(
                world.refused_in(SignInRequest::new(login, WRONG)).code(),
                "throttle.challenge_required"
            );
            world.clock.advance(Duration::from_secs(61));
        }
        let hashes = world.vestibule.hashes_computed();
        let refusal = world.refused_in(SignInRequest::new(login, RIGHT));
        assert_eq!(refusal.code(), "throttle.challenge_required", "{login}");
        assert_eq!(world.found(&refusal), (true, false));
        assert_eq!(world.vestibule.hashes_computed(), hashes, "nothing is compared");
        if login != ADA {
            continue;
        }
        let key = |login| Identifier::parse_login(login).unwrap().key();
        let now = world.vestibule.now();
        let other = ChallengePassed::vouched_by_host(key("eve@example.com"), now);
        let request = SignInRequest::new(ADA, RIGHT).challenge(other);
        assert_eq!(world.refused_in(request).code(), "throttle.challenge_required");

        world.clock.advance(Duration::from_secs(61));
        let passed = ChallengePassed::vouched_by_host(key(ADA), now);
        let device = world.sign_in_with(SignInRequest::new(ADA, RIGHT).challenge(passed)).device.unwrap();
        world.clock.advance(Duration::from_secs(61));
        // N11: no challenge is asked for any more where the right password was typed.
        world.sign_in_with(SignInRequest::new(ADA, RIGHT).device(device));
    }
}

/// PR-6: what a stranger meets does not change when the owner signs in, so it tells neither that the login exists nor
/// that anybody was here.
#[test]
fn a_stranger_s_challenge_does_not_end_when_the_owner_signs_in() {
    let mut met = Vec::new();
    for login in [ADA, "nobody@example.com"] {
        let world = World::with(ThrottlePolicy::default());
        world.person(ADA);
        let home = world.sign_in(ADA).device.unwrap();
        for _ in 0..5 {
            world.refused_in(SignInRequest::new(login, WRONG));
            world.clock.advance(Duration::from_secs(61));
        }
        let key = Identifier::parse_login(ADA).unwrap().key();
        let passed = ChallengePassed::vouched_by_host(key, world.vestibule.now());
        world.sign_in_with(SignInRequest::new(ADA, RIGHT).challenge(passed));
        world.sign_in_with(SignInRequest::new(ADA, RIGHT).device(home));
        met.push(world.refused_in(SignInRequest::new(login, WRONG)).code());
    }
    assert_eq!(met, ["throttle.challenge_required"; 2]);
}

#[test]
fn a_full_window_names_the_instant_at_which_it_ends() {
    let world = World::with(ThrottlePolicy::default());
    world.person(ADA);
    for login in [ADA, "nobody@example.com"] {
        for _ in 0..5 {
            world.refused_in(SignInRequest::new(login, WRONG));
        }
        let hashes = world.vestibule.hashes_computed();
        let refusal = world.refused_in(SignInRequest::new(login, RIGHT));
        assert_eq!((refusal.code(), refusal.public().code), ("throttle.wait", "throttle.wait"));
        assert_eq!(world.vestibule.hashes_computed(), hashes);
        assert_eq!(world.found(&refusal), (true, false));
        let facts: Vec<_> = refusal.facts_for(Audience::Operator).collect();
        let (_, not_before) = facts.iter().find(|(name, _)| *name == "not_before").unwrap();
        assert!(*not_before > world.vestibule.now().to_string().as_str());
        assert!(*not_before <= world.vestibule.now().plus(Duration::from_secs(30)).to_string().as_str());
    }
}
