//! Draws that depend on what is done and on nothing else.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use vestibule_core::{Entropy, EntropyError};

/// Bytes that follow from (seed, scenario, operation, attempt): never one stream, so that an operation which draws once
/// more, or is tried again by one store only, changes nothing that comes after it.
#[derive(Debug)]
pub(super) struct StageEntropy {
    seed: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    scenario: &'static str,
    operation: &'static str,
    attempts: BTreeMap<&'static str, u64>,
    block: u64,
}

impl StageEntropy {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, state: Mutex::default() }
    }

    pub(super) fn begin(&self, scenario: &'static str) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State { scenario, ..State::default() };
    }

    /// The next operation, or the same once more.
    pub(super) fn operation(&self, operation: &'static str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state.attempts.entry(operation).or_default() += 1;
        state.operation = operation;
        state.block = 0;
    }
}

impl Entropy for StageEntropy {
    fn try_fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let attempt = state.attempts.get(state.operation).copied().unwrap_or(0);
        for chunk in out.chunks_mut(32) {
            let mut hash = Sha256::new_with_prefix(b"vestibule walkthrough");
            for number in [self.seed, attempt, state.block] {
                hash.update(number.to_be_bytes());
            }
            for text in [state.scenario, state.operation] {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text.as_bytes());
            }
            state.block += 1;
            let drawn: [u8; 32] = hash.finalize().into();
            for (byte, drawn) in chunk.iter_mut().zip(drawn) {
                *byte = drawn;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(entropy: &StageEntropy) -> [u8; 40] {
        let mut bytes = [0; 40];
        entropy.try_fill(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_an_operation_draws_does_not_depend_on_how_much_the_one_before_it_drew() {
        let (one, other) = (StageEntropy::new(7), StageEntropy::new(7));
        for (entropy, draws) in [(&one, 1), (&other, 5)] {
            entropy.begin("scene");
            entropy.operation("first");
            for _ in 0..draws {
                let _ = draw(entropy);
            }
            entropy.operation("second");
        }
        assert_eq!(draw(&one), draw(&other));
    }

    #[test]
    fn seed_scenario_operation_attempt_and_draw_all_count() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in [1, 2] {
            let entropy = StageEntropy::new(seed);
            for scenario in ["a", "b"] {
                entropy.begin(scenario);
                for operation in ["x", "y", "x"] {
                    entropy.operation(operation);
                    assert!(seen.insert(draw(&entropy)) && seen.insert(draw(&entropy)));
                }
            }
        }
        assert_eq!(seen.len(), 24);
    }
}
