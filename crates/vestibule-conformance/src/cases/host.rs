//! Our batch in a transaction of the host's own.

use vestibule_core::{Batch, Commit, Landed};
use vestibule_profiles::ProfilesRead;

use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{account_id, create_account, create_profile, subject};
use crate::harness::{Harness, HostEnd, HostWork};
use crate::joined::{JoinedGuard, JoinedWrite};
use crate::scene::{Scene, of_harness};

fn two<H: Harness>(scene: &Scene<'_, H>, number: u64) -> Result<Batch<JoinedWrite>, Finding> {
    scene.batch(vec![create_profile(number).into(), create_account("acme")?.into()])
}

async fn work<H: Harness>(
    scene: &Scene<'_, H>,
    row: &str,
    batch: &Batch<JoinedWrite>,
    end: HostEnd,
) -> Result<Landed<JoinedGuard>, Finding> {
    let work = HostWork::new(row, batch, end);
    scene.harness.host_transaction(&scene.guard, work).await.map_err(of_harness)
}

/// The host's rows, whether the profile of this number is there, and whether the account.
async fn there<H: Harness>(scene: &Scene<'_, H>, number: u64) -> Result<(Vec<String>, bool, bool), Finding> {
    let rows = scene.harness.host_rows(&scene.guard).await.map_err(of_harness)?;
    let profile = scene.store.profile(subject(number)).await?.is_some();
    Ok((rows, profile, scene.store.account(account_id("acme")?).await?.is_some()))
}

pub(super) async fn rollback_undoes_all<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "rollback_undoes_all").await?;
    let batch = two(&scene, 1)?;
    same("the batch", &work(&scene, "invoice 1", &batch, HostEnd::RollBack).await?, &Landed::Applied)?;
    same("what is there", &there(&scene, 1).await?, &(Vec::new(), false, false))?;
    // Nor is it remembered: the same batch is as new.
    same("the batch afterwards", &scene.store.commit(&batch).await?, &Landed::Applied)
}

pub(super) async fn host_row_and_batch_commit_together<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "host_row_and_batch_commit_together").await?;
    let batch = two(&scene, 1)?;
    same("the batch", &work(&scene, "invoice 1", &batch, HostEnd::Commit).await?, &Landed::Applied)?;
    same("what is there", &there(&scene, 1).await?, &(vec!["invoice 1".to_owned()], true, true))?;
    same("the batch sent again", &scene.store.commit(&batch).await?, &Landed::AlreadyApplied)?;
    let again = work(&scene, "invoice 2", &batch, HostEnd::RollBack).await?;
    same("the batch in another transaction", &again, &Landed::AlreadyApplied)
}

pub(super) async fn refused_batch_leaves_host_free_to_roll_back<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "refused_batch_leaves_host_free_to_roll_back").await?;
    scene.land(vec![create_account("acme")?]).await?;
    let refused = |answer: Landed<JoinedGuard>| matches!(answer, Landed::Refused { position: 1, .. });
    let answer = work(&scene, "invoice 1", &two(&scene, 1)?, HostEnd::RollBack).await?;
    ensure(refused(answer), "a batch that cannot land is not refused")?;
    same("what is there", &there(&scene, 1).await?, &(Vec::new(), false, true))?;
    // Or to commit what is its own.
    let answer = work(&scene, "invoice 2", &two(&scene, 2)?, HostEnd::Commit).await?;
    ensure(refused(answer), "a batch that cannot land is not refused")?;
    same("what is there then", &there(&scene, 2).await?, &(vec!["invoice 2".to_owned()], false, true))
}
