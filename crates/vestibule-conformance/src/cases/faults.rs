//! What a store owes when something is in its way.

use core::pin::pin;
use std::sync::Arc;

use vestibule_core::{AccountId, Batch, Commit, Landed, StoreError, StoreErrorKind, commit_known};
use vestibule_credentials::CredentialsRead;
use vestibule_profiles::{
    Account, Membership, Profile, ProfilesGuard, ProfilesRead, ProfilesWrite, Standing,
};
use vestibule_sessions::SessionsRead;
use vestibule_throttle::Windows;

use crate::audit::assert_sound;
use crate::faults::{Cancelling, Failing, Losing, Slow};
use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{
    account, account_id, create_account, create_profile, email, ids, membership, profile, subject, take,
    window,
};
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

/// Somebody with a login, who administers this account. What is half of it the auditor finds.
fn joining(number: u64, joined: AccountId) -> Result<Vec<ProfilesWrite>, Finding> {
    let mut writes = person(number, 1)?;
    let row = membership(joined, subject(number))?;
    let standing = Standing { administers: true, ..row.standing.clone() };
    writes.push(ProfilesWrite::AddMembership { membership: Membership { standing, ..row } });
    Ok(writes)
}

fn person(number: u64, live_memberships: u32) -> Result<Vec<ProfilesWrite>, Finding> {
    let profile = Profile { live_memberships, ..profile(number) };
    let own = email(number, &format!("ada{number}@example.com"))?;
    Ok(vec![ProfilesWrite::CreateProfile { profile }, take(own)])
}

/// The account that the batches below are about, with its first administrator.
async fn settle<H: Harness>(scene: &Scene<'_, H>) -> Result<AccountId, Finding> {
    let acme = account_id("acme")?;
    let account = Account { primary: subject(0), ..account("acme")? };
    let mut writes = joining(0, acme)?;
    writes.push(ProfilesWrite::CreateAccount { account });
    scene.land(writes).await?;
    Ok(acme)
}

/// A further administrator: five rows, two of which are counted in the account.
fn joins<H: Harness>(scene: &Scene<'_, H>, number: u64) -> Result<Batch<ProfilesWrite>, Finding> {
    let account = account_id("acme")?;
    let mut writes = joining(number, account)?;
    writes.push(ProfilesWrite::CountAdministrators { account, delta: 1 });
    writes.push(ProfilesWrite::CountSeats { account, delta: 1, settings_version: 1 });
    scene.batch(writes)
}

/// Whatever became of it before, the batch sent again lands, or has landed; once.
async fn settled<H: Harness>(scene: &Scene<'_, H>, batch: &Batch<ProfilesWrite>, number: u64) -> Outcome {
    let landed = commit_known(&scene.store, batch).await?;
    let lands = !matches!(landed, Landed::Refused { .. });
    ensure(lands, &format!("batch {number}, sent again, was answered {landed:?}: half of it was there"))?;
    let acme = account_id("acme")?;
    ensure(scene.store.profile(subject(number)).await?.is_some(), "the profile is missing")?;
    ensure(scene.store.membership(acme, subject(number)).await?.is_some(), "the membership is")?;
    let counted = scene.store.account(acme).await?.map(|row| u64::from(row.administrators));
    same("how often the batches landed", &counted, &Some(number + 1))
}

/// Of everybody up to this number nothing is half there.
async fn sound<H: Harness>(scene: &Scene<'_, H>, number: u64, accounts: &[AccountId]) -> Outcome {
    let people: Vec<_> = (0..=number).map(subject).collect();
    assert_sound(&scene.store, &people, accounts).await.map_err(|finding| finding.within("the audit"))
}

pub(super) async fn cancelled_future_leaves_no_half_write<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "cancelled_future_leaves_no_half_write").await?;
    let acme = settle(&scene).await?;
    // At every poll there is, and twice more at each of the first: what a dropped commit leaves may be a matter of luck.
    let mut number = 0;
    for polls in 0..40 {
        let mut whole = true;
        for _ in 0..3 {
            number += 1;
            let batch = joins(&scene, number)?;
            whole &= within(polls, scene.store.commit(&batch)).await.is_some();
            settled(&scene, &batch, number).await?;
        }
        if whole {
            return sound(&scene, number, &[acme]).await;
        }
    }
    Err(Finding::new("a commit is not done after forty polls"))
}

pub(super) async fn lost_answer_is_asked_for_again<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "lost_answer_is_asked_for_again").await?;
    let acme = settle(&scene).await?;
    let store = Arc::new(scene.reopen().await?);
    let losing = Losing::every(2).around(Arc::clone(&store));
    let cancelling = Cancelling::at_poll(1).around(store);
    for number in 1..=8 {
        let batch = joins(&scene, number)?;
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
    sound(&scene, 8, &[acme]).await
}

pub(super) async fn failed_call_changes_nothing<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "failed_call_changes_nothing").await?;
    let acme = settle(&scene).await?;
    let store = Arc::new(scene.reopen().await?);
    let mut number = 0;
    // A caller that asks again whenever it was told that it may.
    let failing = Failing::every(3, StoreErrorKind::Unavailable).around(Arc::clone(&store));
    while number < 8 {
        let batch = joins(&scene, number + 1)?;
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
    sound(&scene, number, &[acme]).await
}

/// A decision waits while another lands: what it relied on is judged when it lands, not when it was sent.
pub(super) async fn slow_commit_is_judged_when_it_lands<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "slow_commit_is_judged_when_it_lands").await?;
    let slow = Slow::by_polls(2).around(Arc::new(scene.reopen().await?));
    for round in 0..5 {
        let (relied, changed) = (2 * round, 2 * round + 1);
        scene.land([person(relied, 0)?, person(changed, 0)?].concat()).await?;
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
    sound(&scene, 9, &[]).await
}
