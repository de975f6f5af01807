//! Random batches mean the same on two databases that share no code; other ones every time.

use vestibule_conformance::model_check;

use crate::database::TwinHarness;

#[test]
fn random_batches_are_answered_alike() {
    if let Err(finding) = model_check(&TwinHarness::new(None), 128) {
        panic!("{finding}");
    }
}
