//! Whether a typed code is right, and what becomes of authenticators and recovery codes: pure, so that a flow of several domains can land the writes in its own commit.

use vestibule_core::{
    BatchId, Entropy, Error, Failure, KeyPurpose, KeyRing, Sealed, Secret, SubjectId, Timestamp,
};

use crate::authenticator::{Authenticator, AuthenticatorId, MAX_AUTHENTICATORS};
use crate::enrolment::PendingEnrolment;
use crate::name::AuthenticatorName;
use crate::problem::Problem;
use crate::proof::{FactorProof, ProvenBy};
use crate::recovery::{self, CodeRow, Place, RecoveryCode, RecoverySheet};
use crate::service_enrol::PENDING_FOR;
use crate::totp::{Codes, Parameters, SKEW, TypedCode, WINDOW};
use crate::tries::{TakenTry, Tries};
use crate::write::MfaWrite;

/// A code that is right, and what must land for it to count: the proof is worth nothing before its writes have landed.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_structs, reason = "an answer, taken apart by its callers")]
pub struct Accepted {
    /// The proof.
    pub proof: FactorProof,
    /// The step's advance, by which no other code of it is accepted, and the settled try.
    pub writes: Vec<MfaWrite>,
}

/// What the secret of an authenticator is sealed for.
pub(crate) fn open(
    ring: &KeyRing,
    subject: SubjectId,
    id: AuthenticatorId,
    sealed: &Sealed,
) -> Result<Secret<Vec<u8>>, Error> {
    Ok(sealed.open(ring, &row_of(&subject, &id))?)
}

pub(crate) fn row_of<'a>(subject: &'a SubjectId, id: &'a AuthenticatorId) -> [&'a [u8]; 3] {
    [b"mfa.authenticator", subject.as_bytes(), id.as_bytes()]
}

/// Compares a typed code with every confirmed authenticator. The try must have been taken durably before.
///
/// # Errors
///
/// [`Problem::Wrong`], [`Problem::Replayed`], [`Problem::ClockSkew`]; a fault when a secret cannot be opened, which
/// never means that no factor is asked for (FLT-X40).
pub fn verify(
    ring: &KeyRing,
    entropy: &(impl Entropy + ?Sized),
    authenticators: &[Authenticator],
    code: &TypedCode,
    taken: TakenTry,
    now: Timestamp,
) -> Result<Accepted, Failure<Problem>> {
    let mut accepted = compare(ring, entropy, authenticators, (code, SKEW), now)?;
    accepted.writes.push(taken.settle());
    Ok(accepted)
}

/// The same comparison without a try, and without looking for a clock that is wrong: only for what opens nothing to whoever
/// guesses, and needs windows of its own. Its writes advance the step and leave the tries as they are.
///
/// # Errors
///
/// [`Problem::Wrong`], [`Problem::Replayed`]; a fault as in [`verify`].
pub fn recognise(
    ring: &KeyRing,
    entropy: &(impl Entropy + ?Sized),
    authenticators: &[Authenticator],
    code: &TypedCode,
    now: Timestamp,
) -> Result<Accepted, Failure<Problem>> {
    compare(ring, entropy, authenticators, (code, 0), now)
}

fn compare(
    ring: &KeyRing,
    entropy: &(impl Entropy + ?Sized),
    authenticators: &[Authenticator],
    (code, skew): (&TypedCode, u64),
    now: Timestamp,
) -> Result<Accepted, Failure<Problem>> {
    let mut accepted = None;
    let mut problem = Problem::Wrong;
    for found in authenticators.iter().filter(|found| found.is_confirmed() && code.fits(found.parameters)) {
        let secret = open(ring, found.subject, found.id, &found.sealed)?;
        let codes = Codes::new(found.parameters, &secret)?;
        let present = found.parameters.step_at(now);
        let last = found.last_step.unwrap_or(u64::MAX);
        match codes.find(code, present, WINDOW) {
            Some(step) if step > last => accepted = accepted.or(Some((found, secret, step))),
            Some(_) => problem = Problem::Replayed,
            None => {
                let skewed = match skew {
                    0 => None,
                    skew => codes.find(code, present, skew).filter(|step| *step > last),
                };
                if let (Some(step), Problem::Wrong) = (skewed, problem) {
                    let (step, present) =
                        (i64::try_from(step).unwrap_or(i64::MAX), i64::try_from(present).unwrap_or(i64::MAX));
                    problem = Problem::ClockSkew { steps: step.saturating_sub(present) };
                }
            }
        }
    }
    let Some((found, secret, to)) = accepted else { return Err(Failure::Refused(problem)) };
    let (subject, slot, id) = (found.subject, found.slot, found.id);
    let resealed = if found.sealed.key() == ring.current(KeyPurpose::Seal) {
        None
    } else {
        Some(Sealed::seal(ring, entropy, &row_of(&subject, &id), &secret)?)
    };
    let proof = FactorProof { subject, by: ProvenBy::Authenticator(id), version: found.version, at: now };
    Ok(Accepted { proof, writes: vec![MfaWrite::AdvanceStep { subject, slot, id, to, resealed }] })
}

/// What is stored of a person's second factor.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "what the decisions look at: all of it is read first")]
pub struct Stored<'a> {
    /// Whose.
    pub subject: SubjectId,
    /// Every authenticator.
    pub authenticators: &'a [Authenticator],
    /// Every recovery code.
    pub codes: &'a [CodeRow],
    /// The tries.
    pub tries: Option<&'a Tries>,
}

impl<'a> Stored<'a> {
    /// The authenticators whose codes count.
    pub(crate) fn confirmed(self) -> impl Iterator<Item = &'a Authenticator> {
        self.authenticators.iter().filter(|found| found.is_confirmed())
    }

    /// Whether the person has a second factor.
    #[must_use]
    pub fn is_enrolled(self) -> bool {
        self.confirmed().next().is_some()
    }

    /// Since when the person has what proved them.
    #[must_use]
    pub fn shown_since(self, by: ProvenBy) -> Option<Timestamp> {
        match by {
            ProvenBy::Authenticator(id) => {
                self.authenticators.iter().find(|found| found.id == id).and_then(|found| found.confirmed_at)
            }
            ProvenBy::RecoveryCode(slot) => {
                self.codes.iter().find(|code| code.slot == slot).map(|code| code.made_at)
            }
        }
    }
}

/// A new authenticator, pending.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_structs, reason = "an answer, taken apart by its callers")]
pub struct Begun {
    /// What the person is shown, once, when the write has landed.
    pub pending: PendingEnrolment,
    /// The row.
    pub write: MfaWrite,
}

/// An authenticator that a code has confirmed.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_structs, reason = "an answer, taken apart by its callers")]
pub struct Confirmed {
    /// The proof of it.
    pub proof: FactorProof,
    /// The recovery codes, with the first authenticator.
    pub sheet: Option<RecoverySheet>,
    /// What lands.
    pub writes: Vec<MfaWrite>,
}

/// Begins an authenticator. One that was pending before gives way.
///
/// # Errors
///
/// [`Problem::TooMany`].
pub fn begin(
    ring: &KeyRing,
    entropy: &(impl Entropy + ?Sized),
    stored: Stored<'_>,
    name: &AuthenticatorName,
    (batch, now): (BatchId, Timestamp),
) -> Result<Begun, Failure<Problem>> {
    let (subject, existing) = (stored.subject, stored.authenticators);
    let before = existing.iter().find(|found| !found.is_confirmed());
    let empty = (0..MAX_AUTHENTICATORS).find(|slot| existing.iter().all(|found| found.slot != *slot));
    let slot = before.map(|found| found.slot).or(empty).ok_or(Failure::Refused(Problem::TooMany))?;
    let id = AuthenticatorId::make(entropy).map_err(Error::from)?;
    let parameters = Parameters::default();
    let secret = PendingEnrolment::make_secret(entropy).map_err(Error::from)?;
    let from = before.map(|found| found.version);
    let row = Authenticator {
        subject,
        slot,
        id,
        name: name.clone(),
        parameters,
        sealed: Sealed::seal(ring, entropy, &row_of(&subject, &id), &secret).map_err(Error::from)?,
        created_at: now,
        confirmed_at: None,
        last_step: None,
        version: from.map_or(1, |version| version.saturating_add(1)),
        set_by: batch,
    };
    let pending = PendingEnrolment { id, parameters, secret };
    Ok(Begun { pending, write: MfaWrite::PutAuthenticator { row, from } })
}

/// Confirms a pending authenticator by a code of it, which is used by that. With the first authenticator come the recovery
/// codes. Where too many wrong codes have stopped the factor, this binds it anew: the older authenticators go.
///
/// # Errors
///
/// [`Problem::NotPending`], [`Problem::Wrong`].
pub fn confirm(
    ring: &KeyRing,
    entropy: &(impl Entropy + ?Sized),
    stored: Stored<'_>,
    (id, code): (AuthenticatorId, &TypedCode),
    (batch, now): (BatchId, Timestamp),
) -> Result<Confirmed, Failure<Problem>> {
    let subject = stored.subject;
    let pending = stored
        .authenticators
        .iter()
        .find(|found| found.id == id && !found.is_confirmed())
        .filter(|found| now.since(found.created_at) < PENDING_FOR)
        .ok_or(Failure::Refused(Problem::NotPending))?;
    let secret = open(ring, subject, id, &pending.sealed)?;
    let step = Codes::new(pending.parameters, &secret)?
        .find(code, pending.parameters.step_at(now), WINDOW)
        .ok_or(Failure::Refused(Problem::Wrong))?;
    let version = pending.version.saturating_add(1);
    let row = Authenticator {
        confirmed_at: Some(now),
        last_step: Some(step),
        version,
        set_by: batch,
        ..pending.clone()
    };
    let mut writes = vec![MfaWrite::PutAuthenticator { row, from: Some(pending.version) }];
    let stopped = stored.tries.is_some_and(|tries| tries.stopped_at.is_some());
    let others = || stored.authenticators.iter().filter(|found| found.is_confirmed());
    if stopped {
        writes.extend(others().map(gone));
    }
    let sheet = if stopped || others().next().is_none() {
        writes.push(MfaWrite::ResetTries { subject });
        let (sheet, codes) = code_set(ring, entropy, stored, (batch, now))?;
        writes.extend(codes);
        Some(sheet)
    } else {
        None
    };
    let proof = FactorProof { subject, by: ProvenBy::Authenticator(id), version, at: now };
    Ok(Confirmed { proof, sheet, writes })
}

/// A new set of recovery codes, in the place of the old one.
///
/// # Errors
///
/// Faults only.
pub fn code_set(
    ring: &KeyRing,
    entropy: &(impl Entropy + ?Sized),
    stored: Stored<'_>,
    (batch, now): (BatchId, Timestamp),
) -> Result<(RecoverySheet, Vec<MfaWrite>), Error> {
    let (sheet, rows) = recovery::make_set(ring, entropy, stored.subject, stored.codes, (batch, now))?;
    let replaced = |slot| stored.codes.iter().find(|old| old.slot == slot).map(|old| old.digest);
    let writes = rows.into_iter().map(|row| MfaWrite::PutCode { replacing: replaced(row.slot), row });
    Ok((sheet, writes.collect()))
}

/// A recovery code that was used, and the one that takes its place.
#[derive(Debug)]
#[must_use = "the replacement is shown once: nobody can read it again"]
#[expect(clippy::exhaustive_structs, reason = "an answer, taken apart by its callers")]
pub struct Redeemed {
    /// The proof.
    pub proof: FactorProof,
    /// The new code (NIST SP 800-63B-4, 4.2.1.1).
    pub replacement: RecoveryCode,
}

/// Uses a recovery code: the proof and the code that takes its place, and the write that makes both true.
///
/// # Errors
///
/// [`Problem::RecoveryCodeWrong`], [`Problem::RecoveryCodeSpent`].
pub fn redeem(
    ring: &KeyRing,
    entropy: &(impl Entropy + ?Sized),
    stored: Stored<'_>,
    code: &RecoveryCode,
    (batch, now): (BatchId, Timestamp),
) -> Result<(Redeemed, MfaWrite), Failure<Problem>> {
    let subject = stored.subject;
    let row = match recovery::place(ring, subject, code, stored.codes).map_err(Error::from)? {
        Place::Live(row) => row,
        Place::Spent => return Err(Failure::Refused(Problem::RecoveryCodeSpent)),
        Place::Nowhere => return Err(Failure::Refused(Problem::RecoveryCodeWrong)),
    };
    let (replacement, new) = recovery::replace(ring, entropy, row, (batch, now))?;
    let proof = FactorProof { subject, by: ProvenBy::RecoveryCode(row.slot), version: row.version, at: now };
    Ok((Redeemed { proof, replacement }, MfaWrite::PutCode { row: new, replacing: Some(row.digest) }))
}

/// Removes an authenticator; with the last confirmed one the recovery codes go, too. Whether the person may be without a
/// second factor is the caller's to judge.
///
/// # Errors
///
/// [`Problem::Gone`].
pub fn remove(stored: Stored<'_>, id: AuthenticatorId) -> Result<Vec<MfaWrite>, Problem> {
    let found = stored.authenticators.iter().find(|found| found.id == id).ok_or(Problem::Gone)?;
    let mut writes = vec![gone(found)];
    if !stored.authenticators.iter().any(|found| found.id != id && found.is_confirmed()) {
        writes.extend(stored.codes.iter().map(cleared));
    }
    Ok(writes)
}

/// Removes every authenticator and every recovery code, and forgets the tries.
#[must_use]
pub fn remove_all(stored: Stored<'_>) -> Vec<MfaWrite> {
    let mut writes: Vec<MfaWrite> = stored.authenticators.iter().map(gone).collect();
    writes.extend(stored.codes.iter().map(cleared));
    writes.push(MfaWrite::ResetTries { subject: stored.subject });
    writes
}

fn gone(found: &Authenticator) -> MfaWrite {
    MfaWrite::RemoveAuthenticator { subject: found.subject, slot: found.slot, id: found.id }
}

fn cleared(code: &CodeRow) -> MfaWrite {
    MfaWrite::ClearCode { subject: code.subject, slot: code.slot, digest: code.digest }
}
