//! Recovery codes: each is used once, and a set is of one piece.

use vestibule_core::{Commit, Landed};
use vestibule_mfa::{CODES, CodeRow, MfaGuard, MfaRead, MfaWrite};

use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{NOW, clear_code, code, code_digest, first_code, redeem_code, subject};
use crate::harness::Harness;
use crate::race::{Race, rounds};
use crate::scene::Scene;

/// The whole of a first set.
fn set(number: u64) -> Result<Vec<MfaWrite>, Finding> {
    (0..CODES).map(|slot| first_code(number, slot)).collect()
}

/// A new set in the places of the codes of which the `nth` stands in each slot; who is at it makes codes of their own.
fn renewed(number: u64, nth: u64, who: u64) -> Result<Vec<MfaWrite>, Finding> {
    let put = |slot| {
        let digest = code_digest(number, slot, 100 + who);
        let row = CodeRow { digest, spent: None, ..code(number, slot, nth + 1)? };
        Ok(MfaWrite::PutCode { row, replacing: Some(code_digest(number, slot, nth)) })
    };
    (0..CODES).map(put).collect()
}

async fn codes<S: MfaRead>(store: &S, number: u64) -> Result<Vec<CodeRow>, Finding> {
    Ok(store.codes(subject(number)).await?)
}

pub(super) async fn redeem_once<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "redeem_once").await?;
    let live = MfaGuard::CodeLive;
    scene.refuse("a code of nothing", vec![redeem_code(1, 0, 1)?], live).await?;
    let made = scene.batch(set(1)?)?;
    same("a set", &scene.store.commit(&made).await?, &Landed::Applied)?;
    same("the set again", &scene.store.commit(&made).await?, &Landed::AlreadyApplied)?;
    scene.refuse("a slot that is taken", vec![first_code(1, 4)?], live).await?;
    let before = codes(&scene.store, 1).await?;
    let used = scene.batch(vec![redeem_code(1, 4, 1)?])?;
    same("a code", &scene.store.commit(&used).await?, &Landed::Applied)?;
    let other = scene.reopen().await?;
    same("its use sent again", &other.commit(&used).await?, &Landed::AlreadyApplied)?;
    let again = scene.commit(&other, vec![redeem_code(1, 4, 1)?]).await?.refused();
    same("the code again", &again, &Some(live))?;
    scene.refuse("a code that is to come", vec![redeem_code(1, 4, 3)?], live).await?;
    let elsewhere = MfaWrite::PutCode { row: code(1, 5, 2)?, replacing: Some(code_digest(1, 4, 2)) };
    scene.refuse("the code of another slot", vec![elsewhere], live).await?;
    scene.refuse("somebody else's", vec![redeem_code(2, 4, 2)?], live).await?;
    // Its place holds the next one, and says which was spent there; the others stay.
    let expected = before.into_iter().map(|row| match row.slot {
        4 => Ok(CodeRow { set_by: used.id(), ..code(1, 4, 2)? }),
        _ => Ok(row),
    });
    let expected = expected.collect::<Result<Vec<_>, Finding>>()?;
    same("the codes", &codes(&other, 1).await?, &expected)?;
    scene.land(vec![redeem_code(1, 4, 2)?]).await
}

/// A new set takes the places of the whole old one, or of nothing.
pub(super) async fn replace_set_kills_old<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "replace_set_kills_old").await?;
    let live = MfaGuard::CodeLive;
    scene.land(set(1)?).await?;
    scene.land(vec![redeem_code(1, 7, 1)?]).await?;
    let before = codes(&scene.store, 1).await?;
    scene.refuse("a set decided before a code was used", renewed(1, 1, 1)?, live).await?;
    same("the codes after a refusal", &codes(&scene.store, 1).await?, &before)?;
    let mut writes = renewed(1, 1, 1)?;
    writes.retain(|write| !matches!(write, MfaWrite::PutCode { row, .. } if row.slot == 7));
    let seventh = MfaWrite::PutCode { row: code(1, 7, 3)?, replacing: Some(code_digest(1, 7, 2)) };
    writes.push(seventh);
    scene.land(writes).await?;
    let other = scene.reopen().await?;
    for slot in 0..CODES {
        let late = scene.commit(&other, vec![redeem_code(1, slot, 1)?]).await?.refused();
        same("a code of the old set", &late, &Some(live))?;
    }
    let late = scene.commit(&other, vec![redeem_code(1, 7, 2)?]).await?.refused();
    same("a replacement of the old set", &late, &Some(live))?;
    same("how many there are", &codes(&other, 1).await?.len(), &CODES.into())
}

/// They go one by one, each by its digest, and at the end there is none.
pub(super) async fn last_code_leaves_zero<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "last_code_leaves_zero").await?;
    let live = MfaGuard::CodeLive;
    for number in [1, 2] {
        scene.land(set(number)?).await?;
    }
    scene.land(vec![redeem_code(1, 3, 1)?]).await?;
    scene.refuse("one that was used", vec![clear_code(1, 3, 1)], live).await?;
    scene.refuse("one that never was", vec![clear_code(3, 0, 1)], live).await?;
    for slot in 0..CODES {
        let nth = if slot == 3 { 2 } else { 1 };
        scene.land(vec![clear_code(1, slot, nth)]).await?;
        scene.refuse("one that is gone", vec![clear_code(1, slot, nth)], live).await?;
        scene.refuse("using one that is gone", vec![redeem_code(1, slot, nth)?], live).await?;
        let left: Vec<_> = codes(&scene.store, 1).await?.iter().map(|row| row.slot).collect();
        same("the slots that are left", &left, &(slot + 1..CODES).collect())?;
    }
    same("another's codes", &codes(&scene.store, 2).await?.len(), &CODES.into())?;
    // With the next authenticator comes a set again.
    scene.land(set(1)?).await?;
    same("a new set", &codes(&scene.store, 1).await?.len(), &CODES.into())
}

/// One code, typed eight times at once, is used once; who used it holds the one that takes its place.
pub(super) async fn redeem_race_one_winner<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "redeem_race_one_winner").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        scene.land(vec![first_code(round, 0)?]).await?;
        let own = |task| Ok::<_, Finding>(code_digest(round, 0, 100 + u64::try_from(task)?));
        let won = race.round(async |task, store| {
            let row = CodeRow { digest: own(task)?, ..code(round, 0, 2)? };
            let write = MfaWrite::PutCode { row, replacing: Some(code_digest(round, 0, 1)) };
            let landed = scene.commit(store, vec![write]).await?;
            Ok((landed == Landed::Applied).then_some(own(task)?))
        })?;
        let winners: Vec<_> = won.into_iter().flatten().collect();
        let row = codes(&scene.store, round).await?;
        same(
            "the replacement, by whoever used the code",
            &row.iter().map(|row| row.digest).collect(),
            &winners,
        )?;
        same("how often the code was used", &winners.len(), &1)?;
        let spent: Vec<_> =
            row.iter().map(|row| (row.spent.map(|(_, digest)| digest), row.version)).collect();
        same("what was spent", &spent, &vec![(Some(code_digest(round, 0, 1)), 2)])?;
        scene.refuse("who comes late", vec![redeem_code(round, 0, 1)?], MfaGuard::CodeLive).await?;
    }
    race.finish()
}

/// Codes are rows of their own: who uses one is not in the way of who uses another.
pub(super) async fn two_different_codes_in_parallel_both_win<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "two_different_codes_in_parallel_both_win").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        scene.land(set(round)?).await?;
        race.expect_winners(8, async |task, store| {
            let used = redeem_code(round, u8::try_from(task)?, 1)?;
            Ok(scene.commit(store, vec![used]).await? == Landed::Applied)
        })?;
        let versions: Vec<_> = codes(&scene.store, round).await?.iter().map(|row| row.version).collect();
        same("the versions of the ten", &versions, &vec![2, 2, 2, 2, 2, 2, 2, 2, 1, 1])?;
    }
    race.finish()
}

/// Some use a code while others renew the set: one set lands and no code of the old one was used, or codes were used and
/// no set that did not know of it lands.
pub(super) async fn replace_vs_redeem_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "replace_vs_redeem_race").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        scene.land(set(round)?).await?;
        let won = race.round(async |task, store| {
            let task = u64::try_from(task)?;
            // Other tasks in every round: who is started first mostly is first.
            let renews = (task + round) % 2 == 0;
            let writes = if renews {
                renewed(round, 1, task)?
            } else {
                vec![redeem_code(round, u8::try_from(task)?, 1)?]
            };
            Ok((renews, task, scene.commit(store, writes).await? == Landed::Applied))
        })?;
        let landed = |renewal: bool| -> Vec<u64> {
            won.iter().filter(|won| won.0 == renewal && won.2).map(|won| won.1).collect()
        };
        let (sets, used) = (landed(true), landed(false));
        let rows = codes(&scene.store, round).await?;
        match sets.as_slice() {
            [] => {
                same("uses, where no set landed", &used.len(), &4)?;
                let spent = rows.iter().filter(|row| row.spent.is_some()).map(|row| u64::from(row.slot));
                same("the slots that were used", &spent.collect(), &used)?;
            }
            [one] => {
                same("codes of the old set that were used", &used, &Vec::new())?;
                let own = |row: &CodeRow| row.digest == code_digest(round, row.slot, 100 + one);
                ensure(rows.iter().all(own), "the codes are not all of the set that landed")?;
            }
            more => return Err(Finding::new(format!("{} sets took the place of one", more.len()))),
        }
        same("how many codes there are", &rows.len(), &CODES.into())?;
        ensure(rows.iter().all(|row| row.made_at == NOW), "a code was made at another time")?;
    }
    race.finish()
}
