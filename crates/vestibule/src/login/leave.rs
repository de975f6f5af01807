//! A login leaves its profile: it is kept for a window, and told, with a link that freezes the profile.

use vestibule_checkword::decide::{self, CheckwordRequest, Wanted};
use vestibule_checkword::{make_link, purpose};
use vestibule_core::{AddressKey, BatchId, Error, ErrorKind, Failure, Refusal, SubjectId, Timestamp};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{
    Leaving, MAX_IDENTIFIERS, Problem, ProfileIdentifier, ProfilesGuard, ProfilesRead, ProfilesWrite,
};

use super::bound::{Left, Named};
use super::letters::{LoginLetter, Slot};
use super::{LoginProblem, primary_of};
use crate::notice::{Notice, NoticeKind};
use crate::session::Authenticated;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::writes::{AnyGuard, AnyWrite};

impl Vestibule {
    /// Removes a login. It leaves as one that is replaced does: for seven days it opens nothing, is kept from others, and can
    /// freeze the profile. A notice that somebody was writing at that moment may still go to it.
    ///
    /// # Errors
    ///
    /// `login.not_yours`, `login.proof_too_old`, `login.too_many_leaving`, `profile.frozen`, `identifier.last_way_in` (never the
    /// last one, also when two removals race: PR-2), `session.revoked`.
    pub async fn remove_login(&self, who: &Authenticated, login: &str) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let who = &inner.may_change_logins(who).await?;
        let (now, subject) = (inner.clock.now(), who.subject());
        for _ in 0..ROUNDS {
            let old = inner.own_login(who, login, now).await?;
            inner.may_leave(who, now).await?;
            let own = inner.store.identifiers(subject).await?;
            let rest: Vec<_> = own.into_iter().filter(|own| *own != old).collect();
            let id = inner.batch_id(now)?;
            let event = Draft::new(EventKind::LOGIN_REMOVED, EventActor::Person(subject)).subject(subject);
            let mut batch = inner.record(event.field("login", &old.identifier.masked()), id, now)?;
            batch.push(ProfilesWrite::CountWays { subject, identifiers: -1, social_links: 0 }.into());
            let primary = primary_of(&who.profile, &rest).unwrap_or(&old).identifier.key();
            batch.push(ProfilesWrite::SetPrimary { subject, epoch: who.profile.epoch, primary }.into());
            batch.extend(inner.leaves(&old, who, id, now)?);
            batch.extend(inner.tell(&rest, Notice::new(NoticeKind::LoginRemoved, now))?);
            batch.push(vestibule_sessions::decide::require(&who.session).into());
            match inner.land(id, now, batch).await? {
                None => return Ok(()),
                Some(AnyGuard::Profiles(ProfilesGuard::WaysIn)) => {
                    return inner.refuse_person(&Problem::LastWayIn, subject, now).await;
                }
                Some(guard) => inner.still_theirs(who, guard).await?,
            }
        }
        Err(busy().into())
    }
}

impl Inner {
    /// Goes on where the refusal only says that others were faster; ends where it says that the session or its epoch is over.
    pub(crate) async fn still_theirs(
        &self,
        who: &Authenticated,
        guard: AnyGuard,
    ) -> Result<(), Failure<Refusal>> {
        match guard {
            AnyGuard::Sessions(_) | AnyGuard::Profiles(ProfilesGuard::Epoch) => {
                self.refuse_session(&vestibule_sessions::Problem::Revoked, Some(who.subject())).await
            }
            _ => Ok(()),
        }
    }

    /// No more logins leave at once than a profile can have: each is told, and each can freeze.
    pub(super) async fn may_leave(
        &self,
        who: &Authenticated,
        now: Timestamp,
    ) -> Result<(), Failure<Refusal>> {
        let leaving = self.store.leaving_of(who.subject()).await?;
        let held = leaving.iter().filter(|leaving| leaving.holds(now)).count();
        if u32::try_from(held).is_ok_and(|held| held < MAX_IDENTIFIERS) {
            return Ok(());
        }
        self.refuse_person(&LoginProblem::TooManyLeaving, who.subject(), now).await
    }

    /// The writes by which a login leaves: the key is kept, the freeze link is made and told to the address, and what waited
    /// for its mailbox is blanked (ATK-E14).
    pub(super) fn leaves(
        &self,
        old: &ProfileIdentifier,
        who: &Authenticated,
        id: BatchId,
        now: Timestamp,
    ) -> Result<Vec<AnyWrite>, Error> {
        let subject = who.subject();
        let left = Left { subject, named: Named::of(&old.identifier), since: now };
        let holder = self.holder_of(&left);
        let asked = CheckwordRequest::new(holder, purpose::FREEZE).bound_to(&left.encode());
        let (link, made) = make_link(&self.ring, &*self.entropy, &asked, 1, id)?;
        // The holder is new, and so is its slot.
        let Wanted::New { checkword, writes } = decide::request(&self.checkwords, &asked, None, &made, now)
        else {
            return Err(Error::from(ErrorKind::Misuse));
        };
        let until = checkword.expires_at;
        let verified_at = old.verified_at.unwrap_or(old.added_at);
        let leaving = Leaving {
            subject,
            identifier: old.identifier.clone(),
            verified_at,
            since: now,
            until,
            session: who.session(),
        };
        let mut batch: Vec<AnyWrite> = writes.into_iter().map(AnyWrite::from).collect();
        batch.push(ProfilesWrite::LeaveIdentifier { leaving }.into());
        batch.push(self.withdraw(&old.identifier, now)?);
        batch.push(self.login_letter(LoginLetter {
            slot: Slot::Leaving,
            to: &old.identifier,
            kind: NoticeKind::LoginLeaves,
            until: Some(until),
            link: Some(&link),
            blank: false,
            language: None,
            at: now,
        })?);
        Ok(batch)
    }

    /// Under whom a freeze link rests: one holder per login that leaves, so that no later change supersedes it.
    pub(super) fn holder_of(&self, left: &Left) -> SubjectId {
        let digest = self.ring.digest_current("login.leaving", &[&left.encode()]);
        // 32 bytes are always an id; the fallback cannot be reached.
        SubjectId::from_bytes(digest.as_bytes()).unwrap_or(SubjectId::from(0))
    }

    /// Tells these addresses, as far as they are verified ones.
    pub(super) fn tell(&self, own: &[ProfileIdentifier], notice: Notice) -> Result<Vec<AnyWrite>, Error> {
        let told = own.iter().filter(|own| own.verified_at.is_some() && !own.is_social());
        told.map(|own| self.letter(&own.identifier, notice)).collect()
    }

    /// An identifier by its key among the person's verified ones.
    pub(super) async fn held(
        &self,
        subject: SubjectId,
        key: AddressKey,
    ) -> Result<Option<ProfileIdentifier>, Error> {
        let own = self.store.identifiers(subject).await?;
        Ok(own.into_iter().find(|own| own.verified_at.is_some() && own.identifier.key() == key))
    }
}
