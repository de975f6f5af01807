//! Reads of passwords, and what housekeeping removes of tries.

use core::time::Duration;

use vestibule_core::{Realm, StoreError, SubjectId, Timestamp};
use vestibule_credentials::{CredentialsRead, Lane, Password, Tries};
use vestibule_sql::{Statement, credentials};

use crate::PostgresStore;

/// How long tries made with a known device are kept: longer than any device is known.
const DEVICE_TRIES: Duration = Duration::from_secs(210 * 24 * 60 * 60);

impl CredentialsRead for PostgresStore {
    async fn password(&self, subject: SubjectId) -> Result<Option<Password>, StoreError> {
        self.query_one(&credentials::password(self.realm(), subject)).await
    }

    async fn tries(&self, subject: SubjectId, lane: Lane) -> Result<Option<Tries>, StoreError> {
        self.query_one(&credentials::tries(self.realm(), subject, lane)).await
    }
}

/// The statement that removes tries of devices that nobody knows any more.
pub(crate) fn forget_tries(realm: &Realm, now: Timestamp, budget: u32) -> Statement {
    credentials::forget_tries(realm, now.minus(DEVICE_TRIES), budget)
}
