//! Signing up by a social account: explicit, and only what is proven comes into being.

use vestibule_checkword::decide::redeem;
use vestibule_checkword::{CheckwordRead, Intent, Problem as WordProblem, purpose};
use vestibule_core::{
    AddressKey, ClientAddress, Error, Failure, Identifier, Refusal, Registered, Secret, SubjectId, Timestamp,
};
use vestibule_journal::{Draft, EventActor, EventKind, RefusedBy};
use vestibule_profiles::{Problem, ProfilesGuard, ProfilesRead, decide as profiles};

use super::answer::{ProviderAnswer, ProviderIdentity};
use super::problem::SocialProblem;
use super::vet::{believed, noted_hint};
use crate::phone::Sent;
use crate::recover::Advice;
use crate::refuse::Attempt;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::writes::{AnyGuard, AnyWrite};

/// Somebody wants a profile that a social account opens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderSignUpRequest {
    /// What the provider said.
    pub answer: ProviderAnswer,
    /// The address that becomes the login, if it is not the one that came with the answer.
    pub address: Option<String>,
    /// Whether the profile begins without an address (P6). Nothing can be told to its owner by mail then.
    pub without_address: bool,
    /// The client's address, as the host knows it.
    pub client: Option<ClientAddress>,
    /// The language of the page, for the message: a tag of at most 35 bytes (RFC 5646).
    pub language: Option<String>,
    /// Whether the person was asked if they have a profile already, and said no.
    pub has_no_profile: bool,
}

impl ProviderSignUpRequest {
    /// With this answer, and the address that came with it, if one did.
    #[must_use]
    pub const fn new(answer: ProviderAnswer) -> Self {
        Self {
            answer,
            address: None,
            without_address: false,
            client: None,
            language: None,
            has_no_profile: false,
        }
    }

    /// With this address in place of the one that came with the answer.
    #[must_use]
    pub fn address(mut self, typed: impl Into<String>) -> Self {
        self.address = Some(typed.into());
        self
    }

    /// Without an address: the social account is the only way in.
    #[must_use]
    pub const fn without_address(mut self) -> Self {
        self.without_address = true;
        self
    }

    /// From this client.
    #[must_use]
    pub fn from_client(mut self, client: impl Into<ClientAddress>) -> Self {
        self.client = Some(client.into());
        self
    }

    /// In this language.
    #[must_use]
    pub fn language(mut self, tag: impl Into<String>) -> Self {
        self.language = Some(tag.into());
        self
    }

    /// The person was asked, and knows of no profile of theirs.
    #[must_use]
    pub const fn has_no_profile(mut self) -> Self {
        self.has_no_profile = true;
        self
    }
}

/// What a page does next.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a page that overlooks one would leave people waiting")]
pub enum ProviderSignUp {
    /// Ask once: "Do you have a profile already, perhaps under an address, a phone number or another social account?" Whoever
    /// has one signs in there and links this social account: several profiles of one person are where P2, P5 and P7 begin.
    /// Nothing was written; ask again with [`has_no_profile`](ProviderSignUpRequest::has_no_profile).
    AskForProfile,
    /// Say that a message, or a code, was sent to the address. Its link is confirmed with
    /// [`Vestibule::confirm_sign_up_with_provider`], and until then there is nothing but a pending row.
    Sent(Sent),
    /// The profile is there, since nothing was left to prove. Sign it in by the same answer.
    SignedUp(SubjectId),
}

impl Vestibule {
    /// Signs up by a social account. Only what is proven comes into being: the link by the answer, the address by a message
    /// to it, unless the provider runs its domain and says that it has verified it.
    ///
    /// The address finds no profile and joins none: where it is somebody's login, its mailbox is told so, or, if the provider
    /// has proven it, the page.
    ///
    /// # Errors
    ///
    /// As [`sign_in_with_provider`](Self::sign_in_with_provider) of the answer; `social.linked_elsewhere` when it opens a
    /// profile already, `social.sign_up_closed`, `sign_in.login_malformed`, `recovery.kind_not_offered`,
    /// `throttle.wait`, `identifier.taken`.
    pub async fn sign_up_with_provider(
        &self,
        request: ProviderSignUpRequest,
    ) -> Result<ProviderSignUp, Failure<Refusal>> {
        if !request.has_no_profile {
            return Ok(ProviderSignUp::AskForProfile);
        }
        let inner = self.inner();
        let now = inner.clock.now();
        let nobody = AddressKey::from_bytes([0; 32]);
        let attempt = Attempt { key: nobody, client: request.client, account: None, now };
        let (identity, provider) = inner.vet(request.answer, attempt).await?;
        let attempt = Attempt { key: identity.subject().key(), ..attempt };
        if !provider.signs_up() {
            return inner.refuse_at_door(&SocialProblem::SignUpClosed, attempt, RefusedBy::Window).await;
        }
        if inner.is_linked(&identity).await? {
            return inner.refuse_at_door(&SocialProblem::LinkedElsewhere, attempt, RefusedBy::Window).await;
        }
        let hint = identity.hint().map(|hint| hint.as_typed().to_owned());
        let typed = match request.without_address {
            true => None,
            false => request.address.or(hint),
        };
        let Some(typed) = typed else {
            return inner.begin(&identity, Vec::new(), attempt).await.map(ProviderSignUp::SignedUp);
        };
        let address = inner.reachable(&typed, request.client).await?;
        if let Some(proven) = believed(&identity, provider)
            && Identifier::from(proven.clone()) == address
        {
            return inner.begin(&identity, vec![address], attempt).await.map(ProviderSignUp::SignedUp);
        }
        inner.ask_to_sign_up(&address, request.language).await.map(ProviderSignUp::Sent)
    }

    /// Confirms a sign-up by a social account in place of a password: profile, verified address and link come into being in
    /// the commit that uses the link of the message up, or none of them.
    ///
    /// Whoever confirms shows both, now: the link proves the mailbox, the answer who they are. A sign-up that somebody else
    /// has begun for the address leaves nothing in it (trojan identifier).
    ///
    /// # Errors
    ///
    /// `checkword.*` (P8), `checkword.other_person` when the browser holds somebody's session, those of the answer as
    /// [`sign_in_with_provider`](Self::sign_in_with_provider), `social.sign_up_closed`, `social.linked_elsewhere`,
    /// `identifier.taken`. Nothing of this spends the link.
    pub async fn confirm_sign_up_with_provider(
        &self,
        link: &Secret<String>,
        answer: ProviderAnswer,
        session: Option<&Secret<String>>,
    ) -> Result<SubjectId, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let (digest, live, address) = inner.live_sign_up(link, now).await?;
        if self.open_session(live.holder, session).await?.at_redemption() == Advice::Refuse {
            return inner.refuse_link(&WordProblem::OtherPerson, Some(digest), now).await;
        }
        let nobody = AddressKey::from_bytes([0; 32]);
        let attempt = Attempt { key: nobody, client: None, account: None, now };
        let (identity, provider) = inner.vet(answer, attempt).await?;
        if !provider.signs_up() {
            return inner.refuse_link(&SocialProblem::SignUpClosed, Some(digest), now).await;
        }
        let subject = SubjectId::make(&*inner.entropy, now).map_err(Error::from)?;
        for _ in 0..ROUNDS {
            let found = inner.store.found(digest).await?;
            let redemption = match redeem(found.as_ref(), purpose::SIGN_UP, Intent::FederatedIdentity, now) {
                Ok(redemption) => redemption,
                Err(problem) => return inner.refuse_link(&problem, Some(digest), now).await,
            };
            let mut beside: Vec<AnyWrite> = vec![redemption.write.into()];
            beside.push(inner.withdraw(&address, now)?);
            match inner.bear(subject, &identity, vec![address.clone()], beside, now).await? {
                Ok(()) => return Ok(subject),
                Err(Some(taken)) => {
                    // By this very link, perhaps: then it says so itself.
                    let _ = inner.live_link(digest, purpose::SIGN_UP, now).await?;
                    let problem: &(dyn Registered + Sync) = match taken {
                        Taken::Link => &SocialProblem::LinkedElsewhere,
                        Taken::Address => &Problem::IdentifierTaken,
                    };
                    return inner.refuse_link(problem, Some(digest), now).await;
                }
                Err(None) => {}
            }
        }
        Err(busy().into())
    }
}

/// What somebody else has.
enum Taken {
    Address,
    Link,
}

impl Inner {
    pub(super) async fn is_linked(&self, identity: &ProviderIdentity) -> Result<bool, Error> {
        let link = Identifier::from(identity.subject().clone());
        Ok(self.store.identifier_owner(link.kind(), link.key()).await?.is_some())
    }

    /// A profile for which nothing is left to prove.
    async fn begin(
        &self,
        identity: &ProviderIdentity,
        addresses: Vec<Identifier>,
        attempt: Attempt,
    ) -> Result<SubjectId, Failure<Refusal>> {
        let subject = SubjectId::make(&*self.entropy, attempt.now).map_err(Error::from)?;
        match self.bear(subject, identity, addresses, Vec::new(), attempt.now).await? {
            Ok(()) => Ok(subject),
            Err(Some(Taken::Address)) => {
                self.refuse_at_door(&Problem::IdentifierTaken, attempt, RefusedBy::Window).await
            }
            Err(Some(Taken::Link)) => {
                self.refuse_at_door(&SocialProblem::LinkedElsewhere, attempt, RefusedBy::Window).await
            }
            Err(None) => Err(busy().into()),
        }
    }

    /// Profile, link and addresses, in one commit with what is beside them. The inner error says what somebody else has; with
    /// nothing of that, what was beside moved.
    async fn bear(
        &self,
        subject: SubjectId,
        identity: &ProviderIdentity,
        addresses: Vec<Identifier>,
        beside: Vec<AnyWrite>,
        now: Timestamp,
    ) -> Result<Result<(), Option<Taken>>, Error> {
        let link = Identifier::from(identity.subject().clone());
        let hinted = addresses.is_empty();
        let all = addresses.into_iter().chain([link]).collect();
        // One link and at most one address: within every limit.
        let born = profiles::register(subject, all, now)
            .map_err(|_| Error::from(vestibule_core::ErrorKind::Misuse))?;
        let id = self.batch_id(now)?;
        let event = Draft::new(EventKind::PROFILE_REGISTERED, EventActor::Person(subject))
            .subject(subject)
            .field("provider", identity.subject().issuer());
        let mut batch = self.record(event, id, now)?;
        batch.extend(beside);
        batch.extend(born.into_iter().map(AnyWrite::from));
        if hinted {
            batch.extend(noted_hint(subject, identity, &[], now));
        }
        Ok(match self.land(id, now, batch).await? {
            None => Ok(()),
            Some(AnyGuard::Profiles(ProfilesGuard::IdentifierFree)) => {
                let linked = self.is_linked(identity).await?;
                Err(Some(if linked { Taken::Link } else { Taken::Address }))
            }
            Some(_) => Err(None),
        })
    }
}
