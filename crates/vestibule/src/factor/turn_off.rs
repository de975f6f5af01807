//! The second factor is turned off by its owner.

use vestibule_core::{Error, Failure, Refusal, Secret, Timestamp};
use vestibule_credentials::{
    CredentialsRead, PasswordRejection, PasswordUse, PreparedPassword, Problem as PasswordProblem,
};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_mfa::Problem;
use vestibule_profiles::{Profile, ProfilesWrite};
use vestibule_sessions::{Amr, decide::ReissueRequest};

use crate::login::frozen;
use crate::notice::{Notice, NoticeKind};
use crate::password::{Keeps, Once};
use crate::session::Authenticated;
use crate::social::SocialProblem;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::writes::{AnyGuard, AnyWrite};

/// What a person shows, beside a fresh proof of the second factor, to turn it off.
#[derive(Debug)]
pub struct TurnFactorOff(By);

#[derive(Debug)]
enum By {
    Password { present: Secret<String>, new: Option<Secret<String>> },
    Nothing,
}

impl TurnFactorOff {
    /// The password. One of at least 15 characters stays as it is.
    #[must_use]
    pub fn by_password(present: impl Into<Secret<String>>) -> Self {
        Self(By::Password { present: present.into(), new: None })
    }

    /// The password, and a new one that takes its place in the same commit: one that was accepted beside a second factor may be too
    /// short to stand alone.
    #[must_use]
    pub fn by_password_replaced(present: impl Into<Secret<String>>, new: impl Into<Secret<String>>) -> Self {
        Self(By::Password { present: present.into(), new: Some(new.into()) })
    }

    /// Nothing more, of somebody who has no password: they came in recently by their provider, or by the host's word.
    #[must_use]
    pub const fn without_password() -> Self {
        Self(By::Nothing)
    }
}

impl Vestibule {
    /// Turns the second factor off: authenticators and recovery codes go in one commit, every other session ends, the acting one
    /// goes on under the new token that is returned. It asks for a fresh proof of the factor and for the first one: the password,
    /// or, of people who have none, that they came in as recently by their provider, or by the host's word.
    ///
    /// # Errors
    ///
    /// `password.wrong`, `password.none` (there is none: [`TurnFactorOff::without_password`]), `password.stopped`,
    /// `password.rejected` (too short to stand alone), `social.has_password` (it is asked for), `social.proof_too_old` (sign in
    /// again), `factor.proof_too_old`, `factor.required`, `mfa.not_enrolled`, `profile.frozen`, `throttle.wait`,
    /// `session.revoked`.
    ///
    /// # Example
    ///
    /// ```
    /// use vestibule::{Authenticated, TurnFactorOff, Vestibule};
    /// use vestibule_core::{Failure, Refusal, Secret};
    ///
    /// # async fn example(
    /// #     vestibule: Vestibule, who: Authenticated, present: Secret<String>,
    /// # ) -> Result<(), Failure<Refusal>> {
    /// let token = vestibule.turn_factor_off(&who, TurnFactorOff::by_password(present)).await?;
    /// # drop(token); Ok(()) }
    /// ```
    pub async fn turn_factor_off(
        &self,
        who: &Authenticated,
        by: TurnFactorOff,
    ) -> Result<Secret<String>, Failure<Refusal>> {
        let inner = self.inner();
        let (now, subject) = (inner.clock.now(), who.subject());
        let who = inner.fresh(who).await?;
        if who.profile.factor_since.is_none() {
            return inner.refuse_own(&who, &Problem::NotEnrolled, now).await;
        }
        let By::Password { present, new } = by.0 else {
            return inner.turn_off_without_password(&who, now).await;
        };
        let Ok(typed) = PreparedPassword::prepare(present) else {
            return inner.refuse_own(&who, &PasswordProblem::Wrong, now).await;
        };
        let shown = inner.show_password(&who, typed, now).await?;
        let least = inner.passwords.min(PasswordUse::Alone);
        if new.is_none() && shown.length < least {
            let too_short = PasswordRejection::TooShort { min: least, have: shown.length };
            return inner.refuse_own(&who, &PasswordProblem::Rejected(too_short), now).await;
        }
        let once = Once { subject, generation: shown.proof.generation(), at: shown.proof.at() };
        let settled = vec![shown.taken.settle().into()];
        let acting = Some((&who, Keeps::Nothing));
        let replaced = inner.replace((once, who.profile.epoch), new, acting, settled).await?;
        let _ = inner.throttle.settle(shown.windows).await;
        replaced.ok_or_else(|| busy().into())
    }
}

impl Inner {
    /// The writes by which a person turns the factor off, however they showed the first one.
    pub(crate) async fn turns_off(&self, profile: &Profile, now: Timestamp) -> Result<Vec<AnyWrite>, Error> {
        let (subject, from) = (profile.subject, profile.epoch);
        let mut writes = vec![ProfilesWrite::SetFactor { subject, from, since: None }.into()];
        writes.extend(self.ends_factor(subject).await?);
        writes.extend(self.cancels_changes(subject, now).await?);
        Ok(writes)
    }

    /// Of somebody who has no password, and gets none meanwhile: every way to one moves the profile's epoch.
    async fn turn_off_without_password(
        &self,
        who: &Authenticated,
        now: Timestamp,
    ) -> Result<Secret<String>, Failure<Refusal>> {
        let subject = who.subject();
        for _ in 0..ROUNDS {
            let who = self.fresh(who).await?;
            if let Some(problem) = frozen(&who.profile) {
                return self.refuse_own(&who, &problem, now).await;
            }
            if self.store.password(subject).await?.is_some_and(|stored| stored.hash.is_some()) {
                return self.refuse_own(&who, &SocialProblem::HasPassword, now).await;
            }
            let is_first_fresh = [Amr::Federated, Amr::Asserted]
                .iter()
                .any(|amr| who.session.is_fresh_by(*amr, &self.sessions, now));
            if !is_first_fresh {
                return self.refuse_own(&who, &SocialProblem::ProofTooOld, now).await;
            }
            let (id, from, actor) = (self.batch_id(now)?, who.profile.epoch, EventActor::Person(subject));
            let mut batch =
                self.record(Draft::new(EventKind::FACTOR_OFF, actor).subject(subject), id, now)?;
            // Before the authenticators are read: see `moves_factor`.
            batch.extend(self.drops_reset(&who.profile, actor, id, now).await?);
            batch.extend(self.turns_off(&who.profile, now).await?);
            batch.extend(self.notices(subject, Notice::new(NoticeKind::FactorOff, now)).await?);
            let (token, reissued) = self.reissue(&who.session, &ReissueRequest::new(from + 1), (id, now))?;
            batch.push(reissued.write.into());
            match self.land(id, now, batch).await? {
                None => return Ok(token),
                Some(AnyGuard::Sessions(_)) => {
                    let revoked = vestibule_sessions::Problem::Revoked;
                    return self.refuse_session(&revoked, Some(subject)).await;
                }
                Some(_) => {}
            }
        }
        Err(busy().into())
    }
}
