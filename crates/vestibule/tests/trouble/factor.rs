//! Bob's second factor. Every process knows it: its secrets are drawn alike wherever it is set up.

use core::cell::Cell;
use std::sync::OnceLock;

use vestibule::{
    Authenticated, Enrolling, FactorAnswer, ProviderSignIn, ProviderSignInRequest, Resumed, SignIn,
    SignInRequest, SignedIn, Vestibule,
};
use vestibule_conformance::block_on;
use vestibule_core::{Entropy, EntropyError, MemoryStore, Secret, SystemEntropy, Timestamp};
use vestibule_mfa::{AuthenticatorId, AuthenticatorName};

use crate::acts::{by_link, says, session};
use crate::cast::{BOB, HOME, RIGHT, Start, deployment, settle};

thread_local! {
    /// The next draw, while they are alike everywhere.
    static ALIKE: Cell<Option<u8>> = const { Cell::new(None) };
}

/// The machine's, but for what is set up before a scene begins.
pub(crate) struct Draws;

impl Entropy for Draws {
    fn try_fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        let Some(draw) = ALIKE.get() else { return SystemEntropy.try_fill(out) };
        ALIKE.set(Some(draw + 1));
        for (byte, place) in out.iter_mut().zip(1_u8..) {
            *byte = draw.wrapping_mul(29).wrapping_add(place.wrapping_mul(83));
        }
        Ok(())
    }
}

#[path = "../flows/authenticator.rs"]
mod authenticator;

pub(crate) use authenticator::App;

/// What Bob keeps.
pub(crate) struct Kept {
    app: App,
    codes: Vec<String>,
    /// The token of the device that he had remembered, where he had.
    device: String,
}

impl Kept {
    /// The code of his app. The one before it set the app up.
    pub(crate) fn code(&self, now: Timestamp) -> FactorAnswer {
        FactorAnswer::code(self.app.code(now, 0))
    }

    pub(crate) fn app(&self) -> AuthenticatorId {
        self.app.id
    }

    /// A code that he uses for nothing else.
    pub(crate) fn last_code(&self) -> FactorAnswer {
        FactorAnswer::recovery_code(self.codes.last().unwrap().clone())
    }

    pub(crate) fn device(&self) -> Secret<String> {
        Secret::new(self.device.clone())
    }

    /// Those with which he signs in on the way to something, in turn.
    pub(crate) fn codes(&self) -> impl Iterator<Item = FactorAnswer> {
        let but_the_last = self.codes.len() - 1;
        self.codes.iter().take(but_the_last).cloned().map(FactorAnswer::recovery_code)
    }
}

/// What Bob keeps once a scene has set his factor up.
pub(crate) fn kept() -> &'static Kept {
    static KEPT: OnceLock<Kept> = OnceLock::new();
    KEPT.get_or_init(|| {
        block_on(async {
            let vestibule = deployment(MemoryStore::in_memory());
            settle(&vestibule, Start::Member).await;
            let mut kept = set_up(&vestibule, Start::Factor).await;
            remember(&vestibule, &mut kept).await;
            kept
        })
    })
}

/// Gives Bob a second factor, and signs him in by it once, so that his password counts if it is lost.
pub(crate) async fn set_up(vestibule: &Vestibule, start: Start) -> Kept {
    let who = match start {
        Start::SocialFactor => by_link(vestibule).await.unwrap(),
        _ => session(vestibule, BOB).await.unwrap(),
    };
    ALIKE.set(Some(0));
    let app = begin(vestibule, Enrolling::Session(&who)).await.unwrap();
    ALIKE.set(Some(100));
    let code = app.code(vestibule.now(), -1);
    let enrolled = vestibule.confirm_authenticator(Enrolling::Session(&who), app.id, &code, None).await;
    ALIKE.set(None);
    let sheet = enrolled.unwrap().sheet.unwrap();
    let codes = sheet.codes().iter().map(|code| code.render().expose().clone()).collect();
    let kept = Kept { app, codes, device: String::new() };
    let pending = pending(vestibule, start).await;
    let first = kept.codes().next().unwrap();
    let signed_in = signed_in(vestibule.complete_sign_in(&pending, first, None).await.unwrap().outcome);
    // No session is left whose slot a sign-in could guess, and commit once more.
    let who = vestibule.authenticate(&signed_in.token).await.unwrap();
    vestibule.sign_out_everywhere(&who).await.unwrap();
    kept
}

/// Has Bob's device remembered, and leaves no session.
pub(crate) async fn remember(vestibule: &Vestibule, kept: &mut Kept) {
    let pending = pending(vestibule, Start::Remembered).await;
    let second = kept.codes().nth(1).unwrap();
    ALIKE.set(Some(200));
    let completed = vestibule.complete_and_remember(&pending, second, None).await;
    ALIKE.set(None);
    let signed_in = signed_in(completed.unwrap().outcome);
    let who = vestibule.authenticate(&signed_in.token).await.unwrap();
    vestibule.sign_out(&who).await.unwrap();
    kept.device.clone_from(signed_in.device.unwrap().expose());
}

/// Bob's sign-in, which waits for his second factor.
async fn pending(vestibule: &Vestibule, start: Start) -> Secret<String> {
    if start == Start::SocialFactor {
        let request = ProviderSignInRequest::new(says(vestibule, HOME, BOB));
        match vestibule.sign_in_with_provider(request).await.unwrap() {
            ProviderSignIn::FactorNeeded(pending) => return pending.token,
            other => panic!("he has a second factor: {other:?}"),
        }
    }
    match vestibule.sign_in(SignInRequest::new(BOB, RIGHT)).await.unwrap() {
        SignIn::FactorNeeded(pending) => pending.token,
        other => panic!("he has a second factor: {other:?}"),
    }
}

fn signed_in(outcome: SignIn) -> SignedIn {
    match outcome {
        SignIn::SignedIn(signed_in) => signed_in,
        other => panic!("it is not marked: {other:?}"),
    }
}

/// Begins an authenticator, and scans it.
pub(crate) async fn begin(
    vestibule: &Vestibule,
    who: Enrolling<'_>,
) -> Result<App, vestibule_core::Failure<vestibule_core::Refusal>> {
    let name = AuthenticatorName::parse("phone").unwrap();
    vestibule.begin_authenticator(who, &name).await.map(|begun| App::scan(&begun))
}

/// The session that goes on.
pub(crate) async fn resumed(
    vestibule: &Vestibule,
    resumed: Resumed,
) -> Result<Authenticated, vestibule_core::Failure<vestibule_core::Refusal>> {
    match resumed {
        Resumed::Session { token, .. } => vestibule.authenticate(&token).await,
        Resumed::SignedIn(signed_in) => vestibule.authenticate(&signed_in.token).await,
        Resumed::PasswordChangeNeeded { because, .. } => Err(vestibule_core::Failure::Refused(because)),
    }
}
