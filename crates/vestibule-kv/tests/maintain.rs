//! Housekeeping of a database in the process itself, which is a map here.

#![cfg(test)]

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Mutex;
use std::time::Duration;

use vestibule_conformance::block_on;
use vestibule_core::{Batch, BatchId, Commit, Landed, Realm, StoreError, SubjectId, Timestamp};
use vestibule_kv::{Changes, KvStore, Ordered, Pair, Space, Swept, Threaded, maintain, prepare};
use vestibule_profiles::{Profile, ProfilesWrite};
use vestibule_throttle::{Overflow, Taken, WindowKey, WindowKind, WindowTake, Windows};

type Rows = BTreeMap<(u8, Vec<u8>), Vec<u8>>;

#[derive(Default)]
struct Map(Mutex<Rows>);

struct InMap<'a>(&'a mut Rows);

impl Ordered for Map {
    fn get(&self, space: Space, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let rows = self.0.lock().unwrap();
        Ok(keys.iter().map(|key| rows.get(&(space as u8, key.clone())).cloned()).collect())
    }

    fn range(
        &self,
        space: Space,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let rows = self.0.lock().unwrap();
        let inside = |key: &[u8]| std::ops::RangeBounds::<[u8]>::contains(&(from, to), key);
        let own = rows.iter().filter(|((own, key), _)| *own == space as u8 && inside(key));
        Ok(own.take(limit).map(|((_, key), value)| (key.clone(), value.clone())).collect())
    }

    fn transact(
        &self,
        work: &mut dyn FnMut(&mut dyn Changes) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut rows = self.0.lock().unwrap();
        let mut own = rows.clone();
        if work(&mut InMap(&mut own))? {
            *rows = own;
        }
        Ok(())
    }
}

impl Changes for InMap<'_> {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.get(&(space as u8, key.to_vec())).cloned())
    }

    fn put(&mut self, space: Space, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.0.insert((space as u8, key.to_vec()), value.to_vec());
        Ok(())
    }

    fn remove(&mut self, space: Space, key: &[u8]) -> Result<(), StoreError> {
        self.0.remove(&(space as u8, key.to_vec()));
        Ok(())
    }
}

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_002_800);
const HOUR: Duration = Duration::from_secs(3600);

fn store() -> KvStore<Threaded<Map>> {
    let map = Map::default();
    let _ = prepare(&map).unwrap();
    KvStore::new(Threaded::start(map).unwrap(), Realm::default())
}

/// Two writes, which need a row that remembers them.
fn batch(number: u64, at: Timestamp) -> Batch<ProfilesWrite> {
    let profile = |number| Profile { identifiers: 1, ..Profile::new(SubjectId::from(number), at) };
    let create = |number| ProfilesWrite::CreateProfile { profile: profile(number) };
    let id = BatchId::from_bytes(u128::from(number).to_be_bytes());
    Batch::new(id, at, vec![create(number), create(number + 1000)]).unwrap()
}

fn window(starts_at: Timestamp) -> WindowTake {
    let key = WindowKey {
        kind: WindowKind::Identifier,
        digest: [7; 32],
        overflow: Overflow { network: 7, key: 3 },
        starts_at,
        ends_at: starts_at.plus(HOUR),
    };
    WindowTake { key, at_most: 1, population: 9 }
}

/// Everything, a few at a time.
fn clean(store: &KvStore<Threaded<Map>>, now: Timestamp, budget: usize) -> (usize, usize) {
    let (mut looked, mut removed, mut from) = (0, 0, None);
    loop {
        let Swept { looked: more, removed: gone, next } =
            block_on(maintain(store.kv(), now, from, budget)).unwrap();
        assert!(more <= budget);
        (looked, removed) = (looked + more, removed + gone);
        from = next;
        if from.is_none() {
            return (looked, removed);
        }
    }
}

fn lands(store: &KvStore<Threaded<Map>>, batch: &Batch<ProfilesWrite>) -> Landed<impl Sized + Eq> {
    block_on(store.commit(batch)).unwrap()
}

#[test]
fn a_batch_is_remembered_for_a_day_and_its_rows_for_ever() {
    let store = store();
    let (old, new) = (batch(1, NOW.minus(HOUR * 25)), batch(2, NOW.minus(HOUR * 23)));
    assert!(matches!(lands(&store, &old), Landed::Applied) && matches!(lands(&store, &new), Landed::Applied));
    // Four profiles, two memories: in steps that end anywhere among them.
    assert_eq!(clean(&store, NOW, 1), (6, 1));
    assert!(matches!(lands(&store, &new), Landed::AlreadyApplied));
    assert!(matches!(lands(&store, &old), Landed::Refused { .. }), "its rows are there, its memory is not");
    assert_eq!(clean(&store, NOW, 100), (5, 0));
}

#[test]
fn a_window_goes_an_hour_after_its_end_and_a_live_one_stays() {
    let store = store();
    let (old, live) = (window(NOW.minus(HOUR * 3)), window(NOW.minus(HOUR / 2)));
    for window in [&old, &live] {
        let taken = block_on(store.take(vec![window.clone()])).unwrap();
        assert!(matches!(taken, Taken::All(_)));
    }
    // Each has its own counter, and one of how many there are.
    assert_eq!(clean(&store, NOW, 1), (4, 2));
    let full = Taken::Full { position: 0 };
    assert_eq!(block_on(store.take(vec![live])).unwrap(), full);
    let again = block_on(store.take(vec![old])).unwrap();
    assert!(matches!(again, Taken::All(_)), "nothing of it is left");
}
