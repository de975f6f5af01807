//! Getting back in, first half: a link is asked for. The page's answer is the same for every address; its owner is told the
//! truth in the mailbox.

use core::num::NonZeroU32;
use core::time::Duration;

use vestibule_checkword::decide::{self, CheckwordRequest, Wanted};
use vestibule_checkword::{CheckwordGuard, CheckwordRead, CheckwordWrite, make_link, open_link, purpose};
use vestibule_core::{
    AccountId, AddressKey, AddressKind, ClientAddress, Error, Failure, Identifier, Purpose, Refusal,
    SubjectId, Timestamp,
};
use vestibule_journal::{Draft, EventKind, RefusedBy};
use vestibule_profiles::{Permission, Problem, ProfilesRead};
use vestibule_throttle::{Limit, WindowKind};

use crate::account::{Act, Acting};
use crate::mailbox::Answer;
use crate::notice::NoticeKind;
use crate::problem::{RecoveryProblem, SignInProblem};
use crate::refuse::Attempt;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::views::{SignInQuestion, SignInView, Views};
use crate::writes::{AnyGuard, AnyWrite};

/// How many recoveries one client may ask for in an hour, whatever the addresses.
const BY_CLIENT: Limit = Limit::per_hour(NonZeroU32::MIN.saturating_add(59));
/// How many messages to people who are nobody here a realm sends in an hour.
const NOBODY_BY_REALM: Limit = Limit::per_hour(NonZeroU32::MIN.saturating_add(599));

/// Somebody asks for a way back in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveryRequest {
    /// What was typed as login.
    pub login: String,
    /// The client's address, as the host knows it.
    pub client: Option<ClientAddress>,
    /// The language of the page, for the message: a tag of at most 35 bytes (RFC 5646).
    pub language: Option<String>,
}

impl RecoveryRequest {
    /// For this login, from a client that the host does not name.
    #[must_use]
    pub fn new(login: impl Into<String>) -> Self {
        Self { login: login.into(), client: None, language: None }
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
}

/// Whether the owner of a mailbox who is nobody here is told so, when somebody asked for a recovery of that address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum UnknownAddressNotice {
    /// At most once a day per address, and within a budget of the realm.
    #[default]
    Send,
    /// Never. The same rows are written.
    Silent,
}

/// The truth about an address, which its owner alone is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    Blocked,
    Link(SubjectId, Purpose),
    Nobody,
}

impl Truth {
    fn of(view: &SignInView, now: Timestamp) -> Self {
        match (view.owner, &view.profile) {
            (Some(_), Some(profile)) if profile.blocked_at(now).is_some() => Self::Blocked,
            (Some(owner), Some(_)) => {
                let has_password = view.password.as_ref().is_some_and(|password| password.hash.is_some());
                let purpose = if has_password { purpose::RECOVERY } else { purpose::SET_FIRST_PASSWORD };
                Self::Link(owner, purpose)
            }
            _ => Self::Nobody,
        }
    }

    fn told(self) -> NoticeKind {
        match self {
            Self::Blocked => NoticeKind::RecoveryWhileBlocked,
            Self::Link(_, purpose::SET_FIRST_PASSWORD) => NoticeKind::FirstPasswordLink,
            Self::Link(..) => NoticeKind::RecoveryLink,
            Self::Nobody => NoticeKind::NobodyHere,
        }
    }
}

impl Vestibule {
    /// Asks for a way back in (R1). It succeeds for every address that is one, known or not, with the same reads and writes;
    /// what is true of the address goes to its mailbox: a link, or why there is none. At most one message at a time, spaced by
    /// 60 seconds, then more; during the first half of a link's life the same link is sent again.
    ///
    /// It looks at the profile only: somebody dismissed from everywhere recovers. It changes no password, no membership and no
    /// factor, and signs nobody in.
    ///
    /// # Errors
    ///
    /// `sign_in.login_malformed`, `recovery.kind_not_offered` (a phone number), `throttle.wait` when this client asks too
    /// often. None of them depends on whether anybody has the address.
    pub async fn request_recovery(&self, request: RecoveryRequest) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let door = |key| Attempt { key, client: request.client, account: None, now };
        let Ok(login) = Identifier::parse_login(&request.login) else {
            let digest = inner.ring.digest_current("login.malformed", &[request.login.as_bytes()]);
            let key = AddressKey::from_bytes(*digest.as_bytes());
            return inner.refuse_at_door(&SignInProblem::LoginMalformed, door(key), RefusedBy::Window).await;
        };
        if login.kind() != AddressKind::Email {
            let problem = RecoveryProblem::KindNotOffered;
            return inner.refuse_at_door(&problem, door(login.key()), RefusedBy::Window).await;
        }
        if let Some(client) = request.client {
            let network = client.own_network().to_bytes();
            if !inner.throttle.count(WindowKind::Message, &network, &BY_CLIENT, now).await? {
                let not_before = now.start_of(BY_CLIENT.span()).plus(BY_CLIENT.span());
                let problem = vestibule_throttle::Problem::Wait { not_before };
                return inner.refuse_at_door(&problem, door(login.key()), RefusedBy::Window).await;
            }
        }
        Ok(inner.tell_mailbox(&login, request.language, None, now).await?)
    }

    /// Has a recovery link sent to a member's own login (R3). The administrator never sees it, nor whether it went out.
    ///
    /// # Errors
    ///
    /// `membership.not_permitted` without the permission to see logins, `admission.*`, `recovery.no_address` when the member
    /// has no verified mailbox.
    pub async fn send_recovery(
        &self,
        by: Acting<'_>,
        account: AccountId,
        subject: SubjectId,
    ) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let act = Act::reading(by, account, Some(subject));
        inner.authorised_to_read(&act, Permission::SeeLogin).await?;
        if inner.store.membership(account, subject).await?.is_none() {
            return inner.refuse_act(act, &Problem::NotMember).await;
        }
        let own = inner.store.identifiers(subject).await?;
        let login = own
            .into_iter()
            .filter(|own| own.verified_at.is_some() && own.identifier.kind() == AddressKind::Email)
            .min_by(|a, b| {
                (a.verified_at, a.identifier.canonical()).cmp(&(b.verified_at, b.identifier.canonical()))
            });
        let Some(login) = login else {
            let problem = RecoveryProblem::NoAddress;
            let refusal =
                inner.refuse_after_proof(&problem, by.actor(), Some(subject), Some(account), now).await?;
            return Err(Failure::Refused(refusal));
        };
        let event = by.draft(EventKind::RECOVERY_SENT).account(account).subject(subject);
        Ok(inner.tell_mailbox(&login.identifier, None, Some(event), now).await?)
    }
}

impl Inner {
    /// One answer to the owner of an address, in one commit. For every address the same reads, and writes of the same kinds
    /// to the same tables: two of a checkword (of a decoy's, where there is no link), and one message, which may be born
    /// suppressed (PR-6).
    async fn tell_mailbox(
        &self,
        address: &Identifier,
        language: Option<String>,
        event: Option<Draft>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let may_tell_nobody = self.may_tell_nobody(address, now).await?;
        let decoy = self.decoy_of_mailbox(&address.key());
        for _ in 0..ROUNDS {
            let question = SignInQuestion {
                kind: address.kind(),
                key: address.key(),
                decoy,
                device: None,
                account: None,
            };
            let view = self.store.sign_in_view(question).await?;
            let truth = Truth::of(&view, now);
            let (holder, purpose) = match truth {
                Truth::Link(holder, purpose) => (holder, purpose),
                Truth::Blocked | Truth::Nobody => (decoy, purpose::RECOVERY),
            };
            // As its owner wrote it: whoever asks does not choose the spelling that a message goes to.
            let own = self.store.identifiers(view.owner.unwrap_or(decoy)).await?;
            let own = own.iter().find(|own| {
                own.verified_at.is_some()
                    && (own.identifier.kind(), own.identifier.key()) == (address.kind(), address.key())
            });
            let to = own.map_or(address, |own| &own.identifier);
            let asked = CheckwordRequest::new(holder, purpose).bound_to(&bound_to(address));
            let mut newest = self.store.checkword(holder, purpose.as_str().to_owned()).await?;
            let before = open_link(&self.ring, newest.as_mut(), purpose);
            let generation = newest.as_ref().map_or(0, |row| row.generation).saturating_add(1);
            let id = self.batch_id(now)?;
            let (fresh, made) = make_link(&self.ring, &*self.entropy, &asked, generation, id)?;
            let (link, mut words) =
                match decide::request(&self.checkwords, &asked, newest.as_ref(), &made, now) {
                    Wanted::New { checkword, writes } => (Some((fresh, checkword.expires_at)), writes),
                    Wanted::Again { checkword, writes } => {
                        (before.map(|link| (link, checkword.expires_at)), writes)
                    }
                    Wanted::Spaced { writes, .. } => (None, writes),
                };
            // A write that changes nothing makes up for the one that only a superseded link has: how many there are tells
            // nothing.
            while words.len() < 2 {
                let purpose = purpose.as_str().to_owned();
                words.push(CheckwordWrite::Wipe { holder, purpose, generation: 0 });
            }
            let suppressed = link.is_none() || (truth == Truth::Nobody && !may_tell_nobody);
            let carried = link.as_ref().filter(|_| matches!(truth, Truth::Link(..)));
            let answer = Answer {
                to,
                kind: truth.told(),
                link: carried.map(|(link, until)| (link, *until)),
                suppressed,
                language: language.clone(),
                at: now,
            };
            let mut batch = match &event {
                Some(event) => self.record(event.clone(), id, now)?,
                None => Vec::new(),
            };
            batch.extend(words.into_iter().map(AnyWrite::from));
            batch.push(self.answer(answer)?);
            match self.land(id, now, batch).await? {
                None => return Ok(()),
                // Somebody else asked at the same time: what they were sent is the newest.
                Some(AnyGuard::Checkword(CheckwordGuard::Version)) => {}
                Some(_) => return Err(Error::from(vestibule_core::ErrorKind::Misuse)),
            }
        }
        Err(busy())
    }

    /// Counted for every address, and of use for unknown ones only.
    async fn may_tell_nobody(&self, address: &Identifier, now: Timestamp) -> Result<bool, Error> {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let once_a_day =
            Limit::new(1, DAY).map_err(|error| Error::new(vestibule_core::ErrorKind::Misuse, error))?;
        let owner = address.key();
        let by_address = self.throttle.count(WindowKind::Message, owner.as_bytes(), &once_a_day, now).await?;
        let by_realm = self.throttle.count(WindowKind::Message, b"realm", &NOBODY_BY_REALM, now).await?;
        Ok(by_address && by_realm && self.unknown_addresses == UnknownAddressNotice::Send)
    }

    /// Who stands in for the owner of an address that nobody has: one decoy per address, for its spacing is the address's own.
    fn decoy_of_mailbox(&self, key: &AddressKey) -> SubjectId {
        let digest = self.ring.digest_current("decoy.mailbox", &[key.as_bytes()]);
        // 32 bytes are always an id; the fallback cannot be reached.
        SubjectId::from_bytes(digest.as_bytes()).unwrap_or(SubjectId::from(0))
    }
}

/// What a link is bound to: the address it was sent to.
pub(crate) fn bound_to(address: &Identifier) -> Vec<u8> {
    [address.kind().as_str().as_bytes(), b":", address.key().as_bytes()].concat()
}
