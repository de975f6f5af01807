//! A session for somebody who has just proven who they are.

use vestibule_core::{SessionHandle, SubjectId, Timestamp};

use super::{Ids, admitted};
use crate::evidence::{Evidence, has_two_factors, merge};
use crate::label::DeviceLabel;
use crate::policy::{Limits, SessionPolicy};
use crate::session::{AdmissionStamp, Session};
use crate::slot::{Choice, Holder, choose};
use crate::write::SessionsWrite;

/// Who signs in, and what was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct OpenRequest {
    subject: SubjectId,
    profile_epoch: u64,
    password_generation: Option<u64>,
    evidence: Vec<Evidence>,
    label: DeviceLabel,
    admissions: Vec<AdmissionStamp>,
    in_place_of: Option<SessionHandle>,
}

impl OpenRequest {
    /// A person, with the profile's epoch as it was read before the proof, and what was proven.
    pub fn new(subject: SubjectId, profile_epoch: u64, proven: Evidence) -> Self {
        Self {
            subject,
            profile_epoch,
            password_generation: None,
            evidence: vec![proven],
            label: DeviceLabel::default(),
            admissions: Vec::new(),
            in_place_of: None,
        }
    }

    /// What else was proven.
    pub fn and(mut self, proven: Evidence) -> Self {
        self.evidence.push(proven);
        self
    }

    /// The generation of the password that was proven: with it the session ends.
    pub const fn password_generation(mut self, generation: u64) -> Self {
        self.password_generation = Some(generation);
        self
    }

    /// The host's name of the device.
    pub fn label(mut self, label: DeviceLabel) -> Self {
        self.label = label;
        self
    }

    /// An account to which the person was admitted in the same step.
    pub fn admitted(mut self, stamp: AdmissionStamp) -> Self {
        self.admissions = admitted(&self.admissions, stamp);
        self
    }

    /// The person's session that the same browser holds: the new one takes its slot, and its token ends (ATK-H1,
    /// ASVS 7.2.4).
    pub const fn in_place_of(mut self, handle: SessionHandle) -> Self {
        self.in_place_of = Some(handle);
        self
    }

    /// Who signs in.
    #[must_use]
    pub const fn subject(&self) -> SubjectId {
        self.subject
    }
}

/// A new session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// The row.
    pub session: Session,
    /// The write that puts it.
    pub write: SessionsWrite,
    /// The live session that had to go, because the profile had as many as it may have (ASVS 7.1.2).
    pub evicted: Option<SessionHandle>,
}

/// Decides a new session: which slot it takes, how long it lasts. `existing` is every session of the person.
#[must_use]
pub fn open(
    policy: &SessionPolicy,
    request: &OpenRequest,
    existing: &[Session],
    ids: &Ids,
    now: Timestamp,
) -> Opened {
    let replaced = existing.iter().find(|session| Some(session.handle) == request.in_place_of);
    let choice = match replaced {
        Some(session) => Choice { slot: session.slot, replacing: Some(session.handle), evicts: false },
        None => {
            let holders: Vec<Holder> = existing.iter().map(|session| holder(session, request, now)).collect();
            choose(&holders, policy.sessions_at_most(), ids.handle)
        }
    };
    let evidence = proven_by(&[], &request.evidence, now);
    let limits = limits(policy, &evidence);
    let session = Session {
        slot: choice.slot,
        handle: ids.handle,
        digest: ids.digest,
        subject: request.subject,
        profile_epoch: request.profile_epoch,
        password_generation: request.password_generation,
        evidence,
        created_at: now,
        last_used_at: now,
        idle: limits.idle(),
        ends_at: now.plus(limits.absolute()),
        admissions: request.admissions.clone(),
        label: request.label.clone().into_string(),
        version: 0,
        set_by: ids.batch,
    };
    let write = SessionsWrite::PutSession { session: session.clone(), replacing: choice.replacing };
    Opened { session, write, evicted: choice.replacing.filter(|_| choice.evicts) }
}

fn holder(session: &Session, request: &OpenRequest, now: Timestamp) -> Holder {
    // Without a proven password its present generation is not known here, and nothing dies of it.
    let password_stands = match (session.password_generation, request.password_generation) {
        (Some(proven), Some(present)) => proven == present,
        _ => true,
    };
    let live = session.profile_epoch == request.profile_epoch
        && password_stands
        && session.rests_until().is_after(now);
    Holder { slot: session.slot, handle: session.handle, live, last_used_at: session.last_used_at }
}

/// Old and new evidence; nothing is proven in the future, or it would stay fresh.
pub(super) fn proven_by(old: &[Evidence], new: &[Evidence], now: Timestamp) -> Vec<Evidence> {
    let new: Vec<Evidence> = new.iter().map(|one| Evidence { at: one.at.min(now), ..*one }).collect();
    merge(old, &new)
}

pub(super) fn limits(policy: &SessionPolicy, evidence: &[Evidence]) -> Limits {
    if has_two_factors(evidence) { policy.two_factors() } else { policy.one_factor() }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::evidence::Amr;
    use crate::testing::{EPOCH, GENERATION, NOW, ids, subject};

    const PASSWORD: Evidence = Evidence { amr: Amr::Password, at: NOW };
    const OTP: Evidence = Evidence { amr: Amr::Otp, at: NOW };

    fn request() -> OpenRequest {
        OpenRequest::new(subject(), EPOCH, PASSWORD).password_generation(GENERATION)
    }

    /// A profile whose every slot is taken, the slot `n` used at second `n`.
    fn full(policy: &SessionPolicy) -> Vec<Session> {
        let mut sessions: Vec<Session> = Vec::new();
        for n in 0..policy.sessions_at_most() {
            let opened = open(policy, &request(), &sessions, &ids(u8::try_from(n).unwrap()), NOW);
            assert_eq!(opened.evicted, None);
            sessions.push(opened.session);
        }
        for session in &mut sessions {
            session.last_used_at = NOW.plus(Duration::from_secs(session.slot.into()));
        }
        sessions
    }

    #[test]
    fn one_factor_and_two_have_their_own_limits() {
        let policy = SessionPolicy::default();
        let day = Duration::from_secs(86_400);
        let one = open(&policy, &request(), &[], &ids(1), NOW).session;
        assert_eq!((one.ends_at.since(NOW), one.idle), (day * 30, day * 14));
        let two = open(&policy, &request().and(OTP), &[], &ids(1), NOW).session;
        assert_eq!((two.ends_at.since(NOW), two.idle), (day, day / 24));
        assert!(two.has_two_factors());
    }

    #[test]
    fn a_full_profile_gives_up_the_least_recently_used_session_and_says_so() {
        let policy = SessionPolicy::default();
        let sessions = full(&policy);
        let oldest = sessions.iter().find(|session| session.slot == 0).unwrap();
        let opened = open(&policy, &request(), &sessions, &ids(99), NOW);
        assert_eq!(opened.evicted, Some(oldest.handle));
        assert!(matches!(
            opened.write,
            SessionsWrite::PutSession { replacing, .. } if replacing == Some(oldest.handle)
        ));
    }

    #[test]
    fn the_dead_go_before_the_living_and_nobody_is_evicted() {
        let policy = SessionPolicy::default();
        type Kill = fn(&mut Session);
        let ways: [Kill; 4] = [
            |session| session.profile_epoch -= 1,
            |session| session.ends_at = NOW,
            |session| session.last_used_at = NOW.minus(session.idle),
            |session| session.password_generation = Some(GENERATION - 1),
        ];
        for kill in ways {
            let mut sessions = full(&policy);
            let dead = sessions.iter_mut().find(|session| session.slot == 9).unwrap();
            kill(dead);
            let opened = open(&policy, &request(), &sessions, &ids(99), NOW);
            assert_eq!((opened.session.slot, opened.evicted), (9, None));
        }
    }

    #[test]
    fn the_browser_s_own_session_is_taken_the_place_of() {
        let policy = SessionPolicy::default();
        let sessions = full(&policy);
        let own = sessions.iter().find(|session| session.slot == 5).unwrap();
        let opened = open(&policy, &request().in_place_of(own.handle), &sessions, &ids(99), NOW);
        assert_eq!((opened.session.slot, opened.evicted), (5, None));
        assert_ne!(opened.session.digest, own.digest);
        let gone = open(&policy, &request().in_place_of(ids(98).handle), &sessions, &ids(99), NOW);
        assert!(gone.evicted.is_some(), "a handle that nobody holds is as none");
    }

    #[test]
    fn nothing_is_proven_in_the_future() {
        let early = Evidence { amr: Amr::Password, at: Timestamp::MAX };
        let opened =
            open(&SessionPolicy::default(), &OpenRequest::new(subject(), EPOCH, early), &[], &ids(1), NOW);
        assert_eq!(opened.session.evidence, [PASSWORD]);
    }
}
