//! Reads of passwords.

use vestibule_core::{StoreError, SubjectId};
use vestibule_credentials::{CredentialsRead, Lane, Password, Tries};
use vestibule_sql::credentials;

use crate::PostgresStore;

impl CredentialsRead for PostgresStore {
    async fn password(&self, subject: SubjectId) -> Result<Option<Password>, StoreError> {
        self.query_one(&credentials::password(self.realm(), subject)).await
    }

    async fn tries(&self, subject: SubjectId, lane: Lane) -> Result<Option<Tries>, StoreError> {
        self.query_one(&credentials::tries(self.realm(), subject, lane)).await
    }
}
