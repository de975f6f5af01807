//! Whether a typed code is right: pure, so that a flow of several domains can land the writes in its own commit.

use vestibule_core::{Entropy, Error, Failure, KeyPurpose, KeyRing, Sealed, Secret, SubjectId, Timestamp};

use crate::authenticator::{Authenticator, AuthenticatorId};
use crate::problem::Problem;
use crate::proof::{FactorProof, ProvenBy};
use crate::totp::{Codes, SKEW, TypedCode, WINDOW};
use crate::tries::TakenTry;
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
                let skewed = codes.find(code, present, SKEW).filter(|step| *step > last);
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
    Ok(Accepted {
        proof,
        writes: vec![MfaWrite::AdvanceStep { subject, slot, id, to, resealed }, taken.settle()],
    })
}
