//! What the tables look like, compared with what the migrations make.

use core::fmt;
use std::collections::BTreeSet;

use rusqlite::Connection;
use sha2::{Digest, Sha256};
use vestibule_core::StoreError;

use crate::Schema;
use crate::error::fault;
use crate::migrate::make_tables;

/// A digest of the tables, indexes and triggers of a file that belong to the enabled domains. It is the same wherever the
/// same migrations were applied.
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

/// A table, index or trigger: its kind, its name, its table, and its normalised text.
type Object = (String, String, String, String);

/// The tables as these migrations make them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tables(Vec<Object>);

impl Tables {
    /// Runs the migrations on an empty database in memory, with the very SQLite that is linked.
    pub(crate) fn expected(schema: &Schema) -> Result<Self, StoreError> {
        let connection = Connection::open_in_memory().map_err(fault)?;
        make_tables(&connection, schema)?;
        objects(&connection).map(Self)
    }

    /// What the file has of them. Tables that are not expected are a host's, or those of domains that are not enabled; but
    /// whatever hangs on an expected table counts, because an index can refuse and a trigger can change what we write.
    pub(crate) fn found(&self, connection: &Connection) -> Result<Self, StoreError> {
        let tables: BTreeSet<&str> = self.0.iter().map(|(_, _, table, _)| table.as_str()).collect();
        let mut found = objects(connection)?;
        found.retain(|(_, _, table, _)| tables.contains(table.as_str()));
        Ok(Self(found))
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        for (kind, name, table, text) in &self.0 {
            for part in [kind, name, table, text] {
                hash.update(part.as_bytes());
                hash.update([0]);
            }
        }
        Fingerprint(hash.finalize().into())
    }
}

fn objects(connection: &Connection) -> Result<Vec<Object>, StoreError> {
    let mut statement = connection
        .prepare("select type, name, tbl_name, coalesce(sql, '') from sqlite_schema order by type, name")
        .map_err(fault)?;
    let rows = statement
        .query_map([], |row| {
            let text: String = row.get(3)?;
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, normalised(&text)))
        })
        .map_err(fault)?;
    rows.collect::<Result<_, _>>().map_err(fault)
}

/// The text without comments and with single spaces, except in quotes: the same tables made by another tool from the
/// exported SQL are the same.
fn normalised(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut quote = None;
    let mut chars = sql.chars().peekable();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some(open), _) => {
                out.push(char);
                quote = (char != open).then_some(open);
            }
            (None, '\'' | '"') => {
                out.push(char);
                quote = Some(char);
            }
            (None, '-') if chars.peek() == Some(&'-') => {
                chars.by_ref().find(|char| *char == '\n');
                out.push(' ');
            }
            (None, _) if char.is_whitespace() => out.push(' '),
            (None, _) => out.push(char),
        }
        if quote.is_none() && out.ends_with("  ") {
            out.pop();
        }
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_and_comments_do_not_count() {
        let written = "create table t (\n    a text, -- the first\n    b text\n) strict";
        assert_eq!(normalised(written), "create table t ( a text, b text ) strict");
    }

    #[test]
    fn quoted_text_counts_as_it_stands() {
        let written = "check (a <> '  --  ''  ')";
        assert_eq!(normalised(written), written);
    }

    #[test]
    fn a_fingerprint_is_the_same_each_time_and_differs_by_schema() {
        const ROW: crate::Migration = crate::Migration::new(1, "create table host_row (a integer) strict");
        let print = |schema: &Schema| Tables::expected(schema).unwrap().fingerprint();
        let enabled = Schema::enabled();
        let wider = Schema::enabled().with(crate::Domain::new("host", &[ROW]));
        assert_eq!(print(&enabled), print(&enabled));
        assert_ne!(print(&enabled), print(&wider));
        assert_eq!(print(&enabled).to_string().len(), 64);
    }
}
