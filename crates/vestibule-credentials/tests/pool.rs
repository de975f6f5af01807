//! The pool: one computation per attempt, places that are never lost, answers on any executor.

#![cfg(test)]

use core::future::Future;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::Wake;
use std::thread::Thread;

use vestibule_core::{Entropy, EntropyError, KeyId, KeyPurpose, KeyRing, Secret};
use vestibule_credentials::{
    AcceptedPassword, Busy, ForeignHash, ForeignHashError, HashError, HashParams, HashPool, HashPoolConfig,
    HashSalt, NoBreachData, PasswordPolicy, PasswordVerdict, PolicyContext, PoolStartError, PreparedPassword,
    ProvenPassword, StoredHash, StoredHashError, UnusableHash, Verification,
};

const PASSWORD: &str = "gnu harp mildew obelisk";
const WEAK: HashParams = HashParams::danger_weak_for_tests();

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = core::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        std::thread::park();
    }
}

/// Counts upwards, so that no two draws are alike.
#[derive(Default)]
struct Counting(AtomicU8);

impl Entropy for Counting {
    fn try_fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        out.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        Ok(())
    }
}

fn id(text: &str) -> KeyId {
    KeyId::parse(text).unwrap()
}

/// A ring whose current pepper is the first one named.
fn keys(peppers: &[&str]) -> Arc<KeyRing> {
    let ring = KeyRing::builder()
        .current(KeyPurpose::Digest, id("d1"), Secret::new([1; 32]))
        .current(KeyPurpose::Seal, id("s1"), Secret::new([1; 32]))
        .current(KeyPurpose::Pepper, id(peppers[0]), Secret::new([peppers[0].as_bytes()[1]; 32]));
    let ring = peppers[1..].iter().fold(ring, |ring, name| {
        ring.retired(KeyPurpose::Pepper, id(name), Secret::new([name.as_bytes()[1]; 32]))
    });
    Arc::new(ring.build().unwrap())
}

fn config() -> HashPoolConfig {
    HashPoolConfig::new(WEAK, 1).with_queue(3)
}

fn start(config: HashPoolConfig) -> HashPool {
    HashPool::start(config, keys(&["p1"]), &Counting::default()).unwrap()
}

fn prepared(text: &str) -> PreparedPassword {
    PreparedPassword::prepare(Secret::new(text.into())).unwrap()
}

fn accepted(text: &str) -> AcceptedPassword {
    PasswordPolicy::default().accept(prepared(text), &PolicyContext::alone(), &NoBreachData).unwrap()
}

fn salt() -> HashSalt {
    HashSalt::make(&Counting::default()).unwrap()
}

fn hash(pool: &HashPool, text: &str) -> StoredHash {
    block_on(pool.reserve().unwrap().hash(accepted(text), salt())).unwrap()
}

fn verify(pool: &HashPool, text: &str, against: Verification) -> Result<PasswordVerdict, HashError> {
    block_on(pool.reserve().unwrap().verify(prepared(text), against))
}

fn right(verdict: Result<PasswordVerdict, HashError>) -> ProvenPassword {
    match verdict.unwrap() {
        PasswordVerdict::Right(proven) => proven,
        PasswordVerdict::Wrong => panic!("the right password was found wrong"),
    }
}

fn is_wrong(verdict: &Result<PasswordVerdict, HashError>) -> bool {
    matches!(verdict, Ok(PasswordVerdict::Wrong))
}

/// A scheme whose hashes wait for a signal, panic, or compare in clear: `test:wait`, `test:panic`, `test:=word`.
struct Scripted {
    started: Mutex<Sender<()>>,
    go_on: Mutex<Receiver<()>>,
}

impl Scripted {
    fn new() -> (Self, Receiver<()>, Sender<()>) {
        let ((started, has_started), (go_on, wait)) = (channel(), channel());
        (Self { started: Mutex::new(started), go_on: Mutex::new(wait) }, has_started, go_on)
    }
}

impl ForeignHash for Scripted {
    fn scheme(&self) -> &'static str {
        "scripted"
    }

    fn recognises(&self, stored: &str) -> bool {
        stored.starts_with("test:")
    }

    fn check(&self, stored: &str) -> Result<(), ForeignHashError> {
        if stored == "test:costly" { Err(ForeignHashError::TooCostly) } else { Ok(()) }
    }

    fn verify(&self, typed: &Secret<String>, stored: &str) -> Result<bool, ForeignHashError> {
        match stored {
            "test:wait" => {
                self.started.lock().unwrap().send(()).unwrap();
                self.go_on.lock().unwrap().recv().unwrap();
                Ok(true)
            }
            "test:panic" => panic!("scripted"),
            "test:costly" => Err(ForeignHashError::TooCostly),
            _ => Ok(stored.strip_prefix("test:=") == Some(typed.expose().as_str())),
        }
    }
}

#[test]
fn a_hash_is_verified_by_its_password_alone() {
    let pool = start(config());
    let stored = hash(&pool, PASSWORD);
    assert!(stored.to_text().starts_with("$vst1$k=p1,n=1$argon2id$v=19$m=8,t=1,p=1$"));
    let against = || pool.read(&stored.to_text()).unwrap();
    assert!(!right(verify(&pool, PASSWORD, against())).needs_rehash());
    assert!(!right(verify(&pool, "gnu\u{a0}harp mildew obelisk", against())).needs_rehash());
    assert!(is_wrong(&verify(&pool, "gnu harp mildew obelisK", against())));
    assert!(is_wrong(&verify(&pool, "", against())));
}

#[test]
fn two_hashes_of_one_password_differ() {
    let pool = start(config());
    let entropy = Counting::default();
    let [a, b] = [0; 2].map(|_| {
        let salt = HashSalt::make(&entropy).unwrap();
        block_on(pool.reserve().unwrap().hash(accepted(PASSWORD), salt)).unwrap().to_text()
    });
    assert_ne!(a, b);
}

#[test]
fn every_attempt_costs_exactly_one_computation() {
    let (scripted, ..) = Scripted::new();
    let pool = start(config().with_foreign(scripted));
    let text = hash(&pool, PASSWORD).to_text();
    let foreign = format!("test:={PASSWORD}");
    assert_eq!(pool.computations(), 1);
    for (password, against, expect_right) in [
        (PASSWORD, pool.read(&text).unwrap(), true),
        ("wrong", pool.read(&text).unwrap(), false),
        (PASSWORD, pool.read(&foreign).unwrap(), true),
        ("wrong", pool.read(&foreign).unwrap(), false),
        (PASSWORD, Verification::Decoy, false),
        ("", Verification::Decoy, false),
    ] {
        let before = pool.computations();
        let verdict = verify(&pool, password, against).unwrap();
        assert_eq!(matches!(verdict, PasswordVerdict::Right(_)), expect_right);
        assert_eq!(pool.computations(), before + 1);
    }
}

#[test]
fn a_hash_of_older_cost_is_verified_with_its_own_and_replaced_with_todays() {
    let old = start(config());
    let text = hash(&old, PASSWORD).to_text();
    let today = HashParams::new(12_288, 3).unwrap();
    let new = start(HashPoolConfig::new(today, 1));
    let proven = right(verify(&new, PASSWORD, new.read(&text).unwrap()));
    assert!(proven.needs_rehash());
    let replaced = block_on(new.reserve().unwrap().rehash(proven, salt())).unwrap();
    assert_eq!((replaced.memory_kib(), replaced.passes()), (12_288, 3));
    assert!(!right(verify(&new, PASSWORD, Verification::Stored(replaced))).needs_rehash());
    assert!(is_wrong(&verify(&new, "wrong", new.read(&text).unwrap())));
}

#[test]
fn a_higher_cost_is_kept_when_the_pepper_changes() {
    let higher = HashParams::new(12_288, 4).unwrap();
    let before =
        HashPool::start(HashPoolConfig::new(higher, 1), keys(&["p1"]), &Counting::default()).unwrap();
    let stored = hash(&before, PASSWORD);
    let today = HashPoolConfig::new(HashParams::new(12_288, 3).unwrap(), 1);
    let same = HashPool::start(today.clone(), keys(&["p1"]), &Counting::default()).unwrap();
    assert!(!right(verify(&same, PASSWORD, Verification::Stored(stored.clone()))).needs_rehash());
    let other = HashPool::start(today, keys(&["p2", "p1"]), &Counting::default()).unwrap();
    let proven = right(verify(&other, PASSWORD, Verification::Stored(stored)));
    assert!(proven.needs_rehash());
    let replaced = block_on(other.reserve().unwrap().rehash(proven, salt())).unwrap();
    assert_eq!((replaced.pepper().unwrap().as_str(), replaced.passes()), ("p2", 4));
}

#[test]
fn a_missing_pepper_is_an_error_and_not_a_wrong_password() {
    let stored = hash(&start(config()), PASSWORD);
    let other = HashPool::start(config(), keys(&["p2"]), &Counting::default()).unwrap();
    let verdict = verify(&other, PASSWORD, Verification::Stored(stored.clone()));
    assert_eq!(verdict.unwrap_err(), HashError::PepperMissing);
    let renamed = stored.to_text().replacen("k=p1", "k=p2", 1);
    assert!(is_wrong(&verify(&other, PASSWORD, other.read(&renamed).unwrap())));
}

#[test]
fn a_hash_beyond_the_layout_is_refused_and_not_computed() {
    let pool = start(config().with_largest_memory_kib(64).with_largest_work(128));
    let text = |m: u32, t: u32| {
        let (salt, hash) = ("AAECAwQFBgcICQoLDA0ODw", "A".repeat(43));
        pool.read(&format!("$vst1$k=p1,n=1$argon2id$v=19$m={m},t={t},p=1${salt}${hash}")).unwrap()
    };
    for (m, t) in [(65, 1), (64, 3), (8, 17), (1 << 21, 2)] {
        assert_eq!(verify(&pool, PASSWORD, text(m, t)).unwrap_err(), HashError::TooCostly, "{m} {t}");
    }
    assert_eq!(pool.computations(), 0);
    assert!(is_wrong(&verify(&pool, PASSWORD, text(64, 2))));
}

#[test]
fn imported_argon2id_is_computed_over_what_was_typed_and_replaced() {
    // Without an envelope: over the bytes as typed, without a pepper, four lanes.
    let vectors = include_str!("../vectors/argon2id.txt");
    let text = vectors.lines().find(|line| line.contains(" | $argon2id$v=19$m=64,t=3,p=4$")).unwrap();
    let (_, text) = text.split_once(" | ").unwrap();
    let pool = start(config().with_largest_memory_kib(64).with_largest_work(192));
    let proven = right(verify(&pool, "correct horse battery staple", pool.read(text).unwrap()));
    assert!(proven.needs_rehash());
    let typed = vectors.lines().find(|line| line.contains("$m=64,t=1,p=1$cHFy")).unwrap();
    let (_, typed) = typed.split_once(" | ").unwrap();
    right(verify(&pool, "as typed\u{a0}e\u{301}", pool.read(typed).unwrap()));
    assert!(is_wrong(&verify(&pool, "as typed \u{e9}", pool.read(typed).unwrap())));
}

#[test]
fn foreign_hashes_are_replaced_and_what_nobody_recognises_is_no_wrong_password() {
    let (scripted, ..) = Scripted::new();
    let pool = start(config().with_foreign(scripted));
    let proven = right(verify(&pool, "word", pool.read("test:=word").unwrap()));
    assert!(proven.needs_rehash());
    let replaced = block_on(pool.reserve().unwrap().rehash(proven, salt())).unwrap();
    right(verify(&pool, "word", Verification::Stored(replaced)));
    assert_eq!(pool.read("other:word").unwrap_err(), StoredHashError::UnknownFormat);
    assert!(pool.read(&format!("test:={}", "x".repeat(500))).is_ok());
    let costly = verify(&pool, "word", pool.read("test:costly").unwrap());
    assert_eq!(costly.unwrap_err(), HashError::Foreign(ForeignHashError::TooCostly));
}

/// What `check` refuses is what a verification would, and what it lets pass is verified.
#[test]
fn a_hash_is_checked_before_it_is_stored_and_nothing_is_computed() {
    let (scripted, ..) = Scripted::new();
    let config = config().with_foreign(scripted).with_largest_memory_kib(64).with_largest_work(128);
    let pool = start(config);
    let ours = |key: &str, m: u32, t: u32| {
        format!("$vst1$k={key},n=1$argon2id$v=19$m={m},t={t},p=1$AAECAwQFBgcICQoLDA0ODw${}", "A".repeat(43))
    };
    let unverifiable = |error| Err(UnusableHash::Unverifiable(error));
    assert_eq!(pool.check(&ours("p1", 64, 2)), Ok(()));
    assert_eq!(pool.check("test:=word"), Ok(()));
    for (m, t) in [(65, 1), (64, 3)] {
        assert_eq!(pool.check(&ours("p1", m, t)), unverifiable(HashError::TooCostly), "{m} {t}");
    }
    assert_eq!(pool.check(&ours("p9", 64, 2)), unverifiable(HashError::PepperMissing));
    let foreign = HashError::Foreign(ForeignHashError::TooCostly);
    assert_eq!(pool.check("test:costly"), unverifiable(foreign));
    assert_eq!(pool.check("other:word"), Err(UnusableHash::Unreadable(StoredHashError::UnknownFormat)));
    assert_eq!(pool.computations(), 0);
}

#[test]
fn beyond_its_places_the_pool_is_busy_and_an_unused_place_comes_back() {
    let pool = start(config().with_retry_after(Duration::from_millis(1500)));
    let places: Vec<_> = (0..4).map(|_| pool.reserve().unwrap()).collect();
    let busy: Busy = pool.reserve().unwrap_err();
    assert_eq!(busy.retry_after, Duration::from_millis(1500));
    assert_eq!((pool.places_taken(), pool.computations()), (4, 0));
    drop(places);
    assert_eq!(pool.places_taken(), 0);
    assert!(pool.reserve().is_ok());
}

#[test]
fn a_job_whose_future_was_dropped_runs_to_its_end_and_keeps_its_place_until_then() {
    let (scripted, started, go_on) = Scripted::new();
    let pool = start(config().with_foreign(scripted));
    let answer = pool.reserve().unwrap().verify(prepared("x"), pool.read("test:wait").unwrap());
    started.recv().unwrap();
    // Queued behind it, and given up as well.
    drop(pool.reserve().unwrap().verify(prepared("x"), Verification::Decoy));
    drop(answer);
    assert_eq!((pool.places_taken(), pool.computations()), (2, 1));
    go_on.send(()).unwrap();
    // The one worker does the jobs in order, so these are done before the next.
    hash(&pool, PASSWORD);
    assert_eq!((pool.places_taken(), pool.computations()), (0, 3));
}

#[test]
fn a_panic_is_an_answer_and_costs_neither_worker_nor_place() {
    let (scripted, ..) = Scripted::new();
    let pool = start(config().with_foreign(scripted));
    for _ in 0..8 {
        let verdict = verify(&pool, "x", pool.read("test:panic").unwrap());
        assert_eq!(verdict.unwrap_err(), HashError::Failed);
        assert_eq!(pool.places_taken(), 0);
    }
    let stored = hash(&pool, PASSWORD);
    right(verify(&pool, PASSWORD, Verification::Stored(stored)));
}

#[test]
fn dropping_the_pool_finishes_what_waits_and_answers_what_comes_later() {
    let (scripted, started, go_on) = Scripted::new();
    let pool = start(config().with_foreign(scripted));
    let running = pool.reserve().unwrap().verify(prepared("x"), pool.read("test:wait").unwrap());
    let waiting = pool.reserve().unwrap().hash(accepted(PASSWORD), salt());
    let unused = pool.reserve().unwrap();
    started.recv().unwrap();
    go_on.send(()).unwrap();
    drop(pool);
    right(block_on(running));
    assert!(block_on(waiting).is_ok());
    let late = block_on(unused.verify(prepared("x"), Verification::Decoy));
    assert_eq!(late.unwrap_err(), HashError::Stopped);
}

#[test]
fn many_threads_at_once_each_get_their_own_answer() {
    let pool = start(HashPoolConfig::new(WEAK, 2).with_queue(64));
    let stored = hash(&pool, PASSWORD).to_text();
    std::thread::scope(|scope| {
        for number in 0..64 {
            let (pool, stored) = (&pool, &stored);
            scope.spawn(move || {
                let text = if number % 2 == 0 { PASSWORD } else { "wrong" };
                let verdict = verify(pool, text, pool.read(stored).unwrap()).unwrap();
                assert_eq!(matches!(verdict, PasswordVerdict::Right(_)), number % 2 == 0);
            });
        }
    });
    assert_eq!((pool.places_taken(), pool.computations()), (0, 65));
}

#[test]
fn a_pool_without_workers_is_refused() {
    let no_workers = HashPool::start(HashPoolConfig::new(WEAK, 0), keys(&["p1"]), &Counting::default());
    assert!(matches!(no_workers, Err(PoolStartError::NoWorkers)));
}

#[test]
fn nothing_printed_holds_a_password_or_a_hash() {
    let pool = start(config());
    let stored = hash(&pool, PASSWORD);
    let text = stored.to_text();
    let (_, secret_part) = text.split_once("p=1$").unwrap();
    let proven = right(verify(&pool, PASSWORD, Verification::Stored(stored.clone())));
    let place = pool.reserve().unwrap();
    for shown in [
        format!("{pool:?} {place:?} {proven:?} {:?}", salt()),
        format!("{stored:?} {:?} {:?}", pool.read(&text), accepted(PASSWORD)),
        format!("{:?}", prepared(PASSWORD)),
    ] {
        assert!(!shown.contains("obelisk"), "{shown}");
        assert!(secret_part.split('$').all(|part| !shown.contains(part)), "{shown}");
    }
}

#[test]
fn pool_and_answers_can_be_shared_between_threads() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    fn is_sync<T: Sync>(_: &T) {}
    let pool = start(config());
    is_sync(&pool);
    let place = is_send(pool.reserve().unwrap());
    let answer = is_send(place.verify(prepared("x"), Verification::Decoy));
    assert!(is_wrong(&block_on(answer)));
}
