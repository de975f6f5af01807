//! Identifiers that their profile has given up.

use core::time::Duration;

use vestibule_core::{Landed, SessionHandle, Timestamp};
use vestibule_profiles::{Freeze, Leaving, ProfileIdentifier, ProfilesGuard, ProfilesRead, ProfilesWrite};

use crate::finding::{Finding, Outcome, same};
use crate::fixture::{NOW, create_profile, email, subject, take};
use crate::harness::Harness;
use crate::race::{Race, rounds};
use crate::scene::Scene;

pub(super) fn leaving(number: u64, address: &str, until: Timestamp) -> Result<Leaving, Finding> {
    let own = email(number, address)?;
    Ok(Leaving {
        subject: own.subject,
        identifier: own.identifier,
        verified_at: NOW,
        since: NOW,
        until,
        session: SessionHandle::from_bytes([9; 16]),
    })
}

pub(super) async fn left_identifier_is_kept_until_its_window_ends<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "left_identifier_is_kept_until_its_window_ends").await?;
    let (kind, key) = {
        let own = email(1, "ada@example.com")?.identifier;
        (own.kind(), own.key())
    };
    let until = NOW.plus(Duration::from_secs(60));
    let at = |number, at| -> Result<_, Finding> {
        let own = email(number, "ada@example.com")?;
        Ok(vec![take(ProfileIdentifier { verified_at: Some(at), ..own })])
    };
    let leave = || {
        Ok::<_, Finding>(vec![ProfilesWrite::LeaveIdentifier {
            leaving: leaving(1, "ada@example.com", until)?,
        }])
    };
    let relied_on = |leaving_until| {
        vec![ProfilesWrite::RequireIdentifier { subject: subject(1), kind, key, leaving_until }]
    };
    let forget =
        |number, until| vec![ProfilesWrite::ForgetLeaving { subject: subject(number), kind, key, until }];
    scene.refuse("giving up what one has not", leave()?, ProfilesGuard::IdentifierHeld).await?;
    scene.land(at(1, NOW)?).await?;
    scene.land(relied_on(None)).await?;
    scene.land(leave()?).await?;
    same("whose it is", &scene.store.identifier_owner(kind, key).await?, &None)?;
    same("the identifiers", &scene.store.identifiers(subject(1)).await?, &Vec::new())?;
    let left = leaving(1, "ada@example.com", until)?;
    same("who leaves it", &scene.store.leaving(kind, key).await?, &Some(left.clone()))?;
    same("what the person leaves", &scene.store.leaving_of(subject(1)).await?, &vec![left])?;
    scene.refuse("giving it up twice", leave()?, ProfilesGuard::IdentifierHeld).await?;
    scene.refuse("what is left as held", relied_on(None), ProfilesGuard::IdentifierHeld).await?;
    scene.refuse("another window", relied_on(Some(NOW)), ProfilesGuard::IdentifierHeld).await?;
    scene.land(relied_on(Some(until))).await?;
    let before = until.minus(Duration::from_micros(1));
    scene.refuse("a claim within the window", at(2, before)?, ProfilesGuard::IdentifierFree).await?;
    // Whoever left it may take it back, at any time.
    scene.land(at(1, NOW)?).await?;
    same("who leaves it", &scene.store.leaving(kind, key).await?, &None)?;
    same("what the person leaves", &scene.store.leaving_of(subject(1)).await?, &Vec::new())?;
    scene.land(leave()?).await?;
    scene.refuse("freeing another's", forget(2, until), ProfilesGuard::IdentifierHeld).await?;
    scene.refuse("freeing another window", forget(1, NOW), ProfilesGuard::IdentifierHeld).await?;
    // From the end of the window on it is free, and nothing has run meanwhile.
    scene.land(at(2, until)?).await?;
    let owner = scene.store.identifier_owner(kind, key).await?.map(|own| own.subject);
    same("whose it is afterwards", &owner, &Some(subject(2)))?;
    same("who leaves it afterwards", &scene.store.leaving(kind, key).await?, &None)?;
    scene.refuse("freeing it afterwards", forget(1, until), ProfilesGuard::IdentifierHeld).await?;
    // Freed at once, it is anybody's.
    scene
        .land(vec![ProfilesWrite::LeaveIdentifier { leaving: leaving(2, "ada@example.com", until)? }])
        .await?;
    scene.land(forget(2, until)).await?;
    scene.land(at(3, NOW)?).await?;
    // A freeze ends sessions, a primary login does not.
    scene.land(vec![create_profile(1)]).await?;
    let freeze = Freeze { since: until, change_at: NOW };
    let set = |from, freeze| vec![ProfilesWrite::SetFreeze { subject: subject(1), from, freeze }];
    let primary = |epoch| vec![ProfilesWrite::SetPrimary { subject: subject(1), epoch, primary: key }];
    scene.land(set(1, Some(freeze))).await?;
    scene.refuse("a stale freeze", set(1, None), ProfilesGuard::Epoch).await?;
    scene.refuse("a stale primary login", primary(1), ProfilesGuard::Epoch).await?;
    scene.land(primary(2)).await?;
    let kept = scene.store.profile(subject(1)).await?;
    let kept = kept.map(|profile| (profile.epoch, profile.freeze, profile.primary));
    same("the freeze", &kept, &Some((2, Some(freeze), Some(key))))?;
    scene.land(set(2, None)).await?;
    let kept = scene.store.profile(subject(1)).await?.map(|profile| (profile.epoch, profile.freeze));
    same("the freeze afterwards", &kept, &Some((3, None)))
}

pub(super) async fn left_identifier_one_taker_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "left_identifier_one_taker_race").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let address = format!("ada{round}@example.com");
        scene.land(vec![take(email(99, &address)?)]).await?;
        scene.land(vec![ProfilesWrite::LeaveIdentifier { leaving: leaving(99, &address, NOW)? }]).await?;
        race.expect_winners(1, async |task, store| {
            let own = email(u64::try_from(task)?, &address)?;
            Ok(scene.commit(store, vec![take(own)]).await? == Landed::Applied)
        })?;
    }
    race.finish()
}
