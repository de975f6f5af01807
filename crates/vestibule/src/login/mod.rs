//! The logins of a person: several, one of them the primary one; added, replaced, removed and given back (R18).
//!
//! A change is asked for in a session with fresh proof, confirmed at the new address and redeemed in a session of the same
//! person. The address that leaves is told, and for seven days it can freeze the profile; it opens nothing in that time, and
//! nobody else takes it.

mod bound;
mod change;
mod freeze;
mod leave;
mod letters;
mod list;
mod problem;
mod propagate;
mod release;

pub use change::{LoginChange, LoginChangePage};
pub use freeze::FreezePage;
pub use list::{LeavingLogin, OwnLogin, OwnLogins};
pub use problem::LoginProblem;
pub use propagate::Propagation;

pub(crate) use bound::{Change, Named};
pub(crate) use change::BY_ADDRESS;
pub(crate) use problem::ENTRIES;

use vestibule_checkword::decide::{Redemption, redeem};
use vestibule_checkword::{CheckwordRead, Intent};
use vestibule_core::{Failure, Identifier, Purpose, Refusal, SecretDigest, Timestamp};
use vestibule_profiles::{Problem, Profile, ProfileIdentifier, ProfilesRead};

use crate::session::Authenticated;
use crate::vestibule::Inner;

impl Inner {
    /// The session as it is now, if it may change logins: its proof is fresh, and nothing about the profile is frozen.
    pub(crate) async fn may_change_logins(
        &self,
        who: &Authenticated,
    ) -> Result<Authenticated, Failure<Refusal>> {
        let who = self.whole(who).await?;
        let now = self.clock.now();
        if let Some(problem) = frozen(&who.profile) {
            return self.refuse_person(&problem, who.subject(), now).await;
        }
        if !self.is_fresh(&who, now) {
            return self.refuse_person(&LoginProblem::ProofTooOld, who.subject(), now).await;
        }
        Ok(who)
    }

    /// The link of a change in a session of the person whose change it is, as long as the profile is not frozen. Nothing is used
    /// up before the write that it gives has landed.
    async fn redeem_own(
        &self,
        who: &Authenticated,
        (digest, purpose): (SecretDigest, Purpose),
        now: Timestamp,
    ) -> Result<Redemption, Failure<Refusal>> {
        let found = self.store.found(digest).await?;
        let redemption = match redeem(found.as_ref(), purpose, Intent::OwnSession(who.subject()), now) {
            Ok(redemption) => redemption,
            Err(problem) => {
                // Who lost the session meanwhile hears of that, and not of the link.
                let _ = self.live(who).await?;
                return self.refuse_link(&problem, Some(digest), now).await;
            }
        };
        match frozen(&who.profile) {
            None => Ok(redemption),
            Some(problem) => self.refuse_person(&problem, who.subject(), now).await,
        }
    }

    /// The person's own verified login that was typed so.
    async fn own_login(
        &self,
        who: &Authenticated,
        typed: &str,
        now: Timestamp,
    ) -> Result<ProfileIdentifier, Failure<Refusal>> {
        let own = self.store.identifiers(who.subject()).await?;
        let typed = Identifier::parse_login(typed).ok();
        let found = typed.and_then(|typed| {
            own.into_iter().find(|own| own.verified_at.is_some() && own.identifier.key() == typed.key())
        });
        match found {
            Some(found) => Ok(found),
            None => self.refuse_person(&LoginProblem::NotYours, who.subject(), now).await,
        }
    }
}

/// Whether nothing about the profile may be changed.
pub(crate) fn frozen(profile: &Profile) -> Option<Problem> {
    profile.freeze.map(|freeze| Problem::Frozen { since: freeze.since })
}

/// Which of a person's identifiers is the primary login: the one they chose, else the one that was verified first.
pub(crate) fn primary_of<'a>(
    profile: &Profile,
    own: &'a [ProfileIdentifier],
) -> Option<&'a ProfileIdentifier> {
    let logins = || own.iter().filter(|own| own.verified_at.is_some() && !own.is_social());
    let chosen = logins().find(|own| Some(own.identifier.key()) == profile.primary);
    chosen.or_else(|| logins().min_by_key(|own| (own.verified_at, own.identifier.canonical())))
}
