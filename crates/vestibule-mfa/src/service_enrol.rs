//! Authenticators begun, confirmed, renamed and removed.

use core::time::Duration;

use vestibule_core::{BatchId, Commit, Failure, Sealed, Secret, SubjectId, Timestamp};

use crate::authenticator::{Authenticator, AuthenticatorId, MAX_AUTHENTICATORS};
use crate::decide;
use crate::enrolment::PendingEnrolment;
use crate::name::AuthenticatorName;
use crate::problem::Problem;
use crate::recovery::RecoverySheet;
use crate::service::{Mfa, ROUNDS, busy};
use crate::store::MfaRead;
use crate::totp::{Codes, Parameters, TypedCode, WINDOW};
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
            let pending = existing.iter().find(|found| !found.is_confirmed());
            let empty = (0..MAX_AUTHENTICATORS).find(|slot| existing.iter().all(|found| found.slot != *slot));
            let slot = pending.map(|found| found.slot).or(empty);
            let Some(slot) = slot else { return Err(Failure::Refused(Problem::TooMany)) };
            let id = AuthenticatorId::make(&*self.entropy)?;
            let parameters = Parameters::default();
            let secret = PendingEnrolment::make_secret(&*self.entropy)?;
            let set_by = BatchId::make(&*self.entropy, now)?;
            let from = pending.map(|found| found.version);
            let row = Authenticator {
                subject,
                slot,
                id,
                name: name.clone(),
                parameters,
                sealed: Sealed::seal(&self.ring, &*self.entropy, &decide::row_of(&subject, &id), &secret)?,
                created_at: now,
                confirmed_at: None,
                last_step: None,
                version: from.map_or(1, |version| version.saturating_add(1)),
                set_by,
            };
            if self.land(set_by, vec![MfaWrite::PutAuthenticator { row, from }], now).await?.is_none() {
                return Ok(PendingEnrolment { id, parameters, secret });
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
            let pending = existing
                .iter()
                .find(|found| found.id == id && !found.is_confirmed())
                .filter(|found| now.since(found.created_at) < PENDING_FOR)
                .ok_or(Failure::Refused(Problem::NotPending))?;
            let secret = decide::open(&self.ring, subject, id, &pending.sealed)?;
            let step = Codes::new(pending.parameters, &secret)?
                .find(&code, pending.parameters.step_at(now), WINDOW)
                .ok_or_else(wrong)?;
            let batch = BatchId::make(&*self.entropy, now)?;
            let row = Authenticator {
                confirmed_at: Some(now),
                last_step: Some(step),
                version: pending.version.saturating_add(1),
                set_by: batch,
                ..pending.clone()
            };
            let mut writes = vec![MfaWrite::PutAuthenticator { row, from: Some(pending.version) }];
            let stopped =
                self.store.mfa_tries(subject).await?.is_some_and(|tries| tries.stopped_at.is_some());
            let others = || existing.iter().filter(|found| found.is_confirmed());
            if stopped {
                writes.extend(others().map(remove));
            }
            let sheet = if stopped || others().next().is_none() {
                writes.push(MfaWrite::ResetTries { subject });
                let (sheet, codes) = self.code_set(subject, batch, now).await?;
                writes.extend(codes);
                Some(sheet)
            } else {
                None
            };
            if self.land(batch, writes, now).await?.is_none() {
                return Ok(sheet);
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
        let view = |found: Authenticator| AuthenticatorView {
            id: found.id,
            name: found.name,
            created_at: found.created_at,
            confirmed_at: found.confirmed_at,
        };
        Ok(found.into_iter().map(view).collect())
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
            let found = existing.iter().find(|found| found.id == id);
            let mut writes = vec![remove(found.ok_or(Failure::Refused(Problem::Gone))?)];
            if !existing.iter().any(|found| found.id != id && found.is_confirmed()) {
                let codes = self.store.codes(subject).await?;
                let clear = codes.iter().map(|code| MfaWrite::ClearCode {
                    subject,
                    slot: code.slot,
                    digest: code.digest,
                });
                writes.extend(clear);
            }
            if self.land(BatchId::make(&*self.entropy, now)?, writes, now).await?.is_none() {
                return Ok(());
            }
        }
        Err(busy())
    }
}

fn remove(found: &Authenticator) -> MfaWrite {
    MfaWrite::RemoveAuthenticator { subject: found.subject, slot: found.slot, id: found.id }
}
