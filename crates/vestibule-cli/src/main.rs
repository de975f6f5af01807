//! The program `vestibule`.

mod problems;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Who is at the door, may they come in, and if not: exactly why, and what fixes it.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version, about, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists every code by which anything is refused: cause, remedies, who may know what.
    Problems(problems::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Problems(options) => problems::run(&options, &mut std::io::stdout().lock()),
    };
    match outcome {
        // A reader who has seen enough (`| head`) is no failure.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the program's own last word")]
fn report(error: &std::io::Error) {
    eprintln!("error: {error}");
}
