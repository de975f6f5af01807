//! Reads of authenticators, recovery codes and tries.

use vestibule_core::{StoreError, SubjectId};
use vestibule_mfa::{Authenticator, CodeRow, MfaRead, Reset, Tries};
use vestibule_sql::mfa;

use crate::SqliteStore;

impl MfaRead for SqliteStore {
    async fn authenticators(&self, subject: SubjectId) -> Result<Vec<Authenticator>, StoreError> {
        self.query(&mfa::authenticators(self.realm(), subject))
    }

    async fn codes(&self, subject: SubjectId) -> Result<Vec<CodeRow>, StoreError> {
        self.query(&mfa::codes(self.realm(), subject))
    }

    async fn mfa_tries(&self, subject: SubjectId) -> Result<Option<Tries>, StoreError> {
        self.query_one(&mfa::mfa_tries(self.realm(), subject))
    }

    async fn factor_reset(&self, subject: SubjectId) -> Result<Option<Reset>, StoreError> {
        self.query_one(&mfa::factor_reset(self.realm(), subject))
    }
}
