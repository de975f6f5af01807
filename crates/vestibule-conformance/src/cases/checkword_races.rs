//! Those who want the same link, or its end, at the same time.

use vestibule_checkword::{
    Checkword, CheckwordGuard, CheckwordRead, CheckwordWrite, Found, Problem, Rotation, State,
};
use vestibule_core::{Commit, Landed};

use super::checkwords::{newest, told};
use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{NOW, bury, checkword, consume, link, put_checkword, rotate};
use crate::harness::Harness;
use crate::race::{Race, rounds};
use crate::scene::Scene;

pub(super) async fn consume_race_one_winner<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "consume_race_one_winner").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        scene.land(vec![put_checkword(round, 1, None)]).await?;
        race.expect_winners(1, async |_, store| {
            Ok(scene.commit(store, vec![consume(round, 1, NOW)]).await? == Landed::Applied)
        })?;
        let row = newest(&scene.store, round).await?.map(|row| (row.state, row.version));
        same("the link", &row, &Some((State::Used { at: NOW }, 1)))?;
        scene.refuse("who comes late", vec![consume(round, 1, NOW)], CheckwordGuard::Live).await?;
    }
    race.finish()
}

/// One use that a proxy sends eight times: the row itself remembers it.
pub(super) async fn consume_resend_race_lands_once<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "consume_resend_race_lands_once").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        scene.land(vec![put_checkword(round, 1, None)]).await?;
        let batch = scene.batch(vec![consume(round, 1, NOW)])?;
        race.expect_winners(1, async |_, store| match store.commit(&batch).await? {
            Landed::Applied => Ok(true),
            Landed::AlreadyApplied => Ok(false),
            refused @ Landed::Refused { .. } => {
                Err(Finding::new(format!("the same use sent at once was answered {refused:?}")))
            }
        })?;
        let version = newest(&scene.store, round).await?.map(|row| row.version);
        same("how often it was used", &version, &Some(1))?;
    }
    race.finish()
}

/// Half of them use the link, the others supersede it: it is used, or superseded, by one of them.
pub(super) async fn issue_vs_consume_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "issue_vs_consume_race").await?;
    let mut race = Race::open(&scene).await?;
    let superseded = State::Superseded { at: NOW };
    for round in 0..rounds() {
        scene.land(vec![put_checkword(round, 1, None)]).await?;
        race.expect_winners(1, async |task, store| {
            // By turns: who comes to the barrier last mostly is first.
            let writes = if (u64::try_from(task)? + round) % 2 == 0 {
                vec![consume(round, 1, NOW)]
            } else {
                vec![put_checkword(round, 2, Some(0)), bury(round, 1, superseded)]
            };
            Ok(scene.commit(store, writes).await? == Landed::Applied)
        })?;
        let row = newest(&scene.store, round).await?.map(|row| (row.generation, row.state));
        let was = told(&scene.store, round, 1, NOW).await?;
        let expected = match was {
            Some(Problem::Used { .. }) => (1, State::Used { at: NOW }),
            Some(Problem::Superseded { .. }) => (2, State::Live),
            other => return Err(Finding::new(format!("the link, used or superseded, says {other:?}"))),
        };
        same("the slot", &row, &Some(expected))?;
        // Whoever decided on the link as it was comes late, however the slot goes on.
        let ended = if expected.0 == 1 { State::Used { at: NOW } } else { superseded };
        let next = expected.0 + 1;
        scene.land(vec![put_checkword(round, next, Some(1)), bury(round, expected.0, ended)]).await?;
        let first = told(&scene.store, round, 1, NOW).await?;
        ensure(first == was, "what became of the link is told otherwise after a newer one")?;
        scene.refuse("a use that comes late", vec![consume(round, 1, NOW)], CheckwordGuard::Live).await?;
        let late = vec![put_checkword(round, 2, Some(0)), bury(round, 1, superseded)];
        scene.refuse("a request that comes late", late, CheckwordGuard::Version).await?;
        scene.land(vec![consume(round, next, NOW)]).await?;
        scene.refuse("a second use", vec![consume(round, next, NOW)], CheckwordGuard::Live).await?;
    }
    race.finish()
}

/// Eight requests at once for one mailbox: one link is made, and nobody holds a text of nothing that lives.
pub(super) async fn issue_race_one_newest<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "issue_race_one_newest").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        scene.land(vec![put_checkword(round, 1, None)]).await?;
        // All of them make generation 2, each with a secret of its own.
        let digest = |task: usize| Ok::<_, Finding>(link(round, 100 + u64::try_from(task)?));
        race.expect_winners(1, async |task, store| {
            let checkword = Checkword { digest: digest(task)?, ..checkword(round, 2, 1) };
            let put = CheckwordWrite::Put { checkword, from: Some(0) };
            let writes = vec![put, bury(round, 1, State::Superseded { at: NOW })];
            Ok(scene.commit(store, writes).await? == Landed::Applied)
        })?;
        let mut found = Vec::new();
        for task in 0..8 {
            match scene.store.found(digest(task)?).await? {
                Some(Found::Newest(row)) => found.push(row.digest),
                Some(Found::Former(_)) => return Err(Finding::new("a link was superseded by nobody")),
                None => {}
            }
        }
        let slot: Vec<_> = newest(&scene.store, round).await?.map(|row| row.digest).into_iter().collect();
        same("the links that are found, and the slot's", &found, &slot)?;
        let old = told(&scene.store, round, 1, NOW).await?;
        same("the link before", &old, &Some(Problem::Superseded { at: NOW }))?;
        scene
            .refuse("who comes late", vec![put_checkword(round, 2, Some(0))], CheckwordGuard::Version)
            .await?;
    }
    race.finish()
}

/// A change ends the link while others use it: one use lands before the change, or none ever does.
pub(super) async fn consume_vs_rotate_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "consume_vs_rotate_race").await?;
    let mut race = Race::open(&scene).await?;
    let by = Rotation::PasswordSet;
    // A use that came first, which no round promises.
    scene.land(vec![put_checkword(1 << 32, 1, None)]).await?;
    scene.land(vec![consume(1 << 32, 1, NOW)]).await?;
    scene.land(vec![rotate(1 << 32, NOW, by)]).await?;
    let state = newest(&scene.store, 1 << 32).await?.map(|row| row.state);
    same("a use before the change", &state, &Some(State::Used { at: NOW }))?;
    scene.refuse("using it again", vec![consume(1 << 32, 1, NOW)], CheckwordGuard::Live).await?;
    for round in 0..rounds() {
        scene.land(vec![put_checkword(round, 1, None)]).await?;
        let uses = race.round(async |task, store| {
            // Other tasks in every round: who is started first mostly is first.
            if (u64::try_from(task)? + round) % 4 == 0 {
                let landed = scene.commit(store, vec![rotate(round, NOW, by)]).await?;
                ensure(landed == Landed::Applied, "a change, which never refuses, was not applied")?;
                return Ok(false);
            }
            Ok(scene.commit(store, vec![consume(round, 1, NOW)]).await? == Landed::Applied)
        })?;
        let uses = uses.into_iter().filter(|used| *used).count();
        ensure(uses < 2, "a link was used twice")?;
        let expected = if uses == 1 { State::Used { at: NOW } } else { State::Rotated { at: NOW, by } };
        let row = newest(&scene.store, round).await?.map(|row| (row.state, row.sealed, row.version));
        // Both changes move the version, and so does a use.
        same("what became of it", &row, &Some((expected, None, if uses == 1 { 3 } else { 2 })))?;
        scene.refuse("who comes late", vec![consume(round, 1, NOW)], CheckwordGuard::Live).await?;
    }
    race.finish()
}
