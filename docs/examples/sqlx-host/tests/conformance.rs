//! The contract of stores, on this store.

#[allow(dead_code, reason = "each target uses a part of it")]
mod support;

use std::process::ExitCode;

use sqlx::{AssertSqlSafe, Row};
use sqlx_host::store::SqlxStore;
use vestibule_conformance::{Harness, HarnessError, Missing};
use vestibule_core::Realm;

use crate::support::{Place, VARIABLE, runtime, server};

struct Sqlx;

impl Harness for Sqlx {
    type Store = SqlxStore;
    type Guard = Place;

    fn name(&self) -> &'static str {
        "sqlx"
    }

    fn missing(&self) -> Option<Missing> {
        let reason = "no PostgreSQL server is named".to_owned();
        server().is_none().then(|| Missing { reason, variable: VARIABLE.to_owned() })
    }

    async fn fresh(&self, _case: &str) -> Result<(Place, SqlxStore), HarnessError> {
        let place = Place::migrated(server().ok_or("no server")?).await?;
        let store = self.reopen(&place, &Realm::default()).await?;
        Ok((place, store))
    }

    /// Connections of its own, as another process has them.
    async fn reopen(&self, place: &Place, realm: &Realm) -> Result<SqlxStore, HarnessError> {
        Ok(SqlxStore::new(place.pool().await?, realm.clone()))
    }

    fn has_raw_reader(&self) -> bool {
        true
    }

    /// Every row of every table, its columns as the server sends them.
    async fn raw(&self, place: &Place) -> Result<Vec<Vec<u8>>, HarnessError> {
        let pool = place.pool().await?;
        let tables = "select tablename::text from pg_tables where schemaname = current_schema() order by 1";
        let mut all = Vec::new();
        for table in sqlx::query_scalar::<_, String>(tables).fetch_all(&pool).await? {
            let rows = AssertSqlSafe(format!("select * from {table} order by {table}::text"));
            for row in sqlx::query(rows).fetch_all(&pool).await? {
                let columns = (0..row.len()).map(|column| row.try_get_raw(column));
                let bytes = columns.map(|value| Ok(value?.as_bytes().unwrap_or_default().to_vec()));
                all.push(bytes.collect::<Result<Vec<_>, sqlx::Error>>()?.join(&0));
            }
        }
        Ok(all)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        runtime().block_on(future)
    }
}

fn main() -> ExitCode {
    vestibule_conformance::run(Sqlx)
}
