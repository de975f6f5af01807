//! The store under test with its type erased, as a host's state struct keeps it.

use std::sync::Arc;

use vestibule_checkword::CheckwordWrite;
use vestibule_core::{Realm, Shared, dynamic};
use vestibule_credentials::CredentialsWrite;
use vestibule_journal::JournalWrite;
use vestibule_mfa::MfaWrite;
use vestibule_profiles::ProfilesWrite;
use vestibule_sessions::SessionsWrite;

use crate::harness::{Harness, HarnessError, Store};
use crate::joined::JoinedWrite;

/// The object-safe twin of [`Store`].
pub(crate) trait DynStore:
    vestibule::DynStore
    + dynamic::Commit<ProfilesWrite>
    + dynamic::Commit<CheckwordWrite>
    + dynamic::Commit<CredentialsWrite>
    + dynamic::Commit<JournalWrite>
    + dynamic::Commit<MfaWrite>
    + dynamic::Commit<SessionsWrite>
    + dynamic::Commit<JoinedWrite>
{
}

impl<S: Store> DynStore for S {}

/// A harness whose stores are those of another, behind `dyn`.
pub(crate) struct Erased<'h, H>(pub(crate) &'h H);

impl<H: Harness> Harness for Erased<'_, H> {
    type Store = Shared<dyn DynStore>;
    type Guard = H::Guard;

    fn name(&self) -> &str {
        self.0.name()
    }

    async fn fresh(&self, case: &str) -> Result<(Self::Guard, Self::Store), HarnessError> {
        let (guard, store) = self.0.fresh(case).await?;
        Ok((guard, Shared::new(Arc::new(store) as Arc<dyn DynStore>)))
    }

    async fn reopen(&self, guard: &Self::Guard, realm: &Realm) -> Result<Self::Store, HarnessError> {
        let store = self.0.reopen(guard, realm).await?;
        Ok(Shared::new(Arc::new(store) as Arc<dyn DynStore>))
    }

    fn has_server_clock(&self) -> bool {
        self.0.has_server_clock()
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}
