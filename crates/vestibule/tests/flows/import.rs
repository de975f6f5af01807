//! People who were elsewhere before.

#[path = "import/left_out.rs"]
mod left_out;
#[path = "import/resumed.rs"]
mod resumed;
#[path = "import/unreadable.rs"]
mod unreadable;

use core::time::Duration;
use std::sync::Arc;

use vestibule::{
    Acting, ImportProblem, Imported, ImportedAccount, ImportedMembership, ImportedPerson, SignIn,
    SignInRequest, Skipped, Store, Vestibule,
};
use vestibule_core::{
    AccountId, Failure, Identifier, KeyId, KeyPurpose, KeyRing, Secret, SubjectId, Timestamp,
};
use vestibule_credentials::{BcryptHash, CredentialsRead, HashParams, HashPoolConfig};
use vestibule_journal::{EventActor, EventKind, JournalRead};
use vestibule_profiles::{Move, NewAccount, ProfilesRead, Status};

use crate::ground::rows;
use crate::world::{ADA, NEW, RIGHT, WRONG, World, block_on, reason, role, wide};

const BOB: &str = "bob@example.com";
/// `a`, by bcrypt with cost 5.
const BCRYPT: &str = "$2b$05$abcdefghijklmnopqrstuu8.veTXNDPV2eEsdpKNczMw2otgh5LnK";
/// `correct horse battery staple`, by plain Argon2id over four lanes.
const ARGON2ID: &str =
    "$argon2id$v=19$m=64,t=3,p=4$QEFCQ0RFRkdISUpLTE1OTw$rKiwSNzzuzzlOU1dy3SOffRmPFyZXErEik4OBIzf8bY";

fn ada() -> SubjectId {
    SubjectId::from(1)
}

fn bob() -> SubjectId {
    SubjectId::from(2)
}

fn engines() -> AccountId {
    AccountId::from(10)
}

fn pumps() -> AccountId {
    AccountId::from(11)
}

/// A world whose pool verifies what others left behind, on this store.
fn on(base: &World, store: impl Store) -> Vestibule {
    let mut ring = KeyRing::builder();
    for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
        ring = ring.current(purpose, KeyId::parse("k1").unwrap(), Secret::new([7; 32]));
    }
    let hashing = HashPoolConfig::new(HashParams::danger_weak_for_tests(), 1)
        .with_largest_memory_kib(64)
        .with_largest_work(192)
        .with_foreign(BcryptHash::default().with_max_cost(5));
    Vestibule::builder()
        .store(store)
        .keys(ring.build().unwrap())
        .hashing(hashing)
        .clock(Arc::clone(&base.clock))
        .throttle(wide())
        .build()
        .unwrap()
}

fn world() -> World {
    let base = World::new();
    World { vestibule: on(&base, base.store.clone()), ..base }
}

/// With Ada as the primary administrator of two accounts.
fn with_accounts() -> World {
    let world = world();
    assert_eq!(world.import(ImportedPerson::new(ada()).email(ADA)), created());
    for (account, name) in [(engines(), "Engines"), (pumps(), "Pumps")] {
        assert_eq!(world.import_account(ImportedAccount::new(account, name, ada(), "owner")), created());
    }
    world
}

impl World {
    fn try_import(&self, person: ImportedPerson) -> Result<Imported, Failure<ImportProblem>> {
        block_on(self.vestibule.import(person, &reason()))
    }

    fn import(&self, person: ImportedPerson) -> Imported {
        self.try_import(person).unwrap()
    }

    fn import_account(&self, account: ImportedAccount) -> Imported {
        block_on(self.vestibule.import_account(account, &reason())).unwrap()
    }

    fn problem(&self, person: ImportedPerson) -> ImportProblem {
        problem(self.try_import(person))
    }

    fn rows(&self) -> Vec<Vec<u8>> {
        rows(&self.store, &self.keep)
    }

    fn counts(&self, account: AccountId) -> (u32, u32) {
        let account = block_on(self.store.account(account)).unwrap().unwrap();
        (account.seats, account.administrators)
    }

    fn status(&self, account: AccountId, subject: SubjectId) -> Option<Status> {
        block_on(self.store.membership(account, subject)).unwrap().map(|member| member.standing.status)
    }
}

fn problem(result: Result<Imported, Failure<ImportProblem>>) -> ImportProblem {
    match result {
        Err(Failure::Refused(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

fn created() -> Imported {
    Imported::Created { skipped: Vec::new() }
}

fn completed() -> Imported {
    Imported::Completed { skipped: Vec::new() }
}

fn unchanged() -> Imported {
    Imported::Unchanged { skipped: Vec::new() }
}

fn login(typed: &str) -> Identifier {
    Identifier::parse_login(typed).unwrap()
}

/// A text of ours, made by another deployment with the same keys.
fn ours() -> String {
    let (other, subject) = World::with_ada();
    block_on(other.store.password(subject)).unwrap().unwrap().hash.unwrap()
}

#[test]
fn every_kind_of_hash_signs_in_and_a_foreign_one_is_replaced_at_the_first_success() {
    let ours = ours();
    for (hash, password, replaced) in
        [(ours.as_str(), RIGHT, false), (ARGON2ID, "correct horse battery staple", true), (BCRYPT, "a", true)]
    {
        let world = world();
        assert_eq!(world.import(ImportedPerson::new(ada()).email(ADA).password_hash(hash)), created());
        let stored = || block_on(world.store.password(ada())).unwrap().unwrap();
        assert_eq!(stored().hash.as_deref(), Some(hash));
        assert_eq!(world.refused_in(SignInRequest::new(ADA, WRONG)).code(), "password.wrong");
        let signed_in = world.sign_in_with(SignInRequest::new(ADA, password));
        assert_eq!(signed_in.subject, ada(), "the host's id is kept");
        assert_eq!(stored().hash.as_deref() != Some(hash), replaced, "{hash}");
        assert!(stored().hash.unwrap().starts_with("$vst1$k=k1,n=1$argon2id$"));
        world.sign_in_with(SignInRequest::new(ADA, password));
        // Hashed anew is not set anew: there is nothing to tell.
        let again = ImportedPerson::new(ada()).email(ADA).password_hash(hash);
        assert_eq!(world.import(again), unchanged());
    }
}

fn bob_in_full() -> ImportedPerson {
    let at = Timestamp::from_unix_seconds(1_500_000_000);
    ImportedPerson::new(bob())
        .email(BOB)
        .phone("+1 555 010 9999")
        .social("https://accounts.example.com", "248289761001")
        .password_hash(BCRYPT)
        .created_at(at)
        .member(ImportedMembership::administrator(engines(), "chief").contact("bob@engines.example"))
        .member(ImportedMembership::dismissed(pumps(), "clerk").joined_at(at).since(at))
}

#[test]
fn the_same_person_twice_is_unchanged_and_not_one_row_moves() {
    let world = with_accounts();
    assert_eq!(world.import(bob_in_full()), created());
    let before = world.rows();
    world.clock.advance(Duration::from_secs(3600));
    assert_eq!(world.import(bob_in_full()), unchanged());
    let account = ImportedAccount::new(engines(), "Engines", ada(), "owner");
    assert_eq!(world.import_account(account), unchanged());
    assert!(before == world.rows(), "a row moved");
}

#[test]
fn what_the_host_knew_is_there_and_everything_is_counted() {
    let world = with_accounts();
    assert_eq!(world.import(bob_in_full()), created());
    let at = Timestamp::from_unix_seconds(1_500_000_000);
    let profile = block_on(world.store.profile(bob())).unwrap().unwrap();
    assert_eq!((profile.identifiers, profile.social_links, profile.live_memberships), (2, 1, 1));
    assert_eq!((profile.created_at, profile.epoch), (at, 1));
    // What the host vouches for today was verified today.
    let identifiers = block_on(world.store.identifiers(bob())).unwrap();
    assert!(identifiers.iter().all(|own| own.verified_at == Some(world.vestibule.now())));
    assert_eq!(world.counts(engines()), (2, 2));
    assert_eq!(world.counts(pumps()), (1, 1));
    let member = |account| block_on(world.store.membership(account, bob())).unwrap().unwrap();
    assert_eq!(member(engines()).standing.role.as_str(), "chief");
    assert!(member(engines()).is_active_administrator());
    assert_eq!(member(engines()).contact.as_deref(), Some("bob@engines.example"));
    let dismissed = member(pumps());
    assert_eq!((dismissed.joined_at, dismissed.standing.since), (at, at));

    // The counters are those of the moves that follow.
    let why = reason();
    let by = Acting::Operator(&why);
    block_on(world.vestibule.move_member(by, pumps(), bob(), Move::Reinstate)).unwrap();
    assert_eq!(world.counts(pumps()), (2, 1));
    block_on(world.vestibule.move_member(by, engines(), bob(), Move::Dismiss)).unwrap();
    assert_eq!(world.counts(engines()), (1, 1));
    assert_eq!(block_on(world.store.profile(bob())).unwrap().unwrap().live_memberships, 1);
    let ada = block_on(world.store.profile(ada())).unwrap().unwrap();
    assert_eq!((ada.created_accounts, ada.live_memberships), (2, 2));
}

/// PR-4.
#[test]
fn an_imported_dismissed_member_is_not_admitted() {
    let world = with_accounts();
    let _ = world.import(bob_in_full());
    let enter = |account| world.sign_in_with(SignInRequest::new(BOB, "a").into_account(account)).entered;
    assert_eq!(enter(pumps()).unwrap().unwrap_err().code(), "admission.dismissed");
    assert!(matches!(enter(engines()), Some(Ok(_))));
    let waits = ImportedMembership::awaiting_approval(pumps(), "clerk");
    let eve = ImportedPerson::new(3.into()).email("eve@example.com").password_hash(BCRYPT).member(waits);
    assert_eq!(world.import(eve), created());
    let request = SignInRequest::new("eve@example.com", "a").into_account(pumps());
    let refusal = world.sign_in_with(request).entered.unwrap().unwrap_err();
    assert_eq!(refusal.code(), "admission.awaiting_approval");
}

/// N2.
#[test]
fn a_password_that_must_change_is_good_for_one_change_only() {
    let world = world();
    let person = || ImportedPerson::new(ada()).email(ADA).password_hash(BCRYPT).must_change();
    assert_eq!(world.import(person()), created());
    let Ok(SignIn::PasswordChangeNeeded { proof, because }) = world.try_in(SignInRequest::new(ADA, "a"))
    else {
        panic!("it must be changed first");
    };
    assert_eq!(because.code(), "password.must_change");
    block_on(world.vestibule.replace_password(proof, NEW)).unwrap();
    world.sign_in_with(SignInRequest::new(ADA, NEW));
    // The person has another password now, which no import touches.
    let before = world.rows();
    assert_eq!(world.import(person()), Imported::Unchanged { skipped: vec![Skipped::Password] });
    assert!(before == world.rows());
    world.sign_in_with(SignInRequest::new(ADA, NEW));
}

#[test]
fn a_person_may_have_more_accounts_elsewhere_than_they_may_create_here() {
    let world = world();
    let _ = world.import(ImportedPerson::new(ada()).email(ADA).password_hash(BCRYPT));
    for id in 0..8 {
        let account = ImportedAccount::new(AccountId::from(id), "Engines", ada(), "owner");
        assert_eq!(world.import_account(account), created());
    }
    let session = world.sign_in_with(SignInRequest::new(ADA, "a"));
    let session = world.authenticate(&session.token).unwrap();
    let new = NewAccount::new(AccountId::from(8), "Engines", role());
    assert_eq!(world.told(block_on(world.vestibule.create_account(&session, new))), "account.limit");
}

#[test]
fn every_commit_of_an_import_says_who_did_it_and_why() {
    let world = with_accounts();
    let _ = world.import(bob_in_full());
    for (subject, expected) in [
        (ada(), [EventKind::PROFILE_IMPORTED, EventKind::ACCOUNT_CREATED, EventKind::ACCOUNT_CREATED]),
        (bob(), [EventKind::PROFILE_IMPORTED, EventKind::MEMBERSHIP_ADDED, EventKind::MEMBERSHIP_ADDED]),
    ] {
        let mut events = block_on(world.store.events_of_subject(subject, None, 10)).unwrap();
        events.sort_by_key(|event| event.kind != EventKind::PROFILE_IMPORTED);
        assert_eq!(events.iter().map(|event| event.kind.clone()).collect::<Vec<_>>(), expected);
        for event in events {
            assert_eq!(event.actor, EventActor::Operator);
            let personal = block_on(world.store.personal(event.id)).unwrap().unwrap();
            assert!(personal.fields.contains(&("reason".to_owned(), "ticket 4711".to_owned())));
        }
    }
}
