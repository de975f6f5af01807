//! Lists by pages, and how rows are found.

use rusqlite::Connection;
use vestibule_core::{AccountId, Batch, BatchId, MemoryStore, Realm, SubjectId, Timestamp};
use vestibule_profiles::ProfilesWrite::{self, *};
use vestibule_profiles::{AccountState, Membership, ProfilesRead, Status};
use vestibule_sql::{Plan, profiles};

use super::{
    address, company, identifier, leaving, membership, one_of_everything, person, policy, same, seconds,
    standing,
};
use crate::compare::create;
use crate::support::block_on;

/// Of every length, several of one, and such as begin alike.
const IDS: [&[u8]; 9] = [b"\xff", b"\0", b"b", b"aa", b"ab", b"ab\0", &[0; 16], &[0xff; 16], &[7; 64]];

fn account(n: usize) -> AccountId {
    AccountId::from_bytes(IDS[n]).unwrap()
}

fn subject(n: usize) -> SubjectId {
    SubjectId::from_bytes(IDS[n]).unwrap()
}

fn pages(store: &impl ProfilesRead) -> Vec<Vec<Membership>> {
    let mut pages = Vec::new();
    for limit in [0, 1, 2, 4, u32::MAX] {
        // The last is not in any list.
        for after in (0..IDS.len()).map(Some).chain([None]) {
            let (people, accounts) = (after.map(subject), after.map(account));
            pages.push(block_on(store.members_of(account(0), people, limit)).unwrap());
            pages.push(block_on(store.memberships_of(subject(0), accounts, limit)).unwrap());
        }
    }
    pages
}

#[test]
fn every_page_is_that_of_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let (store, reference) = (create(&folder), MemoryStore::in_memory());
    let mut sent = 0;
    for n in 0..IDS.len() - 1 {
        for (account, subject) in
            [(account(0), subject(n)), (account(n), subject(0)), (account(n), subject(n))]
        {
            let write = AddMembership { membership: membership(account, subject) };
            sent += 1;
            same(&store, &reference, sent, write);
        }
    }
    let found = pages(&store);
    assert_eq!(found, pages(&reference));
    assert_eq!(found.iter().map(Vec::len).max(), Some(IDS.len() - 1));
}

fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("explain query plan {sql}")).unwrap();
    let nothing = rusqlite::params_from_iter(vec![rusqlite::types::Null; statement.parameter_count()]);
    statement.query_map(nothing, |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// One of each kind of statement beside those of the first rows.
fn more_writes() -> Vec<ProfilesWrite> {
    let (subject, account, key) = (person(0), company(0), address(0).key());
    let (some, to) = (Some(subject), Some(standing(Status::Active, 0)));
    vec![
        BumpEpoch { subject, from: 1 },
        CountAdministrators { account, delta: 1 },
        CountProfile { subject, memberships: 1, accounts: 1, accounts_at_most: 1 },
        CountSeats { account, delta: 1, settings_version: 1 },
        CountSeats { account, delta: -1, settings_version: 1 },
        CountWays { subject, identifiers: 1, social_links: 1 },
        EditPolicy { account, from: 1, policy: policy(None, 0) },
        ForgetLeaving { subject, kind: address(0).kind(), key, until: seconds(1) },
        LeaveIdentifier { leaving: leaving(subject, 0) },
        MoveContact { account, key, from: None, to: None },
        MoveContact { account, key, from: some, to: None },
        MoveContact { account, key, from: some, to: some },
        MoveMembership { account, subject, from: 1, to: None, ends_access: true },
        MoveMembership { account, subject, from: 1, to, ends_access: true },
        NotePending { identifier: identifier(subject, 0, false, 5) },
        ReleaseIdentifier { subject, kind: address(0).kind(), key, verified: false },
        ReleaseIdentifier { subject, kind: address(0).kind(), key, verified: true },
        RequireIdentifier { subject, kind: address(0).kind(), key, leaving_until: None },
        RequireIdentifier { subject, kind: address(0).kind(), key, leaving_until: Some(seconds(1)) },
        RequireMembership { account, subject, version: 1 },
        RequireProfile { subject, epoch: 1 },
        RequireSettings { account, version: 1 },
        SetBlock { subject, from: 1, block: None },
        SetFreeze { subject, from: 1, freeze: None },
        SetPrimary { subject, epoch: 1, primary: key },
        SetState { account, from: 1, state: AccountState::Open },
        TouchMembership { account, subject, at: seconds(1) },
    ]
}

/// No statement looks at rows of other people and accounts, and no list is sorted.
#[test]
fn every_row_is_found_by_a_key() {
    let folder = tempfile::tempdir().unwrap();
    drop(create(&folder));
    let connection = Connection::open(folder.path().join("people.db")).unwrap();
    let (realm, subject, account, own) = (Realm::default(), person(0), company(0), address(0));
    let (kind, key) = (own.kind(), own.key());
    let mut statements = vec![
        profiles::profile(&realm, subject).statement().sql(),
        profiles::identifier_owner(&realm, kind, key).statement().sql(),
        profiles::identifiers(&realm, subject).statement().sql(),
        profiles::leaving(&realm, kind, key).statement().sql(),
        profiles::leaving_of(&realm, subject).statement().sql(),
        profiles::account(&realm, account).statement().sql(),
        profiles::membership(&realm, account, subject).statement().sql(),
        profiles::contact_owner(&realm, account, key).statement().sql(),
        profiles::memberships_of(&realm, subject, None, 9).statement().sql(),
        profiles::members_of(&realm, account, None, 9).statement().sql(),
    ];
    for write in one_of_everything().into_iter().chain(more_writes()) {
        let batch = Batch::new(BatchId::from_bytes([1; 16]), Timestamp::EPOCH, vec![write]).unwrap();
        let plan = Plan::of(&realm, &batch).unwrap();
        statements.extend(plan.steps().iter().map(|step| step.statement().sql()));
    }
    for sql in statements {
        let plan = plan(&connection, sql);
        assert!(plan.iter().all(|step| step.starts_with("SEARCH ")), "{plan:?}: {sql}");
        assert!(!sql.starts_with("select") || !plan.is_empty(), "{sql}");
    }
}
