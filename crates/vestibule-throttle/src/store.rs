//! What a store does for windows: outside batches, one step per counter.

use crate::window::WindowKey;

/// One window to debit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "stores take it apart; a further field would change the contract"
)]
pub struct WindowTake {
    /// The window.
    pub key: WindowKey,
    /// The most tries it allows.
    pub at_most: u32,
    /// How many counters of their own the windows of this kind and start may have.
    pub population: u32,
}

/// A window that was debited, and which of its two counters. It is not `Clone`: it is given back once or never.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build it; a further field would change the contract")]
pub struct TakenWindow {
    /// The window.
    pub key: WindowKey,
    /// Whether the shared counter was debited in its stead.
    pub shared: bool,
}

/// How taking ended.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "all were taken or one was full")]
pub enum Taken {
    /// Every window was debited once.
    All(Vec<TakenWindow>),
    /// This window was full. The earlier ones have been given back, the later ones were not touched.
    Full {
        /// Its place among the windows asked for.
        position: usize,
    },
}

vestibule_core::store_trait! {
    /// Counters of tries.
    ///
    /// # Contract
    ///
    /// - **W-1** Each debit is one step: however many are made at once, no counter passes `at_most`.
    /// - **W-2** Windows are debited in the order given. The first full one ends it: the earlier ones are given
    ///   back, and it is named.
    /// - **W-3** A debit is durable before it is answered.
    /// - **W-4** A live counter is never evicted. Once `population` counters of one kind, start and end exist, a new
    ///   key debits the counter of its [`Overflow`](crate::Overflow) instead, under the same `at_most`; keys that
    ///   have a counter keep it.
    /// - **W-5** Giving back reaches exactly the counter that was debited, also when its window has ended, and goes
    ///   no lower than zero.
    ///
    /// # Atomicity
    ///
    /// Each counter for itself. A call that fails half-way leaves windows debited: that errs on the strict side and ends
    /// with the window.
    ///
    /// # Cancellation
    ///
    /// As a failure: what was debited by a call that is dropped half-way stays debited.
    ///
    /// # Rows
    ///
    /// A counter is of no use once its window has ended. SQL stores drop such rows in `maintain`; key-value
    /// databases let them expire, the key holding the end before all else.
    pub trait Windows {
        /// Debits each window once, or none.
        fn take(windows: Vec<WindowTake>) -> Taken;

        /// Gives debits back. What an error leaves behind is not given back again.
        fn give_back(windows: Vec<TakenWindow>) -> ();
    }
}
