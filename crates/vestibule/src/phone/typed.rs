//! A code as it is typed: its try is taken first, and what it comes to uses it up in the same commit.

use vestibule_checkword::decide::{CheckwordRequest, redeem, take_try};
use vestibule_checkword::{CheckwordRead, Intent, Problem as WordProblem, Rotation, is_code_of, open_link};
use vestibule_core::{
    AddressKey, ClientAddress, Error, ErrorKind, Failure, Purpose, Refusal, Registered, Secret, SecretDigest,
    StoreError, SubjectId, Timestamp,
};
use vestibule_profiles::{Profile, ProfilesRead, ProfilesWrite};
use vestibule_throttle::{Limit, WindowKind};

use super::bound::CodeBound;
use crate::asking::Asking;
use crate::factor::ShownBy;
use crate::refuse::Attempt;
use crate::vestibule::{Inner, ROUNDS, busy};
use crate::writes::{AnyGuard, AnyWrite};

/// How many codes one client types in an hour, whatever the numbers.
const TYPED_BY_CLIENT: Limit = Limit::per_hour(core::num::NonZeroU32::MIN.saturating_add(14));

/// The profile was changed after the code was asked for.
pub(super) const fn changed(now: Timestamp) -> WordProblem {
    WordProblem::Rotated { at: now, by: Rotation::Withdrawn }
}

/// A code that was right. It is used up by what it comes to.
pub(crate) struct Typed {
    pub(super) digest: SecretDigest,
    pub(super) purpose: Purpose,
    pub(super) holder: SubjectId,
    pub(super) bound: CodeBound,
}

impl Typed {
    pub(crate) const fn digest(&self) -> SecretDigest {
        self.digest
    }
}

impl Inner {
    /// Takes a try, durably, and looks at the code then. For a number that is nobody's the same; and whoever types a wrong one learns
    /// nothing of what the owner of the number did with theirs.
    pub(crate) async fn type_code(
        &self,
        (ticket, code): (&Secret<String>, &str),
        purpose: Purpose,
        (by, client): (Option<ShownBy<'_>>, Option<ClientAddress>),
        now: Timestamp,
    ) -> Result<Typed, Failure<Refusal>> {
        let (digest, _) = self.read_link_for(ticket, &[purpose], now).await?;
        if let Some(client) = client {
            let owner = [b"codes".as_slice(), client.own_network().to_bytes().as_slice()].concat();
            if !self.throttle.count(WindowKind::Message, &owner, &TYPED_BY_CLIENT, now).await? {
                let attempt = Attempt {
                    key: AddressKey::from_bytes(*digest.as_bytes()),
                    client: Some(client),
                    account: None,
                    now,
                };
                return self.refuse_too_many(TYPED_BY_CLIENT, attempt).await;
            }
        }
        // EXPOSE: the code that was typed is compared with the one that belongs to it.
        let is_right = is_code_of(&self.ring, ticket.expose(), purpose, code);
        for _ in 0..ROUNDS {
            let found = self.store.found(digest).await?;
            let id = self.batch_id(now)?;
            let taken = match take_try(found.as_ref(), purpose, id, now) {
                Ok(taken) if by.is_some_and(|by| by.subject() != taken.holder) => {
                    return self.refuse_typing(by, &WordProblem::OtherPerson, digest, now).await;
                }
                Ok(taken) => taken,
                Err(
                    WordProblem::Superseded { .. } | WordProblem::Used { .. } | WordProblem::Rotated { .. },
                ) if !is_right => {
                    return self.refuse_typing(by, &WordProblem::CodeWrong, digest, now).await;
                }
                Err(problem) => return self.refuse_typing(by, &problem, digest, now).await,
            };
            if self.land(id, now, vec![taken.write.into()]).await?.is_some() {
                continue;
            }
            let problem = match taken.ended {
                _ if !is_right => WordProblem::CodeWrong,
                // Its answer may have been lost, or asked for twice: see `hand_over`.
                None | Some(WordProblem::Used { .. }) => {
                    let bound = CodeBound::decode(&taken.bound).map_err(StoreError::from)?;
                    return Ok(Typed { digest, purpose, holder: taken.holder, bound });
                }
                Some(problem) => problem,
            };
            return self.refuse_typing(by, &problem, digest, now).await;
        }
        Err(busy().into())
    }

    /// Who lost the session or the sign-in meanwhile hears of that, and not of the code.
    pub(super) async fn refuse_typing<T>(
        &self,
        by: Option<ShownBy<'_>>,
        problem: &(dyn Registered + Sync),
        digest: SecretDigest,
        now: Timestamp,
    ) -> Result<T, Failure<Refusal>> {
        if let Some(by) = by {
            self.still_there(by, now).await?;
        }
        self.refuse_link(problem, Some(digest), now).await
    }

    /// The writes that use a code up as a second proof, while the number is this person's and nothing of their profile has changed since
    /// they asked.
    pub(crate) async fn proves_beside(
        &self,
        typed: &Typed,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<Result<Vec<AnyWrite>, WordProblem>, Error> {
        let subject = profile.subject;
        let (kind, key) = (typed.bound.phone.kind(), typed.bound.phone.key());
        let owner = self.store.identifier_owner(kind, key).await?.map(|own| own.subject);
        if typed.bound.asker != Some(profile.epoch) || owner != Some(subject) {
            return Ok(Err(changed(now)));
        }
        let used = match self.redeems(typed, now).await? {
            Ok(used) => used,
            Err(problem) => return Ok(Err(problem)),
        };
        let held = ProfilesWrite::RequireIdentifier { subject, kind, key, leaving_until: None };
        Ok(Ok(vec![
            used,
            held.into(),
            self.withdraw_code(&typed.bound.phone, (typed.holder, typed.purpose), now)?,
        ]))
    }

    /// The write that uses a code up.
    async fn redeems(&self, typed: &Typed, now: Timestamp) -> Result<Result<AnyWrite, WordProblem>, Error> {
        let found = self.store.found(typed.digest).await?;
        let redemption = redeem(found.as_ref(), typed.purpose, Intent::TypedCode, now);
        Ok(redemption.map(|redemption| redemption.write.into()))
    }

    /// The link that was handed over for a code, if nothing has become of it: its answer was lost, or the form was sent twice (PR-11).
    async fn handed_before(
        &self,
        link: &CheckwordRequest,
        now: Timestamp,
    ) -> Result<Option<Secret<String>>, Error> {
        let purpose = link.purpose();
        let newest = self.store.checkword(link.holder(), purpose.as_str().to_owned()).await?;
        let mut newest = newest.filter(|word| word.is_live(now) && word.bound == link.bound());
        Ok(open_link(&self.ring, newest.as_mut(), purpose))
    }

    /// One round: the code is used up, and its link made, in one commit. `None`: others were faster.
    pub(super) async fn hand_over(
        &self,
        (typed, by): (&Typed, Option<ShownBy<'_>>),
        link: CheckwordRequest,
        more: Vec<AnyWrite>,
        now: Timestamp,
    ) -> Result<Option<Secret<String>>, Failure<Refusal>> {
        let used = match self.redeems(typed, now).await? {
            Ok(used) => used,
            Err(problem) => {
                if matches!(problem, WordProblem::Used { .. })
                    && let Some(handed) = self.handed_before(&link, now).await?
                {
                    return Ok(Some(handed));
                }
                return self.refuse_typing(by, &problem, typed.digest, now).await;
            }
        };
        // Nothing spaces what no message carries, and a text that cannot be told again is made anew.
        let (id, Asking::Link { link: Some(link), writes, .. }) =
            self.ask_for(&link.handed_over(), now).await?
        else {
            return Err(Error::from(ErrorKind::Misuse).into());
        };
        let mut batch = vec![used];
        batch.extend(writes.into_iter().map(AnyWrite::from));
        batch.push(self.withdraw_code(&typed.bound.phone, (typed.holder, typed.purpose), now)?);
        batch.extend(more);
        match self.land(id, now, batch).await? {
            None => Ok(Some(link)),
            Some(AnyGuard::Checkword(_) | AnyGuard::Profiles(_) | AnyGuard::Sessions(_)) => Ok(None),
            Some(_) => Err(Error::from(ErrorKind::Misuse).into()),
        }
    }
}
