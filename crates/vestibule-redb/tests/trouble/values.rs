//! Every stored value cut short, made longer, and with a bit of each byte flipped (FLT-X37).

use std::sync::Arc;

use redb::backends::InMemoryBackend;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use vestibule_core::Realm;
use vestibule_core::kv::KvStore;
use vestibule_redb::{RedbKv, RedbStore};

use crate::acts::{Answer, ENTERED};
use crate::cast::bob;
use crate::mutated::{Before, look, signs_in, without_an_event};

const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("vestibule_rows");
const COUNTERS: TableDefinition<'_, &[u8], i64> = TableDefinition::new("vestibule_counters");

/// A database in memory: thousands of changes, none of which need outlive anything.
fn ground() -> (RedbStore, Before, Rows) {
    let database = Arc::new(Database::builder().create_with_backend(InMemoryBackend::new()).unwrap());
    RedbKv::prepare(&database).unwrap();
    let store = KvStore::new(RedbKv::over(Arc::clone(&database)).unwrap(), Realm::default());
    let before = Before::settle(&store);
    let rows = Rows::of(database);
    (store, before, rows)
}

/// With it every byte of every value is flipped; without it as many as the gate has time for.
const ALL: &str = "VESTIBULE_TROUBLE_ALL_BYTES";

/// Of the bytes, one in so many is flipped without that variable; another one in each row.
const SHARE: usize = 19;

fn every_byte() -> bool {
    std::env::var_os(ALL).is_some_and(|value| value == "1")
}

/// What the closing line says when not every byte was flipped.
pub(crate) fn left_out() -> Option<String> {
    let bytes = (!every_byte())
        .then(|| format!("one byte in {SHARE} of each value was flipped; {ALL}=1 flips every one"));
    let said: Vec<_> = bytes.into_iter().chain(crate::amount::at_commits()).collect();
    (!said.is_empty()).then(|| said.join("\n"))
}

pub(crate) fn every_value() {
    let (store, before, rows) = ground();
    let mut mutations = 0;
    for (number, (key, value)) in rows.rows.clone().into_iter().enumerate() {
        let whose = String::from_utf8_lossy(&key).into_owned();
        let mut mutate = |mutated: &[u8], must_be_noticed: bool, what: &str| {
            let what = format!("{whose:?} {what}");
            rows.put(&key, mutated);
            let after = look(&store, &before, &what);
            rows.restore();
            mutations += 1;
            assert!(after.others.is_empty(), "{what}: {:?}", after.others);
            assert!(after.remembers || is_of_the_batch(&key), "{what}, and a batch is forgotten");
            let bob = after.bob == Answer::Done(ENTERED.to_owned());
            assert!(
                bob || signs_in(&after.eve),
                "{what} keeps everybody out: {:?}, {:?}",
                after.bob,
                after.eve
            );
            if must_be_noticed && is_bobs(&key) && value.len() > IN_THE_KEY {
                assert!(after.corrupt > 0, "{what} is read as if nothing were wrong");
            }
        };
        for length in [0, 7, 8, 9, value.len() / 2, value.len() - 1] {
            mutate(&value[..length.min(value.len() - 1)], true, &format!("cut to {length}"));
        }
        mutate(&[&value[..], &[0]].concat(), true, "with a byte too many");
        for at in (0..value.len()).filter(|at| every_byte() || (at + number) % SHARE == 0) {
            let mut flipped = value.clone();
            flipped[at] ^= 1 << (at % 8);
            mutate(&flipped, false, &format!("with byte {at} flipped"));
        }
    }
    let untouched = look(&store, &before, "nothing");
    assert_eq!((untouched.corrupt, untouched.bob), (0, Answer::Done(ENTERED.to_owned())));
    assert!(untouched.session_opens && untouched.remembers);
    assert!(mutations > 500, "{mutations}");
}

/// A row of the version and the form alone says all by its key, and is not looked at.
const IN_THE_KEY: usize = 9;

/// Rows under Bob's id: what is read of him, and what his sign-in reads.
fn is_bobs(key: &[u8]) -> bool {
    let bob = bob();
    key.windows(bob.as_bytes().len()).any(|part| part == bob.as_bytes())
}

/// The row that remembers the batch without an event.
fn is_of_the_batch(key: &[u8]) -> bool {
    let batch = without_an_event().id();
    key.windows(batch.as_bytes().len()).any(|part| part == batch.as_bytes())
}

pub(crate) fn every_counter() {
    let (store, before, rows) = ground();
    assert!(!rows.counters.is_empty());
    for (key, _) in rows.counters.clone() {
        for count in [i64::MIN, -1, i64::MAX] {
            rows.count(&key, count);
            let after = look(&store, &before, &format!("a counter at {count}"));
            rows.restore();
            assert!(after.others.is_empty(), "{:?}", after.others);
            let bob = after.bob == Answer::Done(ENTERED.to_owned());
            assert!(bob || signs_in(&after.eve), "a counter at {count} keeps everybody out");
        }
    }
}

/// What was stored before anything was changed.
struct Rows {
    database: Arc<Database>,
    rows: Vec<(Vec<u8>, Vec<u8>)>,
    counters: Vec<(Vec<u8>, i64)>,
}

impl Rows {
    fn of(database: Arc<Database>) -> Self {
        let reading = database.begin_read().unwrap();
        let rows = reading.open_table(ROWS).unwrap();
        let rows = rows.iter().unwrap().map(|row| {
            let (key, value) = row.unwrap();
            (key.value().to_vec(), value.value().to_vec())
        });
        let rows = rows.collect();
        let counters = reading.open_table(COUNTERS).unwrap();
        let counters = counters.iter().unwrap().map(|row| {
            let (key, count) = row.unwrap();
            (key.value().to_vec(), count.value())
        });
        let counters = counters.collect();
        drop(reading);
        Self { database, rows, counters }
    }

    fn put(&self, key: &[u8], value: &[u8]) {
        let writing = self.database.begin_write().unwrap();
        writing.open_table(ROWS).unwrap().insert(key, value).unwrap();
        writing.commit().unwrap();
    }

    fn count(&self, key: &[u8], count: i64) {
        let writing = self.database.begin_write().unwrap();
        writing.open_table(COUNTERS).unwrap().insert(key, count).unwrap();
        writing.commit().unwrap();
    }

    /// Everything as it was.
    fn restore(&self) {
        let writing = self.database.begin_write().unwrap();
        {
            let mut rows = writing.open_table(ROWS).unwrap();
            rows.retain(|_, _| false).unwrap();
            for (key, value) in &self.rows {
                rows.insert(&**key, &**value).unwrap();
            }
            let mut counters = writing.open_table(COUNTERS).unwrap();
            counters.retain(|_, _| false).unwrap();
            for (key, count) in &self.counters {
                counters.insert(&**key, count).unwrap();
            }
        }
        writing.commit().unwrap();
    }
}
