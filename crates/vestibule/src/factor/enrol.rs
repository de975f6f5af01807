//! Setting a second factor up: the first one, a further one, a new phone, or a new one after a reset.

use vestibule_core::{ClientAddress, Failure, Refusal, Secret, SessionHandle};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_mfa::{
    AuthenticatorId, AuthenticatorName, PendingEnrolment, Problem, RecoverySheet, TypedCode, decide,
};
use vestibule_profiles::{Profile, ProfilesWrite};
use vestibule_sessions::{Amr, Evidence, SessionsRead, decide as sessions};

use super::proof::ShownBy;
use super::{FactorProblem, Shown};
use crate::entering::{Moved, Places};
use crate::login::frozen;
use crate::notice::{Notice, NoticeKind};
use crate::password::Once;
use crate::permit::ChangePermit;
use crate::session::Authenticated;
use crate::sign_in::SignedIn;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::writes::{AnyGuard, AnyWrite};

/// By what somebody sets a second factor up.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Enrolling<'a> {
    /// By a session with a fresh proof: of the second factor where there is one, else of the first.
    Session(&'a Authenticated),
    /// By a pending sign-in that waits for it: the lost one was reset (R33).
    Pending(&'a Secret<String>),
}

/// What the person goes on by.
#[derive(Debug)]
#[must_use = "the old token is worth nothing"]
#[expect(clippy::exhaustive_enums, reason = "a host that overlooks one would sign people out")]
pub enum Resumed {
    /// The acting session under this new token. All others ended.
    Session {
        /// The new token, for the host's cookie.
        token: Secret<String>,
        /// Its public name.
        session: SessionHandle,
    },
    /// The sign-in that waited is complete, and first the password is to be changed (N2).
    PasswordChangeNeeded {
        /// What was proven.
        proof: ChangePermit,
        /// What to tell the person.
        because: Refusal,
    },
    /// The sign-in that waited is complete.
    SignedIn(SignedIn),
}

/// A second factor that was set up.
#[derive(Debug)]
#[must_use = "the recovery codes are shown once, and the old token is worth nothing"]
#[non_exhaustive]
pub struct Enrolled {
    /// The recovery codes, with the first authenticator. Show them now: nobody can read them again.
    pub sheet: Option<RecoverySheet>,
    /// What the person goes on by.
    pub resumed: Resumed,
}

/// Who sets up, judged.
enum Setter {
    Session(Authenticated),
    Pending(Shown, Profile),
}

impl Setter {
    const fn profile(&self) -> &Profile {
        match self {
            Self::Session(who) => &who.profile,
            Self::Pending(_, profile) => profile,
        }
    }

    const fn by(&self) -> ShownBy<'_> {
        match self {
            Self::Session(who) => ShownBy::Session(who),
            Self::Pending(shown, _) => ShownBy::SignIn(shown),
        }
    }
}

impl Vestibule {
    /// Begins an authenticator (R24): a new secret, of no use until a code confirms it, within an hour. One that was begun
    /// before gives way.
    ///
    /// # Errors
    ///
    /// `factor.proof_too_old`, `factor.required`, `factor.sign_in_over`, `profile.frozen`, `profile.blocked`,
    /// `profile.blocked_until`, `mfa.too_many`, `session.revoked`.
    pub async fn begin_authenticator(
        &self,
        who: Enrolling<'_>,
        name: &AuthenticatorName,
    ) -> Result<PendingEnrolment, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        for _ in 0..ROUNDS {
            let setter = inner.may_enrol(who).await?;
            let (subject, epoch) = (setter.profile().subject, setter.profile().epoch);
            let factor = inner.factor_of(subject).await?;
            let id = inner.batch_id(now)?;
            let begun = match decide::begin(&inner.ring, &*inner.entropy, factor.stored(), name, (id, now)) {
                Ok(begun) => begun,
                Err(Failure::Refused(problem)) => {
                    return inner.refuse_shown(setter.by(), &problem, now).await;
                }
                Err(Failure::Fault(error)) => return Err(Failure::Fault(error)),
            };
            let event = Draft::new(EventKind::FACTOR_BEGUN, EventActor::Person(subject)).subject(subject);
            let mut batch = inner.record(event, id, now)?;
            batch.push(begun.write.into());
            batch.push(inner.moves_factor(subject).await?);
            batch.push(ProfilesWrite::RequireProfile { subject, epoch }.into());
            if let Setter::Session(who) = &setter {
                batch.push(sessions::require(&who.session).into());
            }
            if inner.land(id, now, batch).await?.is_none() {
                return Ok(begun.pending);
            }
        }
        Err(busy().into())
    }

    /// Confirms an authenticator by a code of it, which is used by that. With the first one the person has a second factor from
    /// this commit on: recovery codes come into being, every other session and every known device ends, and the acting session
    /// goes on under a new token, with two factors. Where too many wrong codes have stopped the factor, this binds it anew.
    ///
    /// # Errors
    ///
    /// As [`begin_authenticator`](Self::begin_authenticator), and `mfa.not_pending`, `mfa.code_wrong`.
    pub async fn confirm_authenticator(
        &self,
        who: Enrolling<'_>,
        id: AuthenticatorId,
        code: &Secret<String>,
        client: Option<ClientAddress>,
    ) -> Result<Enrolled, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let mut places = Places::default();
        for _ in 0..ROUNDS {
            let setter = inner.may_enrol(who).await?;
            let profile = setter.profile().clone();
            let (subject, from) = (profile.subject, profile.epoch);
            let Some(typed) = TypedCode::parse(code) else {
                return inner.refuse_shown(setter.by(), &Problem::Wrong, now).await;
            };
            let factor = inner.factor_of(subject).await?;
            let first = !factor.has_confirmed();
            let batch_id = inner.batch_id(now)?;
            let confirmed =
                decide::confirm(&inner.ring, &*inner.entropy, factor.stored(), (id, &typed), (batch_id, now));
            let confirmed = match confirmed {
                Ok(confirmed) => confirmed,
                Err(Failure::Refused(problem)) => {
                    return inner.refuse_shown(setter.by(), &problem, now).await;
                }
                Err(Failure::Fault(error)) => return Err(Failure::Fault(error)),
            };
            let mut writes: Vec<AnyWrite> = confirmed.writes.into_iter().map(AnyWrite::from).collect();
            let event = Draft::new(EventKind::FACTOR_CONFIRMED, EventActor::Person(subject)).subject(subject);
            writes.extend(inner.record_further(event, batch_id, now)?);
            let told = if first { NoticeKind::FactorOn } else { NoticeKind::AuthenticatorAdded };
            writes.extend(inner.notices(subject, Notice::new(told, now)).await?);
            // What was pending when the factor changed was asked for without it.
            writes.extend(inner.cancels_changes(subject, now).await?);
            // A new factor is not the one that is lost.
            writes.extend(inner.drops_reset(&profile, EventActor::Person(subject), batch_id, now).await?);
            let since = Some(profile.factor_since.unwrap_or(now));
            let moves = ProfilesWrite::SetFactor { subject, from, since };
            let evidence = Evidence { amr: Amr::Otp, at: now };
            let sheet = confirmed.sheet;
            match &setter {
                Setter::Session(acting) => {
                    writes.push(moves.into());
                    match inner.resume(acting, (evidence, from.saturating_add(1)), (batch_id, writes)).await?
                    {
                        Some(resumed) => return Ok(Enrolled { sheet, resumed }),
                        None => continue,
                    }
                }
                Setter::Pending(shown, _) => {
                    writes.extend(shown.relied_on());
                    if let (true, Some((generation, _))) = (shown.must_change, shown.password) {
                        let event = Draft::new(EventKind::SIGN_IN_SUCCEEDED, EventActor::Person(subject));
                        let mut batch = inner.record(event.subject(subject), batch_id, now)?;
                        batch.append(&mut writes);
                        batch.push(moves.into());
                        if inner.land(batch_id, now, batch).await?.is_some() {
                            continue;
                        }
                        let once = Once { subject, generation, at: shown.at };
                        let epoch = from.saturating_add(1);
                        let (proof, because) = inner.permit_change(once, epoch, shown.account, now).await?;
                        let resumed = Resumed::PasswordChangeNeeded { proof, because };
                        return Ok(Enrolled { sheet, resumed });
                    }
                    let mut entering = shown.entering();
                    entering.second = Some(evidence);
                    entering.factor = Some(moves);
                    let attempt = shown.attempt(client, now);
                    if let Some(account) = shown.account {
                        places.door = inner.door(account, subject).await?;
                    }
                    match inner.let_in(attempt, &profile, &entering, &places, (batch_id, writes)).await? {
                        Ok(signed_in) => {
                            return Ok(Enrolled { sheet, resumed: Resumed::SignedIn(signed_in) });
                        }
                        Err(Moved::Slots) => {
                            places.sessions = inner.store.sessions(subject).await?;
                            places.devices = inner.store.devices(subject).await?;
                        }
                        Err(_) => {}
                    }
                }
            }
        }
        Err(busy().into())
    }
}

impl Inner {
    /// Whether they may: with a proof that is fresh enough, or because the sign-in demands it.
    async fn may_enrol(&self, who: Enrolling<'_>) -> Result<Setter, Failure<Refusal>> {
        let now = self.clock.now();
        let setter = match who {
            Enrolling::Session(who) => Setter::Session(self.fresh(who).await?),
            Enrolling::Pending(token) => {
                let (shown, profile) = self.read_pending(token, now).await?;
                if self.factor_of(shown.subject).await?.has_confirmed() {
                    let by = ShownBy::SignIn(&shown);
                    return self.refuse_shown(by, &FactorProblem::Required, now).await;
                }
                if let Some(block) = profile.blocked_at(now) {
                    let attempt = shown.attempt(None, now);
                    return Err(Failure::Refused(self.refuse_blocked(block, shown.subject, attempt).await?));
                }
                Setter::Pending(shown, profile)
            }
        };
        match frozen(setter.profile()) {
            None => Ok(setter),
            Some(problem) => self.refuse_shown(setter.by(), &problem, now).await,
        }
    }

    /// The acting session goes on under a new token, with this proof and this epoch of the profile, in one commit with what it
    /// did. `None`: something moved.
    pub(super) async fn resume(
        &self,
        acting: &Authenticated,
        (evidence, epoch): (Evidence, u64),
        (id, mut writes): (vestibule_core::BatchId, Vec<AnyWrite>),
    ) -> Result<Option<Resumed>, Failure<Refusal>> {
        let (now, subject) = (self.clock.now(), acting.subject());
        let request = sessions::ReissueRequest::new(epoch).proven(evidence);
        let (token, reissued) = self.reissue(&acting.session, &request, (id, now))?;
        let session = reissued.session.handle;
        writes.push(reissued.write.into());
        let event = Draft::new(EventKind::SESSION_STEPPED_UP, EventActor::Person(subject)).subject(subject);
        let mut batch = self.record(event, id, now)?;
        batch.append(&mut writes);
        match self.land(id, now, batch).await? {
            None => Ok(Some(Resumed::Session { token, session })),
            Some(AnyGuard::Sessions(_) | AnyGuard::Profiles(vestibule_profiles::ProfilesGuard::Epoch)) => {
                self.refuse_session(&vestibule_sessions::Problem::Revoked, Some(subject)).await
            }
            Some(_) => Ok(None),
        }
    }
}
