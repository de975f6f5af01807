//! Cut short, run at the same time, run again: the same end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use vestibule::{ImportProblem, Imported, ImportedAccount, ImportedPerson, Skipped, Vestibule};
use vestibule_core::kv::{Applied, Key, Kv, KvStore, MemoryKv, Op, Partition, Versioned};
use vestibule_core::{BatchId, Failure, MemoryStore, Realm, StoreError, StoreErrorKind};
use vestibule_credentials::CredentialsRead;
use vestibule_journal::JournalRead;
use vestibule_profiles::ProfilesRead;

use super::{
    ARGON2ID, BCRYPT, BOB, ada, bob, bob_in_full, completed, created, engines, login, on, pumps, unchanged,
};
use crate::world::{ADA, World, block_on, reason};

/// A database that stops after some commits, or loses one answer.
#[derive(Debug)]
struct Cut {
    kv: Arc<MemoryKv>,
    commits: AtomicUsize,
    stops_after: usize,
    loses: Option<usize>,
    largest: AtomicUsize,
}

impl Cut {
    fn new(kv: &Arc<MemoryKv>, stops_after: usize, loses: Option<usize>) -> Arc<Self> {
        let (commits, largest) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { kv: Arc::clone(kv), commits, stops_after, loses, largest })
    }
}

impl Kv for Cut {
    async fn get(&self, keys: Vec<Key>) -> Result<Vec<Option<Versioned>>, StoreError> {
        self.kv.get(keys).await
    }

    async fn list(
        &self,
        partition: Partition,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Versioned)>, StoreError> {
        self.kv.list(partition, after, limit).await
    }

    async fn apply(&self, batch: BatchId, ops: Vec<Op>) -> Result<Applied, StoreError> {
        let commit = self.commits.fetch_add(1, Ordering::SeqCst);
        self.largest.fetch_max(ops.len(), Ordering::SeqCst);
        if commit >= self.stops_after {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "cut"));
        }
        let applied = self.kv.apply(batch, ops).await?;
        if self.loses == Some(commit) {
            return Err(StoreError::new(StoreErrorKind::OutcomeUnknown, "lost"));
        }
        Ok(applied)
    }

    async fn add(&self, key: Key, delta: i64, at_most: Option<i64>) -> Result<Option<i64>, StoreError> {
        self.kv.add(key, delta, at_most).await
    }
}

/// A whole migration, up to the first fault.
fn migrate(vestibule: &Vestibule) -> Result<Vec<Imported>, Failure<ImportProblem>> {
    let why = reason();
    let owner = ImportedPerson::new(ada()).email(ADA).password_hash(ARGON2ID);
    let account = |id, name| ImportedAccount::new(id, name, ada(), "owner");
    block_on(async {
        Ok(vec![
            vestibule.import(owner, &why).await?,
            vestibule.import_account(account(engines(), "Engines"), &why).await?,
            vestibule.import_account(account(pumps(), "Pumps"), &why).await?,
            vestibule.import(bob_in_full(), &why).await?,
        ])
    })
}

const COMMITS: usize = 6;

/// Everything that a migration leaves, but for what is random in it.
fn state(kv: &Arc<MemoryKv>) -> String {
    let store = MemoryStore::new(Arc::clone(kv), Realm::default());
    block_on(async {
        let mut state = String::new();
        for subject in [ada(), bob()] {
            let password = store.password(subject).await.unwrap();
            let password = password.map(|own| (own.hash, own.version, own.generation, own.set_at));
            let mut events = store.events_of_subject(subject, None, 100).await.unwrap();
            events.sort_by_key(|event| (event.kind.clone(), event.account));
            let events: Vec<_> = events.iter().map(|event| (&event.kind, event.account)).collect();
            state += &format!(
                "{:?}\n{:?}\n{password:?}\n{events:?}\n{:?}\n",
                store.profile(subject).await.unwrap(),
                store.identifiers(subject).await.unwrap(),
                store.memberships_of(subject, None, 100).await.unwrap(),
            );
        }
        for account in [engines(), pumps()] {
            state += &format!("{:?}\n", store.account(account).await.unwrap());
        }
        state
    })
}

#[test]
fn an_import_that_is_cut_after_any_commit_and_asked_again_ends_the_same() {
    let base = World::new();
    let import = |kv: &Arc<Cut>| migrate(&on(&base, KvStore::new(Arc::clone(kv), Realm::default())));
    let whole = Arc::new(MemoryKv::new());
    let healthy = Cut::new(&whole, usize::MAX, None);
    import(&healthy).unwrap();
    assert_eq!(healthy.commits.load(Ordering::SeqCst), COMMITS);
    let expected = state(&whole);

    for commits in 0..COMMITS {
        let kv = Arc::new(MemoryKv::new());
        let Err(Failure::Fault(error)) = import(&Cut::new(&kv, commits, None)) else {
            panic!("{commits}: it was cut");
        };
        assert!(error.is_retryable());
        assert_ne!(state(&kv), expected);
        let again = Cut::new(&kv, usize::MAX, None);
        import(&again).unwrap();
        assert_eq!(state(&kv), expected, "cut after {commits}");
        assert_eq!(again.commits.load(Ordering::SeqCst), COMMITS - commits, "only what was missing");
    }
    for lost in 0..COMMITS {
        let kv = Arc::new(MemoryKv::new());
        let imported = import(&Cut::new(&kv, usize::MAX, Some(lost))).unwrap();
        assert_eq!(imported, [created(), created(), created(), created()], "lost {lost}");
        assert_eq!(state(&kv), expected, "lost {lost}");
    }
    let kv = Arc::new(MemoryKv::new());
    assert!(import(&Cut::new(&kv, 4, None)).is_err());
    assert_eq!(
        import(&Cut::new(&kv, usize::MAX, None)).unwrap(),
        [unchanged(), unchanged(), unchanged(), completed()]
    );
}

#[test]
fn racing_importers_leave_one_person() {
    for round in 0..50 {
        let base = World::new();
        let kv = Arc::new(MemoryKv::new());
        let vestibule = on(&base, MemoryStore::new(Arc::clone(&kv), Realm::default()));
        let barrier = Barrier::new(4);
        let answers: Vec<_> = std::thread::scope(|scope| {
            let run = || {
                barrier.wait();
                migrate(&vestibule).unwrap()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(answers.iter().flatten().all(|answer| answer.skipped().is_empty()), "round {round}");
        for step in 0..4 {
            let made = answers.iter().filter(|answer| matches!(answer[step], Imported::Created { .. }));
            assert_eq!(made.count(), 1, "round {round}, step {step}");
        }
        let alone = Arc::new(MemoryKv::new());
        migrate(&on(&base, MemoryStore::new(Arc::clone(&alone), Realm::default()))).unwrap();
        assert_eq!(state(&kv), state(&alone), "round {round}");
    }
}

/// PR-1: two people with the same address in the old table.
#[test]
fn racing_imports_of_two_people_give_an_identifier_to_one_of_them() {
    for round in 0..50 {
        let base = World::new();
        let store = MemoryStore::in_memory();
        let vestibule = on(&base, store.clone());
        let barrier = Barrier::new(2);
        let import = |subject, own: &str| {
            let person = ImportedPerson::new(subject).email("both@example.com").email(own);
            barrier.wait();
            block_on(vestibule.import(person, &reason())).unwrap()
        };
        let (first, second) = std::thread::scope(|scope| {
            let first = scope.spawn(|| import(ada(), ADA));
            let second = scope.spawn(|| import(bob(), BOB));
            (first.join().unwrap(), second.join().unwrap())
        });
        let both = login("both@example.com");
        let owner = block_on(store.identifier_owner(both.kind(), both.key())).unwrap().unwrap().subject;
        let left_out = Imported::Created { skipped: vec![Skipped::IdentifierTaken { identifier: both }] };
        let expected = if owner == ada() { (created(), left_out) } else { (left_out, created()) };
        assert_eq!((first, second), expected, "round {round}");
    }
}

#[test]
fn a_person_with_all_that_a_person_may_have_is_one_commit_of_any_store() {
    let base = World::new();
    let kv = Arc::new(MemoryKv::new());
    let cut = Cut::new(&kv, usize::MAX, None);
    let vestibule = on(&base, KvStore::new(Arc::clone(&cut), Realm::default()));
    let person = (0..8).fold(ImportedPerson::new(ada()).password_hash(BCRYPT), |person, n| {
        person.email(&format!("{n}@example.com")).social("https://a.example", &n.to_string())
    });
    assert_eq!(block_on(vestibule.import(person, &reason())).unwrap(), created());
    assert_eq!(cut.commits.load(Ordering::SeqCst), 1);
    assert!(cut.largest.load(Ordering::SeqCst) <= 40, "K-2");
}
