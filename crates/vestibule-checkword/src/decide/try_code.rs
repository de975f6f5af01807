//! A try with a typed code is taken before the code is looked at.

use vestibule_core::{BatchId, Purpose, Timestamp};

use super::redeem::judge;
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
    /// How many more there are with this code.
    pub left: u64,
    /// The write that takes it.
    pub write: CheckwordWrite,
}

/// Decides whether a code may be typed at all.
///
/// # Errors
///
/// As [`inspect`](super::inspect); [`Problem::CodeSpent`] and [`Problem::CodeWait`] when too many were.
pub fn take_try(
    found: Option<&Found>,
    purpose: Purpose,
    batch: BatchId,
    now: Timestamp,
) -> Result<TakenTry, Problem> {
    let row = judge(found, purpose, now)?;
    let (tries, left) = row.tries.take(now)?;
    let version = row.version.saturating_add(1);
    let checkword = Checkword { tries, version, set_by: batch, ..row.clone() };
    Ok(TakenTry { left, write: CheckwordWrite::Put { checkword, from: Some(row.version) } })
}
