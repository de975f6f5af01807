//! What people do with a second factor.

use vestibule::{
    Enrolling, ProviderSignIn, ProviderSignInRequest, SignIn, SignInRequest, TurnFactorOff, Vestibule,
};
use vestibule_core::Secret;
use vestibule_mfa::AuthenticatorName;

use super::{Act, Answer, Ready, by_link, entry, no_password, refused, says, session, told};
use crate::cast::{BOB, HOME, RIGHT, engines};
use crate::factor::{begin, kept, resumed};

pub(super) async fn make(ready: &mut Ready, vestibule: &Vestibule) -> Result<(), Answer> {
    match ready.act {
        Act::ConfirmAuthenticator => {
            let who = session(vestibule, BOB).await?;
            let app = begin(vestibule, Enrolling::Session(&who)).await.map_err(refused)?;
            ready.authenticator = Some(app.id);
            ready.code = Some(app.code(vestibule.now(), 0));
            ready.who = Some(who);
        }
        Act::ConfirmAuthenticatorAtSignIn => {
            let pending = pending(vestibule).await?;
            let app = begin(vestibule, Enrolling::Pending(&pending)).await.map_err(refused)?;
            ready.authenticator = Some(app.id);
            ready.code = Some(app.code(vestibule.now(), 0));
            ready.pending = Some(pending);
        }
        Act::StepUp | Act::LiftFreezeByFactor => {
            ready.who = Some(session(vestibule, BOB).await?);
            ready.answer = Some(kept().code(vestibule.now()));
        }
        Act::BeginAuthenticator | Act::RenewRecoveryCodes | Act::TurnFactorOff => {
            ready.who = Some(session(vestibule, BOB).await?);
        }
        Act::TurnFactorOffWithoutPassword => ready.who = Some(by_link(vestibule).await?),
        Act::RenameAuthenticator => {
            ready.who = Some(session(vestibule, BOB).await?);
            ready.authenticator = Some(kept().app());
        }
        Act::RemoveAuthenticator => {
            let who = session(vestibule, BOB).await?;
            let app = begin(vestibule, Enrolling::Session(&who)).await.map_err(refused)?;
            let code = app.code(vestibule.now(), 0);
            let enrolled =
                vestibule.confirm_authenticator(Enrolling::Session(&who), app.id, &code, None).await;
            let who = resumed(vestibule, enrolled.map_err(refused)?.resumed).await.map_err(refused)?;
            ready.authenticator = Some(kept().app());
            ready.who = Some(who);
        }
        act => {
            ready.pending = Some(pending(vestibule).await?);
            let by_code = act == Act::CompleteSignIn;
            ready.answer = Some(if by_code { kept().code(vestibule.now()) } else { kept().last_code() });
        }
    }
    Ok(())
}

pub(super) async fn done(mut ready: Ready, vestibule: &Vestibule) -> Result<String, Answer> {
    let answer = ready.answer.take();
    match ready.act {
        Act::BeginAuthenticator => {
            told(begin(vestibule, Enrolling::Session(ready.who())).await.map(|app| app.id))
        }
        Act::ConfirmAuthenticator | Act::ConfirmAuthenticatorAtSignIn => {
            let enrolling = match &ready.pending {
                Some(pending) => Enrolling::Pending(pending),
                None => Enrolling::Session(ready.who()),
            };
            let (id, code) = (ready.authenticator.unwrap(), ready.code.as_ref().unwrap());
            told(vestibule.confirm_authenticator(enrolling, id, code, None).await)
        }
        Act::RenameAuthenticator => {
            let name = AuthenticatorName::parse("tablet").unwrap();
            told(vestibule.rename_authenticator(ready.who(), ready.authenticator.unwrap(), &name).await)
        }
        Act::CompleteSignIn | Act::CompleteSignInByRecoveryCode => {
            let completed = vestibule.complete_sign_in(ready.pending(), answer.unwrap(), None).await;
            Ok(outcome(&completed.map_err(refused)?.outcome))
        }
        Act::StepUp => told(vestibule.step_up(ready.who(), answer.unwrap(), None).await),
        Act::RenewRecoveryCodes => told(vestibule.renew_recovery_codes(ready.who()).await),
        Act::RemoveAuthenticator => {
            told(vestibule.remove_authenticator(ready.who(), ready.authenticator.unwrap()).await)
        }
        Act::TurnFactorOff => {
            told(vestibule.turn_factor_off(ready.who(), TurnFactorOff::by_password(RIGHT)).await)
        }
        Act::TurnFactorOffWithoutPassword => {
            told(vestibule.turn_factor_off(ready.who(), TurnFactorOff::without_password()).await)
        }
        Act::LiftFreezeByFactor => {
            told(vestibule.lift_freeze_by_factor(ready.who(), answer.unwrap(), None).await)
        }
        other => unreachable!("{}", other.name()),
    }
}

/// What a sign-in that was completed came to.
pub(super) fn outcome(outcome: &SignIn) -> String {
    match outcome {
        SignIn::SignedIn(signed_in) => entry(signed_in),
        SignIn::PasswordChangeNeeded { because, .. } => because.code().to_owned(),
        SignIn::FactorNeeded(_) => panic!("it was shown"),
    }
}

/// Bob's sign-in into the account, which waits for his second factor; by his social account where he has no password.
pub(super) async fn pending(vestibule: &Vestibule) -> Result<Secret<String>, Answer> {
    pending_of(vestibule, SignInRequest::new(BOB, RIGHT)).await
}

/// The same, asked for so.
pub(super) async fn pending_of(
    vestibule: &Vestibule,
    request: SignInRequest,
) -> Result<Secret<String>, Answer> {
    match vestibule.sign_in(request.into_account(engines())).await.map_err(refused) {
        Ok(SignIn::FactorNeeded(pending)) => Ok(pending.token),
        Ok(_) => Err(Answer::Refused("no second factor is needed".to_owned())),
        Err(none) if none == no_password() => {
            let request = ProviderSignInRequest::new(says(vestibule, HOME, BOB)).into_account(engines());
            match vestibule.sign_in_with_provider(request).await.map_err(refused)? {
                ProviderSignIn::FactorNeeded(pending) => Ok(pending.token),
                _ => Err(none),
            }
        }
        Err(other) => Err(other),
    }
}

/// Completes Bob's sign-in by the first of his codes that was not used yet.
pub(super) async fn by_recovery_code(
    vestibule: &Vestibule,
    pending: &Secret<String>,
) -> Result<SignIn, Answer> {
    let mut last = Answer::Refused("he keeps none".to_owned());
    for code in kept().codes() {
        match vestibule.complete_sign_in(pending, code, None).await.map_err(refused) {
            Ok(completed) => return Ok(completed.outcome),
            Err(spent @ Answer::Refused(_)) => last = spent,
            Err(fault) => return Err(fault),
        }
    }
    Err(last)
}
