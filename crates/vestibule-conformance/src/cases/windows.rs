//! Budgets that belong to no authenticator.

use vestibule_throttle::{Taken, TakenWindow, WindowTake, Windows};

use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::window;
use crate::harness::Harness;
use crate::race::{Race, rounds};
use crate::scene::Scene;

/// Debits one window; `None` when it is full.
async fn debit(store: &impl Windows, window: WindowTake) -> Result<Option<TakenWindow>, Finding> {
    Ok(match store.take(vec![window]).await? {
        Taken::All(mut taken) => taken.pop(),
        Taken::Full { .. } => None,
    })
}

/// How many debits still fit.
async fn room(store: &impl Windows, window: &WindowTake) -> Result<u32, Finding> {
    let mut room = 0;
    while debit(store, window.clone()).await?.is_some() {
        room += 1;
        ensure(room <= 1000, "a window never fills")?;
    }
    Ok(room)
}

pub(super) async fn budget_is_never_overspent_race<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "budget_is_never_overspent_race").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let window = window(1, i64::try_from(round)?, 10, 100);
        let taken = race.round(async |_, store| {
            let mut taken = 0;
            for _ in 0..3 {
                taken += u32::from(debit(store, window.clone()).await?.is_some());
            }
            Ok(taken)
        })?;
        // A racer may be refused while another corrects its first debit; what is left is still there afterwards.
        let all = taken.into_iter().sum::<u32>() + room(&scene.store, &window).await?;
        same("the debits of a window of ten", &all, &10)?;
    }
    race.finish()
}

pub(super) async fn window_rolls_over<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "window_rolls_over").await?;
    same("a window", &room(&scene.store, &window(1, 0, 2, 100)).await?, &2)?;
    same("the next", &room(&scene.store, &window(1, 1, 2, 100)).await?, &2)?;
    same("the first again", &room(&scene.store, &window(1, 0, 2, 100)).await?, &0)?;
    same("one before the epoch", &room(&scene.store, &window(1, -40_000_000, 2, 100)).await?, &2)?;
    same("somebody else's", &room(&scene.store, &window(2, 0, 2, 100)).await?, &2)
}

pub(super) async fn a_full_window_gives_the_earlier_ones_back<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "a_full_window_gives_the_earlier_ones_back").await?;
    let (wide, narrow) = (window(1, 0, 3, 100), window(2, 0, 1, 100));
    ensure(debit(&scene.store, narrow.clone()).await?.is_some(), "an empty window is full")?;
    for _ in 0..5 {
        let taken = scene.store.take(vec![wide.clone(), narrow.clone(), window(3, 0, 1, 100)]).await?;
        same("which window is full", &taken, &Taken::Full { position: 1 })?;
    }
    same("what is left of the first", &room(&scene.store, &wide).await?, &3)?;
    same("what is left of the third", &room(&scene.store, &window(3, 0, 1, 100)).await?, &1)
}

pub(super) async fn debits_are_durable<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "debits_are_durable").await?;
    let window = window(1, 0, 3, 100);
    ensure(debit(&scene.store, window.clone()).await?.is_some(), "an empty window is full")?;
    let other = scene.reopen().await?;
    same("what is left through a new handle", &room(&other, &window).await?, &2)?;
    same("what is left through the first", &room(&scene.store, &window).await?, &0)
}

pub(super) async fn a_live_counter_is_never_evicted<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "a_live_counter_is_never_evicted").await?;
    let live = window(0, 0, 5, 3);
    let first = debit(&scene.store, live.clone()).await?;
    ensure(first.is_some_and(|taken| !taken.shared), "the first counter is not one of its own")?;
    let mut shared = 0;
    for owner in 1..50 {
        if let Some(taken) = debit(&scene.store, window(owner, 0, 5, 3)).await? {
            shared += u32::from(taken.shared);
        }
    }
    same("debits of the shared counter", &shared, &5)?;
    same("what is left of the live counter", &room(&scene.store, &live).await?, &4)
}

pub(super) async fn giving_back_reaches_its_own_counter<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "giving_back_reaches_its_own_counter").await?;
    let (own, late) = (window(0, 0, 1, 1), window(1, 0, 1, 1));
    for (window, shared) in [(&own, false), (&late, true)] {
        for _ in 0..3 {
            let Some(taken) = debit(&scene.store, window.clone()).await? else {
                return Err(Finding::new("a debit that was given back still counts"));
            };
            same("whether the shared counter was debited", &taken.shared, &shared)?;
            ensure(debit(&scene.store, window.clone()).await?.is_none(), "a window of one took two")?;
            scene.store.give_back(vec![taken]).await?;
        }
    }
    let forged = TakenWindow { key: own.key.clone(), shared: false };
    scene.store.give_back(vec![forged]).await?;
    same("room after giving back what was not taken", &room(&scene.store, &own).await?, &1)
}

pub(super) async fn spent_stays_spent<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "spent_stays_spent").await?;
    let (spent, beside) = (window(1, 0, 3, 100), window(2, 0, 3, 100));
    same("a window of three", &room(&scene.store, &spent).await?, &3)?;
    for round in 0..4 {
        let other = scene.reopen().await?;
        for store in [&scene.store, &other] {
            same("what is left when it is spent", &room(store, &spent).await?, &0)?;
        }
        // Neither refusals, nor debits beside it, nor what they give back, make room in it.
        let Some(taken) = debit(&other, beside.clone()).await? else {
            return Err(Finding::new(format!("round {round}: a window beside it is full")));
        };
        let taken_with = scene.store.take(vec![beside.clone(), spent.clone()]).await?;
        same("which window is full", &taken_with, &Taken::Full { position: 1 })?;
        scene.store.give_back(vec![taken]).await?;
    }
    same("what is left beside it", &room(&scene.store, &beside).await?, &3)
}
