//! Tries: paid in advance, settled by success, stopped after too many.

use vestibule_core::{SubjectId, Timestamp};

use crate::problem::Problem;
use crate::store::{CredentialsWrite, Lane, Tries};

/// With how many consecutive failures an authenticator stops until it is bound anew (NIST SP 800-63B-4, 3.2.2).
pub const STOPS_AT: u64 = 100;

/// A try that was taken; only it can be settled, and only [`take`] makes it:
///
/// ```compile_fail,E0451
/// use vestibule_core::SubjectId;
/// use vestibule_credentials::{Lane, TakenTry};
///
/// let refund = TakenTry { subject: SubjectId::from(1), lane: Lane::Everybody, number: 100 };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct TakenTry {
    subject: SubjectId,
    lane: Lane,
    number: u64,
}

impl TakenTry {
    /// The write that records its success.
    #[must_use]
    pub const fn settle(self) -> CredentialsWrite {
        CredentialsWrite::SettleTry { subject: self.subject, lane: self.lane, number: self.number }
    }

    /// In whose budget it was taken.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        self.lane
    }
}

/// The next try of this lane, or that there is none left.
///
/// # Errors
///
/// [`Problem::Stopped`].
pub fn take(
    subject: SubjectId,
    lane: Lane,
    tries: Option<&Tries>,
    now: Timestamp,
) -> Result<(TakenTry, CredentialsWrite), Problem> {
    if tries.is_some_and(|tries| tries.stopped_at.is_some()) {
        return Err(Problem::Stopped);
    }
    let from = tries.map_or(0, |tries| tries.taken);
    let taken = TakenTry { subject, lane, number: from.saturating_add(1) };
    Ok((taken, CredentialsWrite::TakeTry { subject, lane, from, at: now, stops_at: STOPS_AT }))
}
