//! A code was typed. Its owner is told the truth about the number, and handed the link that a mailbox would have been sent.

use vestibule_checkword::decide::{CheckwordRequest, inspect, redeem, take_try};
use vestibule_checkword::{
    CheckwordRead, CheckwordWrite, Intent, Problem as WordProblem, Rotation, is_code_of, purpose,
};
use vestibule_core::{
    BatchId, Failure, Purpose, Refusal, Secret, SecretDigest, StoreError, SubjectId, Timestamp,
};
use vestibule_profiles::ProfilesRead;

use super::CodeAnswer;
use super::bound::CodeBound;
use crate::asking::Asking;
use crate::login::Change;
use crate::notice::{Notice, NoticeKind};
use crate::session::Authenticated;
use crate::social::SocialProblem;
use crate::telling::{Asked, Truth, bound_to, connects, relied_on};
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::views::{SignInQuestion, SignInView, Views};
use crate::writes::{AnyGuard, AnyWrite};

impl Vestibule {
    /// Takes the code of a recovery that [`request_recovery`](Self::request_recovery) sent to a phone (R2). It sets no password
    /// and signs nobody in: its link does the first, by [`recover`](Self::recover).
    ///
    /// # Example
    ///
    /// One page for whatever was typed as login:
    ///
    /// ```
    /// use vestibule::{CodeAnswer, RecoveryRequest, Sent, Vestibule};
    /// use vestibule_core::{Failure, Refusal};
    ///
    /// # async fn f(vestibule: &Vestibule, login: &str, typed_code: &str) -> Result<(), Failure<Refusal>> {
    /// match vestibule.request_recovery(RecoveryRequest::new(login)).await? {
    ///     Sent::Message => println!("We sent a message to that address."),
    ///     Sent::Code(ticket) => {
    ///         // The page shows a field, and keeps the ticket until the code is typed:
    ///         let answer = vestibule.confirm_recovery_code(&ticket, typed_code).await?;
    ///         match answer {
    ///             CodeAnswer { link: Some(link), .. } => vestibule.recover(&link, "a long new password", None).await?,
    ///             CodeAnswer { notice, .. } => println!("{}", notice.text()), // blocked, frozen, nobody's any more
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `checkword.code_wrong`, `checkword.code_spent`, `checkword.code_wait`, and `checkword.*` of the ticket (P8);
    /// `checkword.rotated` where the profile was changed after the code was asked for. None of them but the last depends on
    /// whether anybody has the number, and that is told to whoever typed the right code.
    pub async fn confirm_recovery_code(
        &self,
        ticket: &Secret<String>,
        code: &str,
    ) -> Result<CodeAnswer, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let typed = inner.type_code((ticket, code), purpose::CODE_RECOVERY, None, now).await?;
        for _ in 0..ROUNDS {
            let (bound, view, own) = inner.code_view(&typed).await?;
            let truth = Truth::of(Asked::Recovery, &view, own.as_ref(), None, now);
            let link = match truth {
                Truth::Link(holder, purpose) => {
                    if bound.owner != view.profile.as_ref().map(|profile| (holder, profile.epoch)) {
                        let problem = WordProblem::Rotated { at: now, by: Rotation::Withdrawn };
                        return inner.refuse_link(&problem, Some(typed.digest), now).await;
                    }
                    Some(CheckwordRequest::new(holder, purpose).bound_to(&bound_to(&bound.phone)))
                }
                _ => None,
            };
            let mut more = relied_on(Asked::Recovery, &view, &bound.phone, typed.holder, now);
            if let (Some(_), Some(owner)) = (&link, view.owner) {
                // What waits for the person's mailboxes is an older link.
                more.extend(inner.withdrawals(owner, now).await?);
            }
            if let Some(answer) = inner.hand_over(&typed, &bound, (truth.told(), link), more, now).await? {
                return Ok(answer);
            }
        }
        Err(busy().into())
    }

    /// Takes the code of a sign-up that [`request_sign_up`](Self::request_sign_up) sent to a phone. Its link goes to
    /// [`inspect_sign_up`](Self::inspect_sign_up) and [`confirm_sign_up`](Self::confirm_sign_up), or, for one that began at a provider, to
    /// [`confirm_sign_up_with_provider`](Self::confirm_sign_up_with_provider).
    ///
    /// # Errors
    ///
    /// As [`confirm_recovery_code`](Self::confirm_recovery_code).
    pub async fn confirm_sign_up_code(
        &self,
        ticket: &Secret<String>,
        code: &str,
    ) -> Result<CodeAnswer, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let typed = inner.type_code((ticket, code), purpose::CODE_SIGN_UP, None, now).await?;
        for _ in 0..ROUNDS {
            let (bound, view, own) = inner.code_view(&typed).await?;
            let truth = Truth::of(Asked::SignUp, &view, own.as_ref(), None, now);
            let link = (truth == Truth::SignUp).then(|| {
                let bound = bound.phone.as_typed().as_bytes();
                CheckwordRequest::new(typed.holder, purpose::SIGN_UP).bound_to(bound)
            });
            let more = relied_on(Asked::SignUp, &view, &bound.phone, typed.holder, now);
            if let Some(answer) = inner.hand_over(&typed, &bound, (truth.told(), link), more, now).await? {
                return Ok(answer);
            }
        }
        Err(busy().into())
    }

    /// Takes the code of a number that [`request_address`](Self::request_address) is to connect to a profile without a password.
    /// Its link goes to [`connect_address`](Self::connect_address).
    ///
    /// # Errors
    ///
    /// As [`confirm_recovery_code`](Self::confirm_recovery_code); `checkword.other_person`, `social.proof_too_old`,
    /// `social.has_password`, `profile.frozen`, `session.revoked`.
    pub async fn confirm_address_code(
        &self,
        who: &Authenticated,
        ticket: &Secret<String>,
        code: &str,
    ) -> Result<CodeAnswer, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        inner.must_be_fresh(who, now).await?;
        let who = &inner.live(who).await?;
        if inner.ways_of(who).await?.has_password {
            return inner.refuse_own(who, &SocialProblem::HasPassword, now).await;
        }
        let typed = inner.type_code((ticket, code), purpose::CODE_CONNECT, Some(who), now).await?;
        let asked = Asked::Connect(who.subject(), who.profile.epoch);
        for _ in 0..ROUNDS {
            let (bound, view, own) = inner.code_view(&typed).await?;
            inner.asked_as_now(who, &bound, typed.digest, now).await?;
            let truth = Truth::of(asked, &view, own.as_ref(), None, now);
            let link = matches!(truth, Truth::Connect(_)).then(|| {
                let word = purpose::SET_FIRST_PASSWORD;
                CheckwordRequest::new(who.subject(), word).bound_to(&connects(&bound.phone))
            });
            let mut more =
                relied_on(asked, &view, &bound.phone, inner.decoy_of_mailbox(&bound.phone.key()), now);
            more.push(vestibule_sessions::decide::require(&who.session).into());
            if let Some(answer) = inner.hand_over(&typed, &bound, (truth.told(), link), more, now).await? {
                return Ok(answer);
            }
            let _ = inner.live(who).await?;
        }
        Err(busy().into())
    }

    /// Takes the code of a number that [`request_login_change`](Self::request_login_change) is to make a login. Its link goes to
    /// [`inspect_login_change`](Self::inspect_login_change) and [`confirm_login_change`](Self::confirm_login_change). Where the number is
    /// somebody else's login, the notice says so and what to do about it (N9, P7).
    ///
    /// # Errors
    ///
    /// As [`confirm_recovery_code`](Self::confirm_recovery_code); `checkword.other_person`, `login.proof_too_old`,
    /// `profile.frozen`, `session.*`.
    pub async fn confirm_login_code(
        &self,
        who: &Authenticated,
        ticket: &Secret<String>,
        code: &str,
    ) -> Result<CodeAnswer, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let who = &inner.may_change_logins(who).await?;
        let typed = inner.type_code((ticket, code), purpose::CODE_LOGIN, Some(who), now).await?;
        let asked = Asked::Connect(who.subject(), who.profile.epoch);
        for _ in 0..ROUNDS {
            let (bound, view, _) = inner.code_view(&typed).await?;
            inner.asked_as_now(who, &bound, typed.digest, now).await?;
            let told = inner.truth_of_login(who.subject(), &bound.phone, now).await?;
            let change = Change { new: bound.phone.clone(), replaces: bound.replaces };
            let link = (told.kind == NoticeKind::LoginChangeLink).then(|| {
                CheckwordRequest::new(who.subject(), purpose::CONFIRM_ADDRESS).bound_to(&change.encode())
            });
            let mut more =
                relied_on(asked, &view, &bound.phone, inner.decoy_of_mailbox(&bound.phone.key()), now);
            more.push(vestibule_sessions::decide::require(&who.session).into());
            if let Some(answer) = inner.hand_over(&typed, &bound, (told.kind, link), more, now).await? {
                return Ok(answer);
            }
            let _ = inner.live(who).await?;
        }
        Err(busy().into())
    }
}

/// A code that was right. It is used up by what it comes to.
struct Typed {
    digest: SecretDigest,
    purpose: Purpose,
    holder: SubjectId,
    bound: Vec<u8>,
}

impl Inner {
    /// Takes a try, durably, and looks at the code then. For a number that is nobody's the same.
    async fn type_code(
        &self,
        (ticket, code): (&Secret<String>, &str),
        purpose: Purpose,
        who: Option<&Authenticated>,
        now: Timestamp,
    ) -> Result<Typed, Failure<Refusal>> {
        let (digest, _) = self.read_link_for(ticket, &[purpose], now).await?;
        for _ in 0..ROUNDS {
            let found = self.store.found(digest).await?;
            let id = self.batch_id(now)?;
            let decided = inspect(found.as_ref(), purpose, now)
                .and_then(|live| match who {
                    Some(who) if who.subject() != live.holder => Err(WordProblem::OtherPerson),
                    _ => Ok(live),
                })
                .and_then(|live| Ok((live, take_try(found.as_ref(), purpose, id, now)?)));
            let (live, taken) = match decided {
                Ok(decided) => decided,
                Err(problem) => return self.refuse_link(&problem, Some(digest), now).await,
            };
            if self.land(id, now, vec![taken.write.into()]).await?.is_some() {
                continue;
            }
            // EXPOSE: the code that was typed is compared with the one that belongs to it.
            if !is_code_of(&self.ring, ticket.expose(), purpose, code) {
                let problem = WordProblem::CodeWrong { left: taken.left };
                return self.refuse_link(&problem, Some(digest), now).await;
            }
            return Ok(Typed { digest, purpose, holder: live.holder, bound: live.bound });
        }
        Err(busy().into())
    }

    /// What is true of the number now.
    async fn code_view(
        &self,
        typed: &Typed,
    ) -> Result<(CodeBound, SignInView, Option<vestibule_profiles::ProfileIdentifier>), Failure<Refusal>>
    {
        let bound = CodeBound::decode(&typed.bound).map_err(StoreError::from)?;
        let (kind, key) = (bound.phone.kind(), bound.phone.key());
        let decoy = self.decoy_of_mailbox(&key);
        let view = self.store.sign_in_view(SignInQuestion { kind, key, decoy, device: None, account: None });
        let view = view.await?;
        let own = self.store.identifier_owner(kind, key).await?;
        Ok((bound, view, own))
    }

    /// Whether nothing of the profile has changed since its owner asked (PR-5).
    async fn asked_as_now(
        &self,
        who: &Authenticated,
        bound: &CodeBound,
        digest: SecretDigest,
        now: Timestamp,
    ) -> Result<(), Failure<Refusal>> {
        if bound.asker == Some(who.profile.epoch) {
            return Ok(());
        }
        let problem = WordProblem::Rotated { at: now, by: Rotation::Withdrawn };
        self.refuse_link(&problem, Some(digest), now).await
    }

    /// One round: the code is used up, and its link made, in one commit. `None`: others were faster.
    async fn hand_over(
        &self,
        typed: &Typed,
        bound: &CodeBound,
        (told, link): (NoticeKind, Option<CheckwordRequest>),
        more: Vec<AnyWrite>,
        now: Timestamp,
    ) -> Result<Option<CodeAnswer>, Failure<Refusal>> {
        let found = self.store.found(typed.digest).await?;
        let redemption = match redeem(found.as_ref(), typed.purpose, Intent::TypedCode, now) {
            Ok(redemption) => redemption,
            Err(problem) => return self.refuse_link(&problem, Some(typed.digest), now).await,
        };
        let (id, handed) = self.make_handed(link, now).await?;
        let mut notice = Notice::new(told, now);
        let mut batch = vec![AnyWrite::from(redemption.write)];
        let mut link = None;
        if let Some((text, until, words)) = handed {
            notice.until = Some(until);
            link = Some(text);
            batch.extend(words.into_iter().map(AnyWrite::from));
        }
        batch.push(self.withdraw_code(&bound.phone, typed.purpose, now)?);
        batch.extend(more);
        match self.land(id, now, batch).await? {
            None => Ok(Some(CodeAnswer { notice, link })),
            Some(AnyGuard::Checkword(_) | AnyGuard::Profiles(_) | AnyGuard::Sessions(_)) => Ok(None),
            Some(_) => Err(vestibule_core::Error::from(vestibule_core::ErrorKind::Misuse).into()),
        }
    }

    async fn make_handed(
        &self,
        link: Option<CheckwordRequest>,
        now: Timestamp,
    ) -> Result<(BatchId, Option<(Secret<String>, Timestamp, Vec<CheckwordWrite>)>), vestibule_core::Error>
    {
        let Some(request) = link else { return Ok((self.batch_id(now)?, None)) };
        match self.ask_for(&request.handed_over(), now).await? {
            (id, Asking::Link { link: Some(link), until, writes }) => Ok((id, Some((link, until, writes)))),
            // Nothing spaces what no message carries, and a text that cannot be told again is made anew.
            _ => Err(vestibule_core::ErrorKind::Misuse.into()),
        }
    }
}
