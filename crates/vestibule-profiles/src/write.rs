//! The writes of the linking model: each one guarded fact about one row, with its meaning.

use vestibule_core::kv::{Halt, Rows};
use vestibule_core::{
    AccountId, AddressKey, AddressKind, BatchId, Memory, RowName, SubjectId, Timestamp, Verdict, Write,
    WriteKind,
};

use crate::account::{Account, AccountState};
use crate::apply::{
    self, add_membership, forget_leaving, insert, keys, leave_identifier, move_contact, move_membership,
    profile, release_identifier, take_identifier,
};
use crate::identifier::ProfileIdentifier;
use crate::leaving::{Leaving, Owner};
use crate::membership::{Membership, Standing};
use crate::policy::AccountPolicy;
use crate::profile::{Block, Freeze, MAX_IDENTIFIERS, Profile, step};

/// Why a write of the linking model is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new guard must fail to compile wherever refusals are explained"
)]
pub enum ProfilesGuard {
    /// The account id is free.
    AccountFree,
    /// Enough Active members who administer are left (PR-8).
    Administrators,
    /// It never refuses.
    Always,
    /// The contact address is with whom it was read to be, or with nobody.
    Contact,
    /// The profile is of the epoch that was read.
    Epoch,
    /// Nobody has verified this identifier, and nobody else is leaving it (PR-1).
    IdentifierFree,
    /// The profile has this identifier, and it stands as it was read.
    IdentifierHeld,
    /// There is no membership yet.
    MembershipFree,
    /// The membership is of the version that was read.
    MembershipVersion,
    /// The profile exists and its counters stay within their limits.
    ProfileCounts,
    /// The profile id is free.
    ProfileFree,
    /// The account is open, its settings are those that were read, and a seat is free.
    Seats,
    /// The account's settings are of the version that was read.
    SettingsVersion,
    /// The profile keeps a way in (PR-2) and no more identifiers than a profile may have.
    WaysIn,
}

/// The writes of the linking model: each one guarded fact about one row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new write must fail to compile in every SQL store")]
pub enum ProfilesWrite {
    /// Inserts a membership.
    AddMembership {
        /// The row.
        membership: Membership,
    },
    /// Ends every session of the person: the epoch goes up by one.
    BumpEpoch {
        /// Whose.
        subject: SubjectId,
        /// The epoch that was read.
        from: u64,
    },
    /// Counts Active members who administer; the count never falls below one.
    CountAdministrators {
        /// Where.
        account: AccountId,
        /// One more or one less.
        delta: i8,
    },
    /// Counts live memberships and created accounts of a person.
    CountProfile {
        /// Whose.
        subject: SubjectId,
        /// Change of the live memberships.
        memberships: i8,
        /// Change of the created accounts.
        accounts: i8,
        /// The most accounts a person may create; only judged when `accounts` is positive.
        accounts_at_most: u32,
    },
    /// Counts Active members. A seat is taken only in an open account and within its limit; giving one back asks for
    /// neither.
    CountSeats {
        /// Where.
        account: AccountId,
        /// One more or one less.
        delta: i8,
        /// The settings that were read: they hold the seat limit.
        settings_version: u64,
    },
    /// Counts verified addresses and social links of a profile.
    CountWays {
        /// Whose.
        subject: SubjectId,
        /// Change of the verified addresses.
        identifiers: i8,
        /// Change of the social links.
        social_links: i8,
    },
    /// Inserts an account.
    CreateAccount {
        /// The row.
        account: Account,
    },
    /// Inserts a profile.
    CreateProfile {
        /// The row.
        profile: Profile,
    },
    /// Replaces an account's policy.
    EditPolicy {
        /// Where.
        account: AccountId,
        /// The settings that were read.
        from: u64,
        /// What it becomes.
        policy: AccountPolicy,
    },
    /// Frees an identifier before its window is over, or after it.
    ForgetLeaving {
        /// Whose it was.
        subject: SubjectId,
        /// Which kind.
        kind: AddressKind,
        /// Under which key.
        key: AddressKey,
        /// The end of the window that was read.
        until: Timestamp,
    },
    /// Gives a verified identifier up: from now on it opens nothing, and until the end of its window nobody else takes it.
    LeaveIdentifier {
        /// The row.
        leaving: Leaving,
    },
    /// Takes or frees a contact address of an account.
    MoveContact {
        /// Where.
        account: AccountId,
        /// Under which key.
        key: AddressKey,
        /// Whose it was read to be.
        from: Option<SubjectId>,
        /// Whose it becomes.
        to: Option<SubjectId>,
    },
    /// Moves a membership, or removes it.
    MoveMembership {
        /// Where.
        account: AccountId,
        /// Who.
        subject: SubjectId,
        /// The version that was read.
        from: u64,
        /// What it becomes; `None`: the row goes.
        to: Option<Standing>,
        /// Whether what the person had open here ends.
        ends_access: bool,
    },
    /// Notes an identifier that is not verified; overwrites an earlier note of the same.
    NotePending {
        /// The row, not verified.
        identifier: ProfileIdentifier,
    },
    /// Removes an identifier from a profile, verified or pending.
    ReleaseIdentifier {
        /// Whose.
        subject: SubjectId,
        /// Which kind.
        kind: AddressKind,
        /// Under which key.
        key: AddressKey,
        /// Whether the verified one is meant.
        verified: bool,
    },
    /// Relies on an identifier as read.
    RequireIdentifier {
        /// Whose.
        subject: SubjectId,
        /// Which kind.
        kind: AddressKind,
        /// Under which key.
        key: AddressKey,
        /// The end of the window that was read; `None`: it is verified and not leaving.
        leaving_until: Option<Timestamp>,
    },
    /// Relies on the membership as read.
    RequireMembership {
        /// Where.
        account: AccountId,
        /// Who.
        subject: SubjectId,
        /// The version that was read.
        version: u64,
    },
    /// Relies on the profile's epoch as read.
    RequireProfile {
        /// Who.
        subject: SubjectId,
        /// The epoch that was read.
        epoch: u64,
    },
    /// Relies on the account's settings as read.
    RequireSettings {
        /// Where.
        account: AccountId,
        /// The version that was read.
        version: u64,
    },
    /// Blocks or unblocks a profile, and ends its sessions.
    SetBlock {
        /// Who.
        subject: SubjectId,
        /// The epoch that was read.
        from: u64,
        /// What becomes of it.
        block: Option<Block>,
    },
    /// Replaces the contact address of a membership. Its key moves by [`MoveContact`](Self::MoveContact).
    SetContact {
        /// Where.
        account: AccountId,
        /// Who.
        subject: SubjectId,
        /// The version that was read.
        from: u64,
        /// The address as typed.
        contact: Option<String>,
    },
    /// Notes that the person has a second factor, or none any more, and ends their sessions: whoever signs in meanwhile
    /// decides again.
    SetFactor {
        /// Who.
        subject: SubjectId,
        /// The epoch that was read.
        from: u64,
        /// Since when there is one.
        since: Option<Timestamp>,
    },
    /// Freezes a profile or lifts that, and ends its sessions.
    SetFreeze {
        /// Who.
        subject: SubjectId,
        /// The epoch that was read.
        from: u64,
        /// What becomes of it.
        freeze: Option<Freeze>,
    },
    /// Makes a login the primary one. Its sessions go on.
    SetPrimary {
        /// Who.
        subject: SubjectId,
        /// The epoch that was read.
        epoch: u64,
        /// The key of the login.
        primary: AddressKey,
    },
    /// Opens, suspends or closes an account.
    SetState {
        /// Which.
        account: AccountId,
        /// The settings that were read.
        from: u64,
        /// What becomes of it.
        state: AccountState,
    },
    /// Takes an identifier's unique key: the row becomes, or is born, verified. A key that was given up is free from the end
    /// of its window on, judged at the row's `verified_at`; to whoever gave it up it is free at once.
    TakeIdentifier {
        /// The row, verified.
        identifier: ProfileIdentifier,
    },
    /// Keeps the last instant at which a wrong secret was tried on the way into the account.
    TouchMembership {
        /// Where.
        account: AccountId,
        /// Who.
        subject: SubjectId,
        /// When.
        at: Timestamp,
    },
}

mod rank {
    pub(super) const PROFILE: u16 = 100;
    pub(super) const IDENTIFIER: u16 = 101;
    pub(super) const PENDING: u16 = 102;
    pub(super) const ACCOUNT: u16 = 103;
    pub(super) const MEMBERSHIP: u16 = 104;
    pub(super) const CONTACT: u16 = 105;
}

impl Write for ProfilesWrite {
    type Guard = ProfilesGuard;

    fn row(&self) -> RowName {
        match self {
            Self::BumpEpoch { subject, .. }
            | Self::CountProfile { subject, .. }
            | Self::CountWays { subject, .. }
            | Self::RequireProfile { subject, .. }
            | Self::SetBlock { subject, .. }
            | Self::SetFactor { subject, .. }
            | Self::SetFreeze { subject, .. }
            | Self::SetPrimary { subject, .. } => RowName::new(rank::PROFILE, &[subject.as_bytes()]),
            Self::CreateProfile { profile } => RowName::new(rank::PROFILE, &[profile.subject.as_bytes()]),
            Self::TakeIdentifier { identifier } => {
                let key = identifier.identifier.key();
                RowName::new(
                    rank::IDENTIFIER,
                    &[identifier.identifier.kind().as_str().as_bytes(), key.as_bytes()],
                )
            }
            Self::LeaveIdentifier { leaving } => {
                let key = leaving.identifier.key();
                RowName::new(
                    rank::IDENTIFIER,
                    &[leaving.identifier.kind().as_str().as_bytes(), key.as_bytes()],
                )
            }
            Self::ForgetLeaving { kind, key, .. }
            | Self::ReleaseIdentifier { kind, key, verified: true, .. }
            | Self::RequireIdentifier { kind, key, .. } => {
                RowName::new(rank::IDENTIFIER, &[kind.as_str().as_bytes(), key.as_bytes()])
            }
            Self::ReleaseIdentifier { subject, kind, key, verified: false } => {
                RowName::new(rank::PENDING, &[subject.as_bytes(), kind.as_str().as_bytes(), key.as_bytes()])
            }
            Self::NotePending { identifier } => {
                let key = identifier.identifier.key();
                RowName::new(
                    rank::PENDING,
                    &[
                        identifier.subject.as_bytes(),
                        identifier.identifier.kind().as_str().as_bytes(),
                        key.as_bytes(),
                    ],
                )
            }
            Self::CountAdministrators { account, .. }
            | Self::CountSeats { account, .. }
            | Self::EditPolicy { account, .. }
            | Self::RequireSettings { account, .. }
            | Self::SetState { account, .. } => RowName::new(rank::ACCOUNT, &[account.as_bytes()]),
            Self::CreateAccount { account } => RowName::new(rank::ACCOUNT, &[account.account.as_bytes()]),
            Self::MoveMembership { account, subject, .. }
            | Self::RequireMembership { account, subject, .. }
            | Self::SetContact { account, subject, .. }
            | Self::TouchMembership { account, subject, .. } => {
                RowName::new(rank::MEMBERSHIP, &[account.as_bytes(), subject.as_bytes()])
            }
            Self::AddMembership { membership } => RowName::new(
                rank::MEMBERSHIP,
                &[membership.account.as_bytes(), membership.subject.as_bytes()],
            ),
            Self::MoveContact { account, key, .. } => {
                RowName::new(rank::CONTACT, &[account.as_bytes(), key.as_bytes()])
            }
        }
    }

    fn guard(&self) -> ProfilesGuard {
        match self {
            Self::AddMembership { .. } => ProfilesGuard::MembershipFree,
            Self::BumpEpoch { .. }
            | Self::RequireProfile { .. }
            | Self::SetBlock { .. }
            | Self::SetFactor { .. }
            | Self::SetFreeze { .. }
            | Self::SetPrimary { .. } => ProfilesGuard::Epoch,
            Self::CountAdministrators { .. } => ProfilesGuard::Administrators,
            Self::CountProfile { .. } => ProfilesGuard::ProfileCounts,
            Self::CountSeats { .. } => ProfilesGuard::Seats,
            Self::CountWays { .. } => ProfilesGuard::WaysIn,
            Self::CreateAccount { .. } => ProfilesGuard::AccountFree,
            Self::CreateProfile { .. } => ProfilesGuard::ProfileFree,
            Self::EditPolicy { .. } | Self::RequireSettings { .. } | Self::SetState { .. } => {
                ProfilesGuard::SettingsVersion
            }
            Self::MoveContact { .. } => ProfilesGuard::Contact,
            Self::MoveMembership { .. } | Self::RequireMembership { .. } | Self::SetContact { .. } => {
                ProfilesGuard::MembershipVersion
            }
            Self::NotePending { .. } | Self::TouchMembership { .. } => ProfilesGuard::Always,
            Self::ForgetLeaving { .. }
            | Self::LeaveIdentifier { .. }
            | Self::ReleaseIdentifier { .. }
            | Self::RequireIdentifier { .. } => ProfilesGuard::IdentifierHeld,
            Self::TakeIdentifier { .. } => ProfilesGuard::IdentifierFree,
        }
    }

    fn kind(&self) -> WriteKind {
        match self {
            Self::RequireIdentifier { .. }
            | Self::RequireMembership { .. }
            | Self::RequireProfile { .. }
            | Self::RequireSettings { .. } => WriteKind::Require,
            Self::AddMembership { .. }
            | Self::BumpEpoch { .. }
            | Self::CountAdministrators { .. }
            | Self::CountProfile { .. }
            | Self::CountSeats { .. }
            | Self::CountWays { .. }
            | Self::CreateAccount { .. }
            | Self::CreateProfile { .. }
            | Self::EditPolicy { .. }
            | Self::ForgetLeaving { .. }
            | Self::LeaveIdentifier { .. }
            | Self::MoveContact { .. }
            | Self::MoveMembership { .. }
            | Self::NotePending { .. }
            | Self::ReleaseIdentifier { .. }
            | Self::SetBlock { .. }
            | Self::SetContact { .. }
            | Self::SetFactor { .. }
            | Self::SetFreeze { .. }
            | Self::SetPrimary { .. }
            | Self::SetState { .. }
            | Self::TakeIdentifier { .. }
            | Self::TouchMembership { .. } => WriteKind::Effect,
        }
    }

    fn apply(&self, _batch: BatchId, rows: &mut Rows<'_>) -> Result<Verdict, Halt> {
        match self {
            Self::AddMembership { membership } => add_membership(rows, membership),
            Self::BumpEpoch { subject, from } => {
                profile(rows, *subject, |profile| (profile.epoch == *from).then(|| profile.epoch += 1))
            }
            Self::CountAdministrators { account, delta } => apply::account(rows, *account, |account| {
                let administrators = step(account.administrators, *delta).filter(|count| *count >= 1)?;
                account.administrators = administrators;
                Some(())
            }),
            Self::CountProfile { subject, memberships, accounts, accounts_at_most } => {
                profile(rows, *subject, |profile| {
                    let memberships = step(profile.live_memberships, *memberships)?;
                    let created = step(profile.created_accounts, *accounts)?;
                    if *accounts > 0 && created > *accounts_at_most {
                        return None;
                    }
                    profile.live_memberships = memberships;
                    profile.created_accounts = created;
                    Some(())
                })
            }
            Self::CountSeats { account, delta, settings_version } => {
                apply::account(rows, *account, |account| {
                    let seats = step(account.seats, *delta)?;
                    let as_read = account.settings_version == *settings_version;
                    let free = account.policy.seat_limit.is_none_or(|limit| seats <= limit);
                    let takes = *delta > 0;
                    if !as_read || takes && !(free && account.state == AccountState::Open) {
                        return None;
                    }
                    account.seats = seats;
                    Some(())
                })
            }
            Self::CountWays { subject, identifiers, social_links } => profile(rows, *subject, |profile| {
                let identifiers = step(profile.identifiers, *identifiers)?;
                let social_links = step(profile.social_links, *social_links)?;
                if identifiers > MAX_IDENTIFIERS || social_links > MAX_IDENTIFIERS {
                    return None;
                }
                profile.identifiers = identifiers;
                profile.social_links = social_links;
                (profile.ways_in() >= 1).then_some(())
            }),
            Self::CreateAccount { account } => insert(rows, keys::account(account.account), account.encode()),
            Self::CreateProfile { profile } => insert(rows, keys::profile(profile.subject), profile.encode()),
            Self::EditPolicy { account, from, policy } => apply::account(rows, *account, |account| {
                (account.settings_version == *from).then(|| {
                    account.policy = policy.clone();
                    account.settings_version += 1;
                })
            }),
            Self::ForgetLeaving { subject, kind, key, until } => {
                forget_leaving(rows, *subject, *kind, *key, *until)
            }
            Self::LeaveIdentifier { leaving } => leave_identifier(rows, leaving),
            Self::MoveContact { account, key, from, to } => {
                move_contact(rows, keys::contact(*account, *key), *from, *to)
            }
            Self::MoveMembership { account, subject, from, to, ends_access } => {
                move_membership(rows, *account, *subject, *from, to.as_ref(), *ends_access)
            }
            Self::NotePending { identifier } => {
                let key = keys::identifier(
                    identifier.subject,
                    &identifier.identifier.kind(),
                    identifier.identifier.key(),
                );
                // A verified identifier of the same person is more than a pending one: it stays.
                let verified = match rows.get(&key)? {
                    Some(row) => ProfileIdentifier::decode(row)?.verified_at.is_some(),
                    None => false,
                };
                if !verified {
                    rows.put(key, identifier.encode());
                }
                Ok(Verdict::Lands)
            }
            Self::ReleaseIdentifier { subject, kind, key, verified } => {
                release_identifier(rows, *subject, *kind, *key, *verified)
            }
            Self::RequireIdentifier { subject, kind, key, leaving_until } => {
                let found = rows.get(&keys::owner(kind, *key))?.map(Owner::decode).transpose()?;
                let as_read = Owner { subject: *subject, leaving_until: *leaving_until };
                Ok(Verdict::when(found == Some(as_read)))
            }
            Self::RequireMembership { account, subject, version } => {
                let row = rows.get(&keys::membership(*account, *subject))?;
                let found = row.map(Membership::decode).transpose()?;
                Ok(Verdict::when(found.is_some_and(|membership| membership.version == *version)))
            }
            Self::RequireProfile { subject, epoch } => {
                let found = rows.get(&keys::profile(*subject))?.map(Profile::decode).transpose()?;
                Ok(Verdict::when(found.is_some_and(|profile| profile.epoch == *epoch)))
            }
            Self::RequireSettings { account, version } => {
                let found = rows.get(&keys::account(*account))?.map(Account::decode).transpose()?;
                Ok(Verdict::when(found.is_some_and(|account| account.settings_version == *version)))
            }
            Self::SetBlock { subject, from, block } => profile(rows, *subject, |profile| {
                (profile.epoch == *from).then(|| {
                    profile.block = *block;
                    profile.epoch += 1;
                })
            }),
            Self::SetContact { account, subject, from, contact } => {
                let key = keys::membership(*account, *subject);
                let found = rows.get(&key)?.map(Membership::decode).transpose()?;
                let Some(membership) = found.filter(|membership| membership.version == *from) else {
                    return Ok(Verdict::Refused);
                };
                let version = membership.version + 1;
                rows.put(key, Membership { contact: contact.clone(), version, ..membership }.encode());
                Ok(Verdict::Lands)
            }
            Self::SetFactor { subject, from, since } => profile(rows, *subject, |profile| {
                (profile.epoch == *from).then(|| {
                    profile.factor_since = *since;
                    profile.epoch += 1;
                })
            }),
            Self::SetFreeze { subject, from, freeze } => profile(rows, *subject, |profile| {
                (profile.epoch == *from).then(|| {
                    profile.freeze = *freeze;
                    profile.epoch += 1;
                })
            }),
            Self::SetPrimary { subject, epoch, primary } => profile(rows, *subject, |profile| {
                (profile.epoch == *epoch).then(|| profile.primary = Some(*primary))
            }),
            Self::SetState { account, from, state } => apply::account(rows, *account, |account| {
                (account.settings_version == *from).then(|| {
                    account.state = *state;
                    account.settings_version += 1;
                })
            }),
            Self::TakeIdentifier { identifier } => take_identifier(rows, identifier),
            Self::TouchMembership { account, subject, at } => {
                let key = keys::membership(*account, *subject);
                if let Some(mut membership) = rows.get(&key)?.map(Membership::decode).transpose()? {
                    membership.wrong_secret_at = membership.wrong_secret_at.max(Some(*at));
                    rows.put(key, membership.encode());
                }
                Ok(Verdict::Lands)
            }
        }
    }

    fn memory(&self, _batch: BatchId, _rows: &mut Rows<'_>) -> Result<Memory, Halt> {
        Ok(Memory::Silent)
    }

    fn carries(&self, _batch: BatchId) -> bool {
        false
    }
}
