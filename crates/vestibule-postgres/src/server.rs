//! What time it is where the rows are.

use vestibule_core::{ServerClock, StoreError, Timestamp};
use vestibule_sql::Query;

use crate::PostgresStore;

impl ServerClock for PostgresStore {
    async fn server_time(&self) -> Result<Option<Timestamp>, StoreError> {
        let now: Query<Timestamp> =
            Query::new("select (extract(epoch from clock_timestamp()) * 1000000)::bigint", [], |row| {
                row.time("now")
            });
        self.query_one(&now).await
    }
}
