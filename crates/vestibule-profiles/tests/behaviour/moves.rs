//! The whole table of moves: who, from which status, with what outcome (PR-4, ATK-E7, ATK-E16).

use vestibule_core::{AccountId, SubjectId};
use vestibule_profiles::{ActingAs, By, Move, NewMember, Permission, Problem, Status, decide};

use super::{World, at, block_on, refusal, role, role_with, role_without};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Actor {
    Operator,
    Primary,
    Administrator,
    WithThePermission,
    WithEveryOther,
    AwaitingWithThePermission,
    DismissedWithThePermission,
    Themselves,
    AdministratorElsewhere,
    NobodyKnown,
}

const ACTORS: [Actor; 10] = [
    Actor::Operator,
    Actor::Primary,
    Actor::Administrator,
    Actor::WithThePermission,
    Actor::WithEveryOther,
    Actor::AwaitingWithThePermission,
    Actor::DismissedWithThePermission,
    Actor::Themselves,
    Actor::AdministratorElsewhere,
    Actor::NobodyKnown,
];

const STATUSES: [Option<Status>; 4] =
    [None, Some(Status::AwaitingApproval), Some(Status::Active), Some(Status::Dismissed)];

fn needed(step: Move) -> Permission {
    match step {
        Move::Dismiss => Permission::Dismiss,
        Move::Reinstate => Permission::Reinstate,
        _ => Permission::Approve,
    }
}

/// A target of that status who would have every permission, were they Active.
fn target(world: &World, account: AccountId, status: Option<Status>) -> SubjectId {
    let subject = world.register("target");
    let new = match status {
        None => return subject,
        Some(Status::AwaitingApproval) => NewMember::awaiting_approval(subject, role("deputy")),
        Some(Status::Active | Status::Dismissed) => NewMember::active(subject, role("deputy")),
    };
    world.add(account, new).unwrap();
    if status == Some(Status::Dismissed) {
        dismiss(world, account, subject);
    }
    assert_eq!(world.status(account, subject), status);
    subject
}

fn dismiss(world: &World, account: AccountId, subject: SubjectId) {
    let dismissal = world.profiles.move_member(ActingAs::Operator, account, subject, Move::Dismiss, at(2));
    block_on(dismissal).unwrap();
}

fn actor(world: &World, account: AccountId, who: Actor, step: Move, target: SubjectId) -> ActingAs {
    ActingAs::Member(match who {
        Actor::Operator => return ActingAs::Operator,
        Actor::Primary => world.account(account).primary,
        Actor::Administrator => world.administrator(account, "administrator"),
        Actor::WithThePermission => world.member(account, "with", role_with(needed(step))),
        Actor::WithEveryOther => world.member(account, "without", role_without(needed(step))),
        Actor::AwaitingWithThePermission => {
            let subject = world.register("awaiting");
            world.add(account, NewMember::awaiting_approval(subject, role("deputy"))).unwrap();
            subject
        }
        Actor::DismissedWithThePermission => {
            let subject = world.member(account, "dismissed", role("deputy"));
            dismiss(world, account, subject);
            subject
        }
        Actor::Themselves => target,
        Actor::AdministratorElsewhere => {
            let subject = world.register("elsewhere");
            world.open("another", subject);
            subject
        }
        Actor::NobodyKnown => super::person("nobody"),
    })
}

fn expected(who: Actor, status: Option<Status>, step: Move) -> Result<(), Problem> {
    let not_permitted = Err(Problem::NotPermitted { permission: needed(step) });
    match who {
        Actor::AdministratorElsewhere | Actor::NobodyKnown => return Err(Problem::NotMember),
        // Who may not, is not told who is a member (PR-15).
        Actor::WithEveryOther | Actor::AwaitingWithThePermission | Actor::DismissedWithThePermission => {
            return not_permitted;
        }
        _ => {}
    }
    let Some(status) = status else { return Err(Problem::NotMember) };
    match who {
        Actor::Themselves if status == Status::Active => Err(Problem::NotYourself),
        Actor::Themselves => not_permitted,
        Actor::Operator | Actor::Primary | Actor::Administrator | Actor::WithThePermission => {
            if status == step.from() { Ok(()) } else { Err(Problem::WrongStatus { status }) }
        }
        _ => not_permitted,
    }
}

#[test]
fn exactly_the_allowed_cells_of_the_move_table_pass() {
    let mut passed = 0;
    for who in ACTORS {
        for status in STATUSES {
            for step in Move::ALL {
                let world = World::new();
                let founder = world.register("founder");
                let account = world.open("acme", founder);
                let target = target(&world, account, status);
                let by = actor(&world, account, who, *step, target);
                let before = world.dump();
                let cell = format!("{who:?} {status:?} {step:?}");

                let moved = block_on(world.profiles.move_member(by, account, target, *step, at(5)));
                match expected(who, status, *step) {
                    Ok(()) => {
                        passed += 1;
                        assert!(moved.is_ok(), "{cell}: {moved:?}");
                        assert_eq!(world.status(account, target), step.to(), "{cell}");
                        assert!(
                            world.membership(account, target).is_none_or(|row| {
                                !row.standing.administers && row.standing.since == at(5)
                            }),
                            "{cell}"
                        );
                    }
                    Err(problem) => {
                        assert_eq!(refusal(moved), problem, "{cell}");
                        assert_eq!(world.dump(), before, "{cell}: a refusal leaves no trace");
                    }
                }
                assert_eq!(world.account(account).seats, world.active(account), "{cell}");
                assert_eq!(
                    world.account(account).administrators,
                    world.active_administrators(account),
                    "{cell}"
                );
            }
        }
    }
    // Four actors, four moves, each from its one status.
    assert_eq!(passed, 16);
}

/// ATK-E16: a decision that is handed the membership of another account refuses, whatever that membership may do there.
#[test]
fn a_membership_of_another_account_decides_nothing_here() {
    let world = World::new();
    let (founder, other) = (world.register("founder"), world.register("other"));
    let here = world.open("here", founder);
    let there = world.open("there", other);
    let subject = target(&world, here, Some(Status::Active));
    let foreign = world.membership(there, other).unwrap();
    assert!(foreign.is_active_administrator());
    let member = world.membership(here, subject).unwrap();
    let account = world.account(here);

    let refused = decide::move_member(By::Member(&foreign), &account, Some(&member), Move::Dismiss, at(5));
    assert_eq!(refused, Err(Problem::NotPermitted { permission: Permission::Dismiss }));
    for permission in super::ALL {
        let refused = decide::authorise(By::Member(&foreign), &account, permission);
        assert_eq!(refused, Err(Problem::NotPermitted { permission }));
    }
}

#[test]
fn each_permission_is_had_by_its_role_alone() {
    let world = World::new();
    let founder = world.register("founder");
    let account = world.open("acme", founder);
    let account_row = world.account(account);
    let mut member = world.membership(account, founder).unwrap();
    member.standing.administers = false;
    for permission in super::ALL {
        for asked in super::ALL {
            for (own, may) in [
                (role_with(permission), asked == permission),
                (role_without(permission), asked != permission),
            ] {
                member.standing.role = own;
                let decided = decide::authorise(By::Member(&member), &account_row, asked);
                assert_eq!(decided.is_ok(), may, "{:?} {asked:?}", member.standing.role);
            }
        }
        member.standing.role = role("unheard of");
        assert!(decide::authorise(By::Member(&member), &account_row, permission).is_err());
    }
}

#[test]
fn the_primary_administrator_is_dismissed_by_nobody() {
    let world = World::new();
    let founder = world.register("founder");
    let account = world.open("acme", founder);
    let second = world.administrator(account, "second");
    for by in [ActingAs::Operator, ActingAs::Member(second)] {
        let dismissal = world.profiles.move_member(by, account, founder, Move::Dismiss, at(5));
        assert_eq!(refusal(block_on(dismissal)), Problem::PrimaryAdministrator);
        let demotion = world.profiles.change_role(by, account, founder, role("worker"), false, at(5));
        assert_eq!(refusal(block_on(demotion)), Problem::PrimaryAdministrator);
    }
}

#[test]
fn the_last_administrator_is_neither_dismissed_nor_demoted() {
    let world = World::new();
    let founder = world.register("founder");
    let account = world.open("acme", founder);
    let second = world.administrator(account, "second");
    let member = world.membership(account, second).unwrap();
    let mut row = world.account(account);
    assert_eq!(row.administrators, 2);
    row.administrators = 1;
    let dismissal = decide::move_member(By::Operator, &row, Some(&member), Move::Dismiss, at(5));
    assert_eq!(dismissal, Err(Problem::LastAdministrator));
    let demotion = decide::change_role(By::Operator, &row, Some(&member), role("worker"), false);
    assert_eq!(demotion, Err(Problem::LastAdministrator));
}
