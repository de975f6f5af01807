//! People in accounts: leaving, coming back, and what stays of the person.

use core::time::Duration;

use vestibule_core::{Commit, Landed};
use vestibule_credentials::CredentialsRead;
use vestibule_journal::JournalRead;
use vestibule_profiles::{
    Admission, AdmissionRequest, Membership, Problem, ProfilesGuard, ProfilesRead, ProfilesWrite, Standing,
    Status, admit,
};

use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{
    NOW, account_id, add_membership, create_account, create_profile, email, event, membership, put_password,
    record, social, standing, subject, take,
};
use crate::harness::Harness;
use crate::race::{Race, rounds};
use crate::scene::Scene;

/// What the one gate says of what the store gives.
async fn admitted<S: crate::Store>(store: &S) -> Result<Result<Admission, Problem>, Finding> {
    let (acme, ada) = (account_id("acme")?, subject(1));
    let profile = store.profile(ada).await?.ok_or_else(|| Finding::new("the profile is gone"))?;
    let (account, membership) = (store.account(acme).await?, store.membership(acme, ada).await?);
    Ok(admit(&AdmissionRequest::new(&profile, account.as_ref(), membership.as_ref(), NOW), &[]))
}

/// A person with a login and a password, in one account.
async fn settle<H: Harness>(scene: &Scene<'_, H>) -> Outcome {
    let acme = account_id("acme")?;
    scene.land(vec![create_profile(1), take(email(1, "ada@example.com")?), create_account("acme")?]).await?;
    let joined = Membership { contact: Some("ada@acme.example".to_owned()), ..membership(acme, subject(1))? };
    scene.land(vec![ProfilesWrite::AddMembership { membership: joined }]).await?;
    scene.land(vec![put_password(1, "hash", None, 1)]).await
}

fn step(to: Option<Standing>, from: u64) -> Result<Vec<ProfilesWrite>, Finding> {
    let ends_access = to.as_ref().is_none_or(|to| to.status == Status::Dismissed);
    Ok(vec![ProfilesWrite::MoveMembership {
        account: account_id("acme")?,
        subject: subject(1),
        from,
        to,
        ends_access,
    }])
}

pub(super) async fn dismiss_then_admission_refused<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "dismiss_then_admission_refused").await?;
    settle(&scene).await?;
    let other = scene.reopen().await?;
    for store in [&scene.store, &other] {
        ensure(admitted(store).await?.is_ok(), "an Active member is not admitted")?;
    }
    let since = NOW.plus(Duration::from_micros(1));
    let dismissed = Standing { since, ..standing(Status::Dismissed)? };
    scene.land(step(Some(dismissed), 1)?).await?;
    for store in [&scene.store, &other] {
        same("the gate after the dismissal", &admitted(store).await?, &Err(Problem::Dismissed { since }))?;
    }
    // Whoever passed the gate before it and lands after it does not.
    let account = account_id("acme")?;
    let relied = ProfilesWrite::RequireMembership { account, subject: subject(1), version: 1 };
    scene.refuse("who passed before", vec![relied], ProfilesGuard::MembershipVersion).await
}

pub(super) async fn rehire_keeps_identity_and_history<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "rehire_keeps_identity_and_history").await?;
    settle(&scene).await?;
    let id = scene.batch_id();
    scene.land(vec![record(event(id, Some([9; 5]))?)]).await?;
    scene.land(step(Some(standing(Status::Dismissed)?), 1)?).await?;
    let back = Standing { since: NOW.plus(Duration::from_secs(60)), ..standing(Status::Active)? };
    scene.land(step(Some(back.clone()), 2)?).await?;
    let (store, acme) = (scene.reopen().await?, account_id("acme")?);
    // The same row: when they joined and where they are reached stays; access counts on from what was ended.
    let expected = Membership {
        standing: back,
        contact: Some("ada@acme.example".to_owned()),
        version: 3,
        epoch: 2,
        ..membership(acme, subject(1))?
    };
    same("the membership", &store.membership(acme, subject(1)).await?, &Some(expected.clone()))?;
    same("the memberships", &store.memberships_of(subject(1), None, 9).await?, &vec![expected])?;
    let events = store.events_of_subject(subject(1), None, 9).await?;
    same("what is told of them", &events.iter().map(|row| row.id).collect(), &vec![id.into()])?;
    ensure(admitted(&store).await?.is_ok(), "who was reinstated is not admitted")
}

pub(super) async fn profile_survives_last_account<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "profile_survives_last_account").await?;
    settle(&scene).await?;
    let own = email(1, "ada@example.com")?;
    let before = scene.store.profile(subject(1)).await?;
    scene.land(step(None, 1)?).await?;
    let store = scene.reopen().await?;
    same("the memberships", &store.memberships_of(subject(1), None, 9).await?, &Vec::new())?;
    same("the profile", &store.profile(subject(1)).await?, &before)?;
    same("the identifiers", &store.identifiers(subject(1)).await?, &vec![own.clone()])?;
    let owner = store.identifier_owner(own.identifier.kind(), own.identifier.key()).await?;
    same("whose the address is", &owner, &Some(own))?;
    ensure(store.password(subject(1)).await?.is_some(), "the password went with the account")?;
    scene.land(vec![add_membership(account_id("acme")?, subject(1))?]).await
}

/// Eight people, each signed in, link the same account of a provider at once.
pub(super) async fn link_race_one_winner<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "link_race_one_winner").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let person = |task: u64| 10 * round + task;
        scene.land((0..8).map(|task| create_profile(person(task))).collect::<Vec<_>>()).await?;
        let name = format!("subject of round {round}");
        race.expect_winners(1, async |task, store| {
            let number = person(u64::try_from(task)?);
            let writes = vec![
                take(social(number, &name)?),
                ProfilesWrite::CountWays { subject: subject(number), identifiers: 0, social_links: 1 },
            ];
            Ok(store.commit(&scene.batch(writes)?).await? == Landed::Applied)
        })?;
        let linked = social(0, &name)?.identifier;
        let owner = scene.store.identifier_owner(linked.kind(), linked.key()).await?;
        let owner = owner.ok_or_else(|| Finding::new("nobody has the link"))?.subject;
        for task in 0..8 {
            let profile = scene.store.profile(subject(person(task))).await?;
            let links = profile.map(|profile| profile.social_links);
            let expected = u32::from(owner == subject(person(task)));
            same("links that are counted", &links, &Some(expected))?;
        }
    }
    race.finish()
}
