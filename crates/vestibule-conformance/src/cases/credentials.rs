//! Passwords and the tries made at them.

use core::num::NonZeroU64;

use vestibule_core::{Landed, SessionHandle};
use vestibule_credentials::{CredentialsGuard, CredentialsRead, CredentialsWrite, Lane, Password};
use vestibule_profiles::{Block, ProfilesRead, ProfilesWrite};

use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{NOW, create_profile, password, put_password, subject, take_try};
use crate::harness::Harness;
use crate::joined::JoinedWrite;
use crate::race::{Race, rounds};
use crate::scene::Scene;

async fn hash_of<H: Harness>(scene: &Scene<'_, H>, number: u64) -> Result<Option<String>, Finding> {
    Ok(scene.store.password(subject(number)).await?.and_then(|row| row.hash))
}

pub(super) async fn set_get_replace<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "set_get_replace").await?;
    let batch = scene.batch(vec![put_password(1, "first", None, 1)])?;
    let landed = vestibule_core::Commit::commit(&scene.store, &batch).await?;
    same("the first", &landed, &Landed::Applied)?;
    let expected = Password { set_by: batch.id(), ..password(1, "first", 1, 1) };
    ensure(scene.store.password(subject(1)).await? == Some(expected), "the row comes back changed")?;
    scene.land(vec![put_password(1, "second", Some(1), 2)]).await?;
    same("the second", &hash_of(&scene, 1).await?.as_deref(), &Some("second"))?;
    same("somebody else's", &hash_of(&scene, 2).await?, &None)
}

pub(super) async fn replace_if_stale_is_conflict<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "replace_if_stale_is_conflict").await?;
    let guard = CredentialsGuard::PasswordVersion;
    scene.refuse("a version of nothing", vec![put_password(1, "x", Some(1), 1)], guard).await?;
    scene.land(vec![put_password(1, "first", None, 1)]).await?;
    scene.refuse("none read where there is one", vec![put_password(1, "x", None, 1)], guard).await?;
    scene.land(vec![put_password(1, "second", Some(1), 2)]).await?;
    scene.refuse("an older version", vec![put_password(1, "x", Some(1), 2)], guard).await?;
    same("the password", &hash_of(&scene, 1).await?.as_deref(), &Some("second"))
}

pub(super) async fn replace_if_matches_wins_once<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "replace_if_matches_wins_once").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let from = NonZeroU64::new(round).map(NonZeroU64::get);
        race.expect_winners(1, async |task, store| {
            let put = put_password(1, &format!("hash of {task}"), from, round + 1);
            Ok(scene.commit(store, vec![put]).await? == Landed::Applied)
        })?;
    }
    race.finish()
}

pub(super) async fn rehash_does_not_undo_password_change<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "rehash_does_not_undo_password_change").await?;
    scene.land(vec![put_password(1, "stolen, cheap", None, 1)]).await?;
    // The sign-in has read version 1 and hashes; meanwhile the person changes the password.
    scene.land(vec![put_password(1, "new", Some(1), 2)]).await?;
    let rehashed = vec![put_password(1, "stolen, dear", Some(1), 1)];
    scene.refuse("the late hash", rehashed, CredentialsGuard::PasswordVersion).await?;
    same("the password", &hash_of(&scene, 1).await?.as_deref(), &Some("new"))
}

pub(super) async fn removed_password_keeps_its_count<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "removed_password_keeps_its_count").await?;
    scene.land(vec![put_password(1, "hash", None, 1)]).await?;
    let gone = Password { hash: None, ..password(1, "", 2, 2) };
    scene.land(vec![CredentialsWrite::PutPassword { password: gone, from: Some(1) }]).await?;
    let row = scene.store.password(subject(1)).await?.map(|row| (row.hash, row.version, row.generation));
    same("the row", &row, &Some((None, 2, 2)))?;
    let first = vec![put_password(1, "hash", None, 1)];
    scene.refuse("as if there never was one", first, CredentialsGuard::PasswordVersion).await
}

/// Takes the next try, however often others are faster; `None` once stopped.
async fn take_next<H: Harness>(
    scene: &Scene<'_, H>,
    store: &H::Store,
    number: u64,
    stops_at: u64,
) -> Result<Option<u64>, Finding> {
    // Seven others can be faster seven times; the bound is far above that, so that no broken store hangs the kit.
    for _ in 0..200 {
        let tries = store.tries(subject(number), Lane::Everybody).await?;
        if tries.as_ref().is_some_and(|tries| tries.stopped_at.is_some()) {
            return Ok(None);
        }
        let from = tries.map_or(0, |tries| tries.taken);
        if scene.commit(store, vec![take_try(number, from, stops_at)]).await? == Landed::Applied {
            return Ok(Some(from + 1));
        }
    }
    Err(Finding::new("a try as it was just read is refused again and again"))
}

pub(super) async fn n_parallel_failures_count_n<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "n_parallel_failures_count_n").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let mut numbers = race.round(async |_, store| take_next(&scene, store, round, 100).await)?;
        numbers.sort();
        same("the numbers of the tries", &numbers, &(1..=8).map(Some).collect())?;
        let tries = scene.store.tries(subject(round), Lane::Everybody).await?;
        let failures = tries.map(|tries| tries.consecutive_failures());
        same("the failures counted", &failures, &Some(8))?;
    }
    race.finish()
}

pub(super) async fn tries_stop_at_the_limit_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "tries_stop_at_the_limit_race").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        race.expect_winners(5, async |_, store| Ok(take_next(&scene, store, round, 5).await?.is_some()))?;
        let tries = scene.store.tries(subject(round), Lane::Everybody).await?;
        let stopped = tries.map(|tries| (tries.taken, tries.stopped_at));
        same("the tries", &stopped, &Some((5, Some(NOW))))?;
        let more = vec![take_try(round, 5, 5)];
        scene.refuse("one more", more, CredentialsGuard::TryNumber).await?;
        scene
            .land(vec![CredentialsWrite::ResetTries { subject: subject(round), lane: Lane::Everybody }])
            .await?;
        scene.land(vec![take_try(round, 5, 5)]).await?;
    }
    race.finish()
}

pub(super) async fn success_settles_only_its_own_try<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "success_settles_only_its_own_try").await?;
    for from in 0..5 {
        scene.land(vec![take_try(1, from, 100)]).await?;
    }
    let settle =
        |number| vec![CredentialsWrite::SettleTry { subject: subject(1), lane: Lane::Everybody, number }];
    scene.land(settle(3)).await?;
    let open = async || -> Result<_, Finding> {
        let tries = scene.store.tries(subject(1), Lane::Everybody).await?;
        Ok(tries.map(|tries| (tries.taken, tries.consecutive_failures())))
    };
    same("after the third succeeded", &open().await?, &Some((5, 2)))?;
    scene.land(settle(1)).await?;
    same("after the first succeeded late", &open().await?, &Some((5, 2)))?;
    scene.land(settle(99)).await?;
    same("after one that was never taken", &open().await?, &Some((5, 0)))
}

pub(super) async fn success_does_not_erase_a_newer_stop<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "success_does_not_erase_a_newer_stop").await?;
    for from in 0..3 {
        scene.land(vec![take_try(1, from, 3)]).await?;
    }
    let settle =
        |number| vec![CredentialsWrite::SettleTry { subject: subject(1), lane: Lane::Everybody, number }];
    let stopped = async || -> Result<_, Finding> {
        let tries = scene.store.tries(subject(1), Lane::Everybody).await?;
        Ok(tries.is_some_and(|tries| tries.stopped_at.is_some()))
    };
    ensure(stopped().await?, "three of three did not stop")?;
    scene.land(settle(2)).await?;
    ensure(stopped().await?, "the second's success lifted the stop that the third brought about")?;
    scene.land(settle(3)).await?;
    ensure(!stopped().await?, "the success of the last try itself lifts its stop")
}

pub(super) async fn lanes_are_apart<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "lanes_are_apart").await?;
    let devices = [[1; 16], [2; 16]].map(|bytes| Lane::Device(SessionHandle::from_bytes(bytes)));
    scene.land(vec![take_try(1, 0, 1)]).await?;
    scene.refuse("everybody's lane is stopped", vec![take_try(1, 1, 1)], CredentialsGuard::TryNumber).await?;
    for lane in devices {
        let own = CredentialsWrite::TakeTry { subject: subject(1), lane, from: 0, at: NOW, stops_at: 100 };
        scene.land(vec![own]).await?;
        let taken = scene.store.tries(subject(1), lane).await?.map(|tries| (tries.lane, tries.taken));
        same("the device's own lane", &taken, &Some((lane, 1)))?;
    }
    Ok(())
}

pub(super) async fn remove_then_get_none<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "remove_then_get_none").await?;
    let gone = |version| Password { hash: None, ..password(1, "", version, 2) };
    let remove =
        |from: u64| vec![CredentialsWrite::PutPassword { password: gone(from + 1), from: Some(from) }];
    scene.refuse("removing what never was", remove(1), CredentialsGuard::PasswordVersion).await?;
    scene.land(vec![put_password(1, "hash", None, 1)]).await?;
    scene.land(vec![put_password(2, "hash", None, 1)]).await?;
    scene.land(remove(1)).await?;
    let other = scene.reopen().await?;
    for store in [&scene.store, &other] {
        let hash = store.password(subject(1)).await?.and_then(|row| row.hash);
        same("a password that was removed", &hash, &None)?;
    }
    same("somebody else's", &hash_of(&scene, 2).await?.as_deref(), &Some("hash"))?;
    scene.refuse("removing it twice", remove(1), CredentialsGuard::PasswordVersion).await?;
    scene.land(vec![put_password(1, "new", Some(2), 3)]).await?;
    same("a password set after it", &hash_of(&scene, 1).await?.as_deref(), &Some("new"))
}

/// Whatever changes how somebody signs in, or ends their access, moves the number that sessions are judged by.
pub(super) async fn epoch_bumps_with_every_change<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "epoch_bumps_with_every_change").await?;
    scene.land(vec![create_profile(1)]).await?;
    scene.land(vec![put_password(1, "hash", None, 1)]).await?;
    let numbers = async || -> Result<_, Finding> {
        let epoch = scene.store.profile(subject(1)).await?.map(|row| row.epoch);
        let password = scene.store.password(subject(1)).await?;
        Ok((epoch, password.map(|row| (row.version, row.generation, row.set_by))))
    };
    for step in 1..5 {
        let batch = scene.batch(vec![
            JoinedWrite::from(put_password(1, &format!("hash {step}"), Some(step), step + 1)),
            ProfilesWrite::BumpEpoch { subject: subject(1), from: step }.into(),
        ])?;
        let landed = vestibule_core::Commit::commit(&scene.store, &batch).await?;
        same("a change", &landed, &Landed::Applied)?;
        let expected = (Some(step + 1), Some((step + 1, step + 1, batch.id())));
        same("epoch, version, generation and whose change it was", &numbers().await?, &expected)?;
    }
    let block = Some(Block { since: NOW, until: None });
    for (step, block) in [(5, block), (6, None)] {
        scene.land(vec![ProfilesWrite::SetBlock { subject: subject(1), from: step, block }]).await?;
        same("the epoch after a block or its end", &numbers().await?.0, &Some(step + 1))?;
    }
    Ok(())
}

/// Where there is no count there is none to go on from: nobody guesses on a counter that was lost or never begun.
pub(super) async fn missing_challenge_counter_refuses<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "missing_challenge_counter_refuses").await?;
    for from in [1, 2, 99, u64::try_from(i64::MAX)? - 1] {
        let late = vec![take_try(1, from, 100)];
        scene.refuse("a try after none", late, CredentialsGuard::TryNumber).await?;
    }
    let device = Lane::Device(SessionHandle::from_bytes([1; 16]));
    scene.land(vec![take_try(1, 0, 100)]).await?;
    let other =
        CredentialsWrite::TakeTry { subject: subject(1), lane: device, from: 1, at: NOW, stops_at: 100 };
    scene.refuse("a try in a lane without any", vec![other], CredentialsGuard::TryNumber).await?;
    let stranger = vec![take_try(2, 1, 100)];
    scene.refuse("a try of somebody without any", stranger, CredentialsGuard::TryNumber).await?;
    same("the lane's tries", &scene.store.tries(subject(1), device).await?, &None)
}
