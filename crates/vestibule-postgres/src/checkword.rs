//! Reads of checkwords, and what housekeeping does to them.

use core::time::Duration;

use vestibule_checkword::{Checkword, CheckwordRead, Found, LONGEST};
use vestibule_core::{Realm, SecretDigest, StoreError, SubjectId, Timestamp};
use vestibule_sql::{Statement, checkword};

use crate::PostgresStore;

/// How long a checkword is kept after its end: until then it can be told why it opens nothing.
const GRACE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl CheckwordRead for PostgresStore {
    async fn checkword(&self, holder: SubjectId, purpose: String) -> Result<Option<Checkword>, StoreError> {
        self.query_one(&checkword::checkword(self.realm(), holder, &purpose)).await
    }

    async fn found(&self, digest: SecretDigest) -> Result<Option<Found>, StoreError> {
        // In this order: a row moves from the newest to the earlier ones, never back.
        if let Some(newest) = self.query_one(&checkword::newest_by_digest(self.realm(), digest)).await? {
            return Ok(Some(Found::Newest(newest)));
        }
        let former = self.query_one(&checkword::former_by_digest(self.realm(), digest)).await?;
        Ok(former.map(Found::Former))
    }
}

/// The statements that remove checkwords that have long ended, and the one that wipes texts that are sent no more.
pub(crate) fn forget(realm: &Realm, now: Timestamp, budget: u32) -> ([Statement; 2], Statement) {
    let removed = [
        checkword::forget_checkwords(realm, now.minus(GRACE), budget),
        checkword::forget_formers(realm, now.minus(GRACE + LONGEST), budget),
    ];
    (removed, checkword::wipe_sealed(realm, now, budget))
}
