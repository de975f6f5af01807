//! What the second factor asks of a store.

use vestibule_core::{SubjectId, store_trait};

use crate::authenticator::Authenticator;
use crate::recovery::CodeRow;
use crate::reset::Reset;
use crate::tries::Tries;

store_trait! {
    /// Reads of authenticators, their tries and recovery codes.
    ///
    /// # Contract
    ///
    /// - **S-8** An answer shows every commit that was answered before the question was asked, through whichever
    ///   handle: an authenticator that was removed verifies nothing from then on.
    /// - **S-9** What is not there is `None` or an empty list, never an error.
    /// - **MF-1** Lists are ascending by slot and hold every slot that is taken, pending authenticators included.
    ///
    /// # Atomicity
    ///
    /// A row is answered whole, as one commit has left it. The rows of one answer, and two answers, may be of different
    /// instants: what a decision relies on is in the guards of its writes.
    ///
    /// # Cancellation
    ///
    /// A question that is dropped has changed nothing.
    pub trait MfaRead {
        /// Every authenticator of a person.
        fn authenticators(subject: SubjectId) -> Vec<Authenticator>;

        /// Every recovery code of a person.
        fn codes(subject: SubjectId) -> Vec<CodeRow>;

        /// What is known about the factor for the case that it is lost, and the reset that waits.
        fn factor_reset(subject: SubjectId) -> Option<Reset>;

        /// The tries made at a person's authenticators.
        fn mfa_tries(subject: SubjectId) -> Option<Tries>;
    }
}
