//! The operator's block, and its end.

use core::time::Duration;

use vestibule::{Reason, SignInRequest};
use vestibule_core::Audience;

use crate::world::{ADA, RIGHT, WRONG, World, block_on, reason};

#[test]
fn a_blocked_person_is_told_so_with_the_right_secret_only() {
    let (world, ada) = World::with_ada();
    let session = world.sign_in(ADA);
    block_on(world.vestibule.block(&reason(), ada, None)).unwrap();

    let wrong = world.refused_in(SignInRequest::new(ADA, WRONG));
    assert_eq!((wrong.code(), wrong.public().code), ("password.wrong", "sign_in.try_again"));
    let right = world.refused_in(SignInRequest::new(ADA, RIGHT));
    assert_eq!((right.code(), right.public().code), ("profile.blocked", "profile.blocked"));
    assert_eq!(world.found(&right), (false, true));
    let _ = world.dead(&session.token);

    block_on(world.vestibule.unblock(&reason(), ada)).unwrap();
    world.sign_in(ADA);
    let _ = world.dead(&session.token);
}

#[test]
fn a_block_with_an_end_says_when_and_ends_by_itself() {
    let (world, ada) = World::with_ada();
    let until = world.vestibule.now().plus(Duration::from_secs(3600));
    block_on(world.vestibule.block(&reason(), ada, Some(until))).unwrap();

    let refusal = world.refused_in(SignInRequest::new(ADA, RIGHT));
    assert_eq!(refusal.code(), "profile.blocked_until");
    let facts: Vec<_> = refusal.facts_for(Audience::Visitor).collect();
    assert_eq!(facts, [("until", until.to_string().as_str())]);
    assert_eq!(world.found(&refusal), (false, true));

    world.clock.advance(Duration::from_secs(3601));
    world.sign_in(ADA);
}

#[test]
fn the_operator_always_gives_a_reason() {
    for none in ["", "   ", "\n"] {
        assert!(Reason::parse(none).is_err());
    }
    assert!(Reason::parse(&"x".repeat(501)).is_err());
    assert!(Reason::parse(&"x".repeat(500)).is_ok());
}
