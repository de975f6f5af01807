//! What is asked of every answer, whatever it is for.

use core::time::Duration;

use vestibule_core::{
    AddressKey, Failure, Identifier, LoginEmail, Refusal, Registered, SubjectId, Timestamp,
};
use vestibule_journal::RefusedBy;
use vestibule_profiles::{ProfileIdentifier, ProfilesWrite};

use super::answer::{ProviderAnswer, ProviderIdentity};
use super::problem::SocialProblem;
use super::provider::Provider;
use crate::login::frozen;
use crate::refuse::Attempt;
use crate::session::Authenticated;
use crate::vestibule::Inner;
use crate::writes::AnyWrite;

/// How long an answer is good.
const HOLDS: Duration = Duration::from_secs(600);
/// How far the provider's clock may be ahead.
const AHEAD: Duration = Duration::from_secs(60);
/// A person with more addresses than this, pending ones included, has no further hint noted: a list of them is read whole.
const HINTS_UP_TO: usize = 24;

impl Inner {
    /// Whom the answer names, if it names somebody, in time, and by a provider that the deployment takes people from.
    pub(crate) async fn vet(
        &self,
        answer: ProviderAnswer,
        attempt: Attempt,
    ) -> Result<(ProviderIdentity, &Provider), Failure<Refusal>> {
        let named = match &answer {
            ProviderAnswer::Identity(identity) => identity.subject().issuer(),
            ProviderAnswer::Denied { issuer } | ProviderAnswer::Unreachable { issuer } => issuer,
        };
        let issuer: String = named.chars().take(255).collect();
        let declared = self.providers.iter().find(|provider| provider.issuer() == named);
        let problem = match (declared, answer) {
            (None, _) => SocialProblem::NotOffered { issuer: issuer.clone() },
            (Some(_), ProviderAnswer::Denied { .. }) => SocialProblem::Denied { issuer: issuer.clone() },
            (Some(_), ProviderAnswer::Unreachable { .. }) => {
                SocialProblem::Unreachable { issuer: issuer.clone() }
            }
            (Some(provider), ProviderAnswer::Identity(identity)) => {
                let (at, now) = (identity.at(), attempt.now);
                if !at.is_after(now.plus(AHEAD)) && at.plus(HOLDS).is_after(now) {
                    return Ok((identity, provider));
                }
                SocialProblem::AnswerTooOld
            }
        };
        // Folded by provider and client: whom it was about is not known, or not said in time.
        let digest = self.ring.digest_current("social.answer", &[issuer.as_bytes()]);
        let attempt = Attempt { key: AddressKey::from_bytes(*digest.as_bytes()), ..attempt };
        self.refuse_at_door(&problem, attempt, RefusedBy::Window).await
    }

    /// Whether the session was proven recently enough for an act on the profile's ways in (ASVS 7.5.1), and nothing about the
    /// profile is frozen.
    pub(crate) async fn must_be_fresh(
        &self,
        who: &Authenticated,
        now: Timestamp,
    ) -> Result<(), Failure<Refusal>> {
        self.must_not_be_frozen(who, now).await?;
        if self.is_fresh(who, now) {
            return Ok(());
        }
        self.refuse_own(who, &SocialProblem::ProofTooOld, now).await
    }

    /// While it is disputed whose a profile is, its ways in stay as they are (R18).
    pub(super) async fn must_not_be_frozen(
        &self,
        who: &Authenticated,
        now: Timestamp,
    ) -> Result<(), Failure<Refusal>> {
        self.must_be_whole(who, now).await?;
        match frozen(&who.profile) {
            None => Ok(()),
            Some(problem) => self.refuse_own(who, &problem, now).await,
        }
    }

    /// Refuses an act of a person's own. Who lost the session meanwhile hears of that, in whatever order commits land.
    pub(crate) async fn refuse_own<T>(
        &self,
        who: &Authenticated,
        problem: &(dyn Registered + Sync),
        now: Timestamp,
    ) -> Result<T, Failure<Refusal>> {
        let _ = self.live(who).await?;
        self.refuse_person(problem, who.subject(), now).await
    }
}

/// The address that a provider is believed about: one that it says it has verified, in a domain that it runs.
pub(super) fn believed<'a>(identity: &'a ProviderIdentity, provider: &Provider) -> Option<&'a LoginEmail> {
    identity.said_verified().filter(|address| provider.is_authoritative_for(address.domain()))
}

/// The write that notes a provider's address as what it is, a hint: pending, under the profile, where it reserves and grants
/// nothing.
pub(super) fn noted_hint(
    subject: SubjectId,
    identity: &ProviderIdentity,
    own: &[ProfileIdentifier],
    now: Timestamp,
) -> Option<AnyWrite> {
    let hint: Identifier = identity.hint()?.clone().into();
    let known =
        own.iter().any(|own| own.identifier.kind() == hint.kind() && own.identifier.key() == hint.key());
    if known || own.len() > HINTS_UP_TO {
        return None;
    }
    let identifier = ProfileIdentifier { subject, identifier: hint, verified_at: None, added_at: now };
    Some(ProfilesWrite::NotePending { identifier }.into())
}
