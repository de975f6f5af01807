//! Windows on every key-value database.
//!
//! A counter is a [`Kv::add`] counter that stands one above its debits: the first debit adds two, so that a counter
//! whose debits were all given back is still there and takes no second place in the population.

use vestibule_core::kv::{Key, Kv, KvStore, Partition};
use vestibule_core::{StoreError, Timestamp};

use crate::store::{Taken, TakenWindow, WindowTake, Windows};
use crate::window::WindowKey;

/// What a counter shows above its debits.
const PRESENT: i64 = 1;

impl<K: Kv> Windows for KvStore<K> {
    async fn take(&self, windows: Vec<WindowTake>) -> Result<Taken, StoreError> {
        let mut taken = Vec::with_capacity(windows.len());
        for (position, window) in windows.into_iter().enumerate() {
            match debit(self, window).await? {
                Some(debited) => taken.push(debited),
                None => {
                    self.give_back(taken).await?;
                    return Ok(Taken::Full { position });
                }
            }
        }
        Ok(Taken::All(taken))
    }

    async fn give_back(&self, windows: Vec<TakenWindow>) -> Result<(), StoreError> {
        for window in windows {
            let key = if window.shared { shared_key(&window.key) } else { own_key(&window.key) };
            self.count(key, -1, None).await?;
        }
        Ok(())
    }
}

async fn debit<K: Kv>(store: &KvStore<K>, window: WindowTake) -> Result<Option<TakenWindow>, StoreError> {
    let WindowTake { key, at_most, population } = window;
    let limit = i64::from(at_most) + PRESENT;
    // Adding nothing tells a live counter from none, and makes none.
    let live = store.count(own_key(&key), 0, None).await?.is_some_and(|sum| sum > 0);
    let own = if live {
        Some(store.count(own_key(&key), 1, Some(limit)).await?.is_some())
    } else {
        begin(store, &key, limit, population).await?
    };
    let (fits, shared) = match own {
        Some(fits) => (fits, false),
        None => (store.count(shared_key(&key), 1, Some(i64::from(at_most))).await?.is_some(), true),
    };
    Ok(fits.then_some(TakenWindow { key, shared }))
}

/// The first debit of a counter of its own, if there is room for one: whether it fitted, or `None` when there is no
/// room. When somebody else began the same counter meanwhile, this becomes an ordinary debit.
async fn begin<K: Kv>(
    store: &KvStore<K>,
    key: &WindowKey,
    limit: i64,
    population: u32,
) -> Result<Option<bool>, StoreError> {
    if store.count(population_key(key), 1, Some(i64::from(population))).await?.is_none() {
        return Ok(None);
    }
    let fits = match store.count(own_key(key), 1 + PRESENT, Some(limit)).await? {
        Some(sum) if sum <= 1 + PRESENT => return Ok(Some(true)),
        Some(_) => {
            store.count(own_key(key), -PRESENT, None).await?;
            true
        }
        None => store.count(own_key(key), 1, Some(limit)).await?.is_some(),
    };
    store.count(population_key(key), -1, None).await?;
    Ok(Some(fits))
}

fn own_key(key: &WindowKey) -> Key {
    let sort = [sortable(key.ends_at), sortable(key.starts_at)].concat();
    Key::new(
        Partition::new("throttle.windows", &[key.kind.as_str().as_bytes()]),
        &[&sort, &key.digest[..]].concat(),
    )
}

fn shared_key(key: &WindowKey) -> Key {
    let sort = [
        &sortable(key.ends_at)[..],
        &sortable(key.starts_at),
        &key.overflow.network.to_be_bytes(),
        &[key.overflow.key],
    ];
    Key::new(Partition::new("throttle.shared", &[key.kind.as_str().as_bytes()]), &sort.concat())
}

fn population_key(key: &WindowKey) -> Key {
    let sort = [sortable(key.ends_at), sortable(key.starts_at)].concat();
    Key::new(Partition::new("throttle.population", &[key.kind.as_str().as_bytes()]), &sort)
}

/// Bytes that are ordered as the instants are, also before the epoch.
const fn sortable(at: Timestamp) -> [u8; 8] {
    (at.unix_micros() ^ i64::MIN).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Barrier, Mutex};

    use vestibule_core::kv::{Applied, MemoryKv, Op, Versioned};
    use vestibule_core::{AddressKey, BatchId, ClientAddress, KeyRing, MemoryStore, Realm};

    use super::*;
    use crate::testing::{NOW, address, block_on, ring};
    use crate::{Limit, Throttle, ThrottlePolicy, plan};

    /// A database that notes which counters something was ever added to.
    #[derive(Default)]
    struct Noting {
        inner: MemoryKv,
        counters: Mutex<BTreeSet<Key>>,
    }

    impl Kv for Noting {
        async fn get(&self, keys: Vec<Key>) -> Result<Vec<Option<Versioned>>, StoreError> {
            self.inner.get(keys).await
        }

        async fn list(
            &self,
            partition: Partition,
            after: Option<Vec<u8>>,
            limit: usize,
        ) -> Result<Vec<(Vec<u8>, Versioned)>, StoreError> {
            self.inner.list(partition, after, limit).await
        }

        async fn apply(&self, batch: BatchId, ops: Vec<Op>) -> Result<Applied, StoreError> {
            self.inner.apply(batch, ops).await
        }

        async fn add(&self, key: Key, delta: i64, at_most: Option<i64>) -> Result<Option<i64>, StoreError> {
            let sum = self.inner.add(key.clone(), delta, at_most).await?;
            if sum.is_some() && delta != 0 {
                self.counters.lock().unwrap().insert(key);
            }
            Ok(sum)
        }
    }

    fn one_window(
        ring: &KeyRing,
        identifier: u64,
        at_most: u32,
        population: u32,
        client: &str,
    ) -> WindowTake {
        let limit = Limit::new(at_most, core::time::Duration::from_secs(60)).unwrap();
        let policy = ThrottlePolicy::default().identifier(&[limit]).unwrap().population(population).unwrap();
        let mut key = [0; 32];
        key[..8].copy_from_slice(&identifier.to_be_bytes());
        let (key, policy) = (AddressKey::from_bytes(key), policy.challenge(crate::ChallengePolicy::never()));
        plan(&policy, ring, &crate::TryRequest::new(&key, NOW).client(Some(address(client)))).pop().unwrap()
    }

    fn take(store: &impl Windows, window: &WindowTake) -> Option<TakenWindow> {
        match block_on(store.take(vec![window.clone()])).unwrap() {
            Taken::All(mut taken) => taken.pop(),
            Taken::Full { position } => {
                assert_eq!(position, 0);
                None
            }
        }
    }

    #[test]
    fn parallel_takes_never_overspend() {
        const THREADS: usize = 8;
        for round in 0..50 {
            let (store, at_most) = (MemoryStore::in_memory(), 10);
            let window = one_window(&ring(), round, at_most, 100, "192.0.2.1");
            let barrier = Barrier::new(THREADS);
            let got: usize = std::thread::scope(|scope| {
                let racers: Vec<_> = (0..THREADS)
                    .map(|_| {
                        scope.spawn(|| {
                            barrier.wait();
                            (0..5).filter(|_| take(&store, &window).is_some()).count()
                        })
                    })
                    .collect();
                racers.into_iter().map(|racer| racer.join().unwrap()).sum()
            });
            // A racer may be refused while another corrects its first debit; what is left is still there after.
            let rest = (0..at_most).filter(|_| take(&store, &window).is_some()).count();
            assert_eq!(got + rest, 10, "round {round}");
        }
    }

    #[test]
    fn racers_for_a_new_counter_take_one_place_of_the_population() {
        const THREADS: u64 = 8;
        for round in 0..50 {
            let (store, ring) = (MemoryStore::in_memory(), ring());
            let window = one_window(&ring, round, 100, 8, "192.0.2.1");
            let barrier = Barrier::new(8);
            std::thread::scope(|scope| {
                for _ in 0..THREADS {
                    scope.spawn(|| {
                        barrier.wait();
                        take(&store, &window).unwrap()
                    });
                }
            });
            let own = (1000..1020).filter(|other| {
                !take(&store, &one_window(&ring, *other, 100, 8, "192.0.2.1")).unwrap().shared
            });
            assert_eq!(own.count(), 7, "round {round}");
        }
    }

    #[test]
    fn a_full_window_gives_the_earlier_ones_back() {
        let (store, ring) = (MemoryStore::in_memory(), ring());
        let (wide, narrow) =
            (one_window(&ring, 1, 3, 100, "192.0.2.1"), one_window(&ring, 2, 1, 100, "192.0.2.1"));
        assert!(take(&store, &narrow).is_some());
        for _ in 0..10 {
            let answer = block_on(store.take(vec![wide.clone(), narrow.clone()])).unwrap();
            assert_eq!(answer, Taken::Full { position: 1 });
        }
        assert_eq!((0..5).filter(|_| take(&store, &wide).is_some()).count(), 3);
    }

    #[test]
    fn past_the_cap_a_network_fills_only_its_own_share() {
        let (store, ring) = (MemoryStore::in_memory(), ring());
        let window = |identifier, client| one_window(&ring, identifier, 2, 3, client);
        let live = window(0, "192.0.2.1");
        assert!(!take(&store, &live).unwrap().shared);
        // A flood of fresh identifiers from one network: the cap, then all of its sixteen shared counters.
        let admitted =
            (1..2000).filter(|other| take(&store, &window(*other, "198.51.100.1")).is_some()).count();
        assert_eq!(admitted, 2 + 2 * usize::from(crate::Overflow::KEYS));
        assert!(!take(&store, &live).unwrap().shared, "a live counter is never evicted");
        let elsewhere = take(&store, &window(5000, "203.0.113.1")).unwrap();
        assert!(elsewhere.shared, "a new key from another network still finds room");
    }

    #[test]
    fn giving_back_reaches_the_shared_counter_that_was_debited() {
        let (store, ring) = (MemoryStore::in_memory(), ring());
        assert!(take(&store, &one_window(&ring, 0, 1, 1, "192.0.2.1")).is_some());
        let late = one_window(&ring, 1, 1, 1, "192.0.2.1");
        for _ in 0..5 {
            let taken = take(&store, &late).unwrap();
            assert!(taken.shared);
            assert_eq!(take(&store, &late), None);
            block_on(store.give_back(vec![taken])).unwrap();
        }
    }

    #[test]
    fn no_counter_goes_below_zero() {
        let (store, ring) = (MemoryStore::in_memory(), ring());
        let window = one_window(&ring, 0, 2, 10, "192.0.2.1");
        for _ in 0..5 {
            let forged = TakenWindow { key: window.key.clone(), shared: false };
            block_on(store.give_back(vec![forged])).unwrap();
        }
        assert_eq!((0..5).filter(|_| take(&store, &window).is_some()).count(), 2);
    }

    #[test]
    fn a_counter_that_was_given_back_keeps_its_one_place() {
        let (store, ring) = (MemoryStore::in_memory(), ring());
        let window = one_window(&ring, 0, 2, 2, "192.0.2.1");
        for _ in 0..50 {
            let taken = take(&store, &window).unwrap();
            block_on(store.give_back(vec![taken])).unwrap();
        }
        assert!(!take(&store, &one_window(&ring, 1, 2, 2, "192.0.2.1")).unwrap().shared);
    }

    #[test]
    fn a_flood_of_identifiers_from_one_64_keeps_the_rows_bounded() {
        let kv = Arc::new(Noting::default());
        let store = KvStore::new(Arc::clone(&kv), Realm::default());
        let throttle = Throttle::new(store, Arc::new(ring()), ThrottlePolicy::default());
        let mut admitted = 0;
        for number in 0..100_000u64 {
            let mut identifier = [0; 32];
            identifier[..8].copy_from_slice(&number.to_be_bytes());
            let client = core::net::Ipv6Addr::new(
                0x2001,
                0xdb8,
                0,
                0,
                1,
                2,
                3,
                u16::try_from(number % 60_000).unwrap(),
            );
            let identifier = AddressKey::from_bytes(identifier);
            let client = ClientAddress::from(core::net::IpAddr::from(client));
            let request = crate::TryRequest::new(&identifier, NOW).client(Some(client));
            admitted += usize::from(block_on(throttle.admit(&request)).is_ok());
        }
        assert_eq!(admitted, 20, "a minute's budget of one client");
        // Per admitted identifier five counters; four of the networks; one population per window.
        assert_eq!(kv.counters.lock().unwrap().len(), 20 * 5 + 4 + 9);
    }
}
