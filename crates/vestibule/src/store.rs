//! What a store of every domain offers, and its object-safe twin.

use vestibule_checkword::CheckwordRead;
use vestibule_core::{Commit, ServerClock, Shared};
use vestibule_credentials::CredentialsRead;
use vestibule_journal::JournalRead;
use vestibule_mfa::MfaRead;
use vestibule_profiles::ProfilesRead;
use vestibule_sessions::SessionsRead;
use vestibule_throttle::Windows;

use crate::views::Views;
use crate::writes::AnyWrite;

/// A store of every domain. Nobody implements it: whatever reads every domain and lands [`AnyWrite`] is one.
pub trait Store:
    ProfilesRead
    + CheckwordRead
    + CredentialsRead
    + MfaRead
    + SessionsRead
    + JournalRead
    + Views
    + Windows
    + ServerClock
    + Commit<AnyWrite>
    + 'static
{
}

impl<T> Store for T where
    T: ProfilesRead
        + CheckwordRead
        + CredentialsRead
        + MfaRead
        + SessionsRead
        + JournalRead
        + Views
        + Windows
        + ServerClock
        + Commit<AnyWrite>
        + 'static
{
}

/// The object-safe twin of [`Store`]: `Shared<dyn DynStore>` reads every domain and lands [`AnyWrite`] again, so a host's
/// state struct needs no type parameter.
pub trait DynStore:
    vestibule_profiles::dynamic::ProfilesRead
    + vestibule_checkword::dynamic::CheckwordRead
    + vestibule_credentials::dynamic::CredentialsRead
    + vestibule_mfa::dynamic::MfaRead
    + vestibule_sessions::dynamic::SessionsRead
    + vestibule_journal::dynamic::JournalRead
    + crate::views::dynamic::Views
    + vestibule_throttle::dynamic::Windows
    + vestibule_core::server::dynamic::ServerClock
    + vestibule_core::dynamic::Commit<AnyWrite>
{
}

impl<T: Store> DynStore for T {}

/// A store whose type was erased once.
pub type ErasedStore = Shared<dyn DynStore>;

/// Erases a store's type.
///
/// # Example
///
/// An erased store is a store again:
///
/// ```
/// use vestibule::{Store, erase};
///
/// fn takes_any_store(_: impl Store) {}
/// takes_any_store(erase(vestibule_core::MemoryStore::in_memory()));
/// ```
pub fn erase(store: impl Store) -> ErasedStore {
    Shared::new(std::sync::Arc::new(store))
}
