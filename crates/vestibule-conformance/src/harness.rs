//! What an author gives: a fresh store per case, and further handles on it.

use core::future::{Future, ready};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;
use std::thread::Thread;

use vestibule_checkword::CheckwordWrite;
use vestibule_core::{Batch, Commit, Landed, Realm, Timestamp};
use vestibule_credentials::CredentialsWrite;
use vestibule_journal::JournalWrite;
use vestibule_mfa::MfaWrite;
use vestibule_profiles::ProfilesWrite;
use vestibule_sessions::SessionsWrite;

use crate::joined::{JoinedGuard, JoinedWrite};

/// A store of every domain, which the facade can be built on and each domain's service too. It is implemented by itself
/// for whatever implements the parts.
pub trait Store:
    vestibule::Store
    + Commit<ProfilesWrite>
    + Commit<CheckwordWrite>
    + Commit<CredentialsWrite>
    + Commit<JournalWrite>
    + Commit<MfaWrite>
    + Commit<SessionsWrite>
    + Commit<JoinedWrite>
{
}

impl<S> Store for S where
    S: vestibule::Store
        + Commit<ProfilesWrite>
        + Commit<CheckwordWrite>
        + Commit<CredentialsWrite>
        + Commit<JournalWrite>
        + Commit<MfaWrite>
        + Commit<SessionsWrite>
        + Commit<JoinedWrite>
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

/// What a host does in one transaction of its own, in which our batch lands too.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct HostWork<'a> {
    /// A row of the host's own, put before the batch.
    pub row: &'a str,
    /// Our batch.
    pub batch: &'a Batch<JoinedWrite>,
    /// How the host ends its transaction, whatever the batch was answered.
    pub end: HostEnd,
}

impl<'a> HostWork<'a> {
    pub(crate) const fn new(row: &'a str, batch: &'a Batch<JoinedWrite>, end: HostEnd) -> Self {
        Self { row, batch, end }
    }
}

/// How a host ends its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a transaction ends in one of two ways")]
pub enum HostEnd {
    /// It lasts.
    Commit,
    /// It never was.
    RollBack,
}

/// How the kit gets at a store.
///
/// What a harness `has_` or not is of two kinds. A raw reader can be had for every store: without one its cases are
/// ignored, and the target does not pass completely. The others belong to kinds of stores (only one with transactions
/// can land a batch in a host's); their cases are not asked of other kinds, which the report says.
///
/// # Contract
///
/// - Every `fresh` is empty and shares nothing with any other, also while both are alive.
/// - `reopen` gives another handle on the *same data*; for a store on disk or on a server that is another
///   connection and no clone of the first handle, so that nothing kept in a handle can pass for something stored.
/// - Dropping the guard cleans up.
/// - Store handles work on whichever thread [`block_on`](Self::block_on) is called from.
pub trait Harness: Send + Sync {
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

    /// Whether the store has tables of a version: everything has but what is gone with its process.
    fn has_schema(&self) -> bool {
        false
    }

    /// Marks the tables as made by the next version.
    ///
    /// # Errors
    ///
    /// As [`fresh`](Self::fresh).
    fn make_newer(&self, guard: &Self::Guard) -> impl Future<Output = Result<(), HarnessError>> + Send {
        let _ = guard;
        ready(Err("the harness has no schema".into()))
    }

    /// Whether [`break_down`](Self::break_down) does anything.
    fn has_breakdown(&self) -> bool {
        false
    }

    /// Takes the database away from under its handles (drops the schema, deletes the file, cuts the wire), so that from
    /// now on every call of theirs fails.
    ///
    /// # Errors
    ///
    /// As [`fresh`](Self::fresh).
    fn break_down(&self, guard: &Self::Guard) -> impl Future<Output = Result<(), HarnessError>> + Send {
        let _ = guard;
        ready(Err("the harness breaks nothing down".into()))
    }

    /// Whether the store offers to land a batch in a transaction of the host's.
    fn has_host_transactions(&self) -> bool {
        false
    }

    /// Opens a transaction as a host does, puts the host's row, lands the batch in the default realm, and ends the
    /// transaction. The answer is the batch's.
    ///
    /// # Errors
    ///
    /// As [`fresh`](Self::fresh).
    fn host_transaction(
        &self,
        guard: &Self::Guard,
        work: HostWork<'_>,
    ) -> impl Future<Output = Result<Landed<JoinedGuard>, HarnessError>> + Send {
        let _ = (guard, work);
        ready(Err("the harness has no host transactions".into()))
    }

    /// The host's own rows, sorted.
    ///
    /// # Errors
    ///
    /// As [`fresh`](Self::fresh).
    fn host_rows(
        &self,
        guard: &Self::Guard,
    ) -> impl Future<Output = Result<Vec<String>, HarnessError>> + Send {
        let _ = guard;
        ready(Ok(Vec::new()))
    }

    /// Whether the store has housekeeping of its own.
    fn has_maintenance(&self) -> bool {
        false
    }

    /// Removes what nobody needs any more at this instant, to the end.
    ///
    /// # Errors
    ///
    /// As [`fresh`](Self::fresh).
    fn maintain(
        &self,
        guard: &Self::Guard,
        store: &Self::Store,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), HarnessError>> + Send {
        let _ = (guard, store, now);
        ready(Err("the harness has no housekeeping".into()))
    }

    /// Whether the data rests with a server, whose clock the store tells.
    fn has_server_clock(&self) -> bool {
        false
    }

    /// What the author measured, by name, for the report; asked once when all cases have run.
    fn measures(&self) -> Vec<(String, u64)> {
        Vec::new()
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
