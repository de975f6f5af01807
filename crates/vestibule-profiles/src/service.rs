//! Load, decide, commit: the linking model for hosts that use this crate alone.

use core::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use vestibule_core::{
    AccountId, Batch, BatchId, Commit, Entropy, Error, Failure, Identifier, SubjectId, Timestamp,
    commit_known,
};

use crate::account::{Account, AccountState};
use crate::admission::{Admission, AdmissionRequest, AdmissionRule, Proven, admit};
use crate::decide::{self, By, NewAccount, NewMember};
use crate::membership::{Membership, Move};
use crate::policy::{AccountPolicy, Role};
use crate::problem::Problem;
use crate::store::ProfilesRead;
use crate::write::{ProfilesGuard, ProfilesWrite};

/// How often a decision is made again when what it relied on has moved.
const ROUNDS: u32 = 16;

/// Who acts, by id. That a person is who they say is the caller's part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActingAs {
    /// A member of the account.
    Member(SubjectId),
    /// The deployment's operator.
    Operator,
}

/// Profiles, accounts and memberships on a store of this domain.
///
/// # Errors
///
/// Every operation: [`Failure::Refused`] with the true [`Problem`], or [`Failure::Fault`]. After a refused commit
/// the rows are read again and the decision is made anew, a bounded number of times.
pub struct Profiles<S> {
    store: S,
    entropy: Arc<dyn Entropy>,
    rules: Vec<Arc<dyn AdmissionRule>>,
    accounts_at_most: u32,
}

impl<S> fmt::Debug for Profiles<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profiles").field("accounts_at_most", &self.accounts_at_most).finish_non_exhaustive()
    }
}

impl<S: ProfilesRead + Commit<ProfilesWrite>> Profiles<S> {
    /// The linking model on this store; a person may create seven accounts.
    pub fn new(store: S, entropy: impl Entropy + 'static) -> Self {
        Self { store, entropy: Arc::new(entropy), rules: Vec::new(), accounts_at_most: 7 }
    }

    /// How many accounts one person may create.
    #[must_use]
    pub const fn accounts_at_most(mut self, limit: u32) -> Self {
        self.accounts_at_most = limit;
        self
    }

    /// Adds a rule of the host's at the gate.
    #[must_use]
    pub fn rule(mut self, rule: impl AdmissionRule + 'static) -> Self {
        self.rules.push(Arc::new(rule));
        self
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Registers a person with identifiers that the host has verified.
    ///
    /// # Errors
    ///
    /// [`Problem::IdentifierTaken`], [`Problem::ProfileTaken`], [`Problem::LastWayIn`],
    /// [`Problem::TooManyIdentifiers`].
    pub async fn register_verified(
        &self,
        subject: SubjectId,
        identifiers: Vec<Identifier>,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        let writes = decide::register(subject, identifiers, now).map_err(Failure::Refused)?;
        match self.land(now, writes).await? {
            None => Ok(()),
            Some(ProfilesGuard::IdentifierFree) => Err(Failure::Refused(Problem::IdentifierTaken)),
            Some(_) => Err(Failure::Refused(Problem::ProfileTaken)),
        }
    }

    /// Creates an account; its creator becomes primary administrator.
    ///
    /// # Errors
    ///
    /// [`Problem::ProfileUnknown`], [`Problem::AccountLimit`], [`Problem::AccountTaken`].
    pub async fn create_account(
        &self,
        creator: SubjectId,
        new: NewAccount,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        for _ in 0..ROUNDS {
            let profile =
                self.store.profile(creator).await?.ok_or(Failure::Refused(Problem::ProfileUnknown))?;
            let writes = decide::create_account(&profile, new.clone(), self.accounts_at_most, now)
                .map_err(Failure::Refused)?;
            match self.land(now, writes).await? {
                None => return Ok(()),
                Some(ProfilesGuard::AccountFree) => return Err(Failure::Refused(Problem::AccountTaken)),
                Some(_) => {}
            }
        }
        Err(busy())
    }

    /// Adds a member for whom the host vouches.
    ///
    /// # Errors
    ///
    /// As [`decide::add_member`], [`Problem::ProfileUnknown`], [`Problem::AccountUnknown`] and
    /// [`Problem::ContactTaken`].
    pub async fn add_member(
        &self,
        by: ActingAs,
        account: AccountId,
        new: NewMember,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        for _ in 0..ROUNDS {
            let existing = self.store.membership(account, new.subject).await?;
            let landed = self
                .on_account(by, account, now, |by, account| {
                    decide::add_member(by, account, existing.as_ref(), new.clone(), now)
                })
                .await?;
            match landed {
                None => return Ok(()),
                Some(ProfilesGuard::Contact) => return Err(Failure::Refused(Problem::ContactTaken)),
                // Whether there is such a person is told only to who may add them.
                Some(ProfilesGuard::ProfileCounts) if self.store.profile(new.subject).await?.is_none() => {
                    return Err(Failure::Refused(Problem::ProfileUnknown));
                }
                Some(_) => {}
            }
        }
        Err(busy())
    }

    /// Approves, declines, dismisses or reinstates a member.
    ///
    /// # Errors
    ///
    /// As [`decide::move_member`], [`Problem::AccountUnknown`] and [`Problem::NotMember`].
    pub async fn move_member(
        &self,
        by: ActingAs,
        account: AccountId,
        subject: SubjectId,
        step: Move,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        self.settle(by, account, Some(subject), now, |by, account, member| {
            decide::move_member(by, account, member, step, now)
        })
        .await
    }

    /// Changes an Active member's role and whether they administer.
    ///
    /// # Errors
    ///
    /// As [`decide::change_role`], [`Problem::AccountUnknown`] and [`Problem::NotMember`].
    pub async fn change_role(
        &self,
        by: ActingAs,
        account: AccountId,
        subject: SubjectId,
        role: Role,
        administers: bool,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        self.settle(by, account, Some(subject), now, |by, account, member| {
            decide::change_role(by, account, member, role.clone(), administers)
        })
        .await
    }

    /// Replaces an account's policy.
    ///
    /// # Errors
    ///
    /// As [`decide::edit_policy`], and [`Problem::AccountUnknown`].
    pub async fn edit_policy(
        &self,
        by: ActingAs,
        account: AccountId,
        policy: AccountPolicy,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        self.settle(by, account, None, now, |by, account, _| decide::edit_policy(by, account, policy.clone()))
            .await
    }

    /// Opens, suspends or closes an account.
    ///
    /// # Errors
    ///
    /// As [`decide::set_state`], and [`Problem::AccountUnknown`].
    pub async fn set_state(
        &self,
        by: ActingAs,
        account: AccountId,
        state: AccountState,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        self.settle(by, account, None, now, |by, account, _| decide::set_state(by, account, state)).await
    }

    /// The operator blocks a person (`Some(None)`: until lifted), or lifts the block (`None`).
    ///
    /// # Errors
    ///
    /// [`Problem::ProfileUnknown`].
    pub async fn set_block(
        &self,
        subject: SubjectId,
        until: Option<Option<Timestamp>>,
        now: Timestamp,
    ) -> Result<(), Failure<Problem>> {
        for _ in 0..ROUNDS {
            let profile =
                self.store.profile(subject).await?.ok_or(Failure::Refused(Problem::ProfileUnknown))?;
            if self.land(now, vec![decide::set_block(&profile, until, now)]).await?.is_none() {
                return Ok(());
            }
        }
        Err(busy())
    }

    /// May this person enter this account now?
    ///
    /// # Errors
    ///
    /// As [`admit`], and [`Problem::ProfileUnknown`].
    pub async fn admit(
        &self,
        subject: SubjectId,
        account: AccountId,
        proven: Proven,
        client: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Admission, Failure<Problem>> {
        let profile = self.store.profile(subject).await?.ok_or(Failure::Refused(Problem::ProfileUnknown))?;
        let membership = self.store.membership(account, subject).await?;
        let account = self.store.account(account).await?;
        let request = AdmissionRequest::new(&profile, account.as_ref(), membership.as_ref(), now)
            .proven(proven)
            .client(client);
        let rules: Vec<&dyn AdmissionRule> = self.rules.iter().map(AsRef::as_ref).collect();
        admit(&request, &rules).map_err(Failure::Refused)
    }

    /// Decides on the account, and on the member acted on if there is one, until what was decided on has not moved.
    async fn settle(
        &self,
        by: ActingAs,
        account: AccountId,
        subject: Option<SubjectId>,
        now: Timestamp,
        decide: impl Fn(By<'_>, &Account, Option<&Membership>) -> Result<Vec<ProfilesWrite>, Problem>
        + Send
        + Sync,
    ) -> Result<(), Failure<Problem>> {
        for _ in 0..ROUNDS {
            let member = match subject {
                None => None,
                Some(subject) => self.store.membership(account, subject).await?,
            };
            let decide = |by: By<'_>, account: &Account| decide(by, account, member.as_ref());
            if self.on_account(by, account, now, decide).await?.is_none() {
                return Ok(());
            }
        }
        Err(busy())
    }

    /// Loads the account and the acting member, decides, commits. `Some`: the guard that refused.
    async fn on_account(
        &self,
        by: ActingAs,
        account: AccountId,
        now: Timestamp,
        decide: impl Fn(By<'_>, &Account) -> Result<Vec<ProfilesWrite>, Problem> + Send,
    ) -> Result<Option<ProfilesGuard>, Failure<Problem>> {
        let loaded = self.store.account(account).await?.ok_or(Failure::Refused(Problem::AccountUnknown))?;
        let acting = match by {
            ActingAs::Operator => None,
            ActingAs::Member(subject) => {
                let member = self.store.membership(account, subject).await?;
                Some(member.ok_or(Failure::Refused(Problem::NotMember))?)
            }
        };
        let by = acting.as_ref().map_or(By::Operator, By::Member);
        let writes = decide(by, &loaded).map_err(Failure::Refused)?;
        self.land(now, writes).await
    }

    async fn land(
        &self,
        now: Timestamp,
        writes: Vec<ProfilesWrite>,
    ) -> Result<Option<ProfilesGuard>, Failure<Problem>> {
        let batch = Batch::new(BatchId::make(&*self.entropy, now)?, now, writes)?;
        Ok(commit_known(&self.store, &batch).await?.refused())
    }
}

fn busy() -> Failure<Problem> {
    Failure::Fault(Error::busy(core::time::Duration::from_millis(50)))
}
