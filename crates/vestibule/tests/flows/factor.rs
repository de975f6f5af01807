//! The second factor at the door and behind it (P13).

use core::time::Duration;

use vestibule::{
    Acting, Authenticated, Enrolling, FactorAnswer, NextStep, NoticeKind, SignIn, SignInRequest,
};
use vestibule_core::{AccountId, Secret, SubjectId};
use vestibule_mfa::AuthenticatorName;
use vestibule_profiles::{AccountPolicy, FactorRequirement};

use crate::app::{code_of, login};
use crate::world::{ADA, NEW, RIGHT, WRONG, World, block_on};

const BOB: &str = "bob@example.com";

#[test]
fn who_has_a_second_factor_is_signed_in_by_both_and_each_step_once() {
    let (world, ada) = World::with_ada();
    let (app, codes, who) = world.enrol(ADA);
    assert_eq!(codes.len(), 10);
    assert_eq!(world.told_by_mail(NoticeKind::FactorOn), 1);
    let own = block_on(world.vestibule.own_factor(&who)).unwrap();
    assert_eq!((own.since, own.codes, own.stopped), (Some(world.now()), 10, false));

    let pending = world.pending(login(ADA));
    assert_eq!((pending.subject, pending.next, pending.exempt), (ada, NextStep::Code, false));
    assert_eq!(
        code_of(world.complete(&pending, app.answer(world.now(), 0))),
        "mfa.code_replayed",
        "the confirming code"
    );
    world.next_step();
    let signed_in = world.complete(&pending, app.answer(world.now(), 0)).unwrap();
    assert_eq!(signed_in.subject, ada);
    assert_eq!(code_of(world.complete(&pending, app.answer(world.now(), 0))), "mfa.code_replayed");
    assert_eq!(code_of(world.complete(&pending, FactorAnswer::code("12345"))), "mfa.code_wrong");
    assert_eq!(code_of(world.complete(&pending, app.answer(world.now(), 9))), "mfa.clock_skew");
}

#[test]
fn setting_it_up_ends_every_other_session_and_every_known_device() {
    let (world, _) = World::with_ada();
    let other = world.sign_in(ADA);
    let (_, _, who) = world.enrol(ADA);
    assert_eq!(world.dead(&other.token), "session.revoked");
    assert_eq!(block_on(world.vestibule.list_sessions(&who)).unwrap().len(), 1);
}

#[test]
fn a_pending_sign_in_is_worth_nothing_after_ten_minutes_or_when_what_it_proved_is_gone() {
    let (world, ada) = World::with_ada();
    let (app, _, who) = world.enrol(ADA);
    let late = world.pending(login(ADA));
    world.clock.advance(Duration::from_secs(600));
    assert_eq!(code_of(world.complete(&late, app.answer(world.now(), 0))), "factor.sign_in_over");
    let pending = world.pending(login(ADA));
    // EXPOSE: a test changes it.
    let mut changed = pending.token.expose().clone();
    changed.pop();
    let answer = app.answer(world.now(), 0);
    let forged = block_on(world.vestibule.complete_sign_in(&Secret::new(changed), answer, None));
    assert_eq!(code_of(forged), "factor.sign_in_over");

    block_on(world.vestibule.change_password(&who, RIGHT, NEW)).unwrap();
    assert_eq!(code_of(world.complete(&pending, app.answer(world.now(), 0))), "factor.sign_in_over");
    let pending = world.pending(SignInRequest::new(ADA, NEW));
    block_on(world.vestibule.block(&crate::world::reason(), ada, None)).unwrap();
    assert_eq!(code_of(world.complete(&pending, app.answer(world.now(), 0))), "factor.sign_in_over");
}

#[test]
fn a_recovery_code_signs_in_once_in_any_spelling_and_the_new_one_takes_its_place() {
    let (world, _) = World::with_ada();
    let (_, codes, _) = world.enrol(ADA);
    let pending = world.pending(login(ADA));
    let spelt = codes[3].to_lowercase().replace('-', " ").replace('0', "O").replace('1', "l");
    let answer = FactorAnswer::recovery_code(spelt);
    let completed = block_on(world.vestibule.complete_sign_in(&pending.token, answer, None)).unwrap();
    let replacement = completed.replacement.unwrap();
    assert_eq!(world.told_by_mail(NoticeKind::RecoveryCodeUsed), 1);
    let again = FactorAnswer::recovery_code(codes[3].clone());
    assert_eq!(code_of(world.complete(&pending, again)), "mfa.recovery_code_spent");
    world.complete(&pending, FactorAnswer::recovery_code(replacement.render())).unwrap();
    let nobodys = FactorAnswer::recovery_code("0000-0000-0000-0000-0000-0000");
    assert_eq!(code_of(world.complete(&pending, nobodys)), "mfa.recovery_code_wrong");
}

#[test]
fn a_hundred_wrong_codes_stop_the_factor_until_it_is_bound_anew() {
    let (world, _) = World::with_ada();
    let (app, codes, _) = world.enrol(ADA);
    world.next_step();
    let mut pending = world.pending(login(ADA));
    for n in 0..100 {
        if n % 50 == 49 {
            pending = world.pending(login(ADA));
        }
        assert_eq!(code_of(world.complete(&pending, app.answer(world.now(), 21))), "mfa.code_wrong");
    }
    assert_eq!(code_of(world.complete(&pending, app.answer(world.now(), 0))), "mfa.stopped");
    let in_by_code = world.complete(&pending, FactorAnswer::recovery_code(codes[0].clone())).unwrap();
    let who = world.authenticate(&in_by_code.token).unwrap();
    let new = world.begin(&who);
    let enrolled = world.confirm(&who, &new);
    assert!(enrolled.sheet.is_some(), "bound anew: new codes");
    let pending = world.pending(login(ADA));
    world.next_step();
    assert_eq!(
        code_of(world.complete(&pending, app.answer(world.now(), 0))),
        "mfa.code_wrong",
        "the old one is gone"
    );
    world.complete(&pending, new.answer(world.now(), 0)).unwrap();
}

#[test]
fn a_password_that_must_change_gives_no_permit_without_the_second_factor() {
    let (world, ada) = World::with_ada();
    let (app, ..) = world.enrol(ADA);
    block_on(world.vestibule.require_password_change(&crate::world::reason(), ada)).unwrap();
    world.next_step();
    let pending = world.pending(login(ADA));
    let answer = app.answer(world.now(), 0);
    let completed = block_on(world.vestibule.complete_sign_in(&pending.token, answer, None)).unwrap();
    let SignIn::PasswordChangeNeeded { proof, because } = completed.outcome else { panic!("no permit") };
    assert_eq!(because.code(), "password.must_change");
    block_on(world.vestibule.replace_password(proof, NEW)).unwrap();
    world.pending(SignInRequest::new(ADA, NEW));
}

#[test]
fn a_session_that_shows_the_factor_goes_on_with_two_and_may_do_what_asks_for_fresh_proof() {
    let (world, _) = World::with_ada();
    let (app, _, who) = world.enrol(ADA);
    world.clock.advance(Duration::from_secs(301));
    assert_eq!(world.told(block_on(world.vestibule.renew_recovery_codes(&who))), "factor.proof_too_old");
    let answer = app.answer(world.now(), 0);
    let (resumed, none) = block_on(world.vestibule.step_up(&who, answer, None)).unwrap();
    assert!(none.is_none());
    let fresh = world.resumed(resumed);
    let sheet = block_on(world.vestibule.renew_recovery_codes(&fresh)).unwrap();
    assert_eq!(sheet.codes().len(), 10);
    assert_eq!(world.told_by_mail(NoticeKind::RecoveryCodesRenewed), 1);
    assert_eq!(code_of(block_on(world.vestibule.own_factor(&who))), "session.revoked", "the old token ended");
}

#[test]
fn renewing_the_codes_voids_the_old_ones() {
    let (world, _) = World::with_ada();
    let (_, codes, who) = world.enrol(ADA);
    let sheet = block_on(world.vestibule.renew_recovery_codes(&who)).unwrap();
    let pending = world.pending(login(ADA));
    let old = FactorAnswer::recovery_code(codes[0].clone());
    assert_eq!(code_of(world.complete(&pending, old)), "mfa.recovery_code_wrong");
    world.complete(&pending, FactorAnswer::recovery_code(sheet.codes()[0].render())).unwrap();
}

#[test]
fn a_person_without_one_proves_the_password_anew_before_setting_one_up() {
    let (world, _) = World::with_ada();
    let who = world.session(ADA);
    world.clock.advance(Duration::from_secs(301));
    let name = AuthenticatorName::parse("phone").unwrap();
    let stale = block_on(world.vestibule.begin_authenticator(Enrolling::Session(&who), &name));
    assert_eq!(world.told(stale), "factor.proof_too_old");
    assert_eq!(world.told(block_on(world.vestibule.confirm_password(&who, WRONG))), "password.wrong");
    let fresh = world.resumed(block_on(world.vestibule.confirm_password(&who, RIGHT)).unwrap());
    let app = world.begin(&fresh);
    let _ = world.confirm(&fresh, &app);
    world.pending(login(ADA));
}

#[test]
fn authenticators_are_named_removed_one_by_one_and_never_the_last() {
    let (world, _) = World::with_ada();
    let (first, _, who) = world.enrol(ADA);
    let second = world.begin(&who);
    let enrolled = world.confirm(&who, &second);
    assert!(enrolled.sheet.is_none(), "the codes stay as they are");
    assert_eq!(world.told_by_mail(NoticeKind::AuthenticatorAdded), 1);
    let who = world.resumed(enrolled.resumed);
    let tablet = AuthenticatorName::parse("tablet").unwrap();
    block_on(world.vestibule.rename_authenticator(&who, second.id, &tablet)).unwrap();
    let who = world.resumed(block_on(world.vestibule.remove_authenticator(&who, first.id)).unwrap());
    let own = block_on(world.vestibule.own_factor(&who)).unwrap();
    let names: Vec<&str> = own.authenticators.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((names, own.codes), (vec!["tablet"], 10));
    let last = block_on(world.vestibule.remove_authenticator(&who, second.id));
    assert_eq!(world.told(last), "factor.last_authenticator");
    let gone = block_on(world.vestibule.rename_authenticator(&who, first.id, &tablet));
    assert_eq!(world.told(gone), "mfa.gone");
    world.next_step();
    let pending = world.pending(login(ADA));
    assert_eq!(code_of(world.complete(&pending, first.answer(world.now(), 0))), "mfa.code_wrong");
    world.complete(&pending, second.answer(world.now(), 0)).unwrap();
}

/// Ada administers the account; Bob, who has a second factor, is a member of it and of another one.
fn office(world: &World) -> (Authenticated, SubjectId, AccountId, AccountId) {
    world.person(ADA);
    let bob = world.person(BOB);
    let ada = world.session(ADA);
    let (here, there) = (world.account(&ada, 1), world.account(&ada, 2));
    world.add(&ada, here, bob);
    world.add(&ada, there, bob);
    (ada, bob, here, there)
}

#[test]
fn an_exemption_opens_its_account_and_nothing_else() {
    let world = World::new();
    let (ada, bob, here, there) = office(&world);
    let (app, ..) = world.enrol(BOB);
    let pending = world.pending(login(BOB).into_account(here));
    assert!(!pending.exempt);
    assert_eq!(world.told(block_on(world.vestibule.enter_exempt(&pending.token, None))), "factor.not_exempt");

    let by = Acting::Administrator(&ada);
    let until = world.now().plus(Duration::from_secs(3 * 24 * 3600));
    let why = crate::world::reason();
    block_on(world.vestibule.exempt(by, here, bob, Some(until), &why)).unwrap();
    assert_eq!(world.told_by_mail(NoticeKind::MemberExempted), 1);
    let own = block_on(world.vestibule.exempt(by, here, ada.subject(), Some(until), &why));
    assert_eq!(world.told(own), "membership.not_yourself");
    let long = world.now().plus(Duration::from_secs(366 * 24 * 3600));
    let too_long = block_on(world.vestibule.exempt(by, here, bob, Some(long), &why));
    assert_eq!(world.told(too_long), "account.out_of_bounds");

    let elsewhere = world.pending(login(BOB).into_account(there));
    assert!(!elsewhere.exempt);
    assert_eq!(code_of(block_on(world.vestibule.enter_exempt(&elsewhere.token, None))), "factor.not_exempt");
    let pending = world.pending(login(BOB).into_account(here));
    assert!(pending.exempt);
    let narrow = block_on(world.vestibule.enter_exempt(&pending.token, None)).unwrap();
    assert_eq!(narrow.entered.unwrap().unwrap(), here);
    assert!(narrow.device.is_none(), "the device stays unknown");
    let again = block_on(world.vestibule.enter_exempt(&pending.token, None));
    assert_eq!(world.told(again), "factor.sign_in_over", "one session of one sign-in");
    let who = world.authenticate(&narrow.token).unwrap();
    assert!(block_on(world.vestibule.is_admitted(&who, here)).unwrap());
    block_on(world.vestibule.enter(&who, here, None)).unwrap();
    assert_eq!(world.told(block_on(world.vestibule.enter(&who, there, None))), "admission.factor_required");
    assert!(!block_on(world.vestibule.is_admitted(&who, there)).unwrap());
    let v = &world.vestibule;
    assert_eq!(world.told(block_on(v.change_password(&who, RIGHT, NEW))), "factor.required");
    assert_eq!(world.told(block_on(v.own_factor(&who))), "factor.required");
    assert_eq!(world.told(block_on(v.list_logins(&who))), "factor.required");

    // By time alone, at the end itself.
    world.clock.advance(Duration::from_secs(3 * 24 * 3600));
    assert!(!block_on(v.is_admitted(&who, here)).unwrap());
    assert_eq!(world.told(block_on(v.enter(&who, here, None))), "admission.factor_required");
    // The factor makes it whole.
    let (resumed, _) = block_on(v.step_up(&who, app.answer(world.now(), 0), None)).unwrap();
    block_on(v.enter(&world.resumed(resumed), there, None)).unwrap();
}

#[test]
fn ending_an_exemption_shuts_the_door_at_once() {
    let world = World::new();
    let (ada, bob, here, _) = office(&world);
    let _ = world.enrol(BOB);
    let (by, why) = (Acting::Administrator(&ada), crate::world::reason());
    let until = Some(world.now().plus(Duration::from_secs(3600)));
    block_on(world.vestibule.exempt(by, here, bob, until, &why)).unwrap();
    let pending = world.pending(login(BOB).into_account(here));
    let narrow = block_on(world.vestibule.enter_exempt(&pending.token, None)).unwrap();
    let who = world.authenticate(&narrow.token).unwrap();
    block_on(world.vestibule.exempt(by, here, bob, None, &why)).unwrap();
    assert!(!block_on(world.vestibule.is_admitted(&who, here)).unwrap());
    assert_eq!(world.told_by_mail(NoticeKind::MemberExemptionEnded), 1);
}

#[test]
fn the_grace_counts_from_the_later_of_policy_and_joining_and_ends_by_itself() {
    let world = World::new();
    let (ada, _, here, _) = office(&world);
    let day = Duration::from_secs(24 * 3600);
    let mut policy = AccountPolicy::new();
    policy.factor = Some(FactorRequirement::of_everyone(world.now().plus(day)).grace(day));
    let by = Acting::Administrator(&ada);
    let one = block_on(world.vestibule.edit_policy(by, here, policy.clone()));
    assert_eq!(world.told(one), "admission.factor_not_set_up", "who asks others for it has one");
    let (_, _, boss) = world.enrol(ADA);
    block_on(world.vestibule.edit_policy(Acting::Administrator(&boss), here, policy)).unwrap();

    let bob = world.session(BOB);
    block_on(world.vestibule.enter(&bob, here, None)).unwrap();
    world.clock.advance(day + day - Duration::from_secs(1));
    let bob = world.session(BOB);
    block_on(world.vestibule.enter(&bob, here, None)).unwrap();
    world.clock.advance(Duration::from_secs(1));
    assert!(!block_on(world.vestibule.is_admitted(&bob, here)).unwrap(), "the end itself");
    assert_eq!(world.told(block_on(world.vestibule.enter(&bob, here, None))), "admission.factor_not_set_up");
    let operator = crate::world::reason();
    let seen =
        || block_on(world.vestibule.view_member(Acting::Operator(&operator), here, bob.subject())).unwrap();
    let factor = seen().member.unwrap().factor.unwrap();
    assert!(!factor.set_up && !factor.codes);
    // N10: set up at the sign-in, and in.
    let app = world.begin(&bob);
    let enrolled = world.confirm(&bob, &app);
    block_on(world.vestibule.enter(&world.resumed(enrolled.resumed), here, None)).unwrap();
    let operator = crate::world::reason();
    let view =
        block_on(world.vestibule.view_member(Acting::Operator(&operator), here, bob.subject())).unwrap();
    assert!(view.sentences().iter().any(|said| said == "Has a second factor, and recovery codes."));
}

#[test]
fn the_administrators_are_asked_once_a_sign_in_and_three_times_a_day_and_never_the_person() {
    let world = World::new();
    let (_, _, here, _) = office(&world);
    let _ = world.enrol(BOB);
    for n in 0..4 {
        let pending = world.pending(login(BOB).into_account(here));
        let asked = block_on(world.vestibule.ask_for_access(&pending.token, None));
        if n == 3 {
            assert_eq!(world.told(asked), "factor.access_asked");
            break;
        }
        assert_eq!(asked.unwrap().administrators, 1);
        let again = block_on(world.vestibule.ask_for_access(&pending.token, None));
        assert_eq!(world.told(again), "factor.access_asked");
    }
    assert_eq!(world.told_by_mail(NoticeKind::AccessAsked), 1, "one slot");
    let pending = world.pending(login(BOB));
    assert_eq!(
        world.told(block_on(world.vestibule.ask_for_access(&pending.token, None))),
        "factor.not_exempt"
    );
    // With the first factor alone nobody learns how they stand in an account.
    for account in [AccountId::from(404), world.account(&world.session(ADA), 9)] {
        let pending = world.pending(login(BOB).into_account(account));
        let asked = block_on(world.vestibule.ask_for_access(&pending.token, None));
        assert_eq!(world.told(asked), "factor.not_exempt");
    }
}

/// A host's handlers are moved between threads, whatever they borrow.
#[test]
fn what_shows_or_sets_up_a_factor_can_be_boxed_as_send() {
    type Moved<'a> = core::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
    fn completing<'a>(world: &'a World, token: &'a Secret<String>) -> Moved<'a> {
        Box::pin(async move {
            let _ = world.vestibule.complete_sign_in(token, FactorAnswer::code("1"), None).await;
            let _ = world.vestibule.enter_exempt(token, None).await;
            let _ = world.vestibule.enter_remembered(token, token, None).await;
            let name = AuthenticatorName::parse("phone").unwrap();
            let _ = world.vestibule.begin_authenticator(Enrolling::Pending(token), &name).await;
        })
    }
    fn stepping_up<'a>(world: &'a World, who: &'a Authenticated) -> Moved<'a> {
        Box::pin(async move {
            let _ = world.vestibule.step_up(who, FactorAnswer::code("1"), None).await;
            let _ = world.vestibule.confirm_password(who, RIGHT).await;
            let _ = world.vestibule.list_remembered_devices(who).await;
            let _ = world.vestibule.forget_device(who, who.session()).await;
        })
    }
    let (world, _) = World::with_ada();
    block_on(completing(&world, &Secret::new(String::new())));
    let who = world.session(ADA);
    block_on(stepping_up(&world, &who));
}
