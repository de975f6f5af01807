//! May this session be used now?

use vestibule_core::Timestamp;

use crate::problem::Problem;
use crate::session::{AdmissionStamp, Session};
use crate::write::SessionsWrite;

/// What the caller knows of the person at this moment, read *after* the session was.
///
/// Whatever is not stated refuses: a session that was opened by a password is refused unless the password's present
/// generation is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// The profile's epoch.
    pub profile_epoch: u64,
    /// Whether the operator keeps the person out.
    pub blocked: bool,
    /// The generation of the person's password, if there is one.
    pub password_generation: Option<u64>,
    /// Of the account that is asked for: what an admission to it relies on now.
    pub admission: Option<AdmissionStamp>,
}

impl Standing {
    /// A person of this epoch, not blocked, without a password, asking for no account.
    #[must_use]
    pub const fn new(profile_epoch: u64) -> Self {
        Self { profile_epoch, blocked: false, password_generation: None, admission: None }
    }

    /// Whether the operator keeps the person out.
    #[must_use]
    pub const fn with_blocked(mut self, blocked: bool) -> Self {
        self.blocked = blocked;
        self
    }

    /// The generation of the person's password.
    #[must_use]
    pub const fn with_password_generation(mut self, generation: u64) -> Self {
        self.password_generation = Some(generation);
        self
    }

    /// An account is asked for; this is what an admission to it relies on now.
    #[must_use]
    pub const fn with_admission(mut self, now: AdmissionStamp) -> Self {
        self.admission = Some(now);
        self
    }
}

/// What a session says of the account that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "only `Admitted` opens the account"]
#[expect(clippy::exhaustive_enums, reason = "a caller that overlooks one would open an account")]
pub enum AdmissionState {
    /// It was admitted, and everything the admission relied on still stands.
    Admitted,
    /// It was never admitted, or something moved: the account's rules are to be asked.
    CheckAgain,
    /// No account was asked for.
    NotAsked,
}

/// A session that may be used now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Validated {
    /// The session.
    pub session: Session,
    /// What it says of the account.
    pub admission: AdmissionState,
    /// The use, where it is to be noted: at most once in a tenth of the idle time. Lost, it lets the session rest
    /// out a little earlier.
    pub touch: Option<SessionsWrite>,
}

/// Judges a session that was just read. Epochs and generations are compared for equality, never by order (ATK-H4);
/// the boundary instants refuse.
///
/// # Errors
///
/// [`Problem::Expired`], [`Problem::Idle`], [`Problem::Revoked`], [`Problem::Blocked`], in this order: a token that
/// is worth nothing tells nothing about the person.
pub fn check(session: Session, standing: &Standing, now: Timestamp) -> Result<Validated, Problem> {
    if !session.ends_at.is_after(now) {
        return Err(Problem::Expired { ended_at: session.ends_at });
    }
    let rests_until = session.rests_until();
    if !rests_until.is_after(now) {
        return Err(Problem::Idle { ended_at: rests_until });
    }
    let password_stands =
        session.password_generation.is_none_or(|proven| standing.password_generation == Some(proven));
    if session.profile_epoch != standing.profile_epoch || !password_stands {
        return Err(Problem::Revoked);
    }
    if standing.blocked {
        return Err(Problem::Blocked);
    }
    let admission = match standing.admission {
        None => AdmissionState::NotAsked,
        Some(present) if session.admission(present.account) == Some(&present) => AdmissionState::Admitted,
        Some(_) => AdmissionState::CheckAgain,
    };
    let due = now.since(session.last_used_at) >= session.idle / 10;
    let touch = due.then_some(SessionsWrite::TouchSession {
        subject: session.subject,
        slot: session.slot,
        handle: session.handle,
        at: now,
    });
    Ok(Validated { session, admission, touch })
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use vestibule_core::AccountId;

    use super::*;
    use crate::testing::{EPOCH, GENERATION, NOW, session, standing};

    const TICK: Duration = Duration::from_micros(1);

    #[test]
    fn the_idle_boundary_refuses() {
        let end = NOW.plus(session().idle);
        assert!(check(session(), &standing(), end.minus(TICK)).is_ok());
        for at in [end, end.plus(TICK)] {
            assert_eq!(check(session(), &standing(), at), Err(Problem::Idle { ended_at: end }));
        }
    }

    #[test]
    fn the_absolute_boundary_refuses_whatever_was_used() {
        let mut session = session();
        let end = session.ends_at;
        session.last_used_at = end.minus(TICK);
        assert!(check(session.clone(), &standing(), end.minus(TICK)).is_ok());
        for at in [end, end.plus(TICK)] {
            assert_eq!(check(session.clone(), &standing(), at), Err(Problem::Expired { ended_at: end }));
        }
    }

    #[test]
    fn every_other_epoch_refuses_the_earlier_and_the_later() {
        for epoch in [0, EPOCH - 1, EPOCH + 1, u64::MAX] {
            let moved = Standing { profile_epoch: epoch, ..standing() };
            assert_eq!(check(session(), &moved, NOW), Err(Problem::Revoked), "{epoch}");
        }
    }

    #[test]
    fn every_other_password_refuses_and_so_does_one_that_is_not_stated() {
        for generation in [None, Some(0), Some(GENERATION - 1), Some(GENERATION + 1)] {
            let moved = Standing { password_generation: generation, ..standing() };
            assert_eq!(check(session(), &moved, NOW), Err(Problem::Revoked), "{generation:?}");
        }
        let mut by_provider = session();
        by_provider.password_generation = None;
        assert!(check(by_provider, &standing(), NOW).is_ok(), "no password was proven");
    }

    #[test]
    fn a_block_is_told_to_a_live_session_only() {
        let blocked = standing().with_blocked(true);
        assert_eq!(check(session(), &blocked, NOW), Err(Problem::Blocked));
        let moved = Standing { profile_epoch: EPOCH + 1, ..blocked };
        assert_eq!(check(session(), &moved, NOW), Err(Problem::Revoked));
        assert!(matches!(check(session(), &blocked, Timestamp::MAX), Err(Problem::Expired { .. })));
    }

    #[test]
    fn an_admission_holds_only_while_all_of_it_stands() {
        let stamp = AdmissionStamp {
            account: AccountId::from(7),
            membership_epoch: 3,
            policy_version: 4,
            membership_version: 5,
        };
        let mut session = session();
        session.admissions = vec![stamp];
        let state =
            |present| check(session.clone(), &standing().with_admission(present), NOW).unwrap().admission;
        assert_eq!(state(stamp), AdmissionState::Admitted);
        for moved in [
            AdmissionStamp { membership_epoch: 2, ..stamp },
            AdmissionStamp { membership_epoch: 4, ..stamp },
            AdmissionStamp { policy_version: 5, ..stamp },
            AdmissionStamp { membership_version: 6, ..stamp },
            AdmissionStamp { account: AccountId::from(8), ..stamp },
        ] {
            assert_eq!(state(moved), AdmissionState::CheckAgain, "{moved:?}");
        }
        let unasked = check(session.clone(), &standing(), NOW).unwrap();
        assert_eq!(unasked.admission, AdmissionState::NotAsked);
    }

    #[test]
    fn a_use_is_noted_once_in_a_tenth_of_the_idle_time() {
        let due = NOW.plus(session().idle / 10);
        assert_eq!(check(session(), &standing(), due.minus(TICK)).unwrap().touch, None);
        assert!(matches!(
            check(session(), &standing(), due).unwrap().touch,
            Some(SessionsWrite::TouchSession { at, .. }) if at == due
        ));
        assert_eq!(check(session(), &standing(), NOW.minus(TICK)).unwrap().touch, None, "a clock set back");
    }
}
