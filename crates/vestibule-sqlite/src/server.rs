//! The file is on this machine.

use vestibule_core::{ServerClock, StoreError, Timestamp};

use crate::SqliteStore;

impl ServerClock for SqliteStore {
    async fn server_time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }
}
