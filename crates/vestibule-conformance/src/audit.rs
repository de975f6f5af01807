//! The auditor: what must hold of everything stored, whatever happened on the way (design promises PR-1, PR-2, PR-3, PR-8).

mod checkwords;
mod factors;
mod flaw;
mod journal;
mod people;
mod sessions;
#[cfg(test)]
mod tests;
mod tries;

use std::collections::BTreeSet;

use vestibule_checkword::CheckwordRead;
use vestibule_core::{AccountId, CaseReference, KeyRing, SecretDigest, SubjectId};
use vestibule_credentials::CredentialsRead;
use vestibule_journal::JournalRead;
use vestibule_mfa::MfaRead;
use vestibule_profiles::ProfilesRead;
use vestibule_sessions::SessionsRead;

use crate::finding::{Finding, Outcome};

pub use flaw::{Counted, Flaw, Listed, Place, Row, Unsound};

/// How many rows a page has.
const PAGE: u32 = 64;

/// Where to look. Stores list nobody's secrets: whoever audits says which links and cases there were.
#[derive(Debug, Clone, Copy, Default)]
#[must_use]
pub struct Scope<'a> {
    people: &'a [SubjectId],
    accounts: &'a [AccountId],
    links: &'a [SecretDigest],
    cases: &'a [CaseReference],
    ring: Option<&'a KeyRing>,
}

impl<'a> Scope<'a> {
    /// These people and accounts, and everybody whom the accounts lead to.
    pub fn new(people: &'a [SubjectId], accounts: &'a [AccountId]) -> Self {
        Self { people, accounts, ..Self::default() }
    }

    /// Links that were ever made, by their digests.
    pub const fn links(mut self, links: &'a [SecretDigest]) -> Self {
        self.links = links;
        self
    }

    /// Refusals before proof, by their references.
    pub const fn cases(mut self, cases: &'a [CaseReference]) -> Self {
        self.cases = cases;
        self
    }

    /// The keys by which messages are opened.
    pub const fn ring(mut self, ring: &'a KeyRing) -> Self {
        self.ring = Some(ring);
        self
    }
}

/// Looks at these people and accounts, and at everybody whom the accounts lead to; see [`audit_within`].
///
/// # Errors
///
/// [`Finding`] when the store cannot answer.
pub async fn audit<S>(
    store: &S,
    people: &[SubjectId],
    accounts: &[AccountId],
) -> Result<Vec<Unsound>, Finding>
where
    S: CheckwordRead + CredentialsRead + JournalRead + MfaRead + ProfilesRead + SessionsRead,
{
    audit_within(store, &Scope::new(people, accounts)).await
}

/// Looks at what is in scope, and says what is wrong; an empty list is as it must be. The store must be at rest: two answers
/// may be of different instants.
///
/// - *Linking model*: every counter counts what is there, an identifier has one verified owner who knows of it, an account
///   has an administrator, a profile a way in, both sides of a membership agree, and nothing belongs to nobody.
/// - *Credentials*: no password is nobody's, and no tries are stopped by a success. (Tries of nobody are right: whoever asks for an unknown address leaves the same rows.)
/// - *Second factors*: authenticators and recovery codes are alone in slots that there are, in order; no code is live that
///   was spent, and no tries are stopped by a success.
/// - *Checkwords*: what a slot holds is found by its digest; of a holder and purpose one is the newest, and every earlier one
///   is of an earlier generation.
/// - *Sessions*: each is found by its digest, alone in its slot, somebody's, and of no epoch and no password that is yet to
///   come; devices likewise.
/// - *Journal*: events stand in their lists as they are by themselves, in order, and are committed to the personal fields
///   beside them; cases stand under their references and are counted; messages open in their own rows, and none waits whose
///   link opens nothing any more (both with a [ring](Scope::ring)).
///
/// Windows cannot be read without being debited, so that there is nothing to audit about them.
///
/// # Errors
///
/// [`Finding`] when the store cannot answer.
pub async fn audit_within<S>(store: &S, scope: &Scope<'_>) -> Result<Vec<Unsound>, Finding>
where
    S: CheckwordRead + CredentialsRead + JournalRead + MfaRead + ProfilesRead + SessionsRead,
{
    let mut found = Vec::new();
    let mut everybody: BTreeSet<SubjectId> = scope.people.iter().copied().collect();
    for &account in scope.accounts {
        everybody.extend(people::of_account(store, account, &mut found).await?);
        journal::of_account(store, account, &mut found).await?;
    }
    for subject in everybody {
        people::of_person(store, subject, &mut found).await?;
        tries::of_person(store, subject, &mut found).await?;
        factors::of_person(store, subject, &mut found).await?;
        checkwords::of_person(store, subject, &mut found).await?;
        sessions::of_person(store, subject, &mut found).await?;
        journal::of_person(store, subject, &mut found).await?;
    }
    checkwords::of_links(store, scope.links, &mut found).await?;
    journal::of_cases(store, scope.cases, &mut found).await?;
    journal::of_messages(store, scope.ring, &mut found).await?;
    Ok(found)
}

/// [`audit`] as the outcome of a case.
///
/// # Errors
///
/// [`Finding`], the first of those found.
pub async fn assert_sound<S>(store: &S, people: &[SubjectId], accounts: &[AccountId]) -> Outcome
where
    S: CheckwordRead + CredentialsRead + JournalRead + MfaRead + ProfilesRead + SessionsRead,
{
    audit(store, people, accounts).await?.into_iter().next().map_or(Ok(()), |unsound| Err(unsound.into()))
}
