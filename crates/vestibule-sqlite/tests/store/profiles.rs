//! People, accounts and memberships: the same answers and the same rows as the in-memory reference.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use vestibule_core::{AccountId, Identifier, Landed, LoginEmail, Realm, SocialSubject, SubjectId, Timestamp};
use vestibule_profiles::ProfilesWrite::{self, *};
use vestibule_profiles::{
    Account, AccountPolicy, AccountState, Block, Membership, NetworkRange, Permission, Permissions, Profile,
    ProfileIdentifier, ProfilesGuard, ProfilesRead, Role, Standing, Status,
};

use vestibule_core::{StoreError, StoreErrorKind};

use crate::compare::{Pair, Tally, create, is_corrupt, land, reopen, send, tamper};
use crate::support::block_on;

const STATES: [AccountState; 3] = [AccountState::Open, AccountState::Suspended, AccountState::Closed];
const STATUSES: [Status; 3] = [Status::AwaitingApproval, Status::Active, Status::Dismissed];
const TEXTS: [&str; 4] = ["", "a\0b", "'\"--; %_?1", "пароль \u{202e}🦀"];

/// Ids of several shapes.
fn person(n: usize) -> SubjectId {
    [SubjectId::from(1), SubjectId::from_bytes(&[0; 64]).unwrap(), SubjectId::try_from("'%").unwrap()][n]
}

fn company(n: usize) -> AccountId {
    [AccountId::from(7), AccountId::try_from("Acme\0").unwrap()][n]
}

fn seconds(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(second)
}

fn address(n: usize) -> Identifier {
    match n {
        0 => LoginEmail::parse("Ada@Example.com").unwrap().into(),
        1 => vestibule_core::PhoneNumber::parse("+49 30 123456").unwrap().into(),
        _ => SocialSubject::new("https://accounts.example", "it's %_ 4711").unwrap().into(),
    }
}

fn role(n: usize) -> Role {
    Role::parse(["clerk", "chef de rang ✓"][n % 2]).unwrap()
}

fn policy(seat_limit: Option<u32>, n: usize) -> AccountPolicy {
    let mut policy = AccountPolicy::new();
    policy.seat_limit = seat_limit;
    policy.single_sign_on_only = n % 2 == 1;
    policy.roles.insert(role(n), Permissions::none().with(Permission::Invite));
    policy.networks.push(NetworkRange::parse("192.0.2.0/24").unwrap());
    policy
}

fn profile(subject: SubjectId) -> Profile {
    Profile { identifiers: 1, ..Profile::new(subject, seconds(1)) }
}

fn account(account: AccountId) -> Account {
    Account {
        account,
        name: TEXTS[2].to_owned(),
        state: AccountState::Open,
        primary: person(0),
        seats: 1,
        administrators: 1,
        policy: policy(Some(3), 0),
        settings_version: 1,
        created_at: seconds(2),
    }
}

fn standing(status: Status, n: usize) -> Standing {
    Standing {
        status,
        role: role(n),
        administers: n % 2 == 1,
        since: seconds(3),
        moved_by: n.is_multiple_of(3).then(|| person(n % 3)),
    }
}

fn membership(account: AccountId, subject: SubjectId) -> Membership {
    Membership {
        account,
        subject,
        standing: standing(Status::Active, 1),
        contact: Some(TEXTS[3].to_owned()),
        joined_at: seconds(4),
        version: 1,
        epoch: 1,
        wrong_secret_at: None,
    }
}

fn identifier(subject: SubjectId, n: usize, verified: bool, at: i64) -> ProfileIdentifier {
    ProfileIdentifier {
        subject,
        identifier: address(n),
        verified_at: verified.then(|| seconds(at)),
        added_at: seconds(at - 1),
    }
}

/// What is drawn: which write, and numbers from which it is made; numbers are meant beside those that stand in the row.
type Draw = (u8, usize, usize, usize, u64, (i8, i8), bool);

fn any_draw() -> impl Strategy<Value = Draw> {
    // One below, exact, one above; mostly exact.
    let near = prop_oneof![6 => Just(1_u64), 1 => Just(0), 1 => Just(2)];
    (0..20_u8, 0..3_usize, 0..2_usize, 0..3_usize, near, (-2..3_i8, -2..3_i8), any::<bool>())
}

/// The write that a draw means, given the rows as they stand.
fn meant((which, who, place, n, near, deltas, flag): Draw, store: &impl ProfilesRead) -> ProfilesWrite {
    let (subject, id) = (person(who), company(place));
    let beside = |number: u64| (number + near).saturating_sub(1);
    let epoch = || beside(block_on(store.profile(subject)).unwrap().map_or(1, |row| row.epoch));
    let settings = || beside(block_on(store.account(id)).unwrap().map_or(1, |row| row.settings_version));
    let version = || beside(block_on(store.membership(id, subject)).unwrap().map_or(1, |row| row.version));
    let (kind, key) = (address(n).kind(), address(n).key());
    match which {
        0 => AddMembership { membership: membership(id, subject) },
        1 => BumpEpoch { subject, from: epoch() },
        2 => CountAdministrators { account: id, delta: deltas.0 },
        3 => CountProfile { subject, memberships: deltas.0, accounts: deltas.1, accounts_at_most: 3 },
        4 => CountSeats { account: id, delta: deltas.0, settings_version: settings() },
        5 => CountWays { subject, identifiers: deltas.0 * 3, social_links: deltas.1 * 3 },
        6 => CreateAccount { account: account(id) },
        7 => CreateProfile { profile: profile(subject) },
        8 => EditPolicy { account: id, from: settings(), policy: policy(flag.then_some(n as u32), who) },
        9 => {
            let owner = block_on(store.contact_owner(id, key)).unwrap();
            let from = if near == 1 { owner } else { flag.then(|| person((who + 1) % 3)) };
            MoveContact { account: id, key, from, to: (deltas.0 >= 0).then_some(subject) }
        }
        10 => MoveMembership {
            account: id,
            subject,
            from: version(),
            to: (deltas.0 >= 0).then(|| standing(STATUSES[n], who)),
            ends_access: flag,
        },
        11 => NotePending { identifier: identifier(subject, n, false, i64::from(deltas.0)) },
        12 => ReleaseIdentifier { subject, kind, key, verified: flag },
        13 => RequireMembership { account: id, subject, version: version() },
        14 => RequireProfile { subject, epoch: epoch() },
        15 => RequireSettings { account: id, version: settings() },
        16 => {
            let block = Block { since: seconds(9), until: flag.then(|| seconds(10)) };
            SetBlock { subject, from: epoch(), block: (deltas.0 > 0).then_some(block) }
        }
        17 => SetState { account: id, from: settings(), state: STATES[n] },
        18 => TakeIdentifier { identifier: identifier(subject, n, true, i64::from(deltas.0)) },
        _ => TouchMembership { account: id, subject, at: seconds(deltas.0.into()) },
    }
}

type Everything = (
    Vec<(Option<Profile>, Vec<ProfileIdentifier>, Vec<Membership>)>,
    Vec<(Option<Account>, Vec<Membership>, Vec<Option<Membership>>, Vec<Option<SubjectId>>)>,
    Vec<Option<ProfileIdentifier>>,
);

fn everything(store: &impl ProfilesRead) -> Everything {
    let people = (0..3).map(person).map(|subject| {
        // By pages of one, so that every place of a page's beginning is met.
        let (mut memberships, mut after) = (Vec::new(), None);
        while let [next] = &block_on(store.memberships_of(subject, after, 1)).unwrap()[..] {
            after = Some(next.account);
            memberships.push(next.clone());
        }
        let profile = block_on(store.profile(subject)).unwrap();
        (profile, block_on(store.identifiers(subject)).unwrap(), memberships)
    });
    let accounts = (0..2).map(company).map(|account| {
        let members = (0..3).map(|n| block_on(store.membership(account, person(n))).unwrap()).collect();
        let contacts =
            (0..3).map(|n| block_on(store.contact_owner(account, address(n).key())).unwrap()).collect();
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = block_on(store.members_of(account, after, 2)).unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.subject);
            all.extend(page);
        }
        (block_on(store.account(account)).unwrap(), all, members, contacts)
    });
    let owners =
        (0..3).map(address).map(|own| block_on(store.identifier_owner(own.kind(), own.key())).unwrap());
    (people.collect(), accounts.collect(), owners.collect())
}

#[test]
fn every_batch_is_answered_as_the_reference_answers_and_leaves_the_same_rows() {
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    let sent = prop::collection::vec((0..120_u8, prop::collection::vec(any_draw(), 1..4)), 1..160);
    let tally = RefCell::new(Tally::default());
    let compared = TestRunner::new(config).run(&sent, |sent| {
        let mut pair = Pair::new();
        for n in 0..3 {
            // Without people and accounts nothing else lands.
            let writes = vec![CreateProfile { profile: profile(person(n)) }];
            pair.send(200 + n as u8, writes, &mut tally.borrow_mut()).map_err(TestCaseError::fail)?;
        }
        for (id, draws) in sent {
            let writes = draws.into_iter().map(|draw| meant(draw, &pair.reference)).collect();
            pair.send(id, writes, &mut tally.borrow_mut()).map_err(TestCaseError::fail)?;
            prop_assert_eq!(everything(&pair.sqlite), everything(&pair.reference));
        }
        Ok(())
    });
    compared.unwrap();
    let guarded = [
        "AddMembership",
        "BumpEpoch",
        "CountAdministrators",
        "CountProfile",
        "CountSeats",
        "CountWays",
        "CreateAccount",
        "CreateProfile",
        "EditPolicy",
        "MoveContact",
        "MoveMembership",
        "ReleaseIdentifier",
        "RequireMembership",
        "RequireProfile",
        "RequireSettings",
        "SetBlock",
        "SetState",
        "TakeIdentifier",
    ];
    let landing = [guarded.as_slice(), &["NotePending", "TouchMembership"]].concat();
    tally.borrow().require(&landing, &[], &guarded);
}

fn is_corrupt_read(read: &Result<(), StoreError>) -> bool {
    read.as_ref().is_err_and(|error| error.kind() == StoreErrorKind::Corrupt)
}

/// One of everything.
fn settle(store: &vestibule_sqlite::SqliteStore) {
    for (n, write) in [
        CreateProfile { profile: profile(person(0)) },
        CreateProfile { profile: profile(person(1)) },
        CreateAccount { account: account(company(0)) },
        AddMembership { membership: membership(company(0), person(0)) },
        AddMembership { membership: membership(company(0), person(1)) },
        TakeIdentifier { identifier: identifier(person(0), 0, true, 5) },
        TakeIdentifier { identifier: identifier(person(1), 2, true, 5) },
        NotePending { identifier: identifier(person(1), 1, false, 5) },
        MoveContact { account: company(0), key: address(0).key(), from: None, to: Some(person(1)) },
    ]
    .into_iter()
    .enumerate()
    {
        land(store, n as u8, write);
    }
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
fn another_realm_sees_nothing_and_has_keys_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    let other = store.in_realm(Realm::parse("other").unwrap());
    let nothing = everything(&other);
    assert!(!store.has_people().unwrap());
    settle(&store);
    assert!(store.has_people().unwrap() && !other.has_people().unwrap());
    let before = everything(&store);
    assert_eq!(everything(&other), nothing);
    let refused = Landed::Refused { position: 0, guard: ProfilesGuard::Epoch };
    assert_eq!(send(&other, 50, RequireProfile { subject: person(0), epoch: 1 }), refused);
    // The same ids, addresses and contacts are free there.
    settle(&other);
    land(&other, 51, SetBlock { subject: person(0), from: 1, block: None });
    land(&other, 52, SetState { account: company(0), from: 1, state: AccountState::Closed });
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

#[test]
fn an_owner_whose_identifier_is_gone_is_corrupt() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(&folder);
    settle(&store);
    let own = address(0);
    tamper(&folder, "delete from vestibule_identifier where kind = 'email'");
    assert!(is_corrupt(block_on(store.identifier_owner(own.kind(), own.key()))));
}
