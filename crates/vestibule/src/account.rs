//! Accounts and their members.

use vestibule_core::{AccountId, Error, ErrorKind, Failure, Refusal, SubjectId, Timestamp, Write};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{
    Account, AccountPolicy, AccountState, By, Membership, Move, NewAccount, NewMember, Problem,
    ProfilesGuard, ProfilesRead, ProfilesWrite, Role, decide,
};

use vestibule_sessions::decide as sessions;

use crate::entering::Factors;
use crate::notice::{Notice, NoticeKind};
use crate::session::Authenticated;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::writes::{AnyGuard, AnyWrite};

/// Who acts on an account, on a person, or on both.
///
/// Whoever acts by a session passes the account's gate with every act: what keeps them from entering keeps them from acting,
/// and they are told by the same `admission.*` codes. Only single sign-on and the account's state do not stop a member who
/// administers it, who could not put right what shuts it otherwise.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Acting<'a> {
    /// A member with the permission, by their session.
    Administrator(&'a Authenticated),
    /// The deployment's operator, who always says why.
    Operator(&'a Reason),
}

/// Why the operator acts: 1 to 500 bytes of text, kept with the audit event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

/// Why a text is no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reason has 1 to 500 bytes")]
#[non_exhaustive]
pub struct ReasonError;

impl Reason {
    /// Reads a reason.
    ///
    /// # Errors
    ///
    /// [`ReasonError`].
    pub fn parse(text: &str) -> Result<Self, ReasonError> {
        let text = text.trim();
        if (1..=500).contains(&text.len()) { Ok(Self(text.to_owned())) } else { Err(ReasonError) }
    }
}

impl Acting<'_> {
    pub(crate) fn actor(self) -> EventActor {
        match self {
            Self::Administrator(who) => EventActor::Administrator(who.subject()),
            Self::Operator(_) => EventActor::Operator,
        }
    }

    pub(crate) fn draft(self, kind: EventKind) -> Draft {
        let draft = Draft::new(kind, self.actor());
        match self {
            Self::Administrator(_) => draft,
            Self::Operator(reason) => draft.field("reason", &reason.0),
        }
    }
}

impl Vestibule {
    /// Creates an account; the person becomes its primary administrator.
    ///
    /// # Errors
    ///
    /// `account.limit`, `account.taken`.
    pub async fn create_account(&self, who: &Authenticated, new: NewAccount) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let (now, subject, account) = (inner.clock.now(), who.subject(), new.account);
        let actor = EventActor::Person(subject);
        inner.must_be_whole(who, now).await?;
        for _ in 0..ROUNDS {
            let profile = inner.store.profile(subject).await?;
            // A session of an earlier epoch creates nothing.
            let Some(profile) = profile.filter(|profile| profile.epoch == who.profile.epoch) else {
                return inner.refuse_session(&vestibule_sessions::Problem::Revoked, Some(subject)).await;
            };
            let problem = match decide::create_account(&profile, new.clone(), inner.accounts_at_most, now) {
                Err(problem) => problem,
                Ok(writes) => {
                    let id = inner.batch_id(now)?;
                    let event =
                        Draft::new(EventKind::ACCOUNT_CREATED, actor).subject(subject).account(account);
                    let mut batch = inner.record(event, id, now)?;
                    batch.extend(writes.into_iter().map(AnyWrite::from));
                    batch.push(sessions::require(&who.session).into());
                    match inner.land(id, now, batch).await? {
                        None => return Ok(()),
                        Some(AnyGuard::Sessions(_)) => {
                            let revoked = vestibule_sessions::Problem::Revoked;
                            return inner.refuse_session(&revoked, Some(subject)).await;
                        }
                        Some(AnyGuard::Profiles(ProfilesGuard::AccountFree)) => Problem::AccountTaken,
                        Some(_) => continue,
                    }
                }
            };
            let _ = inner.live(who).await?;
            let refusal =
                inner.refuse_after_proof(&problem, actor, Some(subject), Some(account), now).await?;
            return Err(Failure::Refused(refusal));
        }
        Err(busy().into())
    }

    /// Replaces an account's policy. Every session asks for admission anew. An administrator who asks others for a second factor
    /// has one, and acts by a session in which it was shown (R31). So is whoever lets remembered devices in, or for longer: nobody
    /// comes in by one and makes its time longer.
    ///
    /// # Errors
    ///
    /// `membership.not_permitted`, `admission.factor_not_set_up`, `admission.factor_required`, `admission.account_unknown`, `admission.account_closed`.
    pub async fn edit_policy(
        &self,
        by: Acting<'_>,
        account: AccountId,
        policy: AccountPolicy,
    ) -> Result<(), Failure<Refusal>> {
        let act = Act::of(by, account, None, (EventKind::ACCOUNT_POLICY_CHANGED, None));
        // Who asks others for a second factor has one, and has shown it (R31).
        let asker = match by {
            Acting::Administrator(who) if !who.session.has_two_factors() => Some(who.profile.factor_since),
            Acting::Administrator(_) | Acting::Operator(_) => None,
        };
        let decide = |by: By<'_>, account: &Account, _: Option<&Membership>, now| {
            let writes = decide::edit_policy(by, account, policy.clone())?;
            let asks = policy.factor.is_some() && policy.factor != account.policy.factor;
            let loosens = policy.accepts_devices_beyond(&account.policy);
            match asker {
                Some(None) if asks => Err(Problem::FactorNotSetUp { since: now }),
                Some(Some(_)) if asks || loosens => Err(Problem::FactorRequired),
                _ => Ok(writes),
            }
        };
        self.inner().act(act, decide).await
    }

    /// Closes an account for ever.
    ///
    /// # Errors
    ///
    /// `membership.not_permitted`, `admission.account_unknown`, `admission.account_closed`.
    pub async fn close_account(&self, by: Acting<'_>, account: AccountId) -> Result<(), Failure<Refusal>> {
        let act = Act::of(by, account, None, (EventKind::ACCOUNT_CLOSED, None));
        self.inner().act(act, |by, account, _, _| decide::set_state(by, account, AccountState::Closed)).await
    }

    /// The operator suspends an account, or opens it again.
    ///
    /// # Errors
    ///
    /// `admission.account_unknown`, `admission.account_closed`.
    pub async fn suspend_account(
        &self,
        reason: &Reason,
        account: AccountId,
        suspended: bool,
    ) -> Result<(), Failure<Refusal>> {
        let state = if suspended { AccountState::Suspended } else { AccountState::Open };
        let by = Acting::Operator(reason);
        let act = Act::of(by, account, None, (EventKind::ACCOUNT_POLICY_CHANGED, None));
        self.inner().act(act, |by, account, _, _| decide::set_state(by, account, state)).await
    }

    /// Adds a member for whom the host vouches, Active or awaiting approval.
    ///
    /// # Errors
    ///
    /// `membership.not_permitted`, `membership.exists`, `membership.seat_limit`, `membership.contact_taken`,
    /// `profile.unknown`, `admission.account_unknown`, `admission.account_closed`, `admission.account_suspended`.
    pub async fn add_member(
        &self,
        by: Acting<'_>,
        account: AccountId,
        new: NewMember,
    ) -> Result<(), Failure<Refusal>> {
        let told = Some(if new.awaits_approval {
            NoticeKind::MemberAwaitsApproval
        } else {
            NoticeKind::MemberAdded
        });
        let act = Act::of(by, account, Some(new.subject), (EventKind::MEMBERSHIP_ADDED, told));
        let inner = self.inner();
        inner
            .act(act, |by, account, member, now| decide::add_member(by, account, member, new.clone(), now))
            .await
    }

    /// Approves, declines, dismisses or reinstates a member.
    ///
    /// # Errors
    ///
    /// `membership.not_permitted`, `membership.not_yourself`, `membership.wrong_status`,
    /// `membership.primary_administrator`, `membership.last_administrator`, `membership.seat_limit`,
    /// `admission.not_member`, `admission.account_*`.
    pub async fn move_member(
        &self,
        by: Acting<'_>,
        account: AccountId,
        subject: SubjectId,
        step: Move,
    ) -> Result<(), Failure<Refusal>> {
        let kind = match step {
            Move::Approve => EventKind::MEMBERSHIP_APPROVED,
            Move::Decline => EventKind::MEMBERSHIP_DECLINED,
            Move::Dismiss => EventKind::MEMBERSHIP_DISMISSED,
            _ => EventKind::MEMBERSHIP_REINSTATED,
        };
        let act = Act::on_member(by, account, subject, (kind, NoticeKind::of_move(step)));
        let decide = |by: By<'_>, account: &Account, member: Option<&Membership>, now| {
            decide::move_member(by, account, member, step, now)
        };
        self.inner().act(act, decide).await
    }

    /// Changes an Active member's role and whether they administer.
    ///
    /// # Errors
    ///
    /// As [`move_member`](Self::move_member).
    pub async fn change_role(
        &self,
        by: Acting<'_>,
        account: AccountId,
        subject: SubjectId,
        role: Role,
        administers: bool,
    ) -> Result<(), Failure<Refusal>> {
        let told = Some(NoticeKind::MemberRoleChanged);
        let act = Act::of(by, account, Some(subject), (EventKind::MEMBERSHIP_ROLE_CHANGED, told));
        let decide = |by: By<'_>, account: &Account, member: Option<&Membership>, _| {
            decide::change_role(by, account, member, role.clone(), administers)
        };
        self.inner().act(act, decide).await
    }
}

/// One act on an account.
#[derive(Debug, Clone)]
pub(crate) struct Act<'a> {
    pub(crate) by: Acting<'a>,
    pub(crate) account: AccountId,
    subject: Option<SubjectId>,
    kind: EventKind,
    /// What the member is told.
    told: Option<NoticeKind>,
    /// Why, where an administrator has to say so, too.
    reason: Option<&'a Reason>,
    /// Until when what is done holds.
    until: Option<Timestamp>,
}

impl<'a> Act<'a> {
    /// One that changes nothing; only its refusal is recorded.
    pub(crate) fn reading(by: Acting<'a>, account: AccountId, subject: Option<SubjectId>) -> Self {
        Self::of(by, account, subject, (EventKind::REFUSED, None))
    }

    fn of(
        by: Acting<'a>,
        account: AccountId,
        subject: Option<SubjectId>,
        (kind, told): (EventKind, Option<NoticeKind>),
    ) -> Self {
        Self { by, account, subject, kind, told, reason: None, until: None }
    }

    /// One on a member, who is told.
    pub(crate) fn on_member(
        by: Acting<'a>,
        account: AccountId,
        subject: SubjectId,
        (kind, told): (EventKind, NoticeKind),
    ) -> Self {
        Self::of(by, account, Some(subject), (kind, Some(told)))
    }

    /// For this reason, kept with the event whoever acts.
    pub(crate) fn because(mut self, reason: &'a Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Holding until then.
    pub(crate) fn until(mut self, until: Option<Timestamp>) -> Self {
        self.until = until;
        self
    }
}

impl Inner {
    /// Loads the account, the acting member and the member acted on; decides; commits with the audit event; begins anew
    /// when something moved.
    pub(crate) async fn act(
        &self,
        act: Act<'_>,
        decide: impl Fn(By<'_>, &Account, Option<&Membership>, Timestamp) -> Result<Vec<ProfilesWrite>, Problem>
        + Send,
    ) -> Result<(), Failure<Refusal>> {
        let now = self.clock.now();
        for _ in 0..ROUNDS {
            let Some(account) = self.store.account(act.account).await? else {
                return self.refuse_act(act, &Problem::AccountUnknown).await;
            };
            let member = match act.subject {
                None => None,
                Some(subject) => self.store.membership(act.account, subject).await?,
            };
            let acting = match act.by {
                Acting::Operator(_) => None,
                Acting::Administrator(who) => match self.acting_member(who, &account, now).await? {
                    Ok(acting) => Some((who, acting)),
                    Err(problem) => return self.refuse_act(act, &problem).await,
                },
            };
            let by = acting.as_ref().map_or(By::Operator, |(_, acting)| By::Member(acting));
            let writes = match decide(by, &account, member.as_ref(), now) {
                Ok(writes) => writes,
                // No guard looks at a refusal: what counts the account's members is still what it was when the member was read.
                Err(_) if self.store.account(act.account).await?.as_ref() != Some(&account) => continue,
                Err(problem) => return self.refuse_act(act, &problem).await,
            };
            let id = self.batch_id(now)?;
            let mut event = act.by.draft(act.kind.clone()).account(act.account);
            if let Some(subject) = act.subject {
                event = event.subject(subject);
            }
            if let (Some(reason), Acting::Administrator(_)) = (act.reason, act.by) {
                event = event.field("reason", &reason.0);
            }
            let mut batch = self.record(event, id, now)?;
            batch.extend(writes.into_iter().map(AnyWrite::from));
            if let (Some(subject), Some(told)) = (act.subject, act.told) {
                let mut notice = Notice::new(told, now);
                notice.until = act.until;
                notice.account = Some(act.account);
                batch.extend(self.notices(subject, notice).await?);
            }
            if let Some((who, _)) = &acting {
                // The acting person has not signed out, here or everywhere, nor been blocked, nor changed the password.
                let (subject, epoch) = (who.subject(), who.profile.epoch);
                batch.push(ProfilesWrite::RequireProfile { subject, epoch }.into());
                batch.push(sessions::require(&who.session).into());
                // What let them in still stands; where the act changes the account's row, its own guard looks.
                let version = account.settings_version;
                let settings = ProfilesWrite::RequireSettings { account: act.account, version };
                if batch.iter().all(|write| write.row() != settings.row()) {
                    batch.push(settings.into());
                }
            }
            match self.land(id, now, batch).await? {
                None => return Ok(()),
                Some(AnyGuard::Profiles(ProfilesGuard::Contact)) => {
                    return self.refuse_act(act, &Problem::ContactTaken).await;
                }
                // Whether there is such a person is told only to who may add them.
                Some(AnyGuard::Profiles(ProfilesGuard::ProfileCounts)) => {
                    if let Some(subject) = act.subject
                        && self.store.profile(subject).await?.is_none()
                    {
                        return self.refuse_act(act, &Problem::ProfileUnknown).await;
                    }
                }
                Some(AnyGuard::Profiles(ProfilesGuard::Epoch) | AnyGuard::Sessions(_)) => {
                    let subject = acting.map(|(who, _)| who.subject());
                    return self.refuse_session(&vestibule_sessions::Problem::Revoked, subject).await;
                }
                Some(_) => {}
            }
        }
        Err(busy().into())
    }

    /// The membership by which somebody acts, if they may enter the account right now: who stands before the door does not
    /// act inside.
    pub(crate) async fn acting_member(
        &self,
        who: &Authenticated,
        account: &Account,
        now: Timestamp,
    ) -> Result<Result<Membership, Problem>, Error> {
        // A stranger who acts is told that they are one, whatever the account's state.
        let Some(membership) = self.store.membership(account.account, who.subject()).await? else {
            return Ok(Err(Problem::NotMember));
        };
        let door = (Some(account), Some(&membership));
        let by = (who.client, Factors::of(&who.session));
        Ok(match self.admit_through(door, &who.profile, by, now) {
            // Who administers the account can see and undo what shuts it, to themselves too; what an act may do in an
            // account that is not open is judged by the act.
            Err(Problem::SingleSignOnOnly | Problem::Suspended | Problem::Closed)
                if membership.is_active_administrator() =>
            {
                Ok(membership)
            }
            admitted => admitted.map(|_| membership),
        })
    }

    /// The operator, who may look anywhere, leaves an event with the reason before anything is shown. Administrators look at what is
    /// their own account's.
    pub(crate) async fn note_look(&self, act: &Act<'_>, kind: EventKind) -> Result<(), Error> {
        let Acting::Operator(_) = act.by else { return Ok(()) };
        let now = self.clock.now();
        let id = self.batch_id(now)?;
        let mut event = act.by.draft(kind).account(act.account);
        if let Some(subject) = act.subject {
            event = event.subject(subject);
        }
        match self.land(id, now, self.record(event, id, now)?).await? {
            None => Ok(()),
            Some(_) => Err(Error::from(ErrorKind::Misuse)),
        }
    }

    pub(crate) async fn refuse_act<T>(&self, act: Act<'_>, problem: &Problem) -> Result<T, Failure<Refusal>> {
        // Whoever acts by a session that has ended is told that and nothing else: why it was refused is an answer, too.
        if let Acting::Administrator(who) = act.by {
            let _ = self.live(who).await?;
        }
        let now = self.clock.now();
        let actor = act.by.actor();
        Err(Failure::Refused(
            self.refuse_after_proof(problem, actor, act.subject, Some(act.account), now).await?,
        ))
    }
}
