//! May this person enter this account now? One gate, a pure function, passed by every way in.

use std::net::IpAddr;

use vestibule_core::{AccountId, Timestamp};

use crate::account::{Account, AccountState};
use crate::membership::{Membership, Status};
use crate::problem::{HostProblem, Problem};
use crate::profile::Profile;

/// What the person has proven, as far as admission asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Proven {
    /// The account's own identity provider vouched for the person in this session.
    pub by_account_provider: bool,
    /// A second factor was proven in this session, beside the first.
    pub two_factors: bool,
    /// When the second factor was shown on the remembered device that opened this session, if one did.
    pub remembered_since: Option<Timestamp>,
}

impl Proven {
    /// Whether a second factor was proven, too.
    #[must_use]
    pub const fn two_factors(mut self, two_factors: bool) -> Self {
        self.two_factors = two_factors;
        self
    }

    /// When the second factor was shown on the remembered device that opened the session.
    #[must_use]
    pub const fn remembered_since(mut self, shown: Option<Timestamp>) -> Self {
        self.remembered_since = shown;
        self
    }

    /// The profile's own evidence, without the account's identity provider and without a second factor.
    #[must_use]
    pub const fn by_profile() -> Self {
        Self { by_account_provider: false, two_factors: false, remembered_since: None }
    }
}

/// Everything admission looks at.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AdmissionRequest<'a> {
    /// Who.
    pub profile: &'a Profile,
    /// What they have proven.
    pub proven: Proven,
    /// Where; `None`: nobody knows such an account.
    pub account: Option<&'a Account>,
    /// Their membership there.
    pub membership: Option<&'a Membership>,
    /// The client's address, if the host passes one.
    pub client: Option<IpAddr>,
    /// When.
    pub now: Timestamp,
}

impl<'a> AdmissionRequest<'a> {
    /// Asks for this person, by the profile's own evidence and from an unknown client.
    #[must_use]
    pub const fn new(
        profile: &'a Profile,
        account: Option<&'a Account>,
        membership: Option<&'a Membership>,
        now: Timestamp,
    ) -> Self {
        Self { profile, proven: Proven::by_profile(), account, membership, client: None, now }
    }

    /// What the person has proven.
    #[must_use]
    pub const fn proven(mut self, proven: Proven) -> Self {
        self.proven = proven;
        self
    }

    /// From where the person comes.
    #[must_use]
    pub const fn client(mut self, client: Option<IpAddr>) -> Self {
        self.client = client;
        self
    }
}

/// A host's own rule at the gate. It is asked last, after every rule of ours has let the person pass.
pub trait AdmissionRule: Send + Sync {
    /// Lets the person pass, or says with an entry of the host's own (code under `host.`) why not.
    ///
    /// # Errors
    ///
    /// [`HostProblem`].
    fn admit(&self, request: &AdmissionRequest<'_>) -> Result<(), HostProblem>;
}

/// The person may enter, on the strength of these versions; it is good only while they are still those. Only [`admit`]
/// makes it:
///
/// ```compile_fail,E0639
/// use vestibule_core::AccountId;
///
/// let forged = vestibule_profiles::Admission {
///     account: AccountId::from(1),
///     membership_epoch: 1,
///     membership_version: 1,
///     settings_version: 1,
/// };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Admission {
    /// Where.
    pub account: AccountId,
    /// The membership's epoch.
    pub membership_epoch: u64,
    /// The membership's version.
    pub membership_version: u64,
    /// The account's settings.
    pub settings_version: u64,
}

/// The gate.
///
/// A blocked profile is refused here too: admission is asked again in the middle of a session.
///
/// # Errors
///
/// The first [`Problem`] that holds, in this order: blocked, no such account, closed, suspended, not a member,
/// dismissed, awaiting approval, single sign-on only, client not allowed (administrators excepted), a second factor that is
/// asked for and was not shown or not set up, a host's rule.
///
/// # Example
///
/// ```
/// use vestibule_core::{SubjectId, Timestamp};
/// use vestibule_profiles::{AdmissionRequest, Problem, Profile, admit};
///
/// let now = Timestamp::from_unix_seconds(1_700_000_000);
/// let ada = Profile::new(SubjectId::from(1), now);
/// let request = AdmissionRequest::new(&ada, None, None, now);
/// assert_eq!(admit(&request, &[]), Err(Problem::AccountUnknown));
/// ```
pub fn admit(request: &AdmissionRequest<'_>, rules: &[&dyn AdmissionRule]) -> Result<Admission, Problem> {
    if let Some(block) = request.profile.blocked_at(request.now) {
        return Err(Problem::Blocked { until: block.until });
    }
    let account = request.account.ok_or(Problem::AccountUnknown)?;
    match account.state {
        AccountState::Open => {}
        AccountState::Suspended => return Err(Problem::Suspended),
        AccountState::Closed => return Err(Problem::Closed),
    }
    let membership = request.membership.ok_or(Problem::NotMember)?;
    match membership.standing.status {
        Status::Active => {}
        Status::Dismissed => return Err(Problem::Dismissed { since: membership.standing.since }),
        Status::AwaitingApproval => return Err(Problem::AwaitingApproval),
    }
    if account.policy.single_sign_on_only && !request.proven.by_account_provider {
        return Err(Problem::SingleSignOnOnly);
    }
    let from_allowed_network = account.policy.networks.is_empty()
        || request
            .client
            .is_some_and(|client| account.policy.networks.iter().any(|range| range.contains(client)));
    if !from_allowed_network && !membership.standing.administers {
        return Err(Problem::ClientNotAllowed);
    }
    factor_stands(request.profile, request.proven, account, membership, request.now)?;
    for rule in rules {
        rule.admit(request).map_err(Problem::Host)?;
    }
    Ok(Admission {
        account: account.account,
        membership_epoch: membership.epoch,
        membership_version: membership.version,
        settings_version: account.settings_version,
    })
}

/// The gate's question about the second factor (PR-14): of all its questions the only one whose answer changes by time alone,
/// so an admission that was given is asked it again at every use.
///
/// Who has a second factor has shown it, whatever this account asks for; who has none may wait until the account's grace is
/// over. An exemption (R23) stands in for it in this account and no other, and so does a remembered device, where the account's
/// policy accepts it.
///
/// # Errors
///
/// [`Problem::FactorRequired`], [`Problem::FactorNotSetUp`].
pub fn factor_stands(
    profile: &Profile,
    proven: Proven,
    account: &Account,
    membership: &Membership,
    now: Timestamp,
) -> Result<(), Problem> {
    if proven.two_factors || membership.is_exempt(now) {
        return Ok(());
    }
    if profile.factor_since.is_some() {
        let accepted = proven.remembered_since.is_some_and(|shown| account.policy.accepts_device(shown, now));
        return if accepted { Ok(()) } else { Err(Problem::FactorRequired) };
    }
    match account.policy.asks_for_factor_from(&membership.standing, membership.joined_at) {
        Some(deadline) if !deadline.is_after(now) => Err(Problem::FactorNotSetUp { since: deadline }),
        Some(_) | None => Ok(()),
    }
}
