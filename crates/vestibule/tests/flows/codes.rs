//! Codes that no other flow meets. The gate looks for every code of the registry among the tests.

use core::time::Duration;

use vestibule::{Acting, ImportedMembership, ImportedPerson, NewPerson, Skipped};
use vestibule_core::{ContactEmail, Identifier, LoginEmail, Registered, SubjectId};
use vestibule_profiles::{NewAccount, NewMember};

use crate::world::{ADA, World, block_on, reason, refused, role};

/// Codes that the facade does not give out today: a second line behind rules that already hold. The primary
/// administrator of an account cannot be dismissed, so one is always left; a block moves the epoch, so the session is
/// revoked before anybody asks about the block. Their own crates test them.
#[test]
fn a_second_line_is_registered_all_the_same() {
    for code in ["membership.last_administrator", "session.blocked"] {
        assert!(vestibule::registry().iter().any(|entry| entry.code == code));
    }
}

fn email(number: usize) -> LoginEmail {
    LoginEmail::parse(&format!("ada{number}@example.com")).unwrap()
}

#[test]
fn who_is_registered_has_a_way_in_and_no_more_identifiers_than_a_profile_holds() {
    let world = World::new();
    let mut nobody = NewPerson::verified_by_host(email(0));
    nobody.identifiers.clear();
    assert_eq!(world.told(block_on(world.vestibule.register_verified(nobody))), "identifier.last_way_in");
    let many = (1..9).fold(NewPerson::verified_by_host(email(0)), |person, n| person.also(email(n)));
    assert_eq!(world.told(block_on(world.vestibule.register_verified(many))), "identifier.too_many");
}

#[test]
fn a_profile_and_an_identifier_are_given_once() {
    let (world, ada) = World::with_ada();
    let again = NewPerson::verified_by_host(email(1)).subject(ada);
    assert_eq!(world.told(block_on(world.vestibule.register_verified(again))), "profile.taken");
    let other = NewPerson::verified_by_host(LoginEmail::parse(ADA).unwrap());
    assert_eq!(world.told(block_on(world.vestibule.register_verified(other))), "identifier.taken");
}

#[test]
fn a_name_has_its_bounds_and_a_contact_address_one_member() {
    let (world, _) = World::with_ada();
    let ada = world.session(ADA);
    let long = NewAccount::new(7.into(), "x".repeat(201), role());
    assert_eq!(world.told(block_on(world.vestibule.create_account(&ada, long))), "account.out_of_bounds");

    let account = world.account(&ada, 7);
    let add = |login: &str| {
        let contact = ContactEmail::parse("sales@example.com").unwrap();
        let member = NewMember::active(world.person(login), role()).contact(contact);
        block_on(world.vestibule.add_member(Acting::Administrator(&ada), account, member))
    };
    add("bob@example.com").unwrap();
    assert_eq!(world.told(add("eve@example.com")), "membership.contact_taken");
}

#[test]
fn an_import_says_by_code_what_it_could_not_take() {
    let (world, _) = World::with_ada();
    let import = |person| block_on(world.vestibule.import(person, &reason()));
    let problem = |person: ImportedPerson| import(person).unwrap_err().refused().unwrap().entry().code;
    let person = || ImportedPerson::new(SubjectId::from(2)).email("bob@example.com");
    let later = world.vestibule.now().plus(Duration::from_secs(1));
    assert_eq!(problem(person().email("bob")), "import.address_malformed");
    assert_eq!(problem(person().password_hash("nonsense")), "import.hash_unusable");
    assert_eq!(problem(person().created_at(later)), "import.instant_in_future");
    assert_eq!(problem(person().member(ImportedMembership::active(7.into(), ""))), "import.role_malformed");

    let skipped = [
        (
            Skipped::IdentifierNotAdded { identifier: Identifier::from(email(0)) },
            "import.identifier_not_added",
        ),
        (Skipped::Password, "import.password_not_set"),
    ];
    for (skipped, code) in skipped {
        assert_eq!(skipped.entry().code, code);
    }
}

#[test]
fn an_operator_is_told_of_a_profile_that_is_not_there() {
    let world = World::new();
    let nobody = SubjectId::from(404);
    assert_eq!(refused(block_on(world.vestibule.block(&reason(), nobody, None))).code(), "profile.unknown");
}
