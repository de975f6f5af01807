//! What should hold and does not yet: each of these fails today.

use vestibule_profiles::{
    ActingAs, Move, NetworkRange, NewMember, Permission, Problem, ProfilesRead, Status,
};

use super::{World, at, block_on, refusal, role, role_with};

#[test]
fn a_policy_beyond_its_bounds_does_not_make_the_account_unreadable() {
    let world = World::new();
    let founder = world.register("founder");
    let account = world.open("acme", founder);
    let mut policy = super::policy();
    policy.networks = vec![NetworkRange::parse("192.0.2.0/24").unwrap(); 65];
    assert!(policy.check().is_err());
    let edit = world.profiles.edit_policy(ActingAs::Member(founder), account, policy, at(5));
    let edited = block_on(edit);
    let read = block_on(world.store.account(account));
    assert!(read.is_ok(), "{read:?}");
    assert!(edited.is_err());
}

/// PR-15, ATK-E16.
#[test]
fn a_stranger_to_the_account_does_not_learn_who_exists() {
    let world = World::new();
    let (founder, outsider, ada) =
        (world.register("founder"), world.register("outsider"), world.register("ada"));
    let account = world.open("acme", founder);
    let add = |subject| {
        let new = NewMember::active(subject, role("worker"));
        refusal(block_on(world.profiles.add_member(ActingAs::Member(outsider), account, new, at(5))))
    };
    assert_eq!(add(ada), add(super::person("nobody")));
}

/// ATK-E7: who invites holds at least what the new role holds.
#[test]
fn who_may_only_invite_gives_no_role_away_that_may_more() {
    let world = World::new();
    let founder = world.register("founder");
    let account = world.open("acme", founder);
    let inviter = world.member(account, "inviter", role_with(Permission::Invite));
    let accomplice = world.register("accomplice");
    let new = NewMember::active(accomplice, role("deputy"));
    let added = block_on(world.profiles.add_member(ActingAs::Member(inviter), account, new, at(5)));
    assert!(matches!(refusal(added), Problem::NotPermitted { .. }));
}

/// ATK-E7.
#[test]
fn who_does_not_administer_dismisses_no_administrator() {
    let world = World::new();
    let founder = world.register("founder");
    let account = world.open("acme", founder);
    let second = world.administrator(account, "second");
    let by = ActingAs::Member(world.member(account, "dismisser", role_with(Permission::Dismiss)));
    let dismissal = block_on(world.profiles.move_member(by, account, second, Move::Dismiss, at(5)));
    assert!(matches!(refusal(dismissal), Problem::NotPermitted { .. }));
    assert_eq!(world.status(account, second), Some(Status::Active));
}

/// ATK-E7: neither by editing the policy nor by the change of another's role.
#[test]
fn who_may_edit_the_policy_gives_no_permission_away_that_they_lack() {
    let world = World::new();
    let founder = world.register("founder");
    let account = world.open("acme", founder);
    let by = ActingAs::Member(world.member(account, "editor", role_with(Permission::EditPolicy)));
    let plain = world.member(account, "plain", role("worker"));
    let change = block_on(world.profiles.change_role(by, account, plain, role("deputy"), false, at(5)));
    assert!(matches!(refusal(change), Problem::NotPermitted { .. }));
}
