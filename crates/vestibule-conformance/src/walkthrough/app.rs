//! Second factors on the stage: the app on somebody's phone, and what they type from it.

use core::time::Duration;

use vestibule::{Authenticated, Enrolled, Enrolling, FactorAnswer, PendingSignIn, Resumed, SignInRequest};
use vestibule_core::{Failure, Secret, Timestamp};
use vestibule_mfa::{AuthenticatorId, AuthenticatorName, Parameters, PendingEnrolment, code_at};

use super::stage::{Door, Stage, StageError, done};

/// How long an app shows a code.
pub(super) const STEP: Duration = Duration::from_secs(30);

/// An app that holds the secret of an authenticator.
pub(super) struct App {
    pub(super) id: AuthenticatorId,
    secret: Secret<Vec<u8>>,
}

/// Somebody who has a second factor.
pub(super) struct Equipped {
    pub(super) app: App,
    /// The recovery codes as they are printed.
    pub(super) codes: Vec<Secret<String>>,
    /// The session in which it was set up.
    pub(super) who: Authenticated,
}

impl App {
    /// Takes over the key that an enrolling person is shown.
    pub(super) fn scan(begun: &PendingEnrolment) -> Result<Self, StageError> {
        // EXPOSE: the stage has the phone, too.
        let secret = base32(begun.manual_key().expose())
            .ok_or_else(|| StageError::Script("the key is not in base 32".to_owned()))?;
        Ok(Self { id: begun.id(), secret: Secret::new(secret) })
    }

    /// What it shows when its clock is so many steps ahead.
    pub(super) fn code(&self, now: Timestamp, ahead: u64) -> Result<Secret<String>, StageError> {
        let parameters = Parameters::default();
        Ok(code_at(parameters, &self.secret, parameters.step_at(now).saturating_add(ahead))?)
    }

    pub(super) fn answer(&self, now: Timestamp) -> Result<FactorAnswer, StageError> {
        Ok(FactorAnswer::code(self.code(now, 0)?))
    }

    /// Digits that are no code of it, also not near this time.
    pub(super) fn wrong_answer(&self, now: Timestamp) -> Result<FactorAnswer, StageError> {
        let parameters = Parameters::default();
        let near = parameters.step_at(now);
        let mut shown = Vec::new();
        for step in near.saturating_sub(vestibule_mfa::SKEW)..=near.saturating_add(vestibule_mfa::SKEW) {
            // EXPOSE: compared with digits that must differ.
            shown.push(code_at(parameters, &self.secret, step)?.expose().clone());
        }
        let wrong = (0..1000).map(|digits| format!("{digits:06}")).find(|typed| !shown.contains(typed));
        wrong.map(FactorAnswer::code).ok_or_else(|| StageError::Script("every code is right".to_owned()))
    }
}

/// Bytes from base 32 in groups.
fn base32(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for character in text.chars().filter(|character| *character != ' ') {
        bits = (bits << 5) | u32::try_from(ALPHABET.find(character)?).ok()?;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 255).ok()?);
        }
    }
    Some(bytes)
}

impl Stage {
    /// Somebody begins an authenticator and scans what is shown.
    pub(super) async fn begin_app(&self, by: Enrolling<'_>) -> Result<App, StageError> {
        let name = AuthenticatorName::parse("phone")?;
        let begun = self.operation("begin_authenticator").begin_authenticator(by, &name).await;
        App::scan(&done("beginning an authenticator", begun)?)
    }

    /// They type the first code of it.
    pub(super) async fn confirm_app(&self, by: Enrolling<'_>, app: &App) -> Result<Enrolled, StageError> {
        let code = app.code(self.now(), 0)?;
        let confirmed = self
            .operation("confirm_authenticator")
            .confirm_authenticator(by, app.id, &code, self.client())
            .await;
        done("confirming an authenticator", confirmed)
    }

    /// R24: a further authenticator in a session with a fresh proof; the app, and the session that went on.
    pub(super) async fn bind_anew(&self, who: &Authenticated) -> Result<(App, Authenticated), StageError> {
        let app = self.begin_app(Enrolling::Session(who)).await?;
        let enrolled = self.confirm_app(Enrolling::Session(who), &app).await?;
        Ok((app, self.resume(enrolled.resumed).await?))
    }

    /// R24 in a session with a fresh proof, where the old authenticator is to go.
    pub(super) async fn replace_app(&self, who: &Authenticated, old: &App) -> Result<App, StageError> {
        let (app, who) = self.bind_anew(who).await?;
        let removed = self.operation("remove_authenticator").remove_authenticator(&who, old.id).await;
        let _ = done("removing an authenticator", removed)?;
        Ok(app)
    }

    /// Gives somebody a second factor.
    pub(super) async fn equip(&self, name: &'static str) -> Result<Equipped, StageError> {
        let who = self.session(name).await?;
        let app = self.begin_app(Enrolling::Session(&who)).await?;
        let enrolled = self.confirm_app(Enrolling::Session(&who), &app).await?;
        let codes = enrolled.sheet.iter().flat_map(|sheet| sheet.codes()).map(|code| code.render()).collect();
        let who = self.resume(enrolled.resumed).await?;
        // The code that confirmed it is used.
        self.wait(STEP);
        Ok(Equipped { app, codes, who })
    }

    pub(super) async fn resume(&self, resumed: Resumed) -> Result<Authenticated, StageError> {
        match resumed {
            Resumed::Session { token, .. } => self.authenticate(&token).await,
            Resumed::SignedIn(signed_in) => self.authenticate(&signed_in.token).await,
            Resumed::PasswordChangeNeeded { because, .. } => {
                Err(StageError::Refused { what: "going on", code: because.code() })
            }
        }
    }

    /// A sign-in with the right password that waits for the second factor.
    pub(super) async fn pending(&self, request: SignInRequest) -> Result<PendingSignIn, StageError> {
        match self.sign_in(request).await? {
            Door::Factor(pending) => Ok(pending),
            door => Err(StageError::Script(format!("no second factor was asked for: {}", door.end()))),
        }
    }

    /// They type the second factor.
    pub(super) async fn complete(
        &self,
        pending: &PendingSignIn,
        answer: FactorAnswer,
    ) -> Result<Door, StageError> {
        let completed =
            self.operation("complete_sign_in").complete_sign_in(&pending.token, answer, self.client()).await;
        match completed {
            Ok(completed) => Ok(Door::after(completed.outcome)),
            Err(Failure::Refused(refusal)) => Ok(Door::Shut(refusal)),
            Err(Failure::Fault(fault)) => Err(fault.into()),
        }
    }

    /// Password and second factor, one after the other.
    pub(super) async fn both(
        &self,
        request: SignInRequest,
        answer: FactorAnswer,
    ) -> Result<Door, StageError> {
        let pending = self.pending(request).await?;
        self.complete(&pending, answer).await
    }

    /// They type the second factor and have the device remembered: its token.
    pub(super) async fn remember(
        &self,
        pending: &PendingSignIn,
        answer: FactorAnswer,
    ) -> Result<Secret<String>, StageError> {
        let completed = self.operation("complete_and_remember");
        let completed = completed.complete_and_remember(&pending.token, answer, self.client()).await;
        let completed = done("showing the second factor on a device of their own", completed)?;
        let signed_in = Door::after(completed.outcome).signed_in("both factors")?;
        signed_in.device.ok_or_else(|| StageError::Script("no device was remembered".to_owned()))
    }

    /// They go on by a remembered device: the refusal, if it is one.
    pub(super) async fn by_device(
        &self,
        pending: &PendingSignIn,
        device: &Secret<String>,
    ) -> Result<Door, StageError> {
        let entered = self.operation("enter_remembered");
        match entered.enter_remembered(&pending.token, device, self.client()).await {
            Ok(signed_in) => Ok(Door::of(signed_in)),
            Err(Failure::Refused(refusal)) => Ok(Door::Shut(refusal)),
            Err(Failure::Fault(fault)) => Err(fault.into()),
        }
    }

    /// They try to go on without the second factor: the refusal, if it is one.
    pub(super) async fn without_factor(&self, pending: &PendingSignIn) -> Result<Door, StageError> {
        match self.operation("enter_exempt").enter_exempt(&pending.token, self.client()).await {
            Ok(signed_in) => Ok(Door::of(signed_in)),
            Err(Failure::Refused(refusal)) => Ok(Door::Shut(refusal)),
            Err(Failure::Fault(fault)) => Err(fault.into()),
        }
    }
}

impl Equipped {
    /// One of the recovery codes, by its place on the sheet.
    pub(super) fn recovery_code(&mut self) -> Result<FactorAnswer, StageError> {
        let code = self.codes.pop();
        code.map(FactorAnswer::recovery_code)
            .ok_or_else(|| StageError::Script("there is no recovery code".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_32_is_read_in_groups() {
        assert_eq!(base32("MZXW 6YTB OI").unwrap(), b"foobar");
        assert_eq!(base32("MZ1"), None);
    }
}
