//! Opening connections, each with the same settings.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use vestibule_core::{StoreError, StoreErrorKind};

use crate::Options;
use crate::error::{fault, kind};
use crate::file::OpenedFile;

/// How many prepared statements a connection keeps: more than all domains together have.
const STATEMENTS: usize = 256;
/// To what size the log is cut after a checkpoint.
const LOG_BYTES: i64 = 64 * 1024 * 1024;
/// How often turning the log on is tried while others do the same.
const ROUNDS: usize = 32;

/// Opens the file that was found, and makes sure that it is the one that was opened.
pub(crate) fn connect(file: &OpenedFile, options: &Options) -> Result<Connection, StoreError> {
    // Never CREATE: a file that vanished must not come back empty. Each connection has one thread at a time.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file.path(), flags).map_err(fault)?;
    settle(&connection, options).map_err(fault)?;
    file.require_same()?;
    Ok(connection)
}

/// A connection that answers questions and refuses to write.
pub(crate) fn connect_reader(file: &OpenedFile, options: &Options) -> Result<Connection, StoreError> {
    let connection = connect(file, options)?;
    connection.pragma_update(None, "query_only", true).map_err(fault)?;
    Ok(connection)
}

fn settle(connection: &Connection, options: &Options) -> rusqlite::Result<()> {
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else SQLite looks for another plan for another bound value, wherever rows are joined, ordered or limited: it prepares the
    // statement anew each time, which costs many times what finding a few rows does. Ours have one plan.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "synchronous", options.synchronous.pragma())?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // A negative number is one of KiB; a positive one would be of pages.
    connection.pragma_update(None, "cache_size", -i64::from(options.cache_kib))?;
    // What a savepoint may have to take back else goes, beyond 64 KiB, to a file in a directory for everybody.
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES, |_| Ok(()))?;
    match options.pages {
        Some(pages) => connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())),
        None => Ok(()),
    }
}

/// Turns the write-ahead log on, which the file itself then remembers: readers and the writer do not wait for each
/// other.
pub(crate) fn require_write_ahead_log(connection: &Connection) -> rusqlite::Result<bool> {
    for _ in 0..ROUNDS {
        match turn_log_on(connection) {
            // SQLite answers "busy" to the change at once, whatever the timeout: who holds the file is waited for here.
            Err(error) if kind(&error) == StoreErrorKind::Contended => {
                connection.execute_batch("begin exclusive; rollback")?;
            }
            answer => return answer,
        }
    }
    turn_log_on(connection)
}

fn turn_log_on(connection: &Connection) -> rusqlite::Result<bool> {
    let mode: String = connection.query_row("pragma journal_mode = wal", [], |row| row.get(0))?;
    Ok(mode == "wal")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What that is good for is seen in `tests/store/plans.rs`.
    #[test]
    fn every_connection_keeps_to_one_plan() {
        let connection = Connection::open_in_memory().unwrap();
        settle(&connection, &Options::new()).unwrap();
        assert!(connection.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG).unwrap());
    }
}
