//! The crowd in a SQLite file.

use std::path::Path;

use rusqlite::{Connection, ToSql};
use vestibule_core::{Clock, Realm, SystemClock};
use vestibule_sql::Value;
use vestibule_sqlite::{Options, SqliteStore};

use super::{ACCOUNT_COLUMNS, Ground, TABLES, order};
use crate::Unmeasured;

/// Makes a file by the store's own migrations, fills it, and opens it as anybody would.
///
/// # Errors
///
/// [`Unmeasured`] when any of it fails.
pub fn load_sqlite(path: &Path, people: u32, options: Options) -> Result<SqliteStore, Unmeasured> {
    let fault = |error: vestibule_core::StoreError| Unmeasured::at("the database", &error);
    SqliteStore::migrate(path, &options, SystemClock.now()).map_err(fault)?;
    fill(path, people)?;
    SqliteStore::open(path, Realm::default(), options).map_err(fault)
}

fn fill(path: &Path, people: u32) -> Result<(), Unmeasured> {
    let fault = |error: rusqlite::Error| Unmeasured::at("filling the database", &error);
    let connection = Connection::open(path).map_err(fault)?;
    // For loading alone: nobody needs this file after a crash.
    connection
        .execute_batch(
            "pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -2000000; begin",
        )
        .map_err(fault)?;
    let ground = Ground::new()?;
    insert(&connection, "vestibule_account", ACCOUNT_COLUMNS, [ground.account_row(people)].into_iter())?;
    for table in &TABLES {
        let rows = order(table, people)?.into_iter().map(|number| (table.row)(&ground, number));
        insert(&connection, table.name, table.columns, rows)?;
    }
    connection.execute_batch("commit; pragma journal_mode = wal").map_err(fault)
}

fn insert(
    connection: &Connection,
    table: &str,
    columns: &str,
    rows: impl Iterator<Item = Result<Vec<Value>, Unmeasured>>,
) -> Result<(), Unmeasured> {
    let fault = |error: rusqlite::Error| Unmeasured::at("filling the database", &error);
    let places: Vec<String> = (1..=columns.split(',').count()).map(|place| format!("?{place}")).collect();
    let sql = format!("insert into {table} ({columns}) values ({})", places.join(", "));
    let mut statement = connection.prepare(&sql).map_err(fault)?;
    for row in rows {
        let row = row?;
        statement.execute(rusqlite::params_from_iter(row.iter().map(bound))).map_err(fault)?;
    }
    Ok(())
}

fn bound(value: &Value) -> &dyn ToSql {
    match value {
        Value::Null => &rusqlite::types::Null,
        Value::Int(number) => number,
        Value::Text(text) => text,
        Value::Blob(bytes) => bytes,
    }
}
