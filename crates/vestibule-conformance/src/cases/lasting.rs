//! What lasts: over reopening, over housekeeping, over many rows; and what is refused on opening.

use core::time::Duration;

use vestibule_checkword::{Problem, State};
use vestibule_core::{AccountId, Batch, Commit, Landed, Realm, StoreError, StoreErrorKind};
use vestibule_credentials::{CredentialsRead, Lane};
use vestibule_journal::JournalRead;
use vestibule_mfa::MfaRead;
use vestibule_profiles::{Membership, ProfilesRead, ProfilesWrite};
use vestibule_sessions::{Session, SessionsRead};
use vestibule_throttle::{Taken, Windows};

use super::checkwords::{newest, told};
use super::factors::reached;
use super::sessions::found;
use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{
    COURSE, NOW, account_id, add_membership, address_key, advance, bind, bury, confirmed, create_account,
    create_profile, device, email, event, first_code, ids, pending, profile, put_checkword, put_device,
    put_password, put_session, record, session, set_course, subject, take, take_factor_try, take_try, window,
};
use crate::harness::Harness;
use crate::scene::{Scene, of_harness};

pub(super) async fn survives_reopen<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "survives_reopen").await?;
    let own = email(1, "ada@example.com")?;
    let batch = scene.batch(vec![create_profile(1), take(own.clone()), create_account("acme")?])?;
    same("a batch", &scene.store.commit(&batch).await?, &Landed::Applied)?;
    scene.land(vec![put_password(1, "hash", None, 1)]).await?;
    scene.land(vec![take_try(1, 0, 100)]).await?;
    scene.land(vec![put_session(session(1, 3), None), put_device(device(1, 3), None)]).await?;
    scene.land(vec![put_checkword(1, 2, None), bury(1, 1, State::Superseded { at: NOW })]).await?;
    scene.land(vec![bind(confirmed(1, 0, 10)?), first_code(1, 9)?, take_factor_try(1, 0, 100)]).await?;
    scene.land(vec![advance(1, 0, 11), set_course(1, 0, Some(COURSE))]).await?;
    let id = scene.batch_id();
    scene.land(vec![record(event(id, Some([9; 5]))?)]).await?;
    let full = window(1, 0, 1, 100);
    ensure(matches!(scene.store.take(vec![full.clone()]).await?, Taken::All(_)), "an empty window is full")?;

    // Every handle goes: what was only in one of them goes with it.
    let guard = scene.close();
    let store = harness.reopen(&guard, &Realm::default()).await.map_err(of_harness)?;
    same("the profile", &store.profile(subject(1)).await?, &Some(profile(1)))?;
    let owner = store.identifier_owner(own.identifier.kind(), own.identifier.key()).await?;
    same("the owner of the address", &owner, &Some(own))?;
    ensure(store.account(account_id("acme")?).await?.is_some(), "the account is gone")?;
    ensure(store.password(subject(1)).await?.is_some(), "the password is gone")?;
    let taken = store.tries(subject(1), Lane::Everybody).await?.map(|row| row.taken);
    same("the tries", &taken, &Some(1))?;
    ensure(found::<H>(&store, 3).await?.is_some(), "the session is gone")?;
    ensure(store.device(ids(3).digest).await?.is_some(), "the device is gone")?;
    same("the newest link", &told(&store, 1, 2, NOW).await?, &None)?;
    same("the one before", &told(&store, 1, 1, NOW).await?, &Some(Problem::Superseded { at: NOW }))?;
    same("the step of a second factor", &reached(&store, 1).await?, &Some((Some(11), 3)))?;
    let codes = store.codes(subject(1)).await?.len();
    let taken = store.mfa_tries(subject(1)).await?.map(|row| row.taken);
    same("its codes and its tries", &(codes, taken), &(1, Some(1)))?;
    let waits = store.factor_reset(subject(1)).await?.and_then(|row| row.course);
    same("what waits for a lost factor", &waits, &Some(COURSE))?;
    ensure(store.event(id.into()).await?.is_some(), "the event is gone")?;
    same("a window that was full", &store.take(vec![full]).await?, &Taken::Full { position: 0 })?;
    same("the batch again", &store.commit(&batch).await?, &Landed::AlreadyApplied)
}

pub(super) async fn unknown_schema_version_refused<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "unknown_schema_version_refused").await?;
    scene.land(vec![create_profile(1)]).await?;
    let guard = scene.close();
    drop(harness.reopen(&guard, &Realm::default()).await.map_err(of_harness)?);
    harness.make_newer(&guard).await.map_err(of_harness)?;
    match harness.reopen(&guard, &Realm::default()).await {
        Ok(_) => Err(Finding::new("tables of a newer version are opened")),
        Err(error) => {
            let store_error = error.downcast_ref::<StoreError>();
            same("the fault", &store_error.map(StoreError::kind), &Some(StoreErrorKind::Schema))
        }
    }
}

/// How many rows a list has that no page holds.
const MANY: u64 = 1_200;

pub(super) async fn many_rows<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "many_rows").await?;
    let acme = account_id("acme")?;
    let all: Vec<u64> = (0..MANY).collect();
    for numbers in all.chunks(8) {
        let writes = numbers.iter().flat_map(|number| {
            let company = if number % 2 == 0 { Ok(acme) } else { account_id("globex") };
            let company = company.and_then(|company| add_membership(company, subject(*number)));
            [company, add_membership(AccountId::from(*number), subject(1))]
        });
        let writes = writes.collect::<Result<Vec<_>, _>>()?;
        // What is not of this list stands between its rows.
        scene.land(writes).await?;
    }
    let (mut members, mut after): (Vec<Membership>, _) = (Vec::new(), None);
    loop {
        let page = scene.store.members_of(acme, after, 100).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.subject);
        ensure(page.len() == 100 || members.len() + page.len() == 600, "a page is short before the end")?;
        members.extend(page);
        ensure(members.len() <= 600, "the pages of a list do not end")?;
    }
    let found: Vec<_> = members.iter().map(|row| row.subject).collect();
    let expected: Vec<_> = (0..MANY).step_by(2).map(subject).collect();
    ensure(found == expected, "of many members some are missing, twice there, or out of order")?;
    let accounts = scene.store.memberships_of(subject(1), None, 1000).await?;
    // Those by number, and globex, of which 1 is a member too.
    same("the longest page", &accounts.len(), &1000)
}

pub(super) async fn empty_filter_never_means_all<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "empty_filter_never_means_all").await?;
    let (acme, ada) = (account_id("acme")?, subject(1));
    scene.land(vec![create_profile(1), create_account("acme")?, add_membership(acme, ada)?]).await?;
    scene.land(vec![take(email(1, "ada@example.com")?)]).await?;
    scene.land(vec![put_session(session(1, 3), None), put_device(device(1, 3), None)]).await?;
    let id = scene.batch_id();
    scene.land(vec![record(event(id, Some([9; 5]))?)]).await?;
    let store = &scene.store;
    // A page of nothing is empty.
    same("members", &store.members_of(acme, None, 0).await?, &Vec::new())?;
    same("memberships", &store.memberships_of(ada, None, 0).await?, &Vec::new())?;
    same("events of an account", &store.events_of_account(acme, None, 0).await?, &Vec::new())?;
    same("events of a person", &store.events_of_subject(ada, None, 0).await?, &Vec::new())?;
    same("messages", &store.messages(None, 0).await?, &Vec::new())?;
    // So is what belongs to nobody, however little the question says.
    for bytes in [&b"\0"[..], b" ", b"0"] {
        let (nobody, nowhere) =
            (vestibule_core::SubjectId::from_bytes(bytes)?, AccountId::from_bytes(bytes)?);
        same("members of nothing", &store.members_of(nowhere, None, 99).await?, &Vec::new())?;
        same("memberships of nobody", &store.memberships_of(nobody, None, 99).await?, &Vec::new())?;
        same("identifiers of nobody", &store.identifiers(nobody).await?, &Vec::new())?;
        same("sessions of nobody", &store.sessions(nobody).await?, &Vec::new())?;
        same("devices of nobody", &store.devices(nobody).await?, &Vec::new())?;
        same("events of nobody", &store.events_of_subject(nobody, None, 99).await?, &Vec::new())?;
    }
    same("whose an empty key is", &store.contact_owner(acme, address_key(0)).await?, &None)?;
    // Debits of no window are made at once, and giving none back gives nothing back.
    same("no debits", &store.take(Vec::new()).await?, &Taken::All(Vec::new()))?;
    let full = window(1, 0, 1, 100);
    ensure(matches!(store.take(vec![full.clone()]).await?, Taken::All(_)), "an empty window is full")?;
    store.give_back(Vec::new()).await?;
    same("a window that was full", &store.take(vec![full]).await?, &Taken::Full { position: 0 })
}

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Far past every grace.
const LATER: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

pub(super) async fn purge_keeps_tombstones_until_grace<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "purge_keeps_tombstones_until_grace").await?;
    let maintain = async |now| harness.maintain(&scene.guard, &scene.store, now).await.map_err(of_harness);
    let created_at = NOW.minus(HOUR);
    let old = Session { created_at, last_used_at: created_at, ends_at: NOW, ..session(1, 3) };
    scene.land(vec![put_session(old, None)]).await?;
    let batch = Batch::new(scene.batch_id(), NOW, vec![create_profile(1), create_account("acme")?])?;
    same("a batch", &scene.store.commit(&batch).await?, &Landed::Applied)?;
    maintain(NOW.plus(DAY).minus(HOUR)).await?;
    same("the batch, within a day", &scene.store.commit(&batch).await?, &Landed::AlreadyApplied)?;
    maintain(NOW.plus(DAY * 29)).await?;
    let row = found::<H>(&scene.store, 3).await?;
    ensure(
        row.is_some(),
        "within a month of its end a session is gone: nobody can be told why it opens nothing",
    )?;
    // Its slot is used again, so that a store need not remove it; what remembers batches has no slots.
    maintain(NOW.plus(LATER)).await?;
    let again = scene.store.commit(&batch).await?;
    ensure(matches!(again, Landed::Refused { .. }), "a batch is remembered for ever, and so is every other")
}

pub(super) async fn purge_does_not_touch_live<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "purge_does_not_touch_live").await?;
    scene.land(vec![create_profile(1), take(email(1, "ada@example.com")?), create_account("acme")?]).await?;
    scene.land(vec![add_membership(account_id("acme")?, subject(1))?]).await?;
    scene.land(vec![put_password(1, "hash", None, 1), take_try(1, 0, 100)]).await?;
    scene.land(vec![put_session(session(1, 3), None), put_device(device(1, 3), None)]).await?;
    scene.land(vec![put_checkword(1, 1, None)]).await?;
    scene.land(vec![bind(confirmed(1, 0, 10)?), bind(pending(1, 1)?)]).await?;
    scene.land(vec![first_code(1, 9)?, take_factor_try(1, 0, 1), set_course(1, 0, Some(COURSE))]).await?;
    let id = scene.batch_id();
    scene.land(vec![record(event(id, Some([9; 5]))?)]).await?;
    // One that is live, and one that a server whose clock is behind still takes for live.
    let windows = [window(1, 0, 1, 100), window(2, -31, 1, 100)];
    for full in &windows {
        let taken = scene.store.take(vec![full.clone()]).await?;
        ensure(matches!(taken, Taken::All(_)), "an empty window is full")?;
    }
    let rows = async || -> Result<_, Finding> {
        let store = &scene.store;
        Ok((
            (store.profile(subject(1)).await?, store.identifiers(subject(1)).await?),
            store.membership(account_id("acme")?, subject(1)).await?,
            store.password(subject(1)).await?.map(|row| (row.hash, row.version)),
            store.tries(subject(1), Lane::Everybody).await?,
            (store.sessions(subject(1)).await?, store.devices(subject(1)).await?),
            (store.authenticators(subject(1)).await?, store.codes(subject(1)).await?),
            (store.mfa_tries(subject(1)).await?, store.factor_reset(subject(1)).await?),
            (newest(store, 1).await?, store.event(id.into()).await?),
        ))
    };
    let before = rows().await?;
    let soon = NOW.plus(Duration::from_secs(30));
    for _ in 0..2 {
        harness.maintain(&scene.guard, &scene.store, soon).await.map_err(of_harness)?;
    }
    same("the rows after housekeeping", &rows().await?, &before)?;
    for full in &windows {
        let taken = scene.store.take(vec![full.clone()]).await?;
        same("a window that was full", &taken, &Taken::Full { position: 0 })?;
    }
    harness.maintain(&scene.guard, &scene.store, NOW.plus(LATER)).await.map_err(of_harness)?;
    for full in windows {
        let taken = scene.store.take(vec![full]).await?;
        ensure(
            matches!(taken, Taken::All(_)),
            "a counter outlives its window for ever, and so does every other",
        )?;
    }
    let bump = ProfilesWrite::BumpEpoch { subject: subject(1), from: 1 };
    scene.land(vec![bump]).await
}
