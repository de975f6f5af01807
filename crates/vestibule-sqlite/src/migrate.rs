//! Making the tables, explicitly, all or nothing.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;

use rusqlite::Connection;
use vestibule_core::{StoreError, StoreErrorKind, Timestamp};

use crate::connect::{connect, require_write_ahead_log};
use crate::error::{commit_kind, fault};
use crate::file::OpenedFile;
use crate::fingerprint::{Fingerprint, Tables};
use crate::{Domain, Migration, Options, Schema, SchemaError};

/// The table that says which migrations were applied.
pub(crate) const LEDGER: &str = include_str!("../migrations/ledger.sql");

/// What a migration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migrated {
    /// How many migrations were applied, zero when the file was up to date.
    pub applied: u32,
    /// The tables as they are now.
    pub fingerprint: Fingerprint,
}

/// Makes the file if there is none, and brings it to this version, in one exclusive transaction.
pub(crate) fn migrate(path: &Path, options: &Options, now: Timestamp) -> Result<Migrated, StoreError> {
    make_file(path)?;
    let connection = connect(&OpenedFile::find(path)?, options)?;
    require_write_ahead_log(&connection).map_err(fault)?;
    connection.execute_batch("begin exclusive").map_err(fault)?;
    // Dropping the connection on an early return rolls back.
    let migrated = bring_up(&connection, &options.schema, now)?;
    connection.execute_batch("commit").map_err(|error| StoreError::new(commit_kind(&error), error))?;
    Ok(migrated)
}

/// Whether the tables are exactly those of this version.
pub(crate) fn check(connection: &Connection, schema: &Schema) -> Result<Fingerprint, StoreError> {
    // One snapshot, so that a migrator at work is seen before or after, never between.
    let reading = connection.unchecked_transaction().map_err(fault)?;
    if !has_ledger(&reading)? {
        return Err(SchemaError::Missing.into());
    }
    for domain in numbered(schema)? {
        if !pending(&reading, domain)?.is_empty() {
            return Err(SchemaError::Outdated.into());
        }
    }
    require_expected(&reading, schema)
}

/// Every table of the schema on an empty database, without the entries of the ledger.
pub(crate) fn make_tables(connection: &Connection, schema: &Schema) -> Result<(), StoreError> {
    connection.execute_batch(LEDGER).map_err(fault)?;
    for migration in numbered(schema)?.flat_map(|domain| domain.migrations) {
        connection.execute_batch(migration.sql).map_err(fault)?;
    }
    Ok(())
}

fn make_file(path: &Path) -> Result<(), StoreError> {
    let mut file = OpenOptions::new();
    file.write(true).create_new(true);
    // Digests and addresses are nobody else's business; SQLite gives its log the same mode.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    match file.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::StorageFull => {
            Err(StoreError::new(StoreErrorKind::Full, error))
        }
        Err(error) => Err(StoreError::new(StoreErrorKind::Unavailable, error)),
    }
}

fn bring_up(connection: &Connection, schema: &Schema, now: Timestamp) -> Result<Migrated, StoreError> {
    connection.execute_batch(LEDGER).map_err(fault)?;
    let mut applied = 0;
    for domain in numbered(schema)? {
        for migration in pending(connection, domain)? {
            connection.execute_batch(migration.sql).map_err(fault)?;
            enter(connection, domain, migration, now)?;
            applied += 1;
        }
    }
    if connection.is_autocommit() {
        return Err(StoreError::new(StoreErrorKind::Backend, "a migration ended its own transaction"));
    }
    let fingerprint = require_expected(connection, schema)?;
    Ok(Migrated { applied, fingerprint })
}

fn enter(
    connection: &Connection,
    domain: &Domain,
    migration: &Migration,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection
        .execute(
            "insert into vestibule_migration (domain, number, checksum, applied_at) values (?1, ?2, ?3, ?4)",
            (domain.name, migration.number, migration.checksum(), now.unix_micros()),
        )
        .map(|_| ())
        .map_err(fault)
}

fn has_ledger(connection: &Connection) -> Result<bool, StoreError> {
    connection
        .query_row(
            "select exists (select 1 from sqlite_schema where name = 'vestibule_migration')",
            [],
            |row| row.get(0),
        )
        .map_err(fault)
}

/// The migrations of a domain that were not applied yet. What was applied must be what this version knows.
fn pending<'a>(connection: &Connection, domain: &'a Domain) -> Result<&'a [Migration], StoreError> {
    let mut statement = connection
        .prepare("select number, checksum from vestibule_migration where domain = ?1 order by number")
        .map_err(fault)?;
    let applied: Vec<(u32, Vec<u8>)> = statement
        .query_map([domain.name], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .map_err(|error| StoreError::new(StoreErrorKind::Schema, error))?;
    let Some((known, pending)) = domain.migrations.split_at_checked(applied.len()) else {
        return Err(SchemaError::Newer.into());
    };
    let same = known.iter().zip(&applied).all(|(known, (number, checksum))| {
        known.number == *number && known.checksum() == checksum.as_slice()
    });
    if same { Ok(pending) } else { Err(SchemaError::Altered.into()) }
}

fn require_expected(connection: &Connection, schema: &Schema) -> Result<Fingerprint, StoreError> {
    let expected = Tables::expected(schema)?;
    if expected.found(connection)? == expected {
        Ok(expected.fingerprint())
    } else {
        Err(SchemaError::Changed.into())
    }
}

fn numbered(schema: &Schema) -> Result<core::slice::Iter<'_, Domain>, StoreError> {
    let mut names = BTreeSet::new();
    let numbered = schema.domains().iter().all(|domain| {
        names.insert(domain.name)
            && domain.migrations.iter().zip(1..).all(|(migration, number)| migration.number == number)
    });
    if numbered { Ok(schema.domains().iter()) } else { Err(SchemaError::Misnumbered.into()) }
}
