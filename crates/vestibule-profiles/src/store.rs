//! What the linking model asks of a store: reads, writes with their meaning, guards.

use vestibule_core::kv::{Halt, Key, Partition, RecordReader, RecordWriter, Rows};
use vestibule_core::{
    AccountId, AddressKey, AddressKind, BatchId, CorruptRow, Memory, RowName, SubjectId, Timestamp, Verdict,
    Write, WriteKind, store_trait,
};

use crate::account::{Account, AccountState};
use crate::identifier::ProfileIdentifier;
use crate::leaving::{Leaving, Owner};
use crate::membership::{Membership, Standing};
use crate::policy::AccountPolicy;
use crate::profile::{Block, Freeze, MAX_IDENTIFIERS, Profile, step};

store_trait! {
    /// Reads of the linking model.
    ///
    /// # Contract
    ///
    /// - **S-8** An answer shows every commit that was answered before the question was asked, through whichever
    ///   handle.
    /// - **S-9** What is not there is `None` or an empty list, never an error.
    /// - **S-10** Lists are ascending by (length of the id, id) and end at `limit`; a page begins above `after`.
    ///
    /// # Atomicity
    ///
    /// A row is answered whole, as one commit has left it. The rows of one answer, and two answers, may be of different
    /// instants: what a decision relies on is in the guards of its writes.
    ///
    /// # Cancellation
    ///
    /// A question that is dropped has changed nothing.
    pub trait ProfilesRead {
        /// One profile.
        fn profile(subject: SubjectId) -> Option<Profile>;

        /// The verified identifier under this key, with its owner. One that is leaving is nobody's.
        fn identifier_owner(kind: AddressKind, key: AddressKey) -> Option<ProfileIdentifier>;

        /// Every identifier of a profile, pending ones included.
        fn identifiers(subject: SubjectId) -> Vec<ProfileIdentifier>;

        /// The identifier under this key that a profile has given up, until somebody takes it or it is cleared away.
        fn leaving(kind: AddressKind, key: AddressKey) -> Option<Leaving>;

        /// Every identifier that a profile has given up, ascending by kind and key. Those whose window is over are among
        /// them until they are cleared away.
        fn leaving_of(subject: SubjectId) -> Vec<Leaving>;

        /// One account.
        fn account(account: AccountId) -> Option<Account>;

        /// One membership.
        fn membership(account: AccountId, subject: SubjectId) -> Option<Membership>;

        /// A page of the memberships of a person.
        fn memberships_of(subject: SubjectId, after: Option<AccountId>, limit: u32) -> Vec<Membership>;

        /// A page of the members of an account.
        fn members_of(account: AccountId, after: Option<SubjectId>, limit: u32) -> Vec<Membership>;

        /// Who has this contact address in this account.
        fn contact_owner(account: AccountId, key: AddressKey) -> Option<SubjectId>;
    }
}

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
            Self::CountAdministrators { account, delta } => self::account(rows, *account, |account| {
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
                self::account(rows, *account, |account| {
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
            Self::EditPolicy { account, from, policy } => self::account(rows, *account, |account| {
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
            Self::SetState { account, from, state } => self::account(rows, *account, |account| {
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

/// Inserts a row unless there is one.
fn insert(rows: &mut Rows<'_>, key: Key, value: Vec<u8>) -> Result<Verdict, Halt> {
    if rows.has(&key)? {
        return Ok(Verdict::Refused);
    }
    rows.put(key, value);
    Ok(Verdict::Lands)
}

/// Changes a profile that exists, if `change` agrees.
fn profile(
    rows: &mut Rows<'_>,
    subject: SubjectId,
    change: impl FnOnce(&mut Profile) -> Option<()>,
) -> Result<Verdict, Halt> {
    let key = keys::profile(subject);
    let Some(mut profile) = rows.get(&key)?.map(Profile::decode).transpose()? else {
        return Ok(Verdict::Refused);
    };
    if change(&mut profile).is_none() {
        return Ok(Verdict::Refused);
    }
    rows.put(key, profile.encode());
    Ok(Verdict::Lands)
}

/// Changes an account that exists, if `change` agrees.
fn account(
    rows: &mut Rows<'_>,
    account: AccountId,
    change: impl FnOnce(&mut Account) -> Option<()>,
) -> Result<Verdict, Halt> {
    let key = keys::account(account);
    let Some(mut account) = rows.get(&key)?.map(Account::decode).transpose()? else {
        return Ok(Verdict::Refused);
    };
    if change(&mut account).is_none() {
        return Ok(Verdict::Refused);
    }
    rows.put(key, account.encode());
    Ok(Verdict::Lands)
}

fn add_membership(rows: &mut Rows<'_>, membership: &Membership) -> Result<Verdict, Halt> {
    let listed = keys::membership_of(membership.subject, membership.account);
    rows.has(&listed)?;
    let key = keys::membership(membership.account, membership.subject);
    let verdict = insert(rows, key, membership.encode())?;
    if verdict == Verdict::Lands {
        rows.put(listed, RecordWriter::new(1).finish());
    }
    Ok(verdict)
}

fn move_membership(
    rows: &mut Rows<'_>,
    account: AccountId,
    subject: SubjectId,
    from: u64,
    to: Option<&Standing>,
    ends_access: bool,
) -> Result<Verdict, Halt> {
    let key = keys::membership(account, subject);
    let found = rows.get(&key)?.map(Membership::decode).transpose()?;
    let Some(mut membership) = found.filter(|membership| membership.version == from) else {
        return Ok(Verdict::Refused);
    };
    if let Some(standing) = to {
        membership.standing = standing.clone();
        membership.version += 1;
        membership.epoch += u64::from(ends_access);
        rows.put(key, membership.encode());
    } else {
        let listed = keys::membership_of(subject, account);
        rows.has(&listed)?;
        rows.delete(listed);
        rows.delete(key);
    }
    Ok(Verdict::Lands)
}

fn move_contact(
    rows: &mut Rows<'_>,
    key: Key,
    from: Option<SubjectId>,
    to: Option<SubjectId>,
) -> Result<Verdict, Halt> {
    let found = rows.get(&key)?.map(pointed_subject).transpose()?;
    if found != from {
        return Ok(Verdict::Refused);
    }
    match to {
        Some(subject) => rows.put(key, RecordWriter::new(1).bytes(subject.as_bytes()).finish()),
        None => rows.delete(key),
    }
    Ok(Verdict::Lands)
}

/// The person whom a pointer row names.
pub(crate) fn pointed_subject(row: &[u8]) -> Result<SubjectId, CorruptRow> {
    let mut row = RecordReader::new(row, 1)?;
    let subject = row.subject("subject")?;
    row.finish()?;
    Ok(subject)
}

fn take_identifier(rows: &mut Rows<'_>, identifier: &ProfileIdentifier) -> Result<Verdict, Halt> {
    let (kind, key) = (identifier.identifier.kind(), identifier.identifier.key());
    let (owner, own) = (keys::owner(&kind, key), keys::identifier(identifier.subject, &kind, key));
    rows.has(&own)?;
    let found = rows.get(&owner)?.map(Owner::decode).transpose()?;
    if !found.is_none_or(|found| found.gives_way(identifier.subject, identifier.verified_at)) {
        return Ok(Verdict::Refused);
    }
    // What nobody has left has no such row: taking it is two keys.
    if let Some(found) = found {
        let left = keys::leaving(found.subject, &kind, key);
        rows.has(&left)?;
        rows.delete(left);
    }
    rows.put(owner, Owner::held(identifier.subject).encode());
    rows.put(own, identifier.encode());
    Ok(Verdict::Lands)
}

/// What others want is judged: the owner's row. The person's own rows follow it.
fn leave_identifier(rows: &mut Rows<'_>, leaving: &Leaving) -> Result<Verdict, Halt> {
    let (kind, key) = (leaving.identifier.kind(), leaving.identifier.key());
    let (owner, own) = (keys::owner(&kind, key), keys::identifier(leaving.subject, &kind, key));
    let left = keys::leaving(leaving.subject, &kind, key);
    rows.has(&own)?;
    rows.has(&left)?;
    let found = rows.get(&owner)?.map(Owner::decode).transpose()?;
    if found != Some(Owner::held(leaving.subject)) {
        return Ok(Verdict::Refused);
    }
    let kept = Owner { subject: leaving.subject, leaving_until: Some(leaving.until) };
    rows.put(owner, kept.encode());
    rows.put(left, leaving.encode());
    rows.delete(own);
    Ok(Verdict::Lands)
}

fn forget_leaving(
    rows: &mut Rows<'_>,
    subject: SubjectId,
    kind: AddressKind,
    key: AddressKey,
    until: Timestamp,
) -> Result<Verdict, Halt> {
    let (owner, left) = (keys::owner(&kind, key), keys::leaving(subject, &kind, key));
    rows.has(&left)?;
    let found = rows.get(&owner)?.map(Owner::decode).transpose()?;
    if found != Some(Owner { subject, leaving_until: Some(until) }) {
        return Ok(Verdict::Refused);
    }
    rows.delete(owner);
    rows.delete(left);
    Ok(Verdict::Lands)
}

fn release_identifier(
    rows: &mut Rows<'_>,
    subject: SubjectId,
    kind: AddressKind,
    key: AddressKey,
    verified: bool,
) -> Result<Verdict, Halt> {
    let own = keys::identifier(subject, &kind, key);
    let found = rows.get(&own)?.map(ProfileIdentifier::decode).transpose()?;
    if found.is_none_or(|identifier| identifier.verified_at.is_some() != verified) {
        return Ok(Verdict::Refused);
    }
    if verified {
        let owner = keys::owner(&kind, key);
        rows.has(&owner)?;
        rows.delete(owner);
    }
    rows.delete(own);
    Ok(Verdict::Lands)
}

/// The keys of the linking model in key-value databases.
pub(crate) mod keys {
    use super::{AccountId, AddressKey, AddressKind, Key, Partition, SubjectId};

    pub(crate) fn profile(subject: SubjectId) -> Key {
        Key::single("profiles.profile", &[subject.as_bytes()])
    }

    pub(crate) fn identifiers(subject: SubjectId) -> Partition {
        Partition::new("profiles.identifier", &[subject.as_bytes()])
    }

    pub(crate) fn identifier(subject: SubjectId, kind: &AddressKind, key: AddressKey) -> Key {
        let sort = [kind.as_str().as_bytes(), b"/", key.as_bytes().as_slice()].concat();
        Key::new(identifiers(subject), &sort)
    }

    pub(crate) fn all_leaving(subject: SubjectId) -> Partition {
        Partition::new("profiles.leaving", &[subject.as_bytes()])
    }

    pub(crate) fn leaving(subject: SubjectId, kind: &AddressKind, key: AddressKey) -> Key {
        let sort = [kind.as_str().as_bytes(), b"/", key.as_bytes().as_slice()].concat();
        Key::new(all_leaving(subject), &sort)
    }

    pub(crate) fn owner(kind: &AddressKind, key: AddressKey) -> Key {
        Key::single("profiles.owner", &[kind.as_str().as_bytes(), key.as_bytes()])
    }

    pub(crate) fn account(account: AccountId) -> Key {
        Key::single("profiles.account", &[account.as_bytes()])
    }

    pub(crate) fn members(account: AccountId) -> Partition {
        Partition::new("profiles.member", &[account.as_bytes()])
    }

    pub(crate) fn membership(account: AccountId, subject: SubjectId) -> Key {
        Key::new(members(account), &by_length(subject.as_bytes()))
    }

    pub(crate) fn memberships(subject: SubjectId) -> Partition {
        Partition::new("profiles.membership_of", &[subject.as_bytes()])
    }

    pub(crate) fn membership_of(subject: SubjectId, account: AccountId) -> Key {
        Key::new(memberships(subject), &by_length(account.as_bytes()))
    }

    pub(crate) fn contact(account: AccountId, key: AddressKey) -> Key {
        Key::single("profiles.contact", &[account.as_bytes(), key.as_bytes()])
    }

    /// An id behind its length: no such sort is the beginning of another.
    pub(crate) fn by_length(id: &[u8]) -> Vec<u8> {
        let mut sort = vec![u8::try_from(id.len()).unwrap_or(u8::MAX)];
        sort.extend_from_slice(id);
        sort
    }
}
