//! What trouble comes over here: a schema of its own on the tests' server.

use std::collections::HashMap;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_postgres::{Client, Config, NoTls};
use vestibule_core::{Realm, Timestamp};
use vestibule_postgres::{Options, PostgresStore, Server};

use crate::cluster;
use crate::server;
pub(crate) use crate::server::runtime;

const CONNECTIONS: usize = 3;

/// A schema. One in which all went well is emptied afterwards and given to the next test: making one takes longer than most tests do.
pub(crate) struct Place {
    schema: Option<server::Place>,
    is_lent: bool,
}

/// Those that nobody has; all of their tables are empty.
static FREE: Mutex<Vec<server::Place>> = Mutex::new(Vec::new());

fn free() -> MutexGuard<'static, Vec<server::Place>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Place {
    pub(crate) fn new() -> Self {
        let free = free().pop();
        let is_new = free.is_none();
        let place = Self { schema: Some(free.unwrap_or_else(server::Place::new)), is_lent: true };
        if is_new {
            place.migrate();
        }
        place
    }

    /// One whose tables the test may alter: it goes with this.
    pub(crate) fn apart() -> Self {
        let place = Self::empty();
        place.migrate();
        place
    }

    /// One that was not migrated, and goes with this.
    pub(crate) fn empty() -> Self {
        Self { schema: Some(server::Place::new()), is_lent: false }
    }

    fn migrate(&self) {
        let (server, options) = reach(&self.name());
        block_on(PostgresStore::migrate(&server, &options, Timestamp::EPOCH)).unwrap();
    }

    /// By which another process opens it.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.schema(), cluster::url())
    }

    fn made(&self) -> &server::Place {
        self.schema.as_ref().expect("it has one until it is dropped")
    }

    pub(crate) fn schema(&self) -> &str {
        &self.made().0
    }

    /// A connection of the test's own, looking at the schema.
    pub(crate) fn own(&self) -> Client {
        block_on(server::own(self.made()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.is_lent && !std::thread::panicking() {
            self.empty_tables();
            free().extend(self.schema.take());
        } else {
            drop(opened().remove(&self.name()));
        }
    }
}

impl Place {
    fn empty_tables(&self) {
        let own = self.own();
        let sql = format!(
            "do $$ declare of text; begin
             for of in select tablename from pg_tables where schemaname = '{}' and tablename <> 'vestibule_migration'
             loop execute format('delete from %I', of); end loop; end $$",
            self.schema()
        );
        block_on(own.batch_execute(&sql)).unwrap();
    }
}

/// Drops what the tests left of schemas.
pub(crate) fn clear() {
    free().clear();
}

/// One store for each place in a process: what the server keeps is the same for all of them.
fn opened() -> MutexGuard<'static, HashMap<String, PostgresStore>> {
    static OPENED: LazyLock<Mutex<HashMap<String, PostgresStore>>> = LazyLock::new(Mutex::default);
    OPENED.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn open(name: &str, realm: Realm) -> PostgresStore {
    let mut opened = opened();
    let store = opened.entry(name.to_owned()).or_insert_with(|| {
        let (server, options) = reach(name);
        block_on(PostgresStore::open(&server, Realm::default(), options)).unwrap()
    });
    store.in_realm(realm)
}

/// How a place is reached; its connections are told by the schema's name.
pub(crate) fn reach(name: &str) -> (Server, Options) {
    let (schema, url) = name.split_once(' ').unwrap();
    let mut config: Config = url.parse().unwrap();
    config.application_name(schema);
    (Server::new(config), Options::new().schema_name(schema).connections(CONNECTIONS))
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    runtime().block_on(future)
}

/// Runs something where the store finds its runtime.
pub(crate) fn enter<T>(work: impl FnOnce() -> T) -> T {
    let _entered = runtime().enter();
    work()
}

/// Waits for what was handed over; then no transaction is open, and no connection too many.
#[expect(clippy::disallowed_methods, reason = "a bound for waiting")]
pub(crate) fn require_quiet(place: &Place, _: &PostgresStore) {
    let own = place.own();
    let begun = Instant::now();
    loop {
        let states = block_on(own.query(
            "select coalesce(state, '') from pg_stat_activity where application_name = $1",
            &[&place.schema()],
        ));
        let states: Vec<String> = states.unwrap().iter().map(|row| row.get(0)).collect();
        assert!(states.len() <= CONNECTIONS, "{states:?}");
        if states.iter().all(|state| state == "idle") {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "left open: {states:?}");
    }
}

/// A server of its own whose database rests in this folder, for as long as the process lives; by what it is opened.
pub(crate) fn make_at(folder: &Path) -> String {
    static KEPT: Mutex<Vec<cluster::Cluster>> = Mutex::new(Vec::new());
    let own = cluster::Cluster::start(&[]).unwrap();
    let owner = own.directory().metadata().unwrap();
    chown(folder, Some(owner.uid()), Some(owner.gid())).unwrap();
    block_on(async {
        let (client, connection) = tokio_postgres::connect(&own.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        let place = folder.to_str().unwrap();
        client.batch_execute(&format!("create tablespace small location '{place}'")).await.unwrap();
        client.batch_execute("create database small tablespace small").await.unwrap();
    });
    let name = format!("vestibule {}", own.url().replace("/postgres?", "/small?"));
    let (server, options) = reach(&name);
    block_on(PostgresStore::migrate(&server, &options, Timestamp::EPOCH)).unwrap();
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).push(own);
    name
}

/// The same store: no repair is needed.
pub(crate) fn with_room_again(store: PostgresStore, _: &str) -> PostgresStore {
    store
}
