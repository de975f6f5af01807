//! The linking model.

use vestibule_core::{Landed, Timestamp};
use vestibule_profiles::{
    Account, AccountPolicy, Block, Membership, Profile, ProfileIdentifier, ProfilesGuard, ProfilesRead,
    ProfilesWrite,
};

use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{
    NOW, account, account_id, add_membership, create_account, create_profile, email, profile, social,
    subject, take,
};
use crate::harness::Harness;
use crate::race::{Race, rounds};
use crate::scene::Scene;

pub(super) async fn identifier_unique_across_profiles<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "identifier_unique_across_profiles").await?;
    scene.land(vec![take(email(1, "ada@example.com")?)]).await?;
    // Spelled otherwise it is the same address: core folds, the store compares.
    let again = vec![take(email(2, "ADA@Example.COM")?)];
    scene.refuse("an address that another verified", again, ProfilesGuard::IdentifierFree).await?;
    scene.land(vec![take(email(2, "bob@example.com")?)]).await?;
    let own = email(1, "ada@example.com")?;
    let owner = scene.store.identifier_owner(own.identifier.kind(), own.identifier.key()).await?;
    same("whose the address is", &owner, &Some(own))?;
    ensure(scene.store.identifiers(subject(2)).await?.len() == 1, "the refused address is listed")
}

pub(super) async fn two_pendings_one_winner<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "two_pendings_one_winner").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let address = format!("ada{round}@example.com");
        for person in 0..8 {
            let pending = ProfileIdentifier { verified_at: None, ..email(person, &address)? };
            scene.land(vec![ProfilesWrite::NotePending { identifier: pending }]).await?;
        }
        race.expect_winners(1, async |task, store| {
            let own = email(u64::try_from(task)?, &address)?;
            Ok(scene.commit(store, vec![take(own)]).await? == Landed::Applied)
        })?;
        let key = email(0, &address)?.identifier;
        let owner = scene.store.identifier_owner(key.kind(), key.key()).await?;
        ensure(owner.is_some_and(|row| row.verified_at.is_some()), "the winner does not own the address")?;
    }
    race.finish()
}

pub(super) async fn provider_subject_unique_globally<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "provider_subject_unique_globally").await?;
    scene.land(vec![take(social(1, "Subject")?)]).await?;
    let again = vec![take(social(2, "Subject")?)];
    scene.refuse("a provider's subject linked elsewhere", again, ProfilesGuard::IdentifierFree).await?;
    // Subjects of providers are compared as they are (OpenID Connect Core 1.0, section 2).
    scene.land(vec![take(social(2, "subject")?)]).await
}

pub(super) async fn pending_grants_nothing_and_never_hides<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "pending_grants_nothing_and_never_hides").await?;
    let own = email(1, "ada@example.com")?;
    let (kind, key) = (own.identifier.kind(), own.identifier.key());
    let note = |person| -> Result<_, Finding> {
        let identifier = ProfileIdentifier { verified_at: None, ..email(person, "ada@example.com")? };
        Ok(vec![ProfilesWrite::NotePending { identifier }])
    };
    scene.land(note(2)?).await?;
    same("the owner of what is only pending", &scene.store.identifier_owner(kind, key).await?, &None)?;
    scene.land(vec![take(own.clone())]).await?;
    scene.land(note(1)?).await?;
    same("a verified address noted again", &scene.store.identifiers(subject(1)).await?, &vec![own])?;
    let release = |verified| ProfilesWrite::ReleaseIdentifier { subject: subject(2), kind, key, verified };
    scene.refuse("a pending one as verified", vec![release(true)], ProfilesGuard::IdentifierHeld).await?;
    scene.land(vec![release(false)]).await?;
    ensure(
        scene.store.identifier_owner(kind, key).await?.is_some(),
        "dropping a note frees another's address",
    )
}

pub(super) async fn released_identifier_is_free<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "released_identifier_is_free").await?;
    let own = email(1, "ada@example.com")?;
    let (kind, key) = (own.identifier.kind(), own.identifier.key());
    let release =
        || vec![ProfilesWrite::ReleaseIdentifier { subject: subject(1), kind, key, verified: true }];
    scene.land(vec![take(own)]).await?;
    scene.land(release()).await?;
    same("the owner afterwards", &scene.store.identifier_owner(kind, key).await?, &None)?;
    same("the identifiers afterwards", &scene.store.identifiers(subject(1)).await?, &Vec::new())?;
    scene.refuse("giving it up twice", release(), ProfilesGuard::IdentifierHeld).await?;
    scene.land(vec![take(email(2, "ada@example.com")?)]).await
}

pub(super) async fn unlink_last_method_refused_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "unlink_last_method_refused_race").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let two = Profile { identifiers: 2, ..profile(round) };
        scene.land(vec![ProfilesWrite::CreateProfile { profile: two }]).await?;
        race.expect_winners(1, async |_, store| {
            let less = ProfilesWrite::CountWays { subject: subject(round), identifiers: -1, social_links: 0 };
            Ok(scene.commit(store, vec![less]).await? == Landed::Applied)
        })?;
        let left = scene.store.profile(subject(round)).await?.map(|profile| profile.ways_in());
        same("ways in afterwards", &left, &Some(1))?;
    }
    race.finish()
}

pub(super) async fn last_administrator_cannot_be_dismissed_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "last_administrator_cannot_be_dismissed_race").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let name = format!("acme{round}");
        let acme = account_id(&name)?;
        // As many administrators as racers: one of them must stay.
        let account = Account { administrators: 8, ..account(&name)? };
        scene.land(vec![ProfilesWrite::CreateAccount { account }]).await?;
        race.expect_winners(7, async |_, store| {
            let less = ProfilesWrite::CountAdministrators { account: acme, delta: -1 };
            Ok(scene.commit(store, vec![less]).await? == Landed::Applied)
        })?;
        let left = scene.store.account(acme).await?.map(|account| account.administrators);
        same("administrators afterwards", &left, &Some(1))?;
    }
    race.finish()
}

pub(super) async fn seats_are_never_overspent_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "seats_are_never_overspent_race").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let name = format!("acme{round}");
        let acme = account_id(&name)?;
        let mut policy = AccountPolicy::new();
        policy.seat_limit = Some(4);
        let account = Account { policy, ..account(&name)? };
        scene.land(vec![ProfilesWrite::CreateAccount { account }]).await?;
        race.expect_winners(3, async |task, store| {
            let joins = vec![
                ProfilesWrite::CountSeats { account: acme, delta: 1, settings_version: 1 },
                add_membership(acme, subject(u64::try_from(task)?))?,
            ];
            Ok(scene.commit(store, joins).await? == Landed::Applied)
        })?;
        let seats = scene.store.account(acme).await?.map(|account| account.seats);
        same("seats afterwards", &seats, &Some(4))?;
        same("members afterwards", &scene.store.members_of(acme, None, 99).await?.len(), &3)?;
    }
    race.finish()
}

pub(super) async fn join_race_one_winner<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "join_race_one_winner").await?;
    let mut race = Race::open(&scene).await?;
    let acme = account_id("acme")?;
    for round in 0..rounds() {
        scene.land(vec![create_profile(round)]).await?;
        race.expect_winners(1, async |_, store| {
            let joins = vec![
                ProfilesWrite::CountProfile {
                    subject: subject(round),
                    memberships: 1,
                    accounts: 0,
                    accounts_at_most: 0,
                },
                add_membership(acme, subject(round))?,
            ];
            Ok(scene.commit(store, joins).await? == Landed::Applied)
        })?;
        let live = scene.store.profile(subject(round)).await?.map(|profile| profile.live_memberships);
        same("memberships counted", &live, &Some(1))?;
    }
    race.finish()
}

pub(super) async fn stale_versions_are_refused<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "stale_versions_are_refused").await?;
    let acme = account_id("acme")?;
    scene.land(vec![create_account("acme")?, create_profile(1), add_membership(acme, subject(1))?]).await?;
    let edit = |from| ProfilesWrite::EditPolicy { account: acme, from, policy: AccountPolicy::new() };
    scene.land(vec![edit(1)]).await?;
    scene.refuse("stale settings", vec![edit(1)], ProfilesGuard::SettingsVersion).await?;
    let seat = ProfilesWrite::CountSeats { account: acme, delta: 1, settings_version: 1 };
    scene.refuse("a seat under stale settings", vec![seat], ProfilesGuard::Seats).await?;
    let block = |from, until| ProfilesWrite::SetBlock {
        subject: subject(1),
        from,
        block: Some(Block { since: NOW, until }),
    };
    scene.land(vec![block(1, None)]).await?;
    scene.refuse("a stale epoch", vec![block(1, Some(NOW))], ProfilesGuard::Epoch).await?;
    let kept = scene.store.profile(subject(1)).await?.map(|profile| (profile.epoch, profile.block));
    same("the block", &kept, &Some((2, Some(Block { since: NOW, until: None }))))?;
    let leave = |from| ProfilesWrite::MoveMembership {
        account: acme,
        subject: subject(1),
        from,
        to: None,
        ends_access: true,
    };
    scene.refuse("a stale membership", vec![leave(9)], ProfilesGuard::MembershipVersion).await?;
    scene.land(vec![leave(1)]).await?;
    scene.refuse("a membership that is gone", vec![leave(1)], ProfilesGuard::MembershipVersion).await
}

/// A sign-in that was decided without the second factor, or with it, relies on the epoch that this raises.
pub(super) async fn factor_is_set_by_epoch<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "factor_is_set_by_epoch").await?;
    scene.land(vec![create_profile(1), create_profile(2)]).await?;
    let set = |number, from, since| vec![ProfilesWrite::SetFactor { subject: subject(number), from, since }];
    let relied_on = |epoch| vec![ProfilesWrite::RequireProfile { subject: subject(1), epoch }];
    scene.land(set(1, 1, Some(NOW))).await?;
    let bound = Profile { factor_since: Some(NOW), epoch: 2, ..profile(1) };
    same("with a second factor", &scene.store.profile(subject(1)).await?, &Some(bound.clone()))?;
    scene.refuse("a stale epoch", set(1, 1, None), ProfilesGuard::Epoch).await?;
    scene.refuse("an epoch to come", set(1, 3, None), ProfilesGuard::Epoch).await?;
    scene.refuse("nobody's", set(3, 1, Some(NOW)), ProfilesGuard::Epoch).await?;
    scene.refuse("what was decided without it", relied_on(1), ProfilesGuard::Epoch).await?;
    let other = scene.reopen().await?;
    same("after the refusals", &other.profile(subject(1)).await?, &Some(bound))?;
    same("another person", &other.profile(subject(2)).await?, &Some(profile(2)))?;
    scene.land(set(1, 2, None)).await?;
    scene.refuse("what was decided with it", relied_on(2), ProfilesGuard::Epoch).await?;
    let without = Profile { epoch: 3, ..profile(1) };
    same("without one again", &scene.store.profile(subject(1)).await?, &Some(without))?;

    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let epoch = round + 1;
        let at = |task: usize| Ok::<_, Finding>(Timestamp::from_unix_micros(i64::try_from(task)?));
        let mut won = race.round(async |task, store| {
            let landed = scene.commit(store, set(2, epoch, Some(at(task)?))).await?;
            Ok((landed == Landed::Applied).then_some(at(task)?))
        })?;
        won.retain(Option::is_some);
        let [since] = *won else {
            return Err(Finding::new(format!("of those who read one epoch {} had their way", won.len())));
        };
        let kept = scene.store.profile(subject(2)).await?.map(|row| (row.epoch, row.factor_since));
        same("what the winner has set", &kept, &Some((epoch + 1, since)))?;
    }
    race.finish()
}

pub(super) async fn contact_replaced_in_one_membership<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "contact_replaced_in_one_membership").await?;
    let (acme, other) = (account_id("acme")?, account_id("other")?);
    scene.land(vec![add_membership(acme, subject(1))?, add_membership(other, subject(1))?]).await?;
    let set = |from, contact: Option<&str>| ProfilesWrite::SetContact {
        account: acme,
        subject: subject(1),
        from,
        contact: contact.map(str::to_owned),
    };
    scene
        .refuse("a stale membership", vec![set(9, Some("a@example.com"))], ProfilesGuard::MembershipVersion)
        .await?;
    scene
        .refuse(
            "nobody's",
            vec![ProfilesWrite::SetContact { account: acme, subject: subject(2), from: 1, contact: None }],
            ProfilesGuard::MembershipVersion,
        )
        .await?;
    let before =
        (scene.store.membership(acme, subject(1)).await?, scene.store.membership(other, subject(1)).await?);
    scene.land(vec![set(1, Some("Ada@Example.com"))]).await?;
    let expected =
        before.0.map(|row| Membership { contact: Some("Ada@Example.com".to_owned()), version: 2, ..row });
    same("the membership", &scene.store.membership(acme, subject(1)).await?, &expected)?;
    same("that in another account", &scene.store.membership(other, subject(1)).await?, &before.1)?;
    scene.land(vec![set(2, None)]).await?;
    let contact = scene.store.membership(acme, subject(1)).await?.map(|row| (row.contact, row.version));
    same("a contact that was taken away", &contact, &Some((None, 3)))
}

pub(super) async fn last_wrong_secret_only_moves_forward<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "last_wrong_secret_only_moves_forward").await?;
    let acme = account_id("acme")?;
    let later = NOW.plus(core::time::Duration::from_secs(60));
    let touch = |at| vec![ProfilesWrite::TouchMembership { account: acme, subject: subject(1), at }];
    // It never refuses, also where there is no membership.
    scene.land(touch(NOW)).await?;
    ensure(scene.store.membership(acme, subject(1)).await?.is_none(), "a touch makes a membership")?;
    scene.land(vec![add_membership(acme, subject(1))?]).await?;
    scene.land(touch(later)).await?;
    scene.land(touch(NOW)).await?;
    let at = scene.store.membership(acme, subject(1)).await?.and_then(|row| row.wrong_secret_at);
    same("the last wrong secret", &at, &Some(later))
}
