//! The journal.

use core::time::Duration;

use vestibule_core::{AccountId, CaseReference, EventId, Realm, StoreError, SubjectId, Timestamp};
use vestibule_journal::{Case, Event, JournalRead, MAX_CASES, Message, Personal};
use vestibule_sql::{Statement, journal};

use crate::PostgresStore;

/// How long a case is kept after its last refusal.
const CASE_MEMORY: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How long a message that no longer waits is kept: without it nobody can be told that it was sent.
const MESSAGE_MEMORY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl JournalRead for PostgresStore {
    async fn event(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        self.query_one(&journal::event(self.realm(), id)).await
    }

    async fn event_by_case(&self, reference: CaseReference) -> Result<Option<Event>, StoreError> {
        self.query_one(&journal::event_by_case(self.realm(), reference)).await
    }

    async fn events_of_account(
        &self,
        account: AccountId,
        after: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.query(&journal::events_of_account(self.realm(), account, after, limit)).await
    }

    async fn events_of_subject(
        &self,
        subject: SubjectId,
        after: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.query(&journal::events_of_subject(self.realm(), subject, after, limit)).await
    }

    async fn personal(&self, event: EventId) -> Result<Option<Personal>, StoreError> {
        self.query_one(&journal::personal(self.realm(), event)).await
    }

    async fn cases(&self, reference: CaseReference) -> Result<Vec<Case>, StoreError> {
        self.query(&journal::cases(self.realm(), reference)).await
    }

    async fn case_population(&self) -> Result<u64, StoreError> {
        Ok(self.query_one(&journal::case_population(self.realm())).await?.unwrap_or(0))
    }

    async fn messages(&self, after: Option<[u8; 32]>, limit: u32) -> Result<Vec<Message>, StoreError> {
        self.query(&journal::messages(self.realm(), after, limit)).await
    }
}

/// The statements that remove cases beyond the cap, old cases, and messages that no longer wait.
pub(crate) fn forget(realm: &Realm, now: Timestamp, budget: u32) -> [Statement; 3] {
    [
        journal::forget_cases(realm, now.minus(CASE_MEMORY), budget),
        journal::forget_cases_beyond(realm, MAX_CASES, budget),
        journal::forget_messages(realm, now.minus(MESSAGE_MEMORY), budget),
    ]
}
