//! The reads over any key-value database, once.

use vestibule_core::kv::{Kv, KvStore};
use vestibule_core::{AccountId, AddressKey, AddressKind, CorruptRow, StoreError, StoreErrorKind, SubjectId};

use crate::account::Account;
use crate::apply::{keys, pointed_subject};
use crate::identifier::ProfileIdentifier;
use crate::leaving::{Leaving, Owner};
use crate::membership::Membership;
use crate::profile::Profile;
use crate::store::ProfilesRead;

/// More identifiers than a profile can have, verified and pending together.
const ALL_IDENTIFIERS: usize = 64;

/// How often a pointer is followed again because its row moved meanwhile.
const FOLLOWS: u32 = 8;

impl<K: Kv> ProfilesRead for KvStore<K> {
    async fn profile(&self, subject: SubjectId) -> Result<Option<Profile>, StoreError> {
        let row = self.read(keys::profile(subject)).await?;
        Ok(row.as_deref().map(Profile::decode).transpose()?)
    }

    async fn identifier_owner(
        &self,
        kind: AddressKind,
        key: AddressKey,
    ) -> Result<Option<ProfileIdentifier>, StoreError> {
        let Some(pointer) = self.read(keys::owner(&kind, key)).await? else { return Ok(None) };
        let Owner { subject, leaving_until: None } = Owner::decode(&pointer)? else { return Ok(None) };
        let row = self.read(keys::identifier(subject, &kind, key)).await?;
        Ok(row.as_deref().map(ProfileIdentifier::decode).transpose()?)
    }

    async fn identifiers(&self, subject: SubjectId) -> Result<Vec<ProfileIdentifier>, StoreError> {
        let page = self.read_page(keys::identifiers(subject), None, ALL_IDENTIFIERS).await?;
        Ok(page.iter().map(|(_, row)| ProfileIdentifier::decode(row)).collect::<Result<_, _>>()?)
    }

    async fn leaving(&self, kind: AddressKind, key: AddressKey) -> Result<Option<Leaving>, StoreError> {
        for _ in 0..FOLLOWS {
            let Some(pointer) = self.read(keys::owner(&kind, key)).await? else { return Ok(None) };
            let owner = Owner::decode(&pointer)?;
            let Owner { subject, leaving_until: Some(until) } = owner else { return Ok(None) };
            let row = self.read(keys::leaving(subject, &kind, key)).await?;
            match row.as_deref().map(Leaving::decode).transpose()? {
                Some(row) if row.until == until => return Ok(Some(row)),
                // Moved between the two reads, or the rows contradict each other.
                _ => {
                    let now = self.read(keys::owner(&kind, key)).await?;
                    if now == Some(pointer) {
                        return Err(CorruptRow("leaving_until").into());
                    }
                }
            }
        }
        Err(StoreErrorKind::Contended.into())
    }

    async fn leaving_of(&self, subject: SubjectId) -> Result<Vec<Leaving>, StoreError> {
        let page = self.read_page(keys::all_leaving(subject), None, ALL_IDENTIFIERS).await?;
        Ok(page.iter().map(|(_, row)| Leaving::decode(row)).collect::<Result<_, _>>()?)
    }

    async fn account(&self, account: AccountId) -> Result<Option<Account>, StoreError> {
        let row = self.read(keys::account(account)).await?;
        Ok(row.as_deref().map(Account::decode).transpose()?)
    }

    async fn membership(
        &self,
        account: AccountId,
        subject: SubjectId,
    ) -> Result<Option<Membership>, StoreError> {
        let row = self.read(keys::membership(account, subject)).await?;
        Ok(row.as_deref().map(Membership::decode).transpose()?)
    }

    async fn memberships_of(
        &self,
        subject: SubjectId,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<Membership>, StoreError> {
        let after = after.map(|account| keys::by_length(account.as_bytes()));
        let page = self.read_page(keys::memberships(subject), after, page_size(limit)).await?;
        let mut memberships = Vec::with_capacity(page.len());
        for (sort, _) in page {
            let account = sort.get(1..).unwrap_or_default();
            let account = AccountId::from_bytes(account).map_err(|_| CorruptRow("account"))?;
            // Declined between the two reads: it is simply no longer listed.
            memberships.extend(self.membership(account, subject).await?);
        }
        Ok(memberships)
    }

    async fn members_of(
        &self,
        account: AccountId,
        after: Option<SubjectId>,
        limit: u32,
    ) -> Result<Vec<Membership>, StoreError> {
        let after = after.map(|subject| keys::by_length(subject.as_bytes()));
        let page = self.read_page(keys::members(account), after, page_size(limit)).await?;
        Ok(page.iter().map(|(_, row)| Membership::decode(row)).collect::<Result<_, _>>()?)
    }

    async fn contact_owner(
        &self,
        account: AccountId,
        key: AddressKey,
    ) -> Result<Option<SubjectId>, StoreError> {
        let row = self.read(keys::contact(account, key)).await?;
        Ok(row.as_deref().map(pointed_subject).transpose()?)
    }
}

fn page_size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
