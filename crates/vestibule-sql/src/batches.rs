//! The memory of batches that no row remembers: what housekeeping removes of it.

use vestibule_core::{Realm, Timestamp};

use crate::Statement;

/// Forgets batches that landed before an instant, at most `budget`. A day is far longer than anybody sends one again.
#[must_use]
pub fn forget_batches(realm: &Realm, landed_before: Timestamp, budget: u32) -> Statement {
    Statement::new(
        "delete from vestibule_batch where realm = ?1 and id in
         (select id from vestibule_batch where realm = ?1 and at < ?2 order by at limit ?3)",
        [realm.into(), landed_before.into(), budget.into()],
    )
}
