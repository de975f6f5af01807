//! The walkthrough, on the store under test.

use std::sync::Arc;

use crate::finding::{Finding, Outcome, same};
use crate::harness::Harness;
use crate::scene::Scene;
use crate::walkthrough::{reference, story};

pub(super) async fn walkthrough<H: Harness>(harness: &H) -> Outcome {
    let Scene { store, guard, .. } = Scene::open(harness, "walkthrough").await?;
    let told = story(Arc::new(store)).await?;
    let expected = reference()?;
    for (told, expected) in told.lines.iter().zip(&expected.lines) {
        same("a scene", told, expected)?;
    }
    same("how many scenes were told", &told.lines.len(), &expected.lines.len())?;
    drop(guard);
    if told.is_ok { Ok(()) } else { Err(Finding::new("a scene ends otherwise than expected")) }
}
