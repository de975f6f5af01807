//! Into one account without the second factor: a session that opens what stands in for it, and changes nothing of the profile.

use core::time::Duration;

use vestibule_core::{ClientAddress, Failure, Refusal, Secret};
use vestibule_journal::EventActor;
use vestibule_sessions::{DeviceToken, SessionsRead};
use vestibule_throttle::{Limit, WindowKind};

use super::FactorProblem;
use crate::entering::{Moved, Places};
use crate::sign_in::SignedIn;
use crate::vestibule::{Inner, ROUNDS, busy};
use crate::writes::AnyWrite;

/// One session, or one question to the administrators, of one sign-in (ATK-D10).
pub(super) const A_SIGN_IN: Limit = a_day(1);

pub(super) const fn a_day(at_most: u32) -> Limit {
    match Limit::new(at_most, Duration::from_secs(24 * 3600)) {
        Ok(limit) => limit,
        // Judged when compiling: never more than this.
        Err(_) => Limit::per_hour(core::num::NonZeroU32::MIN),
    }
}

/// What stands in for the factor.
#[derive(Clone, Copy)]
pub(super) enum Narrow<'a> {
    /// An administrator's exemption (R23).
    Exempt,
    /// The device of this token, which is remembered.
    Remembered(&'a Secret<String>),
}

impl Inner {
    /// A session of a pending sign-in for the account that it named, without the factor.
    pub(super) async fn enter_narrow(
        &self,
        pending: &Secret<String>,
        by: Narrow<'_>,
        client: Option<ClientAddress>,
    ) -> Result<SignedIn, Failure<Refusal>> {
        let now = self.clock.now();
        let (mut places, mut counted) = (Places::default(), false);
        for _ in 0..ROUNDS {
            let (shown, profile) = self.read_pending(pending, now).await?;
            let (subject, attempt) = (shown.subject, shown.attempt(client, now));
            if let Some(block) = profile.blocked_at(now) {
                return Err(Failure::Refused(self.refuse_blocked(block, subject, attempt).await?));
            }
            if shown.must_change {
                let problem = vestibule_credentials::Problem::MustChange;
                return self.refuse_person(&problem, subject, now).await;
            }
            if let Some(account) = shown.account {
                places.door = self.door(account, subject).await?;
            }
            let (stored, membership) = (places.door.0.as_ref(), places.door.1.as_ref());
            let mut entering = shown.entering();
            let missing = match by {
                Narrow::Exempt => {
                    let exempt = membership.is_some_and(|membership| membership.is_exempt(now));
                    (!exempt).then_some(FactorProblem::NotExempt)
                }
                Narrow::Remembered(token) => {
                    // EXPOSE: read as the token it must be.
                    let token = DeviceToken::parse(token.expose()).ok();
                    entering.by_device = match token.and_then(|token| token.digest(&self.ring).ok()) {
                        None => None,
                        Some(digest) => self.remembered_device(digest, &profile, now).await?,
                    };
                    match (&entering.by_device, stored.filter(|_| membership.is_some())) {
                        (None, _) => Some(FactorProblem::DeviceNotRemembered),
                        (Some((_, since)), Some(stored)) if stored.policy.accepts_device(*since, now) => None,
                        (Some(_), _) => Some(FactorProblem::DeviceNotAccepted),
                    }
                }
            };
            if let Some(problem) = missing {
                return self.refuse_person(&problem, subject, now).await;
            }
            // One session of one sign-in (ATK-D10), whatever stands in for the factor.
            let this = [b"exempt.sign_in".as_slice(), shown.id.as_bytes()].concat();
            if !counted && !self.throttle.count(WindowKind::Message, &this, &A_SIGN_IN, now).await? {
                return self.refuse_person(&FactorProblem::SignInOver, subject, now).await;
            }
            counted = true;
            // A session that would open nothing is not opened.
            let factors = entering.factors();
            if let Err(problem) = self.admit_through((stored, membership), &profile, (client, factors), now) {
                let actor = EventActor::Person(subject);
                let refusal =
                    self.refuse_after_proof(&problem, actor, Some(subject), shown.account, now).await?;
                return Err(Failure::Refused(refusal));
            }
            // Its device stays what it is: the factor was not shown on it.
            entering.leaves_device = false;
            let id = self.batch_id(now)?;
            let writes: Vec<AnyWrite> = shown.relied_on().into_iter().collect();
            match self.let_in(attempt, &profile, &entering, &places, (id, writes)).await? {
                Ok(signed_in) => return Ok(signed_in),
                Err(Moved::Slots) => {
                    places.sessions = self.store.sessions(subject).await?;
                    places.devices = self.store.devices(subject).await?;
                }
                Err(_) => {}
            }
        }
        Err(busy().into())
    }
}
