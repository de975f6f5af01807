//! Reads of people, accounts and memberships.

use vestibule_core::{AccountId, AddressKey, AddressKind, StoreError, SubjectId};
use vestibule_profiles::{Account, Membership, Profile, ProfileIdentifier, ProfilesRead};
use vestibule_sql::profiles;

use crate::PostgresStore;

impl PostgresStore {
    /// Whether the realm holds any profile.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn has_people(&self) -> Result<bool, StoreError> {
        Ok(self.query_one(&profiles::anybody(self.realm())).await?.is_some())
    }
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
