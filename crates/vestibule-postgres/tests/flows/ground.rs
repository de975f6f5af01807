//! What the flows stand on here: a schema of its own.

use vestibule_postgres::PostgresStore;

use crate::server::{Place, own, runtime};

pub(crate) type Ground = PostgresStore;

/// The schema goes with the test.
pub(crate) type Keep = Place;

pub(crate) fn ground() -> (Ground, Keep) {
    let place = Place::new();
    let store = runtime().block_on(place.create());
    (store, place)
}

/// Every row that rests, as text and as bytes.
pub(crate) fn at_rest(_: &Ground, place: &Keep) -> Vec<Vec<u8>> {
    runtime().block_on(async {
        let client = own(place).await;
        let tables = client
            .query("select tablename::text from pg_tables where schemaname = $1", &[&place.0])
            .await
            .unwrap();
        let mut rows = Vec::new();
        for table in tables {
            let table: &str = table.get(0);
            // A digest of the whole row's binary form would hide what is looked for: each column by itself.
            for row in client.query(&format!("select * from {table}"), &[]).await.unwrap() {
                for column in 0..row.len() {
                    rows.push(bytes(&row, column));
                }
            }
        }
        rows
    })
}

fn bytes(row: &tokio_postgres::Row, column: usize) -> Vec<u8> {
    if let Ok(blob) = row.try_get::<_, Option<Vec<u8>>>(column) {
        return blob.unwrap_or_default();
    }
    if let Ok(text) = row.try_get::<_, Option<String>>(column) {
        return text.unwrap_or_default().into_bytes();
    }
    let number = row.try_get::<_, Option<i64>>(column).unwrap().unwrap_or_default();
    number.to_be_bytes().to_vec()
}
