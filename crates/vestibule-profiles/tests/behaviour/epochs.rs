//! What ends sessions, and what does not (PR-5).

use vestibule_profiles::{ActingAs, Move, NewMember, Problem, Proven};

use super::{World, at, block_on, refusal, role};

#[test]
fn a_reinstated_administrator_comes_back_without_the_flag_and_under_another_epoch() {
    let world = World::new();
    let founder = world.register("founder");
    let account = world.open("acme", founder);
    let ada = world.administrator(account, "ada");
    let first = world.membership(account, ada).unwrap();
    let moved =
        |step| block_on(world.profiles.move_member(ActingAs::Member(founder), account, ada, step, at(5)));

    moved(Move::Dismiss).unwrap();
    let dismissed = world.membership(account, ada).unwrap();
    assert!(dismissed.epoch > first.epoch && dismissed.version > first.version);
    assert!(!dismissed.standing.administers);
    assert_eq!(dismissed.standing.moved_by, Some(founder));
    assert_eq!(world.account(account).administrators, 1);
    assert_eq!(world.profile(ada).unwrap().live_memberships, 0);

    moved(Move::Reinstate).unwrap();
    let back = world.membership(account, ada).unwrap();
    assert!(back.epoch > dismissed.epoch && back.version > dismissed.version);
    assert!(!back.standing.administers);
    assert_eq!((back.joined_at, back.standing.since), (first.joined_at, at(5)));
    assert_eq!(world.account(account).administrators, 1);
    assert_eq!(world.profile(ada).unwrap().live_memberships, 1);
}

#[test]
fn an_approval_and_a_change_of_role_move_the_version_and_not_the_epoch() {
    let world = World::new();
    let founder = world.register("founder");
    let account = world.open("acme", founder);
    let ada = world.register("ada");
    let by = ActingAs::Member(founder);
    world.add(account, NewMember::awaiting_approval(ada, role("worker"))).unwrap();
    block_on(world.profiles.move_member(by, account, ada, Move::Approve, at(5))).unwrap();
    let approved = world.membership(account, ada).unwrap();
    assert_eq!((approved.version, approved.epoch), (2, 1));
    block_on(world.profiles.change_role(by, account, ada, role("deputy"), false, at(6))).unwrap();
    let changed = world.membership(account, ada).unwrap();
    assert_eq!((changed.version, changed.epoch, changed.standing.since), (3, 1, at(5)));
}

#[test]
fn blocking_and_unblocking_each_end_every_session_of_the_person() {
    let world = World::new();
    let founder = world.register("founder");
    let account = world.open("acme", founder);
    let admitted = |now| block_on(world.profiles.admit(founder, account, Proven::by_profile(), None, now));
    let epoch = || world.profile(founder).unwrap().epoch;
    assert_eq!(epoch(), 1);

    block_on(world.profiles.set_block(founder, Some(None), at(5))).unwrap();
    assert_eq!(epoch(), 2);
    assert_eq!(refusal(admitted(at(1_000_000))), Problem::Blocked { until: None });
    block_on(world.profiles.set_block(founder, None, at(6))).unwrap();
    assert_eq!(epoch(), 3);
    assert!(admitted(at(6)).is_ok());

    block_on(world.profiles.set_block(founder, Some(Some(at(60))), at(7))).unwrap();
    assert_eq!(epoch(), 4);
    assert_eq!(refusal(admitted(at(59))), Problem::Blocked { until: Some(at(60)) });
    assert!(admitted(at(60)).is_ok());
    assert_eq!(epoch(), 4, "the end of a block is computed, not written");
}

#[test]
fn nobody_unknown_is_blocked() {
    let world = World::new();
    let refused = block_on(world.profiles.set_block(super::person("nobody"), Some(None), at(5)));
    assert_eq!(refusal(refused), Problem::ProfileUnknown);
    assert_eq!(world.dump(), []);
}
