//! The contract of stores, on a real file.

mod ground;

use std::process::ExitCode;

fn main() -> ExitCode {
    vestibule_conformance::run(ground::Sqlite::default())
}
