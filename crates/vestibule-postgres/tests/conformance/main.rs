//! The contract of stores, on a real server.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test, though not of the usual harness")]

#[path = "../support/ground.rs"]
mod ground;
mod harness;

use std::process::ExitCode;

fn main() -> ExitCode {
    vestibule_conformance::run(harness::Postgres)
}
