//! Random batches of all domains, beside the in-memory reference; other ones every time.

use crate::harness::Postgres;

#[test]
fn every_history_is_answered_as_the_reference_answers() {
    if let Err(finding) = vestibule_conformance::model_check(&Postgres, 24) {
        panic!("{finding}");
    }
}
