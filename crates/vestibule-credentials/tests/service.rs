//! Passwords through the service: what a verification costs, whom it stops, what it leaves behind.

#![cfg(test)]

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Barrier};
use std::task::Wake;
use std::thread::{self, Thread};

use vestibule_core::{
    Batch, BatchId, Commit, ErrorKind, Failure, KeyId, KeyPurpose, KeyRing, Landed, MemoryStore, Secret,
    SessionHandle, SubjectId, SystemEntropy, Timestamp,
};
use vestibule_credentials::tries::STOPS_AT;
use vestibule_credentials::{
    AcceptedPassword, CredentialsRead, HashParams, HashPool, HashPoolConfig, Lane, NoBreachData, Password,
    PasswordPolicy, PasswordProof, Passwords, PolicyContext, PreparedPassword, Problem, Tries, import,
};

const FIRST: &str = "gnu harp mildew obelisk";
const SECOND: &str = "teal anvil porridge comet";
const DEVICE: Lane = Lane::Device(SessionHandle::from_bytes([7; 16]));

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

fn ada() -> SubjectId {
    SubjectId::from_bytes(b"ada").unwrap()
}

/// A ring whose current pepper is the first one named; another pepper makes every older hash due for a new one.
fn keys(peppers: &[u8]) -> Arc<KeyRing> {
    let id = |number: u8| KeyId::parse(&format!("p{number}")).unwrap();
    let ring = KeyRing::builder()
        .current(KeyPurpose::Digest, KeyId::parse("d1").unwrap(), Secret::new([1; 32]))
        .current(KeyPurpose::Seal, KeyId::parse("s1").unwrap(), Secret::new([2; 32]))
        .current(KeyPurpose::Pepper, id(peppers[0]), Secret::new([peppers[0]; 32]));
    let ring = peppers[1..]
        .iter()
        .fold(ring, |ring, number| ring.retired(KeyPurpose::Pepper, id(*number), Secret::new([*number; 32])));
    Arc::new(ring.build().unwrap())
}

fn config() -> HashPoolConfig {
    HashPoolConfig::new(HashParams::danger_weak_for_tests(), 2).with_queue(256)
}

fn accepted(text: &str) -> AcceptedPassword {
    let prepared = PreparedPassword::prepare(Secret::new(text.into())).unwrap();
    PasswordPolicy::default().accept(prepared, &PolicyContext::alone(), &NoBreachData).unwrap()
}

struct World {
    passwords: Passwords<MemoryStore>,
    pool: Arc<HashPool>,
    store: MemoryStore,
}

impl World {
    fn on(store: MemoryStore, config: HashPoolConfig, peppers: &[u8]) -> Self {
        let pool = Arc::new(HashPool::start(config, keys(peppers), &SystemEntropy).unwrap());
        Self { passwords: Passwords::new(store.clone(), Arc::clone(&pool), SystemEntropy), pool, store }
    }

    fn new() -> Self {
        let world = Self::on(MemoryStore::in_memory(), config(), &[1]);
        world.set(FIRST);
        world
    }

    fn set(&self, text: &str) {
        block_on(self.passwords.set(ada(), accepted(text), at(1))).unwrap();
    }

    fn verify(&self, text: &str, lane: Lane) -> Result<PasswordProof, Failure<Problem>> {
        block_on(self.passwords.verify(ada(), Secret::new(text.into()), lane, at(2)))
    }

    fn tries(&self, subject: SubjectId, lane: Lane) -> Option<Tries> {
        block_on(self.store.tries(subject, lane)).unwrap()
    }

    fn row(&self) -> Password {
        block_on(self.store.password(ada())).unwrap().unwrap()
    }

    fn import(&self, text: String, must_change: bool) {
        let batch = BatchId::make(&SystemEntropy, at(1)).unwrap();
        let existing = block_on(self.store.password(ada())).unwrap();
        let write = import(ada(), existing.as_ref(), text, must_change, batch, at(1));
        let batch = Batch::new(batch, at(1), vec![write]).unwrap();
        assert_eq!(block_on(self.store.commit(&batch)).unwrap(), Landed::Applied);
    }
}

fn refusal(result: Result<PasswordProof, Failure<Problem>>) -> Problem {
    match result {
        Err(Failure::Refused(problem)) => problem,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn no_guess_is_computed_that_was_not_paid_for() {
    let world = World::new();
    let before = world.pool.computations();
    let barrier = Barrier::new(64);
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..4 {
                    match world.verify("a wrong guess of some length", Lane::Everybody) {
                        Err(Failure::Refused(Problem::Wrong | Problem::Stopped)) => {}
                        Err(Failure::Fault(fault)) => assert_eq!(fault.kind(), ErrorKind::Busy),
                        other => panic!("{other:?}"),
                    }
                }
            });
        }
    });
    let tries = world.tries(ada(), Lane::Everybody).unwrap();
    assert!(tries.taken <= STOPS_AT);
    assert_eq!(world.pool.computations() - before, tries.taken);
    assert_eq!(tries.consecutive_failures(), tries.taken);
    assert_eq!(world.pool.places_taken(), 0);
}

/// ATK-B11.
#[test]
fn after_a_hundred_wrong_ones_the_right_one_is_stopped_until_it_is_set_anew() {
    let world = World::new();
    for _ in 0..STOPS_AT {
        assert_eq!(refusal(world.verify("a wrong guess of some length", Lane::Everybody)), Problem::Wrong);
    }
    let before = world.pool.computations();
    assert_eq!(refusal(world.verify(FIRST, Lane::Everybody)), Problem::Stopped);
    assert_eq!(world.pool.computations(), before, "nothing is compared any more");
    assert_eq!(world.pool.places_taken(), 0);
    assert!(world.verify(FIRST, DEVICE).is_ok(), "PR-12: a known device has a budget of its own");
    world.set(SECOND);
    assert!(world.verify(SECOND, Lane::Everybody).is_ok());
    assert_eq!(world.tries(ada(), Lane::Everybody).unwrap().consecutive_failures(), 0);
    assert_eq!(refusal(world.verify(FIRST, Lane::Everybody)), Problem::Wrong);
}

#[test]
fn the_hundredth_try_may_still_be_right_and_settles_all() {
    let world = World::new();
    for _ in 1..STOPS_AT {
        assert_eq!(refusal(world.verify("a wrong guess of some length", Lane::Everybody)), Problem::Wrong);
    }
    assert!(world.verify(FIRST, Lane::Everybody).is_ok());
    let tries = world.tries(ada(), Lane::Everybody).unwrap();
    assert_eq!((tries.consecutive_failures(), tries.stopped_at), (0, None));
}

#[test]
fn a_verification_that_is_given_up_has_cost_its_try() {
    let world = World::new();
    {
        let typed = Secret::new(FIRST.into());
        let mut given_up = pin!(world.passwords.verify(ada(), typed, Lane::Everybody, at(2)));
        let _ = given_up.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    let tries = world.tries(ada(), Lane::Everybody).unwrap();
    assert_eq!(tries.taken, 1);
    assert!(world.verify(FIRST, Lane::Everybody).is_ok());
    assert_eq!(world.tries(ada(), Lane::Everybody).unwrap().taken, 2);
}

#[test]
fn whoever_finds_the_pool_full_has_lost_no_try() {
    let world = World::on(
        MemoryStore::in_memory(),
        HashPoolConfig::new(HashParams::danger_weak_for_tests(), 1).with_queue(0),
        &[1],
    );
    world.set(FIRST);
    let place = world.pool.reserve().unwrap();
    let before = world.pool.computations();
    match world.verify(FIRST, Lane::Everybody) {
        Err(Failure::Fault(fault)) => assert_eq!(fault.kind(), ErrorKind::Busy),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.tries(ada(), Lane::Everybody), None);
    assert_eq!(world.pool.computations(), before);
    drop(place);
    assert!(world.verify(FIRST, Lane::Everybody).is_ok());
}

#[test]
fn a_hash_made_anew_on_success_moves_the_version_and_keeps_the_generation() {
    let old = World::new();
    let before = old.row();
    let world = World::on(old.store.clone(), config(), &[2, 1]);
    let proof = world.verify(FIRST, Lane::Everybody).unwrap();
    let after = world.row();
    assert_eq!((after.version, after.generation), (before.version + 1, before.generation));
    assert_eq!((proof.subject(), proof.generation()), (ada(), before.generation));
    assert_eq!(after.set_at, before.set_at);
    assert_ne!(after.hash, before.hash);
    assert_eq!(world.tries(ada(), Lane::Everybody).unwrap().consecutive_failures(), 0);

    assert!(world.verify(FIRST, Lane::Everybody).is_ok());
    assert_eq!(world.row(), after, "it is made anew once");
    assert_eq!(refusal(world.verify(SECOND, Lane::Everybody)), Problem::Wrong);
    assert_eq!(world.row(), after, "a wrong password makes nothing anew");
}

#[test]
fn a_hash_made_anew_does_not_undo_a_change_of_the_password() {
    for round in 0..60 {
        let old = World::new();
        let generation = old.row().generation;
        let world = World::on(old.store.clone(), config(), &[2, 1]);
        let barrier = Barrier::new(2);
        let verified = thread::scope(|scope| {
            let verifies = scope.spawn(|| {
                barrier.wait();
                world.verify(FIRST, Lane::Everybody)
            });
            barrier.wait();
            world.set(SECOND);
            verifies.join().unwrap()
        });
        if let Err(failure) = verified {
            assert_eq!(failure.refused(), Some(&Problem::Wrong), "{round}: {failure:?}");
        }
        assert_eq!(world.row().generation, generation + 1, "{round}");
        assert!(world.verify(SECOND, Lane::Everybody).is_ok(), "{round}");
        assert_eq!(refusal(world.verify(FIRST, Lane::Everybody)), Problem::Wrong, "{round}");
    }
}

/// ATK-A2.
#[test]
fn somebody_unknown_costs_one_computation_and_writes_the_same_kind_of_row() {
    let world = World::new();
    let nobody = SubjectId::from_bytes(b"nobody").unwrap();
    let cost = |subject: SubjectId| {
        let (computed, rows) = (world.pool.computations(), world.store.kv().dump().len());
        let typed = Secret::new("a wrong guess of some length".into());
        let answer = block_on(world.passwords.verify(subject, typed, Lane::Everybody, at(2)));
        assert_eq!(refusal(answer), Problem::Wrong);
        let tries = world.tries(subject, Lane::Everybody).unwrap();
        let written = (tries.taken, tries.settled, tries.stopped_at, tries.last_at);
        (world.pool.computations() - computed, world.store.kv().dump().len() - rows, written)
    };
    let known = cost(ada());
    assert_eq!((known.0, known.1), (1, 1));
    assert_eq!(cost(nobody), known);
}

#[test]
fn the_mark_must_change_outlives_a_new_hash_and_shows_in_the_proof() {
    let old = World::new();
    assert!(!old.verify(FIRST, Lane::Everybody).unwrap().must_change());
    let text = old.row().hash.unwrap();
    old.import(text.clone(), true);
    let world = World::on(old.store.clone(), config(), &[2, 1]);
    for _ in 0..2 {
        assert!(world.verify(FIRST, Lane::Everybody).unwrap().must_change());
        assert!(world.row().must_change);
    }
    assert_ne!(world.row().hash, Some(text), "it was made anew");
    world.set(SECOND);
    assert!(!world.verify(SECOND, Lane::Everybody).unwrap().must_change());
}

#[cfg(feature = "legacy-bcrypt")]
#[test]
fn an_imported_bcrypt_hash_is_verified_and_replaced_on_the_first_success() {
    let config = config().with_foreign(vestibule_credentials::BcryptHash::default());
    let world = World::on(MemoryStore::in_memory(), config, &[1]);
    let foreign = "$2b$05$abcdefghijklmnopqrstuu8.veTXNDPV2eEsdpKNczMw2otgh5LnK";
    world.import(foreign.into(), false);
    assert_eq!(refusal(world.verify("b", Lane::Everybody)), Problem::Wrong);
    assert_eq!(world.row().hash.as_deref(), Some(foreign));

    assert!(world.verify("a", Lane::Everybody).is_ok());
    let replaced = world.row();
    assert!(replaced.hash.as_deref().unwrap().starts_with("$vst1$"));
    assert_eq!((replaced.version, replaced.generation), (2, 1));
    assert!(world.verify("a", Lane::Everybody).is_ok());
    assert_eq!(world.row(), replaced);
}

/// ATK-A2, and the contract of `HashPool::read`.
#[test]
fn a_row_that_cannot_be_read_costs_one_computation_too() {
    let world = World::new();
    world.import("no hash of any scheme".into(), false);
    let before = world.pool.computations();
    match world.verify(FIRST, Lane::Everybody) {
        Err(Failure::Fault(fault)) => assert_eq!(fault.kind(), ErrorKind::Corrupt),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.pool.computations(), before + 1);
}
