//! What housekeeping removes, at most `budget` rows a statement.
//!
//! What must hold of a row stands outside the sub-select too: a database that waits for somebody's lock judges only that part
//! again (FLT-X48).

use vestibule_core::{Realm, Timestamp};

use crate::Statement;

/// Removes cases whose last refusal was before an instant, the oldest first.
#[must_use]
pub fn forget_cases(realm: &Realm, last_before: Timestamp, budget: u32) -> Statement {
    Statement::new(
        "delete from vestibule_case where (realm, reference, key) in
         (select realm, reference, key from vestibule_case
          where realm = ?1 and last_at < ?2 order by last_at limit ?3) and last_at < ?2",
        [realm.into(), last_before.into(), budget.into()],
    )
}

/// Removes the oldest cases while there are more than `at_most`.
#[must_use]
pub fn forget_cases_beyond(realm: &Realm, at_most: u64, budget: u32) -> Statement {
    Statement::new(
        "delete from vestibule_case where (realm, reference, key) in
         (select realm, reference, key from vestibule_case where realm = ?1 order by last_at
          limit (select case when count(*) <= ?2 then 0 when count(*) - ?2 < ?3 then count(*) - ?2 else ?3 end
                 from vestibule_case where realm = ?1))",
        [realm.into(), at_most.into(), budget.into()],
    )
}

/// Removes messages that were made before an instant and no longer wait: sent, given up, or never meant to be sent.
///
/// The last are removed like the first, so that neither how many rows there are nor how long tells them apart (PR-6).
#[must_use]
pub fn forget_messages(realm: &Realm, made_before: Timestamp, budget: u32) -> Statement {
    Statement::new(
        "delete from vestibule_message where (realm, slot) in
         (select realm, slot from vestibule_message
          where realm = ?1 and state <> 'queued' and made_at < ?2 order by made_at limit ?3)
         and state <> 'queued' and made_at < ?2",
        [realm.into(), made_before.into(), budget.into()],
    )
}
