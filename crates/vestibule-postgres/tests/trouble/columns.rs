//! Every column of every table, with values that nobody wrote there (FLT-X37).

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::acts::{Answer, ENTERED};
use crate::amount::{is_tried, much};
use crate::calls::realm;
use crate::cast::{bob, engines};
use crate::columns_read::{FOUND_BY, OF_SIGN_IN, UNREAD};
use crate::ground::{Place, block_on, open};
use crate::mutated::{Before, look, signs_in};

pub(crate) fn every_column() {
    let (place, strict) = (Place::apart(), Place::apart());
    // Opened before the tables are loosened: opening would refuse them.
    let store = open(&place.name(), realm("default"));
    let before = Before::settle(&store);
    let own = Own::loosen(&place, &strict);
    let (mut mutations, mut invalid, mut empty) = (0, 0, Vec::new());
    let mut number = 0;
    for table in own.tables() {
        let columns = own.columns(&table);
        let Some(row) = own.row_of_bob(&table, &columns) else {
            empty.push(table);
            continue;
        };
        for column in &columns {
            for value in values(&column.kind) {
                number += 1;
                if !is_tried(number, 5) {
                    continue;
                }
                let what = format!("{table}.{} set to {value}", column.name);
                let refused = own.is_refused_by_the_table(&table, column, value, &row);
                if !own.set(&table, column, value, &row) {
                    continue;
                }
                let after = look(&store, &before, &what);
                own.restore();
                mutations += 1;
                assert!(after.others.is_empty(), "{what}: {:?}", after.others);
                // The number of a window's counters is everybody's.
                if table != "vestibule_window_population" {
                    assert!(signs_in(&after.eve), "{what} keeps Eve out: {:?}", after.eve);
                }
                assert!(after.remembers || (table == "vestibule_batch" && column.is_key), "{what}");
                if !refused {
                    continue;
                }
                invalid += 1;
                let is_name = column.is_key || (table.as_str(), column.name.as_str()) == FOUND_BY;
                if !is_name && !UNREAD.contains(&table.as_str()) {
                    assert!(after.corrupt > 0, "{what} is read as if nothing were wrong");
                }
                // Whose row of tries is not found has taken none.
                let is_first_try = is_name && table == "vestibule_factor_tries";
                if OF_SIGN_IN.contains(&table.as_str()) && !is_first_try {
                    assert_ne!(after.bob, Answer::Done(ENTERED.to_owned()), "{what}");
                }
                if table == "vestibule_session" && column.name != "slot" {
                    assert!(!after.session_opens, "{what}, and the session opens");
                }
            }
        }
    }
    assert!(empty.is_empty(), "no row of {empty:?}");
    let untouched = look(&store, &before, "nothing");
    assert_eq!((untouched.corrupt, untouched.bob), (0, Answer::Done(ENTERED.to_owned())));
    assert!(untouched.session_opens && untouched.remembers);
    let least = if much() { [900, 500] } else { [180, 95] };
    assert!(mutations > least[0] && invalid > least[1], "{mutations} mutations, {invalid} of them invalid");
}

/// As the statement has them, of the column's own type: the server keeps no other.
fn values(kind: &str) -> &'static [&'static str] {
    match kind {
        "bigint" => &["null", "-1", "9223372036854775807", "-9223372036854775808"],
        "bytea" => &["null", "''::bytea", "'\\xffffff'::bytea", "decode(repeat('00', 65536), 'hex')"],
        "text" => &["null", "''", "'nonsense'", "repeat('x', 65536)"],
        other => panic!("a column of {other}"),
    }
}

struct Column {
    name: String,
    kind: String,
    is_key: bool,
}

/// A connection of the test's own, to the tables without their constraints and to a copy with them.
struct Own {
    client: Client,
    loose: String,
    strict: String,
}

impl Own {
    fn loosen(place: &Place, strict: &Place) -> Self {
        let own = Self {
            client: place.own(),
            loose: place.schema().to_owned(),
            strict: strict.schema().to_owned(),
        };
        // The contact of a member, which no command has given yet.
        own.run(&format!(
            "insert into vestibule_contact select realm, {}, key, subject from vestibule_identifier_owner
             where subject = {}",
            hex(engines().as_bytes()),
            hex(bob().as_bytes())
        ));
        for table in own.tables() {
            let columns = own.columns(&table);
            own.copy(&table, &own.loose, &own.strict);
            let key: Vec<&str> =
                columns.iter().filter(|column| column.is_key).map(|column| column.name.as_str()).collect();
            own.run(&format!("create unique index {table}_key on {table} ({})", key.join(", ")));
            for constraint in own.texts(&format!(
                "select conname::text from pg_constraint where conrelid = '{table}'::regclass and contype <> 'n'"
            )) {
                own.run(&format!("alter table {table} drop constraint {constraint}"));
            }
            for column in own.texts(&format!(
                "select attname::text from pg_attribute
                 where attrelid = '{table}'::regclass and attnum > 0 and attnotnull"
            )) {
                own.run(&format!("alter table {table} alter column {column} drop not null"));
            }
        }
        own
    }

    fn run(&self, sql: &str) {
        block_on(self.client.batch_execute(sql)).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        block_on(self.client.query(sql, &[])).unwrap().iter().map(|row| row.get(0)).collect()
    }

    fn tables(&self) -> Vec<String> {
        self.texts(&format!(
            "select tablename::text from pg_tables where schemaname = '{}' and tablename like 'vestibule\\_%'
             and tablename <> 'vestibule_migration' order by 1",
            self.loose
        ))
    }

    /// Those that are written, not those that the server makes itself.
    fn columns(&self, table: &str) -> Vec<Column> {
        let columns = block_on(self.client.query(
            "select attname::text, format_type(atttypid, atttypmod), coalesce(attnum = any (indkey), false)
             from pg_attribute left join pg_index on indrelid = attrelid and indisprimary
             where attrelid = $1::text::regclass and attnum > 0 and attgenerated = '' order by attnum",
            &[&format!("{}.{table}", self.strict)],
        ));
        let column =
            |row: &tokio_postgres::Row| Column { name: row.get(0), kind: row.get(1), is_key: row.get(2) };
        columns.unwrap().iter().map(column).collect()
    }

    /// What names the row that is about Bob, where a table says so.
    fn row_of_bob(&self, table: &str, columns: &[Column]) -> Option<String> {
        let has = |name: &str| columns.iter().any(|column| column.name == name);
        let (bob, engines, strict) = (hex(bob().as_bytes()), hex(engines().as_bytes()), &self.strict);
        let about = if table == "vestibule_event_personal" {
            format!("event in (select id from {strict}.vestibule_event where subject = {bob})")
        } else if has("subject") {
            format!("subject = {bob}")
        } else if has("holder") {
            format!("holder = {bob}")
        } else if has("account") && table != "vestibule_case" {
            format!("account = {engines}")
        } else {
            "true".to_owned()
        };
        // Of his sessions, the one that is open.
        let latest = if has("profile_epoch") { "order by profile_epoch desc" } else { "" };
        let named = columns
            .iter()
            .filter(|column| column.is_key)
            .map(|column| format!("format('{0} = %L::{1}', {0})", column.name, column.kind));
        let named = named.collect::<Vec<_>>().join(" || ' and ' || ");
        self.texts(&format!("select {named} from {strict}.{table} where {about} {latest} limit 1")).pop()
    }

    /// Whether the table as the migrations make it has no place for such a value.
    fn is_refused_by_the_table(&self, table: &str, column: &Column, value: &str, row: &str) -> bool {
        self.run("begin");
        let sql = format!("update {}.{table} set {} = {value} where {row}", self.strict, column.name);
        let tried = block_on(self.client.execute(&sql, &[]));
        self.run("rollback");
        match tried {
            Ok(rows) => {
                assert_eq!(rows, 1, "{sql}");
                false
            }
            // An integrity constraint.
            Err(error) => {
                let code = error.code().map(|code| code.code().to_owned()).unwrap();
                // A key of this size fits in no index.
                assert!(code.starts_with("23") || code == "54000", "{sql}: {error:?}");
                true
            }
        }
    }

    /// Whether there was a place for it: a key may be another row's.
    fn set(&self, table: &str, column: &Column, value: &str, row: &str) -> bool {
        let sql = format!("update {table} set {} = {value} where {row}", column.name);
        match block_on(self.client.execute(&sql, &[])) {
            Ok(rows) => rows == 1,
            Err(error) => {
                assert_eq!(error.code(), Some(&SqlState::UNIQUE_VIOLATION), "{sql}: {error:?}");
                false
            }
        }
    }

    fn copy(&self, table: &str, from: &str, to: &str) {
        let columns: Vec<String> = self.columns(table).into_iter().map(|column| column.name).collect();
        let all = columns.join(", ");
        self.run(&format!("insert into {to}.{table} ({all}) select {all} from {from}.{table}"));
    }

    /// Everything as it was.
    fn restore(&self) {
        self.run("begin");
        for table in self.tables() {
            self.run(&format!("delete from {table}"));
            self.copy(&table, &self.strict, &self.loose);
        }
        self.run("commit");
    }
}

fn hex(bytes: &[u8]) -> String {
    format!("'\\x{}'::bytea", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}
