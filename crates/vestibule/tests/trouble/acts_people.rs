//! What people do in their sessions and with passwords and accounts, and what operators and administrators do about them.

use vestibule::{
    Acting, Imported, ImportedAccount, ImportedMembership, ImportedPerson, NewPerson, SignIn, SignInRequest,
    Vestibule,
};
use vestibule_core::{Failure, LoginEmail, Refusal};
use vestibule_profiles::{AccountPolicy, Move, NewAccount, NewMember};

use super::{Act, Answer, Ready, entered, opened, refused, session, told};
use crate::cast::{ADA, BOB, CLEO, NEW, RIGHT, bob, cleo, engines, looms, pumps, reason, role};

pub(super) async fn make(ready: &mut Ready, vestibule: &Vestibule) -> Result<(), Answer> {
    match ready.act {
        Act::Enter
        | Act::SignOut
        | Act::SignOutEverywhere
        | Act::ChangePassword
        | Act::ConfirmPassword
        | Act::CreateAccount => ready.who = Some(session(vestibule, BOB).await?),
        Act::Switch => {
            let request = SignInRequest::new(BOB, RIGHT).into_account(pumps());
            ready.who = Some(opened(vestibule, request).await?);
        }
        Act::EndSession => {
            ready.other = Some(session(vestibule, BOB).await?.session());
            ready.who = Some(session(vestibule, BOB).await?);
        }
        Act::ReplacePassword => {
            match vestibule.sign_in(SignInRequest::new(BOB, RIGHT)).await.map_err(refused)? {
                SignIn::PasswordChangeNeeded { proof, .. } => ready.permit = Some(proof),
                SignIn::FactorNeeded(_) | SignIn::SignedIn(_) => {
                    return Err(Answer::Refused("it is not marked".to_owned()));
                }
            }
        }
        Act::EditPolicy
        | Act::AddMember
        | Act::Approve
        | Act::Decline
        | Act::Dismiss
        | Act::Reinstate
        | Act::ChangeRole => ready.who = Some(session(vestibule, ADA).await?),
        _ => {}
    }
    Ok(())
}

pub(super) async fn done(mut ready: Ready, vestibule: &Vestibule) -> Result<String, Answer> {
    let (why, account, permit) = (reason(), engines(), ready.permit.take());
    let who = || ready.who();
    let step = async |step| vestibule.move_member(Acting::Administrator(who()), account, bob(), step).await;
    let plain: Result<(), Failure<Refusal>> = match ready.act {
        Act::SignIn => {
            let request = SignInRequest::new(BOB, RIGHT).into_account(account);
            return entered(vestibule, request).await;
        }
        Act::Enter | Act::Switch => vestibule.enter(who(), account, None).await,
        Act::SignOut => vestibule.sign_out(who()).await,
        Act::EndSession => vestibule.end_session(who(), ready.other.unwrap()).await,
        Act::SignOutEverywhere => vestibule.sign_out_everywhere(who()).await,
        Act::ChangePassword => vestibule.change_password(who(), RIGHT, NEW).await.map(drop),
        Act::ReplacePassword => vestibule.replace_password(permit.unwrap(), NEW).await,
        Act::ConfirmPassword => vestibule.confirm_password(who(), RIGHT).await.map(drop),
        Act::RequirePasswordChange => vestibule.require_password_change(&why, bob()).await,
        Act::CreateAccount => {
            vestibule.create_account(who(), NewAccount::new(looms(), "Looms", role("owner"))).await
        }
        Act::EditPolicy => {
            let mut policy = AccountPolicy::new();
            policy.seat_limit = Some(9);
            vestibule.edit_policy(Acting::Administrator(who()), account, policy).await
        }
        Act::SuspendAccount => vestibule.suspend_account(&why, account, true).await,
        Act::CloseAccount => vestibule.close_account(Acting::Operator(&why), account).await,
        Act::AddMember => {
            let new = NewMember::active(bob(), role("clerk"));
            vestibule.add_member(Acting::Administrator(who()), account, new).await
        }
        Act::Approve => step(Move::Approve).await,
        Act::Decline => step(Move::Decline).await,
        Act::Dismiss => step(Move::Dismiss).await,
        Act::Reinstate => step(Move::Reinstate).await,
        Act::ChangeRole => {
            vestibule.change_role(Acting::Administrator(who()), account, bob(), role("chief"), true).await
        }
        Act::Block => vestibule.block(&why, bob(), None).await,
        Act::Unblock => vestibule.unblock(&why, bob()).await,
        Act::Register => {
            let person = NewPerson::verified_by_host(LoginEmail::parse(CLEO).unwrap());
            vestibule.register_verified(person.subject(cleo()).password(RIGHT)).await.map(drop)
        }
        Act::Import => {
            let person = ImportedPerson::new(cleo()).email(CLEO);
            let person = person.member(ImportedMembership::active(account, "clerk"));
            return imported(vestibule.import(person, &why).await);
        }
        Act::ImportAccount => {
            let new = ImportedAccount::new(looms(), "Looms", bob(), "owner");
            return imported(vestibule.import_account(new, &why).await);
        }
        other => unreachable!("{}", other.name()),
    };
    told(plain)
}

fn imported<P: core::fmt::Display>(answer: Result<Imported, Failure<P>>) -> Result<String, Answer> {
    let imported = answer.map_err(|failure| Answer::of(failure, |problem| problem.to_string()))?;
    let how = match &imported {
        Imported::Created { .. } => "created",
        Imported::Completed { .. } => "completed",
        Imported::Unchanged { .. } => "unchanged",
    };
    Ok(format!("{how}, {} skipped", imported.skipped().len()))
}
