//! A lost factor (R33): the password that counts, the link, the waiting time, and who stops it.

use core::time::Duration;

use vestibule::{
    CodeSent, Enrolling, FactorAnswer, NewPerson, NextStep, NoticeKind, PendingSignIn, RecoveryRequest,
    ResetAsked, Resumed, SignInRequest,
};
use vestibule_core::{LoginEmail, PhoneNumber, Secret};
use vestibule_mfa::AuthenticatorName;

use crate::app::{App, code_of, login};
use crate::world::{ADA, NEW, World, block_on, reason};

const WAIT: Duration = Duration::from_secs(72 * 3600);

/// Ada, whose password was used with the factor once, and a sign-in of hers that waits.
fn ada() -> (World, App, Vec<String>, PendingSignIn) {
    let (world, _) = World::with_ada();
    let (app, codes, _) = world.enrol(ADA);
    world.next_step();
    let pending = world.pending(login(ADA));
    world.complete(&pending, app.answer(world.now(), 0)).unwrap();
    let pending = world.pending(login(ADA));
    (world, app, codes, pending)
}

fn link(world: &World, pending: &PendingSignIn) -> Secret<String> {
    let _ = block_on(world.vestibule.request_factor_reset(&pending.token)).unwrap();
    world.link_of(NoticeKind::FactorResetLink).link.unwrap()
}

/// Ada's reset, begun.
pub(crate) fn begun() -> (World, App, Vec<String>) {
    let (world, app, codes, pending) = ada();
    let link = link(&world, &pending);
    let started = block_on(world.vestibule.begin_factor_reset(&pending.token, &link)).unwrap();
    assert_eq!(world.told_by_mail(NoticeKind::FactorResetLink), 0, "a used link is sent no more");
    assert_eq!(started.ends_at, world.now().plus(WAIT));
    (world, app, codes)
}

fn set_up(world: &World, pending: &PendingSignIn) -> App {
    let name = AuthenticatorName::parse("new phone").unwrap();
    let enrolling = Enrolling::Pending(&pending.token);
    let app = App::scan(&block_on(world.vestibule.begin_authenticator(enrolling, &name)).unwrap());
    let code = app.code(world.now(), 0);
    let enrolled = block_on(world.vestibule.confirm_authenticator(enrolling, app.id, &code, None)).unwrap();
    assert_eq!(enrolled.sheet.unwrap().codes().len(), 10);
    let Resumed::SignedIn(signed_in) = enrolled.resumed else { panic!("the sign-in waited") };
    let who = world.authenticate(&signed_in.token).unwrap();
    let _ = block_on(world.vestibule.own_factor(&who)).unwrap();
    app
}

#[test]
fn after_the_waiting_time_the_factor_dies_and_a_new_one_is_set_up_before_anything_else() {
    let (world, app, codes) = begun();
    let message = world.link_of(NoticeKind::FactorResetBegun);
    assert!(message.link.is_some() && message.code.is_some(), "a way to stop it");
    world.clock.advance(WAIT - Duration::from_secs(1));
    let early = world.pending(login(ADA));
    assert_eq!(early.next, NextStep::Code);
    assert_eq!(
        world.told(block_on(world.vestibule.request_factor_reset(&early.token))),
        "factor.reset_waits"
    );
    world.clock.advance(Duration::from_secs(1));
    let pending = world.pending(login(ADA));
    assert_eq!(pending.next, NextStep::SetUp);
    assert_eq!(world.told_by_mail(NoticeKind::FactorReset), 1);
    // What was lost opens nothing, and neither does the password alone.
    assert_eq!(code_of(world.complete(&pending, app.answer(world.now(), 0))), "mfa.not_enrolled");
    let code = FactorAnswer::recovery_code(codes[0].clone());
    assert_eq!(code_of(world.complete(&pending, code)), "mfa.not_enrolled");
    let new = set_up(&world, &pending);
    world.next_step();
    let pending = world.pending(login(ADA));
    world.complete(&pending, new.answer(world.now(), 0)).unwrap();
}

#[test]
fn the_owners_next_code_stops_it() {
    for by_recovery_code in [false, true] {
        let (world, app, codes) = begun();
        let pending = world.pending(login(ADA));
        world.next_step();
        let answer = if by_recovery_code {
            FactorAnswer::recovery_code(codes[0].clone())
        } else {
            app.answer(world.now(), 0)
        };
        world.complete(&pending, answer).unwrap();
        assert_eq!(world.told_by_mail(NoticeKind::FactorResetStopped), 1);
        assert_eq!(world.told_by_mail(NoticeKind::FactorResetBegun), 0, "what was not sent yet is not sent");
        world.clock.advance(WAIT);
        assert_eq!(world.pending(login(ADA)).next, NextStep::Code);
    }
}

#[test]
fn the_factor_alone_stops_it_without_the_password_and_signs_nobody_in() {
    let (world, app, _) = begun();
    world.next_step();
    let keep = |answer| block_on(world.vestibule.keep_factor_by_code(ADA, answer, None, None));
    assert_eq!(code_of(keep(app.answer(world.now(), 21))), "factor.keep_refused");
    keep(app.answer(world.now(), 0)).unwrap();
    assert_eq!(code_of(keep(app.answer(world.now(), 1))), "factor.keep_refused", "no reset runs any more");
    world.clock.advance(WAIT);
    let pending = world.pending(login(ADA));
    assert_eq!(pending.next, NextStep::Code);
}

#[test]
fn no_stranger_stops_the_factor_of_a_person_whose_login_they_know() {
    let (world, app, _, pending) = ada();
    for _ in 0..150 {
        let guess =
            block_on(world.vestibule.keep_factor_by_code(ADA, app.answer(world.now(), 21), None, None));
        assert_eq!(code_of(guess), "factor.keep_refused");
    }
    world.next_step();
    world.complete(&pending, app.answer(world.now(), 0)).unwrap();
}

/// Whoever began a reset with the password and the mailbox cannot stop the factor that would end it.
#[test]
fn a_stopped_factor_still_ends_a_reset() {
    let (world, app, _) = begun();
    let pending = world.pending(login(ADA));
    for n in 0..150 {
        let guess = app.answer(world.now(), 21);
        let guess = if n % 2 == 0 {
            code_of(block_on(world.vestibule.keep_factor_by_code(ADA, guess, None, None)))
        } else {
            code_of(world.complete(&pending, guess))
        };
        assert!(["factor.keep_refused", "mfa.code_wrong"].contains(&guess), "{guess}");
    }
    for _ in 0..25 {
        let _ = world.complete(&pending, app.answer(world.now(), 21));
    }
    world.next_step();
    assert_eq!(code_of(world.complete(&pending, app.answer(world.now(), 0))), "mfa.stopped");
    let kept = block_on(world.vestibule.keep_factor_by_code(ADA, app.answer(world.now(), 0), None, None));
    kept.unwrap();
    world.clock.advance(WAIT);
    assert_eq!(world.pending(login(ADA)).next, NextStep::Code);
}

#[test]
fn the_cancel_page_answers_known_and_unknown_logins_alike() {
    let (world, app, _) = begun();
    let refused = |login: &str| {
        let refusal = crate::world::refused(block_on(world.vestibule.keep_factor_by_code(
            login,
            app.answer(world.now(), 21),
            None,
            None,
        )));
        (refusal.code(), refusal.public().text, refusal.public().code)
    };
    assert_eq!(refused(ADA), refused("nobody@example.com"));
}

#[test]
fn every_mailbox_stops_it_by_its_link_and_code_and_never_by_the_link_alone() {
    let (world, _, _) = begun();
    let message = world.link_of(NoticeKind::FactorResetBegun);
    let (link, code) = (message.link.unwrap(), message.code.unwrap());
    for _ in 0..100 {
        let page = block_on(world.vestibule.inspect_factor_reset(&link)).unwrap();
        assert_eq!(page.ends_at, world.now().plus(WAIT));
    }
    let wrong = block_on(world.vestibule.keep_factor(&link, "000000x"));
    assert_eq!(code_of(wrong), "login.freeze_code_wrong");
    // EXPOSE: it stands beside the link.
    block_on(world.vestibule.keep_factor(&link, code.expose())).unwrap();
    assert_eq!(world.told_by_mail(NoticeKind::FactorResetStopped), 1);
    // EXPOSE: it stands beside the link.
    assert_eq!(code_of(block_on(world.vestibule.keep_factor(&link, code.expose()))), "checkword.used");
    world.clock.advance(WAIT);
    assert_eq!(world.pending(login(ADA)).next, NextStep::Code);
}

/// Sets a new password by a recovery link, as whoever reads the mailbox can.
fn recover(world: &World) {
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(ADA))).unwrap();
    let link = world.link_of(NoticeKind::RecoveryLink).link.unwrap();
    block_on(world.vestibule.recover(&link, NEW, None)).unwrap();
}

#[test]
fn a_thief_with_the_mailbox_alone_cannot_begin_one_however_long_they_wait() {
    let (world, ..) = ada();
    recover(&world);
    for _ in 0..3 {
        let pending = world.pending(SignInRequest::new(ADA, NEW));
        let asked = block_on(world.vestibule.request_factor_reset(&pending.token));
        assert_eq!(world.told(asked), "factor.reset_password_unproven");
        world.clock.advance(Duration::from_secs(400 * 24 * 3600));
    }
}

#[test]
fn a_recovered_password_ends_one_that_runs() {
    let (world, ..) = begun();
    let link = world.link_of(NoticeKind::FactorResetBegun).link.unwrap();
    recover(&world);
    assert_eq!(code_of(block_on(world.vestibule.inspect_factor_reset(&link))), "checkword.rotated");
    world.clock.advance(WAIT);
    assert_eq!(world.pending(SignInRequest::new(ADA, NEW)).next, NextStep::Code);
}

#[test]
fn the_link_alone_begins_nothing_and_is_of_one_person() {
    let (world, _, _, pending) = ada();
    let link = link(&world, &pending);
    let bob = "bob@example.com";
    world.person(bob);
    let (app, ..) = world.enrol(bob);
    world.next_step();
    let his = world.pending(login(bob));
    world.complete(&his, app.answer(world.now(), 0)).unwrap();
    let his = world.pending(login(bob));
    let other = block_on(world.vestibule.begin_factor_reset(&his.token, &link));
    assert_eq!(code_of(other), "checkword.other_person");
    block_on(world.vestibule.begin_factor_reset(&pending.token, &link)).unwrap();
    assert_eq!(
        code_of(block_on(world.vestibule.begin_factor_reset(&pending.token, &link))),
        "factor.reset_waits"
    );
}

#[test]
fn the_operator_resets_at_once_and_the_next_sign_in_sets_up() {
    let (world, subject) = World::with_ada();
    let none = block_on(world.vestibule.reset_factor(&reason(), subject));
    assert_eq!(world.told(none), "factor.reset_needs_factor");
    let (_, _, who) = world.enrol(ADA);
    block_on(world.vestibule.reset_factor(&reason(), subject)).unwrap();
    assert_eq!(code_of(block_on(world.vestibule.own_factor(&who))), "session.revoked");
    let pending = world.pending(login(ADA));
    assert_eq!(pending.next, NextStep::SetUp);
    set_up(&world, &pending);
}

#[test]
fn a_reset_asked_for_without_a_factor_to_lose_or_a_live_sign_in_is_refused() {
    let (world, app, _, pending) = ada();
    let nonsense = Secret::new("vst1_sign-in_k1_0000_0000".to_owned());
    assert_eq!(code_of(block_on(world.vestibule.request_factor_reset(&nonsense))), "factor.sign_in_over");
    let link = Secret::new("no link".to_owned());
    let begun = block_on(world.vestibule.begin_factor_reset(&pending.token, &link));
    assert_eq!(code_of(begun), "checkword.malformed");
    let keep = block_on(world.vestibule.keep_factor(&link, "123456"));
    assert_eq!(code_of(keep), "checkword.malformed");
    let _ = app;
}

#[test]
fn a_block_ends_one_that_runs() {
    let (world, ..) = begun();
    let subject = world.pending(login(ADA)).subject;
    block_on(world.vestibule.block(&reason(), subject, None)).unwrap();
    world.clock.advance(WAIT);
    block_on(world.vestibule.unblock(&reason(), subject)).unwrap();
    assert_eq!(world.pending(login(ADA)).next, NextStep::Code, "its owner could not stop it meanwhile");
}

#[test]
fn none_begins_without_a_way_to_stop_it() {
    let (world, _) = World::with_ada();
    let (app, ..) = world.enrol(ADA);
    world.next_step();
    let pending = world.pending(login(ADA));
    world.complete(&pending, app.answer(world.now(), 0)).unwrap();
    let pending = world.pending(login(ADA));
    let first = link(&world, &pending);
    world.clock.advance(Duration::from_secs(55));
    block_on(world.vestibule.begin_factor_reset(&pending.token, &first)).unwrap();
    world.next_step();
    block_on(world.vestibule.keep_factor_by_code(ADA, app.answer(world.now(), 0), None, None)).unwrap();
    let second = link(&world, &pending);
    let at_once = block_on(world.vestibule.begin_factor_reset(&pending.token, &second));
    assert_eq!(world.told(at_once), "throttle.wait");
    world.clock.advance(Duration::from_secs(60));
    block_on(world.vestibule.begin_factor_reset(&pending.token, &second)).unwrap();
    assert!(world.link_of(NoticeKind::FactorResetBegun).link.is_some());
}

#[test]
fn a_link_to_an_address_given_up_meanwhile_begins_nothing() {
    let world = World::new();
    crate::logins::with_two(&world);
    let (app, _, who) = world.enrol(ADA);
    world.next_step();
    let pending = world.pending(login(ADA));
    world.complete(&pending, app.answer(world.now(), 0)).unwrap();
    let pending = world.pending(login(crate::logins::HOME));
    let link = link(&world, &pending);
    block_on(world.vestibule.remove_login(&who, ADA)).unwrap();
    let begun = block_on(world.vestibule.begin_factor_reset(&pending.token, &link));
    assert_eq!(code_of(begun), "checkword.rotated");
}

#[test]
fn whoever_must_change_the_password_sets_up_first_and_changes_then() {
    let (world, subject) = World::with_ada();
    let _ = world.enrol(ADA);
    block_on(world.vestibule.require_password_change(&reason(), subject)).unwrap();
    block_on(world.vestibule.reset_factor(&reason(), subject)).unwrap();
    let pending = world.pending(login(ADA));
    let name = AuthenticatorName::parse("new phone").unwrap();
    let enrolling = Enrolling::Pending(&pending.token);
    let app = App::scan(&block_on(world.vestibule.begin_authenticator(enrolling, &name)).unwrap());
    let code = app.code(world.now(), 0);
    let enrolled = block_on(world.vestibule.confirm_authenticator(enrolling, app.id, &code, None)).unwrap();
    let Resumed::PasswordChangeNeeded { proof, .. } = enrolled.resumed else { panic!("it must be changed") };
    block_on(world.vestibule.replace_password(proof, NEW)).unwrap();
    world.next_step();
    let pending = world.pending(SignInRequest::new(ADA, NEW));
    world.complete(&pending, app.answer(world.now(), 0)).unwrap();
}

/// Whoever has the password fills the windows of codes; a recovery code has none.
#[test]
fn full_windows_of_codes_keep_no_recovery_code_out() {
    let world = World::with(vestibule_throttle::ThrottlePolicy::default());
    world.person(ADA);
    let (app, codes, _) = world.enrol(ADA);
    let pending = world.pending(login(ADA));
    let full =
        (0..100).any(|_| code_of(world.complete(&pending, app.answer(world.now(), 21))) == "throttle.wait");
    assert!(full);
    world.complete(&pending, FactorAnswer::recovery_code(codes[0].clone())).unwrap();
}

/// Ada, with a phone beside her mailbox, and a password that was set anew by it since her factor was shown.
pub(crate) fn recovered_with_a_phone() -> (World, PendingSignIn) {
    let world = World::new();
    let person = NewPerson::verified_by_host(LoginEmail::parse(ADA).unwrap())
        .also(PhoneNumber::parse(PHONE).unwrap())
        .password(crate::world::RIGHT);
    block_on(world.vestibule.register_verified(person)).unwrap();
    let (app, ..) = world.enrol(ADA);
    world.next_step();
    let pending = world.pending(login(ADA));
    world.complete(&pending, app.answer(world.now(), 0)).unwrap();
    recover(&world);
    let pending = world.pending(SignInRequest::new(ADA, NEW));
    (world, pending)
}

const PHONE: &str = "+12025550100";

pub(crate) fn asked_by_two(
    world: &World,
    pending: &PendingSignIn,
) -> (Secret<String>, Secret<String>, String) {
    let asked = block_on(world.vestibule.request_factor_reset(&pending.token)).unwrap();
    let ResetAsked::ByLinkAndCode(CodeSent { ticket, .. }) = asked else {
        panic!("the password does not count")
    };
    let link = world.link_of(NoticeKind::FactorResetLink);
    assert_eq!(link.recipient.expose(), ADA);
    let text = world.link_of(NoticeKind::FactorResetCode);
    assert_eq!((text.recipient.expose().as_str(), text.link.is_none()), (PHONE, true));
    (link.link.unwrap(), ticket, text.code.unwrap().expose().clone())
}

/// R33: where the password does not count, a mailbox and a phone do, together.
#[test]
fn two_kinds_of_address_stand_in_for_a_password_that_does_not_count() {
    let (world, pending) = recovered_with_a_phone();
    let (link, ticket, code) = asked_by_two(&world, &pending);
    let started =
        block_on(world.vestibule.begin_factor_reset_by_two(&pending.token, &link, &ticket, &code)).unwrap();
    assert_eq!(started.ends_at, world.now().plus(WAIT));
    assert!(world.link_of(NoticeKind::FactorResetBegun).link.is_some(), "everybody is told");
    world.clock.advance(WAIT);
    assert_eq!(world.pending(SignInRequest::new(ADA, NEW)).next, NextStep::SetUp);
}

#[test]
fn neither_of_two_kinds_begins_a_reset_without_the_other() {
    let (world, pending) = recovered_with_a_phone();
    let (link, ticket, code) = asked_by_two(&world, &pending);
    let alone = block_on(world.vestibule.begin_factor_reset(&pending.token, &link));
    assert_eq!(world.told(alone), "factor.reset_password_unproven");
    let other = if code == "000000" { "000001" } else { "000000" };
    let by_two = |link: &Secret<String>, code: &str| {
        code_of(block_on(world.vestibule.begin_factor_reset_by_two(&pending.token, link, &ticket, code)))
    };
    assert_eq!(by_two(&link, other), "checkword.code_wrong");
    assert_eq!(by_two(&ticket, &code), "checkword.wrong_purpose", "the ticket is no link");
    world.clock.advance(WAIT);
    assert_eq!(world.pending(SignInRequest::new(ADA, NEW)).next, NextStep::Code);
}

/// PR-5: neither the link nor the code outlives a further new password.
#[test]
fn a_new_password_ends_what_was_asked_for_by_two_kinds() {
    let (world, pending) = recovered_with_a_phone();
    let (link, ticket, code) = asked_by_two(&world, &pending);
    world.clock.advance(Duration::from_secs(60));
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(ADA))).unwrap();
    let again = world.link_of(NoticeKind::RecoveryLink).link.unwrap();
    block_on(world.vestibule.recover(&again, "twelve owls over the mill", None)).unwrap();
    let pending = world.pending(SignInRequest::new(ADA, "twelve owls over the mill"));
    let begun = block_on(world.vestibule.begin_factor_reset_by_two(&pending.token, &link, &ticket, &code));
    assert_eq!(code_of(begun), "checkword.rotated");
}

/// R33: every verified address is told again each day, as long as the reset waits.
#[test]
fn every_day_of_the_waiting_time_is_told_with_a_link_that_ends_it() {
    let day = Duration::from_secs(24 * 60 * 60);
    let (world, ..) = begun();
    let reminders = || world.told_by_mail(NoticeKind::FactorResetWaits);
    for told in [0, 1, 2] {
        assert_eq!(reminders(), told);
        world.clock.advance(day);
    }
    assert_eq!(reminders(), 2, "after its end the factor is asked for anew, and none is told");
    let (world, ..) = begun();
    world.clock.advance(day);
    let message = world.link_of(NoticeKind::FactorResetWaits);
    let (link, code) = (message.link.unwrap(), message.code.unwrap());
    block_on(world.vestibule.keep_factor(&link, code.expose())).unwrap();
    world.clock.advance(day);
    assert_eq!(world.told_by_mail(NoticeKind::FactorResetWaits), 0, "what is over is told no more");
    world.clock.advance(day);
    assert_eq!(world.pending(login(ADA)).next, NextStep::Code);
}

/// A later reset has a link of its own, and no reminder of the one before speaks for it.
#[test]
fn reminders_of_a_reset_that_was_ended_stay_silent_when_another_is_begun() {
    let day = Duration::from_secs(24 * 60 * 60);
    let (world, app, _) = begun();
    world.clock.advance(day);
    let pending = world.pending(login(ADA));
    world.complete(&pending, app.answer(world.now(), 0)).unwrap();
    let pending = world.pending(login(ADA));
    let link = link(&world, &pending);
    let _ = block_on(world.vestibule.begin_factor_reset(&pending.token, &link)).unwrap();
    assert_eq!(world.told_by_mail(NoticeKind::FactorResetWaits), 0);
    world.clock.advance(day);
    assert_eq!(world.told_by_mail(NoticeKind::FactorResetWaits), 1);
}
