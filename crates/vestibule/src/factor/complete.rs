//! The second factor at a sign-in: a pending sign-in and an answer make a session.

use vestibule_core::{ClientAddress, Failure, Refusal, Secret};
use vestibule_mfa::{Factor, MfaWrite, RecoveryCode, RecoveryCodes, Totp};
use vestibule_sessions::{Amr, Evidence, SessionsRead};

use super::proof::ShownBy;
use super::{FactorProblem, Shown};
use crate::entering::{Moved, Places};
use crate::password::Once;
use crate::refuse::Attempt;
use crate::sign_in::SignIn;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::writes::AnyWrite;

/// What a person shows as second factor: an answer, and of which factor it is one.
#[derive(Debug)]
pub struct FactorAnswer {
    pub(super) of: &'static dyn Factor,
    pub(super) answer: Secret<String>,
}

impl FactorAnswer {
    /// The digits that an authenticator shows.
    #[must_use]
    pub fn code(typed: impl Into<Secret<String>>) -> Self {
        Self { of: &Totp, answer: typed.into() }
    }

    /// One of the recovery codes, in any spelling.
    #[must_use]
    pub fn recovery_code(typed: impl Into<Secret<String>>) -> Self {
        Self { of: &RecoveryCodes, answer: typed.into() }
    }

    /// Of which kind of factor it is an answer: `totp`, `recovery_code`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.of.kind()
    }
}

/// A sign-in that is complete.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub struct Completed {
    /// Signed in, or first the password is to be changed (N2). It is never [`SignIn::FactorNeeded`].
    pub outcome: SignIn,
    /// The recovery code that takes the place of the one that was used. Show it now: nobody can read it again.
    pub replacement: Option<RecoveryCode>,
}

impl Vestibule {
    /// Completes a sign-in by the second factor (P13). The try is paid for before a code is compared; the session, the used
    /// code and everything the sign-in relied on land in one commit.
    ///
    /// A code is accepted once, and so is a recovery code (PR-7). Whoever shows the factor has not lost it: a reset that is
    /// running ends (R33).
    ///
    /// # Errors
    ///
    /// `factor.sign_in_over`, `mfa.code_wrong`, `mfa.code_replayed`, `mfa.clock_skew`, `mfa.stopped`, `mfa.not_enrolled`,
    /// `mfa.recovery_code_wrong`, `mfa.recovery_code_spent`, `throttle.wait`, `profile.blocked`, `profile.blocked_until`.
    ///
    /// # Example
    ///
    /// ```
    /// use vestibule::{FactorAnswer, SignIn, SignInRequest, Vestibule};
    /// use vestibule_core::{Failure, Refusal};
    ///
    /// # async fn example(vestibule: Vestibule, code: &str) -> Result<(), Failure<Refusal>> {
    /// match vestibule.sign_in(SignInRequest::new("ada@b.example", "eleven otters below the pier")).await? {
    ///     SignIn::FactorNeeded(pending) => {
    ///         // In the next request, from the cookie that holds `pending.token`:
    ///         let answer = FactorAnswer::code(code);
    ///         let completed = vestibule.complete_sign_in(&pending.token, answer, None).await?;
    ///         println!("{:?}", completed.outcome);
    ///     }
    ///     SignIn::SignedIn(signed_in) => println!("session {}", signed_in.session),
    ///     SignIn::PasswordChangeNeeded { because, .. } => println!("{}", because.public().text),
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn complete_sign_in(
        &self,
        pending: &Secret<String>,
        answer: FactorAnswer,
        client: Option<ClientAddress>,
    ) -> Result<Completed, Failure<Refusal>> {
        self.inner().complete(pending, answer, client, false).await
    }

    /// Completes a sign-in as [`complete_sign_in`](Self::complete_sign_in) does, and remembers the device: offer it as a box that the
    /// person ticks on a device of their own. Keep the device token that is returned where the known-device token was: it takes the
    /// place of that one. From then on [`enter_remembered`](Self::enter_remembered) opens the accounts whose policy accepts it.
    ///
    /// Nothing is remembered when the password has to be changed first.
    ///
    /// # Errors
    ///
    /// As [`complete_sign_in`](Self::complete_sign_in).
    pub async fn complete_and_remember(
        &self,
        pending: &Secret<String>,
        answer: FactorAnswer,
        client: Option<ClientAddress>,
    ) -> Result<Completed, Failure<Refusal>> {
        self.inner().complete(pending, answer, client, true).await
    }
}

impl Inner {
    async fn complete(
        &self,
        pending: &Secret<String>,
        answer: FactorAnswer,
        client: Option<ClientAddress>,
        remembers: bool,
    ) -> Result<Completed, Failure<Refusal>> {
        let now = self.clock.now();
        let (shown, _) = self.read_pending(pending, now).await?;
        let attempt = shown.attempt(client, now);
        let mut places = Places::default();
        if remembers && shown.device.is_some() {
            // The device keeps its slot, which is looked up.
            places.devices = self.store.devices(shown.subject).await?;
        }
        let mut showing = self.show_factor(ShownBy::SignIn(&shown), answer, (client, shown.device)).await?;
        for _ in 0..ROUNDS {
            let (id, right) = self.shown_factor(&mut showing).await?;
            let Some(profile) = self.still_shown(&shown, now).await? else {
                return self.refuse_session(&FactorProblem::SignInOver, Some(shown.subject)).await;
            };
            if let Some(block) = profile.blocked_at(now) {
                return Err(Failure::Refused(self.refuse_blocked(block, shown.subject, attempt).await?));
            }
            let (proven_at, replacement) = (right.proof.at(), right.replacement);
            let mut writes = right.writes;
            writes.extend(shown.relied_on());
            if let (true, Some((generation, _))) = (shown.must_change, shown.password) {
                let epoch = profile.epoch;
                let subject = shown.subject;
                writes.push(vestibule_profiles::ProfilesWrite::RequireProfile { subject, epoch }.into());
                if self.land(id, now, writes).await?.is_some() {
                    continue;
                }
                let once = Once { subject, generation, at: shown.at };
                let (proof, because) = self.permit_change(once, epoch, shown.account, now).await?;
                self.settle_factor(showing).await;
                return Ok(Completed {
                    outcome: SignIn::PasswordChangeNeeded { proof, because },
                    replacement,
                });
            }
            if let Some((generation, _)) = shown.password {
                // A password with which the factor was shown counts for a reset of it (R33).
                let subject = shown.subject;
                writes.push(MfaWrite::NoteProven { subject, generation }.into());
            }
            if let Some(account) = shown.account {
                places.door = self.door(account, shown.subject).await?;
            }
            let mut entering = shown.entering();
            entering.second = Some(Evidence { amr: Amr::Otp, at: proven_at });
            entering.remembers = remembers;
            match self.let_in(attempt, &profile, &entering, &places, (id, writes)).await? {
                Ok(signed_in) => {
                    self.settle_factor(showing).await;
                    return Ok(Completed { outcome: SignIn::SignedIn(signed_in), replacement });
                }
                Err(Moved::Slots) => {
                    places.sessions = self.store.sessions(shown.subject).await?;
                    places.devices = self.store.devices(shown.subject).await?;
                }
                Err(_) => {}
            }
        }
        Err(busy().into())
    }
}

impl Shown {
    pub(super) const fn attempt(
        &self,
        client: Option<ClientAddress>,
        now: vestibule_core::Timestamp,
    ) -> Attempt {
        Attempt { key: self.key, client, account: self.account, now }
    }

    /// The first factor is still the one that was shown.
    pub(super) fn relied_on(&self) -> Option<AnyWrite> {
        let (generation, _) = self.password?;
        let subject = self.subject;
        Some(vestibule_credentials::CredentialsWrite::RequirePassword { subject, generation }.into())
    }
}
