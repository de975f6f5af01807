//! What opens one account without the second factor: an administrator's exemption, a remembered device.

use vestibule::{Acting, SignInRequest, Vestibule};

use super::second::{outcome, pending, pending_of};
use super::{Act, Answer, Ready, entry, refused, session, told};
use crate::cast::{ADA, BOB, RIGHT, bob, engines, reason, tomorrow};
use crate::factor::kept;

pub(super) async fn make(ready: &mut Ready, vestibule: &Vestibule) -> Result<(), Answer> {
    match ready.act {
        Act::Exempt => ready.who = Some(session(vestibule, ADA).await?),
        Act::CompleteAndRemember => {
            ready.pending = Some(pending(vestibule).await?);
            ready.answer = Some(kept().code(vestibule.now()));
        }
        Act::EnterRemembered => {
            let request = SignInRequest::new(BOB, RIGHT).device(kept().device());
            ready.pending = Some(pending_of(vestibule, request).await?);
        }
        Act::ForgetDevice => {
            let who = session(vestibule, BOB).await?;
            let own = vestibule.list_remembered_devices(&who).await.map_err(refused)?;
            let Some(device) = own.first() else {
                return Err(Answer::Refused("no device is remembered".to_owned()));
            };
            ready.other = Some(device.handle);
            ready.who = Some(who);
        }
        _ => ready.pending = Some(pending(vestibule).await?),
    }
    Ok(())
}

pub(super) async fn done(mut ready: Ready, vestibule: &Vestibule) -> Result<String, Answer> {
    let answer = ready.answer.take();
    match ready.act {
        Act::Exempt => {
            let (by, until) = (Acting::Administrator(ready.who()), Some(tomorrow(vestibule)));
            told(vestibule.exempt(by, engines(), bob(), until, &reason()).await)
        }
        Act::EnterExempt => {
            let entered = vestibule.enter_exempt(ready.pending(), None).await;
            entered.map(|signed_in| entry(&signed_in)).map_err(refused)
        }
        Act::AskForAccess => {
            let asked = vestibule.ask_for_access(ready.pending(), None).await.map_err(refused)?;
            Ok(format!("{} were told", asked.administrators))
        }
        Act::CompleteAndRemember => {
            let completed = vestibule.complete_and_remember(ready.pending(), answer.unwrap(), None).await;
            Ok(outcome(&completed.map_err(refused)?.outcome))
        }
        Act::EnterRemembered => {
            let entered = vestibule.enter_remembered(ready.pending(), &kept().device(), None).await;
            entered.map(|signed_in| entry(&signed_in)).map_err(refused)
        }
        Act::ForgetDevice => told(vestibule.forget_device(ready.who(), ready.other.unwrap()).await),
        other => unreachable!("{}", other.name()),
    }
}
