//! Changing a password, and the operator's acts on a person.

use core::time::Duration;

use vestibule_checkword::{Rotation, decide::rotate};
use vestibule_core::{AddressKey, Error, Failure, Refusal, Registered, Secret, SubjectId, Timestamp};
use vestibule_credentials::{
    CredentialsRead, CredentialsWrite, Lane, PasswordProof, PasswordUse, PreparedPassword, Problem, TakenTry,
    Verified, marked_must_change, set, verify_in,
};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{ProfilesRead, ProfilesWrite, decide as profiles};
use vestibule_sessions::{Amr, Evidence, decide};
use vestibule_throttle::{Admitted, ChallengePassed, TryRequest};

use crate::account::{Acting, Reason};
use crate::factor::{FactorProblem, is_whole, usage_of};
use crate::login::frozen;
use crate::notice::{Notice, NoticeKind};
use crate::permit::ChangePermit;
use crate::recover::ROTATED;
use crate::session::Authenticated;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::writes::{AnyGuard, AnyWrite};

/// How long a proof is good for a change of the password (N2).
const PROOF_HOLDS: Duration = Duration::from_secs(600);

impl Vestibule {
    /// Changes the password (R5): the present one is asked for, every other session ends, and the acting one goes on
    /// under the new token that is returned, all in one commit.
    ///
    /// # Errors
    ///
    /// `password.wrong`, `password.none`, `password.stopped`, `password.rejected`, `profile.frozen`, `session.revoked`,
    /// `throttle.wait`.
    pub async fn change_password(
        &self,
        who: &Authenticated,
        present: impl Into<Secret<String>>,
        new: impl Into<Secret<String>>,
    ) -> Result<Secret<String>, Failure<Refusal>> {
        let inner = self.inner();
        let (now, subject) = (inner.clock.now(), who.subject());
        let (present, new) = (present.into(), new.into());
        inner.must_be_whole(who, now).await?;
        let Ok(typed) = PreparedPassword::prepare(present) else {
            return inner.refuse_person(&Problem::Wrong, subject, now).await;
        };
        let shown = inner.show_password(who, typed, now).await?;
        let settled = vec![shown.taken.settle().into()];
        let once = Once { subject, generation: shown.proof.generation(), at: shown.proof.at() };
        let replaced =
            inner.replace((once, who.profile.epoch), Some(new), Some((who, Keeps::Factor)), settled).await?;
        // It has landed: windows that could not be given back err on the strict side, and end.
        let _ = inner.throttle.settle(shown.windows).await;
        replaced.ok_or_else(|| busy().into())
    }

    /// Replaces a password that was good for one change only (N2), by the proof that the sign-in left. There is no
    /// session before or after: the person signs in with the new one.
    ///
    /// # Errors
    ///
    /// `password.wrong` when the permit is older than ten minutes, of another deployment, or of a password that is gone;
    /// `password.rejected`; `profile.blocked`; `profile.frozen`.
    pub async fn replace_password(
        &self,
        permit: ChangePermit,
        new: impl Into<Secret<String>>,
    ) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let (now, subject) = (inner.clock.now(), permit.subject());
        let fresh = |(once, _): &(Once, u64)| !now.is_after(once.at.plus(PROOF_HOLDS));
        let Some((once, epoch)) = permit.opened_by(inner).filter(fresh) else {
            return inner.refuse_person(&Problem::Wrong, subject, now).await;
        };
        inner.replace((once, epoch), Some(new.into()), None, Vec::new()).await?;
        Ok(())
    }

    /// The operator marks a password: it is good for one change only (N2).
    ///
    /// # Errors
    ///
    /// `password.none`.
    pub async fn require_password_change(
        &self,
        reason: &Reason,
        subject: SubjectId,
    ) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        for _ in 0..ROUNDS {
            let Some(password) = inner.store.password(subject).await? else {
                return inner.refuse_operator(&Problem::NoPassword, subject, now).await;
            };
            let id = inner.batch_id(now)?;
            let event = Acting::Operator(reason).draft(EventKind::PASSWORD_MARKED).subject(subject);
            let mut batch = inner.record(event, id, now)?;
            batch.push(marked_must_change(&password, id).into());
            batch.extend(inner.notices(subject, Notice::new(NoticeKind::PasswordChangeRequired, now)).await?);
            if inner.land(id, now, batch).await?.is_none() {
                return Ok(());
            }
        }
        Err(busy().into())
    }

    /// The operator keeps a person out, until an instant or until it is lifted. Every session ends at once (P1f, N13).
    ///
    /// # Errors
    ///
    /// `profile.unknown`.
    pub async fn block(
        &self,
        reason: &Reason,
        subject: SubjectId,
        until: Option<Timestamp>,
    ) -> Result<(), Failure<Refusal>> {
        self.inner().set_block(reason, subject, Some(until), EventKind::PROFILE_BLOCKED).await
    }

    /// The operator lifts a block.
    ///
    /// # Errors
    ///
    /// `profile.unknown`.
    pub async fn unblock(&self, reason: &Reason, subject: SubjectId) -> Result<(), Failure<Refusal>> {
        self.inner().set_block(reason, subject, None, EventKind::PROFILE_UNBLOCKED).await
    }
}

/// A password that was shown, once: nothing else of the proof is needed to replace it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Once {
    pub(crate) subject: SubjectId,
    pub(crate) generation: u64,
    pub(crate) at: Timestamp,
}

/// A password that was shown in a session, and what it has cost.
pub(crate) struct ShownPassword {
    pub(crate) proof: PasswordProof,
    pub(crate) taken: TakenTry,
    pub(crate) windows: Admitted,
    /// How many characters it has.
    pub(crate) length: usize,
}

/// What becomes of the second factor where a password is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// It stays as it is.
    Factor,
    /// It is turned off, in the same commit.
    Nothing,
}

impl Inner {
    /// Who has a second factor has shown it in this session.
    pub(crate) async fn must_be_whole(
        &self,
        who: &Authenticated,
        now: Timestamp,
    ) -> Result<(), Failure<Refusal>> {
        if is_whole(&who.session, &who.profile) {
            return Ok(());
        }
        let _ = self.live(who).await?;
        self.refuse_person(&FactorProblem::Required, who.subject(), now).await
    }

    /// The present password, typed in a session: windows, a try in the session's own lane, the comparison.
    pub(crate) async fn show_password(
        &self,
        who: &Authenticated,
        typed: PreparedPassword,
        now: Timestamp,
    ) -> Result<ShownPassword, Failure<Refusal>> {
        let subject = who.subject();
        let length = typed.code_points();
        let place = self.pool.reserve().map_err(Error::from)?;
        let windows = match self.take_change_windows(subject, now).await? {
            Ok(windows) => windows,
            Err(problem) => return self.refuse_person(&problem, subject, now).await,
        };
        // In a lane of the session's own: strangers who stop the password do not keep its owner from changing it (PR-12).
        let lane = Lane::Device(who.session());
        let tries = self.store.tries(subject, lane).await?;
        let taken = match self.take_try_of(subject, lane, tries, now).await? {
            Ok(taken) => taken,
            Err(problem) => return self.refuse_person(&problem, subject, now).await,
        };
        let stored = self.store.password(subject).await?;
        match verify_in(&self.pool, place, stored.as_ref(), typed, now).await? {
            Verified::Right { proof, .. } => Ok(ShownPassword { proof, taken, windows, length }),
            Verified::Wrong => {
                // Who lost the session meanwhile hears of that: the password may be another one since.
                let _ = self.live(who).await?;
                let problem = if stored.is_some() { Problem::Wrong } else { Problem::NoPassword };
                self.refuse_person(&problem, subject, now).await
            }
        }
    }

    /// A thief with a session guesses the password no faster than one at the door. Of the challenge the session stands in
    /// for the answer.
    async fn take_change_windows(
        &self,
        subject: SubjectId,
        now: Timestamp,
    ) -> Result<Result<Admitted, vestibule_throttle::Problem>, Error> {
        let digest = self.ring.digest_current("password.change", &[subject.as_bytes()]);
        let key = AddressKey::from_bytes(*digest.as_bytes());
        let passed = ChallengePassed::vouched_by_host(key, now);
        match self.throttle.admit(&TryRequest::new(&key, now).challenge(Some(&passed))).await {
            Ok(windows) => Ok(Ok(windows)),
            Err(Failure::Refused(problem)) => Ok(Err(problem)),
            Err(Failure::Fault(error)) => Err(error),
        }
    }

    async fn set_block(
        &self,
        reason: &Reason,
        subject: SubjectId,
        until: Option<Option<Timestamp>>,
        kind: EventKind,
    ) -> Result<(), Failure<Refusal>> {
        let now = self.clock.now();
        for _ in 0..ROUNDS {
            let Some(profile) = self.store.profile(subject).await? else {
                return self
                    .refuse_operator(&vestibule_profiles::Problem::ProfileUnknown, subject, now)
                    .await;
            };
            let id = self.batch_id(now)?;
            let mut batch =
                self.record(Acting::Operator(reason).draft(kind.clone()).subject(subject), id, now)?;
            batch.push(profiles::set_block(&profile, until, now).into());
            if until.is_some() {
                let rotated = rotate(subject, &ROTATED, Rotation::ProfileBlocked, now);
                batch.extend(rotated.into_iter().map(AnyWrite::from));
                batch.extend(self.withdrawals(subject, now).await?);
                // Its waiting time would run while the owner is kept from stopping it.
                batch.extend(self.drops_reset(&profile, EventActor::Operator, id, now).await?);
            }
            let told =
                if until.is_some() { NoticeKind::ProfileBlocked } else { NoticeKind::ProfileUnblocked };
            let mut notice = Notice::new(told, now);
            notice.until = until.flatten();
            batch.extend(self.notices(subject, notice).await?);
            if self.land(id, now, batch).await?.is_none() {
                return Ok(());
            }
        }
        Err(busy().into())
    }

    /// Policy, hash, one commit: the password, the epoch, the acting session anew, the event. A rejected password costs
    /// the person nothing.
    ///
    /// Where the second factor is turned off in the same commit, the password may also stay: then there is no new one.
    pub(crate) async fn replace(
        &self,
        (proof, epoch): (Once, u64),
        new: Option<Secret<String>>,
        acting: Option<(&Authenticated, Keeps)>,
        beside: Vec<AnyWrite>,
    ) -> Result<Option<Secret<String>>, Failure<Refusal>> {
        let (now, subject) = (self.clock.now(), proof.subject);
        let keeps = acting.map_or(Keeps::Factor, |(_, keeps)| keeps);
        let usage = match self.store.profile(subject).await? {
            Some(profile) if keeps == Keeps::Factor => usage_of(&profile),
            _ => PasswordUse::Alone,
        };
        let hashed = match new {
            None => None,
            Some(new) => Some(self.hash_new(new, &self.words_of(subject).await?, usage).await?),
        };
        let hash = match hashed.transpose() {
            Ok(hash) => hash,
            Err(rejection) => {
                if !beside.is_empty() {
                    self.land(self.batch_id(now)?, now, beside).await?;
                }
                return self.refuse_person(&Problem::Rejected(rejection), subject, now).await;
            }
        };
        let revoked = vestibule_sessions::Problem::Revoked;
        for _ in 0..ROUNDS {
            let stored = self.store.password(subject).await?;
            let Some(profile) = self.store.profile(subject).await? else {
                return self.refuse_session(&revoked, Some(subject)).await;
            };
            // What was proven before all sessions were ended proves nothing now (PR-5).
            let stale = profile.epoch != epoch;
            if stale && acting.is_some() {
                return self.refuse_session(&revoked, Some(subject)).await;
            }
            let Some(stored) = stored.filter(|stored| stored.generation == proof.generation) else {
                return self.refuse_person(&Problem::Wrong, subject, now).await;
            };
            if let Some(block) = profile.blocked_at(now) {
                let problem = vestibule_profiles::Problem::Blocked { until: block.until };
                return self.refuse_person(&problem, subject, now).await;
            }
            if stale {
                return self.refuse_person(&Problem::Wrong, subject, now).await;
            }
            if let Some(problem) = frozen(&profile) {
                return self.refuse_person(&problem, subject, now).await;
            }
            // A password that was accepted beside a second factor stands alone only if it is long enough for that.
            if usage == PasswordUse::WithSecondFactor && profile.factor_since.is_none() {
                return self.refuse_session(&revoked, Some(subject)).await;
            }
            let id = self.batch_id(now)?;
            let (event, told) = match keeps {
                Keeps::Factor => (EventKind::PASSWORD_CHANGED, NoticeKind::PasswordChanged),
                Keeps::Nothing => (EventKind::FACTOR_OFF, NoticeKind::FactorOff),
            };
            let event = Draft::new(event, EventActor::Person(subject)).subject(subject);
            let mut batch = self.record(event, id, now)?;
            batch.extend(beside.iter().cloned());
            match &hash {
                Some(hash) => {
                    batch.push(set(subject, Some(&stored), hash, id, now).into());
                    let lane = Lane::Everybody;
                    batch.push(CredentialsWrite::ResetTries { subject, lane }.into());
                }
                None => {
                    let generation = proof.generation;
                    batch.push(CredentialsWrite::RequirePassword { subject, generation }.into());
                }
            }
            let from = profile.epoch;
            // Before the authenticators are read: see `moves_factor`.
            batch.extend(self.drops_reset(&profile, EventActor::Person(subject), id, now).await?);
            match keeps {
                Keeps::Factor => {
                    batch.push(ProfilesWrite::BumpEpoch { subject, from }.into());
                    let rotated = rotate(subject, &ROTATED, Rotation::PasswordSet, now);
                    batch.extend(rotated.into_iter().map(AnyWrite::from));
                    batch.extend(self.withdrawals(subject, now).await?);
                }
                Keeps::Nothing => batch.extend(self.turns_off(&profile, now).await?),
            }
            batch.extend(self.notices(subject, Notice::new(told, now)).await?);
            let token = match acting {
                None => None,
                Some((who, _)) => {
                    let request = decide::ReissueRequest::new(profile.epoch + 1)
                        .password_generation(stored.generation + u64::from(hash.is_some()))
                        .proven(Evidence { amr: Amr::Password, at: proof.at });
                    let (token, reissued) = self.reissue(&who.session, &request, (id, now))?;
                    batch.push(reissued.write.into());
                    Some(token)
                }
            };
            match self.land(id, now, batch).await? {
                None => return Ok(token),
                Some(AnyGuard::Sessions(_)) => return self.refuse_session(&revoked, Some(subject)).await,
                Some(_) => {}
            }
        }
        Err(busy().into())
    }

    pub(crate) async fn refuse_person<T>(
        &self,
        problem: &(dyn Registered + Sync),
        subject: SubjectId,
        now: Timestamp,
    ) -> Result<T, Failure<Refusal>> {
        let actor = EventActor::Person(subject);
        Err(Failure::Refused(self.refuse_after_proof(problem, actor, Some(subject), None, now).await?))
    }

    pub(crate) async fn refuse_operator<T>(
        &self,
        problem: &(dyn Registered + Sync),
        subject: SubjectId,
        now: Timestamp,
    ) -> Result<T, Failure<Refusal>> {
        let refusal =
            self.refuse_after_proof(problem, EventActor::Operator, Some(subject), None, now).await?;
        Err(Failure::Refused(refusal))
    }
}
