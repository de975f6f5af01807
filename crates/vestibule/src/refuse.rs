//! Every refusal leaves a case: folded before proof, an audit event after it.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::PoisonError;

use vestibule_core::{
    AccountId, AddressKey, CaseReference, ClientAddress, Error, ErrorKind, Refusal, Registered, SubjectId,
    Timestamp,
};
use vestibule_journal::{
    Case, CaseOf, Code, Draft, EventActor, EventKind, JournalGuard, JournalRead, RefusedBy, fold,
};
use vestibule_throttle::{Limit, WindowKind};

use crate::vestibule::{Inner, ROUNDS, busy};
use crate::writes::{AnyGuard, AnyWrite};

/// How many refusals of one person leave an event of their own in one hour.
const EVENTS_AN_HOUR: Limit = Limit::per_hour(NonZeroU32::MIN.saturating_add(59));

/// What a refusal before proof is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    /// The key of what was submitted, whether anybody has it or not.
    pub(crate) key: AddressKey,
    pub(crate) client: Option<ClientAddress>,
    pub(crate) account: Option<AccountId>,
    pub(crate) now: Timestamp,
}

/// A window of messages is full, until the next one begins.
pub(crate) fn window_full(limit: Limit, now: Timestamp) -> vestibule_throttle::Problem {
    vestibule_throttle::Problem::Wait { not_before: now.start_of(limit.span()).plus(limit.span()) }
}

impl Inner {
    /// Refuses before proof. The reference follows from what was submitted; the row is folded into one per hour. Nothing
    /// here looks at whether the identifier exists.
    pub(crate) async fn refuse_before_proof(
        &self,
        problem: &(dyn Registered + Sync),
        attempt: Attempt,
        by: RefusedBy,
        beside: Vec<AnyWrite>,
    ) -> Result<Refusal, Error> {
        let population = self.case_population(attempt.now).await?;
        let code = code_of(problem)?;
        let told = Refusal::told(problem.entry(), self.disclosure).code;
        let told = Code::parse(told).map_err(|error| Error::new(ErrorKind::Misuse, error))?;
        let facts = problem.facts();
        let facts: Vec<(&str, &str)> = facts.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let of = CaseOf {
            code: &code,
            told: &told,
            identifier: &attempt.key,
            client: attempt.client,
            account: attempt.account,
            facts: &facts,
            at: attempt.now,
        };
        let case = Case::derive(&self.ring, &of, population).map_err(|e| Error::new(ErrorKind::Misuse, e))?;
        let reference = case.reference;
        let existing = self.store.cases(reference).await?;
        let mut writes = beside;
        writes.extend(fold(&existing, case, by).map(AnyWrite::from));
        if !writes.is_empty() {
            self.land(self.batch_id(attempt.now)?, attempt.now, writes).await?;
        }
        Ok(Refusal::new(problem, reference, self.disclosure))
    }

    /// How many cases there are, asked at most every ten seconds: counting them is the dearest question there is, and a
    /// flood of refusals must not ask it each time. What is late is a cap that is reached a little later.
    async fn case_population(&self, now: Timestamp) -> Result<u64, Error> {
        const KEEPS: Duration = Duration::from_secs(10);
        let known = *self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((asked, population)) = known
            && !asked.is_after(now)
            && asked.plus(KEEPS).is_after(now)
        {
            return Ok(population);
        }
        let population = self.store.case_population().await?;
        *self.cases.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, population));
        Ok(population)
    }

    /// Refuses after proof: an audit event under a reference of its own, drawn again should it be taken. One person leaves
    /// at most [`EVENTS_AN_HOUR`] of them; their further refusals are folded as those before proof are (PR-12).
    pub(crate) async fn refuse_after_proof(
        &self,
        problem: &(dyn Registered + Sync),
        actor: EventActor,
        subject: Option<SubjectId>,
        account: Option<AccountId>,
        now: Timestamp,
    ) -> Result<Refusal, Error> {
        if let EventActor::Person(who) | EventActor::Administrator(who) = actor
            && !self.throttle.count(WindowKind::Refusal, who.as_bytes(), &EVENTS_AN_HOUR, now).await?
        {
            let digest = self.ring.digest_current("refused.case", &[who.as_bytes()]);
            let key = AddressKey::from_bytes(*digest.as_bytes());
            let attempt = Attempt { key, client: None, account, now };
            return self.refuse_before_proof(problem, attempt, RefusedBy::Window, Vec::new()).await;
        }
        for _ in 0..ROUNDS {
            let id = self.batch_id(now)?;
            let (refusal, event) = self.refusal(problem, (actor, subject, account))?;
            let writes = self.record(event, id, now)?;
            match self.land(id, now, writes).await? {
                Some(AnyGuard::Journal(JournalGuard::CaseFree)) => {}
                _ => return Ok(refusal),
            }
        }
        Err(busy())
    }

    /// A refusal after proof under a reference of its own, and the event that is to land before it is told.
    pub(crate) fn refusal(
        &self,
        problem: &(dyn Registered + Sync),
        (actor, subject, account): (EventActor, Option<SubjectId>, Option<AccountId>),
    ) -> Result<(Refusal, Draft), Error> {
        let reference = CaseReference::make(&*self.entropy)?;
        let mut event = Draft::new(EventKind::REFUSED, actor).refused(code_of(problem)?, reference);
        if let Some(subject) = subject {
            event = event.subject(subject);
        }
        if let Some(account) = account {
            event = event.account(account);
        }
        for (name, value) in problem.facts() {
            event = event.field(name, &value);
        }
        Ok((Refusal::new(problem, reference, self.disclosure), event))
    }

    /// The writes that record what happened, first of their batch.
    pub(crate) fn record(
        &self,
        draft: Draft,
        id: vestibule_core::BatchId,
        now: Timestamp,
    ) -> Result<Vec<AnyWrite>, Error> {
        let writes = draft.record_first(&*self.entropy, id, now).map_err(personal_fault)?;
        Ok(writes.into_iter().map(AnyWrite::from).collect())
    }

    /// The writes that record what happened beside the first event of a batch.
    pub(crate) fn record_further(
        &self,
        draft: Draft,
        id: vestibule_core::BatchId,
        now: Timestamp,
    ) -> Result<Vec<AnyWrite>, Error> {
        let writes = draft.record_further(&*self.entropy, id, now).map_err(personal_fault)?;
        Ok(writes.into_iter().map(AnyWrite::from).collect())
    }
}

fn code_of(problem: &(dyn Registered + Sync)) -> Result<Code, Error> {
    Code::of_entry(problem.entry()).map_err(|error| Error::new(ErrorKind::Misuse, error))
}

fn personal_fault(error: vestibule_journal::PersonalError) -> Error {
    let kind = match &error {
        vestibule_journal::PersonalError::Entropy(_) => ErrorKind::Entropy,
        _ => ErrorKind::Misuse,
    };
    Error::new(kind, error)
}
