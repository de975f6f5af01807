//! What the flows stand on here: a realm of its own in one schema of a throw-away server; on a server that was named a schema
//! of its own, which goes with the test.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use vestibule_core::Realm;
use vestibule_postgres::PostgresStore;

use crate::server::{Place, cluster, own, runtime};

pub(crate) type Ground = PostgresStore;

pub(crate) struct Keep(Option<Place>);

pub(crate) fn ground() -> (Ground, Keep) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    if cluster::is_own() {
        let realm = format!("r{}", COUNT.fetch_add(1, Ordering::Relaxed));
        (shared().1.in_realm(Realm::parse(&realm).unwrap()), Keep(None))
    } else {
        let place = Place::new();
        let store = runtime().block_on(place.create());
        (store, Keep(Some(place)))
    }
}

fn shared() -> &'static (Place, PostgresStore) {
    static SHARED: OnceLock<(Place, PostgresStore)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let place = Place::new();
        let store = runtime().block_on(place.create());
        (place, store)
    })
}

/// Every row that rests, each column by itself.
pub(crate) fn at_rest(store: &Ground, keep: &Keep) -> Vec<Vec<u8>> {
    let place = keep.0.as_ref().unwrap_or_else(|| &shared().0);
    runtime().block_on(async {
        let client = own(place).await;
        let tables = client
            .query(
                "select table_name::text from information_schema.columns
                 where table_schema = $1 and column_name = 'realm' order by 1",
                &[&place.0],
            )
            .await
            .unwrap();
        let mut rows = Vec::new();
        for table in tables {
            let table: &str = table.get(0);
            let all = format!("select * from {table} where realm = $1");
            for row in client.query(&all, &[&store.realm().as_str()]).await.unwrap() {
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
