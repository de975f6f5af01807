//! Statements that fail where their guard does not hold, so that a commit may be sent behind them unseen.
//!
//! An update that finds no row is no error to the server: it would commit all the same. A loud statement counts what it
//! changed, or what is there to be relied on, and fails unless that is one row. After any failure the server rolls back
//! whatever is sent behind it, the commit included.
//!
//! What is sent behind a `begin` that failed would stand by itself, and commit by itself. So a loud statement fails outside a
//! transaction that was begun as [`MARK`] says, too: of such a batch nothing lands.

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// Sent with what begins a transaction, and gone with it.
pub(crate) const MARK: &str = "set local vestibule.begun = 'yes'";

/// 1 in a transaction that was begun so, else 0.
macro_rules! begun {
    () => {
        "(current_setting('vestibule.begun', true) is not distinct from 'yes')::int"
    };
}

/// A statement that changes any number of rows.
pub(crate) fn any(sql: &str) -> String {
    const HELD: &str = concat!("select 1 / (count(*) - count(*) + ", begun!(), ") as held from counted");
    format!("with counted as ({sql} returning 1) {HELD}")
}

/// A statement that changes one row.
pub(crate) fn changing(sql: &str) -> String {
    format!("with counted as ({sql} returning 1) {JUDGE}")
}

/// A query that locks what it answers.
pub(crate) fn relying(sql: &str) -> String {
    format!("with counted as materialized ({sql}) {JUDGE}")
}

/// None: a division by zero; several: the root of a negative number. Either is computed from what was counted, or the
/// planner would compute it beforehand.
const JUDGE: &str = concat!(
    "select case count(*) * ",
    begun!(),
    " when 0 then 1 / (count(*) * ",
    begun!(),
    ") else sqrt(1 - count(*)) end as held from counted"
);

/// How many rows a loud statement counted: none, one, or two for any more.
pub(crate) fn counted<T>(answer: Result<T, Error>) -> Result<usize, Error> {
    match answer {
        Ok(_) => Ok(1),
        Err(error) => match error.code() {
            Some(&SqlState::DIVISION_BY_ZERO) => Ok(0),
            Some(&SqlState::INVALID_ARGUMENT_FOR_POWER_FUNCTION) => Ok(2),
            _ => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loud_statement_holds_the_silent_one_whole() {
        assert!(changing("update t set a = $1 where b = $2").starts_with(
            "with counted as (update t set a = $1 where b = $2 returning 1) select case count(*) * "
        ));
        assert!(
            relying("select 1 from t for share")
                .starts_with("with counted as materialized (select 1 from t for share) ")
        );
    }
}
