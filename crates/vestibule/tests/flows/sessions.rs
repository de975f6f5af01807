//! The ends of sessions.

use vestibule_core::Secret;

use crate::world::{ADA, World, block_on, refused};

#[test]
fn signing_out_everywhere_kills_every_session_and_forgets_every_device() {
    let (world, _) = World::with_ada();
    let signed_in = [world.sign_in(ADA), world.sign_in(ADA), world.sign_in(ADA)];
    let who = world.authenticate(&signed_in[1].token).unwrap();
    block_on(world.vestibule.sign_out_everywhere(&who)).unwrap();
    for one in signed_in {
        let refusal = refused(world.authenticate(&one.token));
        assert_eq!(world.found(&refusal), (true, false), "{}", refusal.code());
        let request = vestibule::SignInRequest::new(ADA, crate::world::RIGHT).device(one.device.unwrap());
        assert!(world.sign_in_with(request).device.is_some(), "the device was forgotten");
    }
    let again = refused(block_on(world.vestibule.sign_out_everywhere(&who)));
    assert_eq!(again.code(), "session.revoked");
}

#[test]
fn one_session_ends_and_the_others_go_on() {
    let (world, _) = World::with_ada();
    let (first, second, third) = (world.sign_in(ADA), world.sign_in(ADA), world.sign_in(ADA));
    let who = world.authenticate(&first.token).unwrap();
    block_on(world.vestibule.end_session(&who, second.session)).unwrap();
    assert_eq!(world.dead(&second.token), "session.unknown");
    assert!(world.authenticate(&third.token).is_ok());
    block_on(world.vestibule.sign_out(&who)).unwrap();
    assert_eq!(world.dead(&first.token), "session.unknown");
    assert!(world.authenticate(&third.token).is_ok());
}

#[test]
fn nobody_ends_the_session_of_somebody_else() {
    let (world, _) = World::with_ada();
    world.person("eve@example.com");
    let ada = world.sign_in(ADA);
    let eve = world.session("eve@example.com");
    let refusal = refused(block_on(world.vestibule.end_session(&eve, ada.session)));
    assert_eq!(refusal.code(), "session.ended");
    assert_eq!(world.found(&refusal), (true, false));
    assert!(world.authenticate(&ada.token).is_ok());
}

#[test]
fn a_session_ended_by_sign_out_everywhere_sees_no_other_session() {
    let (world, _) = World::with_ada();
    let stale = world.session(ADA);
    let acting = world.session(ADA);
    block_on(world.vestibule.sign_out_everywhere(&acting)).unwrap();
    world.sign_in(ADA);
    let list = block_on(world.vestibule.list_sessions(&stale));
    assert_eq!(refused(list).code(), "session.revoked");
}

/// What is done with an authenticated session is checked again in its commit, as `Authenticated` promises: a session
/// that is revoked ends no live one.
#[test]
fn a_revoked_session_does_not_end_a_live_one() {
    let (world, _) = World::with_ada();
    let stale = world.session(ADA);
    block_on(world.vestibule.sign_out_everywhere(&stale)).unwrap();
    let live = world.sign_in(ADA);
    assert!(block_on(world.vestibule.end_session(&stale, live.session)).is_err());
    assert!(world.authenticate(&live.token).is_ok());
}

#[test]
fn what_is_no_token_is_refused_with_a_case() {
    let (world, _) = World::with_ada();
    for text in ["", "nonsense", "vst_0000"] {
        let refusal = refused(world.authenticate(&Secret::new(text.to_owned())));
        assert_eq!(refusal.code(), "session.unknown");
        assert_eq!(world.found(&refusal), (true, false));
    }
}
