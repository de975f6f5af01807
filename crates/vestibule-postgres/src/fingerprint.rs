//! What the tables look like, compared with what the migrations make.

use core::fmt;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tokio_postgres::{Client, SimpleQueryMessage};
use vestibule_core::{StoreError, StoreErrorKind};

use crate::connect::Conn;
use crate::error::fault;
use crate::migrate::{LEDGER_MAKES, make_tables};
use crate::{Options, Schema};

/// A digest of the tables, with their columns, constraints, indexes, triggers and rules, that belong to the enabled
/// domains. It is the same wherever the same migrations were applied by the same version of PostgreSQL.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// Lower-case hexadecimal.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

const PARTS: &str = include_str!("parts.sql");

/// What the migrations make, as it was seen on servers of each version: they make the same whenever they are run.
#[derive(Default)]
pub(crate) struct Seen(Mutex<ByVersion>);

/// By the server's version and the checksum of the migrations.
type ByVersion = HashMap<(String, [u8; 32]), Arc<Tables>>;

impl Seen {
    /// The tables as these migrations make them on the server of this connection, whose version this is: it is asked once.
    pub(crate) async fn expected(
        &self,
        version: String,
        conn: &Conn,
        options: &Options,
    ) -> Result<Arc<Tables>, StoreError> {
        let key = (version, options.schema.checksum());
        let seen = self.seen().get(&key).cloned();
        if let Some(seen) = seen {
            return Ok(seen);
        }
        let made = Arc::new(Tables::expected(&conn.client, options).await?);
        self.seen().insert(key, Arc::clone(&made));
        Ok(made)
    }

    fn seen(&self) -> MutexGuard<'_, ByVersion> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tables as these migrations make them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tables(Vec<(String, String)>);

impl Tables {
    /// What the migrations make as it stands in a file beside each of them; `None` where one of a host's has none. Whoever finds
    /// exactly this need not ask the server what it makes of them, which takes it longer than all else that opening does. Another version
    /// may say the same tables in other words.
    pub(crate) fn noted(schema: &Schema) -> Option<Self> {
        let mut parts = Vec::new();
        let domains = schema.domains().iter().map(|domain| domain.makes);
        for makes in domains.chain([Some(LEDGER_MAKES)]) {
            let lines = makes?.lines().filter_map(|line| line.split_once(' '));
            parts.extend(lines.map(|(table, part)| (table.to_owned(), part.to_owned())));
        }
        parts.sort_unstable();
        Some(Self(parts))
    }

    /// Runs the migrations on temporary tables, on the very server that is asked, and takes them back.
    async fn expected(client: &Client, options: &Options) -> Result<Self, StoreError> {
        let begin = "savepoint vestibule_expected; set local search_path to pg_temp";
        client.batch_execute(begin).await.map_err(fault)?;
        make_tables(client, &options.schema).await?;
        let made = parts(client, "pg_my_temp_schema()").await?;
        // With the savepoint goes the setting.
        let end = "rollback to savepoint vestibule_expected; release savepoint vestibule_expected";
        client.batch_execute(end).await.map_err(fault)?;
        Ok(Self(made))
    }

    /// What the schema has of them. Tables that are not expected are a host's, or those of domains that are not enabled; but
    /// whatever hangs on an expected table counts, because an index can refuse and a trigger can change what we write.
    pub(crate) async fn found(&self, client: &Client, options: &Options) -> Result<Self, StoreError> {
        let tables: BTreeSet<&str> = self.0.iter().map(|(table, _)| table.as_str()).collect();
        let name = options.schema_name.replace('\'', "''");
        let namespace = format!("(select oid from pg_namespace where nspname = '{name}')");
        let mut found = parts(client, &namespace).await?;
        found.retain(|(table, _)| tables.contains(table.as_str()));
        Ok(Self(found))
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        for (table, part) in &self.0 {
            for part in [table, part] {
                hash.update(part.as_bytes());
                hash.update([0]);
            }
        }
        Fingerprint(hash.finalize().into())
    }
}

async fn parts(client: &Client, namespace: &str) -> Result<Vec<(String, String)>, StoreError> {
    let messages = client.simple_query(&PARTS.replace("{namespace}", namespace)).await.map_err(fault)?;
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let mut parts = rows
        .map(|row| match (row.get(0), row.get(1)) {
            (Some(table), Some(part)) => Ok((table.to_owned(), part.to_owned())),
            _ => Err(StoreErrorKind::Schema.into()),
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    // Not by the server, whose order of text depends on its locale.
    parts.sort_unstable();
    Ok(parts)
}
