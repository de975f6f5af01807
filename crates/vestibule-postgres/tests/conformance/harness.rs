//! A schema of its own for every case.

use tokio_postgres::SimpleQueryMessage;
use vestibule_conformance::{Harness, HarnessError, Missing};
use vestibule_core::Realm;
use vestibule_postgres::PostgresStore;

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

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        runtime().block_on(future)
    }
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
