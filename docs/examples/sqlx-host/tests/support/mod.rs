//! A schema of its own for each test, dropped with it.

use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::runtime::Runtime;
use vestibule_postgres::{PostgresStore, Schema};

/// Names the server.
pub const VARIABLE: &str = "VESTIBULE_POSTGRES_URL";

/// One runtime for all tests: pools live on it.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    })
}

/// The server, if one is named.
pub fn server() -> Option<PgConnectOptions> {
    let url = std::env::var(VARIABLE).ok()?;
    Some(PgConnectOptions::from_str(&url).unwrap())
}

/// A schema with Vestibule's tables.
pub struct Place {
    name: String,
    server: PgConnectOptions,
}

impl Place {
    pub async fn migrated(server: PgConnectOptions) -> Result<Self, sqlx::Error> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("sqlx_host_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let place = Self { name, server };
        let mut connection = place.server.connect().await?;
        let made = AssertSqlSafe(format!("create schema {0}; set search_path to {0}", place.name));
        sqlx::raw_sql(made).execute(&mut connection).await?;
        // What `PostgresStore::migrate` does, as a script for whoever migrates by other means.
        let script = AssertSqlSafe(PostgresStore::export_sql(&Schema::enabled()));
        sqlx::raw_sql(script).execute(&mut connection).await?;
        connection.close().await?;
        Ok(place)
    }

    /// A pool whose connections find the tables.
    pub async fn pool(&self) -> Result<PgPool, sqlx::Error> {
        let options = self.server.clone().options([("search_path", self.name.as_str())]);
        PgPoolOptions::new().max_connections(2).connect_with(options).await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let dropped = AssertSqlSafe(format!("drop schema if exists {} cascade", self.name));
        let server = self.server.clone();
        // On a thread of its own: this one may be inside the runtime.
        let dropping = std::thread::spawn(move || {
            runtime().block_on(async {
                let mut connection = server.connect().await?;
                sqlx::raw_sql(dropped).execute(&mut connection).await
            })
        });
        if let Err(error) = dropping.join().unwrap() {
            eprintln!("the schema {} was not dropped: {error}", self.name);
        }
    }
}
