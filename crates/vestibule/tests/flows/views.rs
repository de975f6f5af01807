//! What administrators and the operator see (PR-15), and what a case reference finds (PR-13).

use core::time::Duration;

use vestibule::{Acting, LoginSeen, MemberView, NewPerson, SignInRequest, look_up_case};
use vestibule_core::{AccountId, ContactEmail, LoginEmail, SubjectId};
use vestibule_profiles::{Move, NewMember, Status};

use crate::world::{ADA, RIGHT, WRONG, World, block_on, reason, refused, role};

const BOB: &str = "bob@example.com";

/// Ada administers account 7, Bob is a member.
fn office() -> (World, vestibule::Authenticated, AccountId, SubjectId) {
    let (world, _) = World::with_ada();
    let ada = world.session(ADA);
    let account = world.account(&ada, 7);
    let bob = world.person(BOB);
    world.add(&ada, account, bob);
    (world, ada, account, bob)
}

fn view(world: &World, by: &vestibule::Authenticated, account: AccountId, who: SubjectId) -> MemberView {
    block_on(world.vestibule.view_member(Acting::Administrator(by), account, who)).unwrap()
}

#[test]
fn a_login_is_masked_also_when_it_is_the_contact_address() {
    let (world, ada, account, bob) = office();
    let seen = view(&world, &ada, account, bob).member.unwrap();
    assert_eq!(seen.login, LoginSeen::Masked("b***@e***.com".to_owned()));

    let eve = world.person("eve@example.com");
    let contact = ContactEmail::parse("Eve@example.com").unwrap();
    let member = NewMember::active(eve, role()).contact(contact);
    block_on(world.vestibule.add_member(Acting::Administrator(&ada), account, member)).unwrap();
    let seen = view(&world, &ada, account, eve).member.unwrap();
    assert_eq!(seen.login, LoginSeen::Masked("e***@e***.com".to_owned()));
}

#[test]
fn a_wrong_secret_shows_for_a_day_in_the_account_it_was_tried_for_and_nowhere_else() {
    let (world, ada, account, bob) = office();
    let other = world.account(&ada, 8);
    world.add(&ada, other, bob);
    refused(world.try_in(SignInRequest::new(BOB, WRONG).into_account(account)));
    let recent = |account| view(&world, &ada, account, bob).member.unwrap().wrong_secret_recently;
    assert_eq!((recent(account), recent(other)), (true, false));
    world.clock.advance(Duration::from_secs(24 * 3600));
    assert!(!recent(account));
}

#[test]
fn what_a_person_does_elsewhere_changes_nothing_of_the_view() {
    let (world, ada, account, bob) = office();
    let before = view(&world, &ada, account, bob);
    // Another company, a wrong password on the way into it, a session, a block by the operator, a changed password.
    let bobs = world.session(BOB);
    let own = world.account(&bobs, 9);
    refused(world.try_in(SignInRequest::new(BOB, WRONG).into_account(own)));
    block_on(world.vestibule.change_password(&bobs, RIGHT, crate::world::NEW)).unwrap();
    block_on(world.vestibule.require_password_change(&reason(), bob)).unwrap();
    block_on(world.vestibule.block(&reason(), bob, None)).unwrap();
    let after = view(&world, &ada, account, bob);
    assert_eq!(after, before);
    assert_eq!(after.sentences(), before.sentences());
}

#[test]
fn a_stranger_looks_like_nobody() {
    let (world, ada, account, _) = office();
    let stranger = world.person("stranger@example.com");
    let nobody = SubjectId::from(404);
    let seen = view(&world, &ada, account, stranger);
    assert_eq!(seen, view(&world, &ada, account, nobody));
    assert_eq!(seen.member, None);
}

#[test]
fn who_may_not_look_up_logins_sees_nothing() {
    let (world, ada, account, bob) = office();
    let bobs = world.session(BOB);
    let by = Acting::Administrator(&bobs);
    let refusal = block_on(world.vestibule.view_member(by, account, ada.subject()));
    assert_eq!(world.told(refusal), "membership.not_permitted");
    let other = world.account(&ada, 8);
    assert_eq!(world.told(block_on(world.vestibule.view_member(by, other, bob))), "admission.not_member");
}

#[test]
fn an_administrator_finds_a_refusal_at_the_own_gate_with_its_facts() {
    let (world, ada, account, bob) = office();
    let by = Acting::Administrator(&ada);
    block_on(world.vestibule.move_member(by, account, bob, Move::Dismiss)).unwrap();
    let signed_in = world.sign_in_with(SignInRequest::new(BOB, RIGHT).into_account(account));
    let refusal = signed_in.entered.unwrap().unwrap_err();
    assert_eq!(refusal.code(), "admission.dismissed");

    let find = |account| block_on(world.vestibule.look_up_account_case(by, account, refusal.case())).unwrap();
    let report = find(account).unwrap();
    assert_eq!((report.code.as_str(), report.subject), ("admission.dismissed", Some(bob)));
    assert_eq!(report.facts[0].0, "since");
    assert_eq!(view(&world, &ada, account, bob).member.unwrap().status, Status::Dismissed);

    let other = world.account(&ada, 8);
    assert!(find(other).is_none(), "another account's case");
}

#[test]
fn an_administrator_finds_no_case_of_a_profile() {
    let (world, ada, account, bob) = office();
    let by = Acting::Administrator(&ada);
    let wrong = refused(world.try_in(SignInRequest::new(BOB, WRONG).into_account(account)));
    block_on(world.vestibule.block(&reason(), bob, None)).unwrap();
    let blocked = refused(world.try_in(SignInRequest::new(BOB, RIGHT).into_account(account)));
    assert_eq!((wrong.code(), blocked.code()), ("password.wrong", "profile.blocked"));
    for refusal in [wrong, blocked] {
        let found = block_on(world.vestibule.look_up_account_case(by, account, refusal.case())).unwrap();
        assert!(found.is_none(), "{found:?}");
        let operator = block_on(look_up_case(&world.store, refusal.case())).unwrap();
        assert_eq!(operator[0].code, refusal.code());
    }
}

#[test]
fn a_social_login_alone_is_no_login_address() {
    let (world, ada, account, _) = office();
    let social = vestibule_core::SocialSubject::new("https://accounts.example", "4711").unwrap();
    let person = NewPerson::verified_by_host(social);
    let eve = block_on(world.vestibule.register_verified(person)).unwrap();
    world.add(&ada, account, eve);
    assert_eq!(view(&world, &ada, account, eve).member.unwrap().login, LoginSeen::None);
    // A login that was verified later is not shown in place of the first.
    let two = NewPerson::verified_by_host(LoginEmail::parse("ann@example.org").unwrap())
        .also(LoginEmail::parse("bea@example.org").unwrap());
    let two = block_on(world.vestibule.register_verified(two)).unwrap();
    world.add(&ada, account, two);
    let login = view(&world, &ada, account, two).member.unwrap().login;
    assert_eq!(login, LoginSeen::Masked("a***@e***.org".to_owned()));
}
