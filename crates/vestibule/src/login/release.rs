//! A login that was given up is given free at once: its owner says so in the mailbox, in the session that gave it up.

use vestibule_checkword::decide;
use vestibule_checkword::{Rotation, purpose};
use vestibule_core::{Failure, Identifier, Refusal, Secret};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{ProfilesRead, ProfilesWrite};

use super::LoginProblem;
use super::bound::{Left, Named};
use super::letters::{LoginLetter, Slot};
use crate::asking::Asking;
use crate::notice::{Notice, NoticeKind};
use crate::session::Authenticated;
use crate::vestibule::{ROUNDS, Vestibule, busy};
use crate::writes::AnyWrite;

impl Vestibule {
    /// Asks for a login that was given up to be free before its window is over. A link goes to the *old* address: only who
    /// still reads it gives it free.
    ///
    /// # Errors
    ///
    /// `login.not_leaving`, `login.other_session`, `login.proof_too_old`, `profile.frozen`, `throttle.wait`, `session.*`.
    pub async fn request_login_release(
        &self,
        who: &Authenticated,
        login: &str,
    ) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let who = &inner.may_change_logins(who).await?;
        let (now, subject, word) = (inner.clock.now(), who.subject(), purpose::CONFIRM_REMOVAL);
        for _ in 0..ROUNDS {
            let typed = Identifier::parse_login(login).ok().map(|typed| typed.key());
            let leaving = inner.store.leaving_of(subject).await?;
            let found = leaving
                .into_iter()
                .find(|leaving| leaving.holds(now) && Some(leaving.identifier.key()) == typed);
            let Some(leaving) = found else {
                return inner.refuse_person(&LoginProblem::NotLeaving, subject, now).await;
            };
            if leaving.session != who.session() {
                let problem = LoginProblem::OtherSession { free_at: leaving.until };
                return inner.refuse_person(&problem, subject, now).await;
            }
            let left = Left { subject, named: Named::of(&leaving.identifier), since: leaving.since };
            let (id, asking) = inner.ask_for_link((subject, word), &left.encode(), now).await?;
            let (link, until, words) = match asking {
                Asking::Link { link, until, writes } => (link, until, writes),
                Asking::Spaced { not_before, .. } => {
                    let problem = vestibule_throttle::Problem::Wait { not_before };
                    return inner.refuse_person(&problem, subject, now).await;
                }
            };
            let event =
                Draft::new(EventKind::LOGIN_RELEASE_REQUESTED, EventActor::Person(subject)).subject(subject);
            let mut batch = inner.record(event.field("login", &leaving.identifier.masked()), id, now)?;
            batch.extend(words.into_iter().map(AnyWrite::from));
            batch.push(inner.login_letter(LoginLetter {
                slot: Slot::Release(&subject),
                to: &leaving.identifier,
                kind: NoticeKind::LoginReleaseLink,
                until: Some(until),
                link: link.as_ref(),
                blank: false,
                language: None,
                at: now,
            })?);
            batch.push(ProfilesWrite::RequireProfile { subject, epoch: who.profile.epoch }.into());
            batch.push(vestibule_sessions::decide::require(&who.session).into());
            match inner.land(id, now, batch).await? {
                None => return Ok(()),
                Some(guard) => inner.still_theirs(who, guard).await?,
            }
        }
        Err(busy().into())
    }

    /// Gives a login free at once, by the link that its mailbox was sent, in the session that gave it up. This alone voids the
    /// freeze link.
    ///
    /// # Errors
    ///
    /// `checkword.*` (P8), `checkword.other_person`, `login.other_session`, `login.not_leaving`, `profile.frozen`,
    /// `session.revoked`.
    pub async fn release_login(
        &self,
        who: &Authenticated,
        link: &Secret<String>,
    ) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let who = &inner.whole(who).await?;
        let (now, subject) = (inner.clock.now(), who.subject());
        let (digest, purpose) = inner.read_link_for(link, &[purpose::CONFIRM_REMOVAL], now).await?;
        for _ in 0..ROUNDS {
            let redemption = inner.redeem_own(who, (digest, purpose), now).await?;
            let left = Left::decode(redemption.proof.bound()).map_err(vestibule_core::StoreError::from)?;
            let Named { kind, key } = left.named;
            let leaving = inner.store.leaving(kind, key).await?;
            let leaving = leaving.filter(|row| row.subject == subject && row.since == left.since);
            let Some(leaving) = leaving else {
                return inner.refuse_person(&LoginProblem::NotLeaving, subject, now).await;
            };
            if leaving.session != who.session() {
                let problem = LoginProblem::OtherSession { free_at: leaving.until };
                return inner.refuse_person(&problem, subject, now).await;
            }
            let id = inner.batch_id(now)?;
            let event = Draft::new(EventKind::LOGIN_RELEASED, EventActor::Person(subject)).subject(subject);
            let mut batch = inner.record(event.field("login", &leaving.identifier.masked()), id, now)?;
            batch.push(redemption.write.into());
            let until = leaving.until;
            batch.push(ProfilesWrite::ForgetLeaving { subject, kind, key, until }.into());
            let words = [purpose::FREEZE];
            let rotated = decide::rotate(inner.holder_of(&left), &words, Rotation::AddressRemoved, now);
            batch.extend(rotated.into_iter().map(AnyWrite::from));
            batch.push(inner.login_letter(LoginLetter {
                slot: Slot::Leaving,
                to: &leaving.identifier,
                kind: NoticeKind::LoginLeaves,
                until: None,
                link: None,
                blank: true,
                language: None,
                at: now,
            })?);
            batch.extend(inner.notices(subject, Notice::new(NoticeKind::LoginReleased, now)).await?);
            batch.push(ProfilesWrite::RequireProfile { subject, epoch: who.profile.epoch }.into());
            batch.push(vestibule_sessions::decide::require(&who.session).into());
            match inner.land(id, now, batch).await? {
                None => return Ok(()),
                Some(guard) => inner.still_theirs(who, guard).await?,
            }
        }
        Err(busy().into())
    }
}
