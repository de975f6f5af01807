//! Random batches mean the same on two databases that share no code; other ones every time.

use vestibule_conformance::{Outcome, model_check};

use crate::database::TwinHarness;

pub(crate) fn random_batches_are_answered_alike() -> Outcome {
    model_check(&TwinHarness::new(None), 128)
}
