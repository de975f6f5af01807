//! Whether anybody is in a database, asked before anything is done to it.

use core::ops::Bound;

use vestibule_core::StoreError;

use crate::form::FlatKeys;
use crate::maintain::table;
use crate::ordered::{Ordered, Space};

/// How many rows are looked at in one question.
const PAGE: usize = 1000;

/// Profiles lie apart, realm by realm, and nothing lists the realms: every row is looked at until one is a profile.
pub(crate) fn has_people(database: &impl Ordered) -> Result<bool, StoreError> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let from = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let page = database.range(Space::Rows, from, Bound::Unbounded, PAGE)?;
        if page.iter().any(|(key, _)| is_profile(key)) {
            return Ok(true);
        }
        match page.into_iter().nth(PAGE - 1) {
            Some((last, _)) => after = Some(last),
            None => return Ok(false),
        }
    }
}

fn is_profile(key: &[u8]) -> bool {
    let partition = FlatKeys::alone().parts(key).map(|(partition, _)| partition);
    partition.and_then(table) == Some(b"profiles.profile")
}
