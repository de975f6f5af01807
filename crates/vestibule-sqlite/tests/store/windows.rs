//! W-1 to W-5: the same answers as the in-memory reference, and no overspending in a race.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use proptest::prelude::*;
use vestibule_core::{MemoryStore, Timestamp};
use vestibule_throttle::{Overflow, Taken, TakenWindow, WindowKey, WindowKind, WindowTake, Windows};

use crate::support::{block_on, store};

fn window(person: u8, at_most: u32, population: u32) -> WindowTake {
    let key = WindowKey {
        kind: WindowKind::Identifier,
        digest: [person; 32],
        overflow: Overflow { network: u16::from(person % 2), key: 0 },
        starts_at: Timestamp::EPOCH,
        ends_at: Timestamp::from_unix_seconds(60),
    };
    WindowTake { key, at_most, population }
}

fn copy(taken: &TakenWindow) -> TakenWindow {
    TakenWindow { key: taken.key.clone(), shared: taken.shared }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_take_is_answered_as_the_reference_answers(
        calls in proptest::collection::vec(
            (proptest::collection::vec(0..5_u8, 1..4), any::<bool>()), 1..30),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (sqlite, reference) = (store(&folder), MemoryStore::in_memory());
        for (people, back) in calls {
            let windows: Vec<_> = people.iter().map(|person| window(*person, 3, 2)).collect();
            let expected = block_on(reference.take(windows.clone())).unwrap();
            let answer = block_on(sqlite.take(windows)).unwrap();
            // A reference that was full may have begun counters on its way; SQLite takes back the whole call.
            prop_assume!(matches!(expected, Taken::All(_)) || people.len() == 1);
            prop_assert_eq!(&answer, &expected);
            if let (true, Taken::All(taken)) = (back, answer) {
                block_on(reference.give_back(taken.iter().map(copy).collect())).unwrap();
                block_on(sqlite.give_back(taken)).unwrap();
            }
        }
    }
}

#[test]
fn racers_never_overspend_a_window() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let start = Barrier::new(8);
    let taken: usize = thread::scope(|scope| {
        let racers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    let take = || block_on(store.take(vec![window(1, 10, 5)])).unwrap();
                    (0..5).filter(|_| matches!(take(), Taken::All(_))).count()
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    assert_eq!(taken, 10);
}

#[test]
fn a_full_window_gives_the_earlier_ones_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let take = |windows| block_on(store.take(windows)).unwrap();
    assert!(matches!(take(vec![window(2, 1, 9)]), Taken::All(_)));
    for _ in 0..5 {
        assert_eq!(take(vec![window(1, 3, 9), window(2, 1, 9)]), Taken::Full { position: 1 });
    }
    let rest = (0..5).filter(|_| matches!(take(vec![window(1, 3, 9)]), Taken::All(_))).count();
    assert_eq!(rest, 3);
}

#[test]
fn what_was_given_back_without_waiting_is_there_when_the_file_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let store = store(&folder);
        let Taken::All(taken) = block_on(store.take(vec![window(1, 1, 9)])).unwrap() else { panic!("full") };
        block_on(store.give_back(taken)).unwrap();
    }
}

#[test]
fn ended_windows_are_removed_after_an_hour_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    for person in 0..3 {
        assert!(matches!(block_on(store.take(vec![window(person, 5, 2)])).unwrap(), Taken::All(_)));
    }
    let ended = Timestamp::from_unix_seconds(60);
    let removed =
        |after| block_on(store.maintain(ended.plus(Duration::from_secs(after)), 100)).unwrap().windows;
    assert_eq!(removed(3600), 0);
    assert_eq!(removed(3601), 4, "two of their own, one shared, one population");
    assert_eq!(removed(3601), 0);
}
