//! From what happened to the writes that record it.

use vestibule_core::{AccountId, BatchId, CaseReference, Entropy, EventId, SubjectId, Timestamp};

use crate::code::Code;
use crate::event::{Event, EventActor};
use crate::kind::EventKind;
use crate::personal::{Personal, PersonalError};
use crate::write::JournalWrite;

/// An event before it has an id.
///
/// # Example
///
/// ```
/// use vestibule_core::{BatchId, SubjectId, SystemEntropy, Timestamp};
/// use vestibule_journal::{Draft, EventActor, EventKind};
///
/// let ada = SubjectId::from(17);
/// let now = Timestamp::from_unix_seconds(1_700_000_000);
/// let batch = BatchId::make(&SystemEntropy, now)?;
/// let writes = Draft::new(EventKind::PASSWORD_CHANGED, EventActor::Person(ada))
///     .subject(ada)
///     .field("device", "Ada's laptop")
///     .record_first(&SystemEntropy, batch, now)?;
/// assert_eq!(writes.len(), 2, "the event, and its personal fields");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Draft {
    kind: EventKind,
    actor: EventActor,
    account: Option<AccountId>,
    subject: Option<SubjectId>,
    case: Option<CaseReference>,
    code: Option<Code>,
    fields: Vec<(String, String)>,
}

impl Draft {
    /// What happened, and who did it.
    pub const fn new(kind: EventKind, actor: EventActor) -> Self {
        Self { kind, actor, account: None, subject: None, case: None, code: None, fields: Vec::new() }
    }

    /// In which account.
    pub const fn account(mut self, account: AccountId) -> Self {
        self.account = Some(account);
        self
    }

    /// To whom.
    pub const fn subject(mut self, subject: SubjectId) -> Self {
        self.subject = Some(subject);
        self
    }

    /// It was refused: why, and under which reference. A reference that turns out taken is drawn again.
    pub fn refused(mut self, code: Code, case: CaseReference) -> Self {
        self.code = Some(code);
        self.case = Some(case);
        self
    }

    /// Adds a personal field. The text is encoded and cut when the event is recorded.
    pub fn field(mut self, name: &str, text: &str) -> Self {
        self.fields.push((name.to_owned(), text.to_owned()));
        self
    }

    /// Records it as the first event of its batch, under the batch's id, so that the batch is remembered by it.
    ///
    /// # Errors
    ///
    /// [`PersonalError`].
    pub fn record_first(
        self,
        entropy: &(impl Entropy + ?Sized),
        batch: BatchId,
        at: Timestamp,
    ) -> Result<Vec<JournalWrite>, PersonalError> {
        self.record(entropy, EventId::from(batch), batch, at)
    }

    /// Records it as a further event of its batch.
    ///
    /// # Errors
    ///
    /// [`PersonalError`].
    pub fn record_further(
        self,
        entropy: &(impl Entropy + ?Sized),
        batch: BatchId,
        at: Timestamp,
    ) -> Result<Vec<JournalWrite>, PersonalError> {
        let id = EventId::make(entropy, at)?;
        self.record(entropy, id, batch, at)
    }

    fn record(
        self,
        entropy: &(impl Entropy + ?Sized),
        id: EventId,
        batch: BatchId,
        at: Timestamp,
    ) -> Result<Vec<JournalWrite>, PersonalError> {
        let fields: Vec<_> = self.fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let personal = if fields.is_empty() { None } else { Some(Personal::make(entropy, id, &fields)?) };
        let event = Event {
            id,
            at,
            batch,
            kind: self.kind,
            actor: self.actor,
            account: self.account,
            subject: self.subject,
            case: self.case,
            code: self.code,
            commitment: personal.as_ref().map_or(Event::NOTHING_PERSONAL, Personal::commitment),
        };
        let event = JournalWrite::RecordEvent { event };
        Ok(core::iter::once(event)
            .chain(personal.map(|personal| JournalWrite::RecordPersonal { personal }))
            .collect())
    }
}
