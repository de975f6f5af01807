//! Reads of sessions and known devices, and what housekeeping removes of them.

use core::time::Duration;

use vestibule_core::{Realm, SecretDigest, StoreError, SubjectId, Timestamp};
use vestibule_sessions::{Device, Session, SessionsRead};
use vestibule_sql::{Statement, sessions};

use crate::PostgresStore;

/// How long what has ended by itself is kept: until then it can be told why a token opens nothing.
const GRACE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl SessionsRead for PostgresStore {
    async fn session(&self, digest: SecretDigest) -> Result<Option<Session>, StoreError> {
        self.query_one(&sessions::session(self.realm(), digest)).await
    }

    async fn sessions(&self, subject: SubjectId) -> Result<Vec<Session>, StoreError> {
        self.query(&sessions::sessions(self.realm(), subject)).await
    }

    async fn device(&self, digest: SecretDigest) -> Result<Option<Device>, StoreError> {
        self.query_one(&sessions::device(self.realm(), digest)).await
    }

    async fn devices(&self, subject: SubjectId) -> Result<Vec<Device>, StoreError> {
        self.query(&sessions::devices(self.realm(), subject)).await
    }
}

/// The statement that removes sessions that have long ended.
pub(crate) fn forget_sessions(realm: &Realm, now: Timestamp, budget: u32) -> Statement {
    sessions::forget_sessions(realm, now.minus(GRACE), budget)
}

/// The statement that removes known devices that have long ended.
pub(crate) fn forget_devices(realm: &Realm, now: Timestamp, budget: u32) -> Statement {
    sessions::forget_devices(realm, now.minus(GRACE), budget)
}
