//! People, accounts and memberships: the same answers and the same rows as the in-memory reference.

mod edges;
mod pages;
mod random;
mod rows;

use vestibule_core::{
    AccountId, Batch, BatchId, Commit, Identifier, Landed, LoginEmail, MemoryStore, PhoneNumber,
    SessionHandle, SocialSubject, SubjectId, Timestamp,
};
use vestibule_profiles::ProfilesWrite::{self, *};
use vestibule_profiles::{
    Account, AccountPolicy, AccountState, Leaving, Membership, NetworkRange, Permission, Permissions,
    Profile, ProfileIdentifier, ProfilesRead, Role, Standing, Status,
};
use vestibule_sqlite::SqliteStore;

use crate::compare::land;
use crate::support::block_on;

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
        1 => PhoneNumber::parse("+49 30 123456").unwrap().into(),
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
        exempt_until: None,
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

fn leaving(subject: SubjectId, n: usize) -> Leaving {
    let session = SessionHandle::from_bytes([9; 16]);
    let (since, until) = (seconds(1), seconds(2));
    Leaving { subject, identifier: address(n), verified_at: seconds(0), since, until, session }
}

type Everything = (
    Vec<(Option<Profile>, Vec<ProfileIdentifier>, Vec<Membership>)>,
    Vec<(Option<Account>, Vec<Membership>, Vec<Option<Membership>>, Vec<Option<SubjectId>>)>,
    Vec<(Option<ProfileIdentifier>, Option<Leaving>)>,
    Vec<Vec<Leaving>>,
);

fn everything(store: &impl ProfilesRead) -> Everything {
    let people = (0..3).map(person).map(|subject| {
        // By pages of one, so that every place of a page's beginning is met.
        let (mut memberships, mut after) = (Vec::new(), None);
        while let [next] = &block_on(store.memberships_of(subject, after, 1)).unwrap()[..] {
            after = Some(next.account);
            memberships.push(next.clone());
            assert!(memberships.len() < 9, "the pages have an end");
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
            assert!(all.len() < 9, "the pages have an end");
        }
        (block_on(store.account(account)).unwrap(), all, members, contacts)
    });
    let owners = (0..3).map(address).map(|own| {
        let (kind, key) = (own.kind(), own.key());
        (block_on(store.identifier_owner(kind, key)).unwrap(), block_on(store.leaving(kind, key)).unwrap())
    });
    let left = (0..3).map(person).map(|subject| block_on(store.leaving_of(subject)).unwrap());
    (people.collect(), accounts.collect(), owners.collect(), left.collect())
}

/// One of everything.
fn one_of_everything() -> Vec<ProfilesWrite> {
    vec![
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
}

/// Sends one write to both stores, which answer alike; whether it landed.
fn same(sqlite: &SqliteStore, reference: &MemoryStore, id: u64, write: ProfilesWrite) -> bool {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&id.to_be_bytes());
    let batch = Batch::new(BatchId::from_bytes(bytes), Timestamp::EPOCH, vec![write]).unwrap();
    let expected = block_on(reference.commit(&batch)).unwrap();
    assert_eq!(block_on(sqlite.commit(&batch)).unwrap(), expected, "{batch:?}");
    expected == Landed::Applied
}

fn settle(store: &SqliteStore) {
    for (n, write) in (0..).zip(one_of_everything()) {
        land(store, n, write);
    }
}
