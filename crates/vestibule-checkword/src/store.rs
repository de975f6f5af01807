//! What checkwords ask of a store.

use vestibule_core::{SecretDigest, SubjectId, store_trait};

use crate::checkword::Checkword;
use crate::former::Former;

/// What a digest is found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the newest of its slot or an earlier one")]
pub enum Found {
    /// An earlier one.
    Former(Former),
    /// The newest of its slot.
    Newest(Checkword),
}

store_trait! {
    /// Reads of checkwords.
    ///
    /// # Contract
    ///
    /// - **S-8** An answer shows every commit that was answered before the question was asked.
    /// - **S-9** What is not there is `None`, never an error.
    /// - **CW-1** A row is found under the digest that it holds now and under no earlier one.
    ///
    /// # Atomicity
    ///
    /// A row is answered whole, as one commit has left it. The rows of one answer, and two answers, may be of different
    /// instants: what a decision relies on is in the guards of its writes.
    ///
    /// # Cancellation
    ///
    /// A question that is dropped has changed nothing.
    pub trait CheckwordRead {
        /// The newest checkword of this holder for the purpose of this name.
        fn checkword(holder: SubjectId, purpose: String) -> Option<Checkword>;

        /// The checkword whose secret has this digest.
        fn found(digest: SecretDigest) -> Option<Found>;
    }
}
