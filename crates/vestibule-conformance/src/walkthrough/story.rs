//! The story as bytes, to be compared.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use vestibule::Store;
use vestibule_core::MemoryStore;
use vestibule_credentials::HashParams;

use super::{Options, WalkthroughError, play};
use crate::finding::Finding;
use crate::harness::block_on;

/// The whole walkthrough, a line of JSON for each scene, with the fixed seed and clock, and hashes at the least cost there
/// is: the story does not tell what a hash costs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Story {
    /// A line for each scene.
    pub lines: Vec<String>,
    /// Whether every scene ended as expected.
    pub is_ok: bool,
}

impl Story {
    /// SHA-256 of all lines, each with its line feed, in hexadecimal: two stores tell the same story if it is equal.
    #[must_use]
    pub fn checksum(&self) -> String {
        let mut hash = Sha256::new();
        for line in &self.lines {
            hash.update(line);
            hash.update(b"\n");
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Plays the whole walkthrough on an empty store.
///
/// # Errors
///
/// As [`play`].
pub async fn story(store: impl Store + Clone) -> Result<Story, WalkthroughError> {
    let options = Options::new().hashing(HashParams::danger_weak_for_tests());
    let (mut lines, mut unreadable) = (Vec::new(), None);
    let summary = play(store, &options, |scene| match scene.to_json() {
        Ok(line) => lines.push(line),
        Err(error) => unreadable = Some(error),
    })
    .await?;
    match unreadable {
        Some(error) => Err(WalkthroughError::Expectations(error.to_string())),
        None => Ok(Story { lines, is_ok: summary.is_ok() }),
    }
}

/// The story as the in-memory reference tells it, told once for all.
pub(crate) fn reference() -> Result<&'static Story, Finding> {
    static REFERENCE: OnceLock<Result<Story, Finding>> = OnceLock::new();
    let told = REFERENCE.get_or_init(|| Ok(block_on(story(MemoryStore::in_memory()))?));
    told.as_ref().map_err(|finding| finding.clone().within("the reference"))
}
