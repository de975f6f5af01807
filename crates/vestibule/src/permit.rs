//! What a right password is worth that must be changed.

use vestibule_core::{AccountId, Error, Refusal, SubjectId, Timestamp};
use vestibule_credentials::Problem;
use vestibule_journal::EventActor;

use crate::password::Once;
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
    once: Once,
    /// The profile's epoch when it was typed: whatever ends every session ends this too (PR-5).
    epoch: u64,
    deployment: [u8; 16],
}

impl ChangePermit {
    const fn of(once: Once, epoch: u64, deployment: &Inner) -> Self {
        Self { once, epoch, deployment: deployment.id }
    }

    /// Whose password it is.
    #[must_use]
    pub const fn subject(&self) -> SubjectId {
        self.once.subject
    }

    /// What was shown and the epoch, if it was made here.
    pub(crate) fn opened_by(self, deployment: &Inner) -> Option<(Once, u64)> {
        (self.deployment == deployment.id).then_some((self.once, self.epoch))
    }
}

impl Inner {
    /// What a password is worth that must be changed, once it is proven whose it is: the permit, and what to tell the person.
    pub(crate) async fn permit_change(
        &self,
        once: Once,
        epoch: u64,
        account: Option<AccountId>,
        now: Timestamp,
    ) -> Result<(ChangePermit, Refusal), Error> {
        let (problem, actor) = (Problem::MustChange, EventActor::Person(once.subject));
        let because = self.refuse_after_proof(&problem, actor, Some(once.subject), account, now).await?;
        Ok((ChangePermit::of(once, epoch, self), because))
    }
}
