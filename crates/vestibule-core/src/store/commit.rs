//! Landing a batch.

use core::future::Future;
use core::pin::Pin;
use std::sync::Arc;

use crate::store::batch::Batch;
use crate::store::error::{StoreError, StoreErrorKind};
use crate::store::write::Write;

/// A boxed future, as the object-safe twins return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How a commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "the closed set of answers to a commit")]
pub enum Landed<G> {
    /// Every write landed, now.
    Applied,
    /// Every write landed when this batch was sent before. It is the success of the *same* decision.
    AlreadyApplied,
    /// Nothing landed: the guard of this write, the first refused one in the batch's order, did not hold.
    Refused {
        /// The write's place in [`Batch::writes`].
        position: usize,
        /// Its guard.
        guard: G,
    },
}

impl<G> Landed<G> {
    /// The guard that refused, if one did.
    pub fn refused(self) -> Option<G> {
        match self {
            Self::Applied | Self::AlreadyApplied => None,
            Self::Refused { guard, .. } => Some(guard),
        }
    }
}

/// A store that lands batches of `W`.
///
/// # Contract
///
/// S-1 to S-7 of [`Write`]. A store has one implementation for every `W` it can lower, once for all.
///
/// # Atomicity
///
/// One call is one commit. `Contended`, `Unavailable` and every other error but `OutcomeUnknown` promise that
/// nothing was applied; `OutcomeUnknown` promises nothing, and the caller sends the same batch again.
///
/// # Cancellation
///
/// A dropped future leaves all or nothing, as if the answer had been lost.
///
/// # Errors
///
/// [`StoreError`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot land batches of `{W}`",
    note = "a SQL store needs `Lower<Plan>` for the write; `KvStore` lands every `Write`"
)]
pub trait Commit<W: Write>: Send + Sync {
    /// Lands every write of the batch, or none.
    fn commit(&self, batch: &Batch<W>) -> impl Future<Output = Result<Landed<W::Guard>, StoreError>> + Send;
}

impl<W: Write, T: Commit<W>> Commit<W> for &T {
    fn commit(&self, batch: &Batch<W>) -> impl Future<Output = Result<Landed<W::Guard>, StoreError>> + Send {
        (**self).commit(batch)
    }
}

impl<W: Write, T: Commit<W>> Commit<W> for Arc<T> {
    fn commit(&self, batch: &Batch<W>) -> impl Future<Output = Result<Landed<W::Guard>, StoreError>> + Send {
        (**self).commit(batch)
    }
}

impl<W: Write, T: dynamic::Commit<W> + ?Sized> Commit<W> for Shared<T> {
    async fn commit(&self, batch: &Batch<W>) -> Result<Landed<W::Guard>, StoreError> {
        dynamic::Commit::commit(&*self.0, batch).await
    }
}

/// The object-safe twin of [`Commit`]. It lives in a module of its own: both traits in one scope would make every
/// call ambiguous.
pub mod dynamic {
    use super::{Batch, BoxFuture, Landed, StoreError, Write};

    /// Object-safe twin of [`Commit`](super::Commit); every store has it by itself.
    pub trait Commit<W: Write>: Send + Sync {
        /// As [`Commit::commit`](super::Commit::commit).
        fn commit<'a>(&'a self, batch: &'a Batch<W>) -> BoxFuture<'a, Result<Landed<W::Guard>, StoreError>>;
    }

    impl<W: Write, T: super::Commit<W>> Commit<W> for T {
        fn commit<'a>(&'a self, batch: &'a Batch<W>) -> BoxFuture<'a, Result<Landed<W::Guard>, StoreError>> {
            Box::pin(super::Commit::commit(self, batch))
        }
    }
}

/// A shared pointer to a store, also to one whose type was erased: `Shared<dyn ..>` implements the native traits
/// through their object-safe twins.
#[derive(Debug)]
pub struct Shared<T: ?Sized>(Arc<T>);

impl<T: ?Sized> Shared<T> {
    /// Wraps an already shared store.
    #[must_use]
    pub const fn new(store: Arc<T>) -> Self {
        Self(store)
    }

    /// The store.
    #[must_use]
    pub fn inner(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Commits, and when the answer is lost or others are in the way, sends the *same* batch again, a bounded number
/// of times.
///
/// # Errors
///
/// The last [`StoreError`], when the bound is reached or sending again cannot help.
pub async fn commit_known<W: Write, S: Commit<W>>(
    store: &S,
    batch: &Batch<W>,
) -> Result<Landed<W::Guard>, StoreError> {
    const ROUNDS: u32 = 4;
    let mut round = 1;
    loop {
        match store.commit(batch).await {
            Err(error)
                if round < ROUNDS
                    && matches!(error.kind(), StoreErrorKind::OutcomeUnknown | StoreErrorKind::Contended) =>
            {
                round += 1;
            }
            answer => return answer,
        }
    }
}
