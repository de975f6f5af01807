//! Many people sign in at once; see `--help`.

#![expect(clippy::print_stdout, reason = "the figures are for standard output")]
#![expect(
    clippy::print_stderr,
    reason = "what is going on, and why there is no figure, is for standard error"
)]

use std::env;
use std::process::ExitCode;

use vestibule_benches::hash_flood::{
    Arguments, HELP, Layout, Report, Round, Sample, Task, Variant, cores, run,
};
use vestibule_benches::{Unmeasured, process};
use vestibule_credentials::HashParams;

/// The blocking threads a tokio runtime starts at most, unless told otherwise: the plain crate's peak.
const BLOCKING_THREADS: usize = 512;

fn main() -> ExitCode {
    let task = match Task::parse(env::args().skip(1)) {
        Ok(task) => task,
        Err(error) => {
            eprintln!("hash_flood: {error}");
            return ExitCode::from(2);
        }
    };
    match perform(task) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("hash_flood: not measured: {error}");
            ExitCode::from(2)
        }
    }
}

fn perform(task: Task) -> Result<ExitCode, Unmeasured> {
    match task {
        Task::Help => print!("{HELP}"),
        Task::Child(variant, flood) => println!("{}", run(variant, flood)?),
        Task::Compare(arguments) => {
            let report = compare(arguments)?;
            print!("{report}");
            if arguments.gate_memory && !report.holds() {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn compare(arguments: Arguments) -> Result<Report, Unmeasured> {
    process::peak_memory_kib()?; // Nothing is run for minutes where nothing can be read.
    let layout = Layout { workers: cores()?, hash_kib: HashParams::default().memory_kib() };
    if !arguments.ours_only {
        check_room(arguments.verifications, layout.hash_kib)?;
    }
    let mut rounds = Vec::new();
    for number in 1..=arguments.rounds {
        eprintln!("round {number} of {}", arguments.rounds);
        let idle = child(Variant::Idle, 0)?;
        let ours = child(Variant::Ours, arguments.verifications)?;
        let plain = (!arguments.ours_only).then(|| child(Variant::Plain, arguments.verifications));
        rounds.push(Round { idle, ours, plain: plain.transpose()? });
    }
    let flood = (arguments.flood > 0).then(|| child(Variant::Ours, arguments.flood)).transpose()?;
    Ok(Report { layout, rounds, flood })
}

/// The plain crate's crowd is let in only where it fits: what it does to a machine that is too small is known.
fn check_room(verifications: usize, hash_kib: u32) -> Result<(), Unmeasured> {
    let threads = u64::try_from(verifications.min(BLOCKING_THREADS)).unwrap_or(u64::MAX);
    let needed = threads.saturating_mul(hash_kib.into());
    let available = process::available_memory_kib()?;
    if available < needed {
        let (needed, available) = (needed / 1024, available / 1024);
        return Err(Unmeasured::because(format!(
            "the plain crate needs {needed} MiB and the machine has {available}; try --ours-only"
        )));
    }
    Ok(())
}

fn child(variant: Variant, flood: usize) -> Result<Sample, Unmeasured> {
    let sample: Sample = process::rerun(&["child", variant.name(), &flood.to_string()])?.parse()?;
    let (seconds, mib) = (sample.seconds, sample.peak_kib / 1024);
    eprintln!("  {:<5} {:>6} verified in {seconds:.2} s, peak {mib} MiB", variant.name(), sample.verified);
    Ok(sample)
}
