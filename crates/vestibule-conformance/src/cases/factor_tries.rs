//! Tries at a second factor, and the races of its codes.

use vestibule_core::{Commit, Landed};
use vestibule_mfa::{Authenticator, AuthenticatorName, MfaGuard, MfaRead, MfaWrite};

use super::factors::reached;
use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{
    COURSE, NOW, advance, bind, confirmed, note_proven, set_course, subject, take_factor_try,
};
use crate::harness::Harness;
use crate::race::{Race, rounds};
use crate::scene::Scene;

/// How many were taken, how many of them failed since the last success, and whether it is stopped.
async fn counted<S: MfaRead>(store: &S, number: u64) -> Result<Option<(u64, u64, bool)>, Finding> {
    let tries = store.mfa_tries(subject(number)).await?;
    Ok(tries.map(|tries| (tries.taken, tries.consecutive_failures(), tries.stopped_at.is_some())))
}

fn settle(number: u64, which: u64) -> Vec<MfaWrite> {
    vec![MfaWrite::SettleTry { subject: subject(number), number: which }]
}

fn reset(number: u64) -> Vec<MfaWrite> {
    vec![MfaWrite::ResetTries { subject: subject(number) }]
}

pub(super) async fn factor_try_is_taken_by_number<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "factor_try_is_taken_by_number").await?;
    let guard = MfaGuard::TryNumber;
    for from in [1, 2, 99, u64::try_from(i64::MAX)? - 1] {
        scene.refuse("a try after none", vec![take_factor_try(1, from, 100)], guard).await?;
    }
    for from in 0..3 {
        let batch = scene.batch(vec![take_factor_try(1, from, 100)])?;
        same("a try", &scene.store.commit(&batch).await?, &Landed::Applied)?;
        same("the try sent again", &scene.store.commit(&batch).await?, &Landed::AlreadyApplied)?;
        let row = scene.store.mfa_tries(subject(1)).await?.map(|row| (row.taken, row.set_by, row.last_at));
        same("the tries", &row, &Some((from + 1, batch.id(), NOW)))?;
        for other in (0..5).filter(|other| *other != from + 1) {
            scene.refuse("another number", vec![take_factor_try(1, other, 100)], guard).await?;
        }
    }
    scene.refuse("of somebody without any", vec![take_factor_try(2, 3, 100)], guard).await?;
    let other = scene.reopen().await?;
    same("the tries", &counted(&other, 1).await?, &Some((3, 3, false)))?;
    same("another's", &counted(&other, 2).await?, &None)
}

pub(super) async fn factor_success_settles_only_its_own_try<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "factor_success_settles_only_its_own_try").await?;
    // It never refuses, and makes no row.
    scene.land(settle(1, 1)).await?;
    same("tries that nobody took", &counted(&scene.store, 1).await?, &None)?;
    for from in 0..5 {
        scene.land(vec![take_factor_try(1, from, 5)]).await?;
    }
    same("five of five", &counted(&scene.store, 1).await?, &Some((5, 5, true)))?;
    scene.land(settle(1, 3)).await?;
    same("after the third succeeded", &counted(&scene.store, 1).await?, &Some((5, 2, true)))?;
    scene.land(settle(1, 1)).await?;
    same("after the first succeeded late", &counted(&scene.store, 1).await?, &Some((5, 2, true)))?;
    scene.refuse("one more", vec![take_factor_try(1, 5, 100)], MfaGuard::TryNumber).await?;
    scene.land(settle(1, 5)).await?;
    same("after the last succeeded", &counted(&scene.store, 1).await?, &Some((5, 0, false)))?;
    scene.land(vec![take_factor_try(1, 5, 100)]).await?;
    scene.land(settle(1, 99)).await?;
    same("after one that was never taken", &counted(&scene.store, 1).await?, &Some((6, 0, false)))
}

/// Binding anew settles what was, and lifts the stop; numbers go on.
pub(super) async fn binding_anew_resets_factor_tries<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "binding_anew_resets_factor_tries").await?;
    scene.land(reset(1)).await?;
    same("tries that nobody took", &counted(&scene.store, 1).await?, &None)?;
    scene.land(vec![take_factor_try(1, 0, 1)]).await?;
    same("one of one", &counted(&scene.store, 1).await?, &Some((1, 1, true)))?;
    for taken in 1..4 {
        scene.refuse("one more", vec![take_factor_try(1, taken, 100)], MfaGuard::TryNumber).await?;
        scene.land(reset(1)).await?;
        same("bound anew", &counted(&scene.store, 1).await?, &Some((taken, 0, false)))?;
        scene.refuse("from the beginning", vec![take_factor_try(1, 0, 1)], MfaGuard::TryNumber).await?;
        scene.land(vec![take_factor_try(1, taken, 1)]).await?;
        same("again one of one", &counted(&scene.store, 1).await?, &Some((taken + 1, 1, true)))?;
    }
    Ok(())
}

/// Takes the next try, however often others are faster; `None` once stopped.
async fn take_next<H: Harness>(
    scene: &Scene<'_, H>,
    store: &H::Store,
    number: u64,
) -> Result<Option<u64>, Finding> {
    // Seven others can be faster seven times; the bound is far above that, so that no broken store hangs the kit.
    for _ in 0..200 {
        let Some((taken, _, stopped)) = counted(store, number).await? else {
            if scene.commit(store, vec![take_factor_try(number, 0, 5)]).await? == Landed::Applied {
                return Ok(Some(1));
            }
            continue;
        };
        if stopped {
            return Ok(None);
        }
        if scene.commit(store, vec![take_factor_try(number, taken, 5)]).await? == Landed::Applied {
            return Ok(Some(taken + 1));
        }
    }
    Err(Finding::new("a try as it was just read is refused again and again"))
}

pub(super) async fn factor_tries_stop_at_the_limit_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "factor_tries_stop_at_the_limit_race").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let mut numbers = race.round(async |_, store| take_next(&scene, store, round).await)?;
        numbers.sort();
        let expected: Vec<_> = [None; 3].into_iter().chain((1..=5).map(Some)).collect();
        same("the numbers of the tries", &numbers, &expected)?;
        same("the tries", &counted(&scene.store, round).await?, &Some((5, 5, true)))?;
        scene.refuse("one more", vec![take_factor_try(round, 5, 5)], MfaGuard::TryNumber).await?;
    }
    race.finish()
}

/// One code, typed eight times at once, is accepted once.
pub(super) async fn advance_race_one_winner<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "advance_race_one_winner").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        scene.land(vec![bind(confirmed(round, 0, 10)?)]).await?;
        race.expect_winners(1, async |_, store| {
            Ok(scene.commit(store, vec![advance(round, 0, 11)]).await? == Landed::Applied)
        })?;
        same("the step", &reached(&scene.store, round).await?, &Some((Some(11), 3)))?;
    }
    race.finish()
}

/// Some cancel what waits while others end it: one of them does.
pub(super) async fn factor_reset_race_one_winner<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "factor_reset_race_one_winner").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        race.expect_winners(1, async |_, store| {
            Ok(scene.commit(store, vec![set_course(round, 0, Some(COURSE))]).await? == Landed::Applied)
        })?;
        race.expect_winners(1, async |task, store| {
            // Whoever notes a proof is in nobody's way.
            let noted = note_proven(round, u64::try_from(task)?);
            same("a note", &scene.commit(store, vec![noted]).await?, &Landed::Applied)?;
            let course = (task % 2 == 0).then_some(COURSE);
            Ok(scene.commit(store, vec![set_course(round, 1, course)]).await? == Landed::Applied)
        })?;
        let row = scene.store.factor_reset(subject(round)).await?.map(|row| row.version);
        same("how often the course was set", &row, &Some(2))?;
    }
    race.finish()
}

/// Codes of several steps at once: the latest is accepted whatever came before it, and each moves the version by one.
pub(super) async fn latest_step_wins_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "latest_step_wins_race").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        scene.land(vec![bind(confirmed(round, 0, 10)?)]).await?;
        let landed = race.round(async |task, store| {
            // Another order in every round: who is started first mostly is first.
            let step = 11 + (u64::try_from(task)? * 3 + round) % 8;
            let landed = scene.commit(store, vec![advance(round, 0, step)]).await?;
            Ok((landed == Landed::Applied).then_some(step))
        })?;
        let landed: Vec<_> = landed.into_iter().flatten().collect();
        ensure(landed.contains(&18), "the latest step was refused")?;
        let expected = (Some(18), 2 + u64::try_from(landed.len())?);
        same("the step, and how many were accepted", &reached(&scene.store, round).await?, &Some(expected))?;
    }
    race.finish()
}

/// A name that was decided on before a code was accepted does not bring the code back.
pub(super) async fn rename_vs_advance_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "rename_vs_advance_race").await?;
    let mut race = Race::open(&scene).await?;
    let name = AuthenticatorName::parse("new")?;
    for round in 0..rounds() {
        scene.land(vec![bind(confirmed(round, 0, 10)?)]).await?;
        let landed = race.round(async |task, store| {
            let advances = (u64::try_from(task)? + round) % 2 == 0;
            let write = if advances {
                advance(round, 0, 11)
            } else {
                let row = Authenticator { name: name.clone(), version: 3, ..confirmed(round, 0, 10)? };
                MfaWrite::PutAuthenticator { row, from: Some(2) }
            };
            Ok((advances, scene.commit(store, vec![write]).await? == Landed::Applied))
        })?;
        let count = |advances| landed.iter().filter(|one| **one == (advances, true)).count();
        same("how often the code was accepted", &count(true), &1)?;
        ensure(count(false) < 2, "one version was replaced twice")?;
        let version = if count(false) == 1 { 4 } else { 3 };
        same("the step", &reached(&scene.store, round).await?, &Some((Some(11), version)))?;
    }
    race.finish()
}
