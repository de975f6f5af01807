//! PR-8: each account keeps at least one Active membership that may administer.

use std::sync::Barrier;

use vestibule::{Acting, Authenticated, ImportedAccount, ImportedMembership, ImportedPerson};
use vestibule_core::{AccountId, Failure, Refusal, SubjectId};
use vestibule_profiles::{Move, ProfilesRead, Status};

use crate::doors::{BOB, EVE, all_permissions, office};
use crate::world::{ADA, World, block_on, reason, refused, role};

/// The Active administrators by the rows, which must be as many as the account counts.
fn administrators(world: &World, account: AccountId) -> Vec<SubjectId> {
    let members = block_on(world.store.members_of(account, None, 100)).unwrap();
    let found: Vec<SubjectId> = members
        .iter()
        .filter(|member| member.standing.status == Status::Active && member.standing.administers)
        .map(|member| member.subject)
        .collect();
    let counted = block_on(world.store.account(account)).unwrap().unwrap().administrators;
    assert_eq!(usize::try_from(counted).unwrap(), found.len());
    assert!(!found.is_empty(), "nobody administers the account");
    found
}

/// Both of them, as the rows are ordered.
fn both(one: SubjectId, other: SubjectId) -> [SubjectId; 2] {
    [one.min(other), one.max(other)]
}

fn code<T>(result: Result<T, Failure<Refusal>>) -> &'static str {
    refused(result).code()
}

#[test]
fn pr_8_the_last_administrator_is_neither_dismissed_nor_unmade_by_anybody() {
    let office = office();
    let (world, account, why) = (&office.world, office.account, reason());
    let ada = office.ada.subject();
    let demote = |by, who| block_on(world.vestibule.change_role(by, account, who, role(), false));
    let promote = |who| {
        block_on(world.vestibule.change_role(Acting::Administrator(&office.ada), account, who, role(), true))
    };
    let step = |by, who, step| block_on(world.vestibule.move_member(by, account, who, step));

    // The operator may do anything but this.
    assert_eq!(code(demote(Acting::Operator(&why), ada)), "membership.primary_administrator");
    assert_eq!(code(step(Acting::Operator(&why), ada, Move::Dismiss)), "membership.primary_administrator");
    // Nobody does it to themselves, and a second administrator not to the first.
    let own = Acting::Administrator(&office.ada);
    assert_eq!(code(demote(own, ada)), "membership.not_yourself");
    assert_eq!(code(step(own, ada, Move::Dismiss)), "membership.not_yourself");
    promote(office.bob).unwrap();
    let bob = world.session(BOB);
    let bob = Acting::Administrator(&bob);
    assert_eq!(code(demote(bob, ada)), "membership.primary_administrator");
    assert_eq!(code(step(bob, ada, Move::Dismiss)), "membership.primary_administrator");
    assert_eq!(administrators(world, account), both(ada, office.bob));
    // The second goes, is back without the rank, and the first is counted once.
    step(own, office.bob, Move::Dismiss).unwrap();
    assert_eq!(administrators(world, account), [ada]);
    step(own, office.bob, Move::Reinstate).unwrap();
    assert_eq!(administrators(world, account), [ada]);
    promote(office.bob).unwrap();
    promote(office.bob).unwrap();
    assert_eq!(administrators(world, account), both(ada, office.bob), "nobody counts twice");
}

#[test]
fn pr_8_no_role_and_no_other_account_takes_the_administrators_away() {
    let office = office();
    let (world, account) = (&office.world, office.account);
    let ada = office.ada.subject();
    let mut policy = vestibule_profiles::AccountPolicy::new();
    policy.roles.insert(role(), all_permissions());
    block_on(world.vestibule.edit_policy(Acting::Administrator(&office.ada), account, policy)).unwrap();
    let deputy = world.session(BOB);
    for who in [&deputy, &office.eve] {
        let by = Acting::Administrator(who);
        assert!(block_on(world.vestibule.move_member(by, account, ada, Move::Dismiss)).is_err());
        assert!(block_on(world.vestibule.change_role(by, account, ada, role(), false)).is_err());
        assert!(block_on(world.vestibule.change_role(by, account, office.bob, role(), true)).is_err());
        assert!(block_on(world.vestibule.close_account(by, account)).is_err());
    }
    assert_eq!(administrators(world, account), [ada]);
    // An old table neither takes the rank away nor adds half an administrator.
    for given in [
        ImportedMembership::active(account, "clerk"),
        ImportedMembership::dismissed(account, "clerk"),
        ImportedMembership::awaiting_approval(account, "clerk"),
    ] {
        let person = ImportedPerson::new(ada).email(ADA).member(given);
        assert_eq!(block_on(world.vestibule.import(person, &reason())).unwrap().skipped().len(), 1);
    }
    let taken = ImportedAccount::new(account, "Engines", office.eve.subject(), "owner");
    assert_eq!(block_on(world.vestibule.import_account(taken, &reason())).unwrap().skipped().len(), 1);
    assert_eq!(administrators(world, account), [ada]);
    let person = ImportedPerson::new(office.eve.subject()).email(EVE);
    let person = person.member(ImportedMembership::administrator(account, "owner"));
    let _ = block_on(world.vestibule.import(person, &reason())).unwrap();
    assert_eq!(administrators(world, account).len(), 2);
}

/// Two administrators beside the primary one turn on each other at the same instant.
#[test]
fn pr_8_administrators_who_unmake_each_other_at_once_are_counted_right() {
    for round in 0..40 {
        let office = office();
        let (world, account) = (&office.world, office.account);
        let by = Acting::Administrator(&office.ada);
        world.add(&office.ada, account, office.eve.subject());
        for who in [office.bob, office.eve.subject()] {
            block_on(world.vestibule.change_role(by, account, who, role(), true)).unwrap();
        }
        let (bob, eve) = (world.session(BOB), world.session(EVE));
        let barrier = Barrier::new(2);
        let strike = |who: &Authenticated, whom: SubjectId| {
            barrier.wait();
            let by = Acting::Administrator(who);
            if round % 2 == 0 {
                block_on(world.vestibule.move_member(by, account, whom, Move::Dismiss)).is_ok()
            } else {
                block_on(world.vestibule.change_role(by, account, whom, role(), false)).is_ok()
            }
        };
        let struck = std::thread::scope(|scope| {
            let first = scope.spawn(|| strike(&bob, office.eve.subject()));
            let second = scope.spawn(|| strike(&eve, office.bob));
            [first.join().unwrap(), second.join().unwrap()]
        });
        assert_eq!(struck.iter().filter(|landed| **landed).count(), 1, "round {round}: {struck:?}");
        let left = administrators(world, account);
        assert_eq!(left.len(), 2);
        assert!(left.contains(&office.ada.subject()));
    }
}
