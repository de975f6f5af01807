//! Making the tables, explicitly, all or nothing.

use std::collections::BTreeSet;

use tokio_postgres::Client;
use vestibule_core::{StoreError, StoreErrorKind, Timestamp};

use crate::connect::{Conn, require_decisive};
use crate::error::{fault, leaves_open, with_kind};
use crate::fingerprint::{Fingerprint, Tables};
use crate::{Domain, Migration, Options, Schema, SchemaError, Server};

/// The table that says which migrations were applied.
pub(crate) const LEDGER: &str = include_str!("../migrations/ledger.sql");
/// What it makes.
pub(crate) const LEDGER_MAKES: &str = include_str!("../migrations/ledger.txt");

/// What a migration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migrated {
    /// How many migrations were applied, zero when the schema was up to date.
    pub applied: u32,
    /// The tables as they are now.
    pub fingerprint: Fingerprint,
}

/// Makes the schema if there is none, and brings it to this version, in one transaction under a lock of its name.
pub(crate) async fn migrate(
    server: &Server,
    options: &Options,
    now: Timestamp,
) -> Result<Migrated, StoreError> {
    // Dropping the connection on an early return rolls back.
    let conn = server.connect(options).await?;
    let client = &conn.client;
    client.batch_execute(&conn.begin(options)).await.map_err(fault)?;
    // A migration may take longer than a commit, and so may the one that is waited for.
    client
        .batch_execute("set local statement_timeout to 0; set local lock_timeout to 0")
        .await
        .map_err(fault)?;
    client
        .execute(
            "select pg_advisory_xact_lock(hashtextextended('vestibule.migrate.' || $1, 0))",
            &[&options.schema_name],
        )
        .await
        .map_err(fault)?;
    make_schema(client, options).await?;
    let migrated = bring_up(&conn, options, now).await?;
    client.batch_execute("commit").await.map_err(|error| {
        if leaves_open(&error) { with_kind(StoreErrorKind::OutcomeUnknown, error) } else { fault(error) }
    })?;
    Ok(migrated)
}

/// Whether the tables are exactly those of this version, seen at one instant.
pub(crate) async fn check(conn: &Conn, options: &Options) -> Result<Fingerprint, StoreError> {
    conn.client.batch_execute(&conn.begin(options)).await.map_err(fault)?;
    let checked = check_all(conn, options).await;
    conn.client.batch_execute("rollback").await.map_err(fault)?;
    checked
}

/// Whether the schema has a table of this name.
pub(crate) async fn has_table(client: &Client, options: &Options, name: &str) -> Result<bool, StoreError> {
    let found = client
        .query(
            "select 1 from pg_class join pg_namespace on pg_namespace.oid = relnamespace
             where nspname = $1 and relname = $2",
            &[&options.schema_name, &name],
        )
        .await
        .map_err(fault)?;
    Ok(!found.is_empty())
}

async fn check_all(conn: &Conn, options: &Options) -> Result<Fingerprint, StoreError> {
    if !has_table(&conn.client, options, "vestibule_migration").await? {
        return Err(SchemaError::Missing.into());
    }
    for domain in numbered(&options.schema)? {
        if !pending(&conn.client, domain).await?.is_empty() {
            return Err(SchemaError::Outdated.into());
        }
    }
    require_expected(conn, options).await
}

/// Every table of the schema in the first schema of the `search_path`, without the entries of the ledger.
pub(crate) async fn make_tables(client: &Client, schema: &Schema) -> Result<(), StoreError> {
    client.batch_execute(LEDGER).await.map_err(fault)?;
    for migration in numbered(schema)?.flat_map(|domain| domain.migrations) {
        client.batch_execute(migration.sql).await.map_err(fault)?;
    }
    Ok(())
}

/// `create schema if not exists` asks for the right to make one even where one is.
async fn make_schema(client: &Client, options: &Options) -> Result<(), StoreError> {
    let there = client
        .query("select 1 from pg_namespace where nspname = $1", &[&options.schema_name])
        .await
        .map_err(fault)?;
    if there.is_empty() {
        let make = format!("create schema {}", options.quoted_schema());
        client.batch_execute(&make).await.map_err(fault)?;
    }
    Ok(())
}

async fn bring_up(conn: &Conn, options: &Options, now: Timestamp) -> Result<Migrated, StoreError> {
    let client = &conn.client;
    client.batch_execute(LEDGER).await.map_err(fault)?;
    let mut applied = 0;
    for domain in numbered(&options.schema)? {
        for migration in pending(client, domain).await? {
            client.batch_execute(migration.sql).await.map_err(fault)?;
            enter(client, domain, migration, now).await?;
            applied += 1;
        }
    }
    let fingerprint = require_expected(conn, options).await?;
    Ok(Migrated { applied, fingerprint })
}

async fn enter(
    client: &Client,
    domain: &Domain,
    migration: &Migration,
    now: Timestamp,
) -> Result<(), StoreError> {
    client
        .execute(
            "insert into vestibule_migration (domain, number, checksum, applied_at) values ($1, $2, $3, $4)",
            &[
                &domain.name,
                &i64::from(migration.number),
                &migration.checksum().as_slice(),
                &now.unix_micros(),
            ],
        )
        .await
        .map(|_| ())
        .map_err(fault)
}

/// The migrations of a domain that were not applied yet. What was applied must be what this version knows.
async fn pending<'a>(client: &Client, domain: &'a Domain) -> Result<&'a [Migration], StoreError> {
    let rows = client
        .query(
            "select number, checksum from vestibule_migration where domain = $1 order by number",
            &[&domain.name],
        )
        .await
        .map_err(fault)?;
    let applied = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<Vec<(i64, Vec<u8>)>, tokio_postgres::Error>>()
        .map_err(|error| with_kind(StoreErrorKind::Schema, error))?;
    let Some((known, pending)) = domain.migrations.split_at_checked(applied.len()) else {
        return Err(SchemaError::Newer.into());
    };
    let same = known.iter().zip(&applied).all(|(known, (number, checksum))| {
        i64::from(known.number) == *number && known.checksum() == checksum.as_slice()
    });
    if same { Ok(pending) } else { Err(SchemaError::Altered.into()) }
}

async fn require_expected(conn: &Conn, options: &Options) -> Result<Fingerprint, StoreError> {
    let version = require_decisive(&conn.client).await?;
    if let Some(noted) = Tables::noted(&options.schema)
        && noted.found(&conn.client, options).await? == noted
    {
        return Ok(noted.fingerprint());
    }
    let expected = conn.seen.expected(version, conn, options).await?;
    if expected.found(&conn.client, options).await? == *expected {
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
