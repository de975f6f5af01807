//! How much of all that could be tried is tried.

#![allow(dead_code, reason = "each test binary uses a part of it")]

/// How many rounds each race has, and then every pair is raced; without it as few as a test run has time for.
const ROUNDS: &str = "VESTIBULE_TROUBLE_ROUNDS";

/// Of the pairs, one in so many is raced without that variable; another one each time that an act comes first.
const SHARE: &str = "VESTIBULE_TROUBLE_SHARE";

/// The share of a test run that names none.
const LEAST: usize = 60;

pub(crate) fn share() -> usize {
    std::env::var(SHARE).map_or(LEAST, |share| share.parse().unwrap())
}

pub(crate) fn rounds() -> Option<u32> {
    std::env::var(ROUNDS).ok().map(|rounds| rounds.parse().unwrap())
}

/// Whether everything is to be run, however long it takes.
pub(crate) fn all() -> bool {
    rounds().is_some()
}

/// Whether this is more than a test run that names no amount: then nothing is left out but pairs.
pub(crate) fn much() -> bool {
    all() || std::env::var_os(SHARE).is_some()
}

/// Whether the one of this number is among those that are tried: one in so many unless it is to be much.
pub(crate) fn is_tried(number: usize, one_in: usize) -> bool {
    much() || number.is_multiple_of(one_in)
}

/// What the closing line says when not everything was tried.
pub(crate) fn left_out() -> Option<String> {
    let pairs = (!all()).then(|| {
        format!(
            "one pair of commands in {} was raced by two processes, and neighbours by four, once; {ROUNDS}=500 races every \
             pair, 500 times",
            share()
        )
    });
    let said: Vec<_> = pairs.into_iter().chain(at_commits()).collect();
    (!said.is_empty()).then(|| said.join("\n"))
}

/// The same of what is no race.
pub(crate) fn at_commits() -> Option<String> {
    let said = "processes were killed at commits only, and of values and constraints few were tried";
    (!much()).then(|| format!("{said}; {SHARE}=12 leaves out pairs alone"))
}
