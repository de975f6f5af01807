//! A code is asked for. The page gets a ticket and the same answer for every number.

use core::num::NonZeroU32;

use vestibule_checkword::decide::{self, CheckwordRequest};
use vestibule_checkword::{CheckwordRead, CheckwordWrite, Rotation, code_of, purpose};
use vestibule_core::{
    Failure, Identifier, KeyPurpose, Purpose, Refusal, Secret, SecretText, SubjectId, Timestamp,
};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{ProfilesRead, ProfilesWrite};
use vestibule_throttle::{Limit, WindowKind};

use super::CodeSent;
use super::bound::CodeBound;
use crate::asking::Asking;
use crate::login::{BY_ADDRESS, Named};
use crate::mailbox::write;
use crate::notice::{Notice, NoticeKind};
use crate::outbox::Outgoing;
use crate::refuse::{Attempt, window_full};
use crate::session::Authenticated;
use crate::vestibule::{Inner, ROUNDS, busy};
use crate::writes::{AnyGuard, AnyWrite};

/// For what a number is to be proven.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CodeFor<'a> {
    /// To be connected to a profile without a password (R19).
    Connect(&'a Authenticated),
    /// To count beside a mailbox where a password does not (R33), at a sign-in of this person, while their epoch is this.
    FactorReset(SubjectId, u64),
    /// To become a login, perhaps in the place of another (R18).
    Login(&'a Authenticated, Option<Named>),
    /// R2.
    Recovery,
    SignUp,
}

impl<'a> CodeFor<'a> {
    /// Whoever asked in a session of theirs.
    pub(super) const fn session(self) -> Option<&'a Authenticated> {
        match self {
            Self::Connect(who) | Self::Login(who, _) => Some(who),
            Self::FactorReset(..) | Self::Recovery | Self::SignUp => None,
        }
    }

    /// Whoever has shown who they are, and the epoch of their profile.
    pub(super) const fn asker(self) -> Option<(SubjectId, u64)> {
        match self {
            Self::Connect(who) | Self::Login(who, _) => Some((who.subject(), who.profile.epoch)),
            Self::FactorReset(subject, epoch) => Some((subject, epoch)),
            Self::Recovery | Self::SignUp => None,
        }
    }

    pub(super) const fn purpose(self) -> Purpose {
        match self {
            Self::Connect(_) => purpose::CODE_CONNECT,
            Self::FactorReset(..) => purpose::CODE_FACTOR_RESET,
            Self::Login(..) => purpose::CODE_LOGIN,
            Self::Recovery => purpose::CODE_RECOVERY,
            Self::SignUp => purpose::CODE_SIGN_UP,
        }
    }

    const fn told(self) -> NoticeKind {
        match self {
            Self::Connect(_) | Self::Login(..) => NoticeKind::LoginCode,
            Self::FactorReset(..) => NoticeKind::FactorResetCode,
            Self::Recovery => NoticeKind::RecoveryCode,
            Self::SignUp => NoticeKind::SignUpCode,
        }
    }
}

impl Inner {
    /// Sends a code to a number, and gives its ticket. For every number the same reads, and writes of the same kinds: what rests
    /// rests under the number and under no profile, and nobody's number is sent nothing (PR-6).
    pub(crate) async fn send_code(
        &self,
        phone: &Identifier,
        what: CodeFor<'_>,
        language: Option<&str>,
    ) -> Result<CodeSent, Failure<Refusal>> {
        let now = self.clock.now();
        let mut is_counted = false;
        for _ in 0..ROUNDS {
            match self.send_code_once(phone, (what, language), &mut is_counted, now).await? {
                Ok(ticket) => return Ok(CodeSent { ticket, number: phone.masked() }),
                Err(guard) => {
                    if let Some(who) = what.session() {
                        self.still_theirs(who, guard).await?;
                    }
                }
            }
        }
        Err(busy().into())
    }

    async fn send_code_once(
        &self,
        phone: &Identifier,
        (what, language): (CodeFor<'_>, Option<&str>),
        is_counted: &mut bool,
        now: Timestamp,
    ) -> Result<Result<Secret<String>, AnyGuard>, Failure<Refusal>> {
        let (kind, key) = (phone.kind(), phone.key());
        let decoy = self.decoy_of_mailbox(&key);
        let owner = self.store.identifier_owner(kind, key).await?.map(|own| own.subject);
        let profile = self.store.profile(owner.unwrap_or(decoy)).await?;
        let (holder, purpose) = (what.asker().map_or(decoy, |(subject, _)| subject), what.purpose());
        let bound = CodeBound {
            phone: phone.clone(),
            // Only what a recovery relies on: of a number that nobody has, as much.
            owner: match what {
                CodeFor::Recovery => {
                    Some((owner.unwrap_or(decoy), profile.map_or(0, |profile| profile.epoch)))
                }
                _ => None,
            },
            asker: what.asker().map(|(_, epoch)| epoch),
            replaces: match what {
                CodeFor::Login(_, replaces) => replaces,
                _ => None,
            },
        };
        let bound = match what.asker() {
            Some(_) => bound.encode(),
            // A code that would be sent again stays the same whatever happened to the profile: that it changed would tell.
            // Whether it still opens something is asked once it was typed.
            None => {
                let begun = self.store.checkword(holder, purpose.as_str().to_owned()).await?;
                let begun = begun.filter(|word| word.is_due_again(now)).map(|word| word.bound);
                begun.unwrap_or_else(|| bound.encode())
            }
        };
        let request = CheckwordRequest::new(holder, purpose).bound_to(&bound).as_code();
        let (id, asking) = self.ask_for(&request, now).await?;
        let (ticket, until, mut words) = match asking {
            Asking::Link { link, until, writes } => (link, Some(until), writes),
            Asking::Spaced { live: Some((live, is_same)), writes, .. }
                if is_same || what.asker().is_none() =>
            {
                (Some(live), None, writes)
            }
            // Whoever has shown who they are is told; of what they asked before it would be the ticket of another number.
            Asking::Spaced { not_before, .. } if let Some((subject, _)) = what.asker() => {
                let problem = vestibule_throttle::Problem::Wait { not_before };
                return self.refuse_person(&problem, subject, now).await;
            }
            Asking::Spaced { writes, .. } => (None, None, writes),
        };
        while words.len() < 2 {
            let purpose = purpose.as_str().to_owned();
            words.push(CheckwordWrite::Wipe { holder, purpose, generation: 0 });
        }
        let ticket = match ticket {
            Some(ticket) => ticket,
            // One that nobody knows: the code that is on its way belongs to another page.
            None => SecretText::make(&*self.entropy, purpose, self.ring.current(KeyPurpose::Digest))
                .map_err(vestibule_core::Error::from)?
                .render(),
        };
        // Counted for every number, as often as a code would be sent.
        if until.is_some() && !*is_counted {
            if let Some(who) = what.session()
                && !self.may_write_to(phone, now).await?
            {
                return self.refuse_own(who, &window_full(BY_ADDRESS, now), now).await;
            }
            if !self.may_text(now).await? {
                return self.refuse_texting(phone, what, now).await;
            }
            *is_counted = true;
        }
        let is_nobodys = matches!(what, CodeFor::Recovery) && owner.is_none();
        let message = CodeMessage { phone, holder, purpose, kind: what.told(), language, now };
        let mut batch = Vec::with_capacity(8);
        if let CodeFor::Login(who, _) = what {
            let subject = who.subject();
            // One change is pending at a time: what was asked for by mail is none any more.
            let by_mail = [purpose::CONFIRM_ADDRESS];
            let rotated = decide::rotate(subject, &by_mail, Rotation::Withdrawn, now);
            batch.extend(rotated.into_iter().map(AnyWrite::from));
            batch.push(self.withdraw_change(&subject, phone, now)?);
            let event = Draft::new(EventKind::LOGIN_CHANGE_REQUESTED, EventActor::Person(subject));
            let event = event.subject(subject).field("login", &phone.masked());
            batch.extend(self.record(event, id, now)?);
        }
        batch.extend(words.into_iter().map(AnyWrite::from));
        // EXPOSE: the code that belongs to it goes to the phone, and the ticket itself does not.
        let code = code_of(&self.ring, ticket.expose(), purpose);
        batch.push(self.code_message(&message, code.as_ref().zip(until), is_nobodys)?);
        if let Some((subject, epoch)) = what.asker() {
            batch.push(ProfilesWrite::RequireProfile { subject, epoch }.into());
        }
        if let Some(who) = what.session() {
            batch.push(vestibule_sessions::decide::require(&who.session).into());
        }
        Ok(match self.land(id, now, batch).await? {
            None => Ok(ticket),
            Some(guard) => Err(guard),
        })
    }

    /// Whether this realm pays for one more message to a phone in this hour.
    pub(crate) async fn may_text(&self, now: Timestamp) -> Result<bool, vestibule_core::Error> {
        self.throttle.count(WindowKind::Message, b"phones", &self.texts_in_an_hour(), now).await
    }

    pub(crate) fn texts_in_an_hour(&self) -> Limit {
        Limit::per_hour(self.phones.as_ref().map_or(NonZeroU32::MIN, |phones| phones.per_hour))
    }

    async fn refuse_texting<T>(
        &self,
        phone: &Identifier,
        what: CodeFor<'_>,
        now: Timestamp,
    ) -> Result<T, Failure<Refusal>> {
        let limit = self.texts_in_an_hour();
        match what.asker() {
            Some((subject, _)) => self.refuse_person(&window_full(limit, now), subject, now).await,
            None => {
                let attempt = Attempt { key: phone.key(), client: None, account: None, now };
                self.refuse_too_many(limit, attempt).await
            }
        }
    }

    /// The write that sends a code, or, `None`, takes a place of its own and sends nothing.
    fn code_message(
        &self,
        message: &CodeMessage<'_>,
        code: Option<(&Secret<String>, Timestamp)>,
        is_nobodys: bool,
    ) -> Result<AnyWrite, vestibule_core::Error> {
        let suppressed = code.is_none() || is_nobodys;
        let mut notice = Notice::new(message.kind, message.now);
        notice.until = code.map(|(_, until)| until);
        self.queue(Outgoing {
            slot: (if suppressed { "phone.suppressed" } else { "phone.code" }, &message.owner()),
            to: message.phone,
            kind: message.kind,
            payload: write(&notice, code.filter(|_| !suppressed).map(|(code, _)| code)),
            suppressed,
            language: message.language.map(str::to_owned),
            at: message.now,
        })
    }

    /// The write that wipes a code that waits: it was typed, or is worth nothing any more.
    pub(crate) fn withdraw_code(
        &self,
        phone: &Identifier,
        (holder, purpose): (SubjectId, Purpose),
        now: Timestamp,
    ) -> Result<AnyWrite, vestibule_core::Error> {
        let kind = NoticeKind::NobodyHere; // said to nobody
        let message = CodeMessage { phone, holder, purpose, kind, language: None, now };
        self.queue(Outgoing {
            slot: ("phone.code", &message.owner()),
            to: phone,
            kind,
            payload: write(&Notice::new(kind, now), None),
            suppressed: true,
            language: None,
            at: now,
        })
    }
}

/// A message to a number.
struct CodeMessage<'a> {
    phone: &'a Identifier,
    holder: SubjectId,
    purpose: Purpose,
    kind: NoticeKind,
    language: Option<&'a str>,
    now: Timestamp,
}

impl CodeMessage<'_> {
    /// Whose slot it takes: the number's, or that of whoever asked in a session of theirs, which no stranger takes.
    fn owner(&self) -> Vec<u8> {
        [self.purpose.as_str().as_bytes(), b":", self.holder.as_bytes()].concat()
    }
}
