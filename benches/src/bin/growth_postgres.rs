//! Do the questions of every request stay quick on a large server? See the README.

#![expect(clippy::print_stdout, reason = "the figures are for standard output")]
#![expect(clippy::print_stderr, reason = "progress, and why there is no figure, is for standard error")]

use std::process::ExitCode;

use vestibule_benches::Unmeasured;
use vestibule_benches::arguments::Numbers;
use vestibule_benches::crowd::load_postgres;
use vestibule_benches::growth::{Crowd, Growth, compare};
use vestibule_benches::postgres::Server;

const HELP: &str = "\
The questions of every request, asked of a small and of a large schema in turns, on a server that this program starts for itself;
at most twice the time (this gates).

Usage: growth_postgres [--people N] [--against N] [--sample N] [--rounds N]

  --people N    people in the large schema (default 5000000: some 15 GB below the temporary directory)
  --against N   people in the small one (default 1000)
  --sample N    people who are asked about (default 1000)
  --rounds N    rounds, in each of which both take their turn with fifty questions (default 1000)
";

fn main() -> ExitCode {
    let flags = [("--people", 5_000_000), ("--against", 1000), ("--sample", 1000), ("--rounds", 1000)];
    let numbers = match Numbers::parse(HELP, &flags) {
        Ok(Some(numbers)) => numbers,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("growth_postgres: {error}");
            return ExitCode::from(2);
        }
    };
    match measure(&numbers) {
        Ok(growth) => {
            growth.lines.iter().for_each(|line| println!("{line}"));
            if growth.within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("growth_postgres: not measured: {error}");
            ExitCode::from(2)
        }
    }
}

fn measure(numbers: &Numbers) -> Result<Growth, Unmeasured> {
    let [people, against] = [0, 1]
        .map(|at| u32::try_from(numbers.at(at)).map_err(|error| Unmeasured::at("so many people", &error)));
    let (people, against, sample, rounds) = (people?, against?, numbers.at(2), numbers.at(3));
    let fault = |error: std::io::Error| Unmeasured::at("a runtime", &error);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(fault)?;
    let server = Server::start()?;
    let crowd = |schema: &str, people| {
        eprintln!("{people} people move in");
        let store = runtime.block_on(load_postgres(&server.url(&[]), schema, people, 2))?;
        Ok::<_, Unmeasured>(Crowd::new(store, people, sample))
    };
    let (small, large) = (crowd("small", against)?, crowd("large", people)?);
    compare(&small, &large, rounds)
}
