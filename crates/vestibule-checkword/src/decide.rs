//! The decisions, pure: rows and facts in, rows and writes out. `vestibule` puts the writes of several domains into
//! one batch; [`Checkwords`](crate::Checkwords) lands them alone.

mod redeem;
mod request;
mod try_code;

pub use redeem::{Live, Redemption, inspect, redeem};
pub use request::{CheckwordRequest, Made, Wanted, request};
pub use try_code::{TakenTry, take_try};

use vestibule_core::{Purpose, SubjectId, Timestamp};

use crate::checkword::Checkword;
use crate::state::Rotation;
use crate::write::CheckwordWrite;

/// A change of the profile makes the holder's checkwords for these purposes worthless (ATK-C2).
#[must_use]
pub fn rotate(holder: SubjectId, purposes: &[Purpose], by: Rotation, at: Timestamp) -> Vec<CheckwordWrite> {
    let rotated =
        |purpose: &Purpose| CheckwordWrite::Rotate { holder, purpose: purpose.as_str().to_owned(), at, by };
    purposes.iter().map(rotated).collect()
}

/// Wipes the sealed text once it can be told no more: that of a link with the first half of its life, that of a code, whose page
/// asks for it, with all of it.
#[must_use]
pub fn wipe(checkword: &Checkword, now: Timestamp) -> Option<CheckwordWrite> {
    let end = if checkword.is_code { checkword.expires_at } else { checkword.half_life() };
    let due = checkword.sealed.is_some() && !end.is_after(now);
    due.then(|| CheckwordWrite::Wipe {
        holder: checkword.holder,
        purpose: checkword.purpose.clone(),
        generation: checkword.generation,
    })
}
