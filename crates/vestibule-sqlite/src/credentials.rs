//! Reads of passwords, and what housekeeping removes of their tries.

use core::time::Duration;

use vestibule_core::{Realm, StoreError, SubjectId, Timestamp};
use vestibule_credentials::{CredentialsRead, Lane, Password, Tries};
use vestibule_sql::{Statement, credentials};

use crate::SqliteStore;

/// How long the tries at a password that is not there are kept after the last: a stop lasts, and nobody wins much by
/// waiting for its end.
const REST: Duration = Duration::from_secs(90 * 24 * 60 * 60);

impl CredentialsRead for SqliteStore {
    async fn password(&self, subject: SubjectId) -> Result<Option<Password>, StoreError> {
        self.query_one(&credentials::password(self.realm(), subject))
    }

    async fn tries(&self, subject: SubjectId, lane: Lane) -> Result<Option<Tries>, StoreError> {
        self.query_one(&credentials::tries(self.realm(), subject, lane))
    }
}

/// The statement that removes tries which nobody's password stands behind.
pub(crate) fn forget(realm: &Realm, now: Timestamp, budget: u32) -> Statement {
    credentials::forget_tries(realm, now.minus(REST), budget)
}
