//! The decisions, pure: rows and facts in, rows and writes out. `vestibule` puts the writes of several domains into
//! one batch; [`Sessions`](crate::Sessions) lands them alone.

mod open;
mod reissue;
mod remember;

pub use open::{OpenRequest, Opened, open};
pub use reissue::{ReissueRequest, Reissued, reissue};
pub use remember::{RememberRequest, RememberedDevice, forget_device, rely_on_device, remember};

use vestibule_core::{BatchId, SecretDigest, SessionHandle};

pub use crate::check::check;
use crate::session::{AdmissionStamp, MAX_ADMISSIONS, Session};
use crate::write::SessionsWrite;

/// What is made outside a decision, because it takes randomness or keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a further one would be a further thing to make")]
pub struct Ids {
    /// The new public name.
    pub handle: SessionHandle,
    /// The digest of the new token.
    pub digest: SecretDigest,
    /// The batch that will land.
    pub batch: BatchId,
}

/// Ends a session.
#[must_use]
pub const fn end(session: &Session) -> SessionsWrite {
    SessionsWrite::EndSession { subject: session.subject, slot: session.slot, handle: session.handle }
}

/// Relies on the session by which somebody acts: it has not ended meanwhile.
#[must_use]
pub const fn require(session: &Session) -> SessionsWrite {
    SessionsWrite::RequireSession { subject: session.subject, slot: session.slot, handle: session.handle }
}

/// Notes an admission in the session, unless it stands there as it is.
#[must_use]
pub fn stamp(session: &Session, stamp: AdmissionStamp) -> Option<SessionsWrite> {
    if session.admission(stamp.account) == Some(&stamp) {
        return None;
    }
    Some(SessionsWrite::StampAdmissions {
        subject: session.subject,
        slot: session.slot,
        handle: session.handle,
        from: session.version,
        admissions: admitted(&session.admissions, stamp),
    })
}

/// The latest last; beyond the bound the oldest goes.
fn admitted(old: &[AdmissionStamp], stamp: AdmissionStamp) -> Vec<AdmissionStamp> {
    let others: Vec<_> = old.iter().filter(|other| other.account != stamp.account).copied().collect();
    let forgotten = (others.len() + 1).saturating_sub(MAX_ADMISSIONS);
    others.into_iter().skip(forgotten).chain([stamp]).collect()
}

#[cfg(test)]
mod tests {
    use vestibule_core::AccountId;

    use super::*;
    use crate::testing::session;

    fn to(account: u64, membership_epoch: u64) -> AdmissionStamp {
        AdmissionStamp {
            account: AccountId::from(account),
            membership_epoch,
            policy_version: 1,
            membership_version: 1,
        }
    }

    #[test]
    fn a_session_remembers_the_latest_admissions_each_account_once() {
        let mut session = session();
        for account in 0..40 {
            for epoch in 0..2 {
                let Some(SessionsWrite::StampAdmissions { admissions, .. }) =
                    stamp(&session, to(account, epoch))
                else {
                    panic!("a new stamp is noted")
                };
                session.admissions = admissions;
                session = session.checked().unwrap();
                assert_eq!(
                    stamp(&session, to(account, epoch)),
                    None,
                    "what stands there is not written again"
                );
            }
        }
        let remembered: Vec<_> = (24..40).map(|account| to(account, 1)).collect();
        assert_eq!(session.admissions, remembered);
    }
}
