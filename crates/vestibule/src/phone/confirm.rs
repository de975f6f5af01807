//! A code was typed. Its owner is told the truth about the number, and handed the link that a mailbox would have been sent.

use vestibule_checkword::decide::{CheckwordRequest, rotate};
use vestibule_checkword::{Rotation, purpose};
use vestibule_core::{ClientAddress, Error, ErrorKind, Failure, Refusal, Registered, Secret, Timestamp};
use vestibule_profiles::{Problem, Profile, ProfileIdentifier, ProfilesRead};

use super::ask::CodeFor;
use super::bound::CodeBound;
use super::typed::{Typed, changed};
use crate::factor::ShownBy;
use crate::login::{Change, LoginProblem};
use crate::notice::NoticeKind;
use crate::session::Authenticated;
use crate::social::SocialProblem;
use crate::telling::{Asked, Truth, bound_to, connects, relied_on};
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::views::{SignInQuestion, SignInView, Views};
use crate::writes::AnyWrite;

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
        self.inner().confirm(CodeFor::Recovery, (ticket, code), client).await
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
        self.inner().confirm(CodeFor::SignUp, (ticket, code), client).await
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
        inner.confirm(CodeFor::Connect(who), (ticket, code), who.client).await
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
        let who = &inner.may_change_logins(who).await?;
        inner.confirm(CodeFor::Login(who, None), (ticket, code), who.client).await
    }
}

/// What a code comes to: the link, and what is relied on beside it.
type Comes = (CheckwordRequest, Vec<AnyWrite>);

impl Inner {
    async fn confirm(
        &self,
        what: CodeFor<'_>,
        code: (&Secret<String>, &str),
        client: Option<ClientAddress>,
    ) -> Result<Secret<String>, Failure<Refusal>> {
        let now = self.clock.now();
        let by = what.session().map(ShownBy::Session);
        let typed = self.type_code(code, what.purpose(), (by, client), now).await?;
        for _ in 0..ROUNDS {
            let (link, more) = match what {
                CodeFor::Recovery => self.to_recovery(&typed, now).await?,
                CodeFor::SignUp => self.to_sign_up(&typed, now).await?,
                CodeFor::Connect(who) | CodeFor::Login(who, _) => {
                    self.to_login(what, who, &typed, now).await?
                }
                // It makes no link: see `proves_beside`.
                CodeFor::FactorReset(..) => return Err(Error::from(ErrorKind::Misuse).into()),
            };
            if let Some(link) = self.hand_over((&typed, by), link, more, now).await? {
                return Ok(link);
            }
            if let Some(who) = what.session() {
                let _ = self.live(who).await?;
            }
        }
        Err(busy().into())
    }

    async fn to_recovery(&self, typed: &Typed, now: Timestamp) -> Result<Comes, Failure<Refusal>> {
        let (view, own) = self.code_view(typed).await?;
        let truth = Truth::of(Asked::Recovery, &view, own.as_ref(), None, now);
        let (Truth::Link(holder, purpose), Some(profile)) = (truth, &view.profile) else {
            return self.refuse_typed(typed, truth, view.profile.as_ref(), now).await;
        };
        if typed.bound.owner != Some((holder, profile.epoch)) {
            return self.outdated(typed, now).await;
        }
        let phone = &typed.bound.phone;
        let mut more = relied_on(Asked::Recovery, &view, phone, typed.holder, now);
        // What waits for the person's mailboxes is an older link.
        more.extend(self.withdraw_answers(&self.store.identifiers(holder).await?, now)?);
        Ok((CheckwordRequest::new(holder, purpose).bound_to(&bound_to(phone)), more))
    }

    async fn to_sign_up(&self, typed: &Typed, now: Timestamp) -> Result<Comes, Failure<Refusal>> {
        let (view, own) = self.code_view(typed).await?;
        let truth = Truth::of(Asked::SignUp, &view, own.as_ref(), None, now);
        if truth != Truth::SignUp {
            return self.refuse_typed(typed, truth, view.profile.as_ref(), now).await;
        }
        let phone = &typed.bound.phone;
        let link = CheckwordRequest::new(typed.holder, purpose::SIGN_UP);
        let more = relied_on(Asked::SignUp, &view, phone, typed.holder, now);
        Ok((link.bound_to(phone.as_typed().as_bytes()), more))
    }

    /// In the session of whoever asked, while it lives and nothing of the profile has changed since (PR-5).
    async fn to_login(
        &self,
        what: CodeFor<'_>,
        who: &Authenticated,
        typed: &Typed,
        now: Timestamp,
    ) -> Result<Comes, Failure<Refusal>> {
        let (subject, asked) = (who.subject(), Asked::Connect(who.subject(), who.profile.epoch));
        let (view, own) = self.code_view(typed).await?;
        let CodeBound { phone, replaces, .. } = &typed.bound;
        let link = if matches!(what, CodeFor::Connect(_)) {
            let truth = Truth::of(asked, &view, own.as_ref(), None, now);
            if !matches!(truth, Truth::Connect(_)) {
                let _ = self.live(who).await?;
                return self.refuse_typed(typed, truth, view.profile.as_ref(), now).await;
            }
            CheckwordRequest::new(subject, purpose::SET_FIRST_PASSWORD).bound_to(&connects(phone))
        } else {
            let problem: Option<&(dyn Registered + Sync)> =
                match self.truth_of_login(subject, phone, now).await?.kind {
                    NoticeKind::LoginTaken => Some(&Problem::IdentifierTaken),
                    NoticeKind::LoginIsYours => Some(&LoginProblem::IsYours),
                    NoticeKind::LoginStillLeaving => Some(&LoginProblem::StillLeaving),
                    _ => None,
                };
            if let Some(problem) = problem {
                return self.refuse_own(who, problem, now).await;
            }
            let change = Change { new: phone.clone(), replaces: *replaces };
            CheckwordRequest::new(subject, purpose::CONFIRM_ADDRESS).bound_to(&change.encode())
        };
        if typed.bound.asker != Some(who.profile.epoch) {
            return self.refuse_typing(Some(ShownBy::Session(who)), &changed(now), typed.digest, now).await;
        }
        let mut more = relied_on(asked, &view, phone, self.decoy_of_mailbox(&phone.key()), now);
        more.push(vestibule_sessions::decide::require(&who.session).into());
        Ok((link, more))
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
}
