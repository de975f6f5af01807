//! The deployment as a value.

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, Mutex};

use vestibule_checkword::CheckwordPolicy;
use vestibule_core::{
    AddressKey, Batch, BatchId, Clock, Disclosure, Entropy, Error, KeyRing, SubjectId, Timestamp,
    commit_known,
};
use vestibule_credentials::{BreachedPasswords, HashPool, PasswordPolicy};
use vestibule_profiles::AdmissionRule;
use vestibule_sessions::SessionPolicy;
use vestibule_throttle::Throttle;

use crate::builder::Builder;
use crate::links::BaseUrls;
use crate::phone::PhoneCodes;
use crate::recovery::UnknownAddressNotice;
use crate::social::Provider;
use crate::store::ErasedStore;
use crate::writes::{AnyGuard, AnyWrite};

/// How often a decision is made again when what it relied on has moved.
pub(crate) const ROUNDS: u32 = 16;

/// Who is at the door, may they come in, and if not: exactly why, and what fixes it.
///
/// A plain value for a host's state struct; cloning shares it.
#[derive(Clone)]
pub struct Vestibule(Arc<Inner>);

pub(crate) struct Inner {
    /// Tells this deployment from others in the same process.
    pub(crate) id: [u8; 16],
    pub(crate) store: ErasedStore,
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) pool: HashPool,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) throttle: Throttle<ErasedStore>,
    pub(crate) passwords: PasswordPolicy,
    pub(crate) breached: Arc<dyn BreachedPasswords>,
    pub(crate) sessions: SessionPolicy,
    pub(crate) rules: Vec<Arc<dyn AdmissionRule>>,
    pub(crate) disclosure: Disclosure,
    /// When the cases were counted, and how many there were.
    pub(crate) cases: Mutex<Option<(Timestamp, u64)>>,
    pub(crate) links: Option<BaseUrls>,
    pub(crate) product: String,
    pub(crate) accounts_at_most: u32,
    pub(crate) checkwords: CheckwordPolicy,
    pub(crate) unknown_addresses: UnknownAddressNotice,
    pub(crate) providers: Vec<Provider>,
    pub(crate) phones: Option<PhoneCodes>,
    pub(crate) reset_waits: Duration,
}

impl Vestibule {
    /// Begins a deployment.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn of(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// The present instant, by the deployment's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Where the pages are that links lead to, if the deployment said so.
    #[must_use]
    pub fn links(&self) -> Option<&BaseUrls> {
        self.0.links.as_ref()
    }

    /// How many password hashes were computed since the start; the same for every kind of failed sign-in (PR-6).
    #[must_use]
    pub fn hashes_computed(&self) -> u64 {
        self.0.pool.computations()
    }
}

impl Inner {
    /// A new batch id.
    pub(crate) fn batch_id(&self, now: Timestamp) -> Result<BatchId, Error> {
        Ok(BatchId::make(&*self.entropy, now)?)
    }

    /// Lands writes; `Some`: the guard that refused.
    pub(crate) async fn land(
        &self,
        id: BatchId,
        now: Timestamp,
        writes: Vec<AnyWrite>,
    ) -> Result<Option<AnyGuard>, Error> {
        let batch = Batch::new(id, now, writes)?;
        Ok(commit_known(&self.store, &batch).await?.refused())
    }

    /// Who stands in for somebody unknown: the same rows are read and written under this id (PR-6).
    pub(crate) fn decoy(&self, key: &AddressKey) -> SubjectId {
        decoy(&self.ring, key)
    }
}

/// One of 65 536 decoys: the rows that count tries at unknown logins are bounded, whatever is submitted (PR-12). That two
/// unknown logins share a count shows nowhere, since a stop costs and says what a wrong secret does.
fn decoy(ring: &KeyRing, key: &AddressKey) -> SubjectId {
    let [high, low, ..] = *ring.digest_current("decoy", &[key.as_bytes()]).as_bytes();
    let digest = ring.digest_current("decoy.shared", &[&[high, low]]);
    // 32 bytes are always an id; the fallback cannot be reached.
    SubjectId::from_bytes(digest.as_bytes()).unwrap_or(SubjectId::from(0))
}

/// Others were faster, again and again.
pub(crate) const fn busy() -> Error {
    Error::busy(Duration::from_millis(50))
}

impl fmt::Debug for Vestibule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vestibule").field("keys", &self.0.ring).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use vestibule_core::{KeyId, KeyPurpose, Secret};

    use super::*;

    #[test]
    fn unknown_logins_share_a_bounded_number_of_decoys() {
        let key = || Secret::new([7; 32]);
        let id = KeyId::parse("k1").unwrap();
        let ring = [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal]
            .into_iter()
            .fold(KeyRing::builder(), |ring, purpose| ring.current(purpose, id, key()))
            .build()
            .unwrap();
        let submitted = (0..200_000u64).map(|number| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            AddressKey::from_bytes(bytes)
        });
        let decoys: HashSet<SubjectId> = submitted.map(|login| decoy(&ring, &login)).collect();
        assert!((60_000..=65_536).contains(&decoys.len()), "{}", decoys.len());
    }
}
