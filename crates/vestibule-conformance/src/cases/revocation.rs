//! What ends sessions at once, and the one that goes on.

use vestibule_core::Landed;
use vestibule_credentials::{CredentialsGuard, CredentialsRead};
use vestibule_profiles::{ProfilesGuard, ProfilesRead, ProfilesWrite};
use vestibule_sessions::decide::{check, end, reissue};
use vestibule_sessions::{Session, SessionPolicy, SessionsGuard, SessionsRead, Standing};

use super::sessions::found;
use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{
    NOW, create_profile, device, ids, put_device, put_password, put_session, session, subject,
};
use crate::harness::Harness;
use crate::joined::{JoinedGuard, JoinedWrite};
use crate::scene::Scene;

pub(super) async fn revoke_is_immediate_on_every_handle<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "revoke_is_immediate_on_every_handle").await?;
    let handles = [scene.reopen().await?, scene.reopen().await?, scene.reopen().await?];
    for (round, ender) in (0..6).zip(handles.iter().cycle()) {
        let own = session(1, 256 * round + 3);
        scene.land(vec![put_session(own.clone(), None)]).await?;
        // Every handle has read it: whatever one of them remembers is stale after the end.
        for handle in &handles {
            ensure(
                handle.session(own.digest).await?.is_some(),
                "a session is not found through every handle",
            )?;
            same("the sessions", &handle.sessions(subject(1)).await?.len(), &1)?;
        }
        same("the end", &scene.commit(ender, vec![end(&own)]).await?, &Landed::Applied)?;
        for handle in &handles {
            ensure(handle.session(own.digest).await?.is_none(), "a session is found after its end")?;
            same("the sessions", &handle.sessions(subject(1)).await?, &Vec::new())?;
        }
    }
    Ok(())
}

pub(super) async fn revoke_all_by_epoch<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "revoke_all_by_epoch").await?;
    let other = scene.reopen().await?;
    scene.land(vec![create_profile(1), create_profile(2)]).await?;
    for name in 0..3 {
        scene.land(vec![put_session(session(1, name), None), put_device(device(1, name), None)]).await?;
        scene.land(vec![put_session(session(2, name + 8), None)]).await?;
    }
    let good = async |store: &H::Store, number| -> Result<_, Finding> {
        let epoch = store.profile(subject(number)).await?.map_or(0, |profile| profile.epoch);
        let standing = Standing::new(epoch).with_password_generation(1);
        let sessions = store.sessions(subject(number)).await?.into_iter();
        let devices = store.devices(subject(number)).await?.into_iter();
        Ok((
            sessions.filter(|session| check(session.clone(), &standing, NOW).is_ok()).count(),
            devices.filter(|device| device.is_live(epoch, NOW)).count(),
        ))
    };
    for store in [&scene.store, &other] {
        same("good before", &good(store, 1).await?, &(3, 3))?;
    }
    scene.land(vec![ProfilesWrite::BumpEpoch { subject: subject(1), from: 1 }]).await?;
    for store in [&scene.store, &other] {
        same("good after", &good(store, 1).await?, &(0, 0))?;
        same("somebody else's", &good(store, 2).await?, &(3, 0))?;
    }
    // Who was about to sign in is refused; who signs in from now on is not.
    let sign_in = |epoch, name| -> Vec<JoinedWrite> {
        vec![
            ProfilesWrite::RequireProfile { subject: subject(1), epoch }.into(),
            put_session(Session { profile_epoch: epoch, ..session(1, name) }, None).into(),
        ]
    };
    let moved = JoinedGuard::Profiles(ProfilesGuard::Epoch);
    scene.refuse("a sign-in of before", sign_in(1, 30), moved).await?;
    scene.land(sign_in(2, 31)).await?;
    same("good in the end", &good(&other, 1).await?, &(1, 0))
}

pub(super) async fn password_change_reissues_acting_session_in_same_commit<H: Harness>(
    harness: &H,
) -> Outcome {
    let scene = Scene::open(harness, "password_change_reissues_acting_session_in_same_commit").await?;
    let (acting, thief) = (session(1, 3), session(1, 4));
    let new = |name, epoch| {
        let request = vestibule_sessions::decide::ReissueRequest::new(epoch).password_generation(epoch);
        reissue(&SessionPolicy::default(), &acting, &request, &ids(name), NOW)
    };
    let change = |name, epoch, password| -> Vec<JoinedWrite> {
        vec![
            put_password(1, "new", Some(password), 2).into(),
            ProfilesWrite::BumpEpoch { subject: subject(1), from: epoch }.into(),
            new(name, 2).write.into(),
        ]
    };
    let sessions = async || -> Result<_, Finding> {
        let epoch = scene.store.profile(subject(1)).await?.map_or(0, |profile| profile.epoch);
        let password = scene.store.password(subject(1)).await?;
        let standing = Standing::new(epoch);
        let standing = password.map_or(standing, |row| standing.with_password_generation(row.generation));
        let mut good = Vec::new();
        for name in [3, 4, 19, 20] {
            let row = found::<H>(&scene.store, name).await?;
            if row.is_some_and(|row| check(row, &standing, NOW).is_ok()) {
                good.push(name);
            }
        }
        Ok((good, epoch))
    };
    scene.land(vec![create_profile(1)]).await?;
    scene.land(vec![put_password(1, "old", None, 1)]).await?;
    scene.land(vec![put_session(acting.clone(), None), put_session(thief, None)]).await?;
    same("good sessions before", &sessions().await?, &(vec![3, 4], 1))?;
    let epoch = JoinedGuard::Profiles(ProfilesGuard::Epoch);
    scene.refuse("a change in another epoch", change(19, 9, 1), epoch).await?;
    let version = JoinedGuard::Credentials(CredentialsGuard::PasswordVersion);
    scene.refuse("a change of another password", change(19, 1, 7), version).await?;
    same("good sessions after changes refused", &sessions().await?, &(vec![3, 4], 1))?;
    scene.land(change(19, 1, 1)).await?;
    same("good sessions after the change", &sessions().await?, &(vec![19], 2))?;
    same("the token of before", &found::<H>(&scene.store, 3).await?, &None)?;
    // The acting session is another by now: whoever still acts by the old one changes nothing.
    let slot = JoinedGuard::Sessions(SessionsGuard::Slot);
    scene.refuse("a change by the old session", change(20, 2, 2), slot).await?;
    same("good sessions in the end", &sessions().await?, &(vec![19], 2))?;
    let password = scene.store.password(subject(1)).await?.map(|row| (row.version, row.generation));
    same("the password in the end", &password, &Some((2, 2)))
}
