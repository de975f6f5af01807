//! Passwords and the tries made at them.

use core::num::NonZeroU64;

use vestibule_core::{Landed, SessionHandle};
use vestibule_credentials::{CredentialsGuard, CredentialsRead, CredentialsWrite, Lane, Password};

use crate::case::{Case, Need};
use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{NOW, password, put_password, subject, take_try};
use crate::harness::Harness;
use crate::race::{ROUNDS, Race};
use crate::scene::Scene;

pub(super) fn table<H: Harness>() -> Vec<Case<H>> {
    vec![
        Case {
            id: "set_get_replace",
            clauses: &["S-8"],
            needs: Need::Nothing,
            breaks: "the old password still opens after a change",
            since: 1,
            run: |harness| Box::pin(set_get_replace(harness)),
        },
        Case {
            id: "replace_if_stale_is_conflict",
            clauses: &["S-2"],
            needs: Need::Nothing,
            breaks: "an old reset undoes a newer one",
            since: 1,
            run: |harness| Box::pin(replace_if_stale_is_conflict(harness)),
        },
        Case {
            id: "replace_if_matches_wins_once",
            clauses: &["S-2"],
            needs: Need::Nothing,
            breaks: "two changes at once both succeed and one person's new password does not work",
            since: 1,
            run: |harness| Box::pin(replace_if_matches_wins_once(harness)),
        },
        Case {
            id: "rehash_does_not_undo_password_change",
            clauses: &["S-2"],
            needs: Need::Nothing,
            breaks: "a sign-in that hashes anew brings the stolen password back",
            since: 1,
            run: |harness| Box::pin(rehash_does_not_undo_password_change(harness)),
        },
        Case {
            id: "removed_password_keeps_its_count",
            clauses: &["S-7"],
            needs: Need::Nothing,
            breaks: "after removal and a new password an old session's generation comes back",
            since: 1,
            run: |harness| Box::pin(removed_password_keeps_its_count(harness)),
        },
        Case {
            id: "n_parallel_failures_count_n",
            clauses: &["S-2"],
            needs: Need::Nothing,
            breaks: "a botnet's guesses cost fewer tries than they are",
            since: 1,
            run: |harness| Box::pin(n_parallel_failures_count_n(harness)),
        },
        Case {
            id: "tries_stop_at_the_limit_race",
            clauses: &["S-2"],
            needs: Need::Nothing,
            breaks: "a stopped password can still be guessed at",
            since: 1,
            run: |harness| Box::pin(tries_stop_at_the_limit_race(harness)),
        },
        Case {
            id: "success_settles_only_its_own_try",
            clauses: &["S-7"],
            needs: Need::Nothing,
            breaks: "one success wipes out guesses made after it",
            since: 1,
            run: |harness| Box::pin(success_settles_only_its_own_try(harness)),
        },
        Case {
            id: "success_does_not_erase_a_newer_stop",
            clauses: &["S-7"],
            needs: Need::Nothing,
            breaks: "a slow success lifts a stop that an attack has brought about meanwhile",
            since: 1,
            run: |harness| Box::pin(success_does_not_erase_a_newer_stop(harness)),
        },
        Case {
            id: "lanes_are_apart",
            clauses: &["PR-12"],
            needs: Need::Nothing,
            breaks: "a flood of strangers locks the owner out on their own device",
            since: 1,
            run: |harness| Box::pin(lanes_are_apart(harness)),
        },
    ]
}

async fn hash_of<H: Harness>(scene: &Scene<'_, H>, number: u64) -> Result<Option<String>, Finding> {
    Ok(scene.store.password(subject(number)).await?.and_then(|row| row.hash))
}

async fn set_get_replace<H: Harness>(harness: &H) -> Outcome {
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

async fn replace_if_stale_is_conflict<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "replace_if_stale_is_conflict").await?;
    let guard = CredentialsGuard::PasswordVersion;
    scene.refuse("a version of nothing", vec![put_password(1, "x", Some(1), 1)], guard).await?;
    scene.land(vec![put_password(1, "first", None, 1)]).await?;
    scene.refuse("none read where there is one", vec![put_password(1, "x", None, 1)], guard).await?;
    scene.land(vec![put_password(1, "second", Some(1), 2)]).await?;
    scene.refuse("an older version", vec![put_password(1, "x", Some(1), 2)], guard).await?;
    same("the password", &hash_of(&scene, 1).await?.as_deref(), &Some("second"))
}

async fn replace_if_matches_wins_once<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "replace_if_matches_wins_once").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..ROUNDS {
        let from = NonZeroU64::new(round).map(NonZeroU64::get);
        race.expect_winners(1, async |task, store| {
            let put = put_password(1, &format!("hash of {task}"), from, round + 1);
            Ok(scene.commit(store, vec![put]).await? == Landed::Applied)
        })?;
    }
    race.finish()
}

async fn rehash_does_not_undo_password_change<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "rehash_does_not_undo_password_change").await?;
    scene.land(vec![put_password(1, "stolen, cheap", None, 1)]).await?;
    // The sign-in has read version 1 and hashes; meanwhile the person changes the password.
    scene.land(vec![put_password(1, "new", Some(1), 2)]).await?;
    let rehashed = vec![put_password(1, "stolen, dear", Some(1), 1)];
    scene.refuse("the late hash", rehashed, CredentialsGuard::PasswordVersion).await?;
    same("the password", &hash_of(&scene, 1).await?.as_deref(), &Some("new"))
}

async fn removed_password_keeps_its_count<H: Harness>(harness: &H) -> Outcome {
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

async fn n_parallel_failures_count_n<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "n_parallel_failures_count_n").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..ROUNDS {
        let mut numbers = race.round(async |_, store| take_next(&scene, store, round, 100).await)?;
        numbers.sort();
        same("the numbers of the tries", &numbers, &(1..=8).map(Some).collect())?;
        let tries = scene.store.tries(subject(round), Lane::Everybody).await?;
        let failures = tries.map(|tries| tries.consecutive_failures());
        same("the failures counted", &failures, &Some(8))?;
    }
    race.finish()
}

async fn tries_stop_at_the_limit_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "tries_stop_at_the_limit_race").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..ROUNDS {
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

async fn success_settles_only_its_own_try<H: Harness>(harness: &H) -> Outcome {
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

async fn success_does_not_erase_a_newer_stop<H: Harness>(harness: &H) -> Outcome {
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

async fn lanes_are_apart<H: Harness>(harness: &H) -> Outcome {
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
