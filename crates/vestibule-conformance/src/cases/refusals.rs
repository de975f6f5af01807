//! Refusals: each names its write and its guard, nothing of its batch lands, and nobody's being faster is one.

use core::time::Duration;

use vestibule_checkword::CheckwordGuard;
use vestibule_core::{Batch, Landed, Write, commit_known};
use vestibule_credentials::{CredentialsGuard, CredentialsWrite, Lane};
use vestibule_journal::JournalGuard;
use vestibule_mfa::{MfaGuard, MfaWrite};
use vestibule_profiles::{AccountPolicy, AccountState, Freeze, ProfilesGuard, ProfilesRead, ProfilesWrite};
use vestibule_sessions::decide::{end, require};
use vestibule_sessions::{SessionsGuard, SessionsWrite};

use super::checkwords::newest;
use super::leaving::leaving;
use crate::finding::{Finding, Outcome, same};
use crate::fixture::{
    COURSE, NOW, account_id, add_membership, address_key, advance, bind, binding, clear_code, confirmed,
    consume, create_account, create_profile, device, email, event, first_code, ids, pending, put_checkword,
    put_device, put_password, put_session, record, redeem_code, session, set_course, subject, take,
    take_factor_try, take_try,
};
use crate::harness::Harness;
use crate::joined::{JoinedGuard, JoinedWrite};
use crate::race::{Race, rounds};
use crate::scene::Scene;

/// A row of every kind, which the writes below do not fit.
async fn settle<H: Harness>(scene: &Scene<'_, H>) -> Outcome {
    let acme = account_id("acme")?;
    scene
        .land(vec![
            create_profile(1),
            take(email(1, "ada@example.com")?),
            create_account("acme")?,
            add_membership(acme, subject(1))?,
            ProfilesWrite::MoveContact {
                account: acme,
                key: address_key(1),
                from: None,
                to: Some(subject(1)),
            },
        ])
        .await?;
    scene.land(vec![put_password(1, "hash", None, 1), take_try(1, 0, 100)]).await?;
    scene.land(vec![put_session(session(1, 3), None), put_device(device(1, 3), None)]).await?;
    scene.land(vec![put_checkword(1, 1, None)]).await?;
    scene.land(vec![bind(confirmed(1, 0, 10)?), bind(pending(1, 1)?)]).await?;
    scene.land(vec![first_code(1, 9)?, take_factor_try(1, 0, 100), set_course(1, 0, Some(COURSE))]).await?;
    scene.land(vec![record(event(scene.batch_id(), Some([9; 5]))?)]).await
}

/// A write of every kind that has a guard, whose guard does not hold.
fn unfit<H: Harness>(scene: &Scene<'_, H>) -> Result<Vec<JoinedWrite>, Finding> {
    let (acme, ada) = (account_id("acme")?, subject(1));
    let own = email(1, "bob@example.com")?.identifier;
    let held = email(1, "ada@example.com")?.identifier;
    let freeze = Freeze { since: NOW, change_at: NOW };
    let (slot, handle, other) = (session(1, 3).slot, ids(3).handle, ids(19).handle);
    let profiles = [
        add_membership(acme, ada)?,
        ProfilesWrite::BumpEpoch { subject: ada, from: 7 },
        ProfilesWrite::CountAdministrators { account: acme, delta: -1 },
        ProfilesWrite::CountProfile { subject: ada, memberships: -1, accounts: 0, accounts_at_most: 9 },
        ProfilesWrite::CountSeats { account: acme, delta: 1, settings_version: 7 },
        ProfilesWrite::CountWays { subject: ada, identifiers: -1, social_links: 0 },
        create_account("acme")?,
        create_profile(1),
        ProfilesWrite::EditPolicy { account: acme, from: 7, policy: AccountPolicy::new() },
        ProfilesWrite::ForgetLeaving { subject: ada, kind: held.kind(), key: held.key(), until: NOW },
        ProfilesWrite::LeaveIdentifier { leaving: leaving(2, "ada@example.com", NOW)? },
        ProfilesWrite::MoveContact { account: acme, key: address_key(1), from: None, to: Some(subject(2)) },
        ProfilesWrite::MoveMembership { account: acme, subject: ada, from: 7, to: None, ends_access: true },
        ProfilesWrite::ReleaseIdentifier { subject: ada, kind: own.kind(), key: own.key(), verified: true },
        ProfilesWrite::RequireIdentifier {
            subject: ada,
            kind: held.kind(),
            key: held.key(),
            leaving_until: Some(NOW),
        },
        ProfilesWrite::RequireMembership { account: acme, subject: ada, version: 7 },
        ProfilesWrite::RequireProfile { subject: ada, epoch: 7 },
        ProfilesWrite::RequireSettings { account: acme, version: 7 },
        ProfilesWrite::SetBlock { subject: ada, from: 7, block: None },
        ProfilesWrite::SetContact { account: acme, subject: ada, from: 7, contact: None },
        ProfilesWrite::SetFactor { subject: ada, from: 7, since: Some(NOW) },
        ProfilesWrite::SetFreeze { subject: ada, from: 7, freeze: Some(freeze) },
        ProfilesWrite::SetPrimary { subject: ada, epoch: 7, primary: held.key() },
        ProfilesWrite::SetState { account: acme, from: 7, state: AccountState::Closed },
        take(email(2, "ada@example.com")?),
    ];
    let credentials = [
        put_password(1, "other", Some(7), 7),
        CredentialsWrite::RequirePassword { subject: ada, generation: 7 },
        take_try(1, 7, 100),
    ];
    let sessions = [
        end(&session(1, 19)),
        put_device(device(1, 19), None),
        put_session(session(1, 19), None),
        require(&session(1, 19)),
        SessionsWrite::StampAdmissions { subject: ada, slot, handle, from: 7, admissions: Vec::new() },
        SessionsWrite::StampAdmissions { subject: ada, slot, handle: other, from: 1, admissions: Vec::new() },
    ];
    let late = NOW.plus(Duration::from_secs(3600));
    let checkwords =
        [put_checkword(1, 2, Some(7)), put_checkword(1, 2, None), consume(1, 7, NOW), consume(1, 1, late)];
    let factors = [
        advance(1, 0, 10),
        advance(1, 1, 11),
        MfaWrite::PutAuthenticator { row: confirmed(1, 1, 11)?, from: Some(7) },
        bind(confirmed(1, 1, 11)?),
        MfaWrite::RemoveAuthenticator { subject: ada, slot: 0, id: binding(1) },
        first_code(1, 9)?,
        redeem_code(1, 9, 2)?,
        clear_code(1, 9, 2),
        take_factor_try(1, 7, 100),
        set_course(1, 7, None),
        set_course(1, 0, None),
    ];
    let journal = record(event(scene.batch_id(), Some([9; 5]))?);
    let all = profiles.into_iter().map(JoinedWrite::from);
    let all = all.chain(credentials.into_iter().map(JoinedWrite::from));
    let all = all.chain(sessions.into_iter().map(JoinedWrite::from));
    let all = all.chain(checkwords.into_iter().map(JoinedWrite::from));
    let all = all.chain(factors.into_iter().map(JoinedWrite::from));
    Ok(all.chain([journal.into()]).collect())
}

/// The rows that [`settle`] has put, and those that a batch would put beside them.
async fn rows<S: crate::Store>(store: &S) -> Result<String, Finding> {
    let (acme, ada) = (account_id("acme")?, subject(1));
    Ok(format!(
        "{:?}",
        (
            [store.profile(ada).await?, store.profile(subject(900)).await?],
            [store.account(acme).await?, store.account(account_id("beside")?).await?],
            (store.membership(acme, ada).await?, store.contact_owner(acme, address_key(1)).await?),
            (store.identifiers(ada).await?, store.identifiers(subject(2)).await?),
            (store.leaving_of(ada).await?, store.leaving_of(subject(2)).await?),
            store.password(ada).await?.map(|row| (row.hash, row.version, row.generation)),
            store.tries(ada, Lane::Everybody).await?,
            (store.sessions(ada).await?, store.devices(ada).await?),
            (store.authenticators(ada).await?, store.codes(ada).await?, store.mfa_tries(ada).await?),
            store.factor_reset(ada).await?,
            newest(store, 1).await?.map(|row| (row.digest, row.state, row.sealed, row.version)),
        )
    ))
}

pub(super) async fn refused_write_is_listed_and_truly_refused<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "refused_write_is_listed_and_truly_refused").await?;
    settle(&scene).await?;
    let before = rows(&scene.store).await?;
    for bad in unfit(&scene)? {
        let what = format!("{bad:?}");
        let (row, guard) = (bad.row(), bad.guard());
        let writes = vec![create_profile(900).into(), bad, create_account("beside")?.into()];
        let batch = scene.batch(writes)?;
        let position = batch.writes().iter().position(|write| write.row() == row);
        let position = position.ok_or_else(|| Finding::new("the batch lost a write"))?;
        let landed = vestibule_core::Commit::commit(&scene.store, &batch).await?;
        same("the answer", &landed, &Landed::Refused { position, guard })
            .map_err(|finding| finding.within(&what))?;
        same("the rows after a refusal", &rows(&scene.store).await?, &before)
            .map_err(|finding| finding.within(&what))?;
    }
    Ok(())
}

pub(super) async fn duplicate_is_typed_conflict_naming_the_key<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "duplicate_is_typed_conflict_naming_the_key").await?;
    settle(&scene).await?;
    let other = scene.reopen().await?;
    let inserts: Vec<(JoinedWrite, JoinedGuard)> = vec![
        (create_profile(1).into(), JoinedGuard::Profiles(ProfilesGuard::ProfileFree)),
        (take(email(2, "ada@example.com")?).into(), JoinedGuard::Profiles(ProfilesGuard::IdentifierFree)),
        (create_account("acme")?.into(), JoinedGuard::Profiles(ProfilesGuard::AccountFree)),
        (
            add_membership(account_id("acme")?, subject(1))?.into(),
            JoinedGuard::Profiles(ProfilesGuard::MembershipFree),
        ),
        (
            ProfilesWrite::MoveContact {
                account: account_id("acme")?,
                key: address_key(1),
                from: None,
                to: Some(subject(2)),
            }
            .into(),
            JoinedGuard::Profiles(ProfilesGuard::Contact),
        ),
        (
            put_password(1, "other", None, 1).into(),
            JoinedGuard::Credentials(CredentialsGuard::PasswordVersion),
        ),
        (take_try(1, 0, 100).into(), JoinedGuard::Credentials(CredentialsGuard::TryNumber)),
        (put_session(session(1, 19), None).into(), JoinedGuard::Sessions(SessionsGuard::Slot)),
        (put_device(device(1, 19), None).into(), JoinedGuard::Sessions(SessionsGuard::DeviceSlot)),
        (put_checkword(1, 2, None).into(), JoinedGuard::Checkword(CheckwordGuard::Version)),
        (bind(pending(1, 1)?).into(), JoinedGuard::Mfa(MfaGuard::AuthenticatorVersion)),
        (first_code(1, 9)?.into(), JoinedGuard::Mfa(MfaGuard::CodeLive)),
        (set_course(1, 0, None).into(), JoinedGuard::Mfa(MfaGuard::ResetVersion)),
        (take_factor_try(1, 0, 100).into(), JoinedGuard::Mfa(MfaGuard::TryNumber)),
        (record(event(scene.batch_id(), Some([9; 5]))?).into(), JoinedGuard::Journal(JournalGuard::CaseFree)),
    ];
    for (insert, guard) in inserts {
        let what = format!("{insert:?}");
        for store in [&scene.store, &other] {
            let batch = Batch::new(scene.batch_id(), NOW, vec![insert.clone()])?;
            let landed = vestibule_core::Commit::commit(store, &batch).await?;
            same("a row that is there already", &landed, &Landed::Refused { position: 0, guard })
                .map_err(|finding| finding.within(&what))?;
        }
    }
    Ok(())
}

/// Nobody's guard fails here: whoever is told otherwise was refused for being slower.
pub(super) async fn contention_is_not_refusal<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "contention_is_not_refusal").await?;
    let acme = account_id("acme")?;
    scene.land(vec![create_account("acme")?, create_profile(1)]).await?;
    let mut race = Race::open(&scene).await?;
    for round in 1..=rounds() {
        race.expect_winners(8, async |_, store| {
            let batch = scene.batch(vec![
                ProfilesWrite::CountAdministrators { account: acme, delta: 1 },
                ProfilesWrite::CountProfile {
                    subject: subject(1),
                    memberships: 1,
                    accounts: 0,
                    accounts_at_most: 0,
                },
            ])?;
            Ok(!matches!(commit_known(store, &batch).await?, Landed::Refused { .. }))
        })?;
        let administrators = scene.store.account(acme).await?.map(|row| u64::from(row.administrators));
        same("what all of them counted", &administrators, &Some(1 + 8 * round))?;
    }
    race.finish()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::memory::MemoryHarness;
    use crate::writes::{NAMES, UNREFUSED, name};

    #[test]
    fn every_write_that_can_be_refused_is_refused() {
        let harness = MemoryHarness::new();
        let scene = harness.block_on(Scene::open(&harness, "unfit")).unwrap();
        let unfit: BTreeSet<_> = unfit(&scene).unwrap().iter().map(name).collect();
        let all: BTreeSet<_> = NAMES.iter().copied().collect();
        assert_eq!(unfit, &all - &UNREFUSED.into());
    }
}
