//! What people do with social accounts.

use vestibule::{
    ConnectRequest, NoticeKind, ProviderSignIn, ProviderSignInRequest, ProviderSignUp, ProviderSignUpRequest,
    Vestibule,
};

use super::{
    Act, Answer, FACTOR_NEEDED, Ready, by_link, entry, letter, refused, says, session, ticket, told,
};
use crate::cast::{ADA, BOB, CLEO, ELSEWHERE, FREE, HOME, NEW, engines, social};

pub(super) async fn make(ready: &mut Ready, vestibule: &Vestibule) -> Result<(), Answer> {
    match ready.act {
        Act::LinkProvider | Act::UnlinkProvider => ready.who = Some(session(vestibule, BOB).await?),
        Act::MoveLink => {
            ready.who = Some(session(vestibule, BOB).await?);
            ready.from = Some(session(vestibule, ADA).await?);
        }
        Act::RequestAddress => ready.who = Some(by_link(vestibule).await?),
        Act::ConnectAddress => {
            let who = by_link(vestibule).await?;
            let _ = vestibule.request_address(&who, ConnectRequest::new(CLEO)).await.map_err(refused)?;
            ready.link = letter(vestibule, NoticeKind::ConnectLink).await?.link;
            ready.who = Some(who);
        }
        Act::ConfirmAddressCode => {
            let who = by_link(vestibule).await?;
            let sent = vestibule.request_address(&who, ConnectRequest::new(FREE)).await.map_err(refused)?;
            ready.ticket = Some(ticket(sent));
            ready.code = letter(vestibule, NoticeKind::LoginCode).await?.code;
            ready.who = Some(who);
        }
        _ => {}
    }
    Ok(())
}

pub(super) async fn done(ready: Ready, vestibule: &Vestibule) -> Result<String, Answer> {
    match ready.act {
        Act::SignInWithProvider => {
            let request = ProviderSignInRequest::new(says(vestibule, HOME, BOB)).into_account(engines());
            let came = vestibule.sign_in_with_provider(request).await.map_err(refused)?;
            Ok(match came {
                ProviderSignIn::FactorNeeded(_) => FACTOR_NEEDED.to_owned(),
                ProviderSignIn::SignedIn(signed_in) => entry(&signed_in),
                ProviderSignIn::UnknownLink(unknown) => unknown.because.code().to_owned(),
            })
        }
        Act::SignUpWithProvider => {
            let request = ProviderSignUpRequest::new(says(vestibule, HOME, CLEO)).has_no_profile();
            let answer = vestibule.sign_up_with_provider(request.without_address()).await;
            told(answer.map(|answer| assert!(matches!(answer, ProviderSignUp::SignedUp(_)))))
        }
        Act::LinkProvider => {
            told(vestibule.link_provider(ready.who(), says(vestibule, HOME, "of bob")).await)
        }
        Act::UnlinkProvider => told(vestibule.unlink_provider(ready.who(), &social(HOME, BOB)).await),
        Act::MoveLink => {
            let (from, answer) = (ready.from.as_ref().unwrap(), says(vestibule, ELSEWHERE, ADA));
            told(vestibule.move_link(ready.who(), from, answer).await)
        }
        Act::RequestAddress => told(vestibule.request_address(ready.who(), ConnectRequest::new(CLEO)).await),
        Act::ConnectAddress => told(vestibule.connect_address(ready.who(), ready.link(), NEW).await),
        Act::ConfirmAddressCode => {
            told(vestibule.confirm_address_code(ready.who(), ready.ticket(), ready.code()).await)
        }
        other => unreachable!("{}", other.name()),
    }
}
