//! What somebody does who has no profile yet.

use vestibule::{NoticeKind, SignUpAsked, SignUpRequest, Vestibule};
use vestibule_core::{Failure, Refusal};

use super::{Act, Answer, Ready, letter, refused, says, ticket, told};
use crate::cast::{CLEO, FREE, HOME, NEW};

pub(super) async fn make(ready: &mut Ready, vestibule: &Vestibule) -> Result<(), Answer> {
    match ready.act {
        Act::ConfirmSignUp | Act::ConfirmSignUpWithProvider => {
            let _ = ask(vestibule, CLEO).await.map_err(refused)?;
            ready.link = letter(vestibule, NoticeKind::SignUpLink).await?.link;
        }
        Act::ConfirmSignUpCode => {
            let SignUpAsked::Sent(sent) = ask(vestibule, FREE).await.map_err(refused)? else {
                panic!("it was said that there is no profile")
            };
            ready.ticket = Some(ticket(sent));
            ready.code = letter(vestibule, NoticeKind::SignUpCode).await?.code;
        }
        _ => {}
    }
    Ok(())
}

pub(super) async fn done(ready: Ready, vestibule: &Vestibule) -> Result<String, Answer> {
    match ready.act {
        Act::RequestSignUp => told(ask(vestibule, CLEO).await),
        Act::ConfirmSignUp => told(vestibule.confirm_sign_up(ready.link(), NEW, None).await),
        Act::ConfirmSignUpCode => {
            told(vestibule.confirm_sign_up_code(ready.ticket(), ready.code(), None).await)
        }
        Act::ConfirmSignUpWithProvider => {
            let answer = says(vestibule, HOME, CLEO);
            told(vestibule.confirm_sign_up_with_provider(ready.link(), answer, None).await)
        }
        other => unreachable!("{}", other.name()),
    }
}

/// Asks for a profile under this address.
async fn ask(vestibule: &Vestibule, address: &str) -> Result<SignUpAsked, Failure<Refusal>> {
    vestibule.request_sign_up(SignUpRequest::new(address).has_no_profile()).await
}
