//! Reads that span domains: everything a flow decides on, read at once.

use vestibule_core::kv::{Kv, KvStore};
use vestibule_core::{AccountId, AddressKey, AddressKind, SecretDigest, StoreError, SubjectId};
use vestibule_credentials::{CredentialsRead, Lane, Password, Tries};
use vestibule_profiles::{Account, Membership, Profile, ProfilesRead};
use vestibule_sessions::{Device, Session, SessionsRead};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart")]
pub struct SignInQuestion {
    /// The kind of the submitted login.
    pub kind: AddressKind,
    /// Its key.
    pub key: AddressKey,
    /// Whose rows are read when nobody has verified this login: somebody who does not exist (PR-6).
    pub decoy: SubjectId,
    /// The digest of the known-device token, if one was sent.
    pub device: Option<SecretDigest>,
    /// The account that is to be entered.
    pub account: Option<AccountId>,
}

/// The answer: rows of one person, or of the decoy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build it")]
pub struct SignInView {
    /// Who has verified the login.
    pub owner: Option<SubjectId>,
    /// Their profile.
    pub profile: Option<Profile>,
    /// Their password.
    pub password: Option<Password>,
    /// The tries of everybody.
    pub tries: Option<Tries>,
    /// The device whose token was sent, if it is one of theirs.
    pub device: Option<Device>,
    /// The tries of that device.
    pub device_tries: Option<Tries>,
    /// The account.
    pub account: Option<Account>,
    /// Their membership in it.
    pub membership: Option<Membership>,
}

/// A session, and what it is judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build it")]
pub struct SessionView {
    /// The session.
    pub session: Session,
    /// The profile of its person.
    pub profile: Option<Profile>,
    /// The generation of their password, if they have one.
    pub password_generation: Option<u64>,
}

vestibule_core::store_trait! {
    /// Composed reads.
    ///
    /// # Contract
    ///
    /// - The answers are what the reads of the domains would answer one after another: see [`sign_in_view_of`] and
    ///   [`session_view_of`], which a store may call. One that asks everything in one round trip, or of one instant, does
    ///   better.
    /// - What is read at a sign-in does not depend on whether anybody has the login: single rows by key, for the decoy as
    ///   for a person; no list whose length would tell (PR-6).
    /// - What a session is judged by is not older than the session.
    ///
    /// # Atomicity
    ///
    /// A row is answered whole, as one commit has left it; the rows of one answer may be of different instants, but for what
    /// the contract says of a session.
    ///
    /// # Cancellation
    ///
    /// A question that is dropped has changed nothing.
    pub trait Views {
        /// Everything that a sign-in decides on.
        fn sign_in_view(question: SignInQuestion) -> SignInView;

        /// The session whose token has this digest, with what it is judged by.
        fn session_view(digest: SecretDigest) -> Option<SessionView>;
    }
}

/// [`Views::session_view`], row by row.
///
/// # Errors
///
/// [`StoreError`].
pub async fn session_view_of(
    store: &(impl ProfilesRead + CredentialsRead + SessionsRead),
    digest: SecretDigest,
) -> Result<Option<SessionView>, StoreError> {
    let Some(session) = store.session(digest).await? else { return Ok(None) };
    let profile = store.profile(session.subject).await?;
    let password = store.password(session.subject).await?;
    Ok(Some(SessionView {
        session,
        profile,
        password_generation: password.map(|password| password.generation),
    }))
}

/// [`Views::sign_in_view`], row by row.
///
/// # Errors
///
/// [`StoreError`].
pub async fn sign_in_view_of(
    store: &(impl ProfilesRead + CredentialsRead + SessionsRead),
    question: SignInQuestion,
) -> Result<SignInView, StoreError> {
    let owner = store.identifier_owner(question.kind, question.key).await?.map(|own| own.subject);
    let subject = owner.unwrap_or(question.decoy);
    let device = match question.device {
        None => None,
        Some(digest) => store.device(digest).await?.filter(|device| device.subject == subject),
    };
    let lane = device.as_ref().map(|device| Lane::Device(device.handle));
    Ok(SignInView {
        owner,
        profile: store.profile(subject).await?,
        password: store.password(subject).await?,
        tries: store.tries(subject, Lane::Everybody).await?,
        device_tries: match lane {
            None => None,
            Some(lane) => store.tries(subject, lane).await?,
        },
        device,
        account: match question.account {
            None => None,
            Some(account) => store.account(account).await?,
        },
        membership: match question.account {
            None => None,
            Some(account) => store.membership(account, subject).await?,
        },
    })
}

impl<K: Kv> Views for KvStore<K> {
    async fn sign_in_view(&self, question: SignInQuestion) -> Result<SignInView, StoreError> {
        sign_in_view_of(self, question).await
    }

    async fn session_view(&self, digest: SecretDigest) -> Result<Option<SessionView>, StoreError> {
        session_view_of(self, digest).await
    }
}
