//! A schema of its own for every case.

use std::time::Instant;

use tokio_postgres::{Client, SimpleQueryMessage};
use vestibule_conformance::{Harness, HarnessError, HostEnd, HostWork, JoinedGuard, Missing};
use vestibule_core::{Landed, Realm, Timestamp};
use vestibule_postgres::{Maintained, PostgresStore, apply_in};

use crate::ground::{Place, cluster, own, runtime};

pub(crate) struct Postgres;

impl Harness for Postgres {
    type Store = PostgresStore;
    type Guard = Place;

    fn name(&self) -> &'static str {
        "postgres"
    }

    fn missing(&self) -> Option<Missing> {
        cluster::missing().map(|reason| Missing { reason, variable: cluster::VARIABLE.to_owned() })
    }

    async fn fresh(&self, _case: &str) -> Result<(Place, PostgresStore), HarnessError> {
        let place = Place::new();
        let store = place.create().await;
        Ok((place, store))
    }

    /// Connections of its own, as another process has them.
    async fn reopen(&self, place: &Place, realm: &Realm) -> Result<PostgresStore, HarnessError> {
        Ok(PostgresStore::open(&place.server(), realm.clone(), place.options()).await?)
    }

    fn has_server_clock(&self) -> bool {
        true
    }

    fn has_raw_reader(&self) -> bool {
        true
    }

    async fn raw(&self, place: &Place) -> Result<Vec<Vec<u8>>, HarnessError> {
        let client = own(place).await;
        let tables = client
            .query("select tablename::text from pg_tables where schemaname = $1 order by 1", &[&place.0])
            .await?;
        let mut all = Vec::new();
        for table in tables {
            let table: String = table.try_get(0)?;
            let rows = client.simple_query(&format!("select * from {table} order by {table}::text")).await?;
            for row in rows {
                let SimpleQueryMessage::Row(row) = row else { continue };
                let mut bytes = table.clone().into_bytes();
                for column in 0..row.len() {
                    bytes.push(0);
                    bytes.extend(row.get(column).map(plain).unwrap_or_default());
                }
                all.push(bytes);
            }
        }
        Ok(all)
    }

    fn has_schema(&self) -> bool {
        true
    }

    /// The ledger says that each domain has one migration more.
    async fn make_newer(&self, place: &Place) -> Result<(), HarnessError> {
        let newer = "insert into vestibule_migration (domain, number, checksum, applied_at)
                     select distinct on (domain) domain, number + 1, checksum, applied_at from vestibule_migration
                     order by domain, number desc";
        Ok(own(place).await.batch_execute(newer).await?)
    }

    fn has_breakdown(&self) -> bool {
        true
    }

    async fn break_down(&self, place: &Place) -> Result<(), HarnessError> {
        Ok(own(place).await.batch_execute(&format!("drop schema {} cascade", place.0)).await?)
    }

    fn has_host_transactions(&self) -> bool {
        true
    }

    async fn host_transaction(
        &self,
        place: &Place,
        work: HostWork<'_>,
    ) -> Result<Landed<JoinedGuard>, HarnessError> {
        let mut host = host(place).await?;
        let mut transaction = host.transaction().await?;
        transaction.execute("insert into host_row (text) values ($1)", &[&work.row]).await?;
        let landed = apply_in(&mut transaction, &Realm::default(), work.batch).await?;
        match work.end {
            HostEnd::Commit => transaction.commit().await?,
            HostEnd::RollBack => transaction.rollback().await?,
        }
        Ok(landed)
    }

    async fn host_rows(&self, place: &Place) -> Result<Vec<String>, HarnessError> {
        let rows =
            host(place).await?.query("select text from host_row order by text collate \"C\"", &[]).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    fn has_maintenance(&self) -> bool {
        true
    }

    async fn maintain(&self, _: &Place, store: &PostgresStore, now: Timestamp) -> Result<(), HarnessError> {
        while store.maintain(now, 7).await? != Maintained::default() {}
        Ok(())
    }

    /// How far away the server is: the times of the report are to be read with that.
    #[expect(clippy::disallowed_methods, reason = "it is measured, and decides nothing")]
    fn measures(&self) -> Vec<(String, u64)> {
        if self.missing().is_some() {
            return Vec::new();
        }
        let mut micros = runtime().block_on(async {
            let client = own(&Place::new()).await;
            let mut micros = Vec::new();
            for _ in 0..101 {
                let begun = Instant::now();
                client.batch_execute("select 1").await.unwrap();
                micros.push(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
            }
            micros
        });
        micros.sort_unstable();
        let median = micros.get(50).copied().unwrap_or_default();
        vec![(
            "microseconds of a question to the server that asks nothing, the median of 101".to_owned(),
            median,
        )]
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        runtime().block_on(future)
    }
}

/// A connection of the host's own, to a table of its own.
async fn host(place: &Place) -> Result<Client, HarnessError> {
    let client = own(place).await;
    client.batch_execute("create table if not exists host_row (text text not null)").await?;
    Ok(client)
}

/// Bytes as they are, where the server shows them in hexadecimal: the kit looks for what was planted.
fn plain(shown: &str) -> Vec<u8> {
    let hex = shown.strip_prefix("\\x").unwrap_or_default().as_bytes();
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> = hex
        .chunks(2)
        .map(|pair| match *pair {
            [high, low] => Some(digit(high)? * 16 + digit(low)?),
            _ => None,
        })
        .collect();
    match bytes {
        Some(bytes) if shown.starts_with("\\x") => bytes,
        _ => shown.as_bytes().to_vec(),
    }
}
