//! What people do with their logins, and with codes to phones.

use vestibule::{LoginChange, NoticeKind, RecoveryRequest, Sent, Vestibule};
use vestibule_core::Secret;

use super::{Act, Answer, Ready, letter, refused, session, told};
use crate::cast::{BOB, CLEO, FREE, HIS, PHONE, bob, reason};

pub(super) async fn make(ready: &mut Ready, vestibule: &Vestibule) -> Result<(), Answer> {
    match ready.act {
        Act::LiftFreeze | Act::RequestRecoveryByPhone => {}
        Act::ConfirmRecoveryCode => {
            let sent = vestibule.request_recovery(RecoveryRequest::new(PHONE)).await.map_err(refused)?;
            ready.link = Some(ticket(sent));
            ready.code = letter(vestibule, NoticeKind::RecoveryCode).await?.code;
        }
        act => {
            let who = session(vestibule, BOB).await?;
            match act {
                Act::RequestLoginRelease => vestibule.remove_login(&who, HIS).await.map_err(refused)?,
                Act::ReleaseLogin => {
                    vestibule.remove_login(&who, HIS).await.map_err(refused)?;
                    vestibule.request_login_release(&who, HIS).await.map_err(refused)?;
                    ready.link = letter(vestibule, NoticeKind::LoginReleaseLink).await?.link;
                }
                Act::CancelLoginChange => {
                    let change = LoginChange::replace(BOB, CLEO);
                    let _ = vestibule.request_login_change(&who, change).await.map_err(refused)?;
                }
                Act::ConfirmLoginCode => {
                    let change = LoginChange::add(FREE);
                    let sent = vestibule.request_login_change(&who, change).await.map_err(refused)?;
                    ready.link = Some(ticket(sent));
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
    let who = || ready.who.as_ref().unwrap();
    let link = || ready.link.as_ref().unwrap();
    let code = || ready.code.as_ref().unwrap().expose();
    match ready.act {
        Act::RemoveLogin => told(vestibule.remove_login(who(), HIS).await),
        Act::RequestLoginRelease => told(vestibule.request_login_release(who(), HIS).await),
        Act::ReleaseLogin => told(vestibule.release_login(who(), link()).await),
        Act::CancelLoginChange => told(vestibule.cancel_login_change(who()).await),
        Act::SetPrimaryLogin => told(vestibule.set_primary_login(who(), HIS).await),
        Act::LiftFreeze => told(vestibule.lift_freeze(&reason(), bob()).await),
        Act::RequestRecoveryByPhone => told(vestibule.request_recovery(RecoveryRequest::new(PHONE)).await),
        Act::ConfirmRecoveryCode => told(vestibule.confirm_recovery_code(link(), code(), None).await),
        Act::ConfirmLoginCode => told(vestibule.confirm_login_code(who(), link(), code()).await),
        other => unreachable!("{}", other.name()),
    }
}

/// What the page keeps until a code is typed.
fn ticket(sent: Sent) -> Secret<String> {
    match sent {
        Sent::Code(sent) => sent.ticket,
        Sent::Message => panic!("a message was sent, and no code"),
    }
}
