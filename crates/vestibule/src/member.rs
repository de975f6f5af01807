//! What an administrator sees of a member: facts inside the own account, and of the profile almost nothing (PR-15).

use core::time::Duration;

use vestibule_core::{AccountId, AddressKind, Failure, Refusal, SubjectId, Timestamp};
use vestibule_journal::EventKind;
use vestibule_profiles::{
    Account, AccountState, Membership, Permission, Problem, ProfileIdentifier, ProfilesRead, Role, Status,
    decide,
};

use crate::account::{Act, Acting};
use crate::vestibule::Vestibule;

/// For how long a wrong secret on the way into an account counts as recent.
const RECENT: Duration = Duration::from_secs(24 * 60 * 60);

/// The login address of a member, as far as this account may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a page that overlooks an answer would show a wrong one")]
pub enum LoginSeen {
    /// The member has no login address.
    None,
    /// There is one; its owner would recognise it: `a***@e***.com`. A contact address that happens to be the login is no
    /// reason to show it: whoever may enter contact addresses could guess the login by them.
    Masked(String),
}

/// A member, as an administrator of the account sees them. With the login address held equal it is the same, whatever
/// the person does elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberView {
    /// The state of the account.
    pub account: AccountState,
    /// The membership, if there is one.
    pub member: Option<MemberSeen>,
}

/// A membership and its member, as seen from the account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberSeen {
    /// Whether the member may enter.
    pub status: Status,
    /// Since when.
    pub since: Timestamp,
    /// The host's role.
    pub role: Role,
    /// Whether the member administers.
    pub administers: bool,
    /// The contact address, as typed.
    pub contact: Option<String>,
    /// The login address.
    pub login: LoginSeen,
    /// Whether a wrong secret was tried within the last 24 hours on the way into this account.
    pub wrong_secret_recently: bool,
    /// The second factor, as far as this account asks for one; `None`: it does not.
    pub factor: Option<FactorSeen>,
    /// Until when this account asks the member for no second factor (R23).
    pub exempt_until: Option<Timestamp>,
}

/// A member's second factor, as seen from an account that asks for it: no times, no devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FactorSeen {
    /// Whether one is set up.
    pub set_up: bool,
    /// Whether there are recovery codes.
    pub codes: bool,
}

impl MemberView {
    fn of(
        account: &Account,
        membership: Option<Membership>,
        own: &[ProfileIdentifier],
        factor: Option<FactorSeen>,
        now: Timestamp,
    ) -> Self {
        let member = membership.map(|membership| MemberSeen {
            login: login_seen(own),
            wrong_secret_recently: membership.wrong_secret_at.is_some_and(|at| at.plus(RECENT).is_after(now)),
            factor,
            exempt_until: membership.standing.exempt_until.filter(|until| until.is_after(now)),
            status: membership.standing.status,
            since: membership.standing.since,
            role: membership.standing.role,
            administers: membership.standing.administers,
            contact: membership.contact,
        });
        Self { account: account.state, member }
    }

    /// The view in English sentences, for a support page or a log.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let mut said = Vec::new();
        match self.account {
            AccountState::Suspended => said.push("The account is suspended.".to_owned()),
            AccountState::Closed => said.push("The account is closed.".to_owned()),
            AccountState::Open => {}
        }
        let Some(member) = &self.member else {
            said.push("This person is not a member of the account.".to_owned());
            return said;
        };
        said.push(match member.status {
            Status::Active if member.administers => "Active member, administers the account.".to_owned(),
            Status::Active => "Active member.".to_owned(),
            Status::AwaitingApproval => format!("Waits for approval since {}.", member.since),
            Status::Dismissed => format!("Dismissed since {}.", member.since),
        });
        said.push(match &member.login {
            LoginSeen::None => "Has no login address.".to_owned(),
            LoginSeen::Masked(masked) => format!("Signs in as {masked}."),
        });
        said.push(if member.wrong_secret_recently {
            "A wrong secret was tried here within the last 24 hours.".to_owned()
        } else {
            "No wrong secret was tried here within the last 24 hours.".to_owned()
        });
        match member.factor {
            Some(FactorSeen { set_up: true, codes: true }) => {
                said.push("Has a second factor, and recovery codes.".to_owned());
            }
            Some(FactorSeen { set_up: true, codes: false }) => {
                said.push("Has a second factor, and no recovery codes.".to_owned());
            }
            Some(FactorSeen { set_up: false, .. }) => said.push("Has set up no second factor.".to_owned()),
            None => {}
        }
        if let Some(until) = member.exempt_until {
            said.push(format!("Is asked for no second factor here until {until}."));
        }
        said
    }
}

/// The first verified mailbox, else the first verified phone.
fn login_seen(own: &[ProfileIdentifier]) -> LoginSeen {
    let verified = |kind: AddressKind| {
        own.iter()
            .filter(|own| own.verified_at.is_some() && own.identifier.kind() == kind)
            .min_by_key(|own| (own.verified_at, own.identifier.canonical()))
    };
    verified(AddressKind::Email)
        .or_else(|| verified(AddressKind::Phone))
        .map_or(LoginSeen::None, |login| LoginSeen::Masked(login.identifier.masked()))
}

impl Vestibule {
    /// What an administrator sees of somebody in their account (R21). That the operator looked, and why, is recorded.
    ///
    /// # Errors
    ///
    /// `membership.not_permitted`, `admission.not_member` (the one who asks is no member), `admission.account_unknown`.
    pub async fn view_member(
        &self,
        by: Acting<'_>,
        account: AccountId,
        subject: SubjectId,
    ) -> Result<MemberView, Failure<Refusal>> {
        let inner = self.inner();
        let act = Act::reading(by, account, Some(subject));
        let stored = inner.authorised_to_read(&act, Permission::SeeLogin).await?;
        inner.note_look(&act, EventKind::MEMBERSHIP_VIEWED).await?;
        let membership = inner.store.membership(account, subject).await?;
        // Of somebody who is no member nothing is read: there is nothing that could show.
        let own = match &membership {
            None => Vec::new(),
            Some(_) => inner.store.identifiers(subject).await?,
        };
        // Only where this account asks for it is anything about it told (PR-15).
        let factor = match &membership {
            Some(membership)
                if stored
                    .policy
                    .asks_for_factor_from(&membership.standing, membership.joined_at)
                    .is_some() =>
            {
                let factor = inner.factor_of(subject).await?;
                Some(FactorSeen { set_up: factor.has_confirmed(), codes: factor.has_codes() })
            }
            _ => None,
        };
        Ok(MemberView::of(&stored, membership, &own, factor, inner.clock.now()))
    }
}

impl crate::vestibule::Inner {
    /// The account, once it is known that this actor may read there.
    pub(crate) async fn authorised_to_read(
        &self,
        act: &Act<'_>,
        permission: Permission,
    ) -> Result<Account, Failure<Refusal>> {
        if let Acting::Administrator(who) = act.by {
            let _ = self.live(who).await?;
        }
        let Some(account) = self.store.account(act.account).await? else {
            return self.refuse_act(act.clone(), &Problem::AccountUnknown).await;
        };
        let acting = match act.by {
            Acting::Operator(_) => None,
            Acting::Administrator(who) => match self.acting_member(who, &account, self.clock.now()).await? {
                Ok(acting) => Some(acting),
                Err(problem) => return self.refuse_act(act.clone(), &problem).await,
            },
        };
        let by = acting.as_ref().map_or(decide::By::Operator, decide::By::Member);
        match decide::authorise(by, &account, permission) {
            Ok(_) => Ok(account),
            Err(problem) => self.refuse_act(act.clone(), &problem).await,
        }
    }
}
