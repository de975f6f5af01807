//! What is there already wins, and the answer tells what was left out.

use vestibule::{
    Acting, ImportProblem, Imported, ImportedAccount, ImportedMembership, ImportedPerson, Skipped,
};
use vestibule_core::{AccountId, Batch, BatchId, Commit, SystemEntropy};
use vestibule_profiles::{AccountPolicy, Move, Problem, ProfilesRead, ProfilesWrite, Status};

use super::{
    BCRYPT, BOB, ada, bob, bob_in_full, completed, created, engines, login, pumps, unchanged, with_accounts,
    world,
};
use crate::world::{ADA, block_on, reason};

/// PR-1: an identifier never moves by an import.
#[test]
fn an_identifier_of_somebody_else_is_left_out_and_told() {
    let world = world();
    let _ = world.import(ImportedPerson::new(ada()).email(ADA));
    let taken = Skipped::IdentifierTaken { identifier: login(ADA) };
    assert_eq!(taken.entry().code, "identifier.taken");
    let person = || ImportedPerson::new(bob()).email(ADA).email(BOB);
    assert_eq!(world.import(person()), Imported::Created { skipped: vec![taken.clone()] });
    assert_eq!(world.import(person()), Imported::Unchanged { skipped: vec![taken] });
    let owner = login(ADA);
    let owner = block_on(world.store.identifier_owner(owner.kind(), owner.key())).unwrap().unwrap();
    assert_eq!(owner.subject, ada());
    // Who has nothing else is not there at all: a profile has a way in (PR-2).
    let before = world.rows();
    let nobody = world.problem(ImportedPerson::new(3.into()).email(ADA).password_hash(BCRYPT));
    assert_eq!(nobody, ImportProblem::Profiles(Problem::IdentifierTaken));
    let nothing = world.problem(ImportedPerson::new(3.into()).password_hash(BCRYPT));
    assert_eq!(nothing, ImportProblem::Profiles(Problem::LastWayIn));
    assert!(before == world.rows());
}

#[test]
fn an_address_that_the_person_gave_up_does_not_come_back() {
    let world = world();
    let person = || ImportedPerson::new(ada()).email(ADA).email("old@example.com");
    assert_eq!(world.import(person()), created());
    let old = login("old@example.com");
    let id = BatchId::make(&SystemEntropy, world.vestibule.now()).unwrap();
    let release =
        ProfilesWrite::ReleaseIdentifier { subject: ada(), kind: old.kind(), key: old.key(), verified: true };
    let count = ProfilesWrite::CountWays { subject: ada(), identifiers: -1, social_links: 0 };
    let batch = Batch::new(id, world.vestibule.now(), vec![release, count]).unwrap();
    assert_eq!(block_on(world.store.commit(&batch)).unwrap().refused(), None);

    let before = world.rows();
    let gone = Skipped::IdentifierNotAdded { identifier: old };
    assert_eq!(world.import(person()), Imported::Unchanged { skipped: vec![gone] });
    // Nor does a password come to a profile that has none.
    let person = ImportedPerson::new(ada()).password_hash(BCRYPT);
    assert_eq!(world.import(person), Imported::Unchanged { skipped: vec![Skipped::Password] });
    assert!(before == world.rows());
}

#[test]
fn a_membership_that_cannot_be_is_left_out_and_a_later_run_completes_it() {
    let world = with_accounts();
    let why = reason();
    let by = Acting::Operator(&why);
    let mut policy = AccountPolicy::new();
    policy.seat_limit = Some(1);
    block_on(world.vestibule.edit_policy(by, engines(), policy)).unwrap();
    block_on(world.vestibule.suspend_account(&why, pumps(), true)).unwrap();
    let third = AccountId::from(12);
    let person = || {
        ImportedPerson::new(bob())
            .email(BOB)
            .member(ImportedMembership::active(engines(), "clerk"))
            .member(ImportedMembership::active(pumps(), "clerk"))
            .member(ImportedMembership::active(third, "clerk"))
    };
    let left_out = |account, because| Skipped::Membership { account, because };
    let skipped = vec![
        left_out(engines(), Problem::SeatLimit),
        left_out(pumps(), Problem::Suspended),
        left_out(third, Problem::AccountUnknown),
    ];
    assert_eq!(world.import(person()), Imported::Created { skipped: skipped.clone() });
    assert_eq!(world.import(person()), Imported::Unchanged { skipped });
    block_on(world.vestibule.edit_policy(by, engines(), AccountPolicy::new())).unwrap();
    block_on(world.vestibule.suspend_account(&why, pumps(), false)).unwrap();
    assert_eq!(world.import_account(ImportedAccount::new(third, "Valves", ada(), "owner")), created());
    assert_eq!(world.import(person()), completed());
    assert_eq!(world.import(person()), unchanged());
    assert_eq!(world.counts(third), (2, 1));

    // What became of a membership since is kept, and told.
    block_on(world.vestibule.move_member(by, engines(), bob(), Move::Dismiss)).unwrap();
    let before = world.rows();
    let dismissed = left_out(engines(), Problem::AlreadyMember { status: Status::Dismissed });
    assert_eq!(world.import(person()), Imported::Unchanged { skipped: vec![dismissed] });
    let raised = ImportedPerson::new(bob()).member(ImportedMembership::administrator(pumps(), "clerk"));
    let kept = left_out(pumps(), Problem::AlreadyMember { status: Status::Active });
    assert_eq!(world.import(raised), Imported::Unchanged { skipped: vec![kept] });
    assert!(before == world.rows());
    assert_eq!(world.status(engines(), bob()), Some(Status::Dismissed));
}

#[test]
fn a_contact_address_of_another_member_leaves_the_membership_out() {
    let world = with_accounts();
    let _ = world.import(bob_in_full());
    let member = ImportedMembership::active(engines(), "clerk").contact("bob@engines.example");
    let skipped = vec![Skipped::Membership { account: engines(), because: Problem::ContactTaken }];
    let eve = ImportedPerson::new(3.into()).email("eve@example.com").member(member);
    assert_eq!(world.import(eve), Imported::Created { skipped });
    assert_eq!(world.counts(engines()), (2, 2));
    assert_eq!(world.status(engines(), 3.into()), None);
}

#[test]
fn an_account_that_is_there_stays_as_it_is() {
    let world = with_accounts();
    let _ = world.import(bob_in_full());
    let before = world.rows();
    for other in [
        ImportedAccount::new(engines(), "Engines", bob(), "owner"),
        ImportedAccount::new(engines(), "Turbines", ada(), "owner"),
    ] {
        let skipped = vec![Skipped::Account { account: engines() }];
        assert_eq!(world.import_account(other), Imported::Unchanged { skipped });
    }
    assert!(before == world.rows());
}
