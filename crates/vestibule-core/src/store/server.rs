//! The clock of a store's server.

use crate::kv::{Kv, KvStore};
use crate::{StoreError, Timestamp};

crate::store_trait! {
    /// What time it is where the data rests.
    ///
    /// Stores never decide by it: every instant in a write comes from the caller. It is asked so that a deployment whose
    /// own clock is wrong finds out before it believes that links have expired (FLT-X27).
    ///
    /// # Contract
    ///
    /// - The answer is the clock of the machine on which commits are judged, read while the question was under way.
    ///
    /// # Atomicity
    ///
    /// None: it is a clock.
    ///
    /// # Cancellation
    ///
    /// A question that is dropped has changed nothing.
    pub trait ServerClock {
        /// The server's present instant; `None` when the store is on this machine and has no clock but this one's.
        fn server_time() -> Option<Timestamp>;
    }
}

/// A key-value database has no clock to ask.
impl<K: Kv> ServerClock for KvStore<K> {
    async fn server_time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }
}
