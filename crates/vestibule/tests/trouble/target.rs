//! The front of these targets: a part for another process, or the tests and what was left out of them.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::acts::Act;
use crate::{full, process};

/// Plays a part if this process was started for one, else runs the tests, and says at the end what was left out.
pub(crate) fn run(
    play: impl FnOnce(&str, &[String]),
    trials: impl FnOnce() -> Vec<Trial>,
    left_out: impl FnOnce() -> Option<String>,
) -> ExitCode {
    if let Some(part) = process::part() {
        play(&part[0], &part[1..]);
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    let conclusion = libtest_mimic::run(&arguments, trials());
    if !arguments.list {
        let said = left_out().into_iter().chain(full::left_out().map(str::to_owned));
        said.for_each(|said| println!("{said}"));
    }
    conclusion.exit_code()
}

/// A test by its name.
pub(crate) fn trial(name: &str, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name.to_owned(), move || {
        test();
        Ok::<(), Failed>(())
    })
}

/// A test for each command.
pub(crate) fn each_act(name: &'static str, test: fn(Act)) -> impl Iterator<Item = Trial> {
    each_of(name, test, |_| true)
}

/// A test for each command that is meant.
pub(crate) fn each_of(
    name: &'static str,
    test: fn(Act),
    is_meant: impl Fn(&Act) -> bool,
) -> impl Iterator<Item = Trial> {
    let one = move |&act: &Act| trial(&format!("{name}::{}", act.name()), move || test(act));
    Act::ALL.iter().filter(move |act| is_meant(act)).map(one)
}
