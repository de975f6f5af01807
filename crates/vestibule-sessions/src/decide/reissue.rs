//! A new token for a session that goes on: after a step-up, a new password, a switch to more rights.

use vestibule_core::Timestamp;

use super::Ids;
use super::open::{limits, proven_by};
use crate::evidence::Evidence;
use crate::policy::SessionPolicy;
use crate::session::Session;
use crate::write::SessionsWrite;

/// What the session goes on with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct ReissueRequest {
    profile_epoch: u64,
    password_generation: Option<u64>,
    evidence: Vec<Evidence>,
}

impl ReissueRequest {
    /// The profile's epoch from now on: after a sign-out of all others it is the new one.
    pub const fn new(profile_epoch: u64) -> Self {
        Self { profile_epoch, password_generation: None, evidence: Vec::new() }
    }

    /// The generation of the password that was proven, or set. Not stated, it stays what it was.
    pub const fn password_generation(mut self, generation: u64) -> Self {
        self.password_generation = Some(generation);
        self
    }

    /// What was proven just now.
    pub fn proven(mut self, evidence: Evidence) -> Self {
        self.evidence.push(evidence);
        self
    }
}

/// A session that goes on under a new token and a new handle.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reissued {
    /// The row.
    pub session: Session,
    /// The write that puts it in the place of the old one.
    pub write: SessionsWrite,
}

/// Decides what a validated session goes on as (ATK-H1). Its end never moves back: no re-issue extends it.
///
/// The handle is new, too: of two that re-issue one session at the same time, the guard lets exactly one (ATK-H7).
#[must_use]
pub fn reissue(
    policy: &SessionPolicy,
    old: &Session,
    request: &ReissueRequest,
    ids: &Ids,
    now: Timestamp,
) -> Reissued {
    let evidence = proven_by(&old.evidence, &request.evidence, now);
    let limits = limits(policy, &evidence);
    let session = Session {
        handle: ids.handle,
        digest: ids.digest,
        profile_epoch: request.profile_epoch,
        password_generation: request.password_generation.or(old.password_generation),
        evidence,
        last_used_at: now,
        idle: limits.idle(),
        ends_at: old.ends_at.min(now.plus(limits.absolute())),
        version: 0,
        set_by: ids.batch,
        ..old.clone()
    };
    let write = SessionsWrite::PutSession { session: session.clone(), replacing: Some(old.handle) };
    Reissued { session, write }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::evidence::Amr;
    use crate::testing::{EPOCH, GENERATION, NOW, ids, session};

    #[test]
    fn a_step_up_shortens_the_session_and_keeps_what_was_proven_before() {
        let policy = SessionPolicy::default();
        let now = NOW.plus(Duration::from_secs(60));
        let otp = Evidence { amr: Amr::Otp, at: now };
        let old = session();
        let new = reissue(&policy, &old, &ReissueRequest::new(EPOCH).proven(otp), &ids(9), now).session;
        assert!(new.has_two_factors());
        assert_eq!(new.ends_at, now.plus(policy.two_factors().absolute()));
        assert_eq!(new.idle, policy.two_factors().idle());
        assert_ne!((new.handle, new.digest), (old.handle, old.digest));
        assert_eq!((new.slot, new.created_at, &new.label), (old.slot, old.created_at, &old.label));
        assert_eq!(new.password_generation, Some(GENERATION), "it still ends with the password");
    }

    #[test]
    fn no_re_issue_extends_a_session() {
        let policy = SessionPolicy::default();
        let mut session = session();
        let end = session.ends_at;
        let mut now = NOW;
        for n in 0..100 {
            now = now.plus(Duration::from_secs(6 * 3600));
            let proven = Evidence { amr: Amr::Password, at: now };
            session =
                reissue(&policy, &session, &ReissueRequest::new(EPOCH).proven(proven), &ids(n), now).session;
            assert!(session.ends_at <= end);
        }
    }
}
