//! Whose a frozen profile is, shown by a second factor that was there before the change that is disputed (R18).

use vestibule_core::{ClientAddress, Failure, Refusal};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_mfa::RecoveryCode;
use vestibule_profiles::{FreezeProof, decide as profiles};
use vestibule_sessions::decide as sessions;

use super::FactorAnswer;
use super::proof::ShownBy;
use crate::notice::{Notice, NoticeKind};
use crate::session::Authenticated;
use crate::vestibule::{ROUNDS, Vestibule, busy};

impl Vestibule {
    /// Lifts the freeze of the person's own profile by a second factor. What is shown counts only if it was confirmed, or made,
    /// before the change that is disputed: whoever took the profile over may have added one of their own. Every session ends,
    /// the acting one too; where nothing is frozen, nothing happens. The answer is a recovery code to be shown now, in the place of the one that was used.
    ///
    /// # Errors
    ///
    /// `profile.frozen` when it is too new to prove anything; `mfa.*` and `throttle.wait` as
    /// [`complete_sign_in`](Self::complete_sign_in); `session.revoked`.
    pub async fn lift_freeze_by_factor(
        &self,
        who: &Authenticated,
        answer: FactorAnswer,
        client: Option<ClientAddress>,
    ) -> Result<Option<RecoveryCode>, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let live = inner.live(who).await?;
        if live.profile.freeze.is_none() {
            return Ok(None);
        }
        let subject = live.subject();
        let mut showing = inner.show_factor(ShownBy::Session(&live), answer, (client, None)).await?;
        for _ in 0..ROUNDS {
            let who = inner.live(who).await?;
            let (id, right) = inner.shown_factor(&mut showing).await?;
            // What nobody can date proves nothing.
            let proof = FreezeProof::SecondFactor { enrolled_at: right.since.unwrap_or(now) };
            let lifted = match profiles::lift_freeze(&who.profile, proof) {
                Ok(lifted) => lifted,
                Err(problem) => return inner.refuse_person(&problem, subject, now).await,
            };
            let event = Draft::new(EventKind::PROFILE_UNFROZEN, EventActor::Person(subject)).subject(subject);
            let mut batch = inner.record(event, id, now)?;
            batch.extend(right.writes);
            batch.push(lifted.into());
            batch.push(sessions::require(&who.session).into());
            batch.extend(inner.notices(subject, Notice::new(NoticeKind::ProfileUnfrozen, now)).await?);
            if inner.land(id, now, batch).await?.is_none() {
                inner.settle_factor(showing).await;
                return Ok(right.replacement);
            }
        }
        Err(busy().into())
    }
}
