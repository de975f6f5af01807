//! Reads of people, accounts and memberships.

use core::time::Duration;

use vestibule_core::{AccountId, AddressKey, AddressKind, Realm, StoreError, SubjectId, Timestamp};
use vestibule_profiles::{Account, Leaving, Membership, Profile, ProfileIdentifier, ProfilesRead};
use vestibule_sql::{Statement, profiles};

use crate::PostgresStore;

/// For how long after its window it can be said of an identifier who gave it up.
const GRACE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What is left of identifiers that were given up long ago: the keys, which are free without it too, and the rows.
pub(crate) fn forget(realm: &Realm, now: Timestamp, budget: u32) -> [Statement; 2] {
    let ended_before = now.minus(GRACE);
    [profiles::free_left(realm, ended_before, budget), profiles::forget_leavings(realm, ended_before, budget)]
}

impl ProfilesRead for PostgresStore {
    async fn profile(&self, subject: SubjectId) -> Result<Option<Profile>, StoreError> {
        self.query_one(&profiles::profile(self.realm(), subject)).await
    }

    async fn identifier_owner(
        &self,
        kind: AddressKind,
        key: AddressKey,
    ) -> Result<Option<ProfileIdentifier>, StoreError> {
        self.query_one(&profiles::identifier_owner(self.realm(), kind, key)).await
    }

    async fn identifiers(&self, subject: SubjectId) -> Result<Vec<ProfileIdentifier>, StoreError> {
        self.query(&profiles::identifiers(self.realm(), subject)).await
    }

    async fn leaving(&self, kind: AddressKind, key: AddressKey) -> Result<Option<Leaving>, StoreError> {
        self.query_one(&profiles::leaving(self.realm(), kind, key)).await
    }

    async fn leaving_of(&self, subject: SubjectId) -> Result<Vec<Leaving>, StoreError> {
        self.query(&profiles::leaving_of(self.realm(), subject)).await
    }

    async fn account(&self, account: AccountId) -> Result<Option<Account>, StoreError> {
        self.query_one(&profiles::account(self.realm(), account)).await
    }

    async fn membership(
        &self,
        account: AccountId,
        subject: SubjectId,
    ) -> Result<Option<Membership>, StoreError> {
        self.query_one(&profiles::membership(self.realm(), account, subject)).await
    }

    async fn memberships_of(
        &self,
        subject: SubjectId,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<Membership>, StoreError> {
        self.query(&profiles::memberships_of(self.realm(), subject, after, limit)).await
    }

    async fn members_of(
        &self,
        account: AccountId,
        after: Option<SubjectId>,
        limit: u32,
    ) -> Result<Vec<Membership>, StoreError> {
        self.query(&profiles::members_of(self.realm(), account, after, limit)).await
    }

    async fn contact_owner(
        &self,
        account: AccountId,
        key: AddressKey,
    ) -> Result<Option<SubjectId>, StoreError> {
        self.query_one(&profiles::contact_owner(self.realm(), account, key)).await
    }
}
