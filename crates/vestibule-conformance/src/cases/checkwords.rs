//! Checkwords: what a slot keeps, who may change it, and where it is found.

use core::time::Duration;

use vestibule_checkword::decide::{inspect, redeem};
use vestibule_checkword::purpose::{ALL, RECOVERY, SIGN_UP};
use vestibule_checkword::{
    Checkword, CheckwordGuard, CheckwordRead, CheckwordWrite, FORMERS, Former, Found, Intent, MAX_BOUND,
    Problem, Rotation, State, Tries,
};
use vestibule_core::{
    Batch, Commit, KeyPurpose, Landed, Sealed, Secret, SecretDigest, SecretText, SubjectId, SystemEntropy,
    Timestamp,
};
use vestibule_credentials::{CredentialsGuard, CredentialsRead};
use vestibule_journal::JournalRead;
use vestibule_profiles::{ProfilesGuard, ProfilesRead, ProfilesWrite};

use super::sessions::{PLANTED, Planted, resting};
use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{
    NOW, bury, checkword, consume, create_profile, event, link, put_checkword, put_password, record, ring,
    rotate, subject,
};
use crate::harness::Harness;
use crate::joined::{JoinedGuard, JoinedWrite};
use crate::scene::Scene;

/// The newest recovery link of this person.
pub(super) async fn newest<S: CheckwordRead>(store: &S, number: u64) -> Result<Option<Checkword>, Finding> {
    Ok(store.checkword(subject(number), RECOVERY.as_str().to_owned()).await?)
}

/// Why the link of this generation is refused at an instant; `None`: it is not.
pub(super) async fn told<S: CheckwordRead>(
    store: &S,
    number: u64,
    generation: u64,
    now: Timestamp,
) -> Result<Option<Problem>, Finding> {
    let found = store.found(link(number, generation)).await?;
    Ok(inspect(found.as_ref(), RECOVERY, now).err())
}

pub(super) async fn checkwords_come_back_unchanged<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "checkwords_come_back_unchanged").await?;
    let at = |micros| Timestamp::from_unix_micros(micros);
    let odd = SubjectId::from_bytes(b"'%_\0\xff")?;
    let full = Checkword {
        holder: odd,
        purpose: "p-0123456789012345678901".to_owned(),
        bound: (0..MAX_BOUND).map(|n| u8::try_from(n % 256)).collect::<Result<_, _>>()?,
        issued_at: at(i64::MIN),
        expires_at: at(i64::MAX),
        sends: 1 << 40,
        last_sent_at: at(-1),
        is_code: true,
        tries: Tries { of_code: 1 << 42, of_day: 1 << 43, day_began_at: at(i64::MAX) },
        ..checkword(1, 1 << 40, 1 << 41)
    };
    let used = State::Used { at: at(1_700_000_000_123_457) };
    let bare = Checkword { bound: Vec::new(), sealed: None, state: used, ..checkword(2, 7, 0) };
    let mut rows = vec![full, bare];
    rows.extend((0..).zip(Rotation::ALL).map(|(n, by)| Checkword {
        state: State::Rotated { at: at(n), by },
        sealed: None,
        ..checkword(10 + u64::from(by.number()), 3, 2)
    }));
    let batches: Vec<_> = rows
        .chunks(4)
        .map(|rows| {
            let puts = rows.iter().cloned().map(|checkword| CheckwordWrite::Put { checkword, from: None });
            scene.batch(puts.collect())
        })
        .collect::<Result<_, _>>()?;
    for batch in &batches {
        same("the slots", &scene.store.commit(batch).await?, &Landed::Applied)?;
    }
    let states =
        [used, State::Superseded { at: at(i64::MIN) }, State::Rotated { at: NOW, by: Rotation::Withdrawn }];
    for (generation, state) in (1..).zip(states) {
        scene.land(vec![bury(2, generation, state)]).await?;
    }

    let store = scene.reopen().await?;
    for (row, batch) in rows.iter().zip(batches.iter().flat_map(|batch| [batch.id(); 4])) {
        let expected = Some(Checkword { set_by: batch, ..row.clone() });
        let slot = store.checkword(row.holder, row.purpose.clone()).await?;
        ensure(slot == expected, "a slot comes back changed")?;
        let found = store.found(row.digest).await?;
        ensure(found == expected.map(Found::Newest), "by its digest a checkword comes back changed")?;
    }
    for (generation, state) in (1..).zip(states) {
        let CheckwordWrite::Bury { former } = bury(2, generation, state) else { continue };
        same("an earlier one", &store.found(former.digest).await?, &Some(Found::Former(former)))?;
    }
    Ok(())
}

pub(super) async fn checkword_digest_only_at_rest<H: Harness>(harness: &H) -> Outcome {
    let ring = ring()?;
    let secret = SecretText::make(&Planted, RECOVERY, ring.current(KeyPurpose::Digest))?;
    let text = secret.render();
    // EXPOSE: sealed as the row keeps it.
    let plain = Secret::new(text.expose().as_bytes().to_vec());
    let sealed = Some(Sealed::seal(&ring, &SystemEntropy, &[b"kit"], &plain)?.to_bytes());
    // EXPOSE: searched for.
    let text = text.expose();
    let random = text.split('_').nth(3).unwrap_or_default();
    let needles: [&[u8]; 3] = [text.as_bytes(), random.as_bytes(), PLANTED];
    let put = |row| vec![CheckwordWrite::Put { checkword: row, from: None }];

    // What rests in the rows of checkwords is found: a search that finds nothing proves nothing.
    let control = Scene::open(harness, "checkword_digest_only_at_rest").await?;
    let bound = [text.as_bytes(), PLANTED].concat();
    control.land(put(Checkword { bound, ..checkword(1, 1, 0) })).await?;
    same("texts found of those that rest", &resting(&control.raw().await?, &needles), &3)?;

    let scene = Scene::open(harness, "checkword_digest_only_at_rest").await?;
    let digest = secret.digest(&ring)?;
    scene.land(put(Checkword { digest, sealed, ..checkword(1, 1, 0) })).await?;
    same("texts of a link that rest", &resting(&scene.at_rest().await?, &needles), &0)?;

    // The digest is the whole of the key: of others, however like it, nothing is found.
    let store = scene.reopen().await?;
    ensure(store.found(digest).await?.is_some(), "a checkword is not found by its digest")?;
    for place in 0..digest.as_bytes().len() {
        let mut other = *digest.as_bytes();
        if let Some(byte) = other.get_mut(place) {
            *byte ^= 1;
        }
        let other = store.found(SecretDigest::from_bytes(other)).await?;
        ensure(other.is_none(), "a checkword is found by a digest that is not its own")?;
    }
    Ok(())
}

/// A slot is put by whoever has seen what stands there.
pub(super) async fn slot_is_put_by_version<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "slot_is_put_by_version").await?;
    let guard = CheckwordGuard::Version;
    scene.refuse("a version of nothing", vec![put_checkword(1, 1, Some(0))], guard).await?;
    let batch = scene.batch(vec![put_checkword(1, 1, None)])?;
    same("the first", &scene.store.commit(&batch).await?, &Landed::Applied)?;
    same("the first again", &scene.store.commit(&batch).await?, &Landed::AlreadyApplied)?;
    scene.refuse("none read where there is one", vec![put_checkword(1, 2, None)], guard).await?;
    scene.refuse("a version to come", vec![put_checkword(1, 2, Some(1))], guard).await?;
    // The same link sent again moves the version too.
    scene.land(vec![put_checkword(1, 1, Some(0))]).await?;
    scene.refuse("a version of the past", vec![put_checkword(1, 2, Some(0))], guard).await?;
    // A change moves it in any case, so that a request decided before the change does not land after it.
    scene.land(vec![rotate(1, NOW, Rotation::LoginChanged)]).await?;
    scene.refuse("decided before a change", vec![put_checkword(1, 2, Some(1))], guard).await?;
    scene.land(vec![rotate(1, NOW, Rotation::LoginChanged)]).await?;
    scene.refuse("decided between two", vec![put_checkword(1, 2, Some(2))], guard).await?;
    scene.land(vec![put_checkword(1, 2, Some(3))]).await?;
    let row = newest(&scene.store, 1).await?.map(|row| (row.generation, row.version, row.state));
    same("the slot", &row, &Some((2, 4, State::Live)))
}

pub(super) async fn inspect_does_not_consume<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "inspect_does_not_consume").await?;
    scene.land(vec![put_checkword(1, 1, None)]).await?;
    let before = newest(&scene.store, 1).await?;
    let other = scene.reopen().await?;
    for _ in 0..8 {
        for store in [&scene.store, &other] {
            same("a link that is looked at", &told(store, 1, 1, NOW).await?, &None)?;
        }
    }
    ensure(newest(&other, 1).await? == before, "looking at a link changes its row")?;
    scene.land(vec![consume(1, 1, NOW)]).await
}

/// Another holder's, another purpose's and another generation's are not used in its stead; and whose it is, is said by the
/// row.
pub(super) async fn wrong_subject_or_purpose_refused<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "wrong_subject_or_purpose_refused").await?;
    scene.land(vec![put_checkword(1, 2, None)]).await?;
    let live = CheckwordGuard::Live;
    let sign_up = SIGN_UP.as_str().to_owned();
    let of = |holder, purpose: &str, generation| {
        vec![CheckwordWrite::Consume { holder, purpose: purpose.to_owned(), generation, at: NOW }]
    };
    scene.refuse("somebody else's", vec![consume(2, 2, NOW)], live).await?;
    scene.refuse("for something else", of(subject(1), &sign_up, 2), live).await?;
    scene.refuse("an earlier generation", vec![consume(1, 1, NOW)], live).await?;
    scene.refuse("a later generation", vec![consume(1, 3, NOW)], live).await?;
    let found = scene.store.found(link(1, 2)).await?;
    same("for another purpose", &inspect(found.as_ref(), SIGN_UP, NOW).err(), &Some(Problem::WrongPurpose))?;
    let stranger = redeem(found.as_ref(), RECOVERY, Intent::OwnSession(subject(2)), NOW).err();
    same("in another's session", &stranger, &Some(Problem::OtherPerson))?;
    let holder = inspect(found.as_ref(), RECOVERY, NOW).map(|live| live.holder);
    same("whose it is", &holder, &Ok(subject(1)))?;
    // The slots of one holder are apart, each with its own newest.
    let checkword = Checkword { purpose: sign_up.clone(), digest: link(9, 9), ..checkword(1, 2, 0) };
    scene.land(vec![CheckwordWrite::Put { checkword, from: None }]).await?;
    scene.land(of(subject(1), &sign_up, 2)).await?;
    same("the link for recovery", &told(&scene.store, 1, 2, NOW).await?, &None)?;
    scene.land(vec![consume(1, 2, NOW)]).await
}

pub(super) async fn unknown_says_unknown<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "unknown_says_unknown").await?;
    let unknown = Some(Problem::Unknown);
    same("where there is none", &told(&scene.store, 1, 1, NOW).await?, &unknown)?;
    ensure(newest(&scene.store, 1).await?.is_none(), "a slot is there in which nothing was put")?;
    scene.refuse("using none", vec![consume(1, 1, NOW)], CheckwordGuard::Live).await?;
    scene.land(vec![put_checkword(1, 1, None)]).await?;
    for (number, generation) in [(1, 2), (2, 1)] {
        same("one that was never made", &told(&scene.store, number, generation, NOW).await?, &unknown)?;
    }
    for purpose in ALL.iter().filter(|purpose| **purpose != RECOVERY) {
        let slot = scene.store.checkword(subject(1), purpose.as_str().to_owned()).await?;
        ensure(slot.is_none(), "a slot of another purpose is there")?;
    }
    // A slot whose digest was replaced is found under the new one alone.
    scene.land(vec![put_checkword(1, 2, Some(0))]).await?;
    let other = scene.reopen().await?;
    for store in [&scene.store, &other] {
        same("the digest of before", &told(store, 1, 1, NOW).await?, &unknown)?;
        same("the digest of now", &told(store, 1, 2, NOW).await?, &None)?;
    }
    Ok(())
}

/// The text goes; the link stays what it is.
pub(super) async fn wiping_leaves_the_link<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "wiping_leaves_the_link").await?;
    let wipe = |generation| {
        let (holder, purpose) = (subject(1), RECOVERY.as_str().to_owned());
        vec![CheckwordWrite::Wipe { holder, purpose, generation }]
    };
    // It never refuses, also where there is nothing.
    scene.land(wipe(1)).await?;
    scene.land(vec![put_checkword(1, 2, None)]).await?;
    let put = newest(&scene.store, 1).await?;
    scene.land(wipe(1)).await?;
    ensure(newest(&scene.store, 1).await? == put, "the text of another generation is wiped")?;
    for _ in 0..2 {
        // Once wiped, nothing is left to wipe, and nothing moves.
        scene.land(wipe(2)).await?;
        let expected = put.clone().map(|row| Checkword { sealed: None, version: row.version + 1, ..row });
        ensure(
            newest(&scene.store, 1).await? == expected,
            "wiping changes other than the text and the version",
        )?;
    }
    scene.refuse("decided before", vec![put_checkword(1, 2, Some(0))], CheckwordGuard::Version).await?;
    scene.land(vec![consume(1, 2, NOW)]).await
}

/// The last eight are told apart; and another holder's are not counted with them.
pub(super) async fn former_checkwords_are_kept<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "former_checkwords_are_kept").await?;
    let at = |generation| NOW.plus(Duration::from_secs(60) * u32::try_from(generation).unwrap_or_default());
    let ended = |generation: u64| match generation % 3 {
        0 => State::Superseded { at: at(generation) },
        1 => State::Used { at: at(generation) },
        _ => State::Rotated { at: at(generation), by: Rotation::PasswordSet },
    };
    let last = FORMERS + 3;
    for number in [1, 2] {
        scene.land(vec![put_checkword(number, 1, None)]).await?;
    }
    scene.land(vec![put_checkword(2, 2, Some(0)), bury(2, 1, ended(1))]).await?;
    for generation in 1..last {
        let writes = vec![
            put_checkword(1, generation + 1, Some(generation - 1)),
            bury(1, generation, ended(generation)),
        ];
        scene.land(writes).await?;
    }
    let store = scene.reopen().await?;
    for generation in 1..last {
        let expected = match ended(generation) {
            _ if generation + FORMERS < last => Problem::Unknown,
            State::Superseded { at } => Problem::Superseded { at },
            State::Used { at } => Problem::Used { at },
            State::Rotated { at, by } => Problem::Rotated { at, by },
            State::Live => continue,
        };
        let what = format!("generation {generation} of {last}");
        same(&what, &told(&store, 1, generation, NOW).await?, &Some(expected))?;
    }
    same("the newest", &told(&store, 1, last, NOW).await?, &None)?;
    same("another's earlier one", &told(&store, 2, 1, NOW).await?, &Some(Problem::Used { at: at(1) }))?;
    same("another's newest", &told(&store, 2, 2, NOW).await?, &None)
}

/// The new one comes with the end of the old one, or neither does.
pub(super) async fn issue_supersedes_atomically<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "issue_supersedes_atomically").await?;
    scene.land(vec![put_checkword(1, 1, None)]).await?;
    let superseded = State::Superseded { at: NOW };
    let issue = |from| vec![bury(1, 1, superseded), put_checkword(1, 2, from)];
    for from in [None, Some(1), Some(7)] {
        scene.refuse("on what is not there", issue(from), CheckwordGuard::Version).await?;
        same("the old link", &told(&scene.store, 1, 1, NOW).await?, &None)?;
        same("a link that never landed", &told(&scene.store, 1, 2, NOW).await?, &Some(Problem::Unknown))?;
    }
    let batch = scene.batch(issue(Some(0)))?;
    let other = scene.reopen().await?;
    same("on what is there", &scene.store.commit(&batch).await?, &Landed::Applied)?;
    same("sent again", &other.commit(&batch).await?, &Landed::AlreadyApplied)?;
    let CheckwordWrite::Bury { former } = bury(1, 1, superseded) else { return Ok(()) };
    let former: Former = former;
    same("the old link", &other.found(link(1, 1)).await?, &Some(Found::Former(former)))?;
    same("the new link", &told(&other, 1, 2, NOW).await?, &None)
}

/// A recovery as the facade lands it: the link is used, the password is another, and all of it is written down; or none.
pub(super) async fn checkword_lands_with_other_domains<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "checkword_lands_with_other_domains").await?;
    scene.land(vec![create_profile(1)]).await?;
    scene.land(vec![put_password(1, "old", None, 1)]).await?;
    scene.land(vec![put_checkword(1, 1, None)]).await?;
    let recover = |epoch, version, generation| -> Result<Batch<JoinedWrite>, Finding> {
        let id = scene.batch_id();
        let writes = vec![
            record(event(id, None)?).into(),
            consume(1, generation, NOW).into(),
            put_password(1, "new", Some(version), 2).into(),
            ProfilesWrite::BumpEpoch { subject: subject(1), from: epoch }.into(),
        ];
        Ok(Batch::new(id, NOW, writes)?)
    };
    let there = async |batch: &Batch<JoinedWrite>| -> Result<_, Finding> {
        Ok((
            scene.store.profile(subject(1)).await?.map(|row| row.epoch),
            scene.store.password(subject(1)).await?.and_then(|row| row.hash),
            newest(&scene.store, 1).await?.map(|row| (row.state, row.sealed.is_some(), row.version)),
            scene.store.event(batch.id().into()).await?.is_some(),
        ))
    };
    let before = (Some(1), Some("old".to_owned()), Some((State::Live, true, 0)), false);
    let refusals = [
        (recover(7, 1, 1)?, 0, JoinedGuard::Profiles(ProfilesGuard::Epoch)),
        (recover(1, 7, 1)?, 1, JoinedGuard::Credentials(CredentialsGuard::PasswordVersion)),
        (recover(1, 1, 7)?, 2, JoinedGuard::Checkword(CheckwordGuard::Live)),
    ];
    for (batch, position, guard) in refusals {
        same("the answer", &scene.store.commit(&batch).await?, &Landed::Refused { position, guard })?;
        same("what is there after a refusal", &there(&batch).await?, &before)?;
    }
    let batch = recover(1, 1, 1)?;
    same("a recovery", &scene.store.commit(&batch).await?, &Landed::Applied)?;
    let after = (Some(2), Some("new".to_owned()), Some((State::Used { at: NOW }, false, 1)), true);
    same("what is there then", &there(&batch).await?, &after)?;
    same("sent again", &scene.store.commit(&batch).await?, &Landed::AlreadyApplied)
}
