//! How the walkthrough is played.

use vestibule_core::Timestamp;
use vestibule_credentials::HashParams;

use super::WalkthroughError;
use super::scenarios::scenarios;

/// How the walkthrough is played.
#[derive(Debug, Clone)]
pub struct Options {
    pub(super) seed: u64,
    pub(super) clock: Timestamp,
    pub(super) only: Vec<String>,
    pub(super) hashing: HashParams,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            clock: Timestamp::from_unix_seconds(1_767_225_600), // 2026-01-01T00:00:00Z
            only: Vec::new(),
            hashing: HashParams::default(),
        }
    }
}

impl Options {
    /// Every scenario, with a fixed seed and clock, and hashes at the cost of a deployment.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The seed of everything that is drawn.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// When the story begins.
    #[must_use]
    pub const fn clock(mut self, start: Timestamp) -> Self {
        self.clock = start;
        self
    }

    /// Only these: ids of problems (`P1`, `N4`) or of scenarios (`wrong_password`).
    #[must_use]
    pub fn only<T: Into<String>>(mut self, these: impl IntoIterator<Item = T>) -> Self {
        self.only.extend(these.into_iter().map(Into::into));
        self
    }

    /// The cost of a hash.
    #[must_use]
    pub const fn hashing(mut self, params: HashParams) -> Self {
        self.hashing = params;
        self
    }

    /// The ids of the scenarios to play: whoever makes a store for them asks before.
    ///
    /// # Errors
    ///
    /// [`WalkthroughError::NoSuchScenario`].
    pub fn chosen(&self) -> Result<Vec<&'static str>, WalkthroughError> {
        let mut chosen = Vec::new();
        for wanted in &self.only {
            let before = chosen.len();
            chosen.extend(
                scenarios()
                    .iter()
                    .filter(|scenario| scenario.problem == wanted || scenario.id == wanted)
                    .map(|scenario| scenario.id),
            );
            if chosen.len() == before {
                return Err(WalkthroughError::NoSuchScenario(wanted.clone()));
            }
        }
        if self.only.is_empty() {
            chosen.extend(scenarios().iter().map(|scenario| scenario.id));
        }
        Ok(chosen)
    }
}
