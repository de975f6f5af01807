//! Our writes in a host's transaction.

use tokio_postgres::Transaction;
use vestibule_core::{Batch, Landed, Lower, Realm, StoreError, StoreErrorKind, Write};
use vestibule_sql::{Outcome, Plan};

use crate::error::fault;
use crate::forms::Forms;
use crate::run::{all_steps, remembers};

/// Lands a batch in a transaction of the host's own, on the host's own connection to a database that has been migrated.
/// Its `search_path` must name the schema of our tables.
///
/// The batch lands or is refused as a whole; after a refusal the transaction is as it was before, and the host goes on,
/// commits or rolls back as it likes. Nothing is lasting before the host commits: a `COMMIT` that PostgreSQL answers with
/// `ROLLBACK`, because a statement of the host's had failed before, is no error to the driver.
///
/// The locks that the batch takes are held until the host's transaction ends. The isolation level must be READ COMMITTED;
/// at any other the answer may be `Contended` where it would be a refusal.
///
/// # Errors
///
/// [`StoreError`]: nothing of the batch was applied.
pub async fn apply_in<W: Write + Lower<Plan>>(
    transaction: &mut Transaction<'_>,
    realm: &Realm,
    batch: &Batch<W>,
) -> Result<Landed<W::Guard>, StoreError> {
    let plan = Plan::of(realm, batch).map_err(|error| StoreError::new(StoreErrorKind::Backend, error))?;
    let forms = Forms::as_text(&plan);
    // A savepoint of the driver's: dropped anywhere before its end, it takes the batch back.
    let savepoint = transaction.savepoint("vestibule_batch").await.map_err(fault)?;
    let outcome = match all_steps(savepoint.client(), &plan, &forms, None).await.outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            savepoint.rollback().await.map_err(fault)?;
            return Err(error.error());
        }
    };
    let outcome = match outcome {
        Outcome::Applied => {
            savepoint.commit().await.map_err(fault)?;
            Outcome::Applied
        }
        outcome => {
            savepoint.rollback().await.map_err(fault)?;
            let refused = matches!(outcome, Outcome::Refused { .. });
            if refused && remembers(transaction.client(), &plan, &forms).await.map_err(fault)? {
                Outcome::AlreadyApplied
            } else {
                outcome
            }
        }
    };
    outcome.landed(batch).ok_or_else(|| StoreErrorKind::Backend.into())
}
