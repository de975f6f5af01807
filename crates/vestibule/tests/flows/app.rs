//! People with a second factor: an app that holds a secret, and what they do with it.

use core::time::Duration;

use vestibule::{
    Authenticated, Enrolled, Enrolling, FactorAnswer, NoticeKind, PendingSignIn, Resumed, SignIn,
    SignInRequest, SignedIn, WaitingMessage,
};
use vestibule_core::{Failure, Refusal, Timestamp};
use vestibule_mfa::AuthenticatorName;

use crate::world::{RIGHT, World, block_on};

#[path = "authenticator.rs"]
mod authenticator;

pub(crate) use authenticator::App;

impl App {
    pub(crate) fn answer(&self, now: Timestamp, steps: i64) -> FactorAnswer {
        FactorAnswer::code(self.code(now, steps))
    }
}

impl World {
    pub(crate) fn now(&self) -> Timestamp {
        self.vestibule.now()
    }

    pub(crate) fn begin(&self, who: &Authenticated) -> App {
        let name = AuthenticatorName::parse("phone").unwrap();
        App::scan(&block_on(self.vestibule.begin_authenticator(Enrolling::Session(who), &name)).unwrap())
    }

    pub(crate) fn confirm(&self, who: &Authenticated, app: &App) -> Enrolled {
        let code = app.code(self.now(), 0);
        let enrolling = Enrolling::Session(who);
        block_on(self.vestibule.confirm_authenticator(enrolling, app.id, &code, None)).unwrap()
    }

    /// Gives somebody a second factor: the app, the recovery codes, and the session that went on.
    pub(crate) fn enrol(&self, login: &str) -> (App, Vec<String>, Authenticated) {
        let who = self.session(login);
        let app = self.begin(&who);
        let enrolled = self.confirm(&who, &app);
        let sheet = enrolled.sheet.unwrap();
        // EXPOSE: the person keeps them.
        let codes = sheet.codes().iter().map(|code| code.render().expose().clone()).collect();
        (app, codes, self.resumed(enrolled.resumed))
    }

    pub(crate) fn resumed(&self, resumed: Resumed) -> Authenticated {
        let token = match resumed {
            Resumed::Session { token, .. } => token,
            Resumed::SignedIn(signed_in) => signed_in.token,
            Resumed::PasswordChangeNeeded { because, .. } => panic!("{}", because.code()),
        };
        self.authenticate(&token).unwrap()
    }

    pub(crate) fn pending(&self, request: SignInRequest) -> PendingSignIn {
        match self.try_in(request).unwrap() {
            SignIn::FactorNeeded(pending) => pending,
            SignIn::SignedIn(_) => panic!("PR-14: a session without the second factor"),
            SignIn::PasswordChangeNeeded { .. } => panic!("PR-14: a permit without the second factor"),
        }
    }

    pub(crate) fn complete(
        &self,
        pending: &PendingSignIn,
        answer: FactorAnswer,
    ) -> Result<SignedIn, Failure<Refusal>> {
        block_on(self.vestibule.complete_sign_in(&pending.token, answer, None)).map(|completed| {
            match completed.outcome {
                SignIn::SignedIn(signed_in) => signed_in,
                other => panic!("{other:?}"),
            }
        })
    }

    /// What waits for this person's mailboxes, by kind.
    pub(crate) fn told_by_mail(&self, kind: NoticeKind) -> usize {
        let page = block_on(self.vestibule.waiting_messages(None, 1000)).unwrap();
        page.messages.iter().filter(|message| message.notice.kind == kind).count()
    }

    /// The message of this kind that waits and carries a link.
    pub(crate) fn link_of(&self, kind: NoticeKind) -> WaitingMessage {
        let page = block_on(self.vestibule.waiting_messages(None, 1000)).unwrap();
        let found = page.messages.into_iter().find(|message| message.notice.kind == kind);
        found.unwrap_or_else(|| panic!("no {kind:?} waits"))
    }

    pub(crate) fn next_step(&self) {
        self.clock.advance(Duration::from_secs(30));
    }
}

/// A sign-in with the right password.
pub(crate) fn login(name: &str) -> SignInRequest {
    SignInRequest::new(name, RIGHT)
}

/// The code of a refusal.
pub(crate) fn code_of<T>(result: Result<T, Failure<Refusal>>) -> &'static str {
    crate::world::refused(result).code()
}
