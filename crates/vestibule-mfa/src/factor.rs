//! What every second factor can do, whatever it is.

use core::fmt;

use vestibule_core::{BatchId, Entropy, Failure, KeyRing, Secret, Timestamp};

use crate::decide::{self, Stored};
use crate::problem::Problem;
use crate::proof::FactorProof;
use crate::recovery::RecoveryCode;
use crate::totp::TypedCode;
use crate::tries::TakenTry;
use crate::write::MfaWrite;

/// What an answer is judged by: all of it is read, drawn and paid for before.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Judging<'a> {
    /// The keys under which secrets rest.
    pub ring: &'a KeyRing,
    /// For what takes the place of what was used.
    pub entropy: &'a dyn Entropy,
    /// What is stored of the person.
    pub stored: Stored<'a>,
    /// The try that was paid for; `None` only for what opens nothing to whoever guesses, behind windows of its own.
    pub paid: Option<TakenTry>,
    /// The batch in which the writes will land.
    pub batch: BatchId,
    /// When.
    pub now: Timestamp,
}

impl<'a> Judging<'a> {
    /// What is stored of the person, judged now for a batch; no try was paid for it yet.
    #[must_use]
    pub const fn new(
        ring: &'a KeyRing,
        entropy: &'a dyn Entropy,
        stored: Stored<'a>,
        (batch, now): (BatchId, Timestamp),
    ) -> Self {
        Self { ring, entropy, stored, paid: None, batch, now }
    }

    /// The try that was paid for it.
    #[must_use]
    pub const fn paid(mut self, taken: Option<TakenTry>) -> Self {
        self.paid = taken;
        self
    }
}

impl fmt::Debug for Judging<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judging").field("batch", &self.batch).field("now", &self.now).finish_non_exhaustive()
    }
}

/// An answer that is right, and what must land for it to count: the proof is worth nothing before its writes have landed.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub struct Judged {
    /// The proof.
    pub proof: FactorProof,
    /// Since when the person has what was shown.
    pub since: Option<Timestamp>,
    /// A recovery code to be shown once, in the place of the one that was used.
    pub replacement: Option<RecoveryCode>,
    /// By which no other answer of the same step, or with the same code, is accepted.
    pub writes: Vec<MfaWrite>,
}

/// A second factor as whoever asks for one sees it: whether something can be an answer, whether it costs a try, whether it is
/// right. Callers hold a `&dyn Factor` and know no kind; a further kind joins by implementing this, in this crate: a proof is
/// nobody else's to make.
///
/// Nothing here does I/O: a caller reads [`Stored`], pays for the try where there is one, judges, and lands the writes
/// together with what the proof is for. [`Mfa::verify`](crate::Mfa::verify) does it for whoever lands nothing else.
///
/// # Example
///
/// ```
/// use vestibule_core::{Failure, Secret};
/// use vestibule_mfa::{Factor, Judged, Judging, Problem, RecoveryCodes, Totp};
///
/// /// Of whatever kind: the page says which it offered.
/// fn judge(
///     is_sheet: bool,
///     by: Judging<'_>,
///     answer: &Secret<String>,
/// ) -> Result<Judged, Failure<Problem>> {
///     let factor: &dyn Factor = if is_sheet { &RecoveryCodes } else { &Totp };
///     factor.can_be(by.stored, answer).map_err(Failure::Refused)?;
///     factor.judge(by, answer)
/// }
/// ```
pub trait Factor: sealed::Sealed + fmt::Debug + Send + Sync {
    /// A stable name of its kind: `totp`, `recovery_code`.
    fn kind(&self) -> &'static str;

    /// Whether its answers can be guessed, so that each costs a try before it is judged.
    fn costs_a_try(&self) -> bool;

    /// Whether it can be an answer of this person at all. What cannot costs no try.
    ///
    /// # Errors
    ///
    /// [`Problem::NotEnrolled`], or that it is none of theirs.
    fn can_be(&self, stored: Stored<'_>, answer: &Secret<String>) -> Result<(), Problem>;

    /// Judges the answer.
    ///
    /// # Errors
    ///
    /// Why it is refused; a fault where what is stored cannot be opened, which never means that no factor is asked for
    /// (FLT-X40).
    fn judge(&self, by: Judging<'_>, answer: &Secret<String>) -> Result<Judged, Failure<Problem>>;
}

#[expect(unnameable_types, reason = "so that nobody else implements it")]
mod sealed {
    pub trait Sealed {}

    impl Sealed for super::Totp {}
    impl Sealed for super::RecoveryCodes {}
}

/// Codes of authenticator apps.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing")]
pub struct Totp;

/// Recovery codes. They cost no try: nobody guesses 120 bits, and a stop would only shut out whoever lost their phone (NIST SP
/// 800-63B-4, 3.1.2.2 asks for a limit below 64 bits).
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing")]
pub struct RecoveryCodes;

impl Totp {
    fn read(stored: Stored<'_>, answer: &Secret<String>) -> Result<TypedCode, Problem> {
        let fits = |code: &TypedCode| stored.confirmed().any(|found| code.fits(found.parameters));
        TypedCode::parse(answer).filter(fits).ok_or(Problem::Wrong)
    }
}

impl Factor for Totp {
    fn kind(&self) -> &'static str {
        "totp"
    }

    fn costs_a_try(&self) -> bool {
        true
    }

    fn can_be(&self, stored: Stored<'_>, answer: &Secret<String>) -> Result<(), Problem> {
        if !stored.is_enrolled() {
            return Err(Problem::NotEnrolled);
        }
        Self::read(stored, answer).map(drop)
    }

    fn judge(&self, by: Judging<'_>, answer: &Secret<String>) -> Result<Judged, Failure<Problem>> {
        let Judging { ring, entropy, stored, now, .. } = by;
        let code = Self::read(stored, answer).map_err(Failure::Refused)?;
        let accepted = match by.paid {
            Some(taken) => decide::verify(ring, entropy, stored.authenticators, &code, taken, now)?,
            None => decide::recognise(ring, entropy, stored.authenticators, &code, now)?,
        };
        let since = stored.shown_since(accepted.proof.by());
        Ok(Judged { proof: accepted.proof, since, replacement: None, writes: accepted.writes })
    }
}

impl Factor for RecoveryCodes {
    fn kind(&self) -> &'static str {
        "recovery_code"
    }

    fn costs_a_try(&self) -> bool {
        false
    }

    fn can_be(&self, stored: Stored<'_>, answer: &Secret<String>) -> Result<(), Problem> {
        if !stored.is_enrolled() {
            return Err(Problem::NotEnrolled);
        }
        RecoveryCode::parse(answer).map(drop).ok_or(Problem::RecoveryCodeWrong)
    }

    fn judge(&self, by: Judging<'_>, answer: &Secret<String>) -> Result<Judged, Failure<Problem>> {
        let Judging { ring, entropy, stored, batch, now, .. } = by;
        let code = RecoveryCode::parse(answer).ok_or(Failure::Refused(Problem::RecoveryCodeWrong))?;
        let (redeemed, write) = decide::redeem(ring, entropy, stored, &code, (batch, now))?;
        let since = stored.shown_since(redeemed.proof.by());
        Ok(Judged {
            proof: redeemed.proof,
            since,
            replacement: Some(redeemed.replacement),
            writes: vec![write],
        })
    }
}
