//! A server that is restarted without warning under load: no acknowledged commit is lost, errors say what they are, and it
//! goes on by itself (FLT-X14).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use vestibule::AnyWrite;
use vestibule_core::{Batch, BatchId, Commit, Landed, Realm, StoreErrorKind, SubjectId, Timestamp};
use vestibule_credentials::{CredentialsRead, CredentialsWrite, Password};
use vestibule_postgres::PostgresStore;

use crate::cluster::Cluster;
use crate::ground::{block_on, reach, runtime};

const CALLERS: u64 = 4;
const RESTARTS: usize = 3;
/// Each person of a batch is to have a first password.
const PEOPLE: u64 = 3;

pub(crate) fn nothing_that_was_acknowledged_is_lost() {
    let cluster = Cluster::start(&[]).unwrap();
    let (server, options) = reach(&format!("vestibule {}", cluster.url()));
    let store =
        block_on(PostgresStore::create(&server, Realm::default(), options, Timestamp::EPOCH)).unwrap();
    let (over, landed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| runtime().spawn(commit(store.clone(), caller, Arc::clone(&over), Arc::clone(&landed))))
        .collect();
    for _ in 0..RESTARTS {
        // At work, before and after.
        let before = landed.load(Ordering::SeqCst);
        wait_for(|| landed.load(Ordering::SeqCst) > before + 20);
        cluster.order("restart -m immediate").unwrap();
        let before = landed.load(Ordering::SeqCst);
        wait_for(|| landed.load(Ordering::SeqCst) > before);
    }
    over.store(true, Ordering::SeqCst);
    let mut faults = 0;
    for caller in callers {
        for (number, answer) in block_on(caller).unwrap() {
            let there = block_on(people_of(&store, number));
            assert!(there == 0 || there == PEOPLE, "half of a batch");
            let again = block_on(store.commit(&batch(number))).unwrap();
            match answer {
                Ok(answer) => {
                    assert_eq!((answer, there), (Landed::Applied, PEOPLE), "an acknowledged commit was lost");
                    assert_eq!(again, Landed::AlreadyApplied);
                }
                Err(StoreErrorKind::OutcomeUnknown) => faults += 1,
                Err(StoreErrorKind::Unavailable | StoreErrorKind::Contended) => {
                    faults += 1;
                    assert_eq!(again, Landed::Applied, "it was promised that nothing was applied");
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    assert!(faults > 0, "nobody noticed {RESTARTS} restarts");
}

type Answer = Result<Landed<vestibule::AnyGuard>, StoreErrorKind>;

/// Commits one batch after the other, and says how each was answered.
async fn commit(
    store: PostgresStore,
    caller: u64,
    over: Arc<AtomicBool>,
    landed: Arc<AtomicUsize>,
) -> Vec<(u64, Answer)> {
    let mut answers = Vec::new();
    let mut number = caller;
    while !over.load(Ordering::SeqCst) {
        let answer = store.commit(&batch(number)).await.map_err(|error| error.kind());
        landed.fetch_add(usize::from(answer.is_ok()), Ordering::SeqCst);
        answers.push((number, answer));
        number += CALLERS;
    }
    answers
}

#[expect(clippy::disallowed_methods, reason = "a bound for waiting")]
fn wait_for(done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not go on");
        std::thread::yield_now();
    }
}

fn subject(number: u64, person: u64) -> SubjectId {
    SubjectId::from(number * PEOPLE + person + 1)
}

fn batch(number: u64) -> Batch<AnyWrite> {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let set_by = BatchId::from_bytes(id);
    let writes = (0..PEOPLE).map(|person| {
        let password = Password {
            subject: subject(number, person),
            hash: Some("$argon2id$".to_owned()),
            version: 1,
            generation: 1,
            set_at: Timestamp::EPOCH,
            must_change: false,
            set_by,
        };
        CredentialsWrite::PutPassword { password, from: None }.into()
    });
    Batch::new(set_by, Timestamp::EPOCH, writes.collect()).unwrap()
}

async fn people_of(store: &PostgresStore, number: u64) -> u64 {
    let mut there = 0;
    for person in 0..PEOPLE {
        there += u64::from(store.password(subject(number, person)).await.unwrap().is_some());
    }
    there
}
