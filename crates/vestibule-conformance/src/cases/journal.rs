//! Events, cases and messages.

use core::time::Duration;

use vestibule_core::{
    AddressKey, AddressKind, BatchId, CaseReference, EventId, Landed, Secret, SystemEntropy,
};
use vestibule_journal::{
    Case as FoldedCase, CaseOf, Code, Contents, Event, JournalGuard, JournalRead, JournalWrite, Letter,
    derive_slot, seal_message,
};

use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{NOW, account_id, client, event, record, ring, subject};
use crate::harness::Harness;
use crate::race::{Race, rounds};
use crate::scene::Scene;

pub(super) async fn an_event_is_found_by_every_way<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "an_event_is_found_by_every_way").await?;
    let id = scene.batch_id();
    let own = event(id, Some([7; 5]))?;
    scene.land(vec![record(own.clone())]).await?;
    let store = scene.reopen().await?;
    let one = Some(own.clone());
    same("by its id", &store.event(EventId::from(id)).await?, &one)?;
    same("by its reference", &store.event_by_case(CaseReference::from_bytes([7; 5])).await?, &one)?;
    same(
        "by the account",
        &store.events_of_account(account_id("acme")?, None, 9).await?,
        &vec![own.clone()],
    )?;
    same("by the person", &store.events_of_subject(subject(1), None, 9).await?, &vec![own])?;
    ensure(store.events_of_account(account_id("acm")?, None, 9).await?.is_empty(), "by another account")
}

pub(super) async fn a_case_reference_is_given_once<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "a_case_reference_is_given_once").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        let [first, second, third, last] = u32::try_from(round)?.to_be_bytes();
        let reference = [1, first, second, third, last];
        race.expect_winners(1, async |_, store| {
            let own = event(scene.batch_id(), Some(reference))?;
            Ok(scene.commit(store, vec![record(own)]).await? == Landed::Applied)
        })?;
    }
    let id = scene.batch_id();
    let late = vec![record(event(id, Some([1, 0, 0, 0, 0]))?)];
    scene.refuse("a reference that was given", late, JournalGuard::CaseFree).await?;
    race.finish()
}

pub(super) async fn events_are_listed_in_the_order_of_time<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "events_are_listed_in_the_order_of_time").await?;
    let at = |minute: u64| NOW.plus(Duration::from_secs(60 * minute));
    for minute in [3, 1, 4, 0, 2] {
        let id = BatchId::make(&SystemEntropy, at(minute))?;
        scene.land(vec![record(Event { at: at(minute), ..event(id, None)? })]).await?;
    }
    let acme = account_id("acme")?;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = scene.store.events_of_account(acme, after, 2).await?;
        ensure(page.len() <= 2, "a page is longer than its limit")?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.iter().map(|event| event.at));
        ensure(seen.len() < 20, "the pages of five events do not end")?;
    }
    same("the events seen page by page", &seen, &(0..5).map(at).collect())
}

/// A refusal of a wrong secret, some seconds after [`NOW`].
fn refusal(identifier: u64, seconds: u64) -> Result<FoldedCase, Finding> {
    let mut key = [0; 32];
    key.iter_mut().zip(identifier.to_be_bytes()).for_each(|(to, from)| *to = from);
    let key = AddressKey::from_bytes(key);
    let refusal = CaseOf {
        code: &Code::parse("sign_in.wrong_secret")?,
        told: &Code::parse("sign_in.try_again")?,
        identifier: &key,
        client: Some(client("192.0.2.1")?),
        account: Some(account_id("acme")?),
        facts: &[("tries", "3")],
        at: NOW.plus(Duration::from_secs(seconds)),
    };
    Ok(FoldedCase::derive(&ring()?, &refusal, 0)?)
}

pub(super) async fn parallel_refusals_are_one_row_with_their_count<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "parallel_refusals_are_one_row_with_their_count").await?;
    let mut race = Race::open(&scene).await?;
    for round in 0..rounds() {
        race.round(async |task, store| {
            let case = refusal(round, u64::try_from(task)?)?;
            let landed = scene.commit(store, vec![JournalWrite::FoldCase { case }]).await?;
            same("folding", &landed, &Landed::Applied)
        })?;
        let cases = scene.store.cases(refusal(round, 0)?.reference).await?;
        let folded: Vec<_> = cases.iter().map(|case| (case.count, case.first, case.last)).collect();
        same("the case", &folded, &vec![(8, NOW, NOW.plus(Duration::from_secs(7)))])?;
    }
    same("the number of cases", &scene.store.case_population().await?, &rounds())?;
    race.finish()
}

pub(super) async fn a_newer_message_takes_the_slot<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "a_newer_message_takes_the_slot").await?;
    let ring = ring()?;
    let message = |owner: &[u8]| -> Result<_, Finding> {
        let purpose = Code::parse("recovery.link")?;
        let letter = Letter {
            slot: derive_slot(&ring, &purpose, owner),
            purpose,
            to: AddressKind::Email,
            suppressed: false,
            not_before: NOW,
            language: Some("de".to_owned()),
            contents: Contents {
                recipient: Secret::new("ada@example.com".to_owned()),
                payload: Secret::new(vec![0, 1, 2]),
            },
        };
        Ok(seal_message(&ring, &SystemEntropy, letter, NOW)?)
    };
    let (older, newer, other) = (message(b"ada")?, message(b"ada")?, message(b"bob")?);
    for message in [&older, &newer, &other] {
        scene.land(vec![JournalWrite::QueueMessage { message: message.clone() }]).await?;
    }
    let mut expected = vec![newer, other];
    expected.sort_by_key(|message| message.slot);
    same("the messages", &scene.store.messages(None, 9).await?, &expected)?;
    let first = expected.first().map(|message| message.slot);
    let rest = scene.store.messages(first, 9).await?;
    same("those after the first", &rest.iter().collect::<Vec<_>>(), &expected.iter().skip(1).collect())
}
