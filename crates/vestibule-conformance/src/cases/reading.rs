//! What every read owes: what was written, to every handle, and nothing else.

use vestibule_core::{AccountId, AddressKind, BatchId, CaseReference, EventId, SubjectId, Timestamp};
use vestibule_credentials::{CredentialsRead, Lane};
use vestibule_journal::JournalRead;
use vestibule_mfa::MfaRead;
use vestibule_profiles::{ProfilesRead, ProfilesWrite};
use vestibule_sessions::SessionsRead;

use crate::finding::{Outcome, ensure, same};
use crate::fixture::{
    NOW, account, account_id, add_membership, address_key, create_account, create_profile, email, ids,
    membership, password, profile, put_password, subject, take, take_try,
};
use crate::harness::Harness;
use crate::scene::Scene;

pub(super) async fn read_your_write<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "read_your_write").await?;
    let (acme, ada) = (account_id("acme")?, subject(1));
    let own = email(1, "Ada@Example.com")?;
    let (kind, key) = (own.identifier.kind(), own.identifier.key());
    scene
        .land(vec![
            create_profile(1),
            take(own.clone()),
            create_account("acme")?,
            add_membership(acme, ada)?,
            ProfilesWrite::MoveContact { account: acme, key, from: None, to: Some(ada) },
        ])
        .await?;
    let store = &scene.store;
    same("the profile", &store.profile(ada).await?, &Some(profile(1)))?;
    same("the account", &store.account(acme).await?, &Some(account("acme")?))?;
    same("the membership", &store.membership(acme, ada).await?, &Some(membership(acme, ada)?))?;
    same("the owner of an address", &store.identifier_owner(kind, key).await?, &Some(own.clone()))?;
    same("the identifiers", &store.identifiers(ada).await?, &vec![own])?;
    // Identifiers are equal when their canonical forms are; what was typed is kept beside it.
    let typed: Vec<_> = store.identifiers(ada).await?;
    let typed: Vec<_> = typed.iter().map(|own| own.identifier.as_typed()).collect();
    same("an address as typed", &typed, &vec!["Ada@Example.com"])?;
    same("the owner of a contact", &store.contact_owner(acme, key).await?, &Some(ada))?;
    same("the members", &store.members_of(acme, None, 9).await?, &vec![membership(acme, ada)?])?;
    same("the memberships", &store.memberships_of(ada, None, 9).await?, &vec![membership(acme, ada)?])
}

pub(super) async fn missing_is_none_not_error<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "missing_is_none_not_error").await?;
    let (store, acme, ada) = (&scene.store, account_id("acme")?, subject(1));
    let (key, event) = (address_key(1), EventId::from(BatchId::from_bytes([1; 16])));
    let reference = CaseReference::from_bytes([1; 5]);
    same("a profile", &store.profile(ada).await?, &None)?;
    same("an owner", &store.identifier_owner(AddressKind::Email, key).await?, &None)?;
    same("identifiers", &store.identifiers(ada).await?, &Vec::new())?;
    same("an account", &store.account(acme).await?, &None)?;
    same("a membership", &store.membership(acme, ada).await?, &None)?;
    same("memberships", &store.memberships_of(ada, None, 9).await?, &Vec::new())?;
    same("members", &store.members_of(acme, None, 9).await?, &Vec::new())?;
    same("a contact", &store.contact_owner(acme, key).await?, &None)?;
    ensure(store.password(ada).await?.is_none(), "a password nobody set is there")?;
    same("tries", &store.tries(ada, Lane::Everybody).await?, &None)?;
    same("authenticators", &store.authenticators(ada).await?, &Vec::new())?;
    same("recovery codes", &store.codes(ada).await?, &Vec::new())?;
    same("a reset of a second factor", &store.factor_reset(ada).await?, &None)?;
    same("tries at a second factor", &store.mfa_tries(ada).await?, &None)?;
    same("a session", &store.session(ids(1).digest).await?, &None)?;
    same("sessions", &store.sessions(ada).await?, &Vec::new())?;
    same("a device", &store.device(ids(1).digest).await?, &None)?;
    same("devices", &store.devices(ada).await?, &Vec::new())?;
    same("an event", &store.event(event).await?, &None)?;
    same("an event by its reference", &store.event_by_case(reference).await?, &None)?;
    same("events of an account", &store.events_of_account(acme, None, 9).await?, &Vec::new())?;
    same("events of a person", &store.events_of_subject(ada, None, 9).await?, &Vec::new())?;
    same("personal fields", &store.personal(event).await?, &None)?;
    same("cases", &store.cases(reference).await?, &Vec::new())?;
    same("the number of cases", &store.case_population().await?, &0)?;
    same("messages", &store.messages(None, 9).await?, &Vec::new())
}

pub(super) async fn fresh_handle_sees_write<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "fresh_handle_sees_write").await?;
    scene.land(vec![create_profile(1)]).await?;
    scene.land(vec![put_password(1, "hash", None, 1)]).await?;
    scene.land(vec![take_try(1, 0, 100)]).await?;
    let other = scene.reopen().await?;
    same("the profile through a new handle", &other.profile(subject(1)).await?, &Some(profile(1)))?;
    let hash = other.password(subject(1)).await?.and_then(|row| row.hash);
    same("the password through a new handle", &hash.as_deref(), &Some("hash"))?;
    let taken = other.tries(subject(1), Lane::Everybody).await?.map(|tries| tries.taken);
    same("the tries through a new handle", &taken, &Some(1))
}

pub(super) async fn two_handles_same_data<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "two_handles_same_data").await?;
    let other = scene.reopen().await?;
    // Both handles have read: whatever one of them remembers is stale after the next write through the other.
    same("before", &other.profile(subject(1)).await?, &None)?;
    scene.land(vec![create_profile(1)]).await?;
    for epoch in 1..6 {
        let (writer, reader) = if epoch % 2 == 0 { (&scene.store, &other) } else { (&other, &scene.store) };
        let _ = reader.profile(subject(1)).await?;
        let landed =
            scene.commit(writer, vec![ProfilesWrite::BumpEpoch { subject: subject(1), from: epoch }]).await?;
        same("a write through either handle", &landed, &vestibule_core::Landed::Applied)?;
        let found = reader.profile(subject(1)).await?.map(|profile| profile.epoch);
        same("what one handle wrote, read through the other", &found, &Some(epoch + 1))?;
    }
    Ok(())
}

pub(super) async fn pagination_stable_under_insert<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "pagination_stable_under_insert").await?;
    let acme = account_id("acme")?;
    for number in (10..100).step_by(10) {
        scene.land(vec![add_membership(acme, subject(number))?]).await?;
    }
    let (mut seen, mut after, mut inserted) = (Vec::new(), None, 0);
    loop {
        let page = scene.store.members_of(acme, after, 2).await?;
        ensure(page.len() <= 2, "a page is longer than its limit")?;
        let Some(last) = page.last() else { break };
        after = Some(last.subject);
        seen.extend(page.iter().map(|member| member.subject));
        // One below the cursor, which must not come; every time another.
        inserted += 1;
        ensure(inserted < 9, "the pages of nine members do not end")?;
        scene.land(vec![add_membership(acme, subject(inserted))?]).await?;
    }
    let expected: Vec<_> = (10..100).step_by(10).map(subject).collect();
    same("the members seen page by page", &seen, &expected)?;
    // And those in other accounts never come.
    let globex = account_id("globex")?;
    scene.land(vec![add_membership(globex, subject(500))?]).await?;
    let members = scene.store.members_of(acme, None, 100).await?;
    ensure(members.iter().all(|member| member.account == acme), "a list shows another account's members")
}

pub(super) async fn lists_are_by_length_then_bytes<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "lists_are_by_length_then_bytes").await?;
    let acme = account_id("acme")?;
    let ids: [&[u8]; 8] = [b"\xff", b"a", b"B", b"ab", b"b", b"aa", b"\0", b"aaa"];
    for id in ids {
        scene.land(vec![add_membership(acme, SubjectId::from_bytes(id)?)?]).await?;
        let account = AccountId::from_bytes(id)?;
        scene.land(vec![add_membership(account, subject(1))?]).await?;
    }
    let members = scene.store.members_of(acme, None, 99).await?;
    let mut sorted = members.clone();
    sorted.sort_by_key(|member| (member.subject.as_bytes().len(), member.subject.as_bytes().to_vec()));
    same("the number of members", &members.len(), &ids.len())?;
    same("the order of members", &members, &sorted)?;
    let accounts = scene.store.memberships_of(subject(1), None, 99).await?;
    let mut sorted = accounts.clone();
    sorted.sort_by_key(|member| (member.account.as_bytes().len(), member.account.as_bytes().to_vec()));
    same("the number of memberships", &accounts.len(), &ids.len())?;
    same("the order of memberships", &accounts, &sorted)
}

pub(super) async fn unicode_and_nul_safe_text<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "unicode_and_nul_safe_text").await?;
    let texts = [
        "a\0b",
        "e\u{301}",
        "\u{e9}",
        "\u{202e}abc",
        "\u{1f468}\u{200d}\u{1f469}",
        "'; --",
        "%_\\",
        " a ",
        "\u{feff}x",
    ];
    for (number, text) in (0_u64..).zip(texts) {
        let account_id = AccountId::from(number);
        let row = vestibule_profiles::Account { account: account_id, name: text.to_owned(), ..account("x")? };
        scene.land(vec![ProfilesWrite::CreateAccount { account: row }]).await?;
        let found = scene.store.account(account_id).await?.map(|account| account.name);
        same("a name", &found.as_deref(), &Some(text))?;
        scene.land(vec![put_password(number, text, None, 1)]).await?;
        let found = scene.store.password(subject(number)).await?.and_then(|row| row.hash);
        same("a stored hash", &found.as_deref(), &Some(text))?;
    }
    Ok(())
}

pub(super) async fn time_far_future_and_epoch<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "time_far_future_and_epoch").await?;
    let instants = [0, 1, -1, 1_700_000_000_123_457, -62_135_596_800_000_000, i64::MAX, i64::MIN];
    for (number, micros) in (0_u64..).zip(instants) {
        let at = Timestamp::from_unix_micros(micros);
        let profile = vestibule_profiles::Profile { created_at: at, ..profile(number) };
        scene.land(vec![ProfilesWrite::CreateProfile { profile }]).await?;
        let found = scene.store.profile(subject(number)).await?.map(|profile| profile.created_at);
        same("an instant of a profile", &found, &Some(at))?;
        let row = vestibule_credentials::Password { set_at: at, ..password(number, "hash", 1, 1) };
        scene
            .land(vec![vestibule_credentials::CredentialsWrite::PutPassword { password: row, from: None }])
            .await?;
        let found = scene.store.password(subject(number)).await?.map(|row| row.set_at);
        same("an instant of a password", &found, &Some(at))?;
    }
    Ok(())
}

pub(super) async fn host_ids_of_every_shape<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "host_ids_of_every_shape").await?;
    let long = [b'x'; 64];
    let ids: [&[u8]; 16] = [
        b"\0",
        b"\0\0",
        b"0",
        b"00",
        b"17",
        b"\0\0\0\0\0\0\0\x11",
        b"Acme",
        b"acme",
        b"acme ",
        b"ac%",
        b"ac_",
        b"ac\0x",
        b"ac\0y",
        b"\xff\xfe",
        &long[..63],
        &long,
    ];
    for id in ids {
        let profile = vestibule_profiles::Profile::new(SubjectId::from_bytes(id)?, NOW);
        scene
            .land(vec![ProfilesWrite::CreateProfile { profile }])
            .await
            .map_err(|finding| finding.within(format_args!("the id {id:?}")))?;
    }
    for id in ids {
        let own = SubjectId::from_bytes(id)?;
        let found = scene.store.profile(own).await?.map(|profile| profile.subject);
        same("the id of a row", &found, &Some(own))?;
        scene
            .land(vec![ProfilesWrite::BumpEpoch { subject: own, from: 1 }])
            .await
            .map_err(|finding| finding.within(format_args!("a change of {id:?} met that of another id")))?;
    }
    Ok(())
}
