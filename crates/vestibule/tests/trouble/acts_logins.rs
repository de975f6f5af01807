//! What people do with their logins, and how they recover; by mail, and by codes to phones.

use vestibule::{Acting, LoginChange, NoticeKind, RecoveryRequest, Vestibule};

use super::{Act, Answer, Ready, letter, refused, session, ticket, told};
use crate::cast::{ADA, BOB, CLEO, FREE, HIS, NEW, PHONE, bob, engines, reason};

pub(super) async fn make(ready: &mut Ready, vestibule: &Vestibule) -> Result<(), Answer> {
    match ready.act {
        Act::RequestRecovery | Act::LiftFreeze | Act::RequestRecoveryByPhone => {}
        Act::SendRecovery => ready.who = Some(session(vestibule, ADA).await?),
        Act::Recover => {
            let _ = vestibule.request_recovery(RecoveryRequest::new(BOB)).await.map_err(refused)?;
            ready.link = letter(vestibule, NoticeKind::RecoveryLink).await?.link;
        }
        Act::ConfirmRecoveryCode => {
            let sent = vestibule.request_recovery(RecoveryRequest::new(PHONE)).await.map_err(refused)?;
            ready.ticket = Some(ticket(sent));
            ready.code = letter(vestibule, NoticeKind::RecoveryCode).await?.code;
        }
        act => {
            let who = session(vestibule, BOB).await?;
            let replace = || LoginChange::replace(BOB, CLEO);
            match act {
                Act::ConfirmLoginChange | Act::FreezeProfile => {
                    let _ = vestibule.request_login_change(&who, replace()).await.map_err(refused)?;
                    ready.link = letter(vestibule, NoticeKind::LoginChangeLink).await?.link;
                    if act == Act::FreezeProfile {
                        let link = ready.link.take().unwrap();
                        vestibule.confirm_login_change(&who, &link).await.map_err(refused)?;
                        let told = letter(vestibule, NoticeKind::LoginLeaves).await?;
                        (ready.link, ready.code) = (told.link, told.code);
                    }
                }
                Act::RequestLoginRelease => vestibule.remove_login(&who, HIS).await.map_err(refused)?,
                Act::ReleaseLogin => {
                    vestibule.remove_login(&who, HIS).await.map_err(refused)?;
                    vestibule.request_login_release(&who, HIS).await.map_err(refused)?;
                    ready.link = letter(vestibule, NoticeKind::LoginReleaseLink).await?.link;
                }
                Act::CancelLoginChange => {
                    let _ = vestibule.request_login_change(&who, replace()).await.map_err(refused)?;
                }
                Act::ConfirmLoginCode => {
                    let change = LoginChange::add(FREE);
                    let sent = vestibule.request_login_change(&who, change).await.map_err(refused)?;
                    ready.ticket = Some(ticket(sent));
                    ready.code = letter(vestibule, NoticeKind::LoginCode).await?.code;
                }
                _ => {}
            }
            ready.who = Some(who);
        }
    }
    Ok(())
}

pub(super) async fn done(ready: Ready, vestibule: &Vestibule) -> Result<String, Answer> {
    match ready.act {
        Act::RequestRecovery => told(vestibule.request_recovery(RecoveryRequest::new(BOB)).await),
        Act::SendRecovery => {
            told(vestibule.send_recovery(Acting::Administrator(ready.who()), engines(), bob()).await)
        }
        Act::Recover => told(vestibule.recover(ready.link(), NEW, None).await),
        Act::RequestLoginChange => {
            told(vestibule.request_login_change(ready.who(), LoginChange::replace(BOB, CLEO)).await)
        }
        Act::ConfirmLoginChange => told(vestibule.confirm_login_change(ready.who(), ready.link()).await),
        Act::FreezeProfile => told(vestibule.freeze_profile(ready.link(), ready.code()).await),
        Act::RemoveLogin => told(vestibule.remove_login(ready.who(), HIS).await),
        Act::RequestLoginRelease => told(vestibule.request_login_release(ready.who(), HIS).await),
        Act::ReleaseLogin => told(vestibule.release_login(ready.who(), ready.link()).await),
        Act::CancelLoginChange => told(vestibule.cancel_login_change(ready.who()).await),
        Act::SetPrimaryLogin => told(vestibule.set_primary_login(ready.who(), HIS).await),
        Act::PropagateLogin => {
            let propagated = vestibule.propagate_login(ready.who(), BOB, HIS).await.map_err(refused)?;
            Ok(format!("{propagated:?}"))
        }
        Act::LiftFreeze => told(vestibule.lift_freeze(&reason(), bob()).await),
        Act::RequestRecoveryByPhone => told(vestibule.request_recovery(RecoveryRequest::new(PHONE)).await),
        Act::ConfirmRecoveryCode => {
            told(vestibule.confirm_recovery_code(ready.ticket(), ready.code(), None).await)
        }
        Act::ConfirmLoginCode => {
            told(vestibule.confirm_login_code(ready.who(), ready.ticket(), ready.code()).await)
        }
        other => unreachable!("{}", other.name()),
    }
}
