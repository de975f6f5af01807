//! PR-1: an identifier has at most one verified owner at any time; unverified ones reserve and grant nothing.

use std::sync::Barrier;

use vestibule::{Acting, Imported, ImportedMembership, ImportedPerson, NewPerson, SignInRequest, Skipped};
use vestibule_core::{ContactEmail, Identifier, LoginEmail, SubjectId};
use vestibule_profiles::{NewMember, ProfilesRead};

use crate::doors::{BOB, office};
use crate::world::{ADA, NEW, RIGHT, World, block_on, reason, role};

fn owner(world: &World, login: &str) -> Option<SubjectId> {
    let login = Identifier::parse_login(login).unwrap();
    block_on(world.store.identifier_owner(login.kind(), login.key())).unwrap().map(|own| own.subject)
}

fn register(world: &World, subject: u64, typed: &str) -> Result<SubjectId, &'static str> {
    let person = NewPerson::verified_by_host(LoginEmail::parse(typed).unwrap()).subject(subject.into());
    block_on(world.vestibule.register_verified(person.password(NEW)))
        .map_err(|failure| failure.refused().unwrap().code())
}

#[test]
fn pr_1_no_door_gives_an_address_a_second_owner() {
    let (world, ada) = World::with_ada();
    for spelling in [ADA, "ADA@example.com", "Ada@EXAMPLE.COM", " ada@example.com "] {
        let Ok(address) = LoginEmail::parse(spelling) else { continue };
        let person = NewPerson::verified_by_host(address).password(NEW);
        let again = block_on(world.vestibule.register_verified(person));
        assert_eq!(world.told(again), "identifier.taken", "{spelling:?}");
    }
    // As the second of two addresses it takes the first with it: nothing of the person comes into being.
    let both = NewPerson::verified_by_host(LoginEmail::parse(BOB).unwrap())
        .also(LoginEmail::parse(ADA).unwrap())
        .subject(7.into());
    assert_eq!(world.told(block_on(world.vestibule.register_verified(both))), "identifier.taken");
    assert_eq!((owner(&world, BOB), owner(&world, ADA)), (None, Some(ada)));
    assert!(block_on(world.store.profile(7.into())).unwrap().is_none());

    // An import of a new person leaves it out, one of a person who is there never adds it.
    let taken = Skipped::IdentifierTaken { identifier: LoginEmail::parse(ADA).unwrap().into() };
    let import = |subject: u64, logins: &[&str]| {
        let person = logins.iter().fold(ImportedPerson::new(subject.into()), |it, login| it.email(login));
        block_on(world.vestibule.import(person, &reason()))
    };
    assert_eq!(import(8, &[BOB, ADA]).unwrap(), Imported::Created { skipped: vec![taken.clone()] });
    assert_eq!(import(8, &[ADA]).unwrap(), Imported::Unchanged { skipped: vec![taken] });
    assert!(import(9, &[ADA]).unwrap_err().refused().is_some());

    assert_eq!(owner(&world, ADA), Some(ada));
    assert_eq!(world.sign_in(ADA).subject, ada);
    assert_eq!(world.refused_in(SignInRequest::new(ADA, NEW)).code(), "password.wrong");
}

#[test]
fn pr_1_of_many_who_register_one_address_at_once_one_has_it() {
    for round in 0..50_u64 {
        let world = World::new();
        let barrier = Barrier::new(4);
        let results: Vec<_> = std::thread::scope(|scope| {
            let racers: Vec<_> = (1..=4_u64)
                .map(|racer| {
                    let (world, barrier) = (&world, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        register(world, 10 * round + racer, ADA)
                    })
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        let won: Vec<SubjectId> = results.iter().filter_map(|result| result.as_ref().ok().copied()).collect();
        assert_eq!(won.len(), 1, "{results:?}");
        assert!(results.iter().all(|result| result.is_ok() || *result == Err("identifier.taken")));
        assert_eq!(owner(&world, ADA), Some(won[0]));
        for racer in (1..=4).map(|racer| SubjectId::from(10 * round + racer)).filter(|id| *id != won[0]) {
            assert!(block_on(world.store.profile(racer)).unwrap().is_none(), "half a person");
        }
    }
}

/// A contact address is verified by nobody: it is no login, and reserves none.
#[test]
fn pr_1_a_contact_address_grants_and_reserves_nothing() {
    let office = office();
    let world = &office.world;
    let by = Acting::Administrator(&office.ada);
    let contact = || ContactEmail::parse("carol@example.com").unwrap();
    let dave = world.person("dave@example.com");
    let member = NewMember::active(dave, role()).contact(contact());
    block_on(world.vestibule.add_member(by, office.account, member)).unwrap();
    let frank = ImportedPerson::new(50.into()).email("frank@example.com");
    let membership = ImportedMembership::active(office.other, "clerk").contact("carol@example.com");
    let _ = block_on(world.vestibule.import(frank.member(membership), &reason())).unwrap();
    assert_eq!(owner(world, "carol@example.com"), None);
    let refusal = world.refused_in(SignInRequest::new("carol@example.com", RIGHT));
    assert_eq!(refusal.code(), "sign_in.login_unknown");

    let carol = world.person("carol@example.com");
    assert_eq!(world.sign_in("carol@example.com").subject, carol);
    assert_ne!(carol, dave);
}
