//! The contract of stores, on a real file, every call within the limits of key-value databases.

mod ground;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let redb = ground::Redb::default();
    let records = [Arc::clone(&redb.cases), Arc::clone(&redb.story)];
    let code = vestibule_conformance::run(redb);
    match records.iter().find_map(|record| record.violated()) {
        None => code,
        Some(limit) => {
            let _ = writeln!(std::io::stderr(), "a limit was violated: {limit}");
            ExitCode::FAILURE
        }
    }
}
