//! One case's store, and what every case does with it.

use core::sync::atomic::{AtomicU64, Ordering};

use vestibule_core::{Batch, BatchId, Commit, Landed, Realm, Write};

use crate::finding::{Finding, Outcome};
use crate::fixture::NOW;
use crate::harness::{Harness, HarnessError};

/// One case's store.
pub(crate) struct Scene<'a, H: Harness> {
    pub(crate) harness: &'a H,
    pub(crate) guard: H::Guard,
    pub(crate) store: H::Store,
    batches: AtomicU64,
}

impl<'a, H: Harness> Scene<'a, H> {
    pub(crate) async fn open(harness: &'a H, case: &str) -> Result<Self, Finding> {
        let (guard, store) = harness.fresh(case).await.map_err(of_harness)?;
        Ok(Self { harness, guard, store, batches: AtomicU64::new(0) })
    }

    /// Another handle on the same data.
    pub(crate) async fn reopen(&self) -> Result<H::Store, Finding> {
        self.realm(&Realm::default()).await
    }

    /// Gives every handle of the case's up, and keeps its data.
    pub(crate) fn close(self) -> H::Guard {
        drop(self.store);
        self.guard
    }

    pub(crate) async fn realm(&self, realm: &Realm) -> Result<H::Store, Finding> {
        self.harness.reopen(&self.guard, realm).await.map_err(of_harness)
    }

    pub(crate) async fn raw(&self) -> Result<Vec<Vec<u8>>, Finding> {
        self.harness.raw(&self.guard).await.map_err(of_harness)
    }

    /// Everything at rest, in whatever form.
    pub(crate) async fn at_rest(&self) -> Result<Vec<Vec<u8>>, Finding> {
        let mut all = self.raw().await?;
        all.extend(self.harness.files(&self.guard).await.map_err(of_harness)?);
        Ok(all)
    }

    /// An id that no other batch of this case has.
    pub(crate) fn batch_id(&self) -> BatchId {
        let number = self.batches.fetch_add(1, Ordering::Relaxed);
        BatchId::from_bytes((0x0001_0000_7000_8000_u128 << 64 | u128::from(number)).to_be_bytes())
    }

    pub(crate) fn batch<W: Write>(&self, writes: Vec<W>) -> Result<Batch<W>, Finding> {
        Ok(Batch::new(self.batch_id(), NOW, writes)?)
    }

    /// Commits through any handle.
    pub(crate) async fn commit<W: Write>(
        &self,
        store: &impl Commit<W>,
        writes: Vec<W>,
    ) -> Result<Landed<W::Guard>, Finding> {
        Ok(store.commit(&self.batch(writes)?).await?)
    }

    /// Commits what must land.
    pub(crate) async fn land<W: Write>(&self, writes: Vec<W>) -> Outcome
    where
        H::Store: Commit<W>,
    {
        match self.commit(&self.store, writes).await? {
            Landed::Applied => Ok(()),
            other => Err(Finding::new(format!("a batch whose guards all hold was answered {other:?}"))),
        }
    }

    /// Commits what must be refused by this guard.
    pub(crate) async fn refuse<W: Write>(&self, what: &str, writes: Vec<W>, guard: W::Guard) -> Outcome
    where
        H::Store: Commit<W>,
    {
        match self.commit(&self.store, writes).await? {
            Landed::Refused { guard: found, .. } if found == guard => Ok(()),
            other => {
                Err(Finding::new(format!("{what}: answered {other:?}, expected a refusal by {guard:?}")))
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
pub(crate) fn of_harness(error: HarnessError) -> Finding {
    Finding::from(&*error as &dyn std::error::Error).within("the harness failed")
}
