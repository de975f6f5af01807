//! Who changes roles, policies and states, and who adds members (ATK-E7).

use vestibule_core::{AccountId, SubjectId};
use vestibule_profiles::{AccountPolicy, AccountState, ActingAs, Move, NewMember, Permission, Problem};

use super::{World, at, block_on, refusal, role, role_with, role_without};

/// The account `acme` with its founder, a second administrator, one with the permission alone, one with all others.
struct Cast {
    world: World,
    account: AccountId,
    founder: SubjectId,
    second: SubjectId,
    with: SubjectId,
    without: SubjectId,
    outsider: SubjectId,
    plain: SubjectId,
}

fn cast(permission: Permission) -> Cast {
    let world = World::new();
    let founder = world.register("founder");
    let account = world.open("acme", founder);
    let second = world.administrator(account, "second");
    let with = world.member(account, "with", role_with(permission));
    let without = world.member(account, "without", role_without(permission));
    let plain = world.member(account, "plain", role("worker"));
    let outsider = world.register("outsider");
    world.open("elsewhere", outsider);
    Cast { world, account, founder, second, with, without, outsider, plain }
}

#[test]
fn only_who_administers_makes_or_unmakes_administrators() {
    let permission = Permission::EditPolicy;
    let not_permitted = || Err(Problem::NotPermitted { permission });
    let Cast { world, account, founder, second, with, without, outsider, plain } = cast(permission);
    let change = |by, who, administers| {
        let before = world.dump();
        let changed = world.profiles.change_role(by, account, who, role("worker"), administers, at(5));
        block_on(changed).map_err(|failure| {
            assert_eq!(world.dump(), before, "a refusal leaves no trace");
            refusal(Err::<(), _>(failure))
        })
    };
    let member = ActingAs::Member;

    assert_eq!(change(member(with), plain, true), not_permitted());
    assert_eq!(change(member(with), with, true), not_permitted());
    assert_eq!(change(member(with), second, false), not_permitted());
    assert_eq!(change(member(with), second, true), not_permitted());
    assert_eq!(change(member(without), plain, false), not_permitted());
    assert_eq!(change(member(outsider), plain, true), Err(Problem::NotMember));
    assert_eq!(change(member(with), with, false), Err(Problem::NotYourself));
    assert_eq!(change(member(second), second, false), Err(Problem::NotYourself));
    assert_eq!(change(ActingAs::Operator, outsider, true), Err(Problem::NotMember));

    assert_eq!(change(member(with), plain, false), Ok(()));
    assert_eq!(change(member(second), plain, true), Ok(()));
    assert_eq!(world.account(account).administrators, 3);
    assert_eq!(change(ActingAs::Operator, plain, true), Ok(()));
    assert_eq!(world.account(account).administrators, 3, "an administrator is not counted twice");
    assert_eq!(change(member(founder), plain, false), Ok(()));
    assert_eq!(world.account(account).administrators, world.active_administrators(account));
}

#[test]
fn a_role_is_changed_of_active_members_only() {
    let Cast { world, account, plain, .. } = cast(Permission::EditPolicy);
    block_on(world.profiles.move_member(ActingAs::Operator, account, plain, Move::Dismiss, at(4))).unwrap();
    let change = world.profiles.change_role(ActingAs::Operator, account, plain, role("worker"), true, at(5));
    let status = vestibule_profiles::Status::Dismissed;
    assert_eq!(refusal(block_on(change)), Problem::WrongStatus { status });
}

#[test]
fn a_policy_is_edited_by_whom_it_permits_and_never_in_a_closed_account() {
    let permission = Permission::EditPolicy;
    let Cast { world, account, founder, with, without, outsider, plain, .. } = cast(permission);
    let edit = |by| {
        let version = world.account(account).settings_version;
        let edited = block_on(world.profiles.edit_policy(by, account, super::policy(), at(5)));
        let step = u64::from(edited.is_ok());
        assert_eq!(world.account(account).settings_version, version + step);
        edited.map_err(|failure| refusal(Err::<(), _>(failure)))
    };
    for may in [ActingAs::Operator, ActingAs::Member(founder), ActingAs::Member(with)] {
        assert_eq!(edit(may), Ok(()), "{may:?}");
    }
    for may_not in [without, plain] {
        assert_eq!(edit(ActingAs::Member(may_not)), Err(Problem::NotPermitted { permission }));
    }
    assert_eq!(edit(ActingAs::Member(outsider)), Err(Problem::NotMember));
    block_on(world.profiles.set_state(ActingAs::Operator, account, AccountState::Closed, at(6))).unwrap();
    assert_eq!(edit(ActingAs::Operator), Err(Problem::Closed));
}

#[test]
fn the_operator_sets_any_state_and_an_administrator_only_closes_for_ever() {
    use AccountState::{Closed, Open, Suspended};
    let permission = Permission::EditPolicy;
    for by_whom in ["operator", "founder", "with", "plain"] {
        for state in [Open, Suspended, Closed] {
            let Cast { world, account, founder, with, plain, .. } = cast(permission);
            let by = match by_whom {
                "operator" => ActingAs::Operator,
                "founder" => ActingAs::Member(founder),
                "with" => ActingAs::Member(with),
                _ => ActingAs::Member(plain),
            };
            let set = block_on(world.profiles.set_state(by, account, state, at(5)));
            let may = by_whom == "operator" || by_whom == "founder" && state == Closed;
            if may {
                set.unwrap();
                assert_eq!(world.account(account).state, state);
            } else {
                assert_eq!(refusal(set), Problem::NotPermitted { permission }, "{by_whom} {state:?}");
                assert_eq!(world.account(account).state, Open);
            }
        }
    }
    let Cast { world, account, .. } = cast(permission);
    block_on(world.profiles.set_state(ActingAs::Operator, account, Closed, at(5))).unwrap();
    let reopen = block_on(world.profiles.set_state(ActingAs::Operator, account, Open, at(6)));
    assert_eq!(refusal(reopen), Problem::Closed);
}

#[test]
fn members_are_added_by_whom_the_policy_permits_to_open_accounts_alone() {
    let permission = Permission::Invite;
    let Cast { world, account, founder, with, without, outsider, .. } = cast(permission);
    let add = |by, name: &str| {
        let subject = world.register(name);
        let new = NewMember::active(subject, role("worker"));
        let added = block_on(world.profiles.add_member(by, account, new, at(5)));
        added.map_err(|failure| refusal(Err::<(), _>(failure)))
    };
    assert_eq!(add(ActingAs::Operator, "a"), Ok(()));
    assert_eq!(add(ActingAs::Member(founder), "b"), Ok(()));
    assert_eq!(add(ActingAs::Member(with), "c"), Ok(()));
    assert_eq!(add(ActingAs::Member(without), "d"), Err(Problem::NotPermitted { permission }));
    assert_eq!(add(ActingAs::Member(outsider), "e"), Err(Problem::NotMember));
    for (state, problem) in
        [(AccountState::Suspended, Problem::Suspended), (AccountState::Closed, Problem::Closed)]
    {
        block_on(world.profiles.set_state(ActingAs::Operator, account, state, at(6))).unwrap();
        assert_eq!(add(ActingAs::Operator, state.as_str()), Err(problem));
    }
    assert_eq!(world.account(account).seats, world.active(account));
}

#[test]
fn an_account_that_is_not_there_is_said_to_the_operator() {
    let Cast { world, plain, .. } = cast(Permission::Invite);
    let nowhere = super::account_id("nowhere");
    let new = NewMember::active(plain, role("worker"));
    let operator = ActingAs::Operator;
    let added = block_on(world.profiles.add_member(operator, nowhere, new, at(5)));
    assert_eq!(refusal(added), Problem::AccountUnknown);
    let edited = block_on(world.profiles.edit_policy(operator, nowhere, AccountPolicy::new(), at(5)));
    assert_eq!(refusal(edited), Problem::AccountUnknown);
}
