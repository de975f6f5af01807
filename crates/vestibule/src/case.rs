//! From a case reference to the story behind it.

use vestibule_core::{
    AccountId, Audience, CaseReference, Entry, Failure, Refusal, StoreError, SubjectId, Timestamp,
};
use vestibule_journal::{Case, Event, EventKind, JournalRead};
use vestibule_profiles::{Permission, ProfilesRead};

use crate::account::{Act, Acting};
use crate::registry::registry;
use crate::vestibule::Vestibule;

/// Codes that are about an account and those who come to it; all others are about a profile, of which an account learns
/// nothing (PR-15).
const OF_ACCOUNTS: [&str; 4] = ["account.", "admission.", "host.", "membership."];

/// What a case reference leads to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CaseReport {
    /// The reference.
    pub reference: CaseReference,
    /// The code of the refusal.
    pub code: String,
    /// What the registry says of the code; `None` for a host's own code.
    pub entry: Option<&'static Entry>,
    /// When it happened first.
    pub first: Timestamp,
    /// When it happened last.
    pub last: Timestamp,
    /// How often: refusals before proof are folded by the hour.
    pub count: u64,
    /// The client's network, masked, if it was kept.
    pub network: Option<String>,
    /// The account into which it was tried.
    pub account: Option<AccountId>,
    /// Whom it concerns; known after proof only.
    pub subject: Option<SubjectId>,
    /// The refusal's facts, encoded for display.
    pub facts: Vec<(String, String)>,
}

impl CaseReport {
    fn of_case(case: Case) -> Self {
        Self {
            reference: case.reference,
            entry: entry_of(case.code.as_str()),
            code: case.code.as_str().to_owned(),
            first: case.first,
            last: case.last,
            count: case.count,
            network: case.network,
            account: case.account,
            subject: None,
            facts: case.facts,
        }
    }

    fn of_event(event: Event, reference: CaseReference, facts: Vec<(String, String)>) -> Option<Self> {
        let code = event.code?;
        Some(Self {
            reference,
            entry: entry_of(code.as_str()),
            code: code.as_str().to_owned(),
            first: event.at,
            last: event.at,
            count: 1,
            network: None,
            account: event.account,
            subject: event.subject,
            facts,
        })
    }

    /// Leaves what an administrator of the account may see.
    fn for_administrator(mut self, is_member: bool) -> Self {
        let entry = self.entry;
        self.facts.retain(|(name, _)| {
            let fact = entry.and_then(|entry| entry.facts.iter().find(|fact| fact.name == *name));
            fact.is_some_and(|fact| fact.audiences.contains(&Audience::Administrator))
        });
        self.network = None;
        self.subject = self.subject.filter(|_| is_member);
        self
    }
}

fn entry_of(code: &str) -> Option<&'static Entry> {
    registry().into_iter().find(|entry| entry.code == code)
}

/// Everything that a reference finds, for the operator. It needs neither keys nor a clock. References are short: two
/// refusals before proof may share one, and both are then answered.
///
/// # Errors
///
/// [`StoreError`].
pub async fn look_up_case(
    store: &impl JournalRead,
    reference: CaseReference,
) -> Result<Vec<CaseReport>, StoreError> {
    let mut found: Vec<CaseReport> =
        store.cases(reference).await?.into_iter().map(CaseReport::of_case).collect();
    if let Some(event) = store.event_by_case(reference).await? {
        let personal = store.personal(event.id).await?;
        let facts = personal.map_or_else(Vec::new, |personal| personal.fields);
        found.extend(CaseReport::of_event(event, reference, facts));
    }
    Ok(found)
}

impl Vestibule {
    /// What an administrator finds under a reference: refusals at their own account's gate, after proof. Cases of other
    /// accounts, of profiles, and those before proof are not found (PR-15); support asks the operator about them (R38). That the
    /// operator looked, and why, is recorded.
    ///
    /// # Errors
    ///
    /// `membership.not_permitted`, `admission.not_member`, `admission.account_unknown`.
    pub async fn look_up_account_case(
        &self,
        by: Acting<'_>,
        account: AccountId,
        reference: CaseReference,
    ) -> Result<Option<CaseReport>, Failure<Refusal>> {
        let inner = self.inner();
        let act = Act::reading(by, account, None);
        inner.authorised_to_read(&act, Permission::ReadAudit).await?;
        inner.note_look(&act, EventKind::CASE_VIEWED).await?;
        let found = look_up_case(&inner.store, reference).await?;
        let own = found.into_iter().find(|report| {
            report.account == Some(account)
                && report.entry.is_none_or(|entry| entry.stage == vestibule_core::Stage::AfterProof)
                && OF_ACCOUNTS.iter().any(|prefix| report.code.starts_with(prefix))
        });
        let Some(report) = own else { return Ok(None) };
        let is_member = match report.subject {
            None => false,
            Some(subject) => inner.store.membership(account, subject).await?.is_some(),
        };
        Ok(Some(report.for_administrator(is_member)))
    }
}
