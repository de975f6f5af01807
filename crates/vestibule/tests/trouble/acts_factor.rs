//! What people do with a second factor, and what is done about it.

use vestibule::{Acting, Enrolling, NoticeKind, SignIn, SignInRequest, TurnFactorOff, Vestibule};
use vestibule_core::Secret;

use super::{Act, Answer, Ready, entry, letter, refused, session, told};
use crate::cast::{ADA, BOB, RIGHT, bob, engines, reason, tomorrow};
use crate::factor::{begin, kept, resumed};

pub(super) async fn make(ready: &mut Ready, vestibule: &Vestibule) -> Result<(), Answer> {
    match ready.act {
        Act::ResetFactor => {}
        Act::Exempt => ready.who = Some(session(vestibule, ADA).await?),
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
        Act::StepUp => {
            ready.who = Some(session(vestibule, BOB).await?);
            ready.answer = Some(kept().code(vestibule.now()));
        }
        Act::RenewRecoveryCodes | Act::TurnFactorOff => ready.who = Some(session(vestibule, BOB).await?),
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
        Act::CompleteSignIn => {
            ready.pending = Some(pending(vestibule).await?);
            ready.answer = Some(kept().code(vestibule.now()));
        }
        Act::CompleteSignInByRecoveryCode => {
            ready.pending = Some(pending(vestibule).await?);
            ready.answer = Some(kept().last_code());
        }
        Act::BeginFactorReset | Act::KeepFactor => {
            let pending = pending(vestibule).await?;
            let _ = vestibule.request_factor_reset(&pending).await.map_err(refused)?;
            ready.link = letter(vestibule, NoticeKind::FactorResetLink).await?.link;
            if ready.act == Act::KeepFactor {
                let link = ready.link.take().unwrap();
                let _ = vestibule.begin_factor_reset(&pending, &link).await.map_err(refused)?;
                let told = letter(vestibule, NoticeKind::FactorResetBegun).await?;
                (ready.link, ready.code) = (told.link, told.code);
            }
            ready.pending = Some(pending);
        }
        _ => ready.pending = Some(pending(vestibule).await?),
    }
    Ok(())
}

pub(super) async fn done(ready: Ready, vestibule: &Vestibule) -> Result<String, Answer> {
    let (act, why) = (ready.act, reason());
    let who = || ready.who.as_ref().unwrap();
    let pending = || ready.pending.as_ref().unwrap();
    let link = || ready.link.as_ref().unwrap();
    let code = || ready.code.as_ref().unwrap();
    match act {
        Act::ConfirmAuthenticator | Act::ConfirmAuthenticatorAtSignIn => {
            let enrolling = match &ready.pending {
                Some(pending) => Enrolling::Pending(pending),
                None => Enrolling::Session(who()),
            };
            let id = ready.authenticator.unwrap();
            told(vestibule.confirm_authenticator(enrolling, id, code(), None).await)
        }
        Act::CompleteSignIn | Act::CompleteSignInByRecoveryCode => {
            let completed = vestibule.complete_sign_in(pending(), ready.answer.unwrap(), None).await;
            Ok(match completed.map_err(refused)?.outcome {
                SignIn::SignedIn(signed_in) => entry(&signed_in),
                SignIn::PasswordChangeNeeded { because, .. } => because.code().to_owned(),
                SignIn::FactorNeeded(_) => panic!("it was shown"),
            })
        }
        Act::StepUp => told(vestibule.step_up(who(), ready.answer.unwrap(), None).await),
        Act::RenewRecoveryCodes => told(vestibule.renew_recovery_codes(who()).await),
        Act::RemoveAuthenticator => {
            told(vestibule.remove_authenticator(who(), ready.authenticator.unwrap()).await)
        }
        Act::TurnFactorOff => told(vestibule.turn_factor_off(who(), TurnFactorOff::by_password(RIGHT)).await),
        Act::Exempt => {
            let (by, until) = (Acting::Administrator(who()), Some(tomorrow(vestibule)));
            told(vestibule.exempt(by, engines(), bob(), until, &why).await)
        }
        Act::EnterExempt => {
            let entered = vestibule.enter_exempt(pending(), None).await;
            entered.map(|signed_in| entry(&signed_in)).map_err(refused)
        }
        Act::RequestFactorReset => told(vestibule.request_factor_reset(pending()).await),
        Act::BeginFactorReset => told(vestibule.begin_factor_reset(pending(), link()).await),
        Act::KeepFactor => told(vestibule.keep_factor(link(), code().expose()).await),
        Act::ResetFactor => told(vestibule.reset_factor(&why, bob()).await),
        other => unreachable!("{}", other.name()),
    }
}

/// Bob's sign-in into the account, which waits for his second factor.
async fn pending(vestibule: &Vestibule) -> Result<Secret<String>, Answer> {
    let request = SignInRequest::new(BOB, RIGHT).into_account(engines());
    match vestibule.sign_in(request).await.map_err(refused)? {
        SignIn::FactorNeeded(pending) => Ok(pending.token),
        _ => Err(Answer::Refused("no second factor is needed".to_owned())),
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
