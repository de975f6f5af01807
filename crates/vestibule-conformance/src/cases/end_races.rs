//! Whoever signs in or acts while another ends what they rely on.

use vestibule_core::{Batch, Commit, Landed};
use vestibule_credentials::{CredentialsRead, CredentialsWrite, Lane};
use vestibule_profiles::{Block, ProfilesRead, ProfilesWrite, Status};
use vestibule_sessions::decide::{check, end, require};
use vestibule_sessions::{AdmissionStamp, AdmissionState, Session, SessionsRead, Standing};

use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{
    NOW, account_id, add_membership, create_account, create_profile, event, ids, put_password, put_session,
    record, session, standing, subject,
};
use crate::harness::Harness;
use crate::joined::JoinedWrite;
use crate::race::{Race, rounds};
use crate::scene::Scene;

/// Lands writes as the facade does: with an event, which carries the batch's id.
pub(super) async fn act<H: Harness>(
    scene: &Scene<'_, H>,
    store: &H::Store,
    mut writes: Vec<JoinedWrite>,
) -> Result<bool, Finding> {
    let id = scene.batch_id();
    writes.push(record(event(id, None)?).into());
    Ok(store.commit(&Batch::new(id, NOW, writes)?).await? == Landed::Applied)
}

/// What became of one racer.
enum Part {
    /// It made the end; this is whose work it saw right after the answer.
    Ended(Vec<u64>),
    /// Another made the end first.
    Late,
    /// It worked on what it had read before the end; whether that landed.
    Worked(bool),
}

/// Two racers want to end what the other six rely on. One of the two does, and from its answer on no work of the others
/// lands: each of them lands before the end, or not at all. `done` reads whose work is there.
async fn duel<H: Harness>(
    scene: &Scene<'_, H>,
    race: &mut Race<'_, H>,
    end: impl Fn() -> Result<Vec<JoinedWrite>, Finding> + Sync,
    work: impl Fn(u64) -> Result<Vec<JoinedWrite>, Finding> + Sync,
    done: impl AsyncFn(&H::Store) -> Result<Vec<u64>, Finding> + Sync,
) -> Outcome {
    let parts = race.round(async |task, store| {
        let task = u64::try_from(task)?;
        if task % 4 > 0 {
            return Ok(Part::Worked(act(scene, store, work(task)?).await?));
        }
        // The answer is there: whatever is not seen now and is there later landed after it.
        Ok(if act(scene, store, end()?).await? { Part::Ended(done(store).await?) } else { Part::Late })
    })?;
    let (mut ends, mut landed) = (Vec::new(), Vec::new());
    for (task, part) in (0..).zip(parts) {
        match part {
            Part::Ended(seen) => ends.push(seen),
            Part::Worked(true) => landed.push(task),
            Part::Late | Part::Worked(false) => {}
        }
    }
    let [seen] = ends.as_slice() else {
        return Err(Finding::new(format!("{} of two ends landed, expected one", ends.len())));
    };
    let late = act(scene, &scene.store, work(9)?).await?;
    ensure(!late, "who comes after the end, having read before it, lands")?;
    let there = done(&scene.store).await?;
    same("whose work is there, and who was told so", &there, &landed)?;
    same(
        "whose work landed after the end",
        &there.iter().filter(|one| !seen.contains(one)).collect(),
        &Vec::new(),
    )
}

/// The racers whose sessions are there.
async fn signed_in<H: Harness>(store: &H::Store, round: u64) -> Result<Vec<u64>, Finding> {
    let there = store.sessions(subject(round)).await?;
    let is_there = |task: &u64| there.iter().any(|row| row.handle == ids(name(round, *task)).handle);
    Ok((0..10).filter(is_there).collect())
}

/// Each racer signs in from a device of its own, so that a sign-in and what ends it share only the rows that the sign-in
/// relies on.
fn lane(task: u64) -> Lane {
    Lane::Device(ids(1000 + task).handle)
}

/// A person of epoch 1 with a password of generation 1 and one session, about to sign in on eight devices.
pub(super) fn at_the_door(number: u64) -> Vec<JoinedWrite> {
    let tries = (0..8).map(|task| CredentialsWrite::TakeTry {
        subject: subject(number),
        lane: lane(task),
        from: 0,
        at: NOW,
        stops_at: 100,
    });
    tries
        .map(JoinedWrite::from)
        .chain([
            create_profile(number).into(),
            put_password(number, "hash", None, 1).into(),
            put_session(session(number, name(number, 12)), None).into(),
        ])
        .collect()
}

/// A sign-in of somebody whose profile and password were read before the end.
fn sign_in(number: u64, task: u64, session: Session) -> Vec<JoinedWrite> {
    let subject = subject(number);
    vec![
        CredentialsWrite::SettleTry { subject, lane: lane(task), number: 1 }.into(),
        CredentialsWrite::RequirePassword { subject, generation: 1 }.into(),
        ProfilesWrite::RequireProfile { subject, epoch: 1 }.into(),
        put_session(session, None).into(),
    ]
}

/// A name for each racer of each round.
pub(super) const fn name(round: u64, task: u64) -> u64 {
    256 * (round + 1) + task
}

/// What everybody who asks about this person's sessions relies on now.
pub(super) async fn standing_of<H: Harness>(scene: &Scene<'_, H>, number: u64) -> Result<Standing, Finding> {
    let profile = scene.store.profile(subject(number)).await?;
    let profile = profile.ok_or_else(|| Finding::new("the profile is gone"))?;
    let standing = Standing::new(profile.epoch).with_blocked(profile.block.is_some());
    let password = scene.store.password(subject(number)).await?;
    Ok(password.map_or(standing, |password| standing.with_password_generation(password.generation)))
}

/// No session of this person is good for anything.
async fn none_is_good<H: Harness>(scene: &Scene<'_, H>, number: u64) -> Outcome {
    let standing = standing_of(scene, number).await?;
    for session in scene.store.sessions(subject(number)).await? {
        ensure(session.subject == subject(number), "another's session is listed")?;
        ensure(check(session, &standing, NOW).is_err(), "a session from before the end is good after it")?;
    }
    Ok(())
}

pub(super) async fn sign_in_vs_reset_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "sign_in_vs_reset_race").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        scene.land(at_the_door(round)).await?;
        let reset = || {
            Ok(vec![
                put_password(round, "new", Some(1), 2).into(),
                CredentialsWrite::ResetTries { subject: subject(round), lane: Lane::Everybody }.into(),
                ProfilesWrite::BumpEpoch { subject: subject(round), from: 1 }.into(),
            ])
        };
        let work = |task| Ok(sign_in(round, task, session(round, name(round, task))));
        duel(&scene, &mut race, reset, work, async |store| signed_in::<H>(store, round).await).await?;
        none_is_good(&scene, round).await?;
        let row = scene.store.password(subject(round)).await?.map(|row| (row.hash, row.generation));
        same("the password", &row, &Some((Some("new".to_owned()), 2)))?;
    }
    race.finish()
}

pub(super) async fn sign_in_vs_block_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "sign_in_vs_block_race").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        scene.land(at_the_door(round)).await?;
        let block = || {
            let block = Some(Block { since: NOW, until: None });
            Ok(vec![ProfilesWrite::SetBlock { subject: subject(round), from: 1, block }.into()])
        };
        let work = |task| Ok(sign_in(round, task, session(round, name(round, task))));
        duel(&scene, &mut race, block, work, async |store| signed_in::<H>(store, round).await).await?;
        none_is_good(&scene, round).await?;
        // Nor does lifting the block bring them back.
        scene.land(vec![ProfilesWrite::SetBlock { subject: subject(round), from: 2, block: None }]).await?;
        none_is_good(&scene, round).await?;
    }
    race.finish()
}

pub(super) async fn sign_in_vs_dismiss_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "sign_in_vs_dismiss_race").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let (acme, person) = (account_id(&format!("acme{round}"))?, subject(round));
        let mut before = at_the_door(round);
        before.push(create_account(&format!("acme{round}"))?.into());
        before.push(add_membership(acme, person)?.into());
        let seat = |delta| ProfilesWrite::CountSeats { account: acme, delta, settings_version: 1 };
        let count = |memberships| {
            let (accounts, accounts_at_most) = (0, 0);
            ProfilesWrite::CountProfile { subject: person, memberships, accounts, accounts_at_most }
        };
        scene.land(before).await?;
        scene.land(vec![seat(1), count(1)]).await?;
        let dismiss = || {
            let to = Some(standing(Status::Dismissed)?);
            let moved = ProfilesWrite::MoveMembership {
                account: acme,
                subject: person,
                from: 1,
                to,
                ends_access: true,
            };
            Ok(vec![seat(-1).into(), count(-1).into(), moved.into()])
        };
        let admitted =
            AdmissionStamp { account: acme, membership_epoch: 1, policy_version: 1, membership_version: 1 };
        let work = |task| {
            let session = Session { admissions: vec![admitted], ..session(round, name(round, task)) };
            let mut writes = sign_in(round, task, session);
            writes
                .push(ProfilesWrite::RequireMembership { account: acme, subject: person, version: 1 }.into());
            writes.push(ProfilesWrite::RequireSettings { account: acme, version: 1 }.into());
            Ok(writes)
        };
        duel(&scene, &mut race, dismiss, work, async |store| signed_in::<H>(store, round).await).await?;
        let row = scene.store.membership(acme, person).await?;
        let row = row.map(|row| (row.standing.status, row.version, row.epoch));
        same("the membership", &row, &Some((Status::Dismissed, 2, 2)))?;
        let now = AdmissionStamp { membership_epoch: 2, membership_version: 2, ..admitted };
        let standing = standing_of(&scene, round).await?.with_admission(now);
        for session in scene.store.sessions(person).await? {
            // Dismissal ends no session: the person stays who they are. It ends what the session says of the account.
            let state = check(session, &standing, NOW).map(|valid| valid.admission);
            same("the admission", &state, &Ok(AdmissionState::CheckAgain))?;
        }
    }
    race.finish()
}

pub(super) async fn act_vs_sign_out_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "act_vs_sign_out_race").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let (acting, acme) = (session(round, name(round, 0)), account_id(&format!("acme{round}"))?);
        scene.land(vec![put_session(acting.clone(), None)]).await?;
        scene.land(vec![add_membership(acme, subject(20))?]).await?;
        let invite = |task| Ok(vec![require(&acting).into(), add_membership(acme, subject(task))?.into()]);
        let members = async |store: &H::Store| {
            let members = store.members_of(acme, None, 99).await?;
            Ok((0..8)
                .filter(|task| members.iter().any(|row| (row.account, row.subject) == (acme, subject(*task))))
                .collect())
        };
        duel(&scene, &mut race, || Ok(vec![end(&acting).into()]), invite, members).await?;
    }
    race.finish()
}
