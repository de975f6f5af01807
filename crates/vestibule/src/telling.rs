//! One answer to the owner of an address: what is true of it, and a link where there is one. The work is the same for every
//! address.

use core::num::NonZeroU32;
use core::time::Duration;

use vestibule_checkword::{Checkword, CheckwordGuard, CheckwordRead, CheckwordWrite, State, purpose};
use vestibule_core::{
    AccountId, AddressKey, AddressKind, Error, ErrorKind, Identifier, Purpose, SubjectId, Timestamp,
};
use vestibule_journal::Draft;
use vestibule_profiles::{ProfileIdentifier, ProfilesGuard, ProfilesRead, ProfilesWrite};
use vestibule_throttle::{Limit, WindowKind};

use crate::asking::Asking;
use crate::mailbox::{Answer, Fate};
use crate::notice::NoticeKind;
use crate::recovery::UnknownAddressNotice;
use crate::vestibule::{Inner, ROUNDS, busy};
use crate::views::{SignInQuestion, SignInView, Views};
use crate::writes::{AnyGuard, AnyWrite};

/// How many messages to people who are nobody here a realm sends in an hour.
const NOBODY_BY_REALM: Limit = Limit::per_hour(NonZeroU32::MIN.saturating_add(599));

/// What was asked for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To be connected to the profile of this person, which has no password (R19), while its epoch is this.
    Connect(SubjectId, u64),
    Recovery,
    /// Of this person, whose address it was a moment ago.
    RecoveryOf(SubjectId),
    SignUp,
}

impl Asked {
    const fn is_recovery(self) -> bool {
        matches!(self, Self::Recovery | Self::RecoveryOf(_))
    }
}

/// Whether a mailbox was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Once,
    /// It is not the person's any more: nothing was told.
    NotTheirs,
    /// Phones were sent as many messages in this hour as the realm pays for.
    TooMany,
}

/// What was counted for it, once, however many rounds there are.
#[derive(Default)]
struct Counted {
    may_tell_nobody: Option<bool>,
    may_text: Option<bool>,
    /// A letter waits that is true no more: one that says what is takes its place, however soon.
    told_too_early: bool,
}

/// What a mailbox is to be told of.
struct Telling<'a> {
    address: &'a Identifier,
    what: Asked,
    language: Option<String>,
    event: Option<Draft>,
}

/// How one round of it ended.
enum Round {
    Told,
    /// It was told as nobody's, and is somebody's by now.
    ToldTooEarly,
    NotTheirs,
    Moved,
    TooMany,
}

/// The truth about an address, which its owner alone is told: the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    Blocked,
    /// It is disputed whose the profile is, and this address shows nothing about that (R18). It gets no link, so that it cannot
    /// supersede that of an address which does.
    Frozen,
    /// The answer to a sign-up.
    AlreadyALogin,
    /// A link that connects the address to this profile.
    Connect(SubjectId),
    /// A link to a new password, or to the first.
    Link(SubjectId, Purpose),
    /// A sign-up that is asked for, or waits already.
    SignUp,
    Nobody,
}

impl Truth {
    pub(crate) fn of(
        asked: Asked,
        view: &SignInView,
        own: Option<&ProfileIdentifier>,
        sign_up: Option<&Checkword>,
        now: Timestamp,
    ) -> Self {
        let verified_at = own.and_then(|own| own.verified_at);
        match (view.owner, &view.profile) {
            (Some(_), Some(profile)) if profile.blocked_at(now).is_some() => Self::Blocked,
            (Some(_), Some(_)) if !asked.is_recovery() => Self::AlreadyALogin,
            (Some(_), Some(profile)) if Inner::recovers(profile, verified_at).is_err() => Self::Frozen,
            (Some(owner), Some(_)) => {
                let has_password = view.password.as_ref().is_some_and(|password| password.hash.is_some());
                let purpose = if has_password { purpose::RECOVERY } else { purpose::SET_FIRST_PASSWORD };
                Self::Link(owner, purpose)
            }
            _ => match asked {
                Asked::Connect(subject, _) => Self::Connect(subject),
                Asked::SignUp => Self::SignUp,
                _ if sign_up.is_some_and(|word| word.is_live(now)) => Self::SignUp,
                Asked::Recovery | Asked::RecoveryOf(_) => Self::Nobody,
            },
        }
    }

    pub(crate) fn told(self) -> NoticeKind {
        match self {
            Self::Blocked => NoticeKind::RecoveryWhileBlocked,
            Self::Frozen => NoticeKind::RecoveryWhileFrozen,
            Self::AlreadyALogin => NoticeKind::AlreadyALogin,
            Self::Connect(_) => NoticeKind::ConnectLink,
            Self::Link(_, purpose::SET_FIRST_PASSWORD) => NoticeKind::FirstPasswordLink,
            Self::Link(..) => NoticeKind::RecoveryLink,
            Self::SignUp => NoticeKind::SignUpLink,
            Self::Nobody => NoticeKind::NobodyHere,
        }
    }
}

impl Inner {
    /// One answer to the owner of an address, in one commit. Where the address became somebody's while nobody had it, they are
    /// answered, too.
    pub(crate) async fn tell_mailbox(
        &self,
        address: &Identifier,
        what: Asked,
        language: Option<String>,
        event: Option<Draft>,
    ) -> Result<Told, Error> {
        let now = self.clock.now();
        let asking = Telling { address, what, language, event };
        let (mut counted, mut told) = (Counted::default(), false);
        for _ in 0..ROUNDS {
            match self.tell_once(&asking, &mut counted, now).await {
                Ok(Round::Told) => return Ok(Told::Once),
                Ok(Round::NotTheirs) => return Ok(Told::NotTheirs),
                Ok(Round::TooMany) => return Ok(Told::TooMany),
                Ok(Round::ToldTooEarly) => told = true,
                Ok(Round::Moved) => {}
                // What has landed has landed.
                Err(_) if told => return Ok(Told::Once),
                Err(error) => return Err(error),
            }
        }
        if told { Ok(Told::Once) } else { Err(busy()) }
    }

    /// For every address the same reads, and writes of the same kinds to the same tables: two of a checkword (of a decoy's,
    /// where there is no link), one message, which may be born suppressed, and two about whose the address is (PR-6).
    async fn tell_once(
        &self,
        Telling { address, what, language, event }: &Telling<'_>,
        counted: &mut Counted,
        now: Timestamp,
    ) -> Result<Round, Error> {
        let (address, what, decoy) = (*address, *what, self.decoy_of_mailbox(&address.key()));
        let (kind, key) = (address.kind(), address.key());
        let question = SignInQuestion { kind, key, decoy, device: None, account: None };
        let view = self.store.sign_in_view(question).await?;
        if matches!(what, Asked::RecoveryOf(subject) if view.owner != Some(subject)) {
            return Ok(Round::NotTheirs);
        }
        let sign_up = self.store.checkword(decoy, purpose::SIGN_UP.as_str().to_owned()).await?;
        // One row is read, never a list, whose length would tell.
        let own = self.store.identifier_owner(kind, key).await?;
        let truth = Truth::of(what, &view, own.as_ref(), sign_up.as_ref(), now);
        let may_tell_nobody = match counted.may_tell_nobody {
            Some(may) => may,
            None => *counted.may_tell_nobody.insert(self.may_tell_nobody(address, truth, now).await?),
        };
        let (holder, purpose) = match truth {
            Truth::Link(holder, purpose) => (holder, purpose),
            Truth::Connect(holder) => (holder, purpose::SET_FIRST_PASSWORD),
            Truth::SignUp | Truth::AlreadyALogin => (decoy, purpose::SIGN_UP),
            Truth::Blocked | Truth::Frozen | Truth::Nobody => (decoy, purpose::RECOVERY),
        };
        // As its owner wrote it: whoever asks does not choose the spelling that a message goes to.
        let to = own.map_or_else(|| address.clone(), |own| own.identifier);
        let bound = match purpose {
            // A sign-up that waits keeps the spelling that it began with, so that its link stays the same.
            purpose::SIGN_UP => {
                let begun = sign_up.as_ref().filter(|word| word.is_live(now));
                let begun = begun.filter(|word| address_in(&word.bound).is_some_and(|it| it.key() == key));
                begun.map_or_else(|| to.as_typed().as_bytes().to_vec(), |word| word.bound.clone())
            }
            _ if matches!(truth, Truth::Connect(_)) => connects(&to),
            _ => bound_to(address),
        };
        let (id, asking) = self.ask_for_link((holder, purpose), &bound, now).await?;
        let (link, mut words) = match asking {
            Asking::Link { link, until, writes } => (link.map(|link| (link, until)), writes),
            Asking::Spaced { writes, .. } => (None, writes),
        };
        // Only an administrator has a phone written to in this way, one whose owner is known: what is spaced costs nothing.
        if kind == AddressKind::Phone && link.is_some() {
            let may = match counted.may_text {
                Some(may) => may,
                None => *counted.may_text.insert(self.may_text(now).await?),
            };
            if !may {
                return Ok(Round::TooMany);
            }
        }
        // A write that changes nothing makes up for the one that only a superseded link has: how many there are tells
        // nothing.
        while words.len() < 2 {
            let purpose = purpose.as_str().to_owned();
            words.push(CheckwordWrite::Wipe { holder, purpose, generation: 0 });
        }
        let carries = matches!(truth, Truth::Connect(_) | Truth::Link(..) | Truth::SignUp);
        let is_spaced = link.is_none() && (carries || !counted.told_too_early);
        let kept_back = is_spaced || (truth == Truth::Nobody && !may_tell_nobody);
        let carried = link.as_ref().filter(|_| carries);
        let answer = Answer {
            to: &to,
            kind: truth.told(),
            link: carried.map(|(link, until)| (link, *until)),
            fate: if kept_back { Fate::KeptBack } else { Fate::Waits },
            language: language.clone(),
            at: now,
        };
        let mut batch = match event {
            Some(event) => self.record(event.clone(), id, now)?,
            None => Vec::new(),
        };
        batch.extend(words.into_iter().map(AnyWrite::from));
        batch.push(self.answer(answer)?);
        batch.extend(relied_on(what, &view, address, decoy, now));
        let landed = self.land(id, now, batch).await?;
        // Asked of every address. It has landed by then, whether this is answered or not.
        let owner = self.store.identifier_owner(kind, key).await;
        Ok(match landed {
            None => {
                let owner = owner.ok().flatten().filter(|_| view.owner.is_none());
                match (what, owner) {
                    (Asked::Recovery | Asked::SignUp, Some(_)) => {
                        counted.told_too_early |= !kept_back;
                        return Ok(Round::ToldTooEarly);
                    }
                    (Asked::Connect(..), Some(own)) => {
                        let whose = (own.subject, decoy);
                        let _landed = self.withdraw_after_sign_up(address, whose, now).await;
                    }
                    _ => {}
                }
                Round::Told
            }
            // Somebody else asked at the same time, and what they were sent is the newest; or the profile moved.
            Some(
                AnyGuard::Checkword(CheckwordGuard::Version)
                | AnyGuard::Profiles(ProfilesGuard::Epoch | ProfilesGuard::IdentifierHeld),
            ) => Round::Moved,
            Some(_) => return Err(Error::from(ErrorKind::Misuse)),
        })
    }

    /// Whoever signs up withdraws what waits for the address. A link that landed a moment later waits in vain, too, unless its
    /// owner has asked for one of their own since, which waits in the same place.
    async fn withdraw_after_sign_up(
        &self,
        address: &Identifier,
        (owner, decoy): (SubjectId, SubjectId),
        now: Timestamp,
    ) -> Result<(), Error> {
        let word =
            async |holder, purpose: Purpose| self.store.checkword(holder, purpose.as_str().to_owned()).await;
        let is_used =
            word(decoy, purpose::SIGN_UP).await?.is_some_and(|word| matches!(word.state, State::Used { .. }));
        if is_used && !word(owner, purpose::RECOVERY).await?.is_some_and(|word| word.is_live(now)) {
            self.land(self.batch_id(now)?, now, vec![self.withdraw(address, now)?]).await?;
        }
        Ok(())
    }

    /// Counted for every address: for those that are somebody's in windows of their own, which nobody looks at.
    async fn may_tell_nobody(
        &self,
        address: &Identifier,
        truth: Truth,
        now: Timestamp,
    ) -> Result<bool, Error> {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let once_a_day = Limit::new(1, DAY).map_err(|error| Error::new(ErrorKind::Misuse, error))?;
        let whose = if truth == Truth::Nobody { b"nobody".as_slice() } else { b"somebody" };
        let owner = [whose, address.key().as_bytes()].concat();
        let by_address = self.throttle.count(WindowKind::Message, &owner, &once_a_day, now).await?;
        let by_realm = self.throttle.count(WindowKind::Message, whose, &NOBODY_BY_REALM, now).await?;
        Ok(by_address && by_realm && self.unknown_addresses == UnknownAddressNotice::Send)
    }

    /// Who stands in for the owner of an address that nobody has: one decoy per address, for its spacing is the address's own.
    /// A sign-up waits under it, too: it is a pending row, and nobody's profile.
    pub(crate) fn decoy_of_mailbox(&self, key: &AddressKey) -> SubjectId {
        let digest = self.ring.digest_current("decoy.mailbox", &[key.as_bytes()]);
        // 32 bytes are always an id; the fallback cannot be reached.
        SubjectId::from_bytes(digest.as_bytes()).unwrap_or(SubjectId::from(0))
    }
}

/// What is told of a profile is true when it lands: whatever ends links moves its epoch, and the address is its own. For
/// nobody, as many touches of nothing. Whoever asks for an address of their own is still signed in.
pub(crate) fn relied_on(
    what: Asked,
    view: &SignInView,
    address: &Identifier,
    decoy: SubjectId,
    at: Timestamp,
) -> Vec<AnyWrite> {
    let (kind, key) = (address.kind(), address.key());
    let asker = match what {
        Asked::Connect(subject, epoch) => Some((subject, epoch)),
        Asked::Recovery | Asked::RecoveryOf(_) | Asked::SignUp => None,
    };
    let owner = view.owner.zip(view.profile.as_ref().map(|profile| profile.epoch));
    let mut writes: Vec<AnyWrite> = match owner {
        Some((subject, _)) => {
            vec![ProfilesWrite::RequireIdentifier { subject, kind, key, leaving_until: None }.into()]
        }
        None => [0_u64, 1]
            .map(|account| {
                let account = AccountId::from(account);
                ProfilesWrite::TouchMembership { account, subject: decoy, at }.into()
            })
            .into(),
    };
    let owner = owner.filter(|(subject, _)| asker.is_none_or(|(asker, _)| asker != *subject));
    let profiles = [owner, asker].into_iter().flatten();
    writes.extend(profiles.map(|(subject, epoch)| ProfilesWrite::RequireProfile { subject, epoch }.into()));
    writes
}

/// What a link to a password is bound to: the address it was sent to.
pub(crate) fn bound_to(address: &Identifier) -> Vec<u8> {
    [address.kind().as_str().as_bytes(), b":", address.key().as_bytes()].concat()
}

/// Before the address in what a link is bound to that connects one: no other link begins so.
const CONNECTS: &[u8] = b"connect:";

/// What a link is bound to that connects an address.
pub(crate) fn connects(address: &Identifier) -> Vec<u8> {
    [CONNECTS, address.as_typed().as_bytes()].concat()
}

/// The address that a link connects. It is in no other row.
pub(crate) fn connected_in(bound: &[u8]) -> Option<Identifier> {
    address_in(bound.strip_prefix(CONNECTS)?)
}

/// The address that the link of a sign-up is bound to, as it was typed. It is in no other row.
pub(crate) fn address_in(bound: &[u8]) -> Option<Identifier> {
    let typed = core::str::from_utf8(bound).ok()?;
    Identifier::parse_login(typed).ok()
}
