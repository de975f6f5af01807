//! A fresh proof in a session that goes on: what asks for one is done with the token that this returns.

use vestibule_core::{ClientAddress, Failure, Refusal, Secret};
use vestibule_credentials::{CredentialsWrite, PreparedPassword, Problem as PasswordProblem};
use vestibule_mfa::RecoveryCode;
use vestibule_profiles::ProfilesWrite;
use vestibule_sessions::{Amr, Evidence};

use super::proof::ShownBy;
use super::{FactorAnswer, Resumed};
use crate::session::Authenticated;
use crate::vestibule::{ROUNDS, Vestibule, busy};
use crate::writes::AnyWrite;

impl Vestibule {
    /// Shows the second factor once more, or for the first time in this session: it goes on under a new token, with two
    /// factors, and for five minutes it may do what asks for a fresh proof. The second answer is a recovery code to be shown
    /// now, in the place of the one that was used.
    ///
    /// # Errors
    ///
    /// `session.revoked`, `mfa.code_wrong`, `mfa.code_replayed`, `mfa.clock_skew`, `mfa.stopped`, `mfa.not_enrolled`,
    /// `mfa.recovery_code_wrong`, `mfa.recovery_code_spent`, `throttle.wait`.
    pub async fn step_up(
        &self,
        who: &Authenticated,
        answer: FactorAnswer,
        client: Option<ClientAddress>,
    ) -> Result<(Resumed, Option<RecoveryCode>), Failure<Refusal>> {
        let inner = self.inner();
        let who = inner.live(who).await?;
        let subject = who.subject();
        let mut showing = inner.show_factor(ShownBy::Session(&who), answer, (client, None)).await?;
        for _ in 0..ROUNDS {
            let (id, right) = inner.shown_factor(&mut showing).await?;
            let mut writes = right.writes;
            let epoch = who.profile.epoch;
            writes.push(ProfilesWrite::RequireProfile { subject, epoch }.into());
            let evidence = Evidence { amr: Amr::Otp, at: right.proof.at() };
            if let Some(resumed) = inner.resume(&who, (evidence, epoch), (id, writes)).await? {
                inner.settle_factor(showing).await;
                return Ok((resumed, right.replacement));
            }
        }
        Err(busy().into())
    }

    /// Shows the password once more: the session goes on under a new token, and for five minutes it may do what asks for a
    /// fresh proof of a person without a second factor, as setting one up does.
    ///
    /// # Errors
    ///
    /// `password.wrong`, `password.none`, `password.stopped`, `throttle.wait`, `session.revoked`.
    pub async fn confirm_password(
        &self,
        who: &Authenticated,
        password: impl Into<Secret<String>>,
    ) -> Result<Resumed, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let typed = password.into();
        let subject = who.subject();
        let Ok(typed) = PreparedPassword::prepare(typed) else {
            return inner.refuse_person(&PasswordProblem::Wrong, subject, now).await;
        };
        let shown = inner.show_password(who, typed, now).await?;
        for _ in 0..ROUNDS {
            let who = inner.live(who).await?;
            let epoch = who.profile.epoch;
            let generation = shown.proof.generation();
            let writes: Vec<AnyWrite> = vec![
                shown.taken.settle().into(),
                CredentialsWrite::RequirePassword { subject, generation }.into(),
                ProfilesWrite::RequireProfile { subject, epoch }.into(),
            ];
            let evidence = Evidence { amr: Amr::Password, at: shown.proof.at() };
            let id = inner.batch_id(now)?;
            if let Some(resumed) = inner.resume(&who, (evidence, epoch), (id, writes)).await? {
                let _ = inner.throttle.settle(shown.windows).await;
                return Ok(resumed);
            }
        }
        Err(busy().into())
    }
}
