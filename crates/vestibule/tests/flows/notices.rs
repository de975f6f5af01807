//! What is done to a person is told at every verified address, in the commit that did it.

use core::time::Duration;

use vestibule::{Acting, NewPerson, NoticeKind, WaitingMessages};
use vestibule_core::LoginEmail;
use vestibule_profiles::{Move, NewMember};

use crate::world::{ADA, NEW, RIGHT, World, block_on, reason, refused, role};

fn waiting(world: &World) -> WaitingMessages {
    block_on(world.vestibule.waiting_messages(None, 100)).unwrap()
}

/// Who was told of what, sorted.
fn told(world: &World) -> Vec<(String, NoticeKind)> {
    let mut told: Vec<(String, NoticeKind)> = waiting(world)
        .messages
        .iter()
        .map(|message| (message.recipient.expose().clone(), message.notice.kind))
        .collect();
    told.sort_by(|a, b| (&a.0, a.1.code()).cmp(&(&b.0, b.1.code())));
    told
}

#[test]
fn a_changed_password_is_told_at_every_verified_address_and_a_rejected_one_nowhere() {
    let world = World::new();
    let both = NewPerson::verified_by_host(LoginEmail::parse(ADA).unwrap())
        .also(LoginEmail::parse("ada@home.example").unwrap())
        .password(RIGHT);
    block_on(world.vestibule.register_verified(both)).unwrap();
    let ada = world.session(ADA);
    refused(block_on(world.vestibule.change_password(&ada, RIGHT, "short")));
    assert_eq!(told(&world), []);
    block_on(world.vestibule.change_password(&ada, RIGHT, NEW)).unwrap();
    let kind = NoticeKind::PasswordChanged;
    assert_eq!(told(&world), [(ADA.to_owned(), kind), ("ada@home.example".to_owned(), kind)]);
}

#[test]
fn every_move_of_a_membership_is_told_to_the_member() {
    let (world, _) = World::with_ada();
    let ada = world.session(ADA);
    let account = world.account(&ada, 7);
    let bob = world.person("bob@example.com");
    let waiting_member = NewMember::awaiting_approval(bob, role());
    let by = Acting::Administrator(&ada);
    block_on(world.vestibule.add_member(by, account, waiting_member)).unwrap();
    for step in [Move::Approve, Move::Dismiss, Move::Reinstate] {
        block_on(world.vestibule.move_member(by, account, bob, step)).unwrap();
    }
    block_on(world.vestibule.change_role(by, account, bob, role(), true)).unwrap();
    let kinds: Vec<NoticeKind> = told(&world).into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(
        kinds,
        [
            NoticeKind::MemberApproved,
            NoticeKind::MemberAwaitsApproval,
            NoticeKind::MemberDismissed,
            NoticeKind::MemberReinstated,
            NoticeKind::MemberRoleChanged
        ]
    );
    assert!(waiting(&world).messages.iter().all(|message| message.notice.account == Some(account)));
}

#[test]
fn a_refused_act_tells_nobody() {
    let (world, _) = World::with_ada();
    let ada = world.session(ADA);
    let account = world.account(&ada, 7);
    let bob = world.person("bob@example.com");
    world.add(&ada, account, bob);
    let before = told(&world);
    let bobs = world.session("bob@example.com");
    refused(block_on(world.vestibule.move_member(
        Acting::Administrator(&bobs),
        account,
        ada.subject(),
        Move::Dismiss,
    )));
    assert_eq!(told(&world), before);
}

#[test]
fn a_block_is_told_with_its_end() {
    let (world, subject) = World::with_ada();
    let until = world.vestibule.now().plus(Duration::from_secs(3600));
    block_on(world.vestibule.block(&reason(), subject, Some(until))).unwrap();
    let page = waiting(&world);
    let [message] = &page.messages[..] else { panic!("{page:?}") };
    assert_eq!((message.notice.kind, message.notice.until), (NoticeKind::ProfileBlocked, Some(until)));
}

#[test]
fn a_dismissal_here_does_not_hide_a_dismissal_there() {
    let (world, _) = World::with_ada();
    let ada = world.session(ADA);
    let bob = world.person("bob@example.com");
    for number in [7, 8] {
        let account = world.account(&ada, number);
        world.add(&ada, account, bob);
        let by = Acting::Administrator(&ada);
        block_on(world.vestibule.move_member(by, account, bob, Move::Dismiss)).unwrap();
    }
    let dismissals = told(&world).into_iter().filter(|(_, kind)| *kind == NoticeKind::MemberDismissed);
    assert_eq!(dismissals.count(), 2);
}

#[test]
fn pages_end_and_together_hold_everything() {
    let (world, _) = World::with_ada();
    let ada = world.session(ADA);
    let account = world.account(&ada, 7);
    for number in 0..5 {
        let member = world.person(&format!("p{number}@example.com"));
        world.add(&ada, account, member);
    }
    let (mut after, mut seen) = (None, 0);
    loop {
        let page = block_on(world.vestibule.waiting_messages(after, 2)).unwrap();
        seen += page.messages.len();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, 5);
}
