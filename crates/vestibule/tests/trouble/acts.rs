//! Every command of the facade, each with what comes before it and how it was answered.

#[path = "acts_doors.rs"]
mod doors;
#[path = "acts_logins.rs"]
mod logins;
#[path = "acts_people.rs"]
mod people;
#[path = "acts_reset.rs"]
mod reset;
#[path = "acts_factor.rs"]
mod second;
#[path = "acts_signing_up.rs"]
mod signing_up;
#[path = "acts_social.rs"]
mod social;

use vestibule::{
    Authenticated, ChangePermit, FactorAnswer, NoticeKind, ProviderAnswer, ProviderIdentity, ProviderSignIn,
    ProviderSignInRequest, Sent, SignIn, SignInRequest, SignedIn, Vestibule, WaitingMessage,
};
use vestibule_core::{ErrorKind, Failure, Refusal, Secret, SessionHandle};
use vestibule_mfa::AuthenticatorId;

use crate::cast::{BOB, HOME, RIGHT, Start};
use crate::factor::kept;

macro_rules! acts {
    ($($group:ident { $($act:ident = $name:literal from $start:ident,)+ })+) => {
        /// A command.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Act { $($($act,)+)+ }

        /// Commands of one file.
        #[derive(Clone, Copy)]
        enum Group { $($group,)+ }

        impl Act {
            pub(crate) const ALL: &[Self] = &[$($(Self::$act,)+)+];

            pub(crate) const fn name(self) -> &'static str {
                match self { $($(Self::$act => $name,)+)+ }
            }

            /// In which scene it can be done.
            pub(crate) const fn start(self) -> Start {
                match self { $($(Self::$act => Start::$start,)+)+ }
            }

            const fn group(self) -> Group {
                match self { $($(Self::$act => Group::$group,)+)+ }
            }

            pub(crate) fn named(name: &str) -> Self {
                *Self::ALL.iter().find(|act| act.name() == name).unwrap()
            }
        }
    };
}

acts! {
    People {
        SignIn = "sign_in" from Member,
        Enter = "enter" from Member,
        Switch = "switch" from Elsewhere,
        SignOut = "sign_out" from Member,
        EndSession = "end_session" from Member,
        SignOutEverywhere = "sign_out_everywhere" from Member,
        ChangePassword = "change_password" from Member,
        ReplacePassword = "replace_password" from Marked,
        RequirePasswordChange = "require_password_change" from Member,
        ConfirmPassword = "confirm_password" from Member,
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
    }
    Logins {
        RequestRecovery = "request_recovery" from Member,
        SendRecovery = "send_recovery" from Member,
        Recover = "recover" from Member,
        RequestLoginChange = "request_login_change" from Member,
        ConfirmLoginChange = "confirm_login_change" from Member,
        FreezeProfile = "freeze_profile" from Member,
        RemoveLogin = "remove_login" from Logins,
        RequestLoginRelease = "request_login_release" from Logins,
        ReleaseLogin = "release_login" from Logins,
        CancelLoginChange = "cancel_login_change" from Member,
        SetPrimaryLogin = "set_primary_login" from Logins,
        PropagateLogin = "propagate_login" from Logins,
        LiftFreeze = "lift_freeze" from Frozen,
        RequestRecoveryByPhone = "request_recovery_by_phone" from Logins,
        ConfirmRecoveryCode = "confirm_recovery_code" from Logins,
        ConfirmLoginCode = "confirm_login_code" from Member,
    }
    Social {
        SignInWithProvider = "sign_in_with_provider" from Linked,
        SignUpWithProvider = "sign_up_with_provider" from Member,
        LinkProvider = "link_provider" from Member,
        UnlinkProvider = "unlink_provider" from Linked,
        MoveLink = "move_link" from Linked,
        RequestAddress = "request_address" from SocialOnly,
        ConnectAddress = "connect_address" from SocialOnly,
        ConfirmAddressCode = "confirm_address_code" from SocialOnly,
    }
    SigningUp {
        RequestSignUp = "request_sign_up" from Member,
        ConfirmSignUp = "confirm_sign_up" from Member,
        ConfirmSignUpCode = "confirm_sign_up_code" from Member,
        ConfirmSignUpWithProvider = "confirm_sign_up_with_provider" from Member,
    }
    Factor {
        BeginAuthenticator = "begin_authenticator" from Factor,
        ConfirmAuthenticator = "confirm_authenticator" from Member,
        ConfirmAuthenticatorAtSignIn = "confirm_authenticator_at_sign_in" from Lost,
        RenameAuthenticator = "rename_authenticator" from Factor,
        CompleteSignIn = "complete_sign_in" from Factor,
        CompleteSignInByRecoveryCode = "complete_sign_in_by_recovery_code" from Factor,
        StepUp = "step_up" from Factor,
        RenewRecoveryCodes = "renew_recovery_codes" from Factor,
        RemoveAuthenticator = "remove_authenticator" from Factor,
        TurnFactorOff = "turn_factor_off" from Factor,
        TurnFactorOffWithoutPassword = "turn_factor_off_without_password" from SocialFactor,
        LiftFreezeByFactor = "lift_freeze_by_factor" from FrozenFactor,
    }
    Doors {
        Exempt = "exempt" from Factor,
        EnterExempt = "enter_exempt" from Exempt,
        AskForAccess = "ask_for_access" from Factor,
        CompleteAndRemember = "complete_and_remember" from Factor,
        EnterRemembered = "enter_remembered" from Remembered,
        ForgetDevice = "forget_device" from Remembered,
    }
    Reset {
        RequestFactorReset = "request_factor_reset" from Factor,
        BeginFactorReset = "begin_factor_reset" from Factor,
        BeginFactorResetByTwo = "begin_factor_reset_by_two" from Unproven,
        KeepFactor = "keep_factor" from Factor,
        KeepFactorByCode = "keep_factor_by_code" from Factor,
        ResetFactor = "reset_factor" from Factor,
    }
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
    /// Another session of Bob's, or his device.
    other: Option<SessionHandle>,
    permit: Option<ChangePermit>,
    /// The link in Bob's mailbox.
    link: Option<Secret<String>>,
    /// The ticket of his page.
    ticket: Option<Secret<String>>,
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
            ticket: None,
            code: None,
            pending: None,
            answer: None,
            authenticator: None,
        };
        match act.group() {
            Group::People => people::make(&mut ready, vestibule).await?,
            Group::Logins => logins::make(&mut ready, vestibule).await?,
            Group::Social => social::make(&mut ready, vestibule).await?,
            Group::SigningUp => signing_up::make(&mut ready, vestibule).await?,
            Group::Factor => second::make(&mut ready, vestibule).await?,
            Group::Doors => doors::make(&mut ready, vestibule).await?,
            Group::Reset => reset::make(&mut ready, vestibule).await?,
        }
        Ok(ready)
    }

    /// The command itself.
    pub(crate) async fn go(self, vestibule: &Vestibule) -> Answer {
        let done = match self.act.group() {
            Group::People => people::done(self, vestibule).await,
            Group::Logins => logins::done(self, vestibule).await,
            Group::Social => social::done(self, vestibule).await,
            Group::SigningUp => signing_up::done(self, vestibule).await,
            Group::Factor => second::done(self, vestibule).await,
            Group::Doors => doors::done(self, vestibule).await,
            Group::Reset => reset::done(self, vestibule).await,
        };
        done.map_or_else(|answer| answer, Answer::Done)
    }

    /// Whose session it is.
    fn who(&self) -> &Authenticated {
        self.who.as_ref().unwrap()
    }

    fn link(&self) -> &Secret<String> {
        self.link.as_ref().unwrap()
    }

    fn ticket(&self) -> &Secret<String> {
        self.ticket.as_ref().unwrap()
    }

    /// As it is typed.
    fn code(&self) -> &str {
        self.code.as_ref().unwrap().expose()
    }

    fn pending(&self) -> &Secret<String> {
        self.pending.as_ref().unwrap()
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

/// A session, signed in and authenticated; Bob's by his social account where he has no password.
pub(crate) async fn session(vestibule: &Vestibule, login: &str) -> Result<Authenticated, Answer> {
    match opened(vestibule, SignInRequest::new(login, RIGHT)).await {
        Err(none) if login == BOB && none == no_password() => by_link(vestibule).await.map_err(|_| none),
        other => other,
    }
}

/// How Bob is refused where he has a social account and nothing else.
fn no_password() -> Answer {
    Answer::Refused("sign_in.login_unknown".to_owned())
}

/// Signs in; whether the account was entered, or why not.
pub(crate) async fn entered(vestibule: &Vestibule, request: SignInRequest) -> Result<String, Answer> {
    Ok(match vestibule.sign_in(request).await.map_err(refused)? {
        SignIn::FactorNeeded(_) => FACTOR_NEEDED.to_owned(),
        SignIn::SignedIn(signed_in) => entry(&signed_in),
        SignIn::PasswordChangeNeeded { because, .. } => because.code().to_owned(),
    })
}

/// The same, and where the second factor is asked for, the code of Bob's app.
pub(crate) async fn entered_by_both(vestibule: &Vestibule, request: SignInRequest) -> Result<String, Answer> {
    match vestibule.sign_in(request).await.map_err(refused)? {
        SignIn::FactorNeeded(pending) => {
            let code = kept().code(vestibule.now());
            let completed = vestibule.complete_sign_in(&pending.token, code, None).await.map_err(refused)?;
            Ok(second::outcome(&completed.outcome))
        }
        done => Ok(second::outcome(&done)),
    }
}

fn entry(signed_in: &SignedIn) -> String {
    match &signed_in.entered {
        Some(Err(refusal)) => format!("signed in, {}", refusal.code()),
        _ => ENTERED.to_owned(),
    }
}

/// What a provider says of somebody, now.
pub(crate) fn says(vestibule: &Vestibule, issuer: &str, login: &str) -> ProviderAnswer {
    ProviderAnswer::Identity(ProviderIdentity::verified_by_host(
        crate::cast::social(issuer, login),
        vestibule.now(),
    ))
}

/// Bob's session by his social account.
pub(crate) async fn by_link(vestibule: &Vestibule) -> Result<Authenticated, Answer> {
    let request = ProviderSignInRequest::new(says(vestibule, HOME, BOB));
    let token = match vestibule.sign_in_with_provider(request).await.map_err(refused)? {
        ProviderSignIn::FactorNeeded(pending) => completed(vestibule, &pending.token).await?,
        ProviderSignIn::SignedIn(signed_in) => signed_in.token,
        ProviderSignIn::UnknownLink(unknown) => {
            return Err(Answer::Refused(unknown.because.code().to_owned()));
        }
    };
    vestibule.authenticate(&token).await.map_err(refused)
}

/// The answer of a sign-in that waits for the second factor.
const FACTOR_NEEDED: &str = "the second factor is needed";

/// The answer of a sign-in that led into the account.
pub(crate) const ENTERED: &str = "entered";

async fn opened(vestibule: &Vestibule, request: SignInRequest) -> Result<Authenticated, Answer> {
    let token: Secret<String> = match vestibule.sign_in(request).await.map_err(refused)? {
        SignIn::FactorNeeded(pending) => completed(vestibule, &pending.token).await?,
        SignIn::SignedIn(signed_in) => signed_in.token,
        SignIn::PasswordChangeNeeded { because, .. } => {
            return Err(Answer::Refused(because.code().to_owned()));
        }
    };
    vestibule.authenticate(&token).await.map_err(refused)
}

/// Completes Bob's sign-in by one of his recovery codes.
async fn completed(vestibule: &Vestibule, pending: &Secret<String>) -> Result<Secret<String>, Answer> {
    match second::by_recovery_code(vestibule, pending).await? {
        SignIn::SignedIn(signed_in) => Ok(signed_in.token),
        _ => Err(Answer::Refused("it is marked".to_owned())),
    }
}

/// What the page keeps until a code is typed.
fn ticket(sent: Sent) -> Secret<String> {
    match sent {
        Sent::Code(sent) => sent.ticket,
        Sent::Message => panic!("a message was sent, and no code"),
    }
}

fn refused(failure: Failure<Refusal>) -> Answer {
    Answer::of(failure, |refusal| refusal.code().to_owned())
}
