//! Linking, unlinking and moving a social account (R20): acts of its owner, with a proof of the last minutes.

use vestibule_core::{
    AddressKey, BatchId, Error, Failure, Identifier, Refusal, Registered, Secret, SocialSubject, SubjectId,
    Timestamp,
};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{
    MAX_IDENTIFIERS, Problem, ProfileIdentifier, ProfilesGuard, ProfilesRead, ProfilesWrite,
};
use vestibule_sessions::{Amr, decide};

use super::answer::ProviderAnswer;
use super::problem::SocialProblem;
use super::vet::noted_hint;
use crate::notice::{Notice, NoticeKind};
use crate::refuse::Attempt;
use crate::session::Authenticated;
use crate::vestibule::{Inner, Vestibule, busy};
use crate::writes::{AnyGuard, AnyWrite};

impl Vestibule {
    /// Links a social account to the profile of the person who is signed in. Every other session of theirs ends, and the
    /// acting one goes on under the new token that is returned; every verified address is told.
    ///
    /// It asks for a proof of the last five minutes (see `SessionPolicy`), and for the person's own wish: no sign-in links
    /// anything by itself.
    ///
    /// # Errors
    ///
    /// `social.proof_too_old`, `social.linked_elsewhere` (it is never moved by this, U-6), `social.provider_linked`,
    /// `identifier.too_many`, `session.revoked`, and those of the answer as
    /// [`sign_in_with_provider`](Self::sign_in_with_provider).
    pub async fn link_provider(
        &self,
        who: &Authenticated,
        answer: ProviderAnswer,
    ) -> Result<Secret<String>, Failure<Refusal>> {
        let inner = self.inner();
        let (now, subject) = (inner.clock.now(), who.subject());
        inner.must_be_fresh(who, now).await?;
        let (identity, _) = inner.vet(answer, at_the_door(who, now)).await?;
        let link = Identifier::from(identity.subject().clone());
        if inner.store.identifier_owner(link.kind(), link.key()).await?.is_some() {
            return inner.refuse_own(who, &SocialProblem::LinkedElsewhere, now).await;
        }
        let ways = inner.ways_of(who).await?;
        if ways.has_issuer(identity.subject().issuer()) {
            return inner.refuse_own(who, &SocialProblem::ProviderLinked, now).await;
        }
        if who.profile.social_links >= MAX_IDENTIFIERS {
            return inner.refuse_own(who, &Problem::TooManyIdentifiers, now).await;
        }
        let id = inner.batch_id(now)?;
        let event = social_event(EventKind::SOCIAL_LINKED, subject, subject, identity.subject());
        let mut batch = inner.record(event, id, now)?;
        batch.extend(taken(subject, link, now));
        batch.extend(noted_hint(subject, &identity, &ways.own, now));
        batch.extend(inner.notices(subject, Notice::new(NoticeKind::SocialLinked, now)).await?);
        match inner.go_on(who, batch, id, now).await? {
            Ok(token) => Ok(token),
            Err(guard) => inner.moved(who, guard, now).await,
        }
    }

    /// Takes a social account away from the profile of the person who is signed in, never the last way in (PR-2), also where
    /// two are taken away at once. Every other session of theirs ends, those that it opened among them; the acting one goes on
    /// under the new token that is returned; every verified address is told.
    ///
    /// # Errors
    ///
    /// `social.proof_too_old`, `social.not_linked`, `identifier.last_way_in`, `session.revoked`.
    pub async fn unlink_provider(
        &self,
        who: &Authenticated,
        link: &SocialSubject,
    ) -> Result<Secret<String>, Failure<Refusal>> {
        let inner = self.inner();
        let (now, subject) = (inner.clock.now(), who.subject());
        inner.must_be_fresh(who, now).await?;
        let ways = inner.ways_of(who).await?;
        if ways.link(link).is_none() {
            return inner.refuse_own(who, &SocialProblem::NotLinked, now).await;
        }
        if !ways.lasts_without_a_link() {
            return inner.refuse_own(who, &Problem::LastWayIn, now).await;
        }
        let id = inner.batch_id(now)?;
        let event = social_event(EventKind::SOCIAL_UNLINKED, subject, subject, link);
        let mut batch = inner.record(event, id, now)?;
        batch.extend(released(subject, link));
        batch.extend(inner.notices(subject, Notice::new(NoticeKind::SocialUnlinked, now)).await?);
        match inner.go_on(who, batch, id, now).await? {
            Ok(token) => Ok(token),
            Err(guard) => inner.moved(who, guard, now).await,
        }
    }

    /// Moves a social account from one profile of a person to another, in one commit, with proof on both sides: the session of
    /// the profile that gets it, the session of the one that loses it, by a password of the last minutes (the social account
    /// itself proves nothing about where it belongs: a borrowed browser has it, U-6), and what the provider says now. Both
    /// profiles are told. All sessions of the profile that loses it end; of the other, all but the acting one, which goes on
    /// under the new token that is returned. Nothing else is moved: profiles are never merged.
    ///
    /// # Errors
    ///
    /// `social.proof_too_old`, `social.not_linked` when the profile that should lose it has no such link,
    /// `social.provider_linked`, `identifier.last_way_in` (connect an address there first, R19), `identifier.too_many`,
    /// `session.revoked`, and those of the answer as [`sign_in_with_provider`](Self::sign_in_with_provider).
    pub async fn move_link(
        &self,
        to: &Authenticated,
        from: &Authenticated,
        answer: ProviderAnswer,
    ) -> Result<Secret<String>, Failure<Refusal>> {
        let inner = self.inner();
        let (now, gains, loses) = (inner.clock.now(), to.subject(), from.subject());
        inner.must_be_fresh(to, now).await?;
        inner.must_not_be_frozen(from, now).await?;
        let fresh = from.session.is_fresh_by(Amr::Password, &inner.sessions, now);
        if !fresh || from.profile.factor_since.is_some() && !inner.is_fresh(from, now) {
            return inner.refuse_own(from, &SocialProblem::ProofTooOld, now).await;
        }
        let (identity, _) = inner.vet(answer, at_the_door(to, now)).await?;
        let theirs = inner.ways_of(from).await?;
        let link = identity.subject();
        if gains == loses || theirs.link(link).is_none() {
            return inner.refuse_own(to, &SocialProblem::NotLinked, now).await;
        }
        if !theirs.lasts_without_a_link() {
            return inner.refuse_own(from, &Problem::LastWayIn, now).await;
        }
        let ours = inner.ways_of(to).await?;
        if ours.has_issuer(link.issuer()) {
            return inner.refuse_own(to, &SocialProblem::ProviderLinked, now).await;
        }
        if to.profile.social_links >= MAX_IDENTIFIERS {
            return inner.refuse_own(to, &Problem::TooManyIdentifiers, now).await;
        }
        let id = inner.batch_id(now)?;
        let away = social_event(EventKind::SOCIAL_MOVED_AWAY, gains, loses, link);
        let mut batch = inner.record(away, id, now)?;
        let here = social_event(EventKind::SOCIAL_LINKED, gains, gains, link);
        batch.extend(inner.record_further(here, id, now)?);
        batch.extend(released(loses, link));
        batch.push(ProfilesWrite::BumpEpoch { subject: loses, from: from.profile.epoch }.into());
        batch.push(decide::require(&from.session).into());
        batch.extend(taken(gains, link.clone().into(), now));
        batch.extend(inner.notices(loses, Notice::new(NoticeKind::SocialMovedAway, now)).await?);
        batch.extend(inner.notices(gains, Notice::new(NoticeKind::SocialLinked, now)).await?);
        match inner.go_on(to, batch, id, now).await? {
            Ok(token) => Ok(token),
            Err(guard) => {
                // Of two sessions one may have ended: whichever it was is told.
                let _ = inner.live(from).await?;
                inner.moved(to, guard, now).await
            }
        }
    }
}

/// Where a refusal of the answer is folded: the provider's, from this client.
fn at_the_door(who: &Authenticated, now: Timestamp) -> Attempt {
    Attempt { key: AddressKey::from_bytes([0; 32]), client: who.client, account: None, now }
}

fn social_event(kind: EventKind, by: SubjectId, of: SubjectId, link: &SocialSubject) -> Draft {
    Draft::new(kind, EventActor::Person(by)).subject(of).field("provider", link.issuer())
}

/// The count first: where the profile would be left without a way in, that is the reason, and not that it moved.
fn released(subject: SubjectId, link: &SocialSubject) -> [AnyWrite; 2] {
    let link = Identifier::from(link.clone());
    [
        ProfilesWrite::CountWays { subject, identifiers: 0, social_links: -1 }.into(),
        ProfilesWrite::ReleaseIdentifier { subject, kind: link.kind(), key: link.key(), verified: true }
            .into(),
    ]
}

fn taken(subject: SubjectId, link: Identifier, now: Timestamp) -> [AnyWrite; 2] {
    let identifier = ProfileIdentifier { subject, identifier: link, verified_at: Some(now), added_at: now };
    [
        ProfilesWrite::CountWays { subject, identifiers: 0, social_links: 1 }.into(),
        ProfilesWrite::TakeIdentifier { identifier }.into(),
    ]
}

impl Inner {
    /// Lands a change of the profile's ways in: every session ends in the same commit, and the acting one goes on under a new
    /// token. It lands only while the profile's epoch is the one of the session: what was proven before a reset, a block or a
    /// sign-out of everything proves nothing now (PR-5).
    pub(super) async fn go_on(
        &self,
        who: &Authenticated,
        mut batch: Vec<AnyWrite>,
        id: BatchId,
        now: Timestamp,
    ) -> Result<Result<Secret<String>, AnyGuard>, Error> {
        let (subject, epoch) = (who.subject(), who.profile.epoch);
        batch.push(ProfilesWrite::BumpEpoch { subject, from: epoch }.into());
        let (token, reissued) =
            self.reissue(&who.session, &decide::ReissueRequest::new(epoch + 1), (id, now))?;
        batch.push(reissued.write.into());
        Ok(match self.land(id, now, batch).await? {
            None => Ok(token),
            Some(guard) => Err(guard),
        })
    }

    /// Why such a change did not land: what is true of the profile, or of the session by which it was asked.
    pub(super) async fn moved<T>(
        &self,
        who: &Authenticated,
        guard: AnyGuard,
        now: Timestamp,
    ) -> Result<T, Failure<Refusal>> {
        // The session says what ended it.
        let _ = self.live(who).await?;
        let problem: &(dyn Registered + Sync) = match guard {
            AnyGuard::Profiles(ProfilesGuard::IdentifierFree) => &SocialProblem::LinkedElsewhere,
            AnyGuard::Profiles(ProfilesGuard::IdentifierHeld) => &SocialProblem::NotLinked,
            AnyGuard::Profiles(ProfilesGuard::WaysIn) => &Problem::LastWayIn,
            _ => return Err(busy().into()),
        };
        self.refuse_person(problem, who.subject(), now).await
    }
}
