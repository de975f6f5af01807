//! Histories of eight tasks on the same few rows, each explained by a serial order.

use vestibule_core::{Batch, Commit, Landed, MemoryStore};
use vestibule_profiles::ProfilesWrite;

use crate::finding::{Finding, Outcome};
use crate::fixture::{NOW, account_id, create_account, create_profile, put_password, subject, take_try};
use crate::harness::{Harness, block_on};
use crate::history::{Asked, Recorder, explain};
use crate::joined::JoinedWrite;
use crate::race::{Race, rounds};
use crate::scene::Scene;

/// How many calls each task makes.
const CALLS: u64 = 3;

pub(super) async fn concurrent_histories_have_a_serial_explanation<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "concurrent_histories_have_a_serial_explanation").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        // Two people and an account of this round alone, in the store and in the reference.
        let reference = MemoryStore::in_memory();
        let (ada, bob, name) = (2 * round, 2 * round + 1, format!("acme{round}"));
        let settle: Vec<JoinedWrite> =
            vec![create_profile(ada).into(), create_profile(bob).into(), create_account(&name)?.into()];
        let settle = Batch::new(scene.batch_id(), NOW, settle)?;
        for landed in [scene.store.commit(&settle).await?, block_on(reference.commit(&settle))?] {
            crate::finding::same("the round's people", &landed, &Landed::Applied)?;
        }
        let recorder = Recorder::default();
        let told = race.round(async |task, store| {
            let mut events = Vec::new();
            for call in 0..CALLS {
                let draw = draw(round, u64::try_from(task)?, call);
                let asked = match meant(draw, ada, bob, &name)? {
                    Meant::Asked(asked) => asked,
                    Meant::Writes(writes) => Asked::Commit(Batch::new(scene.batch_id(), NOW, writes)?),
                };
                events.extend(recorder.ask(store, asked).await?);
            }
            Ok(events)
        })?;
        // What is there in the end tells what every call has left; the last is refused by its second write alone.
        let mut told: Vec<_> = told.into_iter().flatten().collect();
        let late = 2_000_000 + ada;
        let refused: Vec<JoinedWrite> = vec![
            create_profile(late).into(),
            ProfilesWrite::CountAdministrators { account: account_id(&name)?, delta: -100 }.into(),
        ];
        let refused = Asked::Commit(Batch::new(scene.batch_id(), NOW, refused)?);
        told.extend(recorder.ask(&scene.store, refused).await?);
        told.extend(recorder.ask(&scene.store, Asked::Profile(subject(late))).await?);
        let people = [ada, bob].map(subject);
        let last = people.map(Asked::Profile).into_iter().chain(people.map(Asked::Tries));
        for asked in last.chain([Asked::Account(account_id(&name)?)]) {
            told.extend(recorder.ask(&scene.store, asked).await?);
        }
        explain(&reference, told).map_err(|finding| finding.within(format_args!("round {round}")))?;
    }
    race.finish()
}

/// The same numbers every time, of no pattern.
const fn draw(round: u64, task: u64, call: u64) -> u64 {
    let mut x = (round * 64 + task * 8 + call + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

enum Meant {
    Asked(Asked),
    Writes(Vec<JoinedWrite>),
}

/// What a draw means: a read of a row, or writes on one or two that others write at the same time.
fn meant(draw: u64, ada: u64, bob: u64, name: &str) -> Result<Meant, Finding> {
    let acme = account_id(name)?;
    // Versions that come about within a round; each is right for somebody.
    let near = 1 + (draw >> 8) % 3;
    let (one, other) = if draw & 16 == 0 { (ada, bob) } else { (bob, ada) };
    let bump = |number, from| ProfilesWrite::BumpEpoch { subject: subject(number), from };
    let administrators = |delta| ProfilesWrite::CountAdministrators { account: acme, delta };
    let writes: Vec<JoinedWrite> = match draw % 12 {
        0 | 1 => return Ok(Meant::Asked(Asked::Profile(subject(one)))),
        2 => return Ok(Meant::Asked(Asked::Account(acme))),
        3 => return Ok(Meant::Asked(Asked::Tries(subject(one)))),
        4 | 5 => vec![bump(one, near).into()],
        6 => vec![
            bump(one, near).into(),
            ProfilesWrite::RequireProfile { subject: subject(other), epoch: 1 }.into(),
        ],
        7 => vec![administrators(1).into(), bump(one, near).into()],
        8 => vec![administrators(-1).into()],
        9 => vec![take_try(one, near - 1, 100).into()],
        10 => vec![put_password(one, "hash", (near > 1).then(|| near - 1), near).into()],
        _ => vec![create_profile(1_000_000 + ada).into(), administrators(1).into()],
    };
    Ok(Meant::Writes(writes))
}
