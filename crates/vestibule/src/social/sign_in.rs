//! Signing in by a social account: a link opens its profile, and nothing else does.

use vestibule_core::{AccountId, ClientAddress, Failure, Identifier, Refusal, Secret};
use vestibule_journal::RefusedBy;
use vestibule_profiles::ProfilesRead;
use vestibule_sessions::{Amr, DeviceLabel, Evidence};
use vestibule_throttle::ChallengePassed;

use super::answer::ProviderAnswer;
use super::problem::SocialProblem;
use crate::entering::{Entering, Moved, Places};
use crate::factor::{PendingSignIn, Shown};
use crate::refuse::Attempt;
use crate::sign_in::SignedIn;
use crate::vestibule::{ROUNDS, Vestibule, busy};

/// Somebody comes back from an identity provider.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProviderSignInRequest {
    /// What the provider said.
    pub answer: ProviderAnswer,
    /// The account they want to enter; `None`: only to sign in.
    pub account: Option<AccountId>,
    /// The client's address, as the host knows it.
    pub client: Option<ClientAddress>,
    /// The known-device token that the browser holds.
    pub device: Option<Secret<String>>,
    /// The host's word that its challenge was passed.
    pub challenge: Option<ChallengePassed>,
    /// The host's name of the device, shown in the person's list of sessions.
    pub label: DeviceLabel,
    /// Whether the device becomes a known one, if it is not yet.
    pub leaves_device: bool,
}

impl ProviderSignInRequest {
    /// With this answer, from a client that the host does not name.
    #[must_use]
    pub fn new(answer: ProviderAnswer) -> Self {
        Self {
            answer,
            account: None,
            client: None,
            device: None,
            challenge: None,
            label: DeviceLabel::default(),
            leaves_device: true,
        }
    }

    /// On the way into this account.
    #[must_use]
    pub const fn into_account(mut self, account: AccountId) -> Self {
        self.account = Some(account);
        self
    }

    /// From this client.
    #[must_use]
    pub fn from_client(mut self, client: impl Into<ClientAddress>) -> Self {
        self.client = Some(client.into());
        self
    }

    /// With the known-device token that an earlier sign-in left.
    #[must_use]
    pub fn device(mut self, token: Secret<String>) -> Self {
        self.device = Some(token);
        self
    }

    /// With the host's word that its challenge was passed.
    #[must_use]
    pub fn challenge(mut self, passed: ChallengePassed) -> Self {
        self.challenge = Some(passed);
        self
    }

    /// Named so in the person's list of sessions.
    #[must_use]
    pub fn label(mut self, label: DeviceLabel) -> Self {
        self.label = label;
        self
    }

    /// Leaving no known device behind.
    #[must_use]
    pub const fn leaving_no_device(mut self) -> Self {
        self.leaves_device = false;
        self
    }
}

/// What comes of a social account.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a host that overlooks a way to go on would strand people there")]
pub enum ProviderSignIn {
    /// The profile that has the link has a second factor: there is no session before it is shown (P13). Hand the token, within
    /// ten minutes, to [`Vestibule::complete_sign_in`].
    FactorNeeded(PendingSignIn),
    /// The profile that has the link is signed in.
    SignedIn(SignedIn),
    /// No profile has it. Nothing was created, and nobody was looked for by an address.
    UnknownLink(UnknownLink),
}

/// Nobody has linked the social account (P5b, P5f). What to offer is the host's part; nothing happens by itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct UnknownLink {
    /// Whether the person may link it to a profile of theirs, signed in there in another way: see
    /// [`Vestibule::link_provider`].
    pub may_link_after_sign_in: bool,
    /// Whether the person may sign up by it: see [`Vestibule::sign_up_with_provider`].
    pub may_sign_up: bool,
    /// What to tell the person.
    pub because: Refusal,
}

impl Vestibule {
    /// Signs a person in by a social account, under the same windows, blocks, admission, sessions, known devices and audit as
    /// by a password.
    ///
    /// The link is found by issuer and subject alone. One that nobody has creates no profile, and the address that came with
    /// it finds none.
    ///
    /// # Errors
    ///
    /// `social.denied`, `social.unreachable`, `social.not_offered`, `social.answer_too_old`, `throttle.wait`,
    /// `throttle.challenge_required`. After proof: `profile.blocked`, `profile.blocked_until`.
    ///
    /// # Example
    ///
    /// ```
    /// use vestibule::{ProviderAnswer, ProviderIdentity, ProviderSignIn, ProviderSignInRequest, Vestibule};
    /// use vestibule_core::{Failure, Refusal, SocialSubject};
    ///
    /// # async fn example(vestibule: Vestibule, subject: SocialSubject) -> Result<(), Failure<Refusal>> {
    /// // The host has checked what came back from the provider: signature, audience, nonce, state.
    /// let identity = ProviderIdentity::verified_by_host(subject, vestibule.now());
    /// let request = ProviderSignInRequest::new(ProviderAnswer::Identity(identity));
    /// match vestibule.sign_in_with_provider(request).await? {
    ///     ProviderSignIn::FactorNeeded(pending) => println!("a code, until {}", pending.expires_at),
    ///     ProviderSignIn::SignedIn(signed_in) => println!("session {}", signed_in.session),
    ///     ProviderSignIn::UnknownLink(unknown) => {
    ///         println!("{}", unknown.because.public().text);
    ///         println!("sign up: {}", unknown.may_sign_up);
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn sign_in_with_provider(
        &self,
        request: ProviderSignInRequest,
    ) -> Result<ProviderSignIn, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let attempt = |key| Attempt { key, client: request.client, account: request.account, now };
        let nobody = vestibule_core::AddressKey::from_bytes([0; 32]);
        let (identity, provider) = inner.vet(request.answer, attempt(nobody)).await?;
        let link = Identifier::from(identity.subject().clone());
        let (kind, key) = (link.kind(), link.key());
        let attempt = attempt(key);
        let mut view = inner.view(kind, attempt, request.device.as_ref()).await?;
        let entering = Entering {
            evidence: Evidence { amr: Amr::Federated, at: identity.at() },
            second: None,
            generation: None,
            label: request.label,
            device: view.device_key(),
            leaves_device: request.leaves_device && !view.has_known_device(),
            factor: None,
            remembers: false,
            by_device: None,
        };
        let windows = match inner.take_windows(&view, attempt, request.challenge.as_ref()).await? {
            Ok(windows) => windows,
            Err(problem) => return inner.refuse_at_door(&problem, attempt, RefusedBy::Window).await,
        };
        let mut places = Places::of(&view);
        for _ in 0..ROUNDS {
            let Some(profile) = view.read.profile.clone().filter(|_| view.known()) else {
                let may_sign_up = provider.signs_up();
                let problem =
                    if may_sign_up { SocialProblem::UnknownLink } else { SocialProblem::SignUpClosed };
                let because =
                    inner.refuse_before_proof(&problem, attempt, RefusedBy::Window, Vec::new()).await?;
                let unknown = UnknownLink { may_link_after_sign_in: true, may_sign_up, because };
                return Ok(ProviderSignIn::UnknownLink(unknown));
            };
            // Asked once more, after the profile: whatever takes a link away moves the profile's epoch, which the commit
            // requires to be the one that was read before this.
            let owner = inner.store.identifier_owner(kind, key).await?.map(|own| own.subject);
            if owner != Some(profile.subject) {
                view = inner.view(kind, attempt, request.device.as_ref()).await?;
                places = Places::of(&view);
                continue;
            }
            if let Some(block) = profile.blocked_at(now) {
                return Err(Failure::Refused(inner.refuse_blocked(block, profile.subject, attempt).await?));
            }
            let id = inner.batch_id(now)?;
            if profile.factor_since.is_some() {
                // The social account is the first factor, whatever the provider asked for.
                let shown = Shown::provider(&profile, (kind, attempt), &entering, id);
                let pending = inner.pending_of(&shown, &profile, now).await?;
                let _ = inner.throttle.settle(windows).await;
                return Ok(ProviderSignIn::FactorNeeded(pending));
            }
            match inner.let_in(attempt, &profile, &entering, &places, (id, Vec::new())).await? {
                Ok(signed_in) => {
                    // It has landed: windows that could not be given back err on the strict side, and end.
                    let _ = inner.throttle.settle(windows).await;
                    return Ok(ProviderSignIn::SignedIn(signed_in));
                }
                Err(moved) => {
                    if moved == Moved::Something {
                        view = inner.view(kind, attempt, request.device.as_ref()).await?;
                        places = Places::of(&view);
                    }
                    inner.look_again(Moved::Slots, view.subject, attempt, &mut places).await?;
                }
            }
        }
        Err(busy().into())
    }
}
