//! Every column of every table, with values that nobody wrote there (FLT-X37).

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::acts::{Answer, ENTERED};
use crate::amount::{is_tried, much};
use crate::calls::realm;
use crate::cast::{bob, engines};
use crate::columns_read::{FOUND_BY, OF_SIGN_IN, UNREAD};
use crate::ground::{Place, open};
use crate::mutated::{Before, look, signs_in};

pub(crate) fn every_column() {
    let place = Place::new();
    // Opened before the tables are loosened: opening would refuse them.
    let store = open(&place.name(), realm("default"));
    let before = Before::settle(&store);
    let own = Own::loosen(&place);
    let (mut mutations, mut invalid, mut empty) = (0, 0, Vec::new());
    let mut number = 0;
    for table in own.tables() {
        let columns = own.columns(&table);
        let Some(row) = own.row_of_bob(&table, &columns) else {
            empty.push(table);
            continue;
        };
        for column in &columns {
            for value in values() {
                number += 1;
                if !is_tried(number, 4) {
                    continue;
                }
                let what = format!("{table}.{} set to {value:?}", column.name);
                let refused = own.is_refused_by_the_table(&table, column, &value, &row);
                own.set(&table, column, &value, &row);
                let after = look(&store, &before, &what);
                own.restore();
                mutations += 1;
                assert!(after.others.is_empty(), "{what}: {:?}", after.others);
                // The number of a window's counters is everybody's.
                if table != "vestibule_window_population" {
                    assert!(signs_in(&after.eve), "{what} keeps Eve out: {:?}", after.eve);
                }
                assert!(after.remembers || (table == "vestibule_batch" && column.key.is_some()), "{what}");
                if !refused {
                    continue;
                }
                invalid += 1;
                let entered = after.bob == Answer::Done(ENTERED.to_owned());
                let is_name = column.key.is_some() || (table.as_str(), column.name.as_str()) == FOUND_BY;
                if !is_name && !UNREAD.contains(&table.as_str()) {
                    assert!(after.corrupt > 0, "{what} is read as if nothing were wrong");
                }
                // Whose row of tries is not found has taken none.
                let is_first_try = is_name && table == "vestibule_factor_tries";
                if OF_SIGN_IN.contains(&table.as_str()) && !is_first_try {
                    assert!(!entered, "{what}, and Bob enters");
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
    let least = if much() { [2000, 1500] } else { [500, 375] };
    assert!(mutations > least[0] && invalid > least[1], "{mutations} mutations, {invalid} of them invalid");
}

fn values() -> Vec<Value> {
    vec![
        Value::Null,
        Value::Text("nonsense".to_owned()),
        Value::Text(String::new()),
        Value::Integer(-1),
        Value::Integer(i64::MAX),
        Value::Real(0.5),
        Value::Blob(Vec::new()),
        Value::Blob(vec![0xff; 3]),
        Value::Blob(vec![0; 65536]),
    ]
}

struct Column {
    name: String,
    /// Its place in the primary key.
    key: Option<u32>,
}

/// A row by the values of its key.
type Row = Vec<(String, Value)>;

/// A connection of the test's own: `main` is the file without its constraints, `strict` a copy with them.
struct Own(Connection);

impl Own {
    fn loosen(place: &Place) -> Self {
        let own = Connection::open(place.path()).unwrap();
        let strict = place.path().with_file_name("strict.db");
        // The contact of a member, which no command has given yet.
        own.execute(
            "insert into vestibule_contact select realm, ?1, key, subject from vestibule_identifier_owner where subject = ?2",
            (engines().as_bytes(), bob().as_bytes()),
        )
        .unwrap();
        own.execute("vacuum into ?1", [strict.to_str().unwrap()]).unwrap();
        own.execute("attach ?1 as strict", [strict.to_str().unwrap()]).unwrap();
        let own = Self(own);
        for table in own.tables() {
            let columns = own.columns(&table);
            let mut key: Vec<&Column> = columns.iter().filter(|column| column.key.is_some()).collect();
            key.sort_by_key(|column| column.key);
            let names = |columns: &mut dyn Iterator<Item = &Column>| {
                columns.map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
            };
            let all = names(&mut columns.iter());
            let made: String = own.generated(&table).iter().map(|column| format!(", {column}")).collect();
            let loose = format!("create table loose ({all}{made}, unique ({}))", names(&mut key.into_iter()));
            let indexes = own.texts(&format!(
                "select sql from main.sqlite_schema where type = 'index' and tbl_name = '{table}' and sql is not null"
            ));
            own.0
                .execute_batch(&format!(
                    "begin; {loose}; insert into loose ({all}) select {all} from {table}; drop table {table};
                     alter table loose rename to {table}; {}; commit",
                    indexes.join(";")
                ))
                .unwrap();
        }
        own
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let mut statement = self.0.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    fn tables(&self) -> Vec<String> {
        self.texts(
            "select name from main.sqlite_schema where type = 'table' and name like 'vestibule_%'
             and name <> 'vestibule_migration' order by name",
        )
    }

    /// The columns that SQLite makes itself, which nobody can set: the length of an id, named after it.
    fn generated(&self, table: &str) -> Vec<String> {
        let of = |name: String| {
            let id = name.strip_suffix("_length").unwrap();
            format!("{name} integer generated always as (length({id})) virtual")
        };
        let sql =
            format!("select name from pragma_table_xinfo('{table}', 'strict') where hidden > 0 order by cid");
        self.texts(&sql).into_iter().map(of).collect()
    }

    /// Those that are written.
    fn columns(&self, table: &str) -> Vec<Column> {
        let mut statement =
            self.0.prepare("select name, pk from pragma_table_info(?1, 'strict') order by cid").unwrap();
        let rows = statement.query_map([table], |row| {
            let key: u32 = row.get(1)?;
            Ok(Column { name: row.get(0)?, key: (key > 0).then_some(key) })
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// The one that is about Bob, where a table says so.
    fn row_of_bob(&self, table: &str, columns: &[Column]) -> Option<Row> {
        let has = |name: &str| columns.iter().any(|column| column.name == name);
        let (bob, engines) = (hex(bob().as_bytes()), hex(engines().as_bytes()));
        let about = if table == "vestibule_event_personal" {
            format!("event in (select id from strict.vestibule_event where subject = {bob})")
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
        let key: Vec<&str> =
            columns.iter().filter(|column| column.key.is_some()).map(|column| column.name.as_str()).collect();
        let sql = format!("select {} from strict.{table} where {about} {latest} limit 1", key.join(", "));
        let mut statement = self.0.prepare(&sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        let row = rows.next().unwrap()?;
        Some(
            key.iter()
                .enumerate()
                .map(|(place, name)| ((*name).to_owned(), row.get(place).unwrap()))
                .collect(),
        )
    }

    /// Whether the table as the migrations make it has no place for such a value.
    fn is_refused_by_the_table(&self, table: &str, column: &Column, value: &Value, row: &Row) -> bool {
        self.0.execute_batch("savepoint tried").unwrap();
        let tried = self.update("strict", table, column, value, row);
        self.0.execute_batch("rollback to tried; release tried").unwrap();
        match tried {
            Ok(rows) => {
                assert_eq!(rows, 1);
                false
            }
            Err(rusqlite::Error::SqliteFailure(error, _)) => {
                assert_eq!(error.code, rusqlite::ErrorCode::ConstraintViolation);
                true
            }
            Err(other) => panic!("{other}"),
        }
    }

    fn set(&self, table: &str, column: &Column, value: &Value, row: &Row) {
        assert_eq!(self.update("main", table, column, value, row).unwrap(), 1);
    }

    fn update(
        &self,
        database: &str,
        table: &str,
        column: &Column,
        value: &Value,
        row: &Row,
    ) -> rusqlite::Result<usize> {
        let places: Vec<String> =
            row.iter().enumerate().map(|(place, (name, _))| format!("{name} = ?{}", place + 2)).collect();
        let sql =
            format!("update {database}.{table} set {} = ?1 where {}", column.name, places.join(" and "));
        let values = [value].into_iter().chain(row.iter().map(|(_, value)| value));
        self.0.execute(&sql, params_from_iter(values))
    }

    /// Everything as it was.
    fn restore(&self) {
        let tables = self.tables().into_iter().map(|table| {
            let columns = self.columns(&table).into_iter().map(|column| column.name);
            let all = columns.collect::<Vec<_>>().join(", ");
            format!(
                "delete from main.{table}; insert into main.{table} ({all}) select {all} from strict.{table};"
            )
        });
        self.0.execute_batch(&format!("begin immediate; {} commit", tables.collect::<String>())).unwrap();
    }
}

fn hex(bytes: &[u8]) -> String {
    format!("x'{}'", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}
