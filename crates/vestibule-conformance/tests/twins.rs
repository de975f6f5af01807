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
#[path = "twins/model.rs"]
mod model;

use std::collections::BTreeSet;

use vestibule_conformance::Harness;

use database::TwinHarness;
use faults::Fault;

/// The ids of the cases that fail.
fn failing<H: Harness>(harness: &H) -> BTreeSet<&'static str> {
    vestibule_conformance::all::<H>()
        .into_iter()
        .filter(|case| harness.block_on((case.run)(harness)).is_err())
        .map(|case| case.id)
        .collect()
}

#[test]
fn every_twin_is_caught_by_exactly_the_cases_listed() {
    let mut wrong = Vec::new();
    let mut caught = 0;
    for (fault, expected) in expected::FAILING {
        let found = failing(&TwinHarness::new(Some(*fault)));
        caught += usize::from(!found.is_empty());
        let expected: BTreeSet<_> = expected.iter().copied().collect();
        if found != expected {
            wrong.push(format!("(Fault::{fault:?}, &{found:#?}),"));
        }
    }
    println!("twins {} caught {caught}", expected::FAILING.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(caught, expected::FAILING.len());
    assert_eq!(expected::FAILING.iter().map(|(fault, _)| *fault).collect::<Vec<_>>(), Fault::ALL);
}

#[test]
fn the_twins_database_without_a_fault_passes_everything() {
    assert_eq!(failing(&TwinHarness::new(None)), BTreeSet::new());
}

#[test]
fn a_case_that_no_twin_fails_is_listed_as_such() {
    let caught: BTreeSet<_> = expected::FAILING.iter().flat_map(|(_, cases)| cases.iter().copied()).collect();
    let never: Vec<_> = vestibule_conformance::all::<TwinHarness>()
        .into_iter()
        .map(|case| case.id)
        .filter(|id| !caught.contains(id))
        .collect();
    assert_eq!(never, expected::NO_TWIN_YET);
}
