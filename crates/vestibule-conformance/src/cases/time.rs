//! Instants: kept to the microsecond, judged by nobody but core, and never the database's own.

use core::time::Duration;

use vestibule_core::{Batch, Clock, ServerClock, SystemClock, Timestamp};
use vestibule_credentials::{CredentialsRead, CredentialsWrite, Lane, Password};
use vestibule_journal::{Event, JournalRead};
use vestibule_profiles::{
    Account, Block, Membership, Profile, ProfileIdentifier, ProfilesRead, ProfilesWrite, Standing, Status,
};
use vestibule_sessions::decide::check;
use vestibule_sessions::{Amr, Device, Evidence, Session, SessionsRead, SessionsWrite, Standing as Relied};
use vestibule_throttle::{Taken, Windows};

use super::sessions::found;
use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{
    NOW, account, create_profile, device, email, event, ids, membership, password, profile, put_device,
    put_session, record, session, standing, subject, take, window,
};
use crate::harness::Harness;
use crate::scene::Scene;

/// The smallest step of an instant.
const TICK: Duration = Duration::from_micros(1);

/// Instants at which calendars and clocks go wrong, none of them at the start of a second.
const INSTANTS: [i64; 6] = [
    1_709_251_199_999_999,   // the end of 29 February 2024
    1_711_848_600_000_001,   // in the hour that Berlin left out in March 2024
    1_729_989_000_123_456,   // in the hour that Berlin had twice in October 2024
    1_483_228_799_500_000,   // in the second before the leap second of 2016
    -1,                      // just before the epoch
    253_402_300_800_000_001, // in the year 10000
];

pub(super) async fn time_roundtrip_utc<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "time_roundtrip_utc").await?;
    for (number, micros) in (1..).zip(INSTANTS) {
        let (at, later) = (Timestamp::from_unix_micros(micros), Timestamp::from_unix_micros(micros + 1));
        let person = subject(number);
        let company = vestibule_core::AccountId::from(number);
        let profile = Profile { created_at: at, ..profile(number) };
        let account = Account { account: company, created_at: at, ..account("x")? };
        let membership = Membership {
            standing: Standing { since: later, ..standing(Status::Active)? },
            joined_at: at,
            wrong_secret_at: Some(at),
            ..membership(company, person)?
        };
        let own = ProfileIdentifier {
            verified_at: Some(later),
            added_at: at,
            ..email(number, &format!("ada{number}@example.com"))?
        };
        let block = Some(Block { since: at, until: Some(later) });
        scene
            .land(vec![
                ProfilesWrite::CreateProfile { profile: profile.clone() },
                ProfilesWrite::CreateAccount { account: account.clone() },
                ProfilesWrite::AddMembership { membership: membership.clone() },
                take(own.clone()),
            ])
            .await?;
        scene.land(vec![ProfilesWrite::SetBlock { subject: person, from: 1, block }]).await?;
        let row = Password { set_at: at, ..password(number, "hash", 1, 1) };
        scene.land(vec![CredentialsWrite::PutPassword { password: row, from: None }]).await?;
        let lane = Lane::Everybody;
        let taken = CredentialsWrite::TakeTry { subject: person, lane, from: 0, at, stops_at: 1 };
        scene.land(vec![taken]).await?;
        let session = Session {
            evidence: vec![Evidence { amr: Amr::Password, at }],
            created_at: at,
            last_used_at: later,
            ends_at: later,
            idle: TICK,
            ..session(number, 256 * number)
        };
        scene.land(vec![put_session(session.clone(), None)]).await?;
        let device = Device { ends_at: later, ..device(number, 256 * number) };
        scene.land(vec![put_device(device.clone(), None)]).await?;
        let id = scene.batch_id();
        let event = Event { at, ..event(id, None)? };
        scene.land(vec![record(event.clone())]).await?;

        let store = scene.reopen().await?;
        same("a profile", &store.profile(person).await?, &Some(Profile { block, epoch: 2, ..profile }))?;
        same("an account", &store.account(company).await?, &Some(account))?;
        same("a membership", &store.membership(company, person).await?, &Some(membership))?;
        same("an identifier", &store.identifiers(person).await?, &vec![own])?;
        same("a password", &store.password(person).await?.map(|row| row.set_at), &Some(at))?;
        let stopped = store.tries(person, lane).await?.and_then(|row| row.stopped_at);
        same("a stop", &stopped, &Some(at))?;
        let times = |row: Session| (row.evidence, row.created_at, row.last_used_at, row.ends_at, row.idle);
        let row = found::<H>(&store, 256 * number).await?.map(times);
        same("a session", &row, &Some(times(session)))?;
        let row = store.device(ids(256 * number).digest).await?.map(|row| row.ends_at);
        same("a device", &row, &Some(device.ends_at))?;
        same("an event", &store.event(id.into()).await?, &Some(event))?;
    }
    Ok(())
}

/// At the instant itself it is over: core says so, of what the store gave it back to the microsecond.
pub(super) async fn boundary_expiry_is_exclusive<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "boundary_expiry_is_exclusive").await?;
    let end = Timestamp::from_unix_micros(1_700_003_333_333_333);
    let instants = [end.minus(TICK), end, end.plus(TICK)];
    scene.land(vec![create_profile(1)]).await?;
    scene.land(vec![put_session(Session { ends_at: end, ..session(1, 3) }, None)]).await?;
    scene.land(vec![put_device(Device { ends_at: end, ..device(1, 3) }, None)]).await?;
    let block = Some(Block { since: NOW, until: Some(end) });
    scene.land(vec![ProfilesWrite::SetBlock { subject: subject(1), from: 1, block }]).await?;
    let store = scene.reopen().await?;
    let relied = Relied::new(1).with_password_generation(1);
    let Some(session) = found::<H>(&store, 3).await? else { return Err(Finding::new("no session")) };
    let good = instants.map(|now| check(session.clone(), &relied, now).is_ok());
    same("when a session is good: before, at, after its end", &good, &[true, false, false])?;
    let device = store.device(ids(3).digest).await?.ok_or_else(|| Finding::new("no device"))?;
    let known = instants.map(|now| device.is_live(1, now));
    same("when a device is known: before, at, after its end", &known, &[true, false, false])?;
    let profile = store.profile(subject(1)).await?.ok_or_else(|| Finding::new("no profile"))?;
    let blocked = instants.map(|now| profile.blocked_at(now).is_some());
    same("when a block holds: before, at, after its end", &blocked, &[true, false, false])
}

/// Everything happens ten years off, in both directions, as it does today.
pub(super) async fn now_comes_from_argument_not_database<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "now_comes_from_argument_not_database").await?;
    let years = Duration::from_secs(10 * 365 * 24 * 60 * 60);
    for (number, now) in (1..).zip([NOW.minus(years), NOW.plus(years), NOW.plus(years * 10)]) {
        let person = subject(number);
        let batch = |writes| Ok::<_, Finding>(Batch::new(scene.batch_id(), now, writes)?);
        let lane = Lane::Everybody;
        for from in 0..3 {
            let write = CredentialsWrite::TakeTry { subject: person, lane, from, at: now, stops_at: 3 };
            let landed = vestibule_core::Commit::commit(&scene.store, &batch(vec![write])?).await?;
            same("a try", &landed, &vestibule_core::Landed::Applied)?;
        }
        let stopped = scene.store.tries(person, lane).await?.and_then(|row| row.stopped_at);
        same("when the tries stopped", &stopped, &Some(now))?;

        let name = 256 * number + 3;
        let (slot, ends_at) = (session(number, name).slot, now.plus(Duration::from_secs(3600)));
        let own = Session { created_at: now, last_used_at: now, ends_at, ..session(number, name) };
        scene.land(vec![put_session(own.clone(), None)]).await?;
        let used = now.plus(Duration::from_secs(60));
        let handle = own.handle;
        scene.land(vec![SessionsWrite::TouchSession { subject: person, slot, handle, at: used }]).await?;
        let row = found::<H>(&scene.store, name).await?.map(|row| (row.last_used_at, row.ends_at));
        same("a session of then", &row, &Some((used, ends_at)))?;

        // A window is one by its key, wherever it lies.
        let minute = now.since(NOW).as_secs() / 60;
        let sign = if now < NOW { -1 } else { 1 };
        let back = NOW.since(now).as_secs() / 60;
        let minute = sign * i64::try_from(minute.max(back))?;
        let own = window(u8::try_from(number)?, minute, 1, 100);
        let debits = [scene.store.take(vec![own.clone()]).await?, scene.store.take(vec![own]).await?];
        let fits = debits.map(|taken| matches!(taken, Taken::All(_)));
        same("which debits fit a window of one", &fits, &[true, false])?;
    }
    Ok(())
}

/// What the facade allows clocks to differ by.
const TOLERANCE: Duration = Duration::from_secs(60);

pub(super) async fn offset_is_reported<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "offset_is_reported").await?;
    let other = scene.reopen().await?;
    let mut last = None;
    for store in [&scene.store, &other, &scene.store] {
        let before = SystemClock.now();
        let told = store.server_time().await?;
        let after = SystemClock.now();
        // Whether there is a server is a matter of the kind of store, and is not left to its answer.
        same("whether the store has a server's clock", &told.is_some(), &harness.has_server_clock())?;
        let Some(told) = told else { continue };
        let off = before.since(told).max(told.since(after));
        ensure(off <= TOLERANCE, &format!("the server's time is {} s off", off.as_secs()))?;
        ensure(last <= Some(told), "the server's time goes backwards")?;
        last = Some(told);
    }
    Ok(())
}
