//! The problems of signing in, played on any store: what the visitor sees, what the mailbox owner gets, what an
//! administrator sees, which remedy is pressed, and what happens then.
//!
//! Every scene is real: real accounts, real hashes, real refusals. What should happen stands apart, in `scenarios.toml`;
//! a scene is [`ok`](Scene::ok) when both agree. With the same seed and the same clock the scenes are the same, byte for
//! byte, on every store.
//!
//! ```
//! use vestibule_conformance::{block_on, walkthrough};
//! use vestibule_core::MemoryStore;
//! use vestibule_credentials::HashParams;
//!
//! let options = walkthrough::Options::new()
//!     .only(["dismissed"])
//!     .hashing(HashParams::danger_weak_for_tests());
//! let mut scenes = Vec::new();
//! block_on(walkthrough::play(MemoryStore::in_memory(), &options, |scene| scenes.push(scene.clone())))?;
//! assert_eq!(scenes[0].code, "admission.dismissed");
//! assert!(scenes[0].ok);
//! # Ok::<(), walkthrough::WalkthroughError>(())
//! ```

mod app;
mod entropy;
mod expected;
mod options;
mod phone;
mod render;
mod scenarios;
mod scene;
mod stage;
mod story;

use vestibule::{Store, look_up_case};

pub use options::Options;
pub use render::Rendered;
pub use scenarios::{Scenario, scenarios};
pub use scene::Scene;
pub use stage::StageError;
pub(crate) use story::reference;
pub use story::{Story, story};

use expected::Expectations;
use stage::Stage;

/// How the walkthrough ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Summary {
    /// How many scenes were played.
    pub played: usize,
    /// How many ended as `scenarios.toml` expects.
    pub ok: usize,
    /// How many have a remedy that is not built yet.
    pub pending: usize,
}

impl Summary {
    /// Whether every scene ended as expected, and there was one.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.played > 0 && self.played == self.ok
    }
}

/// Why the walkthrough did not come to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalkthroughError {
    /// The store holds profiles: the walkthrough plays on an empty one, and touches nobody's data.
    #[error("the store holds profiles already; the walkthrough plays on an empty store")]
    NotEmpty,
    /// `only` names neither a problem nor a scenario.
    #[error("there is no problem and no scenario called {0:?}")]
    NoSuchScenario(String),
    /// `scenarios.toml` cannot be read, or does not list exactly the scenarios that there are.
    #[error("scenarios.toml: {0}")]
    Expectations(String),
    /// A scene could not be played to its end.
    #[error("{scenario}: {source}")]
    Stage {
        /// Which.
        scenario: &'static str,
        /// What happened.
        source: StageError,
    },
}

/// Plays the scenarios, in order, and hands each scene over as soon as it is played.
///
/// The store must be empty. The people of the scenes are looked for before the first is played; that there is nobody
/// else, only the caller can know.
///
/// # Errors
///
/// [`WalkthroughError`]. A scene that ends otherwise than expected is none: it is handed over with `ok` false.
pub async fn play(
    store: impl Store + Clone,
    options: &Options,
    mut on_scene: impl FnMut(&Scene),
) -> Result<Summary, WalkthroughError> {
    let expectations = Expectations::ours()?;
    let chosen = options.chosen()?;
    for id in &chosen {
        let unplayed = stage::nobody_of(&store, id).await;
        if !unplayed.map_err(|source| WalkthroughError::Stage { scenario: id, source })? {
            return Err(WalkthroughError::NotEmpty);
        }
    }
    let mut stage = Stage::build(store.clone(), options)
        .map_err(|source| WalkthroughError::Stage { scenario: "the deployment", source })?;
    let mut summary = Summary::default();
    for (number, scenario) in scenarios().iter().enumerate() {
        if !chosen.contains(&scenario.id) {
            continue;
        }
        stage.begin(scenario.id, number);
        let played = (scenario.play)(&mut stage).await.map_err(|source| match source {
            StageError::NotEmpty => WalkthroughError::NotEmpty,
            source => WalkthroughError::Stage { scenario: scenario.id, source },
        })?;
        // Whoever has the reference finds the case, without the keys and whatever the clock says.
        let found = look_up_case(&store, played.case)
            .await
            .map_err(|error| WalkthroughError::Stage { scenario: scenario.id, source: error.into() })?;
        let findable = found.iter().any(|report| report.code == played.code);
        let scene = Scene::of(scenario, &played, findable && expectations.agree(scenario, &played));
        summary.played += 1;
        summary.ok += usize::from(scene.ok);
        summary.pending += usize::from(scene.pending.is_some());
        on_scene(&scene);
    }
    Ok(summary)
}
