//! The link auditor: people with several profiles, planted, and read from the report.

use vestibule::{
    Acting, EmailVerified, ProviderAnswer, ProviderSignUp, ProviderSignUpRequest, Repair, SharedBy,
};
use vestibule_core::{ContactEmail, SubjectId};
use vestibule_profiles::NewMember;

use crate::social::says;
use crate::world::{ADA, ELSEWHERE, World, block_on, role};

/// Somebody who came by a social account, and whose provider named this address.
fn social_profile(world: &World, subject: &str, address: &str) -> SubjectId {
    let identity = says(world, ELSEWHERE, subject).email(address, EmailVerified::True);
    let request = ProviderSignUpRequest::new(ProviderAnswer::Identity(identity)).has_no_profile();
    match block_on(world.vestibule.sign_up_with_provider(request.without_address())).unwrap() {
        ProviderSignUp::SignedUp(subject) => subject,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_report_names_who_has_two_profiles_and_what_opens_which() {
    let world = World::new();
    let ada = world.person(ADA);
    let boss = world.session(ADA);
    let account = world.account(&boss, 7);
    let elsewhere = world.account(&boss, 8);

    // Bob works by the profile of a social account, and has an empty one under his address.
    let (bob, empty) = (social_profile(&world, "bob", "bob@example.com"), world.person("bob@example.com"));
    world.add(&boss, account, bob);
    // Cleo works by her address, and has an empty profile of a social account.
    let (cleo, hers) = (world.person("cleo@example.com"), social_profile(&world, "cleo", "cleo@example.com"));
    world.add(&boss, account, cleo);
    // Dave's contact address here is the login of the profile by which he works elsewhere.
    let (dave, other) = (world.person("dave@example.com"), world.person("dave@home.example"));
    let contact = ContactEmail::parse("Dave@Home.example").unwrap();
    let member = NewMember::active(dave, role()).contact(contact);
    block_on(world.vestibule.add_member(Acting::Administrator(&boss), account, member)).unwrap();
    world.add(&boss, elsewhere, other);
    // Eve has one profile, and her own address as contact and as hint.
    let eve = world.person("eve@example.com");
    let own = ContactEmail::parse("eve@example.com").unwrap();
    let member = NewMember::active(eve, role()).contact(own);
    block_on(world.vestibule.add_member(Acting::Administrator(&boss), account, member)).unwrap();

    let report = block_on(world.vestibule.audit_links(account, None, 100)).unwrap();
    let mut found: Vec<_> = report
        .found
        .iter()
        .map(|shared| (shared.names_it.subject, shared.opened_by_it.subject, shared.by, shared.repair))
        .collect();
    found.sort_by_key(|found| found.2 == SharedBy::Contact);
    assert_eq!(
        found,
        [
            (bob, empty, SharedBy::SocialEmail, Repair::FreeAddress),
            (dave, other, SharedBy::Contact, Repair::AskOwner),
        ]
    );
    let bobs = report.found.iter().find(|shared| shared.names_it.subject == bob).unwrap();
    assert_eq!(bobs.address, "b***@e***.com");
    assert_eq!(bobs.names_it.opened_by, ["social.example.net:***"]);
    assert_eq!(bobs.opened_by_it.opened_by, ["b***@e***.com"]);
    assert_eq!((report.people, report.next), (5, None));

    // The empty profile is in no account: it is found from its own side.
    let of_cleo = block_on(world.vestibule.audit_profile(hers)).unwrap();
    assert_eq!((of_cleo[0].opened_by_it.subject, of_cleo[0].repair), (cleo, Repair::MoveLink));
    assert!(block_on(world.vestibule.audit_profile(ada)).unwrap().is_empty());
    for shared in report.found.iter().chain(&of_cleo) {
        assert!(!shared.repair.remedies().is_empty());
    }
}

/// Whatever is asked for, a page has its bound, and all pages together are the report.
#[test]
fn the_report_comes_in_pages() {
    let world = World::new();
    world.person(ADA);
    let boss = world.session(ADA);
    let account = world.account(&boss, 7);
    for number in 0..5 {
        let address = format!("p{number}@example.com");
        let social = social_profile(&world, &format!("p{number}"), &address);
        world.person(&address);
        world.add(&boss, account, social);
    }
    let (mut after, mut found, mut pages) = (None, 0, 0);
    loop {
        let page = block_on(world.vestibule.audit_links(account, after, 2)).unwrap();
        assert!(page.people <= 2);
        (found, pages, after) = (found + page.found.len(), pages + 1, page.next);
        if after.is_none() {
            break;
        }
    }
    assert_eq!((found, pages), (5, 4), "six people by two, and a last page that is empty");
    assert_eq!(block_on(world.vestibule.audit_links(account, None, 0)).unwrap().people, 1);
}
