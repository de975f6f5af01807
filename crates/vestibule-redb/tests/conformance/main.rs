//! The contract of stores, on a real file, every call within the limits of key-value databases.

mod ground;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use vestibule_kv::Record;

fn main() -> ExitCode {
    let record = Arc::new(Record::new());
    let code = vestibule_conformance::run(ground::Redb::new(Arc::clone(&record)));
    let mut told = std::io::stderr();
    let _ = writeln!(told, "largest batch: {:?}", record.largest());
    match record.violated() {
        None => code,
        Some(limit) => {
            let _ = writeln!(told, "a limit was violated: {limit}");
            ExitCode::FAILURE
        }
    }
}
