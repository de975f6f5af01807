//! What a store owes when something is in its way.

use core::pin::pin;
use std::sync::Arc;

use vestibule_core::{Batch, Commit, Landed, StoreError, StoreErrorKind, commit_known};
use vestibule_credentials::CredentialsRead;
use vestibule_profiles::{ProfilesGuard, ProfilesRead, ProfilesWrite};
use vestibule_sessions::SessionsRead;
use vestibule_throttle::Windows;

use crate::faults::{Cancelling, Failing, Losing, Slow};
use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{account_id, create_account, create_profile, ids, subject, window};
use crate::harness::Harness;
use crate::hooked::{Hook, within};
use crate::scene::Scene;

pub(super) async fn backend_error_keeps_source<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "backend_error_keeps_source").await?;
    scene.land(vec![create_profile(1), create_account("acme")?]).await?;
    harness.break_down(&scene.guard).await.map_err(crate::scene::of_harness)?;
    let store = &scene.store;
    let faults: Vec<(&str, Option<StoreError>)> = vec![
        ("a profile", store.profile(subject(1)).await.err()),
        ("members", store.members_of(account_id("acme")?, None, 9).await.err()),
        ("a password", store.password(subject(1)).await.err()),
        ("a session", store.session(ids(1).digest).await.err()),
        ("a debit", store.take(vec![window(1, 0, 1, 100)]).await.err()),
        ("a commit", store.commit(&scene.batch(vec![create_profile(2)])?).await.err()),
        ("a larger commit", {
            store.commit(&scene.batch(vec![create_profile(3), create_account("late")?])?).await.err()
        }),
    ];
    for (what, fault) in faults {
        let fault = fault.ok_or_else(|| Finding::new(format!("{what} is answered without a database")))?;
        let source = core::error::Error::source(&fault);
        ensure(source.is_some(), &format!("the fault of {what} keeps nothing of what the database said"))?;
    }
    Ok(())
}

/// Three writes on three rows, one of them counted.
fn three<H: Harness>(scene: &Scene<'_, H>, number: u64) -> Result<Batch<ProfilesWrite>, Finding> {
    let account = account_id("acme")?;
    let name = format!("acme{number}");
    scene.batch(vec![
        create_profile(number),
        ProfilesWrite::CountAdministrators { account, delta: 1 },
        create_account(&name)?,
    ])
}

/// Whatever became of it before, the batch sent again lands, or has landed; once.
async fn settled<H: Harness>(scene: &Scene<'_, H>, batch: &Batch<ProfilesWrite>, number: u64) -> Outcome {
    let landed = commit_known(&scene.store, batch).await?;
    let lands = !matches!(landed, Landed::Refused { .. });
    ensure(lands, &format!("batch {number}, sent again, was answered {landed:?}: half of it was there"))?;
    ensure(scene.store.profile(subject(number)).await?.is_some(), "the profile is missing")?;
    ensure(scene.store.account(account_id(&format!("acme{number}"))?).await?.is_some(), "the account is")?;
    let counted = scene.store.account(account_id("acme")?).await?.map(|row| u64::from(row.administrators));
    same("how often the batches landed", &counted, &Some(number + 1))
}

pub(super) async fn cancelled_future_leaves_no_half_write<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "cancelled_future_leaves_no_half_write").await?;
    scene.land(vec![create_account("acme")?]).await?;
    // At every poll there is, and twice more at each of the first: what a dropped commit leaves may be a matter of luck.
    let mut number = 0;
    for polls in 0..40 {
        let mut whole = true;
        for _ in 0..3 {
            number += 1;
            let batch = three(&scene, number)?;
            whole &= within(polls, scene.store.commit(&batch)).await.is_some();
            settled(&scene, &batch, number).await?;
        }
        if whole {
            return Ok(());
        }
    }
    Err(Finding::new("a commit is not done after forty polls"))
}

pub(super) async fn lost_answer_is_asked_for_again<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "lost_answer_is_asked_for_again").await?;
    scene.land(vec![create_account("acme")?]).await?;
    let store = Arc::new(scene.reopen().await?);
    let losing = Losing::every(2).around(Arc::clone(&store));
    let cancelling = Cancelling::at_poll(1).around(store);
    for number in 1..=8 {
        let batch = three(&scene, number)?;
        if number % 4 == 0 {
            // Its caller goes after the first poll, however far it came.
            let _ = cancelling.commit(&batch).await;
        } else {
            let landed = commit_known(&losing, &batch).await?;
            ensure(
                !matches!(landed, Landed::Refused { .. }),
                "a batch is refused because its answer was lost",
            )?;
        }
        settled(&scene, &batch, number).await?;
    }
    Ok(())
}

pub(super) async fn failed_call_changes_nothing<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "failed_call_changes_nothing").await?;
    scene.land(vec![create_account("acme")?]).await?;
    let store = Arc::new(scene.reopen().await?);
    let mut number = 0;
    // A caller that asks again whenever it was told that it may.
    let failing = Failing::every(3, StoreErrorKind::Unavailable).around(Arc::clone(&store));
    while number < 8 {
        let batch = three(&scene, number + 1)?;
        match failing.commit(&batch).await {
            Ok(landed) => {
                same("a batch", &landed, &Landed::Applied)?;
                number += 1;
                settled(&scene, &batch, number).await?;
            }
            Err(error) => {
                ensure(error.is_retryable(), "the fault is another than the one put there")?;
                let there = scene.store.profile(subject(number + 1)).await?;
                same("a profile whose commit failed", &there, &None)?;
            }
        }
    }
    Ok(())
}

/// A decision waits while another lands: what it relied on is judged when it lands, not when it was sent.
pub(super) async fn slow_commit_is_judged_when_it_lands<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "slow_commit_is_judged_when_it_lands").await?;
    let slow = Slow::by_polls(2).around(Arc::new(scene.reopen().await?));
    for round in 0..5 {
        let (relied, changed) = (2 * round, 2 * round + 1);
        scene.land(vec![create_profile(relied), create_profile(changed)]).await?;
        let late = scene.batch(vec![
            ProfilesWrite::RequireProfile { subject: subject(relied), epoch: 1 },
            ProfilesWrite::BumpEpoch { subject: subject(changed), from: 1 },
        ])?;
        let mut late = pin!(slow.commit(&late));
        ensure(within(1, late.as_mut()).await.is_none(), "a slow call is answered at once")?;
        scene.land(vec![ProfilesWrite::BumpEpoch { subject: subject(relied), from: 1 }]).await?;
        let guard = late.await?.refused();
        same("who comes after the change", &guard, &Some(ProfilesGuard::Epoch))?;
        let kept = scene.store.profile(subject(changed)).await?.map(|row| row.epoch);
        same("what was to be changed", &kept, &Some(1))?;
    }
    Ok(())
}
