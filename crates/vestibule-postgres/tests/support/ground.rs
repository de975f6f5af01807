//! What the tests stand on: a schema of its own for each test, which goes with it.

#![allow(dead_code, reason = "each test binary uses a part of it")]

#[path = "cluster.rs"]
pub(crate) mod cluster;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};
use vestibule_core::{Realm, Timestamp};
use vestibule_postgres::{Options, PostgresStore, Schema, Server};

/// One runtime for all tests of a process: stores live on it.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
    })
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// A connection of the test's own, looking at the schema.
pub(crate) async fn own(place: &Place) -> Client {
    let client = connect(cluster::url()).await.unwrap();
    client.batch_execute(&format!("set search_path to {}", place.0)).await.unwrap();
    client
}

/// A schema, dropped with this.
#[derive(Debug)]
pub(crate) struct Place(pub(crate) String);

impl Place {
    pub(crate) fn new() -> Self {
        let _ = cluster::url();
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(format!("vestibule_test_{}_{count}", std::process::id()))
    }

    /// The same for all, so that what it has seen of the server is seen once.
    pub(crate) fn server(&self) -> Server {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(|| Server::parse(cluster::url()).unwrap()).clone()
    }

    pub(crate) fn options(&self) -> Options {
        Options::new().schema_name(&self.0).connections(4)
    }

    pub(crate) async fn create_with(&self, schema: Schema) -> PostgresStore {
        let options = self.options().schema(schema);
        PostgresStore::create(&self.server(), Realm::default(), options, Timestamp::EPOCH).await.unwrap()
    }

    pub(crate) async fn create(&self) -> PostgresStore {
        self.create_with(Schema::enabled()).await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let name = self.0.clone();
        // On a thread of its own: the test may be inside the runtime.
        let dropping = std::thread::spawn(move || {
            runtime().block_on(async {
                let client = connect(cluster::url()).await.unwrap();
                client.batch_execute(&format!("drop schema if exists {name} cascade")).await
            })
        });
        let dropped = dropping.join();
        if !std::thread::panicking() {
            dropped.unwrap().unwrap();
        }
    }
}
