//! The linking model through its public API, on the in-memory store.

#![cfg(test)]

mod admission;
mod batches;
mod contacts;
mod defects;
mod epochs;
mod machine;
mod moves;
mod races;
mod settings;
mod torn;

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use vestibule_core::kv::Key;
use vestibule_core::{
    AccountId, Batch, BatchId, Commit, ContactEmail, Failure, Identifier, Landed, LoginEmail, MemoryStore,
    SubjectId, SystemEntropy, Timestamp,
};
use vestibule_profiles::{
    Account, AccountPolicy, ActingAs, Membership, NewAccount, NewMember, Permission, Permissions, Problem,
    Profile, Profiles, ProfilesGuard, ProfilesRead, ProfilesWrite, Role, Status,
};

/// Every permission there is.
const ALL: [Permission; 10] = [
    Permission::Approve,
    Permission::Dismiss,
    Permission::EditContact,
    Permission::EditPolicy,
    Permission::EndSessions,
    Permission::Exempt,
    Permission::Invite,
    Permission::ReadAudit,
    Permission::Reinstate,
    Permission::SeeLogin,
];

/// The in-memory store never waits: one poll is the whole execution.
fn block_on<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the in-memory store never waits"),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000 + seconds)
}

fn person(name: &str) -> SubjectId {
    SubjectId::from_bytes(name.as_bytes()).unwrap()
}

fn account_id(name: &str) -> AccountId {
    AccountId::from_bytes(name.as_bytes()).unwrap()
}

fn role(name: &str) -> Role {
    Role::parse(name).unwrap()
}

fn login(address: &str) -> Identifier {
    LoginEmail::parse(address).unwrap().into()
}

fn contact(address: &str) -> ContactEmail {
    ContactEmail::parse(address).unwrap()
}

/// The role that has this permission alone.
fn role_with(permission: Permission) -> Role {
    role(&format!("only {permission:?}"))
}

/// The role that has every permission but this.
fn role_without(permission: Permission) -> Role {
    role(&format!("all but {permission:?}"))
}

/// `worker` may do nothing, `deputy` everything; and for each permission a role with it alone and one without it.
fn policy() -> AccountPolicy {
    let all = ALL.iter().fold(Permissions::none(), |set, permission| set.with(*permission));
    let mut policy = AccountPolicy::new();
    policy.roles.insert(role("deputy"), all);
    for permission in ALL {
        policy.roles.insert(role_with(permission), Permissions::none().with(permission));
        let others = ALL.iter().filter(|other| **other != permission);
        let others = others.fold(Permissions::none(), |set, other| set.with(*other));
        policy.roles.insert(role_without(permission), others);
    }
    policy
}

/// What an operation was refused with.
fn refusal<T: core::fmt::Debug>(result: Result<T, Failure<Problem>>) -> Problem {
    match result {
        Err(Failure::Refused(problem)) => problem,
        other => panic!("not refused: {other:?}"),
    }
}

/// The linking model, and its store seen from behind.
struct World {
    profiles: Profiles<MemoryStore>,
    store: MemoryStore,
}

impl World {
    fn new() -> Self {
        let store = MemoryStore::in_memory();
        Self { profiles: Profiles::new(store.clone(), SystemEntropy), store }
    }

    fn register(&self, name: &str) -> SubjectId {
        let identifiers = vec![login(&format!("{name}@example.com"))];
        block_on(self.profiles.register_verified(person(name), identifiers, at(0))).unwrap();
        person(name)
    }

    /// An account with [`policy`], created by `creator`.
    fn open(&self, name: &str, creator: SubjectId) -> AccountId {
        self.open_with(name, creator, policy())
    }

    fn open_with(&self, name: &str, creator: SubjectId, policy: AccountPolicy) -> AccountId {
        let new = NewAccount::new(account_id(name), name, role("worker")).policy(policy);
        block_on(self.profiles.create_account(creator, new, at(1))).unwrap();
        account_id(name)
    }

    fn add(&self, account: AccountId, new: NewMember) -> Result<(), Failure<Problem>> {
        block_on(self.profiles.add_member(ActingAs::Operator, account, new, at(2)))
    }

    /// Registers a person and makes them an Active member.
    fn member(&self, account: AccountId, name: &str, role: Role) -> SubjectId {
        let subject = self.register(name);
        self.add(account, NewMember::active(subject, role)).unwrap();
        subject
    }

    /// Registers a person and makes them an Active member who administers.
    fn administrator(&self, account: AccountId, name: &str) -> SubjectId {
        let subject = self.member(account, name, role("worker"));
        let change =
            self.profiles.change_role(ActingAs::Operator, account, subject, role("worker"), true, at(2));
        block_on(change).unwrap();
        subject
    }

    fn account(&self, account: AccountId) -> Account {
        block_on(self.store.account(account)).unwrap().unwrap()
    }

    fn membership(&self, account: AccountId, subject: SubjectId) -> Option<Membership> {
        block_on(self.store.membership(account, subject)).unwrap()
    }

    fn status(&self, account: AccountId, subject: SubjectId) -> Option<Status> {
        self.membership(account, subject).map(|member| member.standing.status)
    }

    fn profile(&self, subject: SubjectId) -> Option<Profile> {
        block_on(self.store.profile(subject)).unwrap()
    }

    fn members(&self, account: AccountId) -> Vec<Membership> {
        block_on(self.store.members_of(account, None, 1000)).unwrap()
    }

    fn active_administrators(&self, account: AccountId) -> u32 {
        let counted = self.members(account).iter().filter(|member| member.is_active_administrator()).count();
        u32::try_from(counted).unwrap()
    }

    fn active(&self, account: AccountId) -> u32 {
        let members = self.members(account);
        let counted = members.iter().filter(|member| member.standing.status == Status::Active).count();
        u32::try_from(counted).unwrap()
    }

    fn dump(&self) -> Vec<(Key, Vec<u8>)> {
        self.store.kv().dump()
    }

    /// The rows whose key names this id.
    fn rows_naming(&self, id: &[u8]) -> Vec<(Key, Vec<u8>)> {
        let names = |bytes: &[u8]| bytes.windows(id.len()).any(|window| window == id);
        let named = |key: &Key| names(key.partition().as_bytes()) || names(key.sort());
        self.dump().into_iter().filter(|(key, _)| named(key)).collect()
    }

    fn batch(&self, writes: Vec<ProfilesWrite>) -> Batch<ProfilesWrite> {
        Batch::new(BatchId::make(&SystemEntropy, at(9)).unwrap(), at(9), writes).unwrap()
    }

    fn commit(&self, batch: &Batch<ProfilesWrite>) -> Landed<ProfilesGuard> {
        block_on(self.store.commit(batch)).unwrap()
    }
}
