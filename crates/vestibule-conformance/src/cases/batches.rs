//! What every commit owes: all or nothing, in order, once.

use vestibule_core::{Batch, Commit, Landed, Write};
use vestibule_credentials::{CredentialsGuard, CredentialsRead};
use vestibule_journal::JournalRead;
use vestibule_profiles::{ProfilesGuard, ProfilesRead, ProfilesWrite};

use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{
    COURSE, NOW, account_id, advance, bind, confirmed, create_account, create_profile, device, email, event,
    first_code, put_checkword, put_device, put_password, put_session, record, session, set_course, subject,
    take, take_factor_try, take_try,
};
use crate::harness::Harness;
use crate::joined::{JoinedGuard, JoinedWrite};
use crate::model::check_fixed;
use crate::race::{Race, rounds};
use crate::scene::Scene;

/// Five writes on five rows; each is refused once the row it inserts is there.
fn five() -> Result<Vec<ProfilesWrite>, Finding> {
    Ok(vec![
        create_profile(1),
        create_profile(2),
        take(email(1, "ada@example.com")?),
        create_account("acme")?,
        create_account("globex")?,
    ])
}

pub(super) async fn batch_is_all_or_nothing<H: Harness>(harness: &H) -> Outcome {
    let rows = five()?.len();
    for position in 0..rows {
        let scene = Scene::open(harness, "batch_is_all_or_nothing").await?;
        let batch = scene.batch(five()?)?;
        let Some(obstacle) = batch.writes().get(position).cloned() else { continue };
        let guard = obstacle.guard();
        scene.land(vec![obstacle]).await?;
        same("the answer", &scene.store.commit(&batch).await?, &Landed::Refused { position, guard })?;
        let (store, own) = (&scene.store, email(1, "ada@example.com")?);
        let owner = store.identifier_owner(own.identifier.kind(), own.identifier.key()).await?;
        let there = [
            store.profile(subject(1)).await?.is_some(),
            store.profile(subject(2)).await?.is_some(),
            owner.is_some(),
            store.account(account_id("acme")?).await?.is_some(),
            store.account(account_id("globex")?).await?.is_some(),
        ];
        let expected: Vec<_> = (0..rows).map(|row| row == position).collect();
        same("which rows are there after a refused batch", &there.to_vec(), &expected)?;
    }
    Ok(())
}

pub(super) async fn refused_batch_leaves_no_trace<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "refused_batch_leaves_no_trace").await?;
    scene.land(vec![create_account("globex")?]).await?;
    let before = scene.raw().await?;
    ensure(!before.is_empty(), "the raw reader reads nothing")?;
    scene.refuse("a taken account", five()?, ProfilesGuard::AccountFree).await?;
    ensure(scene.raw().await? == before, "a refused batch changed what rests in the database")
}

pub(super) async fn first_refusal_in_canonical_order<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "first_refusal_in_canonical_order").await?;
    scene.land(vec![create_account("acme")?, create_profile(2)]).await?;
    // Handed over in the order opposite to the canonical one, with two guards that do not hold.
    let mut writes = five()?;
    writes.reverse();
    let landed = scene.commit(&scene.store, writes).await?;
    same("the answer", &landed, &Landed::Refused { position: 1, guard: ProfilesGuard::ProfileFree })
}

pub(super) async fn effects_on_one_row_keep_their_order<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "effects_on_one_row_keep_their_order").await?;
    let acme = account_id("acme")?;
    let count = |delta| ProfilesWrite::CountAdministrators { account: acme, delta };
    scene.land(vec![create_account("acme")?]).await?;
    scene.land(vec![count(1), count(-1)]).await?;
    let falls = scene.commit(&scene.store, vec![count(-1), count(1)]).await?;
    same("one less first", &falls, &Landed::Refused { position: 0, guard: ProfilesGuard::Administrators })?;
    scene.land(vec![count(1), count(1)]).await?;
    let administrators = scene.store.account(acme).await?.map(|account| account.administrators);
    same("administrators after all", &administrators, &Some(3))
}

pub(super) async fn did_it_land_is_answered<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "did_it_land_is_answered").await?;
    let other = scene.reopen().await?;

    let several = scene.batch(five()?)?;
    same("a batch", &scene.store.commit(&several).await?, &Landed::Applied)?;
    same("sent again", &scene.store.commit(&several).await?, &Landed::AlreadyApplied)?;
    same("through another handle", &other.commit(&several).await?, &Landed::AlreadyApplied)?;

    let password = scene.batch(vec![put_password(1, "hash", None, 1)])?;
    same("a password", &scene.store.commit(&password).await?, &Landed::Applied)?;
    same("the password again", &other.commit(&password).await?, &Landed::AlreadyApplied)?;

    let tried = scene.batch(vec![take_try(1, 0, 100)])?;
    same("a try", &scene.store.commit(&tried).await?, &Landed::Applied)?;
    same("the try again", &other.commit(&tried).await?, &Landed::AlreadyApplied)?;

    let link = scene.batch(vec![put_checkword(1, 1, None)])?;
    same("a link", &scene.store.commit(&link).await?, &Landed::Applied)?;
    same("the link again", &other.commit(&link).await?, &Landed::AlreadyApplied)?;

    for write in [
        bind(confirmed(1, 0, 10)?),
        advance(1, 0, 11),
        first_code(1, 9)?,
        take_factor_try(1, 0, 100),
        set_course(1, 0, Some(COURSE)),
    ] {
        let write = scene.batch(vec![write])?;
        same("of a second factor", &scene.store.commit(&write).await?, &Landed::Applied)?;
        same("it again", &other.commit(&write).await?, &Landed::AlreadyApplied)?;
    }

    for put in [put_session(session(1, 3), None), put_device(device(1, 3), None)] {
        let put = scene.batch(vec![put])?;
        same("a session or a device", &scene.store.commit(&put).await?, &Landed::Applied)?;
        same("it again", &other.commit(&put).await?, &Landed::AlreadyApplied)?;
    }

    let id = scene.batch_id();
    let recorded = Batch::new(id, NOW, vec![record(event(id, None)?)])?;
    same("an event", &scene.store.commit(&recorded).await?, &Landed::Applied)?;
    same("the event again", &other.commit(&recorded).await?, &Landed::AlreadyApplied)?;

    // The same wishes under another id are another decision.
    scene.refuse("another batch of the same writes", five()?, ProfilesGuard::ProfileFree).await
}

pub(super) async fn a_refused_batch_is_not_remembered<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "a_refused_batch_is_not_remembered").await?;
    let bump = |from| ProfilesWrite::BumpEpoch { subject: subject(1), from };
    scene.land(vec![create_profile(1)]).await?;
    let late = scene.batch(vec![bump(2), create_account("acme")?])?;
    let refused = Landed::Refused { position: 0, guard: ProfilesGuard::Epoch };
    same("too early", &scene.store.commit(&late).await?, &refused)?;
    scene.land(vec![bump(1)]).await?;
    same("now that its guard holds", &scene.store.commit(&late).await?, &Landed::Applied)?;
    same("and again", &scene.store.commit(&late).await?, &Landed::AlreadyApplied)
}

pub(super) async fn resend_race_lands_once<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "resend_race_lands_once").await?;
    scene.land(vec![create_account("acme")?]).await?;
    let mut race = Race::open(&scene).await?;
    let acme = account_id("acme")?;
    for round in 0..rounds() {
        let batch = scene.batch(vec![
            create_profile(round),
            ProfilesWrite::CountAdministrators { account: acme, delta: 1 },
        ])?;
        race.expect_winners(1, async |_, store| match store.commit(&batch).await? {
            Landed::Applied => Ok(true),
            Landed::AlreadyApplied => Ok(false),
            refused @ Landed::Refused { .. } => {
                Err(Finding::new(format!("the same batch sent at once was answered {refused:?}")))
            }
        })?;
    }
    let administrators = scene.store.account(acme).await?.map(|account| u64::from(account.administrators));
    same("how often the batches landed", &administrators, &Some(rounds() + 1))?;
    race.finish()
}

pub(super) async fn require_has_no_effect_and_is_judged<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "require_has_no_effect_and_is_judged").await?;
    scene.land(vec![create_profile(1), create_account("acme")?]).await?;
    let before = scene.store.profile(subject(1)).await?;
    let require = |epoch| ProfilesWrite::RequireProfile { subject: subject(1), epoch };
    scene.land(vec![require(1), create_account("globex")?]).await?;
    same("a row that was only relied on", &scene.store.profile(subject(1)).await?, &before)?;
    scene.refuse("a stale epoch", vec![require(2), create_account("late")?], ProfilesGuard::Epoch).await?;
    let settings = ProfilesWrite::RequireSettings { account: account_id("acme")?, version: 7 };
    scene.refuse("stale settings", vec![create_profile(9), settings], ProfilesGuard::SettingsVersion).await?;
    let stranger = ProfilesWrite::RequireProfile { subject: subject(404), epoch: 1 };
    scene.refuse("a row that is not there", vec![stranger, create_profile(9)], ProfilesGuard::Epoch).await?;
    scene.land(vec![put_password(1, "hash", None, 4)]).await?;
    let proven =
        vestibule_credentials::CredentialsWrite::RequirePassword { subject: subject(1), generation: 3 };
    scene.refuse("an earlier generation", vec![proven], CredentialsGuard::Generation).await?;
    ensure(scene.store.profile(subject(9)).await?.is_none(), "a batch landed whose require was refused")
}

/// Each relies on one row and changes the other: whoever lands first ends what the others rely on.
pub(super) async fn require_conflicts_with_concurrent_writer<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "require_conflicts_with_concurrent_writer").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let (left, right) = (2 * round, 2 * round + 1);
        scene.land(vec![create_profile(left), create_profile(right)]).await?;
        race.expect_winners(1, async |task, store| {
            let (relied, changed) = if task % 2 == 0 { (left, right) } else { (right, left) };
            let writes = vec![
                ProfilesWrite::RequireProfile { subject: subject(relied), epoch: 1 },
                ProfilesWrite::BumpEpoch { subject: subject(changed), from: 1 },
            ];
            Ok(scene.commit(store, writes).await? == Landed::Applied)
        })?;
    }
    race.finish()
}

pub(super) async fn domains_land_together<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "domains_land_together").await?;
    let joined = |id, reference, from| -> Result<Vec<JoinedWrite>, Finding> {
        Ok(vec![
            record(event(id, Some(reference))?).into(),
            put_password(1, "hash", from, 1).into(),
            create_profile(1).into(),
        ])
    };
    let (first, second) = (scene.batch_id(), scene.batch_id());
    let wrong = Batch::new(first, NOW, joined(first, [1; 5], Some(3))?)?;
    let guard = JoinedGuard::Credentials(CredentialsGuard::PasswordVersion);
    let answer = scene.store.commit(&wrong).await?;
    same("a batch whose second write is refused", &answer, &Landed::Refused { position: 1, guard })?;
    ensure(scene.store.profile(subject(1)).await?.is_none(), "the first domain landed alone")?;
    ensure(scene.store.event(first.into()).await?.is_none(), "the last domain landed alone")?;
    let right = Batch::new(second, NOW, joined(second, [1; 5], None)?)?;
    let answer = scene.store.commit(&right).await?;
    same("the batch made right", &answer, &Landed::Applied)?;
    ensure(scene.store.profile(subject(1)).await?.is_some(), "the profile is missing")?;
    ensure(scene.store.password(subject(1)).await?.is_some(), "the password is missing")?;
    ensure(scene.store.event(second.into()).await?.is_some(), "the event is missing")
}

pub(super) async fn random_batches_are_answered_as_the_reference_answers<H: Harness>(harness: &H) -> Outcome {
    // The check enters the harness's runtime itself, once a history: on a thread that is not in it already.
    let ran = std::thread::scope(|scope| scope.spawn(|| check_fixed(harness)).join());
    ran.unwrap_or_else(|_| Err(Finding::new("the check panicked")))
}
