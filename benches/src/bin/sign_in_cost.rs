//! What a sign-in costs apart from its hash; see the README.

#![expect(clippy::print_stdout, reason = "the figures are for standard output")]
#![expect(clippy::print_stderr, reason = "progress, and why there is no figure, is for standard error")]

use std::process::ExitCode;
use std::time::Duration;

use vestibule_benches::Unmeasured;
use vestibule_benches::arguments::Numbers;
use vestibule_benches::deployment::Deployment;
use vestibule_benches::process::cpu_time;
use vestibule_benches::stats::Spread;

const HELP: &str = "\
What a sign-in costs the processor apart from its hash: all reads, the windows, the try and the commit, on a SQLite file.
The hash is the cheapest there is (under 0.02 ms) and is counted with the rest.

Usage: sign_in_cost [--people N] [--sign-ins N] [--rounds N]

  --people N     people who sign in, in turn (default 200)
  --sign-ins N   sign-ins a round (default 1000)
  --rounds N     rounds (default 5)
";

fn main() -> ExitCode {
    let numbers = match Numbers::parse(HELP, &[("--people", 200), ("--sign-ins", 1000), ("--rounds", 5)]) {
        Ok(Some(numbers)) => numbers,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("sign_in_cost: {error}");
            return ExitCode::from(2);
        }
    };
    let [people, sign_ins, rounds] = [0, 1, 2].map(|at| numbers.at(at));
    match measure(people, sign_ins, rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sign_in_cost: not measured: {error}");
            ExitCode::from(2)
        }
    }
}

fn measure(people: usize, sign_ins: usize, rounds: usize) -> Result<(), Unmeasured> {
    let deployment = Deployment::with_people(people)?;
    let mut costs = Vec::with_capacity(rounds);
    for round in 1..=rounds {
        let before = cpu_time()?;
        for number in (0..people).cycle().take(sign_ins) {
            deployment.sign_in(number)?;
        }
        let spent = cpu_time()?.since(before);
        let each = |spent: Duration| spent.as_secs_f64() * 1e3 / sign_ins as f64;
        let (own, kernel) = (each(spent.user), each(spent.system));
        println!("round {round}: {own:.3} ms of its own and {kernel:.3} ms of the kernel's a sign-in");
        costs.push((own, own + kernel));
    }
    for (what, costs) in [
        ("its own", costs.iter().map(|cost| cost.0).collect::<Vec<_>>()),
        ("with the kernel's (writes, syncs, threads that wait)", costs.iter().map(|cost| cost.1).collect()),
    ] {
        let costs = Spread::of(costs).ok_or_else(|| Unmeasured::because("no round was run"))?;
        println!(
            "processor time a sign-in, {what}: {:.3} ms [{:.3}..{:.3}] (aim 0.5)",
            costs.median, costs.least, costs.most
        );
    }
    Ok(())
}
