//! What follows from a request and what was read: writes, or a problem. Pure.

use core::time::Duration;

use vestibule_core::{AccountId, ContactEmail, Identifier, SubjectId, Timestamp};

use crate::account::{Account, AccountState};
use crate::identifier::ProfileIdentifier;
use crate::membership::{Membership, Move, Standing, Status};
use crate::policy::{AccountPolicy, Permission, Permissions, Role};
use crate::problem::Problem;
use crate::profile::{Block, Freeze, MAX_IDENTIFIERS, Profile};
use crate::write::ProfilesWrite;

/// Who acts on an account.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum By<'a> {
    /// A member, with the membership as read.
    Member(&'a Membership),
    /// The deployment's operator. That there is a reason and that it is audited is the facade's part.
    Operator,
}

impl By<'_> {
    fn subject(self) -> Option<SubjectId> {
        match self {
            Self::Member(member) => Some(member.subject),
            Self::Operator => None,
        }
    }
}

/// Whether this actor may, and what the answer relied on.
///
/// # Errors
///
/// [`Problem::NotPermitted`] unless the actor is the operator, or an Active member of this account who administers
/// or whose role has the permission.
pub fn authorise(
    by: By<'_>,
    account: &Account,
    permission: Permission,
) -> Result<Vec<ProfilesWrite>, Problem> {
    let By::Member(member) = by else { return Ok(Vec::new()) };
    let may = member.account == account.account
        && member.standing.status == Status::Active
        && (member.standing.administers || account.policy.permissions(&member.standing.role).has(permission));
    if !may {
        return Err(Problem::NotPermitted { permission });
    }
    let (account, subject, version) = (member.account, member.subject, member.version);
    Ok(vec![ProfilesWrite::RequireMembership { account, subject, version }])
}

/// Whether what a role may do is within what the actor may: nobody hands out more than they hold (ATK-E7).
fn must_hold(by: By<'_>, account: &Account, granted: Permissions, asked: Permission) -> Result<(), Problem> {
    match by {
        By::Member(member) if !member.standing.administers => {
            let own = account.policy.permissions(&member.standing.role);
            if granted.within(own) { Ok(()) } else { Err(Problem::NotPermitted { permission: asked }) }
        }
        By::Member(_) | By::Operator => Ok(()),
    }
}

/// A profile with its first, verified identifiers, of which the host has proof.
///
/// # Errors
///
/// [`Problem::LastWayIn`] without any identifier, [`Problem::TooManyIdentifiers`] beyond the limit.
pub fn register(
    subject: SubjectId,
    identifiers: Vec<Identifier>,
    now: Timestamp,
) -> Result<Vec<ProfilesWrite>, Problem> {
    let mut profile = Profile::new(subject, now);
    let mut writes = Vec::with_capacity(identifiers.len() + 1);
    for identifier in identifiers {
        let own = ProfileIdentifier { subject, identifier, verified_at: Some(now), added_at: now };
        let counter = if own.is_social() { &mut profile.social_links } else { &mut profile.identifiers };
        *counter += 1;
        writes.push(ProfilesWrite::TakeIdentifier { identifier: own });
    }
    if profile.ways_in() == 0 {
        return Err(Problem::LastWayIn);
    }
    if profile.identifiers > MAX_IDENTIFIERS || profile.social_links > MAX_IDENTIFIERS {
        return Err(Problem::TooManyIdentifiers);
    }
    writes.push(ProfilesWrite::CreateProfile { profile });
    Ok(writes)
}

/// The longest name of an account, in bytes.
pub const MAX_NAME: usize = 200;

/// What a new account is made of.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewAccount {
    /// Its id.
    pub account: AccountId,
    /// What people call it.
    pub name: String,
    /// The creator's role.
    pub role: Role,
    /// Its policy.
    pub policy: AccountPolicy,
}

impl NewAccount {
    /// An account with an open policy.
    #[must_use]
    pub fn new(account: AccountId, name: impl Into<String>, role: Role) -> Self {
        Self { account, name: name.into(), role, policy: AccountPolicy::new() }
    }

    /// With this policy.
    #[must_use]
    pub fn policy(mut self, policy: AccountPolicy) -> Self {
        self.policy = policy;
        self
    }
}

/// A name is shown in pages and in mail: it cannot break a line or turn the reading direction of what stands around it.
fn is_name(name: &str) -> bool {
    let turns = |c: char| matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    name.len() <= MAX_NAME && !name.trim().is_empty() && !name.chars().any(|c| c.is_control() || turns(c))
}

/// The creator becomes primary administrator; nobody else can enter until added.
///
/// # Errors
///
/// [`Problem::AccountLimit`], [`Problem::OutOfBounds`].
pub fn create_account(
    creator: &Profile,
    new: NewAccount,
    at_most: u32,
    now: Timestamp,
) -> Result<Vec<ProfilesWrite>, Problem> {
    if creator.created_accounts >= at_most {
        return Err(Problem::AccountLimit);
    }
    if !is_name(&new.name) || new.policy.check().is_err() {
        return Err(Problem::OutOfBounds);
    }
    let subject = creator.subject;
    let account = Account {
        account: new.account,
        name: new.name,
        state: AccountState::Open,
        primary: subject,
        seats: 1,
        administrators: 1,
        policy: new.policy,
        settings_version: 1,
        created_at: now,
    };
    let membership = Membership {
        account: new.account,
        subject,
        standing: Standing {
            status: Status::Active,
            role: new.role,
            administers: true,
            since: now,
            moved_by: Some(subject),
            exempt_until: None,
        },
        contact: None,
        joined_at: now,
        version: 1,
        epoch: 1,
        wrong_secret_at: None,
    };
    Ok(vec![
        ProfilesWrite::CreateAccount { account },
        ProfilesWrite::AddMembership { membership },
        ProfilesWrite::CountProfile { subject, memberships: 1, accounts: 1, accounts_at_most: at_most },
    ])
}

/// Who is added to an account, and how.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewMember {
    /// Who.
    pub subject: SubjectId,
    /// The host's role.
    pub role: Role,
    /// Whether an administrator has yet to approve.
    pub awaits_approval: bool,
    /// The contact address, unique in the account.
    pub contact: Option<ContactEmail>,
}

impl NewMember {
    /// A member who may enter at once.
    #[must_use]
    pub const fn active(subject: SubjectId, role: Role) -> Self {
        Self { subject, role, awaits_approval: false, contact: None }
    }

    /// A member who waits for approval.
    #[must_use]
    pub const fn awaiting_approval(subject: SubjectId, role: Role) -> Self {
        Self { subject, role, awaits_approval: true, contact: None }
    }

    /// With this contact address.
    #[must_use]
    pub fn contact(mut self, contact: ContactEmail) -> Self {
        self.contact = Some(contact);
        self
    }
}

/// Adds a member for whom the host vouches.
///
/// # Errors
///
/// [`Problem::NotPermitted`], [`Problem::Closed`], [`Problem::Suspended`], [`Problem::AlreadyMember`],
/// [`Problem::SeatLimit`].
pub fn add_member(
    by: By<'_>,
    account: &Account,
    existing: Option<&Membership>,
    new: NewMember,
    now: Timestamp,
) -> Result<Vec<ProfilesWrite>, Problem> {
    let mut writes = authorise(by, account, Permission::Invite)?;
    must_hold(by, account, account.policy.permissions(&new.role), Permission::Invite)?;
    must_be_open(account)?;
    if let Some(existing) = existing {
        return Err(Problem::AlreadyMember { status: existing.standing.status });
    }
    let (subject, id) = (new.subject, account.account);
    let status = if new.awaits_approval { Status::AwaitingApproval } else { Status::Active };
    if status == Status::Active {
        writes.push(take_seat(account)?);
    } else {
        writes.push(ProfilesWrite::RequireSettings { account: id, version: account.settings_version });
    }
    if let Some(contact) = &new.contact {
        let key = contact.key();
        writes.push(ProfilesWrite::MoveContact { account: id, key, from: None, to: Some(subject) });
    }
    writes.push(live_memberships(subject, 1));
    writes.push(ProfilesWrite::AddMembership {
        membership: Membership {
            account: id,
            subject,
            standing: Standing {
                status,
                role: new.role,
                administers: false,
                since: now,
                moved_by: by.subject(),
                exempt_until: None,
            },
            contact: new.contact.map(|contact| contact.as_typed().to_owned()),
            joined_at: now,
            version: 1,
            epoch: 1,
            wrong_secret_at: None,
        },
    });
    Ok(writes)
}

/// Gives a member another contact address, or none: the key of the old one is freed, that of the new one taken, in this
/// account alone (U-9).
#[must_use]
pub fn set_contact(member: &Membership, contact: Option<&ContactEmail>) -> Vec<ProfilesWrite> {
    let (account, subject) = (member.account, member.subject);
    let old = member.contact.as_deref().and_then(|typed| ContactEmail::parse(typed).ok());
    let (old, new) = (old.map(|old| old.key()), contact.map(ContactEmail::key));
    let mut writes = vec![ProfilesWrite::SetContact {
        account,
        subject,
        from: member.version,
        contact: contact.map(|contact| contact.as_typed().to_owned()),
    }];
    // The same address in another spelling keeps its key.
    if old != new {
        let moves = [(old, Some(subject), None), (new, None, Some(subject))];
        writes.extend(moves.into_iter().filter_map(|(key, from, to)| {
            key.map(|key| ProfilesWrite::MoveContact { account, key, from, to })
        }));
    }
    writes
}

/// Approves, declines, dismisses or reinstates a member.
///
/// # Errors
///
/// [`Problem::NotPermitted`], [`Problem::NotMember`], [`Problem::NotYourself`], [`Problem::WrongStatus`],
/// [`Problem::PrimaryAdministrator`], [`Problem::LastAdministrator`], and for moves into Active
/// [`Problem::SeatLimit`], [`Problem::Closed`], [`Problem::Suspended`].
pub fn move_member(
    by: By<'_>,
    account: &Account,
    member: Option<&Membership>,
    step: Move,
    now: Timestamp,
) -> Result<Vec<ProfilesWrite>, Problem> {
    let mut writes = authorise(by, account, permission_for(step))?;
    // Only after the actor is known to be one who may ask: a stranger does not learn who is a member (PR-15).
    let member = member.ok_or(Problem::NotMember)?;
    if by.subject() == Some(member.subject) {
        return Err(Problem::NotYourself);
    }
    if member.standing.status != step.from() {
        return Err(Problem::WrongStatus { status: member.standing.status });
    }
    let (id, subject) = (account.account, member.subject);
    match step {
        Move::Approve | Move::Reinstate => {
            must_be_open(account)?;
            writes.push(take_seat(account)?);
        }
        Move::Decline => {
            writes.push(ProfilesWrite::RequireSettings { account: id, version: account.settings_version });
            if let Some(contact) = member.contact.as_deref().and_then(|typed| ContactEmail::parse(typed).ok())
            {
                let from = Some(subject);
                writes.push(ProfilesWrite::MoveContact { account: id, key: contact.key(), from, to: None });
            }
        }
        Move::Dismiss => {
            if member.standing.administers && !has_equal_rank(by) {
                return Err(Problem::NotPermitted { permission: Permission::Dismiss });
            }
            if account.primary == subject {
                return Err(Problem::PrimaryAdministrator);
            }
            let settings_version = account.settings_version;
            writes.push(ProfilesWrite::CountSeats { account: id, delta: -1, settings_version });
            writes.extend(count_administrator(account, member.is_active_administrator(), false)?);
        }
    }
    match step {
        Move::Approve => {}
        Move::Reinstate => writes.push(live_memberships(subject, 1)),
        Move::Decline | Move::Dismiss => writes.push(live_memberships(subject, -1)),
    }
    writes.push(ProfilesWrite::MoveMembership {
        account: id,
        subject,
        from: member.version,
        to: step.to().map(|status| Standing {
            status,
            role: member.standing.role.clone(),
            administers: false,
            since: now,
            moved_by: by.subject(),
            exempt_until: None,
        }),
        ends_access: matches!(step, Move::Dismiss | Move::Reinstate),
    });
    Ok(writes)
}

/// Changes an Active member's role and whether they administer.
///
/// # Errors
///
/// [`Problem::NotPermitted`], [`Problem::NotYourself`], [`Problem::WrongStatus`],
/// [`Problem::PrimaryAdministrator`], [`Problem::LastAdministrator`].
pub fn change_role(
    by: By<'_>,
    account: &Account,
    member: Option<&Membership>,
    role: Role,
    administers: bool,
) -> Result<Vec<ProfilesWrite>, Problem> {
    let mut writes = authorise(by, account, Permission::EditPolicy)?;
    let member = member.ok_or(Problem::NotMember)?;
    must_hold(by, account, account.policy.permissions(&role), Permission::EditPolicy)?;
    // Only who administers makes or unmakes administrators: a role must not grant more than it holds (ATK-E7).
    if !has_equal_rank(by) && (administers || member.standing.administers) {
        return Err(Problem::NotPermitted { permission: Permission::EditPolicy });
    }
    if by.subject() == Some(member.subject) {
        return Err(Problem::NotYourself);
    }
    if member.standing.status != Status::Active {
        return Err(Problem::WrongStatus { status: member.standing.status });
    }
    if !administers && account.primary == member.subject {
        return Err(Problem::PrimaryAdministrator);
    }
    let (id, subject) = (account.account, member.subject);
    let counted = count_administrator(account, member.standing.administers, administers)?;
    // Where the account's row is changed anyway, its counter is what racers meet on; else the settings are required.
    if counted.is_none() {
        writes.push(ProfilesWrite::RequireSettings { account: id, version: account.settings_version });
    }
    writes.extend(counted);
    writes.push(ProfilesWrite::MoveMembership {
        account: id,
        subject,
        from: member.version,
        to: Some(Standing { role, administers, ..member.standing.clone() }),
        ends_access: false,
    });
    Ok(writes)
}

/// The longest exemption from the second factor.
pub const MAX_EXEMPTION: Duration = Duration::from_secs(365 * 24 * 3600);

/// Asks an Active member for no second factor until an instant, or for one again (R23). It opens this account and no other,
/// and nobody gives it to themselves.
///
/// # Errors
///
/// [`Problem::NotPermitted`], also for a member who administers unless the actor does; [`Problem::NotMember`],
/// [`Problem::NotYourself`], [`Problem::WrongStatus`]; [`Problem::OutOfBounds`] beyond [`MAX_EXEMPTION`] or in the past.
pub fn exempt(
    by: By<'_>,
    account: &Account,
    member: Option<&Membership>,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<Vec<ProfilesWrite>, Problem> {
    let mut writes = authorise(by, account, Permission::Exempt)?;
    let member = member.ok_or(Problem::NotMember)?;
    if by.subject() == Some(member.subject) {
        return Err(Problem::NotYourself);
    }
    if member.standing.administers && !has_equal_rank(by) {
        return Err(Problem::NotPermitted { permission: Permission::Exempt });
    }
    if member.standing.status != Status::Active {
        return Err(Problem::WrongStatus { status: member.standing.status });
    }
    if until.is_some_and(|until| !until.is_after(now) || until.is_after(now.plus(MAX_EXEMPTION))) {
        return Err(Problem::OutOfBounds);
    }
    let (id, subject) = (account.account, member.subject);
    writes.push(ProfilesWrite::RequireSettings { account: id, version: account.settings_version });
    writes.push(ProfilesWrite::MoveMembership {
        account: id,
        subject,
        from: member.version,
        to: Some(Standing { exempt_until: until, ..member.standing.clone() }),
        ends_access: false,
    });
    Ok(writes)
}

/// Replaces an account's policy.
///
/// # Errors
///
/// [`Problem::NotPermitted`], also when a role would gain what the actor does not hold; [`Problem::Closed`],
/// [`Problem::OutOfBounds`].
pub fn edit_policy(
    by: By<'_>,
    account: &Account,
    policy: AccountPolicy,
) -> Result<Vec<ProfilesWrite>, Problem> {
    let mut writes = authorise(by, account, Permission::EditPolicy)?;
    if account.state == AccountState::Closed {
        return Err(Problem::Closed);
    }
    if policy.check().is_err() {
        return Err(Problem::OutOfBounds);
    }
    for (role, granted) in &policy.roles {
        let added = granted.without(account.policy.permissions(role));
        must_hold(by, account, added, Permission::EditPolicy)?;
    }
    let (account, from) = (account.account, account.settings_version);
    writes.push(ProfilesWrite::EditPolicy { account, from, policy });
    Ok(writes)
}

/// Opens, suspends or closes an account: the operator any of it, an administrator only closes.
///
/// # Errors
///
/// [`Problem::NotPermitted`], [`Problem::Closed`] (closing is for ever).
pub fn set_state(by: By<'_>, account: &Account, state: AccountState) -> Result<Vec<ProfilesWrite>, Problem> {
    let mut writes = authorise(by, account, Permission::EditPolicy)?;
    if let By::Member(member) = by
        && !(member.standing.administers && state == AccountState::Closed)
    {
        return Err(Problem::NotPermitted { permission: Permission::EditPolicy });
    }
    if account.state == AccountState::Closed {
        return Err(Problem::Closed);
    }
    let (account, from) = (account.account, account.settings_version);
    writes.push(ProfilesWrite::SetState { account, from, state });
    Ok(writes)
}

/// The operator blocks a person, with or without an end, or lifts the block. Either ends every session.
#[must_use]
pub fn set_block(profile: &Profile, until: Option<Option<Timestamp>>, now: Timestamp) -> ProfilesWrite {
    ProfilesWrite::SetBlock {
        subject: profile.subject,
        from: profile.epoch,
        block: until.map(|until| Block { since: now, until }),
    }
}

/// Only who administers, and the operator, touch those who administer.
const fn has_equal_rank(by: By<'_>) -> bool {
    match by {
        By::Member(actor) => actor.standing.administers,
        By::Operator => true,
    }
}

const fn permission_for(step: Move) -> Permission {
    match step {
        Move::Approve | Move::Decline => Permission::Approve,
        Move::Dismiss => Permission::Dismiss,
        Move::Reinstate => Permission::Reinstate,
    }
}

const fn must_be_open(account: &Account) -> Result<(), Problem> {
    match account.state {
        AccountState::Open => Ok(()),
        AccountState::Suspended => Err(Problem::Suspended),
        AccountState::Closed => Err(Problem::Closed),
    }
}

fn take_seat(account: &Account) -> Result<ProfilesWrite, Problem> {
    if account.policy.seat_limit.is_some_and(|limit| account.seats >= limit) {
        return Err(Problem::SeatLimit);
    }
    let (id, settings_version) = (account.account, account.settings_version);
    Ok(ProfilesWrite::CountSeats { account: id, delta: 1, settings_version })
}

fn count_administrator(
    account: &Account,
    before: bool,
    after: bool,
) -> Result<Option<ProfilesWrite>, Problem> {
    let delta = match (before, after) {
        (true, false) if account.administrators <= 1 => return Err(Problem::LastAdministrator),
        (true, false) => -1,
        (false, true) => 1,
        (true, true) | (false, false) => return Ok(None),
    };
    Ok(Some(ProfilesWrite::CountAdministrators { account: account.account, delta }))
}

const fn live_memberships(subject: SubjectId, delta: i8) -> ProfilesWrite {
    ProfilesWrite::CountProfile { subject, memberships: delta, accounts: 0, accounts_at_most: 0 }
}
/// What shows who is right about a frozen profile. Nothing that was acquired in or after the disputed change counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FreezeProof {
    /// Another identifier or social link of the profile.
    Identifier {
        /// When it was verified.
        verified_at: Timestamp,
    },
    /// The operator has found out.
    Operator,
    /// A second factor.
    SecondFactor {
        /// When it was enrolled.
        enrolled_at: Timestamp,
    },
}

/// How long before a disputed change an identifier must have been verified to prove who is right: so long before it, whoever
/// prepares a theft would be found out by the notices.
pub const PROVES_AFTER: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Freezes a profile because of a change of that instant, and ends its sessions. Of several disputed changes the earliest
/// counts.
#[must_use]
pub fn freeze(profile: &Profile, change_at: Timestamp, now: Timestamp) -> ProfilesWrite {
    let freeze = match profile.freeze {
        Some(freeze) => Freeze { since: freeze.since, change_at: freeze.change_at.min(change_at) },
        None => Freeze { since: now, change_at },
    };
    ProfilesWrite::SetFreeze { subject: profile.subject, from: profile.epoch, freeze: Some(freeze) }
}

/// Lifts a freeze, and ends the sessions once more.
///
/// # Errors
///
/// [`Problem::Frozen`] when this proves nothing about the change.
pub fn lift_freeze(profile: &Profile, proof: FreezeProof) -> Result<ProfilesWrite, Problem> {
    let lifted = ProfilesWrite::SetFreeze { subject: profile.subject, from: profile.epoch, freeze: None };
    let Some(freeze) = profile.freeze else { return Ok(lifted) };
    let proves = match proof {
        FreezeProof::Identifier { verified_at } => !verified_at.plus(PROVES_AFTER).is_after(freeze.change_at),
        FreezeProof::Operator => true,
        FreezeProof::SecondFactor { enrolled_at } => freeze.change_at.is_after(enrolled_at),
    };
    if proves { Ok(lifted) } else { Err(Problem::Frozen { since: freeze.since }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_there_long_enough_before_the_change_shows_who_is_right() {
        let change_at = Timestamp::from_unix_seconds(100_000_000);
        let mut profile = Profile::new(SubjectId::from(1), Timestamp::EPOCH);
        profile.freeze = Some(Freeze { since: change_at.plus(PROVES_AFTER), change_at });
        let lifts = |proof| lift_freeze(&profile, proof).is_ok();
        let verified = |at| lifts(FreezeProof::Identifier { verified_at: at });
        let enrolled = |at| lifts(FreezeProof::SecondFactor { enrolled_at: at });
        let tick = Duration::from_micros(1);
        assert!(verified(change_at.minus(PROVES_AFTER)));
        assert!(!verified(change_at.minus(PROVES_AFTER).plus(tick)) && !verified(change_at));
        assert!(enrolled(change_at.minus(tick)) && !enrolled(change_at));
        assert!(lifts(FreezeProof::Operator));
    }

    #[test]
    fn of_two_disputed_changes_the_earlier_counts() {
        let at = Timestamp::from_unix_seconds;
        let mut profile = Profile::new(SubjectId::from(1), Timestamp::EPOCH);
        profile.freeze = Some(Freeze { since: at(50), change_at: at(40) });
        for (change, counts) in [(30, 30), (45, 40)] {
            let ProfilesWrite::SetFreeze { freeze, .. } = freeze(&profile, at(change), at(60)) else {
                panic!()
            };
            assert_eq!(freeze, Some(Freeze { since: at(50), change_at: at(counts) }));
        }
    }
}
