//! A code was typed. Its owner is told the truth about the number, and handed the link that a mailbox would have been sent.

use vestibule_checkword::decide::{CheckwordRequest, redeem, rotate, take_try};
use vestibule_checkword::{
    CheckwordRead, Intent, Problem as WordProblem, Rotation, is_code_of, open_link, purpose,
};
use vestibule_core::{
    AddressKey, ClientAddress, Failure, Purpose, Refusal, Registered, Secret, SecretDigest, StoreError,
    SubjectId, Timestamp,
};
use vestibule_profiles::{Problem, Profile, ProfileIdentifier, ProfilesRead, ProfilesWrite};
use vestibule_throttle::{Limit, WindowKind};

use super::bound::CodeBound;
use crate::asking::Asking;
use crate::login::{Change, LoginProblem};
use crate::notice::NoticeKind;
use crate::refuse::Attempt;
use crate::session::Authenticated;
use crate::social::SocialProblem;
use crate::telling::{Asked, Truth, bound_to, connects, relied_on};
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::views::{SignInQuestion, SignInView, Views};
use crate::writes::{AnyGuard, AnyWrite};

/// How many codes one client types in an hour, whatever the numbers.
const TYPED_BY_CLIENT: Limit = Limit::per_hour(core::num::NonZeroU32::MIN.saturating_add(14));

/// The profile was changed after the code was asked for.
const fn changed(now: Timestamp) -> WordProblem {
    WordProblem::Rotated { at: now, by: Rotation::Withdrawn }
}

impl Vestibule {
    /// Takes the code of a recovery that [`request_recovery`](Self::request_recovery) sent to a phone (R2), and hands over the
    /// link that a mailbox would have been sent, for [`recover`](Self::recover). It sets no password and signs nobody in.
    ///
    /// # Example
    ///
    /// One page for whatever was typed as login:
    ///
    /// ```
    /// use vestibule::{RecoveryRequest, Sent, Vestibule};
    /// use vestibule_core::{Failure, Refusal};
    ///
    /// # async fn f(vestibule: &Vestibule, login: &str, typed_code: &str) -> Result<(), Failure<Refusal>> {
    /// match vestibule.request_recovery(RecoveryRequest::new(login)).await? {
    ///     Sent::Message => println!("We sent a message to that address."),
    ///     Sent::Code(sent) => {
    ///         // "We sent a code to +1***01": the page keeps the ticket until the code is typed.
    ///         let link = vestibule.confirm_recovery_code(&sent.ticket, typed_code, None).await?;
    ///         vestibule.recover(&link, "a long new password", None).await?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `checkword.code_wrong`, `checkword.code_spent`, `checkword.code_wait`, and `checkword.*` of the ticket (P8): none of
    /// them depends on whether anybody has the number. To whoever typed the right code, the truth: `profile.blocked`,
    /// `profile.blocked_until`, `profile.frozen`, `checkword.rotated` where the profile was changed after the code was asked
    /// for. Nothing of this spends the code, but for the try.
    pub async fn confirm_recovery_code(
        &self,
        ticket: &Secret<String>,
        code: &str,
        client: Option<ClientAddress>,
    ) -> Result<Secret<String>, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let typed = inner.type_code((ticket, code), purpose::CODE_RECOVERY, (None, client), now).await?;
        for _ in 0..ROUNDS {
            let (view, own) = inner.code_view(&typed).await?;
            let truth = Truth::of(Asked::Recovery, &view, own.as_ref(), None, now);
            let (Truth::Link(holder, purpose), Some(profile)) = (truth, &view.profile) else {
                return inner.refuse_typed(&typed, truth, view.profile.as_ref(), now).await;
            };
            if typed.bound.owner != Some((holder, profile.epoch)) {
                return inner.outdated(&typed, now).await;
            }
            let link = CheckwordRequest::new(holder, purpose).bound_to(&bound_to(&typed.bound.phone));
            let mut more = relied_on(Asked::Recovery, &view, &typed.bound.phone, typed.holder, now);
            // What waits for the person's mailboxes is an older link.
            let own = inner.store.identifiers(holder).await?;
            more.extend(inner.withdraw_answers(&own, now)?);
            if let Some(link) = inner.hand_over(&typed, link, more, now).await? {
                return Ok(link);
            }
        }
        Err(busy().into())
    }

    /// Takes the code of a sign-up that [`request_sign_up`](Self::request_sign_up) sent to a phone. Its link goes to
    /// [`inspect_sign_up`](Self::inspect_sign_up) and [`confirm_sign_up`](Self::confirm_sign_up), or, for one that began at a
    /// provider, to [`confirm_sign_up_with_provider`](Self::confirm_sign_up_with_provider).
    ///
    /// # Errors
    ///
    /// As [`confirm_recovery_code`](Self::confirm_recovery_code); `identifier.taken` where the number is a login already (P7).
    pub async fn confirm_sign_up_code(
        &self,
        ticket: &Secret<String>,
        code: &str,
        client: Option<ClientAddress>,
    ) -> Result<Secret<String>, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let typed = inner.type_code((ticket, code), purpose::CODE_SIGN_UP, (None, client), now).await?;
        for _ in 0..ROUNDS {
            let (view, own) = inner.code_view(&typed).await?;
            let truth = Truth::of(Asked::SignUp, &view, own.as_ref(), None, now);
            if truth != Truth::SignUp {
                return inner.refuse_typed(&typed, truth, view.profile.as_ref(), now).await;
            }
            let bound = typed.bound.phone.as_typed().as_bytes();
            let link = CheckwordRequest::new(typed.holder, purpose::SIGN_UP).bound_to(bound);
            let more = relied_on(Asked::SignUp, &view, &typed.bound.phone, typed.holder, now);
            if let Some(link) = inner.hand_over(&typed, link, more, now).await? {
                return Ok(link);
            }
        }
        Err(busy().into())
    }

    /// Takes the code of a number that [`request_address`](Self::request_address) is to connect to a profile without a password.
    /// Its link goes to [`connect_address`](Self::connect_address).
    ///
    /// # Errors
    ///
    /// As [`confirm_sign_up_code`](Self::confirm_sign_up_code); `checkword.other_person`, `social.proof_too_old`,
    /// `social.has_password`, `profile.frozen`, `session.revoked`.
    pub async fn confirm_address_code(
        &self,
        who: &Authenticated,
        ticket: &Secret<String>,
        code: &str,
    ) -> Result<Secret<String>, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        inner.must_be_fresh(who, now).await?;
        let who = &inner.live(who).await?;
        if inner.ways_of(who).await?.has_password {
            return inner.refuse_own(who, &SocialProblem::HasPassword, now).await;
        }
        let typed = inner
            .type_code((ticket, code), purpose::CODE_CONNECT, (Some(who.subject()), who.client), now)
            .await?;
        let asked = Asked::Connect(who.subject(), who.profile.epoch);
        for _ in 0..ROUNDS {
            let (view, own) = inner.code_view(&typed).await?;
            let truth = Truth::of(asked, &view, own.as_ref(), None, now);
            if !matches!(truth, Truth::Connect(_)) {
                return inner.refuse_typed(&typed, truth, view.profile.as_ref(), now).await;
            }
            let word = purpose::SET_FIRST_PASSWORD;
            let link = CheckwordRequest::new(who.subject(), word).bound_to(&connects(&typed.bound.phone));
            if let Some(link) = inner.hand_over_to(who, &typed, &view, link, now).await? {
                return Ok(link);
            }
        }
        Err(busy().into())
    }

    /// Takes the code of a number that [`request_login_change`](Self::request_login_change) is to make a login. Its link goes to
    /// [`inspect_login_change`](Self::inspect_login_change) and [`confirm_login_change`](Self::confirm_login_change).
    ///
    /// # Errors
    ///
    /// As [`confirm_recovery_code`](Self::confirm_recovery_code); `identifier.taken` where the number is the login of somebody
    /// else (N9, P7), `login.still_leaving` where somebody else has just given it up, `login.is_yours`;
    /// `checkword.other_person`, `login.proof_too_old`, `profile.frozen`, `session.*`.
    pub async fn confirm_login_code(
        &self,
        who: &Authenticated,
        ticket: &Secret<String>,
        code: &str,
    ) -> Result<Secret<String>, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let who = &inner.may_change_logins(who).await?;
        let subject = who.subject();
        let typed =
            inner.type_code((ticket, code), purpose::CODE_LOGIN, (Some(subject), who.client), now).await?;
        for _ in 0..ROUNDS {
            let (view, _) = inner.code_view(&typed).await?;
            let CodeBound { phone, replaces, .. } = &typed.bound;
            let problem: Option<&(dyn Registered + Sync)> =
                match inner.truth_of_login(subject, phone, now).await?.kind {
                    NoticeKind::LoginTaken => Some(&Problem::IdentifierTaken),
                    NoticeKind::LoginIsYours => Some(&LoginProblem::IsYours),
                    NoticeKind::LoginStillLeaving => Some(&LoginProblem::StillLeaving),
                    _ => None,
                };
            if let Some(problem) = problem {
                return inner.refuse_own(who, problem, now).await;
            }
            let change = Change { new: phone.clone(), replaces: *replaces };
            let link = CheckwordRequest::new(subject, purpose::CONFIRM_ADDRESS).bound_to(&change.encode());
            if let Some(link) = inner.hand_over_to(who, &typed, &view, link, now).await? {
                return Ok(link);
            }
        }
        Err(busy().into())
    }
}

/// A code that was right. It is used up by what it comes to.
pub(crate) struct Typed {
    digest: SecretDigest,
    purpose: Purpose,
    holder: SubjectId,
    bound: CodeBound,
}

impl Inner {
    /// Takes a try, durably, and looks at the code then. For a number that is nobody's the same; and whoever types a wrong one learns
    /// nothing of what the owner of the number did with theirs.
    pub(crate) async fn type_code(
        &self,
        (ticket, code): (&Secret<String>, &str),
        purpose: Purpose,
        (asker, client): (Option<SubjectId>, Option<ClientAddress>),
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
                Ok(taken) if asker.is_some_and(|asker| asker != taken.holder) => {
                    return self.refuse_link(&WordProblem::OtherPerson, Some(digest), now).await;
                }
                Ok(taken) => taken,
                Err(
                    WordProblem::Superseded { .. } | WordProblem::Used { .. } | WordProblem::Rotated { .. },
                ) if !is_right => {
                    return self.refuse_link(&WordProblem::CodeWrong, Some(digest), now).await;
                }
                Err(problem) => return self.refuse_link(&problem, Some(digest), now).await,
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
            return self.refuse_link(&problem, Some(digest), now).await;
        }
        Err(busy().into())
    }

    /// What is true of the number now.
    async fn code_view(
        &self,
        typed: &Typed,
    ) -> Result<(SignInView, Option<ProfileIdentifier>), Failure<Refusal>> {
        let (kind, key) = (typed.bound.phone.kind(), typed.bound.phone.key());
        let decoy = self.decoy_of_mailbox(&key);
        let view = self.store.sign_in_view(SignInQuestion { kind, key, decoy, device: None, account: None });
        let view = view.await?;
        Ok((view, self.store.identifier_owner(kind, key).await?))
    }

    /// The profile was changed after the code was asked for (PR-5). The next one that is asked for is a new one, since this was proven.
    async fn outdated<T>(&self, typed: &Typed, now: Timestamp) -> Result<T, Failure<Refusal>> {
        let id = self.batch_id(now)?;
        let rotated = rotate(typed.holder, &[typed.purpose], Rotation::Withdrawn, now);
        let mut batch: Vec<AnyWrite> = rotated.into_iter().map(AnyWrite::from).collect();
        batch.push(self.withdraw_code(&typed.bound.phone, (typed.holder, typed.purpose), now)?);
        let _always = self.land(id, now, batch).await?;
        self.refuse_link(&changed(now), Some(typed.digest), now).await
    }

    /// The truth about a number of which no link comes, to whoever has proven it.
    async fn refuse_typed<T>(
        &self,
        typed: &Typed,
        truth: Truth,
        owner: Option<&Profile>,
        now: Timestamp,
    ) -> Result<T, Failure<Refusal>> {
        let block = owner.and_then(|owner| owner.blocked_at(now)).map(|block| block.until);
        let freeze = owner.and_then(|owner| owner.freeze).map(|freeze| freeze.since);
        let problem: &(dyn Registered + Sync) = match (truth, block, freeze) {
            (Truth::Blocked, Some(until), _) => &Problem::Blocked { until },
            (Truth::Frozen, _, Some(since)) => &Problem::Frozen { since },
            (Truth::AlreadyALogin, ..) => &Problem::IdentifierTaken,
            // It was somebody's, or no code would have been sent.
            _ => &changed(now),
        };
        self.refuse_link(problem, Some(typed.digest), now).await
    }

    /// [`hand_over`](Self::hand_over) in the session of whoever asked, while it lives and nothing of the profile has changed since
    /// (PR-5).
    async fn hand_over_to(
        &self,
        who: &Authenticated,
        typed: &Typed,
        view: &SignInView,
        link: CheckwordRequest,
        now: Timestamp,
    ) -> Result<Option<Secret<String>>, Failure<Refusal>> {
        if typed.bound.asker != Some(who.profile.epoch) {
            return self.refuse_link(&changed(now), Some(typed.digest), now).await;
        }
        let (asked, phone) = (Asked::Connect(who.subject(), who.profile.epoch), &typed.bound.phone);
        let mut more = relied_on(asked, view, phone, self.decoy_of_mailbox(&phone.key()), now);
        more.push(vestibule_sessions::decide::require(&who.session).into());
        let link = self.hand_over(typed, link, more, now).await?;
        if link.is_none() {
            let _ = self.live(who).await?;
        }
        Ok(link)
    }

    /// The writes that use a code up as a second proof, while the number is this person's and nothing of their profile has changed since
    /// they asked.
    pub(crate) async fn proves_beside(
        &self,
        typed: &Typed,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<Vec<AnyWrite>, Failure<Refusal>> {
        let subject = profile.subject;
        let (kind, key) = (typed.bound.phone.kind(), typed.bound.phone.key());
        let owner = self.store.identifier_owner(kind, key).await?.map(|own| own.subject);
        if typed.bound.asker != Some(profile.epoch) || owner != Some(subject) {
            return self.refuse_link(&changed(now), Some(typed.digest), now).await;
        }
        let used = self.uses(typed, now).await?;
        let held = ProfilesWrite::RequireIdentifier { subject, kind, key, leaving_until: None };
        Ok(vec![
            used,
            held.into(),
            self.withdraw_code(&typed.bound.phone, (typed.holder, typed.purpose), now)?,
        ])
    }

    /// The write that uses a code up.
    async fn uses(&self, typed: &Typed, now: Timestamp) -> Result<AnyWrite, Failure<Refusal>> {
        match self.redeems(typed, now).await? {
            Ok(used) => Ok(used),
            Err(problem) => self.refuse_link(&problem, Some(typed.digest), now).await,
        }
    }

    async fn redeems(
        &self,
        typed: &Typed,
        now: Timestamp,
    ) -> Result<Result<AnyWrite, WordProblem>, vestibule_core::Error> {
        let found = self.store.found(typed.digest).await?;
        let redemption = redeem(found.as_ref(), typed.purpose, Intent::TypedCode, now);
        Ok(redemption.map(|redemption| redemption.write.into()))
    }

    /// The link that was handed over for a code, if nothing has become of it: its answer was lost, or the form was sent twice (PR-11).
    async fn handed_before(
        &self,
        link: &CheckwordRequest,
        now: Timestamp,
    ) -> Result<Option<Secret<String>>, vestibule_core::Error> {
        let purpose = link.purpose();
        let newest = self.store.checkword(link.holder(), purpose.as_str().to_owned()).await?;
        let mut newest = newest.filter(|word| word.is_live(now) && word.bound == link.bound());
        Ok(open_link(&self.ring, newest.as_mut(), purpose))
    }

    /// One round: the code is used up, and its link made, in one commit. `None`: others were faster.
    async fn hand_over(
        &self,
        typed: &Typed,
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
                return self.refuse_link(&problem, Some(typed.digest), now).await;
            }
        };
        // Nothing spaces what no message carries, and a text that cannot be told again is made anew.
        let (id, Asking::Link { link: Some(link), writes, .. }) =
            self.ask_for(&link.handed_over(), now).await?
        else {
            return Err(vestibule_core::Error::from(vestibule_core::ErrorKind::Misuse).into());
        };
        let mut batch = vec![used];
        batch.extend(writes.into_iter().map(AnyWrite::from));
        batch.push(self.withdraw_code(&typed.bound.phone, (typed.holder, typed.purpose), now)?);
        batch.extend(more);
        match self.land(id, now, batch).await? {
            None => Ok(Some(link)),
            Some(AnyGuard::Checkword(_) | AnyGuard::Profiles(_) | AnyGuard::Sessions(_)) => Ok(None),
            Some(_) => Err(vestibule_core::Error::from(vestibule_core::ErrorKind::Misuse).into()),
        }
    }
}
