//! Signing up: a pending row without a password, never a profile. Everything comes into being in the commit that redeems the
//! confirmation.

use vestibule_checkword::decide::{self, Live};
use vestibule_checkword::{CheckwordRead, Intent, Problem as WordProblem, purpose};
use vestibule_core::{
    AddressKind, ClientAddress, Failure, Identifier, Refusal, Secret, SecretDigest, SubjectId, Timestamp,
};
use vestibule_credentials::{PasswordUse, Problem as PasswordProblem, set};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{Problem, ProfilesGuard, decide as profiles};

use crate::chosen::OwnWords;
use crate::phone::{CodeFor, Sent};
use crate::recover::{Advice, OpenSession};
use crate::telling::{Asked, address_in};
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::writes::{AnyGuard, AnyWrite};

/// Somebody wants a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignUpRequest {
    /// What was typed as address.
    pub address: String,
    /// The client's address, as the host knows it.
    pub client: Option<ClientAddress>,
    /// The language of the page, for the message: a tag of at most 35 bytes (RFC 5646).
    pub language: Option<String>,
    /// Whether the person was asked if they have a profile already, and said no.
    pub has_no_profile: bool,
}

impl SignUpRequest {
    /// With this address, from a client that the host does not name.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), client: None, language: None, has_no_profile: false }
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
pub enum SignUpAsked {
    /// Ask once: "Do you have a profile already, perhaps under another address, a phone number or a social account?" Several
    /// profiles of one person are where P2, P5 and P7 begin. Nothing was written; ask again with
    /// [`has_no_profile`](SignUpRequest::has_no_profile).
    AskForProfile,
    /// Say that a message, or a code, was sent to the address, whatever is true of it.
    Sent(Sent),
}

/// The link of a sign-up, as its page may show it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignUpPage {
    /// The address that becomes the login, as its owner would recognise it.
    pub address: String,
    /// The first instant at which it is refused.
    pub expires_at: Timestamp,
    /// Whose session the browser holds.
    pub session: OpenSession,
}

impl Vestibule {
    /// Asks for a profile under a mailbox or a phone. It succeeds for every address that is one, known or not, with the same reads and
    /// writes; its owner is told the truth: a link, or that the address is a login already. Nothing but a pending row comes of
    /// it, and that row has no password: nothing can be prepared for somebody else's address (U-4). The code of a phone goes to
    /// [`confirm_sign_up_code`](Self::confirm_sign_up_code).
    ///
    /// # Errors
    ///
    /// `sign_in.login_malformed`, `recovery.kind_not_offered` (a phone number, where no codes go to phones), `throttle.wait` when
    /// this client asks too often.
    pub async fn request_sign_up(&self, request: SignUpRequest) -> Result<SignUpAsked, Failure<Refusal>> {
        if !request.has_no_profile {
            return Ok(SignUpAsked::AskForProfile);
        }
        let inner = self.inner();
        let address = inner.reachable(&request.address, request.client).await?;
        inner.ask_to_sign_up(&address, request.language).await.map(SignUpAsked::Sent)
    }

    /// Looks at the link of a sign-up; it reads only.
    ///
    /// # Errors
    ///
    /// `checkword.*` (P8).
    pub async fn inspect_sign_up(
        &self,
        link: &Secret<String>,
        session: Option<&Secret<String>>,
    ) -> Result<SignUpPage, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let (_, live, address) = inner.live_sign_up(link, now).await?;
        let session = self.open_session(live.holder, session).await?;
        Ok(SignUpPage { address: address.masked(), expires_at: live.expires_at, session })
    }

    /// Confirms a sign-up, with the password that its owner chooses now: profile, verified address and password come into
    /// being in the commit that uses the link up, or none of them.
    ///
    /// # Errors
    ///
    /// `checkword.*` (P8), `checkword.other_person` when the browser holds somebody's session, `password.rejected`,
    /// `identifier.taken` when somebody verified the address meanwhile. Nothing of this spends the link.
    pub async fn confirm_sign_up(
        &self,
        link: &Secret<String>,
        password: impl Into<Secret<String>>,
        session: Option<&Secret<String>>,
    ) -> Result<SubjectId, Failure<Refusal>> {
        let password = password.into();
        let inner = self.inner();
        let now = inner.clock.now();
        let (digest, live, address) = inner.live_sign_up(link, now).await?;
        if self.open_session(live.holder, session).await?.at_redemption() == Advice::Refuse {
            return inner.refuse_link(&WordProblem::OtherPerson, Some(digest), now).await;
        }
        let hash = match inner.hash_new(password, &OwnWords::of([&address]), PasswordUse::Alone).await? {
            Ok(hash) => hash,
            Err(rejection) => {
                return inner.refuse_link(&PasswordProblem::Rejected(rejection), Some(digest), now).await;
            }
        };
        let subject = SubjectId::make(&*inner.entropy, now).map_err(vestibule_core::Error::from)?;
        for _ in 0..ROUNDS {
            let found = inner.store.found(digest).await?;
            let redemption = match decide::redeem(found.as_ref(), purpose::SIGN_UP, Intent::NewPassword, now)
            {
                Ok(redemption) => redemption,
                Err(problem) => return inner.refuse_link(&problem, Some(digest), now).await,
            };
            let born = match profiles::register(subject, vec![address.clone()], now) {
                Ok(born) => born,
                Err(problem) => return inner.refuse_link(&problem, Some(digest), now).await,
            };
            let id = inner.batch_id(now)?;
            let event =
                Draft::new(EventKind::PROFILE_REGISTERED, EventActor::Person(subject)).subject(subject);
            let mut batch = inner.record(event, id, now)?;
            batch.push(redemption.write.into());
            batch.extend(born.into_iter().map(AnyWrite::from));
            batch.push(set(subject, None, &hash, id, now).into());
            batch.push(inner.withdraw(&address, now)?);
            match inner.land(id, now, batch).await? {
                None => return Ok(subject),
                Some(AnyGuard::Profiles(ProfilesGuard::IdentifierFree)) => {
                    // By this very link, perhaps: then it says so itself.
                    let _ = inner.live_link(digest, purpose::SIGN_UP, now).await?;
                    return inner.refuse_link(&Problem::IdentifierTaken, Some(digest), now).await;
                }
                Some(_) => {}
            }
        }
        Err(busy().into())
    }
}

impl Inner {
    /// A link to the mailbox, or a code to the phone.
    pub(crate) async fn ask_to_sign_up(
        &self,
        address: &Identifier,
        language: Option<String>,
    ) -> Result<Sent, Failure<Refusal>> {
        if address.kind() == AddressKind::Phone {
            return self.send_code(address, CodeFor::SignUp, language.as_deref()).await.map(Sent::Code);
        }
        let _told = self.tell_mailbox(address, Asked::SignUp, language, None).await?;
        Ok(Sent::Message)
    }

    pub(crate) async fn live_sign_up(
        &self,
        link: &Secret<String>,
        now: Timestamp,
    ) -> Result<(SecretDigest, Live, Identifier), Failure<Refusal>> {
        let (digest, purpose) = self.read_link_for(link, &[purpose::SIGN_UP], now).await?;
        let live = self.live_link(digest, purpose, now).await?;
        match address_in(&live.bound) {
            Some(address) => Ok((digest, live, address)),
            None => Err(vestibule_core::Error::from(vestibule_core::ErrorKind::Store).into()),
        }
    }
}
