//! Random batches of all domains, beside the in-memory reference; other ones every time.

use vestibule_conformance::Harness;

use crate::ground::there_is_a_server;
use crate::harness::Postgres;

#[test]
fn every_history_is_answered_as_the_reference_answers() {
    if !there_is_a_server() {
        return;
    }
    assert!(Postgres.missing().is_none());
    if let Err(finding) = vestibule_conformance::model_check(&Postgres, 24) {
        panic!("{finding}");
    }
}
