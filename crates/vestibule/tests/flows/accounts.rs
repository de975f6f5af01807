//! Accounts and members, through sessions.

use vestibule::{Acting, Authenticated, SignInRequest};
use vestibule_core::AccountId;
use vestibule_profiles::{
    AccountPolicy, Move, NewAccount, NewMember, Permission, Permissions, ProfilesRead, Status,
};

use crate::world::{ADA, RIGHT, World, block_on, reason, refused, role};

const BOB: &str = "bob@example.com";

fn into(account: AccountId) -> SignInRequest {
    SignInRequest::new(BOB, RIGHT).into_account(account)
}

#[test]
fn a_dismissed_person_signs_in_and_is_told_and_comes_back_when_reinstated() {
    let (world, _) = World::with_ada();
    let bob = world.person(BOB);
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    world.add(&ada, account, bob);
    let by = Acting::Administrator(&ada);
    let step = |step| block_on(world.vestibule.move_member(by, account, bob, step));

    let before = world.sign_in_with(into(account));
    assert!(matches!(before.entered, Some(Ok(entered)) if entered == account));
    let session = world.authenticate(&before.token).unwrap();
    assert!(block_on(world.vestibule.is_admitted(&session, account)).unwrap());

    step(Move::Dismiss).unwrap();
    // PR-4, PR-5: the session lives, its admission does not.
    let session = world.authenticate(&before.token).unwrap();
    assert!(!block_on(world.vestibule.is_admitted(&session, account)).unwrap());
    let refusal = world.told(block_on(world.vestibule.enter(&session, account, None)));
    assert_eq!(refusal, "admission.dismissed");
    let refusal = world.sign_in_with(into(account)).entered.unwrap().unwrap_err();
    assert_eq!((refusal.code(), refusal.public().code), ("admission.dismissed", "admission.dismissed"));
    assert_eq!(world.found(&refusal), (false, true));

    step(Move::Reinstate).unwrap();
    // The admission of before the dismissal does not come to life again.
    assert!(!block_on(world.vestibule.is_admitted(&session, account)).unwrap());
    block_on(world.vestibule.enter(&session, account, None)).unwrap();
    let session = world.authenticate(&before.token).unwrap();
    assert!(block_on(world.vestibule.is_admitted(&session, account)).unwrap());
    assert!(matches!(world.sign_in_with(into(account)).entered, Some(Ok(_))));
}

/// N5: the gate asks for the network once; the admission it gave stands until the policy moves.
#[test]
fn a_member_admitted_from_an_allowed_network_stays_admitted_until_the_policy_moves() {
    let (world, _) = World::with_ada();
    let bob = world.person(BOB);
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    world.add(&ada, account, bob);
    let by = Acting::Administrator(&ada);
    let mut policy = AccountPolicy::new();
    policy.networks.push(vestibule_profiles::NetworkRange::parse("192.0.2.0/24").unwrap());
    block_on(world.vestibule.edit_policy(by, account, policy)).unwrap();

    let from = |ip: [u8; 4]| into(account).from_client(std::net::IpAddr::from(ip));
    let outside = world.sign_in_with(from([198, 51, 100, 7]));
    assert_eq!(outside.entered.unwrap().unwrap_err().code(), "admission.client_not_allowed");
    let inside = world.sign_in_with(from([192, 0, 2, 7]));
    assert!(matches!(inside.entered, Some(Ok(_))));
    let session = world.authenticate(&inside.token).unwrap();
    assert!(block_on(world.vestibule.is_admitted(&session, account)).unwrap());

    block_on(world.vestibule.edit_policy(by, account, AccountPolicy::new())).unwrap();
    assert!(!block_on(world.vestibule.is_admitted(&session, account)).unwrap());
}

/// What keeps somebody from entering keeps them from acting inside: one gate for every way in (design, section 1).
#[test]
fn who_may_not_enter_does_not_act_either() {
    let (world, _) = World::with_ada();
    let (bob, eve) = (world.person(BOB), world.person("eve@example.com"));
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    world.add(&ada, account, bob);
    let by = Acting::Administrator(&ada);
    let mut policy = AccountPolicy::new();
    policy.networks.push(vestibule_profiles::NetworkRange::parse("192.0.2.0/24").unwrap());
    policy.roles.insert(role(), Permissions::none().with(Permission::Invite).with(Permission::SeeLogin));
    block_on(world.vestibule.edit_policy(by, account, policy.clone())).unwrap();

    let bobs = world.session(BOB);
    let add = |who: &Authenticated| {
        let new = NewMember::active(eve, role());
        block_on(world.vestibule.add_member(Acting::Administrator(who), account, new))
    };
    let from = |ip: [u8; 4]| bobs.clone().from_client(std::net::IpAddr::from(ip));
    assert_eq!(world.told(add(&bobs)), "admission.client_not_allowed");
    assert_eq!(world.told(add(&from([198, 51, 100, 7]))), "admission.client_not_allowed");
    let look = block_on(world.vestibule.view_member(Acting::Administrator(&bobs), account, bob));
    assert_eq!(world.told(look), "admission.client_not_allowed");
    add(&from([192, 0, 2, 7])).unwrap();

    policy.single_sign_on_only = true;
    block_on(world.vestibule.edit_policy(by, account, policy)).unwrap();
    let dismiss = |who: &Authenticated| {
        block_on(world.vestibule.move_member(Acting::Administrator(who), account, eve, Move::Dismiss))
    };
    assert_eq!(world.told(dismiss(&from([192, 0, 2, 7]))), "admission.single_sign_on_only");
    block_on(world.vestibule.edit_policy(by, account, AccountPolicy::new())).unwrap();
}

#[test]
fn a_name_that_could_break_a_line_is_refused() {
    let (world, _) = World::with_ada();
    let ada = world.session(ADA);
    for name in ["", "  ", "a\r\nBcc: x", "a\u{202e}b", "a\u{2028}b", &"n".repeat(201)] {
        let new = NewAccount::new(AccountId::from(1), name, role());
        assert_eq!(world.told(block_on(world.vestibule.create_account(&ada, new))), "account.out_of_bounds");
    }
    let new = NewAccount::new(AccountId::from(1), "Zürich Engines – north", role());
    block_on(world.vestibule.create_account(&ada, new)).unwrap();
}

#[test]
fn a_person_creates_seven_accounts_and_no_eighth() {
    let (world, _) = World::with_ada();
    let ada = world.session(ADA);
    for account in 0..7 {
        world.account(&ada, account);
    }
    let create = |id: u64| {
        let new = NewAccount::new(AccountId::from(id), "Engines", role());
        block_on(world.vestibule.create_account(&ada, new))
    };
    assert_eq!(world.told(create(7)), "account.limit");
    assert_eq!(block_on(world.vestibule.list_accounts(&ada, None, 100)).unwrap().len(), 7);
}

#[test]
fn an_account_that_exists_is_taken() {
    let (world, _) = World::with_ada();
    world.person(BOB);
    let account = world.account(&world.session(ADA), 1);
    let new = NewAccount::new(account, "Other", role());
    let refusal = world.told(block_on(world.vestibule.create_account(&world.session(BOB), new)));
    assert_eq!(refusal, "account.taken");
}

#[test]
fn seats_are_counted_when_they_are_taken() {
    let (world, _) = World::with_ada();
    let (bob, eve) = (world.person(BOB), world.person("eve@example.com"));
    let ada = world.session(ADA);
    let by = Acting::Administrator(&ada);
    let account = AccountId::from(1);
    let mut policy = AccountPolicy::new();
    policy.seat_limit = Some(2);
    let new = NewAccount::new(account, "Engines", role()).policy(policy);
    block_on(world.vestibule.create_account(&ada, new)).unwrap();
    world.add(&ada, account, bob);
    let full = block_on(world.vestibule.add_member(by, account, NewMember::active(eve, role())));
    assert_eq!(world.told(full), "membership.seat_limit");
    let waits = NewMember::awaiting_approval(eve, role());
    block_on(world.vestibule.add_member(by, account, waits)).unwrap();
    let approve = || block_on(world.vestibule.move_member(by, account, eve, Move::Approve));
    assert_eq!(world.told(approve()), "membership.seat_limit");
    block_on(world.vestibule.move_member(by, account, bob, Move::Dismiss)).unwrap();
    approve().unwrap();
    let back = block_on(world.vestibule.move_member(by, account, bob, Move::Reinstate));
    assert_eq!(world.told(back), "membership.seat_limit");
}

#[test]
fn who_awaits_approval_enters_once_approved_and_is_gone_once_declined() {
    let (world, _) = World::with_ada();
    let (bob, eve) = (world.person(BOB), world.person("eve@example.com"));
    let ada = world.session(ADA);
    let by = Acting::Administrator(&ada);
    let account = world.account(&ada, 1);
    for subject in [bob, eve] {
        let waits = NewMember::awaiting_approval(subject, role());
        block_on(world.vestibule.add_member(by, account, waits)).unwrap();
    }
    let early = world.sign_in_with(into(account)).entered.unwrap().unwrap_err();
    assert_eq!(early.code(), "admission.awaiting_approval");
    block_on(world.vestibule.move_member(by, account, bob, Move::Approve)).unwrap();
    assert!(matches!(world.sign_in_with(into(account)).entered, Some(Ok(_))));
    block_on(world.vestibule.move_member(by, account, eve, Move::Decline)).unwrap();
    assert!(block_on(world.store.membership(account, eve)).unwrap().is_none());
    let again = block_on(world.vestibule.move_member(by, account, bob, Move::Approve));
    assert_eq!(world.told(again), "membership.wrong_status");
}

#[test]
fn who_may_not_act_does_not() {
    let (world, ada_id) = World::with_ada();
    let (bob, eve) = (world.person(BOB), world.person("eve@example.com"));
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    world.add(&ada, account, bob);
    let (clerk, stranger) = (world.session(BOB), world.session("eve@example.com"));
    let add = |by, subject| {
        world.told(block_on(world.vestibule.add_member(by, account, NewMember::active(subject, role()))))
    };
    assert_eq!(add(Acting::Administrator(&clerk), eve), "membership.not_permitted");
    assert_eq!(add(Acting::Administrator(&stranger), eve), "admission.not_member");
    assert_eq!(add(Acting::Administrator(&ada), bob), "membership.exists");
    let nobody = vestibule_core::SubjectId::from(99);
    assert_eq!(add(Acting::Administrator(&ada), nobody), "profile.unknown");
    let dismiss =
        |by, subject| world.told(block_on(world.vestibule.move_member(by, account, subject, Move::Dismiss)));
    assert_eq!(dismiss(Acting::Administrator(&clerk), ada_id), "membership.not_permitted");
    assert_eq!(dismiss(Acting::Administrator(&ada), ada_id), "membership.not_yourself");
}

/// Whether a subject id exists is told only to who may add members.
#[test]
fn who_may_not_add_learns_nothing_of_who_exists() {
    let (world, _) = World::with_ada();
    let eve = world.person("eve@example.com");
    world.person(BOB);
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    let stranger = world.session(BOB);
    let add = |subject| {
        let by = Acting::Administrator(&stranger);
        world.told(block_on(world.vestibule.add_member(by, account, NewMember::active(subject, role()))))
    };
    assert_eq!(add(eve), add(vestibule_core::SubjectId::from(99)));
}

#[test]
fn an_administrator_whose_session_was_revoked_acts_no_more() {
    let (world, _) = World::with_ada();
    let bob = world.person(BOB);
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    block_on(world.vestibule.sign_out_everywhere(&world.session(ADA))).unwrap();
    let by = Acting::Administrator(&ada);
    let add = block_on(world.vestibule.add_member(by, account, NewMember::active(bob, role())));
    assert_eq!(refused(add).code(), "session.revoked");
    let create = block_on(world.vestibule.create_account(&ada, NewAccount::new(2.into(), "More", role())));
    assert_eq!(refused(create).code(), "session.revoked");
    assert!(block_on(world.store.membership(account, bob)).unwrap().is_none());
    assert!(block_on(world.store.account(2.into())).unwrap().is_none());
}

/// `Authenticated`: what is done with it is checked again in its commit. Ending one session moves no epoch.
#[test]
fn an_administrator_who_signed_out_acts_no_more() {
    let (world, _) = World::with_ada();
    let bob = world.person(BOB);
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    block_on(world.vestibule.sign_out(&ada)).unwrap();
    let by = Acting::Administrator(&ada);
    let add = block_on(world.vestibule.add_member(by, account, NewMember::active(bob, role())));
    assert!(add.is_err());
    let create = block_on(world.vestibule.create_account(&ada, NewAccount::new(2.into(), "More", role())));
    assert!(create.is_err());
}

#[test]
fn the_operator_acts_on_any_account_and_suspends_it() {
    let (world, _) = World::with_ada();
    let bob = world.person(BOB);
    let account = world.account(&world.session(ADA), 1);
    let why = reason();
    block_on(world.vestibule.add_member(Acting::Operator(&why), account, NewMember::active(bob, role())))
        .unwrap();
    let member = block_on(world.store.membership(account, bob)).unwrap().unwrap();
    assert_eq!(member.standing.status, Status::Active);
    block_on(world.vestibule.suspend_account(&why, account, true)).unwrap();
    let refusal = world.sign_in_with(into(account)).entered.unwrap().unwrap_err();
    assert_eq!(refusal.code(), "admission.account_suspended");
    block_on(world.vestibule.suspend_account(&why, account, false)).unwrap();
    assert!(matches!(world.sign_in_with(into(account)).entered, Some(Ok(_))));
    block_on(world.vestibule.close_account(Acting::Operator(&why), account)).unwrap();
    let refusal = world.sign_in_with(into(account)).entered.unwrap().unwrap_err();
    assert_eq!(refusal.code(), "admission.account_closed");
}
