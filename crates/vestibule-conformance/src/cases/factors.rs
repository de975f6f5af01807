//! Authenticators of a second factor: what a slot keeps, and which codes' steps are accepted.

use std::sync::{Arc, Mutex};

use vestibule_core::{
    Commit, Entropy, EntropyError, Landed, Sealed, Secret, SubjectId, SystemEntropy, Timestamp,
};
use vestibule_mfa::{
    Algorithm, Authenticator, AuthenticatorName, CODES, CodeRow, MAX_AUTHENTICATORS, Mfa, MfaGuard, MfaRead,
    MfaWrite, Parameters, RecoveryCodes, Totp, code_at,
};
use vestibule_sessions::{SessionsGuard, SessionsRead};

use super::sessions::{PLANTED, resting};
use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{
    COURSE, NOW, advance, bind, binding, clear_code, code, confirmed, first_code, ids, note_proven, pending,
    put_session, redeem_code, ring, sealed, session, set_course, subject, take_factor_try, unbind,
};
use crate::harness::Harness;
use crate::joined::{JoinedGuard, JoinedWrite};
use crate::scene::Scene;

/// What stands in a slot of this person.
pub(super) async fn held<S: MfaRead>(
    store: &S,
    number: u64,
    slot: u8,
) -> Result<Option<Authenticator>, Finding> {
    let all = store.authenticators(subject(number)).await?;
    Ok(all.into_iter().find(|row| row.slot == slot))
}

/// The newest step of which a code was accepted, and the version of the row.
pub(super) async fn reached<S: MfaRead>(
    store: &S,
    number: u64,
) -> Result<Option<(Option<u64>, u64)>, Finding> {
    Ok(held(store, number, 0).await?.map(|row| (row.last_step, row.version)))
}

pub(super) async fn factors_come_back_unchanged<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "factors_come_back_unchanged").await?;
    let at = Timestamp::from_unix_micros;
    let odd = SubjectId::from_bytes(b"'%_\0\xff")?;
    let many = u64::try_from(i64::MAX)?;
    let rows = [
        Authenticator {
            subject: odd,
            name: AuthenticatorName::parse("it's %_ \u{202e}\u{1f511} e\u{301}")?,
            parameters: Parameters::from_stored(Algorithm::Sha512, 8, 120)?,
            sealed: Sealed::from_bytes(&[sealed(), (0..=255).collect()].concat())?,
            created_at: at(i64::MIN),
            confirmed_at: Some(at(i64::MAX)),
            last_step: Some(many),
            version: many,
            ..pending(1, 3)?
        },
        Authenticator {
            subject: odd,
            parameters: Parameters::from_stored(Algorithm::Sha256, 7, 15)?,
            created_at: at(-1),
            confirmed_at: Some(at(1_700_000_000_123_457)),
            last_step: Some(0),
            version: 0,
            ..pending(1, 1)?
        },
        Authenticator {
            subject: odd,
            name: AuthenticatorName::parse(&"\u{fc}".repeat(64))?,
            ..pending(1, 2)?
        },
        // Between the rows of the one there are those of another.
        confirmed(2, 0, 7)?,
    ];
    let (bare, spent) = (code(1, 9, 1)?, code(1, 0, 5)?);
    let codes = [
        CodeRow { subject: odd, made_at: at(i64::MAX), version: many, ..bare },
        CodeRow { subject: odd, made_at: at(i64::MIN), ..spent },
    ];
    let mut writes: Vec<_> = rows.iter().cloned().map(bind).collect();
    writes.extend(codes.iter().cloned().map(|row| MfaWrite::PutCode { row, replacing: None }));
    let batch = scene.batch(writes)?;
    same("the rows", &scene.store.commit(&batch).await?, &Landed::Applied)?;

    let (store, set_by) = (scene.reopen().await?, batch.id());
    let [third, first, second, _] = rows;
    let expected = [first, second, third].map(|row| Authenticator { set_by, ..row });
    same("the authenticators, by slot", &store.authenticators(odd).await?, &expected.to_vec())?;
    let [last, zeroth] = codes;
    let expected = [zeroth, last].map(|row| CodeRow { set_by, ..row });
    same("the codes, by slot", &store.codes(odd).await?, &expected.to_vec())?;
    same("nobody's codes", &store.codes(subject(2)).await?, &Vec::new())?;
    ensure(store.mfa_tries(odd).await?.is_none(), "tries are there that nobody took")
}

/// Whoever binds, confirms or renames has seen what stands in the slot.
pub(super) async fn authenticator_is_put_by_version<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "authenticator_is_put_by_version").await?;
    let guard = MfaGuard::AuthenticatorVersion;
    let put = |row, from| vec![MfaWrite::PutAuthenticator { row, from: Some(from) }];
    scene.refuse("a version of nothing", put(confirmed(1, 0, 9)?, 1), guard).await?;
    let begun = scene.batch(vec![bind(pending(1, 0)?)])?;
    same("a first one", &scene.store.commit(&begun).await?, &Landed::Applied)?;
    same("it again", &scene.store.commit(&begun).await?, &Landed::AlreadyApplied)?;
    scene.refuse("one in a slot that is taken", vec![bind(pending(1, 0)?)], guard).await?;
    let confirm = scene.batch(put(confirmed(1, 0, 10)?, 1))?;
    same("a code confirms it", &scene.store.commit(&confirm).await?, &Landed::Applied)?;
    same("the same sent again", &scene.store.commit(&confirm).await?, &Landed::AlreadyApplied)?;
    scene.refuse("a second confirmation", put(confirmed(1, 0, 11)?, 1), guard).await?;
    same("the step that confirmed it", &reached(&scene.store, 1).await?, &Some((Some(10), 2)))?;

    // An accepted code moves the version too: what was read before it does not bring a used step back.
    scene.land(vec![advance(1, 0, 11)]).await?;
    let name = AuthenticatorName::parse("new")?;
    let renamed = |step, version| -> Result<_, Finding> {
        Ok(Authenticator { name: name.clone(), version, ..confirmed(1, 0, step)? })
    };
    scene.refuse("renamed as it was before a code", put(renamed(10, 3)?, 2), guard).await?;
    scene.land(put(renamed(11, 4)?, 3)).await?;
    let row = held(&scene.store, 1, 0).await?.map(|row| (row.name, row.last_step, row.version));
    same("the slot", &row, &Some((name, Some(11), 4)))
}

/// Of a step one code counts, and none of a step before it (PR-7).
pub(super) async fn advance_step_monotonic<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "advance_step_monotonic").await?;
    scene.land(vec![bind(confirmed(1, 0, 10)?)]).await?;
    let unused = MfaGuard::StepUnused;
    let key_change = |to| {
        let resealed = Sealed::from_bytes(&[sealed(), vec![1]].concat()).ok();
        MfaWrite::AdvanceStep { subject: subject(1), slot: 0, id: binding(0), to, resealed }
    };
    let mut version = 2;
    for (step, resealed) in [(11, false), (12, true), (40, false), (41, true)] {
        let write = if resealed { key_change(step) } else { advance(1, 0, step) };
        let batch = scene.batch(vec![write])?;
        same("a step that is next or later", &scene.store.commit(&batch).await?, &Landed::Applied)?;
        same("the same sent again", &scene.store.commit(&batch).await?, &Landed::AlreadyApplied)?;
        version += 1;
        let row = held(&scene.store, 1, 0).await?;
        let sealed_anew = row.as_ref().is_some_and(|row| row.sealed.to_bytes().len() > sealed().len());
        same("whether the secret is sealed anew", &sealed_anew, &(step > 11))?;
        let row = row.map(|row| (row.last_step, row.version, row.set_by, row.confirmed_at));
        same("the row", &row, &Some((Some(step), version, batch.id(), Some(NOW))))?;
        scene.refuse("the step again", vec![advance(1, 0, step)], unused).await?;
        scene.refuse("it again, sealed anew", vec![key_change(step)], unused).await?;
    }
    let other = scene.reopen().await?;
    for step in [41, 40, 39, 13, 11, 10, 1, 0] {
        let late = scene.commit(&other, vec![advance(1, 0, step)]).await?.refused();
        same("an older step through another handle", &late, &Some(unused))?;
    }
    same("the row after all", &reached(&other, 1).await?, &Some((Some(41), 6)))
}

/// Codes of what is pending, of another binding, of another slot and of what is gone count for nothing.
pub(super) async fn pending_secret_not_usable<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "pending_secret_not_usable").await?;
    let unused = MfaGuard::StepUnused;
    scene.refuse("a code of nothing", vec![advance(1, 0, 11)], unused).await?;
    scene.land(vec![bind(pending(1, 0)?), bind(confirmed(1, 1, 10)?)]).await?;
    let before = scene.store.authenticators(subject(1)).await?;
    let of = |slot, id| vec![MfaWrite::AdvanceStep { subject: subject(1), slot, id, to: 11, resealed: None }];
    scene.refuse("a code of one that is pending", of(0, binding(0)), unused).await?;
    scene.refuse("a code of another's slot", of(0, binding(1)), unused).await?;
    scene.refuse("a code of another binding", of(1, binding(0)), unused).await?;
    scene.refuse("a code in an empty slot", of(2, binding(1)), unused).await?;
    scene.refuse("somebody else's", vec![advance(2, 1, 11)], unused).await?;
    same("the rows", &scene.store.authenticators(subject(1)).await?, &before)?;
    scene.land(of(1, binding(1))).await?;
    scene.land(vec![unbind(1, 1)]).await?;
    let other = scene.reopen().await?;
    let late = scene.commit(&other, vec![advance(1, 1, 12)]).await?.refused();
    same("a code of one that was removed", &late, &Some(unused))
}

/// A slot that is bound anew answers to its new binding alone.
pub(super) async fn re_enrol_replaces_secret<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "re_enrol_replaces_secret").await?;
    scene.land(vec![bind(confirmed(1, 0, 10)?), bind(confirmed(1, 1, 10)?)]).await?;
    let gone = MfaGuard::AuthenticatorLive;
    let remove = |slot, id| vec![MfaWrite::RemoveAuthenticator { subject: subject(1), slot, id }];
    scene.refuse("another binding", remove(0, binding(1)), gone).await?;
    scene.refuse("an empty slot", remove(2, binding(0)), gone).await?;
    scene.refuse("somebody else's", vec![unbind(2, 0)], gone).await?;
    scene.land(remove(0, binding(0))).await?;
    scene.refuse("removed twice", remove(0, binding(0)), gone).await?;
    let left = scene.store.authenticators(subject(1)).await?;
    same("what is left", &left.iter().map(|row| row.slot).collect(), &vec![1])?;
    // An administrator's page still names the old one.
    let anew = Authenticator { id: binding(9), ..confirmed(1, 0, 3)? };
    scene.land(vec![bind(anew)]).await?;
    scene.refuse("the old one, whose slot is taken", remove(0, binding(0)), gone).await?;
    scene.refuse("a code of the old secret", vec![advance(1, 0, 11)], MfaGuard::StepUnused).await?;
    let id = binding(9);
    scene
        .land(vec![MfaWrite::AdvanceStep { subject: subject(1), slot: 0, id, to: 4, resealed: None }])
        .await?;
    same("the new one", &reached(&scene.store, 1).await?, &Some((Some(4), 3)))
}

/// What waits for a lost factor is begun, cancelled and ended by whoever has seen how it stands.
pub(super) async fn factor_reset_is_set_by_version<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "factor_reset_is_set_by_version").await?;
    let guard = MfaGuard::ResetVersion;
    let stands = async |number| -> Result<_, Finding> {
        let row = scene.store.factor_reset(subject(number)).await?;
        Ok(row.map(|row| (row.proven, row.course, row.version)))
    };
    same("where there is none", &stands(1).await?, &None)?;
    scene.refuse("a version of nothing", vec![set_course(1, 1, Some(COURSE))], guard).await?;
    // Noting what was shown moves no version, whatever stands there.
    scene.land(vec![note_proven(1, 3)]).await?;
    same("noted", &stands(1).await?, &Some((Some(3), None, 0)))?;
    // Of whom nothing is noted it begins as well; the steps are those of the other.
    for (number, proven) in [(1, Some(3)), (2, None)] {
        let begun = scene.batch(vec![set_course(number, 0, Some(COURSE))])?;
        same("begun", &scene.store.commit(&begun).await?, &Landed::Applied)?;
        same("begun, sent again", &scene.store.commit(&begun).await?, &Landed::AlreadyApplied)?;
        same("what waits", &stands(number).await?, &Some((proven, Some(COURSE), 1)))?;
        scene.refuse("begun twice", vec![set_course(number, 0, Some(COURSE))], guard).await?;
        scene.land(vec![note_proven(number, 4)]).await?;
        same("noted beside it", &stands(number).await?, &Some((Some(4), Some(COURSE), 1)))?;
        let ended = scene.batch(vec![set_course(number, 1, None)])?;
        same("ended", &scene.store.commit(&ended).await?, &Landed::Applied)?;
        same("ended, sent again", &scene.store.commit(&ended).await?, &Landed::AlreadyApplied)?;
        scene.refuse("ended twice", vec![set_course(number, 1, None)], guard).await?;
        scene.refuse("a version to come", vec![set_course(number, 3, None)], guard).await?;
        let other = scene.reopen().await?;
        let row = other.factor_reset(subject(number)).await?;
        let row = row.map(|row| (row.proven, row.course, row.version, row.set_by));
        same("through another handle", &row, &Some((Some(4), None, 2, ended.id())))?;
        scene.land(vec![set_course(number, 2, Some(COURSE))]).await?;
        same("begun again", &stands(number).await?, &Some((Some(4), Some(COURSE), 3)))?;
    }
    Ok(())
}

/// Nobody's second factor is touched by what becomes of another's, however like they are.
pub(super) async fn factors_of_people_are_apart<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "factors_of_people_are_apart").await?;
    for number in [1, 2] {
        scene.land(vec![bind(confirmed(number, 0, 10)?), bind(pending(number, 3)?)]).await?;
        scene.land(vec![first_code(number, 0)?, first_code(number, 9)?]).await?;
        scene.land(vec![take_factor_try(number, 0, 1), set_course(number, 0, Some(COURSE))]).await?;
    }
    let of = async |number| -> Result<_, Finding> {
        let (store, own) = (&scene.store, subject(number));
        let tries = (store.mfa_tries(own).await?, store.factor_reset(own).await?);
        Ok((store.authenticators(own).await?, store.codes(own).await?, tries))
    };
    let before = of(2).await?;
    let own = subject(1);
    for writes in [
        vec![advance(1, 0, 11)],
        vec![redeem_code(1, 0, 1)?],
        vec![MfaWrite::SettleTry { subject: own, number: 1 }],
        vec![take_factor_try(1, 1, 1)],
        vec![MfaWrite::ResetTries { subject: own }],
        vec![note_proven(1, 9)],
        vec![set_course(1, 1, None)],
        vec![unbind(1, 0), unbind(1, 3)],
        vec![clear_code(1, 0, 2), clear_code(1, 9, 1)],
    ] {
        scene.land(writes).await?;
        same("another's second factor", &of(2).await?, &before)?;
    }
    let (held, codes, (tries, _)) = of(1).await?;
    let left = (held.len(), codes.len(), tries.map(|tries| (tries.taken, tries.consecutive_failures())));
    same("what is left of one's own", &left, &(0, 0, Some((2, 0))))
}

/// A code that is accepted and the session that it opens are one commit.
pub(super) async fn factor_lands_with_other_domains<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "factor_lands_with_other_domains").await?;
    scene.land(vec![bind(confirmed(1, 0, 10)?)]).await?;
    scene.land(vec![take_factor_try(1, 0, 100)]).await?;
    let settled = MfaWrite::SettleTry { subject: subject(1), number: 1 };
    let entered = |step| -> Vec<JoinedWrite> {
        vec![put_session(session(1, 3), None).into(), settled.clone().into(), advance(1, 0, step).into()]
    };
    let failures = async || -> Result<_, Finding> {
        Ok(scene.store.mfa_tries(subject(1)).await?.map(|tries| tries.consecutive_failures()))
    };
    let used = JoinedGuard::Mfa(MfaGuard::StepUnused);
    scene.refuse("a used code", entered(10), used).await?;
    ensure(scene.store.session(ids(3).digest).await?.is_none(), "a used code opened a session")?;
    same("the failures after a used code", &failures().await?, &Some(1))?;
    scene.land(vec![put_session(session(1, 19), None)]).await?;
    let taken = JoinedGuard::Sessions(SessionsGuard::Slot);
    scene.refuse("a slot that is taken", entered(11), taken).await?;
    same("the step after a refusal", &reached(&scene.store, 1).await?, &Some((Some(10), 2)))?;
    same("the failures after a refusal", &failures().await?, &Some(1))?;
    let own: Vec<JoinedWrite> =
        vec![advance(1, 0, 11).into(), settled.into(), put_session(session(1, 4), None).into()];
    scene.land(own).await?;
    same("the step", &reached(&scene.store, 1).await?, &Some((Some(11), 3)))?;
    same("the failures", &failures().await?, &Some(0))?;
    ensure(scene.store.session(ids(4).digest).await?.is_some(), "the session is missing")
}

/// What was drawn, to be searched for.
#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<Vec<Vec<u8>>>>);

impl Entropy for Recorded {
    fn try_fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        SystemEntropy.try_fill(out)?;
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(out.to_vec());
        Ok(())
    }
}

impl Recorded {
    /// What was drawn of this length.
    fn of(&self, length: usize) -> Vec<Vec<u8>> {
        let drawn = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        drawn.iter().filter(|drawn| drawn.len() == length).cloned().collect()
    }
}

/// How long the secret of an authenticator is, and a recovery code.
const LENGTHS: [usize; 2] = [20, 15];

pub(super) async fn factor_secrets_never_rest_in_clear<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "factor_secrets_never_rest_in_clear").await?;
    let failed = |failure| Finding::new(format!("the crate's own service failed: {failure:?}"));
    let (drawn, ada) = (Recorded::default(), subject(1));
    let mfa = Mfa::new(&scene.store, Arc::new(ring()?), drawn.clone());
    // What rests in a name is found: a search that finds nothing proves nothing.
    let name = AuthenticatorName::parse(core::str::from_utf8(PLANTED)?)?;
    let begun = mfa.begin(ada, &name, NOW).await.map_err(failed)?;
    let secret = drawn.of(20).pop().ok_or_else(|| Finding::new("no secret was drawn"))?;
    let step = Parameters::default().step_at(NOW);
    let typed = code_at(Parameters::default(), &Secret::new(secret), step)?;
    let sheet = mfa.confirm(ada, begun.id(), &typed, NOW).await.map_err(failed)?;
    let sheet = sheet.ok_or_else(|| Finding::new("the first authenticator came without codes"))?;
    let mut needles: Vec<Vec<u8>> = LENGTHS.into_iter().flat_map(|length| drawn.of(length)).collect();
    same("secrets drawn", &needles.len(), &(1 + usize::from(CODES)))?;
    let texts = sheet.codes().iter().map(vestibule_mfa::RecoveryCode::render);
    // EXPOSE: searched for.
    needles.extend(texts.chain([begun.manual_key()]).map(|text| text.expose().as_bytes().to_vec()));
    let needles: Vec<&[u8]> = needles.iter().map(Vec::as_slice).collect();
    same("names found of those that rest", &resting(&scene.raw().await?, &[PLANTED]), &1)?;
    same("secrets that rest", &resting(&scene.at_rest().await?, &needles), &0)?;

    // And what rests is enough: through another handle the next code is right, and each recovery code once.
    let other = Mfa::new(scene.reopen().await?, Arc::new(ring()?), SystemEntropy);
    let secret = drawn.of(20).pop().map(Secret::new).ok_or_else(|| Finding::new("no secret was drawn"))?;
    let typed = code_at(Parameters::default(), &secret, step + 1)?;
    let proof = other.verify(&Totp, ada, &typed, NOW).await.map_err(failed)?.proof;
    same("whose proof it is", &proof.subject(), &ada)?;
    for text in sheet.codes().iter().map(vestibule_mfa::RecoveryCode::render) {
        let _ = other.verify(&RecoveryCodes, ada, &text, NOW).await.map_err(failed)?;
        ensure(
            other.verify(&RecoveryCodes, ada, &text, NOW).await.is_err(),
            "a recovery code was redeemed twice",
        )?;
    }
    same("the codes that are left", &other.count_codes(ada).await.map_err(failed)?, &CODES.into())?;
    let slots = scene.store.authenticators(ada).await?.len();
    ensure(slots <= usize::from(MAX_AUTHENTICATORS), "there are more authenticators than slots")
}
