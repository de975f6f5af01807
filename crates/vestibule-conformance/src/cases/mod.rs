//! The table of cases, by what they are about.

mod batches;
mod credentials;
mod end_races;
mod isolation;
mod journal;
mod profiles;
mod reading;
mod revocation;
mod session_races;
mod sessions;
mod windows;

use crate::case::Case;
use crate::harness::Harness;

/// Every case, in the order in which it is worth reading their failures.
#[must_use]
pub fn all<H: Harness>() -> Vec<Case<H>> {
    [
        reading::table(),
        batches::table(),
        isolation::table(),
        profiles::table(),
        credentials::table(),
        sessions::table(),
        revocation::table(),
        end_races::table(),
        session_races::table(),
        windows::table(),
        journal::table(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The case of this id.
#[must_use]
pub fn named<H: Harness>(id: &str) -> Option<Case<H>> {
    all().into_iter().find(|case| case.id == id)
}
