//! What sessions ask of a store.

use vestibule_core::{SecretDigest, SubjectId, store_trait};

use crate::device::Device;
use crate::session::Session;

store_trait! {
    /// Reads of sessions and known devices.
    ///
    /// # Contract
    ///
    /// - **S-8** An answer shows every commit that was answered before the question was asked, through whichever
    ///   handle: a session that was ended is found by nobody from then on (ATK-H2, ATK-H3).
    /// - **S-9** What is not there is `None` or an empty list, never an error.
    /// - **SE-1** A row is found under the digest that it holds now and under no earlier one.
    /// - **SE-2** Lists are ascending by slot and hold every slot that is taken, dead rows included: whether a
    ///   session is live depends on the profile, of which a store of sessions knows nothing.
    /// - **SE-3** What is put in place of nobody takes an empty slot, or that of a row which is over for the new one: of
    ///   an older epoch, or past its end when the new one began. It takes the place of nothing else, nor of what the
    ///   same batch has put.
    ///
    /// # Atomicity
    ///
    /// A row is answered whole, as one commit has left it. The rows of one answer, and two answers, may be of different
    /// instants: what a decision relies on is in the guards of its writes.
    ///
    /// # Cancellation
    ///
    /// A question that is dropped has changed nothing.
    pub trait SessionsRead {
        /// The session whose token has this digest.
        fn session(digest: SecretDigest) -> Option<Session>;

        /// Every session of a person.
        fn sessions(subject: SubjectId) -> Vec<Session>;

        /// The known device whose token has this digest.
        fn device(digest: SecretDigest) -> Option<Device>;

        /// Every known device of a person.
        fn devices(subject: SubjectId) -> Vec<Device>;
    }
}
