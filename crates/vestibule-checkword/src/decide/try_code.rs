//! A try with a typed code is taken before the code is looked at.

use vestibule_core::{BatchId, Purpose, SubjectId, Timestamp};

use super::redeem::{ended, judge};
use crate::checkword::Checkword;
use crate::problem::Problem;
use crate::store::Found;
use crate::write::CheckwordWrite;

/// A try that must land before the code is compared: who is told nothing, for the process died or the answer was lost, has
/// spent it all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct TakenTry {
    /// Whose it is.
    pub holder: SubjectId,
    /// What it is bound to.
    pub bound: Vec<u8>,
    /// Why the code is worth nothing any more. It is for whoever types the right one: others learn nothing of what its owner did.
    pub ended: Option<Problem>,
    /// The write that takes it.
    pub write: CheckwordWrite,
}

/// Decides whether a code may be typed at all.
///
/// # Errors
///
/// As [`inspect`](super::inspect) of what is not the newest of its slot, or over; [`Problem::CodeSpent`] and [`Problem::CodeWait`]
/// when too many codes were typed; [`Problem::WrongPurpose`] for a link.
pub fn take_try(
    found: Option<&Found>,
    purpose: Purpose,
    batch: BatchId,
    now: Timestamp,
) -> Result<TakenTry, Problem> {
    let (row, ended) = match found {
        Some(Found::Newest(row)) if row.purpose == purpose.as_str() => {
            if !row.expires_at.is_after(now) {
                return Err(Problem::Expired { at: row.expires_at });
            }
            (row, ended(row.state))
        }
        other => (judge(other, purpose, now)?, None),
    };
    if !row.is_code {
        return Err(Problem::WrongPurpose);
    }
    let tries = row.tries.take(now)?;
    let version = row.version.saturating_add(1);
    let checkword = Checkword { tries, version, set_by: batch, ..row.clone() };
    let write = CheckwordWrite::Put { checkword, from: Some(row.version) };
    Ok(TakenTry { holder: row.holder, bound: row.bound.clone(), ended, write })
}
