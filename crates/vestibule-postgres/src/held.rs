//! A connection that is ours, or one that a host's pool lends.

use core::ops::Deref;

use tokio_postgres::Client;

pub(crate) enum Held {
    #[cfg(feature = "deadpool")]
    Lent(Lent),
    Ours(Client),
}

impl Held {
    /// Whether it goes back to somebody else after use.
    pub(crate) const fn is_lent(&self) -> bool {
        match self {
            #[cfg(feature = "deadpool")]
            Self::Lent(_) => true,
            Self::Ours(_) => false,
        }
    }
}

impl Deref for Held {
    type Target = Client;

    fn deref(&self) -> &Client {
        match self {
            #[cfg(feature = "deadpool")]
            Self::Lent(lent) => &lent.0,
            Self::Ours(client) => client,
        }
    }
}

/// A connection of a host's pool, to which it goes back when this is dropped.
#[cfg(feature = "deadpool")]
pub(crate) struct Lent(pub(crate) deadpool_postgres::Object);

/// Wherever it was dropped: a transaction that is still open is rolled back before anything that the next borrower sends.
#[cfg(feature = "deadpool")]
impl Drop for Lent {
    fn drop(&mut self) {
        use core::pin::pin;
        use core::task::{Context, Waker};

        // The driver queues what it is to send when it is first polled; nobody waits for the answer.
        let _ = pin!(self.0.batch_execute("rollback")).poll(&mut Context::from_waker(Waker::noop()));
    }
}
