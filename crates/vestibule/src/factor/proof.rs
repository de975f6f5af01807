//! An answer of a second factor, judged; the tries are paid for before anything is compared.

use vestibule_core::{
    AddressKey, BatchId, ClientAddress, Error, Failure, Refusal, Registered, SubjectId, Timestamp,
};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_mfa::{FactorProof, Judging, MfaRead, Problem, RecoveryCode, TakenTry, take};
use vestibule_throttle::{Admitted, ChallengePassed, TryRequest};

use super::{FactorAnswer, FactorProblem, Shown, StoredFactor};
use crate::notice::{Notice, NoticeKind};
use crate::session::Authenticated;
use crate::vestibule::{Inner, busy};
use crate::writes::AnyWrite;

/// An answer that may be judged: what cannot be one at all was refused, and the try is paid for.
pub(super) struct Asked {
    answer: FactorAnswer,
    /// `None` where it costs none, or opens nothing.
    paid: Option<TakenTry>,
}

impl Asked {
    /// Of somebody who has shown nothing yet: no try of the factor is debited, or whoever knows a login could stop the factor
    /// of its owner.
    pub(super) const fn unproven(answer: FactorAnswer) -> Self {
        Self { answer, paid: None }
    }
}

/// An answer that is right, as soon as its writes have landed.
pub(super) struct Right {
    pub(super) proof: FactorProof,
    /// Since when the person has what was shown.
    pub(super) since: Option<Timestamp>,
    /// The code that takes the place of the one that was used.
    pub(super) replacement: Option<RecoveryCode>,
    /// Whether a reset runs, which it stops.
    pub(super) stops_reset: bool,
    pub(super) writes: Vec<AnyWrite>,
}

/// Who shows the factor: what the answer is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ShownBy<'a> {
    /// A sign-in that waits for it.
    SignIn(&'a Shown),
    /// A session.
    Session(&'a Authenticated),
}

impl ShownBy<'_> {
    pub(crate) const fn subject(self) -> SubjectId {
        match self {
            Self::SignIn(shown) => shown.subject,
            Self::Session(who) => who.session.subject,
        }
    }
}

impl Inner {
    /// Windows of the factor's own, per person: guessing codes is slow long before the authenticator stops. A known device has its
    /// own, so that whoever has the password does not shut the owner out there (PR-12).
    pub(super) async fn take_factor_windows(
        &self,
        subject: SubjectId,
        (client, device): (Option<ClientAddress>, Option<AddressKey>),
        now: Timestamp,
    ) -> Result<Admitted, Failure<Refusal>> {
        let digest = self.ring.digest_current("factor.try", &[subject.as_bytes()]);
        let key = AddressKey::from_bytes(*digest.as_bytes());
        // The first factor stands in for the challenge.
        let passed = ChallengePassed::vouched_by_host(key, now);
        let request =
            TryRequest::new(&key, now).challenge(Some(&passed)).client(client).device(device.as_ref());
        match self.throttle.admit(&request).await {
            Ok(windows) => Ok(windows),
            Err(Failure::Refused(problem)) => self.refuse_person(&problem, subject, now).await,
            Err(Failure::Fault(error)) => Err(Failure::Fault(error)),
        }
    }

    /// Looks at the answer and pays for its try, where it costs one.
    async fn ask_factor(
        &self,
        factor: &StoredFactor,
        answer: FactorAnswer,
        now: Timestamp,
    ) -> Result<Result<Asked, Problem>, Error> {
        let subject = factor.subject;
        if let Err(problem) = answer.of.can_be(factor.stored(), &answer.answer) {
            return Ok(Err(problem));
        }
        if !answer.of.costs_a_try() {
            return Ok(Ok(Asked { answer, paid: None }));
        }
        let mut read = factor.tries.clone();
        for _ in 0..vestibule_mfa::STOPS_AT {
            let (taken, write) = match take(subject, read.as_ref(), now) {
                Ok(next) => next,
                Err(problem) => return Ok(Err(problem)),
            };
            if self.land(self.batch_id(now)?, now, vec![write.into()]).await?.is_none() {
                return Ok(Ok(Asked { answer, paid: Some(taken) }));
            }
            read = self.store.mfa_tries(subject).await?;
        }
        Err(busy())
    }

    /// What something was shown for still stands; where it has ended meanwhile, that is what is told, and no reason that it left behind.
    pub(crate) async fn still_there(&self, by: ShownBy<'_>, now: Timestamp) -> Result<(), Failure<Refusal>> {
        match by {
            ShownBy::SignIn(shown) if self.still_shown(shown, now).await?.is_none() => {
                self.refuse_session(&FactorProblem::SignInOver, Some(shown.subject)).await
            }
            ShownBy::SignIn(_) => Ok(()),
            ShownBy::Session(who) => self.live(who).await.map(drop),
        }
    }

    /// Refuses what was asked for at a sign-in or in a session, as long as that stands.
    pub(super) async fn refuse_shown<T>(
        &self,
        by: ShownBy<'_>,
        problem: &(dyn Registered + Sync),
        now: Timestamp,
    ) -> Result<T, Failure<Refusal>> {
        self.still_there(by, now).await?;
        self.refuse_person(problem, by.subject(), now).await
    }

    /// Judges it on what is stored. The inner error is the domain's.
    pub(super) async fn judge(
        &self,
        factor: &StoredFactor,
        asked: &Asked,
        (id, now): (BatchId, Timestamp),
    ) -> Result<Result<Right, Problem>, Error> {
        let Asked { answer: FactorAnswer { of, answer }, paid } = asked;
        let (stored, subject) = (factor.stored(), factor.subject);
        let (ring, entropy) = (&*self.ring, &*self.entropy);
        let judging = Judging::new(ring, entropy, stored, (id, now)).paid(*paid);
        let mut right = match of.judge(judging, answer) {
            Ok(judged) => Right {
                proof: judged.proof,
                since: judged.since,
                replacement: judged.replacement,
                stops_reset: false,
                writes: judged.writes.into_iter().map(AnyWrite::from).collect(),
            },
            Err(Failure::Refused(problem)) => return Ok(Err(problem)),
            Err(Failure::Fault(error)) => return Err(error),
        };
        if right.replacement.is_some() {
            let event = Draft::new(EventKind::RECOVERY_CODE_USED, EventActor::Person(subject));
            right.writes.extend(self.record_further(event.subject(subject), id, now)?);
            right.writes.extend(self.notices(subject, Notice::new(NoticeKind::RecoveryCodeUsed, now)).await?);
        }
        // Whoever shows the factor has not lost it (R33).
        let stops = self.stops_reset(subject, id, now).await?;
        right.stops_reset = !stops.is_empty();
        right.writes.extend(stops);
        Ok(Ok(right))
    }

    /// Begins to show the second factor: the answer is read, and its try is paid for.
    pub(super) async fn show_factor<'a>(
        &self,
        by: ShownBy<'a>,
        answer: FactorAnswer,
        (client, device): (Option<ClientAddress>, Option<AddressKey>),
    ) -> Result<Showing<'a>, Failure<Refusal>> {
        let (now, subject) = (self.clock.now(), by.subject());
        let factor = self.factor_of(subject).await?;
        // What nobody guesses takes none: whoever knows the password could fill them.
        let windows = if answer.of.costs_a_try() {
            Some(self.take_factor_windows(subject, (client, device), now).await?)
        } else {
            None
        };
        match self.ask_factor(&factor, answer, now).await? {
            Ok(asked) => Ok(Showing { by, now, windows, asked, factor: Some(factor) }),
            Err(problem) => self.refuse_shown(by, &problem, now).await,
        }
    }

    /// Judges the answer for a batch that is to land with what it proves. Asked once more, because something moved, it reads
    /// again.
    pub(super) async fn shown_factor(
        &self,
        showing: &mut Showing<'_>,
    ) -> Result<(BatchId, Right), Failure<Refusal>> {
        let (subject, now) = (showing.by.subject(), showing.now);
        let factor = match showing.factor.take() {
            Some(factor) => factor,
            None => self.factor_of(subject).await?,
        };
        let id = self.batch_id(now)?;
        match self.judge(&factor, &showing.asked, (id, now)).await? {
            Ok(right) => Ok((id, right)),
            Err(problem) => self.refuse_shown(showing.by, &problem, now).await,
        }
    }

    /// What it proved has landed.
    pub(super) async fn settle_factor(&self, showing: Showing<'_>) {
        if let Some(windows) = showing.windows {
            let _ = self.throttle.settle(windows).await;
        }
    }
}

/// A second factor that is being shown. It is no closure over the rest: the futures of such closures are not `Send` for every
/// lifetime, and a host's handlers must be.
pub(super) struct Showing<'a> {
    by: ShownBy<'a>,
    now: Timestamp,
    windows: Option<Admitted>,
    asked: Asked,
    /// As it was read last, until it was judged.
    factor: Option<StoredFactor>,
}
