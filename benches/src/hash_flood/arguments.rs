//! The command line of `hash_flood`.

use core::fmt;
use std::error::Error;

use super::Variant;

/// What `--help` prints.
pub const HELP: &str = "\
Many people sign in at once: our bounded hash pool against the plain argon2 crate
on unbounded blocking threads. Every run is a process of its own.

usage: hash_flood [options]

  --rounds N         rounds, each of ours and plain in turn (default 3)
  --verifications N  concurrent verifications compared (default 500)
  --flood N          a larger flood, ours only, for its memory (default 5000; 0: none)
  --ours-only        leave the plain crate out: it needs up to 10 GiB
  --gate-memory      end with status 1 when the memory bound is broken
  --help             this text

The memory bound: 1.15 x (workers x memory of a hash) + an idle process with the same
runtime. Throughput is printed and never gates.

status: 0 measured, 1 a gated bound is broken, 2 not measured or not understood
";

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the program matches on all of it")]
pub enum Task {
    /// Be the child process: measure one variant and print the sample.
    Child(Variant, usize),
    /// Run the children and print the report.
    Compare(Arguments),
    /// Print [`HELP`].
    Help,
}

/// How to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Arguments {
    /// How often both variants run.
    pub rounds: usize,
    /// How many verifications are compared.
    pub verifications: usize,
    /// How many the larger flood has; zero when there is none.
    pub flood: usize,
    /// Whether the plain crate is left out.
    pub ours_only: bool,
    /// Whether the memory bound decides the exit status.
    pub gate_memory: bool,
}

impl Default for Arguments {
    fn default() -> Self {
        Self { rounds: 3, verifications: 500, flood: 5000, ours_only: false, gate_memory: false }
    }
}

impl Task {
    /// Reads the command line, without the program's name.
    ///
    /// # Errors
    ///
    /// [`UsageError`] names the argument.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, UsageError> {
        let mut rest = arguments.into_iter();
        let mut parsed = Arguments::default();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "child" => return child(rest),
                "--flood" => parsed.flood = number(&argument, rest.next(), 0)?,
                "--gate-memory" => parsed.gate_memory = true,
                "--help" | "-h" => return Ok(Self::Help),
                "--ours-only" => parsed.ours_only = true,
                "--rounds" => parsed.rounds = number(&argument, rest.next(), 1)?,
                "--verifications" => parsed.verifications = number(&argument, rest.next(), 1)?,
                _ => return Err(UsageError(argument)),
            }
        }
        Ok(Self::Compare(parsed))
    }
}

fn child(mut rest: impl Iterator<Item = String>) -> Result<Task, UsageError> {
    let name = rest.next().unwrap_or_default();
    let variant = Variant::named(&name).ok_or(UsageError(name))?;
    Ok(Task::Child(variant, number("child", rest.next(), 0)?))
}

fn number(of: &str, text: Option<String>, least: usize) -> Result<usize, UsageError> {
    let parsed = text.and_then(|text| text.parse().ok()).filter(|number| (least..=100_000).contains(number));
    parsed.ok_or_else(|| UsageError(of.into()))
}

/// An argument that is unknown, or has no fitting number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not understood: {}; try --help", self.0)
    }
}

impl Error for UsageError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Task, UsageError> {
        Task::parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn every_option_is_read() {
        let all = "--rounds 2 --verifications 50 --flood 0 --ours-only --gate-memory";
        let read = Arguments { rounds: 2, verifications: 50, flood: 0, ours_only: true, gate_memory: true };
        assert_eq!(parse(all), Ok(Task::Compare(read)));
        assert_eq!(parse(""), Ok(Task::Compare(Arguments::default())));
        assert_eq!(parse("--rounds 2 --help"), Ok(Task::Help));
        assert_eq!(parse("child ours 7"), Ok(Task::Child(Variant::Ours, 7)));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in
            ["--round 2", "--rounds", "--rounds 0", "--rounds x", "--flood 100001", "child", "child x 1"]
        {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_help_names_every_option_and_its_default() {
        let default = Arguments::default();
        for (option, number) in [
            ("--rounds", default.rounds),
            ("--verifications", default.verifications),
            ("--flood", default.flood),
        ] {
            let line = HELP.lines().find(|line| line.trim_start().starts_with(option)).unwrap();
            assert!(line.contains(&format!("default {number}")), "{line}");
        }
    }
}
