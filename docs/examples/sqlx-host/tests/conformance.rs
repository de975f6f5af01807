//! The contract of stores, on this store.

#[allow(dead_code, reason = "each target uses a part of it")]
mod support;

use std::process::ExitCode;

use sqlx::{AssertSqlSafe, Row};
use sqlx_host::adapter::apply_in;
use sqlx_host::store::SqlxStore;
use vestibule_conformance::{Harness, HarnessError, HostEnd, HostWork, JoinedGuard, Missing};
use vestibule_core::{Landed, Realm};

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

    fn has_server_clock(&self) -> bool {
        true
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

    fn has_host_transactions(&self) -> bool {
        true
    }

    async fn host_transaction(
        &self,
        place: &Place,
        work: HostWork<'_>,
    ) -> Result<Landed<JoinedGuard>, HarnessError> {
        let pool = place.pool().await?;
        sqlx::raw_sql("create table if not exists host_row (text text not null)").execute(&pool).await?;
        let mut transaction = pool.begin().await?;
        let row = sqlx::query("insert into host_row (text) values ($1)").bind(work.row.to_owned());
        row.execute(&mut *transaction).await?;
        let landed = apply_in(&mut transaction, &Realm::default(), work.batch).await?;
        match work.end {
            HostEnd::Commit => transaction.commit().await?,
            HostEnd::RollBack => transaction.rollback().await?,
        }
        Ok(landed)
    }

    async fn host_rows(&self, place: &Place) -> Result<Vec<String>, HarnessError> {
        let rows = sqlx::query_scalar("select text from host_row order by 1");
        Ok(rows.fetch_all(&place.pool().await?).await?)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        runtime().block_on(future)
    }
}

fn main() -> ExitCode {
    vestibule_conformance::run(Sqlx)
}
