//! What is removed, and what stays.

use vestibule_core::AddressKind;
use vestibule_profiles::{ProfilesGuard, ProfilesWrite};
use vestibule_sessions::SessionsGuard;
use vestibule_sessions::decide::end;

use crate::finding::{Finding, Outcome, same};
use crate::fixture::{
    account_id, add_membership, address_key, create_profile, device, email, put_device, put_session, session,
    subject, take,
};
use crate::harness::Harness;
use crate::scene::Scene;

/// Everything that is listed of two people and two accounts, by name.
async fn listed<S: crate::Store>(store: &S) -> Result<Vec<String>, Finding> {
    let mut all = Vec::new();
    for number in [1, 2] {
        let person = subject(number);
        let identifiers = store.identifiers(person).await?;
        all.extend(identifiers.iter().map(|row| format!("{number} is {}", row.identifier.as_typed())));
        for own in &identifiers {
            let (kind, key) = (own.identifier.kind(), own.identifier.key());
            if let Some(owner) = store.identifier_owner(kind, key).await? {
                all.push(format!("{} is {:?}", owner.identifier.as_typed(), owner.subject));
            }
        }
        let memberships = store.memberships_of(person, None, 99).await?;
        all.extend(memberships.iter().map(|row| format!("{number} in {:?}", row.account)));
        let sessions = store.sessions(person).await?;
        all.extend(sessions.iter().map(|row| format!("{number} session {:?}", row.handle)));
        let devices = store.devices(person).await?;
        all.extend(devices.iter().map(|row| format!("{number} device {:?}", row.handle)));
    }
    for name in ["acme", "globex"] {
        let company = account_id(name)?;
        let members = store.members_of(company, None, 99).await?;
        all.extend(members.iter().map(|row| format!("{name} has {:?}", row.subject)));
        for byte in 1..3 {
            let owner = store.contact_owner(company, address_key(byte)).await?;
            all.extend(owner.map(|owner| format!("{name} knows {byte} as {owner:?}")));
        }
    }
    Ok(all)
}

pub(super) async fn delete_cascades_only_own_rows<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "delete_cascades_only_own_rows").await?;
    let (acme, globex) = (account_id("acme")?, account_id("globex")?);
    for number in [1, 2] {
        let contact = |account| {
            let key = address_key(if number == 1 { 1 } else { 2 });
            ProfilesWrite::MoveContact { account, key, from: None, to: Some(subject(number)) }
        };
        scene
            .land(vec![
                create_profile(number),
                take(email(number, &format!("one{number}@example.com"))?),
                take(email(number, &format!("two{number}@example.com"))?),
                add_membership(acme, subject(number))?,
                add_membership(globex, subject(number))?,
                contact(acme),
                contact(globex),
            ])
            .await?;
        for name in [3, 4] {
            let name = 16 * number + name;
            scene.land(vec![put_session(session(number, name), None)]).await?;
            scene.land(vec![put_device(device(number, name), None)]).await?;
        }
    }
    let before = listed(&scene.store).await?;
    same("how much there is", &before.len(), &28)?;

    let leave = ProfilesWrite::MoveMembership {
        account: acme,
        subject: subject(1),
        from: 1,
        to: None,
        ends_access: true,
    };
    let own = email(1, "one1@example.com")?.identifier;
    let release = ProfilesWrite::ReleaseIdentifier {
        subject: subject(1),
        kind: own.kind(),
        key: own.key(),
        verified: true,
    };
    let forget =
        ProfilesWrite::MoveContact { account: acme, key: address_key(1), from: Some(subject(1)), to: None };
    scene.land(vec![leave, release, forget]).await?;
    scene.land(vec![end(&session(1, 19))]).await?;

    let gone = [
        "1 is one1@example.com".to_owned(),
        format!("one1@example.com is {:?}", subject(1)),
        format!("1 in {acme:?}"),
        format!("1 session {:?}", session(1, 19).handle),
        format!("acme has {:?}", subject(1)),
        format!("acme knows 1 as {:?}", subject(1)),
    ];
    let expected: Vec<_> = before.into_iter().filter(|line| !gone.contains(line)).collect();
    same("how much is left", &expected.len(), &22)?;
    same("what is left", &listed(&scene.reopen().await?).await?, &expected)
}

pub(super) async fn delete_missing_is_reported<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "delete_missing_is_reported").await?;
    let acme = account_id("acme")?;
    let leave = || {
        vec![ProfilesWrite::MoveMembership {
            account: acme,
            subject: subject(1),
            from: 1,
            to: None,
            ends_access: true,
        }]
    };
    let release = |verified| {
        let (kind, key) = (AddressKind::Email, address_key(1));
        vec![ProfilesWrite::ReleaseIdentifier { subject: subject(1), kind, key, verified }]
    };
    let forget =
        |from| vec![ProfilesWrite::MoveContact { account: acme, key: address_key(1), from, to: None }];
    scene.refuse("leaving what was never joined", leave(), ProfilesGuard::MembershipVersion).await?;
    scene.refuse("giving up what was never had", release(true), ProfilesGuard::IdentifierHeld).await?;
    scene.refuse("forgetting nobody", forget(Some(subject(1))), ProfilesGuard::Contact).await?;
    scene.refuse("ending no session", vec![end(&session(1, 3))], SessionsGuard::SessionLive).await?;
    // What was there is reported once.
    scene.land(vec![add_membership(acme, subject(1))?]).await?;
    scene.land(leave()).await?;
    scene.refuse("leaving twice", leave(), ProfilesGuard::MembershipVersion).await?;
    scene.land(vec![put_session(session(1, 3), None)]).await?;
    scene.land(vec![end(&session(1, 3))]).await?;
    scene.refuse("ending twice", vec![end(&session(1, 3))], SessionsGuard::SessionLive).await
}
