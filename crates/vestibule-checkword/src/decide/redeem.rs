//! Inspect reads; redeem takes an intent.

use vestibule_core::{Purpose, SubjectId, Timestamp};

use crate::checkword::Checkword;
use crate::former::Former;
use crate::intent::{Intent, RedeemedCheckword};
use crate::problem::Problem;
use crate::state::State;
use crate::store::Found;
use crate::write::CheckwordWrite;

/// A link that can be redeemed, as its page may show it. It proves nothing and changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Live {
    /// Whose it is.
    pub holder: SubjectId,
    /// What it is bound to.
    pub bound: Vec<u8>,
    /// When it was made.
    pub issued_at: Timestamp,
    /// The first instant at which it is refused.
    pub expires_at: Timestamp,
}

/// A redemption that has been decided and must land.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Redemption {
    /// The proof, once the write has landed.
    pub proof: RedeemedCheckword,
    /// The write that uses the checkword up.
    pub write: CheckwordWrite,
}

/// Whether what was found can be redeemed.
///
/// # Errors
///
/// The true [`Problem`].
pub fn inspect(found: Option<&Found>, purpose: Purpose, now: Timestamp) -> Result<Live, Problem> {
    judge(found, purpose, now).map(|checkword| Live {
        holder: checkword.holder,
        bound: checkword.bound.clone(),
        issued_at: checkword.issued_at,
        expires_at: checkword.expires_at,
    })
}

/// Decides a redemption. Where the host's own rows depend on it, their writes go into the same batch.
///
/// # Errors
///
/// As [`inspect`]; [`Problem::OtherPerson`] when the session is not the holder's; [`Problem::WrongPurpose`] for the ticket of a
/// code with any intent but [`Intent::TypedCode`].
pub fn redeem(
    found: Option<&Found>,
    purpose: Purpose,
    intent: Intent,
    now: Timestamp,
) -> Result<Redemption, Problem> {
    let checkword = judge(found, purpose, now)?;
    if checkword.is_code && intent != Intent::TypedCode {
        return Err(Problem::WrongPurpose);
    }
    match intent {
        Intent::OwnSession(person) if person != checkword.holder => return Err(Problem::OtherPerson),
        Intent::FederatedIdentity | Intent::OwnSession(_) | Intent::NewPassword | Intent::TypedCode => {}
    }
    Ok(Redemption {
        proof: RedeemedCheckword::of(checkword, purpose, intent, now),
        write: CheckwordWrite::Consume {
            holder: checkword.holder,
            purpose: checkword.purpose.clone(),
            generation: checkword.generation,
            at: now,
        },
    })
}

pub(super) fn judge(found: Option<&Found>, purpose: Purpose, now: Timestamp) -> Result<&Checkword, Problem> {
    let newest = match found.ok_or(Problem::Unknown)? {
        Found::Former(Former { purpose: other, .. }) | Found::Newest(Checkword { purpose: other, .. })
            if other != purpose.as_str() =>
        {
            return Err(Problem::WrongPurpose);
        }
        Found::Former(former) => return Err(ended(former.state).unwrap_or(Problem::Unknown)),
        Found::Newest(newest) => newest,
    };
    if let Some(problem) = ended(newest.state) {
        return Err(problem);
    }
    if newest.is_live(now) { Ok(newest) } else { Err(Problem::Expired { at: newest.expires_at }) }
}

pub(super) const fn ended(state: State) -> Option<Problem> {
    match state {
        State::Live => None,
        State::Rotated { at, by } => Some(Problem::Rotated { at, by }),
        State::Superseded { at } => Some(Problem::Superseded { at }),
        State::Used { at } => Some(Problem::Used { at }),
    }
}
