//! A frozen profile is its owner's again by a second factor that was there before (R18).

use core::time::Duration;

use vestibule::{FactorAnswer, LoginChange, NoticeKind};

use crate::app::{code_of, login};
use crate::logins::{HOME, change, freeze, waiting, with_two};
use crate::world::{ADA, World, block_on};

#[test]
fn a_factor_of_before_the_change_lifts_a_freeze_and_one_of_after_it_does_not() {
    let world = World::new();
    with_two(&world);
    let (app, codes, thief) = world.enrol(ADA);
    world.clock.advance(Duration::from_secs(60));
    // A thief with the unlocked browser: the login leaves, and an authenticator of theirs comes.
    change(&world, &thief, LoginChange::replace(ADA, "eve@evil.example"));
    let objection = waiting(&world, ADA, NoticeKind::LoginLeaves).unwrap();
    let theirs = world.begin(&thief);
    let _ = world.confirm(&thief, &theirs);
    freeze(&world, &objection).unwrap();

    let enter = |answer| {
        let pending = world.pending(login(HOME));
        world.authenticate(&world.complete(&pending, answer).unwrap().token).unwrap()
    };
    world.next_step();
    let who = enter(theirs.answer(world.now(), 0));
    world.next_step();
    let new = block_on(world.vestibule.lift_freeze_by_factor(&who, theirs.answer(world.now(), 0), None));
    assert_eq!(world.told(new), "profile.frozen");
    let who = enter(app.answer(world.now(), 0));
    world.next_step();
    assert!(
        block_on(world.vestibule.lift_freeze_by_factor(&who, app.answer(world.now(), 0), None))
            .unwrap()
            .is_none()
    );
    assert_eq!(world.told_by_mail(NoticeKind::ProfileUnfrozen), 2, "every login");
    assert_eq!(code_of(block_on(world.vestibule.own_factor(&who))), "session.revoked");
    let who = enter(FactorAnswer::recovery_code(codes[0].clone()));
    block_on(world.vestibule.set_primary_login(&who, HOME)).unwrap();
}
