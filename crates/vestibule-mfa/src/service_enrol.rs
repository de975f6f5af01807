//! Authenticators begun, confirmed, renamed and removed.

use core::time::Duration;

use vestibule_core::{BatchId, Commit, Failure, Secret, SubjectId, Timestamp};

use crate::authenticator::{Authenticator, AuthenticatorId};
use crate::decide::{self, Stored};
use crate::enrolment::PendingEnrolment;
use crate::name::AuthenticatorName;
use crate::problem::Problem;
use crate::recovery::RecoverySheet;
use crate::service::{Mfa, ROUNDS, busy};
use crate::store::MfaRead;
use crate::totp::TypedCode;
use crate::write::MfaWrite;

/// How long a pending authenticator waits for its code.
pub const PENDING_FOR: Duration = Duration::from_secs(3600);

/// An authenticator as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticatorView {
    /// Which.
    pub id: AuthenticatorId,
    /// What the person calls it.
    pub name: AuthenticatorName,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When a code confirmed it; `None`: it is pending.
    pub confirmed_at: Option<Timestamp>,
}

impl AuthenticatorView {
    /// Of a row.
    #[must_use]
    pub fn of(found: &Authenticator) -> Self {
        Self {
            id: found.id,
            name: found.name.clone(),
            created_at: found.created_at,
            confirmed_at: found.confirmed_at,
        }
    }
}

impl<S: MfaRead + Commit<MfaWrite>> Mfa<S> {
    /// Begins an authenticator: a new secret, of no use until a code confirms it. One that was pending before gives way.
    ///
    /// # Errors
    ///
    /// [`Problem::TooMany`].
    pub async fn begin(
        &self,
        subject: SubjectId,
        name: &AuthenticatorName,
        now: Timestamp,
    ) -> Result<PendingEnrolment, Failure<Problem>> {
        for _ in 0..ROUNDS {
            let existing = self.store.authenticators(subject).await?;
            let batch = BatchId::make(&*self.entropy, now)?;
            let stored = Stored { subject, authenticators: &existing, codes: &[], tries: None };
            let begun = decide::begin(&self.ring, &*self.entropy, stored, name, (batch, now))?;
            if self.land(batch, vec![begun.write], now).await?.is_none() {
                return Ok(begun.pending);
            }
        }
        Err(busy())
    }

    /// Confirms a pending authenticator by a code of it, which is used by that. With the first authenticator come the
    /// recovery codes, in the same commit. Where too many wrong codes have stopped the factor, this binds it anew: the
    /// older authenticators go.
    ///
    /// # Errors
    ///
    /// [`Problem::NotPending`], [`Problem::Wrong`].
    pub async fn confirm(
        &self,
        subject: SubjectId,
        id: AuthenticatorId,
        typed: &Secret<String>,
        now: Timestamp,
    ) -> Result<Option<RecoverySheet>, Failure<Problem>> {
        let wrong = || Failure::Refused(Problem::Wrong);
        let code = TypedCode::parse(typed).ok_or_else(wrong)?;
        for _ in 0..ROUNDS {
            let existing = self.store.authenticators(subject).await?;
            let codes = self.store.codes(subject).await?;
            let tries = self.store.mfa_tries(subject).await?;
            let stored = Stored { subject, authenticators: &existing, codes: &codes, tries: tries.as_ref() };
            let batch = BatchId::make(&*self.entropy, now)?;
            let confirmed = decide::confirm(&self.ring, &*self.entropy, stored, (id, &code), (batch, now))?;
            if self.land(batch, confirmed.writes, now).await?.is_none() {
                return Ok(confirmed.sheet);
            }
        }
        Err(busy())
    }

    /// The person's authenticators, pending ones included.
    ///
    /// # Errors
    ///
    /// Faults only.
    pub async fn list(&self, subject: SubjectId) -> Result<Vec<AuthenticatorView>, Failure<Problem>> {
        let found = self.store.authenticators(subject).await?;
        Ok(found.iter().map(AuthenticatorView::of).collect())
    }

    /// Calls an authenticator something else.
    ///
    /// # Errors
    ///
    /// [`Problem::Gone`].
    pub async fn rename(
        &self,
        subject: SubjectId,
        id: AuthenticatorId,
        name: &AuthenticatorName,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        for _ in 0..ROUNDS {
            let existing = self.store.authenticators(subject).await?;
            let found = existing.iter().find(|found| found.id == id);
            let found = found.ok_or(Failure::Refused(Problem::Gone))?;
            let set_by = BatchId::make(&*self.entropy, now)?;
            let version = found.version.saturating_add(1);
            let row = Authenticator { name: name.clone(), version, set_by, ..found.clone() };
            let write = MfaWrite::PutAuthenticator { row, from: Some(found.version) };
            if self.land(set_by, vec![write], now).await?.is_none() {
                return Ok(());
            }
        }
        Err(busy())
    }

    /// Removes an authenticator; with the last confirmed one the recovery codes go in the same commit. Whether the
    /// person may be without a second factor is the caller's to judge.
    ///
    /// # Errors
    ///
    /// [`Problem::Gone`].
    pub async fn remove(
        &self,
        subject: SubjectId,
        id: AuthenticatorId,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        for _ in 0..ROUNDS {
            let existing = self.store.authenticators(subject).await?;
            let codes = self.store.codes(subject).await?;
            let stored = Stored { subject, authenticators: &existing, codes: &codes, tries: None };
            let writes = decide::remove(stored, id).map_err(Failure::Refused)?;
            if self.land(BatchId::make(&*self.entropy, now)?, writes, now).await?.is_none() {
                return Ok(());
            }
        }
        Err(busy())
    }
}
