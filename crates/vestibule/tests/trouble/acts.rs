//! Every command of the facade, each with what comes before it and how it was answered.

#[path = "acts_logins.rs"]
mod logins;
#[path = "acts_factor.rs"]
mod second;

use vestibule::{
    Acting, Authenticated, ChangePermit, ConnectRequest, FactorAnswer, Imported, ImportedAccount,
    ImportedMembership, ImportedPerson, LoginChange, NewPerson, NoticeKind, ProviderAnswer, ProviderIdentity,
    ProviderSignIn, ProviderSignInRequest, ProviderSignUp, ProviderSignUpRequest, RecoveryRequest, SignIn,
    SignInRequest, SignedIn, Vestibule, WaitingMessage,
};
use vestibule_core::{ErrorKind, Failure, LoginEmail, Refusal, Secret, SessionHandle};
use vestibule_mfa::AuthenticatorId;
use vestibule_profiles::{AccountPolicy, Move, NewAccount, NewMember};

use crate::cast::{
    ADA, BOB, CLEO, ELSEWHERE, HOME, NEW, RIGHT, Start, bob, cleo, engines, looms, pumps, reason, role,
    social,
};

macro_rules! acts {
    ($($act:ident = $name:literal from $start:ident,)+) => {
        /// A command.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Act { $($act),+ }

        impl Act {
            pub(crate) const ALL: &[Self] = &[$(Self::$act),+];

            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$act => $name),+ }
            }

            /// In which scene it can be done.
            pub(crate) const fn start(self) -> Start {
                match self { $(Self::$act => Start::$start),+ }
            }

            pub(crate) fn named(name: &str) -> Self {
                *Self::ALL.iter().find(|act| act.name() == name).unwrap()
            }
        }
    };
}

acts! {
    SignIn = "sign_in" from Member,
    Enter = "enter" from Member,
    Switch = "switch" from Elsewhere,
    SignOut = "sign_out" from Member,
    EndSession = "end_session" from Member,
    SignOutEverywhere = "sign_out_everywhere" from Member,
    ChangePassword = "change_password" from Member,
    ReplacePassword = "replace_password" from Marked,
    RequirePasswordChange = "require_password_change" from Member,
    CreateAccount = "create_account" from Member,
    EditPolicy = "edit_policy" from Member,
    SuspendAccount = "suspend_account" from Member,
    CloseAccount = "close_account" from Member,
    AddMember = "add_member" from Outside,
    Approve = "approve" from Waiting,
    Decline = "decline" from Waiting,
    Dismiss = "dismiss" from Member,
    Reinstate = "reinstate" from Dismissed,
    ChangeRole = "change_role" from Member,
    Block = "block" from Member,
    Unblock = "unblock" from Blocked,
    Register = "register" from Member,
    Import = "import" from Member,
    ImportAccount = "import_account" from Member,
    RequestRecovery = "request_recovery" from Member,
    SendRecovery = "send_recovery" from Member,
    Recover = "recover" from Member,
    RequestLoginChange = "request_login_change" from Member,
    ConfirmLoginChange = "confirm_login_change" from Member,
    FreezeProfile = "freeze_profile" from Member,
    SignInWithProvider = "sign_in_with_provider" from Linked,
    SignUpWithProvider = "sign_up_with_provider" from Member,
    LinkProvider = "link_provider" from Member,
    UnlinkProvider = "unlink_provider" from Linked,
    MoveLink = "move_link" from Linked,
    RequestAddress = "request_address" from SocialOnly,
    ConnectAddress = "connect_address" from SocialOnly,
    RemoveLogin = "remove_login" from Logins,
    RequestLoginRelease = "request_login_release" from Logins,
    ReleaseLogin = "release_login" from Logins,
    CancelLoginChange = "cancel_login_change" from Member,
    SetPrimaryLogin = "set_primary_login" from Logins,
    LiftFreeze = "lift_freeze" from Frozen,
    RequestRecoveryByPhone = "request_recovery_by_phone" from Logins,
    ConfirmRecoveryCode = "confirm_recovery_code" from Logins,
    ConfirmLoginCode = "confirm_login_code" from Member,
    ConfirmAuthenticator = "confirm_authenticator" from Member,
    ConfirmAuthenticatorAtSignIn = "confirm_authenticator_at_sign_in" from Lost,
    CompleteSignIn = "complete_sign_in" from Factor,
    CompleteSignInByRecoveryCode = "complete_sign_in_by_recovery_code" from Factor,
    StepUp = "step_up" from Factor,
    RenewRecoveryCodes = "renew_recovery_codes" from Factor,
    RemoveAuthenticator = "remove_authenticator" from Factor,
    TurnFactorOff = "turn_factor_off" from Factor,
    Exempt = "exempt" from Factor,
    EnterExempt = "enter_exempt" from Exempt,
    RequestFactorReset = "request_factor_reset" from Factor,
    BeginFactorReset = "begin_factor_reset" from Factor,
    KeepFactor = "keep_factor" from Factor,
    ResetFactor = "reset_factor" from Factor,
}

/// How a command was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Done(String),
    Refused(String),
    Fault(ErrorKind),
}

impl Answer {
    fn of<P>(failure: Failure<P>, code: impl FnOnce(P) -> String) -> Self {
        match failure {
            Failure::Refused(problem) => Self::Refused(code(problem)),
            Failure::Fault(fault) => Self::Fault(fault.kind()),
        }
    }
}

/// A command whose sessions are open: only itself is left to do.
pub(crate) struct Ready {
    act: Act,
    /// Ada's session where she acts, Bob's where he does.
    who: Option<Authenticated>,
    /// Ada's session where Bob acts.
    from: Option<Authenticated>,
    /// Another session of Bob's.
    other: Option<SessionHandle>,
    permit: Option<ChangePermit>,
    /// The link in Bob's mailbox, or the ticket of his page.
    link: Option<Secret<String>>,
    /// What stands beside the link, or was sent to a phone.
    code: Option<Secret<String>>,
    /// Bob's sign-in that waits for his second factor.
    pending: Option<Secret<String>>,
    /// What he shows of it.
    answer: Option<FactorAnswer>,
    /// Which authenticator it is about.
    authenticator: Option<AuthenticatorId>,
}

impl Ready {
    /// Opens what the command needs; the answer if that is refused, too.
    pub(crate) async fn make(act: Act, vestibule: &Vestibule) -> Result<Self, Answer> {
        let mut ready = Self {
            act,
            who: None,
            from: None,
            other: None,
            permit: None,
            link: None,
            code: None,
            pending: None,
            answer: None,
            authenticator: None,
        };
        match act {
            Act::Enter
            | Act::SignOut
            | Act::SignOutEverywhere
            | Act::ChangePassword
            | Act::CreateAccount
            | Act::RequestLoginChange => {
                ready.who = Some(session(vestibule, BOB).await?);
            }
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
            | Act::ChangeRole
            | Act::SendRecovery => ready.who = Some(session(vestibule, ADA).await?),
            Act::SignIn
            | Act::RequirePasswordChange
            | Act::SuspendAccount
            | Act::CloseAccount
            | Act::Block
            | Act::Unblock
            | Act::Register
            | Act::Import
            | Act::ImportAccount
            | Act::RequestRecovery
            | Act::SignInWithProvider
            | Act::SignUpWithProvider => {}
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
            Act::ConfirmLoginChange | Act::FreezeProfile => {
                let who = session(vestibule, BOB).await?;
                let change = LoginChange::replace(BOB, CLEO);
                let _ = vestibule.request_login_change(&who, change).await.map_err(refused)?;
                ready.link = letter(vestibule, NoticeKind::LoginChangeLink).await?.link;
                if act == Act::FreezeProfile {
                    let link = ready.link.take().unwrap();
                    vestibule.confirm_login_change(&who, &link).await.map_err(refused)?;
                    let told = letter(vestibule, NoticeKind::LoginLeaves).await?;
                    (ready.link, ready.code) = (told.link, told.code);
                }
                ready.who = Some(who);
            }
            Act::Recover => {
                let _ = vestibule.request_recovery(RecoveryRequest::new(BOB)).await.map_err(refused)?;
                ready.link = letter(vestibule, NoticeKind::RecoveryLink).await?.link;
            }
            Act::RemoveLogin
            | Act::RequestLoginRelease
            | Act::ReleaseLogin
            | Act::CancelLoginChange
            | Act::SetPrimaryLogin
            | Act::LiftFreeze
            | Act::RequestRecoveryByPhone
            | Act::ConfirmRecoveryCode
            | Act::ConfirmLoginCode => logins::make(&mut ready, vestibule).await?,
            Act::ConfirmAuthenticator
            | Act::ConfirmAuthenticatorAtSignIn
            | Act::CompleteSignIn
            | Act::CompleteSignInByRecoveryCode
            | Act::StepUp
            | Act::RenewRecoveryCodes
            | Act::RemoveAuthenticator
            | Act::TurnFactorOff
            | Act::Exempt
            | Act::EnterExempt
            | Act::RequestFactorReset
            | Act::BeginFactorReset
            | Act::KeepFactor
            | Act::ResetFactor => second::make(&mut ready, vestibule).await?,
        }
        Ok(ready)
    }

    /// The command itself.
    pub(crate) async fn go(self, vestibule: &Vestibule) -> Answer {
        self.done(vestibule).await.map_or_else(|answer| answer, Answer::Done)
    }

    async fn done(self, vestibule: &Vestibule) -> Result<String, Answer> {
        let (why, account) = (reason(), engines());
        let who = || self.who.as_ref().unwrap();
        let step =
            async |step| vestibule.move_member(Acting::Administrator(who()), account, bob(), step).await;
        let plain: Result<(), Failure<Refusal>> = match self.act {
            Act::SignIn => {
                let request = SignInRequest::new(BOB, RIGHT).into_account(account);
                return entered(vestibule, request).await;
            }
            Act::Enter | Act::Switch => vestibule.enter(who(), account, None).await,
            Act::SignOut => vestibule.sign_out(who()).await,
            Act::EndSession => vestibule.end_session(who(), self.other.unwrap()).await,
            Act::SignOutEverywhere => vestibule.sign_out_everywhere(who()).await,
            Act::ChangePassword => vestibule.change_password(who(), RIGHT, NEW).await.map(drop),
            Act::ReplacePassword => vestibule.replace_password(self.permit.unwrap(), NEW).await,
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
            Act::RequestRecovery => vestibule.request_recovery(RecoveryRequest::new(BOB)).await.map(drop),
            Act::SendRecovery => vestibule.send_recovery(Acting::Administrator(who()), account, bob()).await,
            Act::Recover => vestibule.recover(&self.link.unwrap(), NEW, None).await,
            Act::RequestLoginChange => {
                vestibule.request_login_change(who(), LoginChange::replace(BOB, CLEO)).await.map(drop)
            }
            Act::ConfirmLoginChange => {
                vestibule.confirm_login_change(who(), self.link.as_ref().unwrap()).await
            }
            Act::FreezeProfile => {
                vestibule.freeze_profile(&self.link.unwrap(), self.code.unwrap().expose()).await
            }
            Act::SignInWithProvider => {
                let request = ProviderSignInRequest::new(says(vestibule, HOME, BOB)).into_account(account);
                let came = vestibule.sign_in_with_provider(request).await.map_err(refused)?;
                return Ok(match came {
                    ProviderSignIn::FactorNeeded(_) => FACTOR_NEEDED.to_owned(),
                    ProviderSignIn::SignedIn(signed_in) => entry(&signed_in),
                    ProviderSignIn::UnknownLink(unknown) => unknown.because.code().to_owned(),
                });
            }
            Act::SignUpWithProvider => {
                let request = ProviderSignUpRequest::new(says(vestibule, HOME, CLEO)).has_no_profile();
                let request = vestibule.sign_up_with_provider(request.without_address());
                request.await.map(|answer| assert!(matches!(answer, ProviderSignUp::SignedUp(_))))
            }
            Act::LinkProvider => {
                vestibule.link_provider(who(), says(vestibule, HOME, "of bob")).await.map(drop)
            }
            Act::UnlinkProvider => vestibule.unlink_provider(who(), &social(HOME, BOB)).await.map(drop),
            Act::MoveLink => {
                let answer = says(vestibule, ELSEWHERE, ADA);
                vestibule.move_link(who(), self.from.as_ref().unwrap(), answer).await.map(drop)
            }
            Act::RequestAddress => {
                vestibule.request_address(who(), ConnectRequest::new(CLEO)).await.map(drop)
            }
            Act::ConnectAddress => {
                vestibule.connect_address(who(), self.link.as_ref().unwrap(), NEW).await.map(drop)
            }
            Act::RemoveLogin
            | Act::RequestLoginRelease
            | Act::ReleaseLogin
            | Act::CancelLoginChange
            | Act::SetPrimaryLogin
            | Act::LiftFreeze
            | Act::RequestRecoveryByPhone
            | Act::ConfirmRecoveryCode
            | Act::ConfirmLoginCode => return logins::done(self, vestibule).await,
            Act::ConfirmAuthenticator
            | Act::ConfirmAuthenticatorAtSignIn
            | Act::CompleteSignIn
            | Act::CompleteSignInByRecoveryCode
            | Act::StepUp
            | Act::RenewRecoveryCodes
            | Act::RemoveAuthenticator
            | Act::TurnFactorOff
            | Act::Exempt
            | Act::EnterExempt
            | Act::RequestFactorReset
            | Act::BeginFactorReset
            | Act::KeepFactor
            | Act::ResetFactor => return second::done(self, vestibule).await,
        };
        told(plain)
    }
}

fn told<T>(answer: Result<T, Failure<Refusal>>) -> Result<String, Answer> {
    answer.map(|_| "done".to_owned()).map_err(refused)
}

/// The link or the code of this kind that waits for Bob.
pub(crate) async fn letter(vestibule: &Vestibule, kind: NoticeKind) -> Result<WaitingMessage, Answer> {
    let waiting = vestibule.waiting_messages(None, 1000).await.unwrap();
    let told = |one: &WaitingMessage| one.notice.kind == kind && (one.link.is_some() || one.code.is_some());
    let found = waiting.messages.into_iter().find(told);
    found.ok_or_else(|| Answer::Refused(format!("no {kind:?} waits")))
}

/// A session, signed in and authenticated.
pub(crate) async fn session(vestibule: &Vestibule, login: &str) -> Result<Authenticated, Answer> {
    opened(vestibule, SignInRequest::new(login, RIGHT)).await
}

/// Signs in; whether the account was entered, or why not.
pub(crate) async fn entered(vestibule: &Vestibule, request: SignInRequest) -> Result<String, Answer> {
    Ok(match vestibule.sign_in(request).await.map_err(refused)? {
        SignIn::FactorNeeded(_) => FACTOR_NEEDED.to_owned(),
        SignIn::SignedIn(signed_in) => entry(&signed_in),
        SignIn::PasswordChangeNeeded { because, .. } => because.code().to_owned(),
    })
}

fn entry(signed_in: &SignedIn) -> String {
    match &signed_in.entered {
        Some(Err(refusal)) => format!("signed in, {}", refusal.code()),
        _ => ENTERED.to_owned(),
    }
}

/// What a provider says of somebody, now.
fn says(vestibule: &Vestibule, issuer: &str, login: &str) -> ProviderAnswer {
    ProviderAnswer::Identity(ProviderIdentity::verified_by_host(social(issuer, login), vestibule.now()))
}

/// Bob's session by his social account.
async fn by_link(vestibule: &Vestibule) -> Result<Authenticated, Answer> {
    let request = ProviderSignInRequest::new(says(vestibule, HOME, BOB));
    match vestibule.sign_in_with_provider(request).await.map_err(refused)? {
        ProviderSignIn::FactorNeeded(_) => Err(Answer::Refused(FACTOR_NEEDED.to_owned())),
        ProviderSignIn::SignedIn(signed_in) => {
            vestibule.authenticate(&signed_in.token).await.map_err(refused)
        }
        ProviderSignIn::UnknownLink(unknown) => Err(Answer::Refused(unknown.because.code().to_owned())),
    }
}

/// The answer of a sign-in that waits for the second factor.
const FACTOR_NEEDED: &str = "the second factor is needed";

/// The answer of a sign-in that led into the account.
pub(crate) const ENTERED: &str = "entered";

async fn opened(vestibule: &Vestibule, request: SignInRequest) -> Result<Authenticated, Answer> {
    let token: Secret<String> = match vestibule.sign_in(request).await.map_err(refused)? {
        SignIn::FactorNeeded(pending) => match second::by_recovery_code(vestibule, &pending.token).await? {
            SignIn::SignedIn(signed_in) => signed_in.token,
            _ => return Err(Answer::Refused("it is marked".to_owned())),
        },
        SignIn::SignedIn(signed_in) => signed_in.token,
        SignIn::PasswordChangeNeeded { because, .. } => {
            return Err(Answer::Refused(because.code().to_owned()));
        }
    };
    vestibule.authenticate(&token).await.map_err(refused)
}

fn refused(failure: Failure<Refusal>) -> Answer {
    Answer::of(failure, |refusal| refusal.code().to_owned())
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
