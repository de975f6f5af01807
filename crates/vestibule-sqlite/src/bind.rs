//! Values to SQLite and back.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, Rows, ToSql};
use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_sql::{RowValues, Statement, Value};

use crate::error::fault;

struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn params(statement: &Statement) -> impl rusqlite::Params {
    rusqlite::params_from_iter(statement.params().iter().map(Bound))
}

/// Runs a statement and gives the number of changed rows.
pub(crate) fn execute(connection: &Connection, statement: &Statement) -> rusqlite::Result<usize> {
    connection.prepare_cached(statement.sql())?.execute(params(statement))
}

/// Runs a query and gives the number of answered rows, counting no further than two.
pub(crate) fn count(connection: &Connection, statement: &Statement) -> rusqlite::Result<usize> {
    let mut prepared = connection.prepare_cached(statement.sql())?;
    let mut rows = prepared.query(params(statement))?;
    let mut count = 0;
    while count < 2 && rows.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// Runs a query and gives its rows, no more than `at_most`.
pub(crate) fn rows(
    connection: &Connection,
    statement: &Statement,
    at_most: usize,
) -> Result<Vec<RowValues>, StoreError> {
    let mut prepared = connection.prepare_cached(statement.sql()).map_err(fault)?;
    let columns = prepared.column_count();
    let mut rows: Rows<'_> = prepared.query(params(statement)).map_err(fault)?;
    let mut read = Vec::new();
    while read.len() < at_most
        && let Some(row) = rows.next().map_err(fault)?
    {
        read.push(values(row, columns)?);
    }
    Ok(read)
}

fn values(row: &Row<'_>, columns: usize) -> Result<RowValues, StoreError> {
    let value = |column| {
        Ok(match row.get_ref(column).map_err(fault)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Int(number),
            ValueRef::Text(text) => Value::Text(
                core::str::from_utf8(text)
                    .map_err(|error| StoreError::new(StoreErrorKind::Corrupt, error))?
                    .to_owned(),
            ),
            ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
            // No column of ours holds one: the tables are STRICT.
            ValueRef::Real(_) => return Err(StoreError::from(StoreErrorKind::Corrupt)),
        })
    };
    let mut values = Vec::with_capacity(columns);
    for column in 0..columns {
        values.push(value(column)?);
    }
    Ok(RowValues::new(values))
}
