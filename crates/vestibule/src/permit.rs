//! What a right password is worth that must be changed.

use vestibule_core::SubjectId;
use vestibule_credentials::PasswordProof;

use crate::vestibule::Inner;

/// The right password was typed, and it is good for one change (N2), within ten minutes and at the deployment where it
/// was typed: a deployment for another realm does not take it.
///
/// Only a sign-in makes one; a proof that a host made by itself, with rows and a pool of its own, is none:
///
/// ```compile_fail,E0308
/// # async fn f(vestibule: vestibule::Vestibule, proof: vestibule_credentials::PasswordProof) {
/// let _ = vestibule.replace_password(proof, "eleven otters below the pier").await;
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct ChangePermit {
    proof: PasswordProof,
    /// The profile's epoch when it was typed: whatever ends every session ends this too (PR-5).
    epoch: u64,
    deployment: [u8; 16],
}

impl ChangePermit {
    pub(crate) const fn of(proof: PasswordProof, epoch: u64, deployment: &Inner) -> Self {
        Self { proof, epoch, deployment: deployment.id }
    }

    /// Whose password it is.
    #[must_use]
    pub const fn subject(&self) -> SubjectId {
        self.proof.subject()
    }

    /// The proof and the epoch, if it was made here.
    pub(crate) fn proof_of(self, deployment: &Inner) -> Option<(PasswordProof, u64)> {
        (self.deployment == deployment.id).then_some((self.proof, self.epoch))
    }
}
