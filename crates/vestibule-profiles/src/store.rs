//! What the linking model asks of a store: its reads.

use vestibule_core::{AccountId, AddressKey, AddressKind, SubjectId, store_trait};

use crate::account::Account;
use crate::identifier::ProfileIdentifier;
use crate::leaving::Leaving;
use crate::membership::Membership;
use crate::profile::Profile;

store_trait! {
    /// Reads of the linking model.
    ///
    /// # Contract
    ///
    /// - **S-8** An answer shows every commit that was answered before the question was asked, through whichever
    ///   handle.
    /// - **S-9** What is not there is `None` or an empty list, never an error.
    /// - **S-10** Lists are ascending by (length of the id, id) and end at `limit`; a page begins above `after`.
    ///
    /// # Atomicity
    ///
    /// A row is answered whole, as one commit has left it. The rows of one answer, and two answers, may be of different
    /// instants: what a decision relies on is in the guards of its writes.
    ///
    /// # Cancellation
    ///
    /// A question that is dropped has changed nothing.
    pub trait ProfilesRead {
        /// One profile.
        fn profile(subject: SubjectId) -> Option<Profile>;

        /// The verified identifier under this key, with its owner. One that is leaving is nobody's.
        fn identifier_owner(kind: AddressKind, key: AddressKey) -> Option<ProfileIdentifier>;

        /// Every identifier of a profile, pending ones included.
        fn identifiers(subject: SubjectId) -> Vec<ProfileIdentifier>;

        /// The identifier under this key that a profile has given up, until somebody takes it or it is cleared away.
        fn leaving(kind: AddressKind, key: AddressKey) -> Option<Leaving>;

        /// Every identifier that a profile has given up, ascending by kind and key. Those whose window is over are among
        /// them until they are cleared away.
        fn leaving_of(subject: SubjectId) -> Vec<Leaving>;

        /// One account.
        fn account(account: AccountId) -> Option<Account>;

        /// One membership.
        fn membership(account: AccountId, subject: SubjectId) -> Option<Membership>;

        /// A page of the memberships of a person.
        fn memberships_of(subject: SubjectId, after: Option<AccountId>, limit: u32) -> Vec<Membership>;

        /// A page of the members of an account.
        fn members_of(account: AccountId, after: Option<SubjectId>, limit: u32) -> Vec<Membership>;

        /// Who has this contact address in this account.
        fn contact_owner(account: AccountId, key: AddressKey) -> Option<SubjectId>;
    }
}
