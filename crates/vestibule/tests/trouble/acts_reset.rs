//! What is done about a second factor that was lost, or was not.

use vestibule::{NoticeKind, ResetAsked, Vestibule};

use super::second::pending;
use super::{Act, Answer, Ready, letter, refused, told};
use crate::cast::{BOB, bob, reason};
use crate::factor::kept;

pub(super) async fn make(ready: &mut Ready, vestibule: &Vestibule) -> Result<(), Answer> {
    if ready.act == Act::ResetFactor {
        return Ok(());
    }
    let pending = pending(vestibule).await?;
    if ready.act != Act::RequestFactorReset {
        let asked = vestibule.request_factor_reset(&pending).await.map_err(refused)?;
        ready.link = letter(vestibule, NoticeKind::FactorResetLink).await?.link;
        match (ready.act, asked) {
            (Act::BeginFactorResetByTwo, ResetAsked::ByLinkAndCode(sent)) => {
                ready.ticket = Some(sent.ticket);
                ready.code = letter(vestibule, NoticeKind::FactorResetCode).await?.code;
            }
            (Act::BeginFactorResetByTwo, ResetAsked::ByLink) => {
                return Err(Answer::Refused("the password counts".to_owned()));
            }
            _ => {}
        }
    }
    if matches!(ready.act, Act::KeepFactor | Act::KeepFactorByCode) {
        let link = ready.link.take().unwrap();
        let _ = vestibule.begin_factor_reset(&pending, &link).await.map_err(refused)?;
        let told = letter(vestibule, NoticeKind::FactorResetBegun).await?;
        (ready.link, ready.code) = (told.link, told.code);
    }
    ready.pending = Some(pending);
    Ok(())
}

pub(super) async fn done(ready: Ready, vestibule: &Vestibule) -> Result<String, Answer> {
    let pending = || ready.pending();
    match ready.act {
        Act::RequestFactorReset => told(vestibule.request_factor_reset(pending()).await),
        Act::BeginFactorReset => told(vestibule.begin_factor_reset(pending(), ready.link()).await),
        Act::BeginFactorResetByTwo => {
            let (link, ticket, code) = (ready.link(), ready.ticket(), ready.code());
            told(vestibule.begin_factor_reset_by_two(pending(), link, ticket, code).await)
        }
        Act::KeepFactor => told(vestibule.keep_factor(ready.link(), ready.code()).await),
        Act::KeepFactorByCode => {
            let code = kept().code(vestibule.now());
            told(vestibule.keep_factor_by_code(BOB, code, None, None).await)
        }
        Act::ResetFactor => told(vestibule.reset_factor(&reason(), bob()).await),
        other => unreachable!("{}", other.name()),
    }
}
