//! What a person does with a second factor that they have: look at it, rename, remove, renew the codes, turn it off.

use vestibule_core::{Failure, Refusal, Secret};
use vestibule_credentials::{PasswordUse, PreparedPassword, Problem as PasswordProblem};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_mfa::{
    AuthenticatorId, AuthenticatorName, AuthenticatorView, MfaRead, MfaWrite, Problem, RecoverySheet, decide,
};
use vestibule_profiles::ProfilesWrite;
use vestibule_sessions::{Amr, Evidence, decide as sessions};

use super::{FactorProblem, Resumed};
use crate::login::frozen;
use crate::notice::{Notice, NoticeKind};
use crate::password::{Keeps, Once};
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
                return inner.refuse_person(&problem, subject, now).await;
            }
            let factor = inner.factor_of(subject).await?;
            let Some(found) = factor.authenticators.iter().find(|found| found.id == id) else {
                return inner.refuse_person(&Problem::Gone, subject, now).await;
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
                return inner.refuse_person(&problem, subject, now).await;
            }
            let factor = inner.factor_of(subject).await?;
            let writes = match decide::remove(factor.stored(), id) {
                Ok(writes) => writes,
                Err(problem) => return inner.refuse_person(&problem, subject, now).await,
            };
            if !factor.authenticators.iter().any(|other| other.id != id && other.is_confirmed()) {
                return inner.refuse_person(&FactorProblem::LastAuthenticator, subject, now).await;
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
                return inner.refuse_person(&problem, subject, now).await;
            }
            let factor = inner.factor_of(subject).await?;
            if !factor.has_confirmed() {
                return inner.refuse_person(&Problem::NotEnrolled, subject, now).await;
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

    /// Turns the second factor off: authenticators and recovery codes go in one commit, every other session ends, the acting one
    /// goes on under the new token that is returned. It asks for a fresh proof of the factor and for the password; one that has
    /// fewer than 15 characters cannot stand alone and is replaced in the same step by `new`.
    ///
    /// # Errors
    ///
    /// `password.wrong`, `password.none` (set a password first), `password.stopped`, `password.rejected` (too short to stand
    /// alone), `factor.proof_too_old`, `factor.required`, `mfa.not_enrolled`, `profile.frozen`, `throttle.wait`,
    /// `session.revoked`.
    pub async fn turn_factor_off(
        &self,
        who: &Authenticated,
        present: impl Into<String>,
        new: Option<Secret<String>>,
    ) -> Result<Secret<String>, Failure<Refusal>> {
        let inner = self.inner();
        let (now, subject) = (inner.clock.now(), who.subject());
        let present = Secret::new(present.into());
        let who = inner.fresh(who).await?;
        if who.profile.factor_since.is_none() {
            return inner.refuse_person(&Problem::NotEnrolled, subject, now).await;
        }
        let Ok(typed) = PreparedPassword::prepare(present) else {
            return inner.refuse_person(&PasswordProblem::Wrong, subject, now).await;
        };
        let shown = inner.show_password(&who, typed, now).await?;
        let least = inner.passwords.min(PasswordUse::Alone);
        if new.is_none() && shown.length < least {
            let too_short =
                vestibule_credentials::PasswordRejection::TooShort { min: least, have: shown.length };
            return inner.refuse_person(&PasswordProblem::Rejected(too_short), subject, now).await;
        }
        let once = Once { subject, generation: shown.proof.generation(), at: shown.proof.at() };
        let settled = vec![shown.taken.settle().into()];
        let acting = Some((&who, Keeps::Nothing));
        let replaced = inner.replace((once, who.profile.epoch), new, acting, settled).await?;
        let _ = inner.throttle.settle(shown.windows).await;
        replaced.ok_or_else(|| busy().into())
    }
}
