//! Rows: later, in another realm, spoilt, and of any text.

use vestibule_core::{
    AccountId, Identifier, Landed, LoginEmail, Realm, SocialSubject, StoreError, StoreErrorKind, SubjectId,
};
use vestibule_profiles::ProfilesWrite::*;
use vestibule_profiles::{
    Account, AccountState, Membership, ProfileIdentifier, ProfilesGuard, ProfilesRead, Role, Standing, Status,
};
use vestibule_sqlite::{Options, SqliteStore};

use super::{
    TEXTS, account, address, company, everything, identifier, leaving, membership, person, policy, seconds,
    settle, standing,
};
use crate::compare::{create, is_corrupt, land, reopen, send, tamper};
use crate::support::block_on;

fn is_corrupt_read(read: &Result<(), StoreError>) -> bool {
    read.as_ref().is_err_and(|error| error.kind() == StoreErrorKind::Corrupt)
}

#[test]
fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    settle(&store);
    let before = everything(&store);
    drop(store);
    assert_eq!(everything(&reopen(&folder)), before);
}

#[test]
fn people_of_any_realm_are_found_and_a_look_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    let has_people = || SqliteStore::has_people(&path, &Options::new()).unwrap();
    assert!(!has_people() && !path.exists());
    std::fs::write(&path, "").unwrap();
    assert!(!has_people() && path.metadata().unwrap().len() == 0);
    let store = create(&folder).in_realm(Realm::parse("other").unwrap());
    assert!(!has_people());
    settle(&store);
    assert!(has_people());
}

#[test]
fn another_realm_sees_nothing_and_has_keys_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    let other = store.in_realm(Realm::parse("other").unwrap());
    let nothing = everything(&other);
    settle(&store);
    let before = everything(&store);
    assert_eq!(everything(&other), nothing);
    // What would land here is refused there, each by its own guard.
    let (kind, key, subject, account) = (address(0).kind(), address(0).key(), person(0), company(0));
    let to = Some(standing(Status::Dismissed, 0));
    for (write, guard) in [
        (BumpEpoch { subject, from: 1 }, ProfilesGuard::Epoch),
        (CountAdministrators { account, delta: 1 }, ProfilesGuard::Administrators),
        (
            CountProfile { subject, memberships: 1, accounts: 0, accounts_at_most: 0 },
            ProfilesGuard::ProfileCounts,
        ),
        (CountSeats { account, delta: 1, settings_version: 1 }, ProfilesGuard::Seats),
        (CountWays { subject, identifiers: 1, social_links: 0 }, ProfilesGuard::WaysIn),
        (EditPolicy { account, from: 1, policy: policy(None, 0) }, ProfilesGuard::SettingsVersion),
        (ForgetLeaving { subject, kind, key, until: seconds(1) }, ProfilesGuard::IdentifierHeld),
        (LeaveIdentifier { leaving: leaving(subject, 0) }, ProfilesGuard::IdentifierHeld),
        (MoveContact { account, key, from: Some(person(1)), to: None }, ProfilesGuard::Contact),
        (
            MoveMembership { account, subject, from: 1, to: to.clone(), ends_access: false },
            ProfilesGuard::MembershipVersion,
        ),
        (
            MoveMembership { account, subject, from: 1, to: None, ends_access: false },
            ProfilesGuard::MembershipVersion,
        ),
        (ReleaseIdentifier { subject, kind, key, verified: true }, ProfilesGuard::IdentifierHeld),
        (RequireIdentifier { subject, kind, key, leaving_until: None }, ProfilesGuard::IdentifierHeld),
        (RequireMembership { account, subject, version: 1 }, ProfilesGuard::MembershipVersion),
        (RequireProfile { subject, epoch: 1 }, ProfilesGuard::Epoch),
        (RequireSettings { account, version: 1 }, ProfilesGuard::SettingsVersion),
        (SetBlock { subject, from: 1, block: None }, ProfilesGuard::Epoch),
        (SetFreeze { subject, from: 1, freeze: None }, ProfilesGuard::Epoch),
        (SetPrimary { subject, epoch: 1, primary: key }, ProfilesGuard::Epoch),
        (SetState { account, from: 1, state: AccountState::Closed }, ProfilesGuard::SettingsVersion),
    ] {
        assert_eq!(send(&other, 50, write), Landed::Refused { position: 0, guard });
    }
    land(&other, 50, TouchMembership { account, subject, at: seconds(9) });
    assert_eq!(everything(&other), nothing);
    // The same ids, addresses and contacts are free there.
    settle(&other);
    land(&other, 51, SetBlock { subject: person(0), from: 1, block: None });
    land(&other, 52, SetState { account: company(0), from: 1, state: AccountState::Closed });
    land(&other, 53, ReleaseIdentifier { subject, kind, key, verified: true });
    land(&other, 54, MoveContact { account, key, from: Some(person(1)), to: None });
    land(&other, 55, MoveMembership { account, subject, from: 1, to: None, ends_access: true });
    land(&other, 56, TouchMembership { account, subject: person(1), at: seconds(9) });
    assert_eq!(everything(&store), before);
}

#[test]
fn a_row_that_cannot_be_read_is_corrupt_and_harms_only_itself() {
    for tampering in [
        "update vestibule_profile set epoch = -1",
        "update vestibule_profile set block_until = 5",
        "update vestibule_profile set identifiers = 4294967296",
        "update vestibule_identifier set kind = 'pigeon', canonical = 'x'",
        "update vestibule_identifier set typed = 'eve@example.com'",
        "update vestibule_identifier set typed = 'eve@example.com', canonical = 'eve@example.com'",
        "update vestibule_identifier set key = zeroblob(32)",
        "update vestibule_membership set status = 'boss'",
        "update vestibule_membership set role = ''",
        "update vestibule_membership set administers = 2",
        "update vestibule_membership set moved_by = x''",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = create(&folder);
        settle(&store);
        tamper(&folder, &format!("{tampering} where subject = x'{:016x}'", 1));
        let reads = |subject| {
            [
                block_on(store.profile(subject)).map(drop),
                block_on(store.identifiers(subject)).map(drop),
                block_on(store.membership(company(0), subject)).map(drop),
            ]
        };
        assert_eq!(reads(person(0)).into_iter().filter(is_corrupt_read).count(), 1);
        assert!(reads(person(1)).iter().all(Result::is_ok), "{tampering}");
        let member = tampering.contains("membership");
        let list = block_on(store.memberships_of(person(0), None, 9));
        assert_eq!(is_corrupt(list), member, "a list does not pass it in silence");
        assert_eq!(is_corrupt(block_on(store.members_of(company(0), None, 9))), member);
        assert_eq!(block_on(store.memberships_of(person(1), None, 9)).unwrap().len(), 1);
    }
}

#[test]
fn an_account_that_cannot_be_read_is_corrupt() {
    for tampering in [
        "update vestibule_account set state = 'ajar'",
        "update vestibule_account set seat_limit = 99",
        "update vestibule_account set seat_limit = null",
        "update vestibule_account set policy = x'00'",
        "update vestibule_account set primary_subject = x''",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = create(&folder);
        settle(&store);
        tamper(&folder, tampering);
        assert!(is_corrupt(block_on(store.account(company(0)))), "{tampering}");
        assert!(block_on(store.membership(company(0), person(0))).is_ok(), "{tampering}");
    }
}

/// What holds the address of an identifier, and its row, must say the same.
#[test]
fn an_owner_without_the_verified_identifier_is_corrupt() {
    for tampering in [
        "delete from vestibule_identifier where kind = 'email'",
        "update vestibule_identifier set verified_at = null where kind = 'email'",
        "update vestibule_identifier_owner set subject = x'ff' where kind = 'email'",
        "update vestibule_identifier set canonical = 'eve@example.com', typed = 'eve@example.com'
         where kind = 'email'",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = create(&folder);
        settle(&store);
        tamper(&folder, tampering);
        let owner = |own: Identifier| block_on(store.identifier_owner(own.kind(), own.key()));
        assert!(is_corrupt(owner(address(0))), "{tampering}");
        assert_eq!(owner(address(2)).unwrap().unwrap().subject, person(1));
    }
}

/// Whose row is spoilt frees his own address at most.
#[test]
fn releasing_leaves_the_address_of_another_with_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    settle(&store);
    land(&store, 20, NotePending { identifier: identifier(person(1), 0, false, 5) });
    tamper(
        &folder,
        "update vestibule_identifier set verified_at = 5 where kind = 'email' and verified_at is null",
    );
    let (kind, key) = (address(0).kind(), address(0).key());
    land(&store, 21, ReleaseIdentifier { subject: person(1), kind, key, verified: true });
    assert_eq!(block_on(store.identifier_owner(kind, key)).unwrap().unwrap().subject, person(0));
}

#[test]
fn a_contact_that_cannot_be_read_is_corrupt() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    settle(&store);
    let (account, key) = (company(0), address(1).key());
    land(&store, 20, MoveContact { account, key, from: None, to: Some(person(0)) });
    tamper(&folder, &format!("update vestibule_contact set subject = x'' where subject = x'{:016x}'", 1));
    assert!(is_corrupt(block_on(store.contact_owner(account, key))));
    assert_eq!(block_on(store.contact_owner(account, address(0).key())).unwrap(), Some(person(1)));
}

#[test]
fn a_text_of_any_shape_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    let long = "🦀".repeat(2000);
    for (n, text) in (0..).zip(TEXTS.into_iter().chain([long.as_str()])) {
        let (id, subject) = (AccountId::from(u64::from(n)), person(0));
        let new = Account { name: text.to_owned(), ..account(id) };
        land(&store, n, CreateAccount { account: new.clone() });
        assert_eq!(block_on(store.account(id)).unwrap(), Some(new));
        let new = Membership { contact: Some(text.to_owned()), ..membership(id, subject) };
        land(&store, n, AddMembership { membership: new.clone() });
        assert_eq!(block_on(store.membership(id, subject)).unwrap(), Some(new));
    }
    for (n, role) in (0..).zip(["%", "'\"--; ?1 $1", "\u{10ffff}", &"x".repeat(64)]) {
        let (id, subject) = (100_u64.into(), SubjectId::from(u64::from(n) + 100));
        let standing = Standing { role: Role::parse(role).unwrap(), ..standing(Status::Active, 1) };
        let new = Membership { standing, ..membership(id, subject) };
        land(&store, n, AddMembership { membership: new.clone() });
        assert_eq!(block_on(store.membership(id, subject)).unwrap(), Some(new));
    }
}

#[test]
fn an_address_of_any_shape_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    let email = |typed: &str| Identifier::from(LoginEmail::parse(typed).unwrap());
    let social = |subject: &str| SocialSubject::new("https://a.example/it's_%25", subject).unwrap().into();
    let long = "x".repeat(200);
    for (n, own) in (0..).zip([
        email("Žižka@Example.com"),
        email("O'Brien_+?1{`}@Example.COM"),
        social("'\"--; %_?1"),
        social(&long),
    ]) {
        let new = ProfileIdentifier { identifier: own.clone(), ..identifier(person(0), 0, true, 5) };
        land(&store, n, TakeIdentifier { identifier: new.clone() });
        assert_eq!(block_on(store.identifier_owner(own.kind(), own.key())).unwrap(), Some(new.clone()));
        let pending = ProfileIdentifier { subject: person(1), verified_at: None, ..new };
        land(&store, n, NotePending { identifier: pending.clone() });
        assert!(block_on(store.identifiers(person(1))).unwrap().contains(&pending));
    }
}
