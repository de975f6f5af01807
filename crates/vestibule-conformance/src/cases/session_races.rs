//! Sessions that want the same slot, or the same change.

use vestibule_core::Landed;
use vestibule_credentials::CredentialsRead;
use vestibule_profiles::ProfilesWrite;
use vestibule_sessions::decide::check;
use vestibule_sessions::{Session, SessionsRead};

use super::end_races::{act, at_the_door, name, standing_of};
use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{NOW, ids, put_password, put_session, session, subject};
use crate::harness::Harness;
use crate::race::{Race, rounds};
use crate::scene::Scene;

pub(super) async fn slot_is_taken_once_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "slot_is_taken_once_race").await?;
    let mut race = Race::open(&scene).await?;
    let mut holder: Option<u64> = None;
    // The first takes an empty slot, every later round that of the winner before.
    for round in 0..rounds() {
        let put = |task| Session { slot: 3, ..session(1, name(round, task)) };
        race.expect_winners(1, async |task, store| {
            let wish = put_session(put(u64::try_from(task)?), holder);
            Ok(scene.commit(store, vec![wish]).await? == Landed::Applied)
        })?;
        let rows = scene.store.sessions(subject(1)).await?;
        same("sessions afterwards", &rows.len(), &1)?;
        let mut found = Vec::new();
        for task in 0..8 {
            let name = name(round, task);
            if scene.store.session(ids(name).digest).await?.is_some() {
                found.push(name);
            }
        }
        let [winner] = found.as_slice() else {
            return Err(Finding::new(format!("{} of eight tokens for one slot are found", found.len())));
        };
        same("who is listed", &rows.first().map(|row| row.handle), &Some(ids(*winner).handle))?;
        if let Some(old) = holder {
            ensure(
                scene.store.session(ids(old).digest).await?.is_none(),
                "the token replaced is still found",
            )?;
        }
        holder = Some(*winner);
    }
    race.finish()
}

pub(super) async fn password_change_race_one_winner<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "password_change_race_one_winner").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        scene.land(at_the_door(round)).await?;
        // The session from which everybody acts.
        let acting = name(round, 12);
        race.expect_winners(1, async |task, store| {
            let new = name(round, u64::try_from(task)?);
            let reissued =
                Session { slot: 12, profile_epoch: 2, password_generation: Some(2), ..session(round, new) };
            act(
                &scene,
                store,
                vec![
                    put_password(round, &format!("hash of {new}"), Some(1), 2).into(),
                    ProfilesWrite::BumpEpoch { subject: subject(round), from: 1 }.into(),
                    put_session(reissued, Some(acting)).into(),
                ],
            )
            .await
        })?;
        let standing = standing_of(&scene, round).await?;
        let rows = scene.store.sessions(subject(round)).await?;
        let password = scene.store.password(subject(round)).await?.and_then(|row| row.hash);
        let mut good = Vec::new();
        for task in 0..8 {
            let name = name(round, task);
            let found = scene.store.session(ids(name).digest).await?;
            if found.is_some_and(|session| check(session, &standing, NOW).is_ok()) {
                good.push(format!("hash of {name}"));
            }
        }
        same("sessions afterwards", &rows.len(), &1)?;
        same("whose session is good, and whose password it is", &good, &password.into_iter().collect())?;
        let old = scene.store.session(ids(acting).digest).await?;
        ensure(old.is_none(), "the token of before the change is still found")?;
    }
    race.finish()
}
