//! What a person does with a second factor that they have: look at it, rename, remove, renew the codes.

use vestibule_core::{Failure, Refusal};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_mfa::{
    AuthenticatorId, AuthenticatorName, AuthenticatorView, MfaRead, MfaWrite, Problem, RecoverySheet, decide,
};
use vestibule_profiles::ProfilesWrite;
use vestibule_sessions::{Amr, Evidence, decide as sessions};

use super::{FactorProblem, Resumed};
use crate::login::frozen;
use crate::notice::{Notice, NoticeKind};
use crate::session::Authenticated;
use crate::vestibule::{ROUNDS, Vestibule, busy};
use crate::writes::AnyWrite;

/// A person's second factor as its owner sees it. No secret is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnFactor {
    /// Since when there is one; `None`: there is none.
    pub since: Option<vestibule_core::Timestamp>,
    /// The authenticators, pending ones included.
    pub authenticators: Vec<AuthenticatorView>,
    /// How many recovery codes are live.
    pub codes: usize,
    /// Whether too many wrong codes have stopped it: it is bound anew by a recovery code and a new authenticator.
    pub stopped: bool,
    /// When the waiting time of a reset is over, if one runs (R33).
    pub reset_ends_at: Option<vestibule_core::Timestamp>,
}

impl Vestibule {
    /// The person's second factor.
    ///
    /// # Errors
    ///
    /// `factor.required`, `session.revoked`.
    pub async fn own_factor(&self, who: &Authenticated) -> Result<OwnFactor, Failure<Refusal>> {
        let inner = self.inner();
        let who = inner.whole(who).await?;
        let subject = who.subject();
        let factor = inner.factor_of(subject).await?;
        let reset = inner.store.factor_reset(subject).await?;
        Ok(OwnFactor {
            since: who.profile.factor_since,
            codes: factor.codes.len(),
            stopped: factor.tries.as_ref().is_some_and(|tries| tries.stopped_at.is_some()),
            reset_ends_at: reset.and_then(|reset| reset.course).map(|course| course.ends_at),
            authenticators: factor.authenticators.iter().map(AuthenticatorView::of).collect(),
        })
    }

    /// Calls an authenticator something else.
    ///
    /// # Errors
    ///
    /// `mfa.gone`, `factor.required`, `profile.frozen`, `session.revoked`.
    pub async fn rename_authenticator(
        &self,
        who: &Authenticated,
        id: AuthenticatorId,
        name: &AuthenticatorName,
    ) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        for _ in 0..ROUNDS {
            let who = inner.whole(who).await?;
            let subject = who.subject();
            if let Some(problem) = frozen(&who.profile) {
                return inner.refuse_own(&who, &problem, now).await;
            }
            let factor = inner.factor_of(subject).await?;
            let Some(found) = factor.authenticators.iter().find(|found| found.id == id) else {
                return inner.refuse_own(&who, &Problem::Gone, now).await;
            };
            let batch_id = inner.batch_id(now)?;
            let version = found.version.saturating_add(1);
            let row = vestibule_mfa::Authenticator {
                name: name.clone(),
                version,
                set_by: batch_id,
                ..found.clone()
            };
            let event =
                Draft::new(EventKind::AUTHENTICATOR_RENAMED, EventActor::Person(subject)).subject(subject);
            let mut batch = inner.record(event, batch_id, now)?;
            batch.push(MfaWrite::PutAuthenticator { row, from: Some(found.version) }.into());
            batch.push(ProfilesWrite::RequireProfile { subject, epoch: who.profile.epoch }.into());
            batch.push(sessions::require(&who.session).into());
            if inner.land(batch_id, now, batch).await?.is_none() {
                return Ok(());
            }
        }
        Err(busy().into())
    }

    /// Removes one of several authenticators. Every other session ends; the acting one goes on under a new token. The last one
    /// is not removed but turned off: see [`turn_factor_off`](Self::turn_factor_off).
    ///
    /// # Errors
    ///
    /// `mfa.gone`, `factor.last_authenticator`, `factor.proof_too_old`, `factor.required`, `profile.frozen`, `session.revoked`.
    pub async fn remove_authenticator(
        &self,
        who: &Authenticated,
        id: AuthenticatorId,
    ) -> Result<Resumed, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        for _ in 0..ROUNDS {
            let who = inner.fresh(who).await?;
            let (subject, from) = (who.subject(), who.profile.epoch);
            if let Some(problem) = frozen(&who.profile) {
                return inner.refuse_own(&who, &problem, now).await;
            }
            let factor = inner.factor_of(subject).await?;
            let writes = match decide::remove(factor.stored(), id) {
                Ok(writes) => writes,
                Err(problem) => return inner.refuse_own(&who, &problem, now).await,
            };
            if !factor.authenticators.iter().any(|other| other.id != id && other.is_confirmed()) {
                return inner.refuse_own(&who, &FactorProblem::LastAuthenticator, now).await;
            }
            let batch_id = inner.batch_id(now)?;
            let event =
                Draft::new(EventKind::AUTHENTICATOR_REMOVED, EventActor::Person(subject)).subject(subject);
            let mut batch = inner.record_further(event, batch_id, now)?;
            batch.extend(writes.into_iter().map(AnyWrite::from));
            let since = who.profile.factor_since;
            batch.push(ProfilesWrite::SetFactor { subject, from, since }.into());
            batch.extend(inner.cancels_changes(subject, now).await?);
            batch.extend(inner.notices(subject, Notice::new(NoticeKind::AuthenticatorRemoved, now)).await?);
            // What was shown stays what it was: a removal proves nothing.
            let at = who.session.evidence.iter().find(|one| one.amr == Amr::Otp).map_or(now, |one| one.at);
            let evidence = Evidence { amr: Amr::Otp, at };
            let next = (evidence, from.saturating_add(1));
            if let Some(resumed) = inner.resume(&who, next, (batch_id, batch)).await? {
                return Ok(resumed);
            }
        }
        Err(busy().into())
    }

    /// A new set of recovery codes (R25). The old ones are void from this commit on; every verified address is told.
    ///
    /// # Errors
    ///
    /// `mfa.not_enrolled`, `factor.proof_too_old`, `factor.required`, `profile.frozen`, `session.revoked`.
    pub async fn renew_recovery_codes(&self, who: &Authenticated) -> Result<RecoverySheet, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        for _ in 0..ROUNDS {
            let who = inner.fresh(who).await?;
            let subject = who.subject();
            if let Some(problem) = frozen(&who.profile) {
                return inner.refuse_own(&who, &problem, now).await;
            }
            let factor = inner.factor_of(subject).await?;
            if !factor.has_confirmed() {
                return inner.refuse_own(&who, &Problem::NotEnrolled, now).await;
            }
            let id = inner.batch_id(now)?;
            let (sheet, writes) = decide::code_set(&inner.ring, &*inner.entropy, factor.stored(), (id, now))?;
            let event =
                Draft::new(EventKind::RECOVERY_CODES_RENEWED, EventActor::Person(subject)).subject(subject);
            let mut batch = inner.record(event, id, now)?;
            batch.extend(writes.into_iter().map(AnyWrite::from));
            batch.extend(inner.notices(subject, Notice::new(NoticeKind::RecoveryCodesRenewed, now)).await?);
            batch.push(ProfilesWrite::RequireProfile { subject, epoch: who.profile.epoch }.into());
            batch.push(sessions::require(&who.session).into());
            if inner.land(id, now, batch).await?.is_none() {
                return Ok(sheet);
            }
        }
        Err(busy().into())
    }
}
