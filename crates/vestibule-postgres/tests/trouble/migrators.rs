//! Migrators that are killed half-way, and several at once, each a process of its own (FLT-X24).

use std::time::{Duration, Instant};

use vestibule_core::{Realm, Timestamp};
use vestibule_postgres::{Domain, Migration, Options, PostgresStore, Schema, Server};

use crate::ground::{Place, block_on, reach};
use crate::process::{Other, hear, tell};

pub(crate) const PART: &str = "migrates";

const TABLE: Migration = Migration::new(1, "create table host_row (a bigint not null)");
const SHORT: Migration = Migration::new(2, "insert into host_row values (1)");
/// The same, with time to be killed amid it.
const SLOW: Migration = Migration::new(2, "insert into host_row values (1); select pg_sleep(2)");

fn with_host(name: &str, slow: bool) -> (Server, Options) {
    const SHORTLY: &[Migration] = &[TABLE, SHORT];
    const SLOWLY: &[Migration] = &[TABLE, SLOW];
    let (server, options) = reach(name);
    let domain = Domain::new("host", if slow { SLOWLY } else { SHORTLY });
    (server, options.schema(Schema::enabled().with(domain)))
}

/// The part: migrates at a word, and says how many migrations it applied.
pub(crate) fn play(words: &[String]) {
    let [name, slow] = words else { panic!("{words:?}") };
    tell("ready");
    assert_eq!(hear().as_deref(), Some("go"));
    let (server, options) = with_host(name, slow == "true");
    let migrated = block_on(PostgresStore::migrate(&server, &options, Timestamp::EPOCH)).unwrap();
    tell(&migrated.applied.to_string());
}

fn start(name: &str, slow: bool) -> Other {
    let mut other = Other::start(&[PART, name, &slow.to_string()]);
    assert_eq!(other.hear().as_deref(), Some("ready"));
    other
}

#[expect(clippy::disallowed_methods, reason = "a bound for waiting")]
pub(crate) fn one_that_is_killed_has_done_nothing() {
    let (place, whole) = (Place::empty(), Place::empty());
    let migrate = |name: &str| {
        let (server, options) = with_host(name, false);
        block_on(PostgresStore::migrate(&server, &options, Timestamp::EPOCH)).unwrap()
    };
    let expected = migrate(&whole.name());
    let own = place.own();
    let mut other = start(&place.name(), true);
    other.tell("go");
    let begun = Instant::now();
    let amid = "select 1 from pg_stat_activity where application_name = $1 and wait_event = 'PgSleep'";
    while block_on(own.query(amid, &[&place.schema()])).unwrap().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not get there");
    }
    other.kill();
    let (server, options) = with_host(&place.name(), false);
    assert!(block_on(PostgresStore::open(&server, Realm::default(), options.clone())).is_err());
    assert_eq!(migrate(&place.name()), expected, "as if nobody had been there before");
    let store = block_on(PostgresStore::open(&server, Realm::default(), options)).unwrap();
    assert_eq!(block_on(store.check()).unwrap(), expected.fingerprint);
    let rows = block_on(own.query_one("select count(*) from host_row", &[])).unwrap();
    assert_eq!(rows.get::<_, i64>(0), 1);
}

pub(crate) fn of_several_at_once_one_does_the_work() {
    for _ in 0..2 {
        let place = Place::empty();
        let mut others: Vec<Other> = (0..4).map(|_| start(&place.name(), false)).collect();
        others.iter_mut().for_each(|other| other.tell("go"));
        let mut applied: Vec<u32> =
            others.iter_mut().map(|other| other.hear().unwrap().parse().unwrap()).collect();
        others.into_iter().for_each(Other::end);
        applied.sort_unstable();
        assert_eq!(applied[..3], [0, 0, 0]);
        assert!(applied[3] > 2);
    }
}
