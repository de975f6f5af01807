//! What every second factor can do, whatever it is.

use vestibule_core::{BoxFuture, Commit, Failure, Secret, SubjectId, Timestamp};

use crate::problem::Problem;
use crate::proof::FactorProof;
use crate::recovery::RecoveryCode;
use crate::service::Mfa;
use crate::store::MfaRead;
use crate::write::MfaWrite;

/// That a factor was proven.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub struct Proven {
    /// The proof.
    pub proof: FactorProof,
    /// A recovery code to be shown once, in the place of the one that was used.
    pub replacement: Option<RecoveryCode>,
}

/// A second factor as a sign-in sees it: something to answer, an answer, a proof. A further kind of factor implements
/// it, and whoever asks through it stays as it is. (The facade lands what a factor proves in commits of its own, and goes by
/// [`decide`](crate::decide).)
pub trait Factor: Send + Sync {
    /// A stable name of its kind: `totp`, `recovery_code`.
    fn kind(&self) -> &'static str;

    /// What the person's device has to answer; `None` for factors whose answer is typed.
    fn challenge(
        &self,
        subject: SubjectId,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Option<String>, Failure<Problem>>>;

    /// Judges the answer.
    fn verify<'a>(
        &'a self,
        subject: SubjectId,
        answer: &'a Secret<String>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Proven, Failure<Problem>>>;
}

/// Codes of authenticator apps as a [`Factor`].
#[derive(Debug)]
pub struct Totp<'a, S>(&'a Mfa<S>);

/// Recovery codes as a [`Factor`].
#[derive(Debug)]
pub struct RecoveryCodes<'a, S>(&'a Mfa<S>);

impl<S: MfaRead + Commit<MfaWrite>> Mfa<S> {
    /// Codes of authenticator apps as a [`Factor`].
    #[must_use]
    pub const fn totp(&self) -> Totp<'_, S> {
        Totp(self)
    }

    /// Recovery codes as a [`Factor`].
    #[must_use]
    pub const fn recovery_codes(&self) -> RecoveryCodes<'_, S> {
        RecoveryCodes(self)
    }
}

impl<S: MfaRead + Commit<MfaWrite>> Factor for Totp<'_, S> {
    fn kind(&self) -> &'static str {
        "totp"
    }

    fn challenge(
        &self,
        _: SubjectId,
        _: Timestamp,
    ) -> BoxFuture<'_, Result<Option<String>, Failure<Problem>>> {
        Box::pin(core::future::ready(Ok(None)))
    }

    fn verify<'a>(
        &'a self,
        subject: SubjectId,
        answer: &'a Secret<String>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Proven, Failure<Problem>>> {
        Box::pin(async move {
            let proof = self.0.verify_code(subject, answer, now).await?;
            Ok(Proven { proof, replacement: None })
        })
    }
}

impl<S: MfaRead + Commit<MfaWrite>> Factor for RecoveryCodes<'_, S> {
    fn kind(&self) -> &'static str {
        "recovery_code"
    }

    fn challenge(
        &self,
        _: SubjectId,
        _: Timestamp,
    ) -> BoxFuture<'_, Result<Option<String>, Failure<Problem>>> {
        Box::pin(core::future::ready(Ok(None)))
    }

    fn verify<'a>(
        &'a self,
        subject: SubjectId,
        answer: &'a Secret<String>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Proven, Failure<Problem>>> {
        Box::pin(async move {
            let redeemed = self.0.redeem(subject, answer, now).await?;
            Ok(Proven { proof: redeemed.proof, replacement: Some(redeemed.replacement) })
        })
    }
}
