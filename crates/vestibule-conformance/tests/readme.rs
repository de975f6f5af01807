//! The code that the crate's page and the walkthrough's show, as it is tested.
//!
//! A test of documentation is named after the folder of its crate: it would answer to `cargo test conformance`, which runs
//! the kit alone.

#![cfg(test)]
#![allow(clippy::unnecessary_literal_bound, reason = "as an author writes it")]

use std::sync::Arc;

use vestibule_conformance::{Harness, HarnessError};
use vestibule_core::{
    Realm,
    kv::{KvStore, MemoryKv},
};

struct Mine;

impl Harness for Mine {
    type Store = KvStore<Arc<MemoryKv>>;
    type Guard = Arc<MemoryKv>; // dropped at the end of the case: clean up there

    fn name(&self) -> &str {
        "mine"
    }

    async fn fresh(&self, _case: &str) -> Result<(Self::Guard, Self::Store), HarnessError> {
        let database = Arc::new(MemoryKv::new());
        let store = self.reopen(&database, &Realm::default()).await?;
        Ok((database, store))
    }

    async fn reopen(&self, database: &Self::Guard, realm: &Realm) -> Result<Self::Store, HarnessError> {
        Ok(KvStore::new(Arc::clone(database), realm.clone()))
    }
}

#[test]
fn the_harness_of_the_page_runs_a_case() {
    vestibule_conformance::assert_case(&Mine, "read_your_write");
}

#[test]
fn the_walkthrough_is_played_as_its_page_says()
-> Result<(), vestibule_conformance::walkthrough::WalkthroughError> {
    use vestibule_conformance::{block_on, walkthrough};
    use vestibule_core::MemoryStore;
    use vestibule_credentials::HashParams;

    #[rustfmt::skip]
    let options = walkthrough::Options::new()
        .only(["dismissed"])
        .hashing(HashParams::danger_weak_for_tests());
    let mut scenes = Vec::new();
    block_on(walkthrough::play(MemoryStore::in_memory(), &options, |scene| scenes.push(scene.clone())))?;
    assert_eq!(scenes[0].code, "admission.dismissed");
    assert!(scenes[0].ok);
    Ok(())
}

/// Without how its lines are broken and moved in, and without what is said to tools alone.
fn plain(code: &str) -> String {
    let lines = code.lines().map(|line| line.trim_start_matches("//!").trim());
    let code: String = lines.filter(|line| !line.starts_with('#')).collect();
    code.replace(char::is_whitespace, "").replace(",}", "}")
}

#[test]
fn both_pages_show_what_is_tested_here() {
    let own = plain(include_str!("readme.rs"));
    let page = include_str!("../README.md").split("```rust\n").nth(1).unwrap();
    let page = plain(page.split("fn main()").next().unwrap());
    let walkthrough = include_str!("../src/walkthrough.rs").split("//! ```\n").nth(1).unwrap();
    for shown in [page, plain(walkthrough)] {
        assert!(shown.len() > 250 && own.contains(&shown), "{shown}");
    }
}
