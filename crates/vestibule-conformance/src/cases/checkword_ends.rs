//! The ends of a checkword, each of which its holder is told.

use core::time::Duration;

use vestibule_checkword::{
    Checkword, CheckwordGuard, CheckwordRead, CheckwordWrite, Found, Problem, Rotation, State,
};
use vestibule_core::{Commit, Landed};

use super::checkwords::{newest, told};
use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{NOW, bury, checkword, consume, link, put_checkword, rotate};
use crate::harness::Harness;
use crate::scene::{Scene, of_harness};

const MINUTE: Duration = Duration::from_secs(60);

pub(super) async fn consume_once<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "consume_once").await?;
    let other = scene.reopen().await?;
    scene.land(vec![put_checkword(1, 1, None)]).await?;
    let put = newest(&scene.store, 1).await?;
    let at = NOW.plus(MINUTE);
    let used = scene.batch(vec![consume(1, 1, at)])?;
    same("the first use", &scene.store.commit(&used).await?, &Landed::Applied)?;
    same("the same use sent again", &other.commit(&used).await?, &Landed::AlreadyApplied)?;
    for store in [&scene.store, &other] {
        let again = scene.commit(store, vec![consume(1, 1, at)]).await?;
        same("another use", &again, &Landed::Refused { position: 0, guard: CheckwordGuard::Live })?;
    }
    // Its text goes with its use, and whoever used it has read it: the messages are counted anew.
    let expected = put.map(|row| Checkword {
        state: State::Used { at },
        sealed: None,
        sends: 0,
        version: row.version + 1,
        set_by: used.id(),
        ..row
    });
    ensure(newest(&other, 1).await? == expected, "the row of a used link is not what its use makes of it")?;
    // A change that follows leaves the use what it is, and its lost answer can still be asked for.
    scene.land(vec![rotate(1, at, Rotation::PasswordSet)]).await?;
    same("the same use, after a change", &other.commit(&used).await?, &Landed::AlreadyApplied)
}

pub(super) async fn second_consume_says_used<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "second_consume_says_used").await?;
    let other = scene.reopen().await?;
    let (at, later) = (NOW.plus(MINUTE), NOW.plus(MINUTE * 2));
    let used = Some(Problem::Used { at });
    scene.land(vec![put_checkword(1, 1, None)]).await?;
    scene.land(vec![consume(1, 1, at)]).await?;
    scene.refuse("the second use", vec![consume(1, 1, later)], CheckwordGuard::Live).await?;
    same("a link that was used", &told(&other, 1, 1, later).await?, &used)?;
    // What follows does not change what became of it: neither a change, nor its time, nor a newer one.
    scene.land(vec![rotate(1, later, Rotation::PasswordSet)]).await?;
    same("a link that was used, after a change", &told(&other, 1, 1, later).await?, &used)?;
    same("a link that was used, a day later", &told(&other, 1, 1, NOW.plus(MINUTE * 1440)).await?, &used)?;
    scene.land(vec![put_checkword(1, 2, Some(2)), bury(1, 1, State::Used { at })]).await?;
    same("a link that was used, after a newer one", &told(&other, 1, 1, later).await?, &used)?;
    scene.refuse("using it then", vec![consume(1, 1, later)], CheckwordGuard::Live).await
}

pub(super) async fn expired_says_expired<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "expired_says_expired").await?;
    let tick = Duration::from_micros(1);
    let end = checkword(1, 1, 0).expires_at;
    for number in [1, 2] {
        scene.land(vec![put_checkword(number, 1, None)]).await?;
    }
    for late in [end, end.plus(tick), end.plus(MINUTE * 1440)] {
        scene.refuse("using it at its end or later", vec![consume(1, 1, late)], CheckwordGuard::Live).await?;
        same(
            "a link whose time is over",
            &told(&scene.store, 1, 1, late).await?,
            &Some(Problem::Expired { at: end }),
        )?;
    }
    let just = end.minus(tick);
    same("a link just before its end", &told(&scene.store, 1, 1, just).await?, &None)?;
    scene.land(vec![consume(1, 1, just)]).await?;
    // Time is an argument: who asks for an earlier instant is answered for that.
    scene.refuse("at its end", vec![consume(2, 1, end)], CheckwordGuard::Live).await?;
    scene.land(vec![consume(2, 1, NOW.minus(MINUTE))]).await?;
    let state = newest(&scene.store, 2).await?.map(|row| row.state);
    same("when it was used", &state, &Some(State::Used { at: NOW.minus(MINUTE) }))
}

pub(super) async fn superseded_says_superseded<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "superseded_says_superseded").await?;
    let other = scene.reopen().await?;
    let at = NOW.plus(MINUTE * 31);
    scene.land(vec![put_checkword(1, 1, None)]).await?;
    scene.land(vec![put_checkword(1, 2, Some(0)), bury(1, 1, State::Superseded { at })]).await?;
    for store in [&scene.store, &other] {
        same("the older link", &told(store, 1, 1, at).await?, &Some(Problem::Superseded { at }))?;
        same("the newer link", &told(store, 1, 2, at).await?, &None)?;
    }
    scene.refuse("using the older", vec![consume(1, 1, at)], CheckwordGuard::Live).await?;
    // Also once the newer one is used, and though the older one's own time is not over.
    scene.land(vec![consume(1, 2, at)]).await?;
    scene.refuse("using the older then", vec![consume(1, 1, at)], CheckwordGuard::Live).await?;
    same("the older link then", &told(&other, 1, 1, at).await?, &Some(Problem::Superseded { at }))
}

pub(super) async fn rotated_says_by_which_change<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "rotated_says_by_which_change").await?;
    let other = scene.reopen().await?;
    let (at, later) = (NOW.plus(MINUTE), NOW.plus(MINUTE * 2));
    // It never refuses, also where there is nothing; and makes nothing.
    scene.land(vec![rotate(9, at, Rotation::Withdrawn)]).await?;
    ensure(newest(&scene.store, 9).await?.is_none(), "a change has made a slot")?;
    for (number, by) in (1..).zip(Rotation::ALL) {
        scene.land(vec![put_checkword(number, 1, None)]).await?;
        let put = newest(&scene.store, number).await?;
        scene.land(vec![rotate(number, at, by)]).await?;
        scene.refuse("using it then", vec![consume(number, 1, later)], CheckwordGuard::Live).await?;
        // Of two changes it was the first.
        let another = if by == Rotation::Withdrawn { Rotation::PasswordSet } else { Rotation::Withdrawn };
        scene.land(vec![rotate(number, later, another)]).await?;
        let rotated = Some(Problem::Rotated { at, by });
        same("a link that a change made worthless", &told(&other, number, 1, later).await?, &rotated)?;
        let expected = put.map(|row| Checkword {
            state: State::Rotated { at, by },
            sealed: None,
            version: row.version + 2,
            ..row
        });
        ensure(newest(&other, number).await? == expected, "a change makes another row than it should")?;
    }
    Ok(())
}

pub(super) async fn purge_keeps_ended_checkwords<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "purge_keeps_ended_checkwords").await?;
    let (hour, day) = (MINUTE * 60, MINUTE * 1440);
    let at = |generation: u64| NOW.plus(MINUTE * u32::try_from(generation).unwrap_or_default());
    // One that was used, one that a change ended, one whose time ran out, and one with an earlier one.
    for number in 1..=4 {
        scene.land(vec![put_checkword(number, 1, None)]).await?;
    }
    scene.land(vec![consume(1, 1, at(1)), rotate(2, at(2), Rotation::ProfileBlocked)]).await?;
    scene.land(vec![put_checkword(4, 2, Some(0)), bury(4, 1, State::Superseded { at: at(4) })]).await?;
    let maintain = async |now| harness.maintain(&scene.guard, &scene.store, now).await.map_err(of_harness);
    // While the newest lives, and half of its life is over.
    let soon = NOW.plus(hour).minus(MINUTE);
    maintain(soon).await?;
    same("a link that lives", &told(&scene.store, 4, 2, soon).await?, &None)?;
    let newest = newest(&scene.store, 4).await?.map(|row| (row.generation, row.state, row.expires_at));
    same("the slot of a link that lives", &newest, &Some((2, State::Live, NOW.plus(hour))))?;
    // A day after the end of them all everybody is still told why.
    let later = NOW.plus(hour + day);
    maintain(later).await?;
    let expected = [
        (1, 1, Problem::Used { at: at(1) }),
        (2, 1, Problem::Rotated { at: at(2), by: Rotation::ProfileBlocked }),
        (3, 1, Problem::Expired { at: NOW.plus(hour) }),
        (4, 1, Problem::Superseded { at: at(4) }),
        (4, 2, Problem::Expired { at: NOW.plus(hour) }),
    ];
    for (number, generation, problem) in expected {
        let what = format!("link {generation} of {number}, a day after its end");
        same(&what, &told(&scene.store, number, generation, later).await?, &Some(problem))?;
    }
    // Ten years later whatever is left opens nothing. It need not be gone: its slot is used again.
    maintain(NOW.plus(day * 3650)).await?;
    for number in 1..=4 {
        scene
            .refuse("using it", vec![consume(number, 1, NOW.plus(day * 3650))], CheckwordGuard::Live)
            .await?;
    }
    Ok(())
}

/// Whatever became of it: the row that tells is the row under its digest.
pub(super) async fn ended_checkword_is_found_in_its_place<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "ended_checkword_is_found_in_its_place").await?;
    scene.land(vec![put_checkword(1, 1, None)]).await?;
    let place = async || -> Result<_, Finding> {
        Ok(match scene.store.found(link(1, 1)).await? {
            None => "nowhere",
            Some(Found::Newest(_)) => "its slot",
            Some(Found::Former(_)) => "the earlier ones",
        })
    };
    same("a live one", &place().await?, &"its slot")?;
    scene.land(vec![consume(1, 1, NOW)]).await?;
    same("a used one", &place().await?, &"its slot")?;
    let CheckwordWrite::Bury { former } = bury(1, 1, State::Used { at: NOW }) else { return Ok(()) };
    scene.land(vec![put_checkword(1, 2, Some(1)), CheckwordWrite::Bury { former: former.clone() }]).await?;
    same("a superseded one", &place().await?, &"the earlier ones")?;
    // Buried twice is buried once.
    scene.land(vec![CheckwordWrite::Bury { former }]).await?;
    same("one buried twice", &place().await?, &"the earlier ones")
}
