//! What the journal asks of a store.

use vestibule_core::{AccountId, CaseReference, EventId, SubjectId};

use crate::case::Case;
use crate::event::Event;
use crate::message::Message;
use crate::personal::Personal;

vestibule_core::store_trait! {
    /// Reads of the journal.
    ///
    /// # Contract
    ///
    /// - **J-1** An answer shows every commit that was answered before the question was asked.
    /// - **J-2** What is not there is `None` or an empty list, never an error.
    /// - **J-3** Events are listed by id, that is by the millisecond in which they were made; messages by slot. A page
    ///   begins above `after` and ends at `limit`.
    /// - **J-4** A case or an event is found by its reference without any key.
    ///
    /// # Atomicity
    ///
    /// A row is answered whole, as one commit has left it. The rows of one answer, and two answers, may be of different
    /// instants: what a decision relies on is in the guards of its writes.
    ///
    /// # Cancellation
    ///
    /// A question that is dropped has changed nothing.
    pub trait JournalRead {
        /// One event.
        fn event(id: EventId) -> Option<Event>;

        /// The refusal after proof under this reference.
        fn event_by_case(reference: CaseReference) -> Option<Event>;

        /// A page of what happened in an account.
        fn events_of_account(account: AccountId, after: Option<EventId>, limit: u32) -> Vec<Event>;

        /// A page of what happened to a person.
        fn events_of_subject(subject: SubjectId, after: Option<EventId>, limit: u32) -> Vec<Event>;

        /// The personal fields of an event, unless they were erased.
        fn personal(event: EventId) -> Option<Personal>;

        /// The refusals before proof under this reference, at most eight: 40 bits leave room for two that share one.
        fn cases(reference: CaseReference) -> Vec<Case>;

        /// How many cases there are.
        fn case_population() -> u64;

        /// A page of the outgoing messages.
        fn messages(after: Option<[u8; 32]>, limit: u32) -> Vec<Message>;
    }
}
