//! The second factor: asked for at every way in, set up, renewed, lost and given back (P13).
//!
//! A profile notes since when it has one. Whatever changes that moves the profile's epoch, so that nobody who signs in
//! meanwhile is let in on what was read before (PR-14).

mod access;
mod change;
mod complete;
mod enrol;
mod freeze;
mod narrow;
mod pending;
mod problem;
mod proof;
mod remembered;
mod reset;
mod step_up;
mod turn_off;

pub use access::AccessAsked;
pub use change::OwnFactor;
pub use complete::{Completed, FactorAnswer};
pub use enrol::{Enrolled, Enrolling, Resumed};
pub use pending::{NextStep, PendingSignIn};
pub use problem::FactorProblem;
pub use remembered::OwnDevice;
pub use reset::{FactorResetPage, ResetAsked, ResetStarted};
pub use turn_off::TurnFactorOff;

pub(crate) use pending::Shown;
pub(crate) use problem::ENTRIES;
pub(crate) use proof::ShownBy;

use vestibule_core::{Error, Failure, Refusal, SubjectId, Timestamp};
use vestibule_credentials::PasswordUse;
use vestibule_mfa::decide::Stored;
use vestibule_mfa::{Authenticator, CodeRow, MfaRead, Tries};
use vestibule_profiles::Profile;
use vestibule_sessions::{Amr, Session};

use crate::session::Authenticated;
use crate::vestibule::Inner;
use crate::writes::AnyWrite;

/// What is stored of a person's second factor, as it was read.
pub(crate) struct StoredFactor {
    subject: SubjectId,
    authenticators: Vec<Authenticator>,
    codes: Vec<CodeRow>,
    tries: Option<Tries>,
}

impl StoredFactor {
    fn stored(&self) -> Stored<'_> {
        Stored {
            subject: self.subject,
            authenticators: &self.authenticators,
            codes: &self.codes,
            tries: self.tries.as_ref(),
        }
    }

    pub(crate) const fn has_codes(&self) -> bool {
        !self.codes.is_empty()
    }

    pub(crate) fn has_confirmed(&self) -> bool {
        self.stored().is_enrolled()
    }
}

/// For what a new password of this person is: beside a second factor a shorter one will do.
pub(crate) const fn usage_of(profile: &Profile) -> PasswordUse {
    if profile.factor_since.is_some() { PasswordUse::WithSecondFactor } else { PasswordUse::Alone }
}

/// Whether a session may do everything that its person may: who has a second factor has shown it in this session (PR-14).
pub(crate) fn is_whole(session: &Session, profile: &Profile) -> bool {
    profile.factor_since.is_none() || session.has_two_factors()
}

impl Inner {
    pub(crate) async fn factor_of(&self, subject: SubjectId) -> Result<StoredFactor, Error> {
        Ok(StoredFactor {
            subject,
            authenticators: self.store.authenticators(subject).await?,
            codes: self.store.codes(subject).await?,
            tries: self.store.mfa_tries(subject).await?,
        })
    }

    /// Whether the session was proven recently enough for an act on what proves the person: by the second factor, where there
    /// is one (ASVS 7.5.1).
    pub(crate) fn is_fresh(&self, who: &Authenticated, now: Timestamp) -> bool {
        match who.profile.factor_since {
            Some(_) => who.session.is_fresh_by(Amr::Otp, &self.sessions, now),
            None => who.session.is_fresh(&self.sessions, now),
        }
    }

    /// The writes by which a person has no second factor any more.
    pub(crate) async fn ends_factor(&self, subject: SubjectId) -> Result<Vec<AnyWrite>, Error> {
        let factor = self.factor_of(subject).await?;
        Ok(vestibule_mfa::decide::remove_all(factor.stored()).into_iter().map(AnyWrite::from).collect())
    }

    /// The session as it is now, if it may touch the profile: a session that an exemption let into one account may not.
    pub(crate) async fn whole(&self, who: &Authenticated) -> Result<Authenticated, Failure<Refusal>> {
        let who = self.live(who).await?;
        if is_whole(&who.session, &who.profile) {
            return Ok(who);
        }
        self.refuse_person(&FactorProblem::Required, who.subject(), self.clock.now()).await
    }

    /// The same, with a proof that is fresh enough to change what proves the person: of the second factor where there is one.
    pub(crate) async fn fresh(&self, who: &Authenticated) -> Result<Authenticated, Failure<Refusal>> {
        let who = self.whole(who).await?;
        let now = self.clock.now();
        if self.is_fresh(&who, now) {
            return Ok(who);
        }
        self.refuse_person(&FactorProblem::ProofTooOld, who.subject(), now).await
    }
}
