//! The crowd on a PostgreSQL server.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};

use vestibule_core::{Clock, Realm, SystemClock};
use vestibule_postgres::{Options, PostgresStore, Server};
use vestibule_sql::Value;

use super::{ACCOUNT_COLUMNS, Ground, TABLES, order};
use crate::Unmeasured;

/// Makes a schema by the store's own migrations, fills it with `copy`, has its statistics made, and opens it as anybody would.
///
/// # Errors
///
/// [`Unmeasured`] when any of it fails.
pub async fn load_postgres(
    url: &str,
    schema: &str,
    people: u32,
    connections: usize,
) -> Result<PostgresStore, Unmeasured> {
    let fault = |error: vestibule_core::StoreError| Unmeasured::at("the database", &error);
    let server = Server::parse(url).map_err(fault)?;
    let options = Options::new().schema_name(schema).connections(connections);
    PostgresStore::migrate(&server, &options, SystemClock.now()).await.map_err(fault)?;
    let ground = Ground::new()?;
    copy(
        url,
        &format!("{schema}.vestibule_account ({ACCOUNT_COLUMNS})"),
        [ground.account_row(people)].into_iter(),
    )?;
    for table in &TABLES {
        let rows = order(table, people)?.into_iter().map(|number| (table.row)(&ground, number));
        copy(url, &format!("{schema}.{} ({})", table.name, table.columns), rows)?;
        let made = format!("vacuum analyze {schema}.{}", table.name);
        let settled = Command::new("psql").args(["-qX", "-v", "ON_ERROR_STOP=1", url, "-c", &made]).status();
        if !settled.is_ok_and(|status| status.success()) {
            return Err(Unmeasured::because("the statistics could not be made"));
        }
    }
    PostgresStore::open(&server, Realm::default(), options).await.map_err(fault)
}

fn copy(
    url: &str,
    table: &str,
    rows: impl Iterator<Item = Result<Vec<Value>, Unmeasured>>,
) -> Result<(), Unmeasured> {
    let fault = |error: std::io::Error| Unmeasured::at("filling the database with psql", &error);
    let mut psql = Command::new("psql")
        .args(["-qX", "-v", "ON_ERROR_STOP=1", url, "-c", &format!("copy {table} from stdin")])
        .stdin(Stdio::piped())
        .spawn()
        .map_err(fault)?;
    let input = psql.stdin.take().ok_or_else(|| Unmeasured::because("psql has no input"))?;
    let mut input = BufWriter::with_capacity(1 << 20, input);
    let mut line = String::new();
    for row in rows {
        line.clear();
        for (at, value) in row?.iter().enumerate() {
            if at > 0 {
                line.push('\t');
            }
            column(&mut line, value);
        }
        line.push('\n');
        input.write_all(line.as_bytes()).map_err(fault)?;
    }
    input.flush().map_err(fault)?;
    drop(input);
    if psql.wait().map_err(fault)?.success() {
        Ok(())
    } else {
        Err(Unmeasured::because("psql could not fill the database"))
    }
}

/// No text of ours has anything that `copy` would read otherwise.
fn column(line: &mut String, value: &Value) {
    // Writing to a String does not fail.
    let _ = match value {
        Value::Null => line.write_str("\\N"),
        Value::Int(number) => write!(line, "{number}"),
        Value::Text(text) => line.write_str(text),
        Value::Blob(bytes) => {
            const DIGITS: [char; 16] =
                ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
            let digit = |of: u8| DIGITS.get(usize::from(of)).copied().unwrap_or('0');
            line.push_str("\\\\x");
            bytes.iter().for_each(|byte| line.extend([digit(byte >> 4), digit(byte & 15)]));
            Ok(())
        }
    };
}
