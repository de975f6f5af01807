//! People with a second factor: an app that holds a secret, and what they do with it.

use core::time::Duration;

use vestibule::{
    Authenticated, Enrolled, Enrolling, FactorAnswer, NoticeKind, PendingSignIn, Resumed, SignIn,
    SignInRequest, SignedIn, WaitingMessage,
};
use vestibule_core::{Failure, Refusal, Secret, Timestamp};
use vestibule_mfa::{AuthenticatorId, AuthenticatorName, Parameters, PendingEnrolment, code_at};

use crate::world::{RIGHT, World, block_on};

/// An app that holds the secret of an authenticator.
pub(crate) struct App {
    pub(crate) id: AuthenticatorId,
    secret: Secret<Vec<u8>>,
}

impl App {
    /// Scans what an enrolling person is shown.
    pub(crate) fn scan(begun: &PendingEnrolment) -> Self {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let key = begun.manual_key();
        let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
        // EXPOSE: what a person types into the app.
        for typed in key.expose().bytes().filter(|byte| *byte != b' ') {
            bits = bits << 5 | u32::try_from(ALPHABET.iter().position(|one| *one == typed).unwrap()).unwrap();
            held += 5;
            if held >= 8 {
                held -= 8;
                bytes.push(u8::try_from(bits >> held & 255).unwrap());
            }
        }
        Self { id: begun.id(), secret: Secret::new(bytes) }
    }

    #[allow(dead_code, reason = "the promises look for it where it must not be")]
    pub(crate) fn secret_bytes(&self) -> Vec<u8> {
        // EXPOSE: a test looks for it where it must not be.
        self.secret.expose().clone()
    }

    /// The code of a moment, some steps later or earlier.
    pub(crate) fn code(&self, now: Timestamp, steps: i64) -> Secret<String> {
        let step = Parameters::default().step_at(now).checked_add_signed(steps).unwrap();
        code_at(Parameters::default(), &self.secret, step).unwrap()
    }

    pub(crate) fn answer(&self, now: Timestamp, steps: i64) -> FactorAnswer {
        FactorAnswer::Code(self.code(now, steps))
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
