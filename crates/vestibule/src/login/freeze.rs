//! An address that was given up objects: nothing about the profile is changed until it is known who is right.

use vestibule_checkword::decide::{self, Live};
use vestibule_checkword::{CheckwordRead, Intent, Problem as WordProblem, Rotation, is_code_of, purpose};
use vestibule_core::{Failure, Purpose, Refusal, Secret, SecretDigest, StoreError, SubjectId, Timestamp};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{
    Freeze, FreezeProof, Leaving, Problem, Profile, ProfilesRead, ProfilesWrite, decide as profiles,
};

use super::LoginProblem;
use super::bound::{Left, Named};
use crate::account::{Acting, Reason};
use crate::notice::{Notice, NoticeKind};
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::writes::AnyWrite;

/// What a freeze makes worthless: whatever would change the profile.
const ENDED: [Purpose; 3] = [purpose::CONFIRM_ADDRESS, purpose::CONFIRM_REMOVAL, purpose::FACTOR_RESET];

/// A freeze link, as its page may show it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FreezePage {
    /// The address that was given up, as its owner would recognise it.
    pub address: String,
    /// When it was given up.
    pub since: Timestamp,
    /// The first instant at which the link is refused.
    pub expires_at: Timestamp,
}

impl Vestibule {
    /// Looks at a freeze link; it reads only.
    ///
    /// # Errors
    ///
    /// `checkword.*` (P8).
    pub async fn inspect_freeze(&self, link: &Secret<String>) -> Result<FreezePage, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let (digest, purpose) = inner.read_link_for(link, &[purpose::FREEZE], now).await?;
        let live = inner.live_link(digest, purpose, now).await?;
        let (left, leaving) = inner.left_by(&live, digest, now).await?;
        Ok(FreezePage {
            address: leaving.identifier.masked(),
            since: left.since,
            expires_at: live.expires_at,
        })
    }

    /// Freezes the profile that gave an address up, by the link that the address was told and the code that stands beside it.
    /// Every session ends, and nothing about the profile is changed, until one of these shows who is right: a second factor
    /// enrolled before the change; a recovery by another address verified at least 30 days before it; the operator. It
    /// restores nothing, and signs nobody in.
    ///
    /// # Errors
    ///
    /// `checkword.*` (P8), `login.freeze_code_wrong`. Nothing of this spends the link.
    pub async fn freeze_profile(&self, link: &Secret<String>, code: &str) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let (digest, purpose) = inner.read_link_for(link, &[purpose::FREEZE], now).await?;
        // EXPOSE: the code that was typed is compared with the one that belongs to it.
        let is_right = is_code_of(&inner.ring, link.expose(), purpose, code);
        for _ in 0..ROUNDS {
            let live = inner.live_link(digest, purpose, now).await?;
            let (left, leaving) = inner.left_by(&live, digest, now).await?;
            if !is_right {
                return inner.refuse_link(&LoginProblem::FreezeCodeWrong, Some(digest), now).await;
            }
            let found = inner.store.found(digest).await?;
            let redemption = match decide::redeem(found.as_ref(), purpose, Intent::TypedCode, now) {
                Ok(redemption) => redemption,
                Err(problem) => return inner.refuse_link(&problem, Some(digest), now).await,
            };
            let (subject, Named { kind, key }) = (left.subject, left.named);
            let Some(profile) = inner.store.profile(subject).await? else {
                return inner.refuse_link(&Problem::ProfileUnknown, Some(digest), now).await;
            };
            let id = inner.batch_id(now)?;
            let event = Draft::new(EventKind::PROFILE_FROZEN, EventActor::System).subject(subject);
            let mut batch = inner.record(event.field("login", &leaving.identifier.masked()), id, now)?;
            batch.push(redemption.write.into());
            let leaving_until = Some(leaving.until);
            batch.push(ProfilesWrite::RequireIdentifier { subject, kind, key, leaving_until }.into());
            batch.push(profiles::freeze(&profile, left.since, now).into());
            let rotated = decide::rotate(subject, &ENDED, Rotation::Withdrawn, now);
            batch.extend(rotated.into_iter().map(AnyWrite::from));
            batch.extend(inner.withdraw_login_letters(&subject, &leaving.identifier, now)?);
            let notice = Notice::new(NoticeKind::ProfileFrozen, now);
            batch.extend(inner.notices(subject, notice).await?);
            batch.push(inner.letter(&leaving.identifier, notice)?);
            if inner.land(id, now, batch).await?.is_none() {
                return Ok(());
            }
        }
        Err(busy().into())
    }

    /// The operator lifts a freeze, having found out who is right. It ends every session once more.
    ///
    /// # Errors
    ///
    /// `profile.unknown`.
    pub async fn lift_freeze(&self, reason: &Reason, subject: SubjectId) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        for _ in 0..ROUNDS {
            let Some(profile) = inner.store.profile(subject).await? else {
                return inner.refuse_operator(&Problem::ProfileUnknown, subject, now).await;
            };
            let Ok(lifted) = profiles::lift_freeze(&profile, FreezeProof::Operator) else {
                return Err(vestibule_core::Error::from(vestibule_core::ErrorKind::Misuse).into());
            };
            let id = inner.batch_id(now)?;
            let event = Acting::Operator(reason).draft(EventKind::PROFILE_UNFROZEN).subject(subject);
            let mut batch = inner.record(event, id, now)?;
            batch.push(lifted.into());
            batch.extend(inner.drops_reset(&profile, EventActor::Operator, id, now).await?);
            batch.extend(inner.notices(subject, Notice::new(NoticeKind::ProfileUnfrozen, now)).await?);
            if inner.land(id, now, batch).await?.is_none() {
                return Ok(());
            }
        }
        Err(busy().into())
    }
}

impl Inner {
    /// The login that a freeze link is about, while it is still leaving.
    async fn left_by(
        &self,
        live: &Live,
        digest: SecretDigest,
        now: Timestamp,
    ) -> Result<(Left, Leaving), Failure<Refusal>> {
        let left = Left::decode(&live.bound).map_err(StoreError::from)?;
        let leaving = self.store.leaving(left.named.kind, left.named.key).await?;
        match leaving.filter(|row| row.subject == left.subject && row.since == left.since) {
            Some(leaving) => Ok((left, leaving)),
            None => {
                let problem = WordProblem::Rotated { at: now, by: Rotation::AddressRemoved };
                self.refuse_link(&problem, Some(digest), now).await
            }
        }
    }

    /// The write by which a recovery ends every session; of a frozen profile it lifts the freeze, if the address proves who is
    /// right.
    pub(crate) fn recovers(
        profile: &Profile,
        verified_at: Option<Timestamp>,
    ) -> Result<(ProfilesWrite, Option<Freeze>), Problem> {
        let (subject, from) = (profile.subject, profile.epoch);
        match (profile.freeze, verified_at) {
            (None, _) => Ok((ProfilesWrite::BumpEpoch { subject, from }, None)),
            (Some(freeze), Some(verified_at)) => {
                let lifted = profiles::lift_freeze(profile, FreezeProof::Identifier { verified_at })?;
                Ok((lifted, Some(freeze)))
            }
            (Some(freeze), None) => Err(Problem::Frozen { since: freeze.since }),
        }
    }
}
