//! S-1 to S-7 with one writer and many callers.

use std::pin::pin;
use std::sync::{Arc, Barrier};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use vestibule_core::{Commit, Landed, Realm, Timestamp};

use crate::support::{Guard, TestWrite::*, batch, block_on, commit, dump, options, poll_once, store, sum};

#[test]
fn a_refused_batch_leaves_no_trace_whichever_guard_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let seated =
        vec![Add { key: 9 }, Seat { key: 9, seat: 1 }, Add { key: 1 }, Add { key: 2 }, Add { key: 3 }];
    assert_eq!(commit(&store, &batch(1, seated)), Landed::Applied);
    assert_eq!(
        commit(&store, &batch(2, vec![Consume { key: 9 }, Use { key: 9 }, Use { key: 9 }])),
        Landed::Applied
    );
    let before = dump(&store);

    let refused = [
        (Add { key: 9 }, Guard::Free),
        (Consume { key: 9 }, Guard::Live),
        (RequireLive { key: 9 }, Guard::LiveStill),
        (Use { key: 9 }, Guard::FewUses),
        (Seat { key: 1, seat: 1 }, Guard::SeatFree),
    ];
    for (id, (write, expected)) in (10..).zip(refused) {
        let others = vec![Consume { key: 1 }, Use { key: 2 }, Add { key: 4 }, Count { key: 1, by: 5 }];
        let all = batch(id, [others, vec![write]].concat());
        let answer = commit(&store, &all);
        let Landed::Refused { position, guard } = answer else { panic!("{answer:?}") };
        assert_eq!(guard, expected);
        assert!(position > 0, "other writes had landed before, and were taken back");
        assert_eq!(dump(&store), before, "{expected:?}");
    }
}

#[test]
fn the_first_refused_write_is_the_one_reported() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let both = batch(1, vec![Consume { key: 2 }, RequireLive { key: 1 }, Add { key: 3 }]);
    assert_eq!(commit(&store, &both), Landed::Refused { position: 0, guard: Guard::LiveStill });
}

#[test]
fn a_batch_sent_again_lands_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    assert_eq!(commit(&store, &batch(1, vec![Add { key: 1 }, Add { key: 2 }])), Landed::Applied);

    let silent = batch(2, vec![Count { key: 1, by: 1 }, Count { key: 2, by: 1 }]);
    assert_eq!(commit(&store, &silent), Landed::Applied);
    assert_eq!(commit(&store, &silent), Landed::AlreadyApplied);
    assert_eq!((sum(&store, 1), sum(&store, 2)), (1, 1), "also writes that never refuse");

    let single = batch(3, vec![Consume { key: 1 }]);
    assert_eq!(commit(&store, &single), Landed::Applied);
    assert_eq!(commit(&store, &single), Landed::AlreadyApplied, "its own row remembers it");
    let other = batch(4, vec![Consume { key: 1 }]);
    assert_eq!(commit(&store, &other), Landed::Refused { position: 0, guard: Guard::Live });
}

#[test]
fn one_of_sixteen_racers_wins_each_round() {
    const RACERS: u64 = 16;
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let start = Arc::new(Barrier::new(16));
    for round in 0..50_u8 {
        assert_eq!(commit(&store, &batch(u64::from(round), vec![Add { key: round }])), Landed::Applied);
        let racers: Vec<_> = (0..RACERS)
            .map(|racer| {
                let (store, start) = (store.clone(), Arc::clone(&start));
                thread::spawn(move || {
                    let id = 1000 + u64::from(round) * RACERS + racer;
                    let writes = vec![Consume { key: round }, Count { key: round, by: 1 }];
                    start.wait();
                    commit(&store, &batch(id, writes))
                })
            })
            .collect();
        let answers: Vec<_> = racers.into_iter().map(|racer| racer.join().unwrap()).collect();
        let winners = answers.iter().filter(|answer| **answer == Landed::Applied).count();
        let losers = answers.iter().filter(|answer| answer.refused() == Some(Guard::Live)).count();
        assert_eq!((winners, losers, sum(&store, round)), (1, 15, 1), "round {round}");
    }
}

#[test]
fn batches_that_wait_together_share_a_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let other = rusqlite::Connection::open(folder.path().join("people.db")).unwrap();
    other.execute_batch("begin immediate").unwrap();

    let batches: Vec<_> = (0..40).map(|id| batch(id, vec![Count { key: 1, by: 1 }])).collect();
    let refused = batch(99, vec![Count { key: 1, by: 1 }, Consume { key: 7 }]);
    let mut commits: Vec<_> =
        batches.iter().chain([&refused]).map(|batch| Box::pin(store.commit(batch))).collect();
    for commit in &mut commits {
        assert!(poll_once(commit.as_mut()).is_pending());
    }
    other.execute_batch("rollback").unwrap();

    let answers: Vec<_> = commits.into_iter().map(|commit| block_on(commit).unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| **answer == Landed::Applied).count(), 40);
    assert_eq!(answers.last().unwrap().refused(), Some(Guard::Live), "a refusal is its own affair");
    assert_eq!(sum(&store, 1), 40);
    let counts = store.writer_counts();
    assert_eq!((counts.transactions, counts.batches), (1, 41));
}

#[test]
fn a_dropped_commit_leaves_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    for id in 0..100 {
        let both = batch(id, vec![Count { key: 1, by: 1 }, Count { key: 2, by: 1 }]);
        let mut commit = pin!(store.commit(&both));
        if id % 2 == 0 {
            let _: Poll<_> = poll_once(commit.as_mut());
        }
    }
    // Tasks are done in the order in which they were handed over: this one is the last.
    let last = batch(1000, vec![Count { key: 3, by: 1 }]);
    assert_eq!(commit(&store, &last), Landed::Applied);
    assert_eq!((sum(&store, 1), sum(&store, 2)), (50, 50), "polled once: all; never polled: nothing");
}

#[test]
fn what_was_answered_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let first = store(&folder);
    let both = batch(1, vec![Add { key: 1 }, Count { key: 1, by: 3 }]);
    assert_eq!(commit(&first, &both), Landed::Applied);
    let before = dump(&first);
    drop(first);
    let again = store(&folder);
    assert_eq!(dump(&again), before);
    assert_eq!(commit(&again, &both), Landed::AlreadyApplied);
}

#[test]
fn realms_share_a_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let other = store.in_realm(Realm::parse("other").unwrap());
    let same = batch(1, vec![Add { key: 1 }, Count { key: 1, by: 1 }]);
    assert_eq!(commit(&store, &same), Landed::Applied);
    assert_eq!(commit(&other, &same), Landed::Applied);
    assert_eq!(commit(&other, &batch(2, vec![Count { key: 1, by: 1 }])), Landed::Applied);
    assert_eq!((sum(&store, 1), sum(&other, 1)), (1, 2));
}

#[test]
fn batches_are_forgotten_after_a_day_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let both = |id| batch(id, vec![Count { key: 1, by: 1 }, Count { key: 2, by: 1 }]);
    for id in 0..3 {
        assert_eq!(commit(&store, &both(id)), Landed::Applied);
    }
    let day = Duration::from_secs(86_400);
    let forgotten = |now, budget| block_on(store.maintain(now, budget)).unwrap().batches;
    assert_eq!(forgotten(Timestamp::EPOCH.plus(day), 9), 0);
    assert_eq!(commit(&store, &both(2)), Landed::AlreadyApplied);
    let later = Timestamp::EPOCH.plus(day + Duration::from_secs(1));
    let elsewhere = store.in_realm(Realm::parse("other").unwrap());
    assert_eq!(
        block_on(elsewhere.maintain(later, 9)).unwrap().batches,
        0,
        "another realm's are not its to forget"
    );
    assert_eq!((forgotten(later, 2), forgotten(later, 2), forgotten(later, 2)), (2, 1, 0));
}

#[test]
fn a_full_queue_answers_at_once() {
    let folder = tempfile::tempdir().unwrap();
    drop(store(&folder));
    let path = folder.path().join("people.db");
    let store = vestibule_sqlite::SqliteStore::open(&path, Realm::default(), options().queue(2)).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("begin immediate").unwrap();
    let batches: Vec<_> = (0..4).map(|id| batch(id, vec![Count { key: 1, by: 1 }])).collect();
    let mut commits: Vec<_> = batches.iter().map(|batch| Box::pin(store.commit(batch))).collect();
    // The writer holds one at most and two wait: of four at least one is turned away.
    let mut turned_away = 0;
    commits.retain_mut(|commit| match poll_once(commit.as_mut()) {
        Poll::Pending => true,
        Poll::Ready(answer) => {
            assert_eq!(answer.unwrap_err().kind(), vestibule_core::StoreErrorKind::Contended);
            turned_away += 1;
            false
        }
    });
    assert!(turned_away > 0);
    other.execute_batch("rollback").unwrap();
    for commit in commits {
        assert_eq!(block_on(commit).unwrap(), Landed::Applied);
    }
    assert_eq!(commit(&store, &batch(9, vec![Add { key: 9 }])), Landed::Applied);
    assert_eq!(sum(&store, 1), 4 - turned_away);
}
