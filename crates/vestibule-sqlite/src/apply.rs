//! Our writes in a host's transaction.

use rusqlite::Transaction;
use vestibule_core::{Batch, Landed, Lower, Realm, StoreError, StoreErrorKind, Write};
use vestibule_sql::Plan;

use crate::run::run_in_savepoint;

/// Lands a batch in a transaction of the host's own, on the host's own connection to a file that has been migrated.
///
/// The batch lands or is refused as a whole; after a refusal the transaction is as it was before, and the host goes on,
/// commits or rolls back as it likes. Nothing is lasting before the host commits. Begin the transaction with
/// `TransactionBehavior::Immediate`: one that has only read may find at its first write that another was faster, which is
/// then `Contended`.
///
/// # Errors
///
/// [`StoreError`]: nothing of the batch was applied. After a fault of the disk SQLite may have rolled the host's
/// transaction back too, as it does for the host's own statements.
pub fn apply_in<W: Write + Lower<Plan>>(
    transaction: &Transaction<'_>,
    realm: &Realm,
    batch: &Batch<W>,
) -> Result<Landed<W::Guard>, StoreError> {
    let plan = Plan::of(realm, batch).map_err(|error| StoreError::new(StoreErrorKind::Backend, error))?;
    let outcome = run_in_savepoint(transaction, &plan)?;
    outcome.landed(batch).ok_or_else(|| StoreErrorKind::Backend.into())
}
