//! Statements that fail where their guard does not hold, so that a commit may be sent behind them unseen.
//!
//! An update that finds no row is no error to the server: it would commit all the same. A loud statement counts what it
//! changed, or what is there to be relied on, and fails unless that is one row. After any failure the server rolls back
//! whatever is sent behind it, the commit included.

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// A statement that changes rows.
pub(crate) fn changing(sql: &str) -> String {
    format!("with counted as ({sql} returning 1) {JUDGE}")
}

/// A query that locks what it answers.
pub(crate) fn relying(sql: &str) -> String {
    format!("with counted as materialized ({sql}) {JUDGE}")
}

/// None: a division by zero; several: the root of a negative number. Either is computed from what was counted, or the
/// planner would compute it beforehand.
const JUDGE: &str =
    "select case count(*) when 0 then 1 / count(*) else sqrt(1 - count(*)) end as held from counted";

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
        assert_eq!(
            changing("update t set a = $1 where b = $2"),
            "with counted as (update t set a = $1 where b = $2 returning 1) select case count(*) when 0 then 1 / count(*) \
             else sqrt(1 - count(*)) end as held from counted"
        );
        assert!(
            relying("select 1 from t for share")
                .starts_with("with counted as materialized (select 1 from t for share) ")
        );
    }
}
