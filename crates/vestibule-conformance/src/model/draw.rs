//! What is drawn, and the write that it means where the reference stands.

use core::ops::Range;

use proptest::prelude::*;
use vestibule_core::{BatchId, MemoryStore, SessionHandle};
use vestibule_credentials::{CredentialsRead, CredentialsWrite, Password};
use vestibule_profiles::{
    Account, AccountPolicy, AccountState, Block, Freeze, Leaving, Membership, NetworkRange, Permission,
    Permissions, Profile, ProfileIdentifier, ProfilesRead, ProfilesWrite, Role, Standing, Status,
};
use vestibule_sessions::{AdmissionStamp, Amr, Device, Evidence, Session, SessionsRead, SessionsWrite};

use super::world::{ADDRESSES, IDS, SLOTS, address, company, handle, instant, lane, name, person, text};
use super::{checkword, factor, journal};
use crate::finding::Finding;
use crate::fixture::{device, session};
use crate::harness::block_on;
use crate::joined::JoinedWrite;

/// Which write, and the small numbers from which it is made.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    which: u8,
    pub(super) who: u8,
    pub(super) place: u8,
    pub(super) n: u8,
    /// Of a number beside the one that stands in the row: one below, the very one, one above.
    near: u64,
    pub(super) by: (i8, i8),
    pub(super) flag: bool,
}

/// Batches, in order.
pub(super) type History = Vec<(u8, Vec<Draw>)>;

impl Draw {
    pub(super) const fn beside(&self, number: u64) -> u64 {
        (number + self.near).saturating_sub(1)
    }

    pub(super) const fn exact(&self) -> bool {
        self.near == 1
    }
}

/// Which writes a history is made of: those of all domains, or of one, so that the same few rows are met often; and how
/// many of the fixed histories are. The linking model has as many writes as all others together.
pub(super) const KINDS: [(Range<u8>, u32); 8] =
    [(0..58, 8), (0..20, 10), (20..26, 4), (26..32, 7), (32..36, 3), (36..43, 8), (43..48, 8), (48..58, 10)];

fn any_draw(kinds: Range<u8>) -> impl Strategy<Value = Draw> {
    // Mostly the very number, so that guards hold more often than not.
    let near = prop_oneof![8 => Just(1_u64), 1 => Just(0), 1 => Just(2)];
    (kinds, 0..3_u8, 0..2_u8, 0..3_u8, near, (-2..3_i8, -2..3_i8), any::<bool>())
        .prop_map(|(which, who, place, n, near, by, flag)| Draw { which, who, place, n, near, by, flag })
}

/// Batches by their ids, some of them sent more than once.
pub(super) fn any_history() -> impl Strategy<Value = History> {
    let kinds: Vec<_> = KINDS.into_iter().map(|(kinds, _)| kinds).collect();
    proptest::sample::select(kinds).prop_flat_map(history_of)
}

/// A history of such writes.
pub(super) fn history_of(kinds: Range<u8>) -> impl Strategy<Value = History> {
    let batch = (0..IDS, proptest::collection::vec(any_draw(kinds), 1..4));
    proptest::collection::vec(batch, 1..50)
}

/// People with a login, accounts, members, sessions and second factors, without which little else lands.
pub(super) fn settlers() -> Vec<Draw> {
    let draw = |(which, who, place)| Draw { which, who, place, n: 1, near: 1, by: (0, 0), flag: false };
    let people = [(7, 0, 0), (7, 1, 0), (7, 2, 0), (6, 0, 0), (6, 0, 1), (18, 0, 0)];
    let theirs = [(0, 0, 0), (0, 1, 0), (0, 2, 1), (28, 0, 0), (28, 1, 0), (28, 2, 0)];
    let factors = [(50, 0, 0), (50, 1, 0), (50, 2, 1), (51, 0, 0), (51, 1, 0), (51, 2, 1)];
    people.into_iter().chain(theirs).chain(factors).map(draw).collect()
}

/// The write that a draw means.
pub(super) fn meant(draw: &Draw, batch: BatchId, reference: &MemoryStore) -> Result<JoinedWrite, Finding> {
    Ok(match draw.which {
        0..20 => profiles(draw, reference)?.into(),
        36..43 => identifiers(draw, reference)?.into(),
        20..26 => credentials(draw, reference)?.into(),
        26..32 => sessions(draw, reference)?.into(),
        32..36 => journal::meant(draw, draw.which, batch)?.into(),
        48..58 => factor::meant(draw, draw.which, reference)?.into(),
        _ => checkword::meant(draw, draw.which, reference)?.into(),
    })
}

fn role(n: u8) -> Result<Role, Finding> {
    Ok(Role::parse(if n.is_multiple_of(2) { "clerk" } else { "chef de rang \u{2713}" })?)
}

fn policy(draw: &Draw) -> Result<AccountPolicy, Finding> {
    let mut policy = AccountPolicy::new();
    policy.seat_limit = draw.flag.then_some(draw.n.into());
    policy.single_sign_on_only = draw.n == 1;
    policy.roles.insert(role(draw.n)?, Permissions::none().with(Permission::Invite));
    policy.networks.push(NetworkRange::parse("192.0.2.0/24")?);
    Ok(policy)
}

fn standing(draw: &Draw, status: Status) -> Result<Standing, Finding> {
    let moved_by = if draw.flag { Some(person(draw.who + 1)?) } else { None };
    let exempt_until = (draw.n == 2).then(|| instant(draw.by.0));
    Ok(Standing {
        status,
        role: role(draw.n)?,
        administers: draw.flag,
        since: instant(draw.by.1),
        moved_by,
        exempt_until,
    })
}

const fn status(n: u8) -> Status {
    match n {
        0 => Status::AwaitingApproval,
        1 => Status::Active,
        _ => Status::Dismissed,
    }
}

const fn state(n: u8) -> AccountState {
    match n {
        0 => AccountState::Open,
        1 => AccountState::Suspended,
        _ => AccountState::Closed,
    }
}

fn identifier(draw: &Draw, verified: bool) -> Result<ProfileIdentifier, Finding> {
    Ok(ProfileIdentifier {
        subject: person(draw.who)?,
        identifier: address(draw.n)?,
        verified_at: verified.then(|| instant(draw.by.0)),
        added_at: instant(draw.by.1),
    })
}

fn profiles(draw: &Draw, store: &MemoryStore) -> Result<ProfilesWrite, Finding> {
    let (subject, account) = (person(draw.who)?, company(draw.place)?);
    let (kind, key) = (address(draw.n)?.kind(), address(draw.n)?.key());
    let epoch = draw.beside(block_on(store.profile(subject))?.map_or(1, |row| row.epoch));
    let settings = draw.beside(block_on(store.account(account))?.map_or(1, |row| row.settings_version));
    let version = draw.beside(block_on(store.membership(account, subject))?.map_or(1, |row| row.version));
    let (delta, other) = draw.by;
    Ok(match draw.which {
        0 => ProfilesWrite::AddMembership {
            membership: Membership {
                account,
                subject,
                standing: standing(draw, status(draw.n))?,
                contact: draw.flag.then(|| text(draw.n)),
                joined_at: instant(other),
                version: 1,
                epoch: 1,
                wrong_secret_at: None,
            },
        },
        1 => ProfilesWrite::BumpEpoch { subject, from: epoch },
        2 => ProfilesWrite::CountAdministrators { account, delta },
        3 => {
            ProfilesWrite::CountProfile { subject, memberships: delta, accounts: other, accounts_at_most: 3 }
        }
        4 => ProfilesWrite::CountSeats { account, delta, settings_version: settings },
        5 => ProfilesWrite::CountWays { subject, identifiers: 3 * delta, social_links: 3 * other },
        6 => ProfilesWrite::CreateAccount {
            account: Account {
                account,
                name: text(draw.n),
                state: AccountState::Open,
                primary: subject,
                seats: 1,
                administrators: 1,
                policy: policy(draw)?,
                settings_version: 1,
                created_at: instant(delta),
            },
        },
        7 => ProfilesWrite::CreateProfile {
            profile: Profile { identifiers: 1, ..Profile::new(subject, instant(delta)) },
        },
        8 => ProfilesWrite::EditPolicy { account, from: settings, policy: policy(draw)? },
        9 => {
            let owner = block_on(store.contact_owner(account, key))?;
            let from = if draw.exact() { owner } else { Some(person(draw.who + 1)?) };
            ProfilesWrite::MoveContact { account, key, from, to: (delta >= 0).then_some(subject) }
        }
        10 => {
            let to = if delta >= 0 { Some(standing(draw, status(draw.n))?) } else { None };
            ProfilesWrite::MoveMembership { account, subject, from: version, to, ends_access: draw.flag }
        }
        11 => ProfilesWrite::NotePending { identifier: identifier(draw, false)? },
        12 => ProfilesWrite::ReleaseIdentifier { subject, kind, key, verified: draw.flag },
        13 => ProfilesWrite::RequireMembership { account, subject, version },
        14 => ProfilesWrite::RequireProfile { subject, epoch },
        15 => ProfilesWrite::RequireSettings { account, version: settings },
        16 => {
            let block = Block { since: instant(other), until: draw.flag.then(|| instant(delta)) };
            ProfilesWrite::SetBlock { subject, from: epoch, block: (delta > 0).then_some(block) }
        }
        17 => ProfilesWrite::SetState { account, from: settings, state: state(draw.n) },
        18 => ProfilesWrite::TakeIdentifier { identifier: identifier(draw, true)? },
        _ if draw.flag => {
            let contact = (other > 0).then(|| text(draw.n));
            ProfilesWrite::SetContact { account, subject, from: version, contact }
        }
        _ => ProfilesWrite::TouchMembership { account, subject, at: instant(delta) },
    })
}

/// What becomes of identifiers that are given up, and of whose they are.
fn identifiers(draw: &Draw, store: &MemoryStore) -> Result<ProfilesWrite, Finding> {
    let (subject, own) = (person(draw.who)?, address(draw.n)?);
    let (kind, key) = (own.kind(), own.key());
    let epoch = draw.beside(block_on(store.profile(subject))?.map_or(1, |row| row.epoch));
    let read = block_on(store.leaving(kind, key))?.map(|row| row.until);
    let until = if draw.exact() { read } else { Some(instant(draw.by.0)) };
    Ok(match draw.which {
        36 => {
            // Mostly whatever somebody leaves: little is left at any time, and few draws meet it by chance.
            let left = if draw.exact() { any_leaving(draw.n, store)? } else { None };
            let (subject, kind, key, until) = left.map_or(
                (subject, kind, key, instant(draw.by.0)),
                |Leaving { subject, identifier, until, .. }| {
                    (subject, identifier.kind(), identifier.key(), until)
                },
            );
            ProfilesWrite::ForgetLeaving { subject, kind, key, until }
        }
        37 => ProfilesWrite::LeaveIdentifier {
            leaving: Leaving {
                subject,
                identifier: own,
                verified_at: instant(draw.by.1),
                since: instant(draw.by.1),
                until: instant(draw.by.0),
                session: SessionHandle::from_bytes([draw.place; 16]),
            },
        },
        38 => ProfilesWrite::RequireIdentifier { subject, kind, key, leaving_until: until },
        39 if draw.place == 0 => {
            let since = draw.flag.then(|| instant(draw.by.0));
            ProfilesWrite::SetFactor { subject, from: epoch, since }
        }
        39 => {
            let freeze = Freeze { since: instant(draw.by.0), change_at: instant(draw.by.1) };
            ProfilesWrite::SetFreeze { subject, from: epoch, freeze: draw.flag.then_some(freeze) }
        }
        40 => ProfilesWrite::SetPrimary { subject, epoch, primary: key },
        41 => ProfilesWrite::CreateProfile {
            profile: Profile { identifiers: 1, ..Profile::new(subject, instant(draw.by.0)) },
        },
        _ => ProfilesWrite::TakeIdentifier { identifier: identifier(draw, true)? },
    })
}

/// What somebody leaves, from this address on.
fn any_leaving(first: u8, store: &MemoryStore) -> Result<Option<Leaving>, Finding> {
    for number in first..first + ADDRESSES {
        let own = address(number)?;
        if let Some(left) = block_on(store.leaving(own.kind(), own.key()))? {
            return Ok(Some(left));
        }
    }
    Ok(None)
}

fn credentials(draw: &Draw, store: &MemoryStore) -> Result<CredentialsWrite, Finding> {
    let (subject, lane) = (person(draw.who)?, lane(draw.place));
    let row = block_on(store.password(subject))?;
    let generation = draw.beside(row.as_ref().map_or(1, |row| row.generation));
    let taken = draw.beside(block_on(store.tries(subject, lane))?.map_or(0, |row| row.taken));
    Ok(match draw.which {
        20 => {
            let read = row.map(|row| row.version);
            let from = if draw.exact() { read } else { Some(draw.beside(read.unwrap_or(5))) };
            let password = Password {
                subject,
                hash: (draw.by.0 > -2).then(|| text(draw.n)),
                version: from.unwrap_or(0) + 1,
                generation,
                set_at: instant(draw.by.1),
                must_change: draw.flag,
                set_by: BatchId::from_bytes([0; 16]),
            };
            CredentialsWrite::PutPassword { password, from }
        }
        21 => CredentialsWrite::RequirePassword { subject, generation },
        22 => CredentialsWrite::ResetTries { subject, lane },
        23 => CredentialsWrite::SettleTry { subject, lane, number: taken },
        _ => CredentialsWrite::TakeTry { subject, lane, from: taken, at: instant(draw.by.0), stops_at: 3 },
    })
}

/// The numbers of a stamp come from the draw, so that no two stamps are alike by chance.
fn admissions(draw: &Draw) -> Result<Vec<AdmissionStamp>, Finding> {
    (0..draw.n % 3)
        .map(|place| {
            Ok(AdmissionStamp {
                account: company(place)?,
                membership_epoch: draw.near,
                policy_version: draw.who.into(),
                membership_version: u64::from(draw.flag),
            })
        })
        .collect()
}

fn sessions(draw: &Draw, store: &MemoryStore) -> Result<SessionsWrite, Finding> {
    let (subject, slot) = (person(draw.who)?, u16::from(draw.n) % SLOTS);
    let here = block_on(store.sessions(subject))?.into_iter().find(|row| row.slot == slot);
    let known = block_on(store.devices(subject))?.into_iter().find(|row| row.slot == slot);
    // A handle is never drawn twice: what takes a place has another than what is there. It may have been there before.
    let drawn = u8::from(draw.flag) + 2 * draw.place;
    let fresh = |holder: Option<SessionHandle>| {
        let taken = holder == Some(handle(draw.who, slot, drawn));
        name(draw.who, slot, if taken { (drawn + 1) % 4 } else { drawn })
    };
    let stranger = handle(draw.who, slot, 9);
    let meant =
        |holder: Option<SessionHandle>| if draw.by.0 < 2 { holder.unwrap_or(stranger) } else { stranger };
    let own = meant(here.as_ref().map(|row| row.handle));
    let replacing = |holder: Option<SessionHandle>| match (draw.exact(), holder) {
        (true, holder) => holder,
        (false, None) => Some(stranger),
        (false, Some(_)) => None,
    };
    Ok(match draw.which {
        26 => SessionsWrite::EndSession { subject, slot, handle: own },
        27 => {
            let holder = known.map(|row| row.handle);
            let new = device(1, fresh(holder));
            let device = Device {
                subject,
                slot,
                profile_epoch: draw.near,
                label: label(draw),
                ends_at: instant(draw.by.1),
                remembered_since: (draw.by.1 & 1 == 0).then(|| instant(draw.by.0)),
                ..new
            };
            SessionsWrite::PutDevice { device, replacing: replacing(holder) }
        }
        28 => {
            let holder = here.map(|row| row.handle);
            let new = session(1, fresh(holder));
            let mut evidence = vec![Evidence { amr: Amr::Password, at: instant(draw.by.0) }];
            evidence.extend(draw.flag.then(|| Evidence { amr: Amr::Otp, at: instant(draw.by.1) }));
            evidence.extend((!draw.flag).then(|| Evidence { amr: Amr::Remembered, at: instant(draw.by.1) }));
            let session = Session {
                subject,
                slot,
                profile_epoch: draw.near,
                password_generation: draw.flag.then_some(draw.near),
                evidence,
                ends_at: instant(draw.by.1),
                last_used_at: instant(draw.by.0),
                admissions: admissions(draw)?,
                label: label(draw),
                ..new
            };
            SessionsWrite::PutSession { session, replacing: replacing(holder) }
        }
        29 => SessionsWrite::RequireSession { subject, slot, handle: own },
        30 => {
            let from = draw.beside(here.map_or(0, |row| row.version));
            SessionsWrite::StampAdmissions { subject, slot, handle: own, from, admissions: admissions(draw)? }
        }
        _ => SessionsWrite::TouchSession { subject, slot, handle: own, at: instant(draw.by.0) },
    })
}

/// Labels hold no control characters.
fn label(draw: &Draw) -> String {
    text(draw.n).replace('\0', " ")
}
