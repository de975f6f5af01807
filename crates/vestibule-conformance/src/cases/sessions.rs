//! Sessions and known devices.

use core::time::Duration;

use vestibule_core::{Entropy, EntropyError, Landed, SecretDigest};
use vestibule_profiles::ProfilesRead;
use vestibule_sessions::decide::{check, end, require, stamp};
use vestibule_sessions::{
    AdmissionStamp, Amr, Device, Evidence, MAX_ADMISSIONS, Problem, Session, SessionToken, SessionsGuard,
    SessionsRead, SessionsWrite, Standing,
};

use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{NOW, create_profile, device, ids, put_device, put_session, ring, session, subject};
use crate::harness::Harness;
use crate::joined::{JoinedGuard, JoinedWrite};
use crate::scene::Scene;

/// Whose session has the token of this name.
pub(super) async fn found<H: Harness>(store: &H::Store, name: u64) -> Result<Option<Session>, Finding> {
    Ok(store.session(ids(name).digest).await?)
}

pub(super) async fn sessions_and_devices_come_back_unchanged<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "sessions_and_devices_come_back_unchanged").await?;
    let at = |micros| vestibule_core::Timestamp::from_unix_micros(micros);
    let admissions = (0..u64::try_from(MAX_ADMISSIONS)?).map(|number| AdmissionStamp {
        account: number.into(),
        membership_epoch: number,
        policy_version: 1,
        membership_version: 1 << number,
    });
    let full = Session {
        evidence: vec![
            Evidence { amr: Amr::Password, at: at(-1) },
            Evidence { amr: Amr::Otp, at: at(i64::MAX) },
            Evidence { amr: Amr::Remembered, at: at(1_700_000_000_123_457) },
        ],
        created_at: at(i64::MIN),
        idle: Duration::from_micros(1),
        ends_at: at(i64::MAX),
        admissions: admissions.collect(),
        label: "Firefox % _ '; -- \u{1f98a}".to_owned(),
        ..session(1, 15)
    };
    let bare = Session { password_generation: None, label: String::new(), ..session(1, 2) };
    let remembered_since = Some(at(1_699_999_999_999_999));
    let ends_at = at(1_700_000_000_123_457);
    let other = Device { label: "e\u{301}".to_owned(), ends_at, remembered_since, ..device(1, 9) };
    // Not in the order of their slots.
    let batch = scene.batch(vec![put_session(full.clone(), None), put_session(bare.clone(), None)])?;
    same("the sessions", &vestibule_core::Commit::commit(&scene.store, &batch).await?, &Landed::Applied)?;
    let devices = scene.batch(vec![put_device(other.clone(), None), put_device(device(1, 4), None)])?;
    same("the devices", &vestibule_core::Commit::commit(&scene.store, &devices).await?, &Landed::Applied)?;
    scene.land(vec![put_session(session(2, 5), None), put_device(device(2, 5), None)]).await?;

    let store = scene.reopen().await?;
    let [full, bare] = [full, bare].map(|row| Session { set_by: batch.id(), ..row });
    let [other, plain] = [other, device(1, 4)].map(|row| Device { set_by: devices.id(), ..row });
    same("a session by its token", &found::<H>(&store, 15).await?, &Some(full.clone()))?;
    same("a device by its token", &store.device(ids(9).digest).await?, &Some(other.clone()))?;
    same("a person's sessions", &store.sessions(subject(1)).await?, &vec![bare, full])?;
    same("a person's devices", &store.devices(subject(1)).await?, &vec![plain, other])?;
    // A device's token opens no session, and a session's token is no device.
    same("a session by a device's token", &found::<H>(&store, 9).await?, &None)?;
    same("a device by a session's token", &store.device(ids(15).digest).await?, &None)
}

/// Twenty bytes to look for: as random as a token needs.
pub(super) const PLANTED: &[u8; 20] = b"a planted secret, 20";

pub(super) struct Planted;

impl Entropy for Planted {
    fn try_fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        out.iter_mut().zip(PLANTED.iter().cycle()).for_each(|(out, byte)| *out = *byte);
        Ok(())
    }
}

/// How many of the needles rest there.
pub(super) fn resting(rows: &[Vec<u8>], needles: &[&[u8]]) -> usize {
    let rests =
        |needle: &&&[u8]| rows.iter().any(|row| row.windows(needle.len()).any(|part| part == **needle));
    needles.iter().filter(rests).count()
}

pub(super) async fn session_digest_only_at_rest<H: Harness>(harness: &H) -> Outcome {
    let token = SessionToken::make(&Planted, &ring()?)?;
    let text = token.render();
    // EXPOSE: searched for.
    let text = text.expose();
    let random = text.split('_').nth(3).unwrap_or_default();
    let needles: [&[u8]; 3] = [text.as_bytes(), random.as_bytes(), PLANTED];

    // What rests in the sessions' own rows is found: a search that finds nothing proves nothing.
    let control = Scene::open(harness, "session_digest_only_at_rest").await?;
    let label = format!("{text} {}", core::str::from_utf8(PLANTED)?);
    control.land(vec![put_session(Session { label, ..session(1, 1) }, None)]).await?;
    same("texts found that rest in a label", &resting(&control.raw().await?, &needles), &3)?;

    let scene = Scene::open(harness, "session_digest_only_at_rest").await?;
    let digest = token.digest(&ring()?)?;
    scene.land(vec![put_session(Session { digest, ..session(1, 1) }, None)]).await?;
    same("texts of a token that rest", &resting(&scene.at_rest().await?, &needles), &0)?;

    // The digest is the whole of the key: of others, however like it, nothing is found.
    let store = scene.reopen().await?;
    ensure(store.session(digest).await?.is_some(), "the session is not found by its token's digest")?;
    for place in 0..digest.as_bytes().len() {
        let mut other = *digest.as_bytes();
        if let Some(byte) = other.get_mut(place) {
            *byte ^= 1;
        }
        let other = store.session(SecretDigest::from_bytes(other)).await?;
        ensure(other.is_none(), "a session is found by a digest that is not its own")?;
    }
    Ok(())
}

pub(super) async fn a_replaced_token_is_found_no_more<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "a_replaced_token_is_found_no_more").await?;
    let own = |name| Session { slot: 1, ..session(1, name) };
    scene.land(vec![put_session(own(17), None)]).await?;
    scene.refuse("a slot that is taken", vec![put_session(own(18), None)], SessionsGuard::Slot).await?;
    scene.refuse("another's slot", vec![put_session(own(18), Some(99))], SessionsGuard::Slot).await?;
    scene.land(vec![put_session(own(18), Some(17))]).await?;
    same("the session replaced", &found::<H>(&scene.store, 17).await?, &None)?;
    let now = found::<H>(&scene.store, 18).await?.map(|session| session.handle);
    same("the session in its place", &now, &Some(ids(18).handle))?;
    scene.refuse("the same again", vec![put_session(own(19), Some(17))], SessionsGuard::Slot).await?;
    same("a session that was refused", &found::<H>(&scene.store, 19).await?, &None)?;
    scene.land(vec![end(&own(18))]).await?;
    same("the session ended", &found::<H>(&scene.store, 18).await?, &None)?;
    scene.refuse("nothing to replace", vec![put_session(own(19), Some(18))], SessionsGuard::Slot).await?;
    // The first handle and token come back only by being put there again.
    scene.land(vec![put_session(own(19), None)]).await?;
    for gone in [17, 18] {
        same("a session of the past", &found::<H>(&scene.store, gone).await?, &None)?;
    }
    same("the sessions", &scene.store.sessions(subject(1)).await?.len(), &1)
}

pub(super) async fn a_replaced_device_is_found_no_more<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "a_replaced_device_is_found_no_more").await?;
    let own = |name| Device { slot: 1, ..device(1, name) };
    let known = async |name| -> Result<_, Finding> {
        Ok(scene.store.device(ids(name).digest).await?.map(|device| device.handle))
    };
    scene.land(vec![put_device(own(17), None)]).await?;
    scene.refuse("a slot that is taken", vec![put_device(own(18), None)], SessionsGuard::DeviceSlot).await?;
    scene.refuse("another's slot", vec![put_device(own(18), Some(99))], SessionsGuard::DeviceSlot).await?;
    scene.land(vec![put_device(own(18), Some(17))]).await?;
    same("the device replaced", &known(17).await?, &None)?;
    same("the device in its place", &known(18).await?, &Some(ids(18).handle))?;
    scene.refuse("the same again", vec![put_device(own(19), Some(17))], SessionsGuard::DeviceSlot).await?;
    same("a device that was refused", &known(19).await?, &None)?;
    let listed: Vec<_> = scene.store.devices(subject(1)).await?.iter().map(|device| device.handle).collect();
    same("the devices", &listed, &vec![ids(18).handle])?;
    // A session in a slot of the same number is another row.
    scene.land(vec![put_session(Session { slot: 1, ..session(1, 33) }, None)]).await?;
    same("the device beside a session", &known(18).await?, &Some(ids(18).handle))
}

pub(super) async fn ended_session_cannot_be_required<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "ended_session_cannot_be_required").await?;
    let acting = session(1, 3);
    let by = |number| -> Vec<JoinedWrite> { vec![require(&acting).into(), create_profile(number).into()] };
    let live = JoinedGuard::Sessions(SessionsGuard::SessionLive);
    scene.refuse("a session that never was", by(1), live).await?;
    scene.land(vec![put_session(acting.clone(), None)]).await?;
    scene.land(by(1)).await?;
    let before = scene.store.sessions(subject(1)).await?;
    scene.refuse("somebody else's", vec![require(&session(2, 3))], SessionsGuard::SessionLive).await?;
    scene.refuse("another handle", vec![require(&session(1, 19))], SessionsGuard::SessionLive).await?;
    same("a session that was only relied on", &scene.store.sessions(subject(1)).await?, &before)?;
    scene.refuse("ending by another handle", vec![end(&session(1, 19))], SessionsGuard::SessionLive).await?;
    scene.land(vec![end(&acting)]).await?;
    scene.refuse("a session that was ended", by(2), live).await?;
    ensure(scene.store.profile(subject(2)).await?.is_none(), "a batch landed whose session was ended")?;
    scene.refuse("ending it twice", vec![end(&acting)], SessionsGuard::SessionLive).await
}

pub(super) async fn stamp_by_stale_version_is_refused<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "stamp_by_stale_version_is_refused").await?;
    let admitted = |number: u64, epoch| AdmissionStamp {
        account: number.into(),
        membership_epoch: epoch,
        policy_version: 1,
        membership_version: 1,
    };
    let noted = |session: &Session, admission| -> Result<Vec<SessionsWrite>, Finding> {
        let write = stamp(session, admission).ok_or_else(|| Finding::new("there is nothing to note"))?;
        Ok(vec![write])
    };
    scene.land(vec![put_session(session(1, 3), None)]).await?;
    let Some(read) = found::<H>(&scene.store, 3).await? else { return Err(Finding::new("no session")) };
    let batch = scene.batch(noted(&read, admitted(1, 1))?)?;
    let store = &scene.store;
    same("a stamp", &vestibule_core::Commit::commit(store, &batch).await?, &Landed::Applied)?;
    same("the stamp again", &vestibule_core::Commit::commit(store, &batch).await?, &Landed::AlreadyApplied)?;
    let late = noted(&read, admitted(2, 1))?;
    scene.refuse("a stamp on what was read before", late, SessionsGuard::SessionVersion).await?;
    let row = found::<H>(store, 3).await?;
    let row = row.map(|row| (row.admissions, row.version, row.set_by));
    same("what is noted", &row, &Some((vec![admitted(1, 1)], read.version + 1, batch.id())))?;
    let Some(read) = found::<H>(store, 3).await? else { return Err(Finding::new("no session")) };
    let stranger = Session { handle: ids(19).handle, ..read.clone() };
    let stranger = noted(&stranger, admitted(2, 1))?;
    scene.refuse("a stamp on another session", stranger, SessionsGuard::SessionVersion).await?;
    scene.land(noted(&read, admitted(2, 1))?).await?;
    let row = found::<H>(store, 3).await?.map(|row| (row.admissions, row.version));
    same("what is noted then", &row, &Some((vec![admitted(1, 1), admitted(2, 1)], read.version + 1)))?;
    scene.land(vec![end(&session(1, 3))]).await?;
    let gone = Session { version: read.version + 1, ..read };
    let gone = noted(&gone, admitted(3, 1))?;
    scene.refuse("a stamp on a session that was ended", gone, SessionsGuard::SessionVersion).await
}

pub(super) async fn touch_never_goes_back_and_never_revives<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "touch_never_goes_back_and_never_revives").await?;
    let own = session(1, 3);
    let at = |minute: u64| NOW.plus(Duration::from_secs(60 * minute));
    let touch = |minute, name| {
        let (subject, slot, handle) = (subject(1), own.slot, ids(name).handle);
        vec![SessionsWrite::TouchSession { subject, slot, handle, at: at(minute) }]
    };
    let used = async || -> Result<_, Finding> {
        let row = found::<H>(&scene.store, 3).await?;
        Ok(row.map(|row| (row.last_used_at, row.version)))
    };
    // It never refuses, also where there is no session.
    scene.land(touch(1, 3)).await?;
    same("a session that never was", &used().await?, &None)?;
    scene.land(vec![put_session(own.clone(), None)]).await?;
    let Some((_, version)) = used().await? else { return Err(Finding::new("no session")) };
    for minute in [5, 2] {
        scene.land(touch(minute, 3)).await?;
        same("the last use", &used().await?, &Some((at(5), version)))?;
    }
    scene.land(touch(9, 19)).await?;
    same("the last use, of another session", &used().await?, &Some((at(5), version)))?;
    scene.land(vec![end(&own)]).await?;
    scene.land(touch(9, 3)).await?;
    same("a session that was ended", &used().await?, &None)?;
    same("the sessions", &scene.store.sessions(subject(1)).await?, &Vec::new())
}

/// A session in use lasts as long as it is used, and no longer than it may at most.
pub(super) async fn idle_and_absolute_limits<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "idle_and_absolute_limits").await?;
    let (tick, hour) = (Duration::from_micros(1), Duration::from_secs(3600));
    let ends_at = NOW.plus(hour * 5);
    let own = Session { idle: hour, ends_at, ..session(1, 3) };
    scene.land(vec![put_session(own.clone(), None)]).await?;
    let relied = Standing::new(1).with_password_generation(1);
    let other = scene.reopen().await?;
    let state = async |now| -> Result<_, Finding> {
        let row = found::<H>(&other, 3).await?.ok_or_else(|| Finding::new("the session is gone"))?;
        Ok(check(row, &relied, now).err())
    };
    let idle = |at| Some(Problem::Idle { ended_at: at });
    same("just before it was idle too long", &state(NOW.plus(hour).minus(tick)).await?, &None)?;
    same("idle too long", &state(NOW.plus(hour)).await?, &idle(NOW.plus(hour)))?;
    let mut used = NOW;
    while used.plus(hour) < ends_at {
        used = used.plus(hour).minus(tick);
        let (slot, handle) = (own.slot, own.handle);
        let touch = SessionsWrite::TouchSession { subject: subject(1), slot, handle, at: used };
        scene.land(vec![touch]).await?;
        same("right after a use", &state(used).await?, &None)?;
    }
    same("in use, just before its end", &state(ends_at.minus(tick)).await?, &None)?;
    same("in use, at its end", &state(ends_at).await?, &Some(Problem::Expired { ended_at: ends_at }))
}

pub(super) async fn a_session_that_is_over_gives_way<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "a_session_that_is_over_gives_way").await?;
    let begun = NOW.plus(Duration::from_secs(3600));
    let own = |name| Session { slot: 1, created_at: begun, last_used_at: begun, ..session(1, name) };
    let tick = Duration::from_micros(1);
    let live =
        Session { slot: 1, idle: begun.since(NOW) + tick, ends_at: begun.plus(tick), ..session(1, 17) };
    scene.land(vec![put_session(live.clone(), None)]).await?;
    scene
        .refuse("the place of one that lives", vec![put_session(own(18), None)], SessionsGuard::Slot)
        .await?;
    same(
        "the one that lives",
        &found::<H>(&scene.store, 17).await?.map(|row| row.handle),
        &Some(live.handle),
    )?;
    let stale = vec![put_session(Session { profile_epoch: 0, ..own(18) }, None)];
    scene.refuse("for somebody of an older epoch", stale, SessionsGuard::Slot).await?;
    scene.land(vec![end(&live)]).await?;

    let over = [
        Session { profile_epoch: 0, ..live.clone() },
        Session { ends_at: begun, ..live.clone() },
        Session { idle: begun.since(NOW), ..live.clone() },
    ];
    for (name, over) in (20..).zip(over) {
        scene.land(vec![put_session(over, None)]).await?;
        scene.land(vec![put_session(own(name), None)]).await?;
        same("the session that was over", &found::<H>(&scene.store, 17).await?, &None)?;
        let now = found::<H>(&scene.store, name).await?.map(|row| (row.handle, row.ends_at));
        same("the session in its place", &now, &Some((ids(name).handle, own(name).ends_at)))?;
        scene.land(vec![end(&own(name))]).await?;
    }
    same("the sessions", &scene.store.sessions(subject(1)).await?.len(), &0)
}

/// What a device stands in for is what was put last, and nothing that its slot had before.
pub(super) async fn a_device_is_remembered_as_it_was_put_last<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "a_device_is_remembered_as_it_was_put_last").await?;
    let since = async |name| -> Result<_, Finding> {
        let row = scene.store.device(ids(name).digest).await?;
        Ok(row.map(|row| (row.handle, row.remembered_since)))
    };
    let known = Device { slot: 1, ..device(1, 17) };
    scene.land(vec![put_device(known.clone(), None)]).await?;
    same("a device that is only known", &since(17).await?, &Some((ids(17).handle, None)))?;

    let shown = Some(NOW.minus(Duration::from_micros(3)));
    let remembered = Device { slot: 1, remembered_since: shown, ..device(1, 18) };
    scene.land(vec![put_device(remembered.clone(), Some(17))]).await?;
    same("the token of before", &since(17).await?, &None)?;
    same("a device that is remembered", &since(18).await?, &Some((ids(18).handle, shown)))?;
    // In its own place, as it is: who enters by it relies on that.
    scene.land(vec![put_device(remembered.clone(), Some(18))]).await?;
    same("a device in its own place", &since(18).await?, &Some((ids(18).handle, shown)))?;
    // Forgotten, it is found by the same token and under another name, and whoever relies on it loses.
    let forgotten = Device { handle: ids(19).handle, remembered_since: None, ..remembered.clone() };
    scene.land(vec![put_device(forgotten, Some(18))]).await?;
    same("a device that was forgotten", &since(18).await?, &Some((ids(19).handle, None)))?;
    let late = vec![put_device(remembered.clone(), Some(18))];
    scene.refuse("by a device that was forgotten", late, SessionsGuard::DeviceSlot).await?;

    // One that is over leaves its successor nothing.
    scene.land(vec![put_device(Device { handle: ids(20).handle, ..remembered.clone() }, Some(19))]).await?;
    let next = Device { profile_epoch: 2, ..known };
    scene.land(vec![put_device(next, None)]).await?;
    same("after one that is over", &since(17).await?, &Some((ids(17).handle, None)))?;
    same("the token of one that is over", &since(18).await?, &None)
}

pub(super) async fn a_device_that_is_over_gives_way<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "a_device_that_is_over_gives_way").await?;
    let begun = NOW.plus(Duration::from_secs(3600));
    let own = |name| Device { slot: 1, made_at: begun, ..device(1, name) };
    let tick = Duration::from_micros(1);
    let live = Device { slot: 1, ends_at: begun.plus(tick), ..device(1, 17) };
    scene.land(vec![put_device(live.clone(), None)]).await?;
    let taken = vec![put_device(own(18), None)];
    scene.refuse("the place of one that lives", taken, SessionsGuard::DeviceSlot).await?;
    let stale = vec![put_device(Device { profile_epoch: 0, ..own(18) }, None)];
    scene.refuse("for somebody of an older epoch", stale, SessionsGuard::DeviceSlot).await?;

    let over = [Device { profile_epoch: 0, ..live.clone() }, Device { ends_at: begun, ..live.clone() }];
    let mut before = 17;
    for (name, over) in (20..).step_by(2).zip(over) {
        let over = Device { handle: ids(name).handle, digest: ids(name).digest, ..over };
        scene.land(vec![put_device(over, Some(before))]).await?;
        before = name + 1;
        scene.land(vec![put_device(own(before), None)]).await?;
        same("the device that was over", &scene.store.device(ids(name).digest).await?, &None)?;
        let now = scene.store.device(ids(before).digest).await?.map(|row| (row.handle, row.ends_at));
        same("the device in its place", &now, &Some((ids(before).handle, own(before).ends_at)))?;
    }
    same("the devices", &scene.store.devices(subject(1)).await?.len(), &1)
}
