//! The program `vestibule`.

mod account;
mod actor;
mod case;
mod challenge;
mod colour;
mod config;
mod deployment;
mod doctor;
mod init;
mod instant;
mod keys;
mod member;
mod mfa;
mod operate;
mod password;
mod person;
mod postgres;
mod problems;
mod prompt;
mod register;
mod run;
mod sign_in;
mod stop;
mod store;
mod walkthrough;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::stop::Stop;

/// The configuration that is read when none is named.
pub(crate) const CONFIG: &str = "./vestibule.toml";

/// Who is at the door, may they come in, and if not: exactly why, and what fixes it.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version, about, propagate_version = true)]
#[command(
    after_help = "Exit status: 0 done, 1 refused, not found or found wrong, 2 broken or not set up, 64 mistyped."
)]
struct Arguments {
    /// The configuration of the deployment.
    #[arg(long, global = true, value_name = "FILE", env = "VESTIBULE_CONFIG", default_value = CONFIG)]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes a configuration with fresh keys, and makes the store.
    Init(init::Options),
    /// Registers a person, for whose login you vouch.
    Register(register::Options),
    /// Signs a person in, and says what they meet at the door.
    SignIn(sign_in::Options),
    /// Changes a person's password.
    ChangePassword(password::Options),
    /// Creates, closes, suspends and opens accounts.
    #[command(subcommand)]
    Account(account::Command),
    /// Adds, approves, declines, dismisses, reinstates and shows members of an account.
    #[command(subcommand)]
    Member(member::Command),
    /// Sets up and renews a person's second factor, and resets one that is lost.
    #[command(subcommand)]
    Mfa(mfa::Command),
    /// Keeps a person out of everything, and ends their sessions.
    Block(operate::Block),
    /// Lifts a block.
    Unblock(operate::On),
    /// Makes a person's password good for one change only.
    RequirePasswordChange(operate::On),
    /// Looks up the case reference that a visitor read out.
    Case(case::Options),
    /// Checks what the deployment rests on: configuration, keys, store, clock, links.
    Doctor,
    /// Lists every code by which anything is refused: cause, remedies, who may know what.
    Problems(problems::Options),
    /// Plays the problems of signing in on a real store: what each side sees, what helps, what happens then.
    Walkthrough(walkthrough::Options),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nothing is left to be done when that cannot be written.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(Stop::USAGE) } else { ExitCode::SUCCESS };
        }
    };
    match obey(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            report(&stop);
            stop.status()
        }
    }
}

fn obey(Arguments { config, command }: &Arguments) -> Result<(), Stop> {
    let out = &mut std::io::stdout().lock();
    match command {
        Command::Account(command) => account::run(command, config, out),
        Command::Block(options) => operate::block(options, config, out),
        Command::Case(options) => case::run(options, config, out),
        Command::ChangePassword(options) => password::run(options, config, out),
        Command::Doctor => doctor::run(config, out),
        Command::Init(options) => init::run(options, config, out),
        Command::Member(command) => member::run(command, config, out),
        Command::Mfa(command) => mfa::run(command, config, out),
        Command::Problems(options) => problems::run(options, out),
        Command::Register(options) => register::run(options, config, out),
        Command::RequirePasswordChange(options) => operate::require_password_change(options, config, out),
        Command::SignIn(options) => sign_in::run(options, config, out),
        Command::Unblock(options) => operate::unblock(options, config, out),
        Command::Walkthrough(options) => walkthrough::run(options, out),
    }
}

#[expect(clippy::print_stderr, reason = "the program's own last word")]
fn report(stop: &Stop) {
    eprint!("{stop}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
