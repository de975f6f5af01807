//! What an author gives: a fresh store per case, and further handles on it.

use core::future::{Future, ready};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;
use std::thread::Thread;

use vestibule_core::{Commit, Realm};
use vestibule_credentials::{CredentialsRead, CredentialsWrite};
use vestibule_journal::{JournalRead, JournalWrite};
use vestibule_profiles::{ProfilesRead, ProfilesWrite};
use vestibule_sessions::{SessionsRead, SessionsWrite};
use vestibule_throttle::Windows;

use crate::joined::JoinedWrite;

/// A store of every domain. It is implemented by itself for whatever implements the parts.
pub trait Store:
    ProfilesRead
    + CredentialsRead
    + JournalRead
    + SessionsRead
    + Windows
    + Commit<ProfilesWrite>
    + Commit<CredentialsWrite>
    + Commit<JournalWrite>
    + Commit<SessionsWrite>
    + Commit<JoinedWrite>
    + 'static
{
}

impl<S> Store for S where
    S: ProfilesRead
        + CredentialsRead
        + JournalRead
        + SessionsRead
        + Windows
        + Commit<ProfilesWrite>
        + Commit<CredentialsWrite>
        + Commit<JournalWrite>
        + Commit<SessionsWrite>
        + Commit<JoinedWrite>
        + 'static
{
}

/// Why a harness could not do its part.
pub type HarnessError = Box<dyn std::error::Error + Send + Sync>;

/// A server that the harness needs and that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "harnesses build it")]
pub struct Missing {
    /// What is missing.
    pub reason: String,
    /// The environment variable that names it.
    pub variable: String,
}

/// How the kit gets at a store.
///
/// # Contract
///
/// - Every `fresh` is empty and shares nothing with any other, also while both are alive.
/// - `reopen` gives another handle on the *same data*; for a store on disk or on a server that is another
///   connection and no clone of the first handle, so that nothing kept in a handle can pass for something stored.
/// - Dropping the guard cleans up.
/// - Store handles work on whichever thread [`block_on`](Self::block_on) is called from.
pub trait Harness: Send + Sync + 'static {
    /// The store under test.
    type Store: Store;

    /// Keeps one case's data, and removes it when dropped.
    type Guard: Send + Sync;

    /// The store's name in the report.
    fn name(&self) -> &str;

    /// An empty store in the default realm.
    ///
    /// # Errors
    ///
    /// Whatever keeps the harness from it; the case then fails.
    fn fresh(
        &self,
        case: &str,
    ) -> impl Future<Output = Result<(Self::Guard, Self::Store), HarnessError>> + Send;

    /// Another handle on the same data, bound to this realm.
    ///
    /// # Errors
    ///
    /// As [`fresh`](Self::fresh).
    fn reopen(
        &self,
        guard: &Self::Guard,
        realm: &Realm,
    ) -> impl Future<Output = Result<Self::Store, HarnessError>> + Send;

    /// The server that is missing, if one is: the cases are then ignored, or with `VESTIBULE_REQUIRE_SERVERS=1` fail.
    fn missing(&self) -> Option<Missing> {
        None
    }

    /// Whether [`raw`](Self::raw) reads anything.
    fn has_raw_reader(&self) -> bool {
        false
    }

    /// Everything at rest, each row as bytes of any form, always in the same order: the kit compares, and searches.
    ///
    /// # Errors
    ///
    /// As [`fresh`](Self::fresh).
    fn raw(&self, guard: &Self::Guard) -> impl Future<Output = Result<Vec<Vec<u8>>, HarnessError>> + Send {
        let _ = guard;
        ready(Ok(Vec::new()))
    }

    /// The bytes of the files in which it rests, logs and indexes included, for a harness that can read them. They are
    /// searched for what must not rest, and never compared: a database may write where nothing changes.
    ///
    /// # Errors
    ///
    /// As [`fresh`](Self::fresh).
    fn files(&self, guard: &Self::Guard) -> impl Future<Output = Result<Vec<Vec<u8>>, HarnessError>> + Send {
        let _ = guard;
        ready(Ok(Vec::new()))
    }

    /// Runs a future to its end, on a thread that the kit began. A store that needs a runtime enters it here; it must
    /// allow several threads to do so at once.
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        block_on(future)
    }
}

/// Runs a future to its end on this thread, without any runtime.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
