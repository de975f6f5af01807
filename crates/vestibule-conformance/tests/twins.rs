//! Stores that are wrong in one way each: every one is caught, by exactly the cases listed.

#[cfg(test)]
#[path = "twins/database.rs"]
mod database;
#[cfg(test)]
#[path = "twins/expected.rs"]
mod expected;
#[cfg(test)]
#[path = "twins/faults.rs"]
mod faults;
#[cfg(test)]
#[path = "twins/mistaken.rs"]
mod mistaken;
#[cfg(test)]
#[path = "twins/mistakes.rs"]
mod mistakes;
#[cfg(test)]
#[path = "twins/model.rs"]
mod model;

use std::collections::BTreeSet;

use vestibule_conformance::Harness;

use database::TwinHarness;
use faults::Fault;
use mistakes::{Mistake, WrongHarness};

/// The ids of the cases that fail.
fn failing<H: Harness>(harness: &H) -> BTreeSet<&'static str> {
    vestibule_conformance::all::<H>()
        .into_iter()
        .filter(|case| harness.block_on((case.run)(harness)).is_err())
        .map(|case| case.id)
        .collect()
}

/// Runs every case on every twin, and compares whole sets.
fn judge<T: Copy + std::fmt::Debug + PartialEq, H: Harness>(
    expected: &[(T, &[&str])],
    all: &[T],
    harness: impl Fn(T) -> H,
) -> usize {
    let (mut wrong, mut caught) = (Vec::new(), 0);
    for (twin, expected) in expected {
        let found = failing(&harness(*twin));
        caught += usize::from(!found.is_empty());
        let expected: BTreeSet<_> = expected.iter().copied().collect();
        if found != expected {
            wrong.push(format!("({twin:?}, &{found:#?}),"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(caught, expected.len());
    assert_eq!(expected.iter().map(|(twin, _)| *twin).collect::<Vec<_>>(), all);
    caught
}

#[test]
fn every_broken_database_is_caught_by_exactly_the_cases_listed() {
    let caught = judge(expected::FAILING, &Fault::ALL, |fault| TwinHarness::new(Some(fault)));
    println!("twins {} caught {caught}", Fault::ALL.len());
}

#[test]
fn every_wrong_store_is_caught_by_exactly_the_cases_listed() {
    let caught = judge(mistaken::FAILING, &Mistake::ALL, WrongHarness);
    println!("twins {} caught {caught}", Mistake::ALL.len());
}

#[test]
fn the_twins_database_without_a_fault_passes_everything() {
    assert_eq!(failing(&TwinHarness::new(None)), BTreeSet::new());
}

#[test]
fn every_case_is_failed_by_some_twin() {
    let databases = expected::FAILING.iter().flat_map(|(_, cases)| cases.iter().copied());
    let stores = mistaken::FAILING.iter().flat_map(|(_, cases)| cases.iter().copied());
    let caught: BTreeSet<_> = databases.chain(stores).collect();
    let never: Vec<_> = vestibule_conformance::all::<TwinHarness>()
        .into_iter()
        .map(|case| case.id)
        .filter(|id| !caught.contains(id))
        .collect();
    assert_eq!(never, [""; 0]);
}
