//! Random batches.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use vestibule_core::SessionHandle;
use vestibule_profiles::ProfilesWrite::{self, *};
use vestibule_profiles::{
    Account, AccountState, Block, Freeze, Leaving, Membership, Profile, ProfilesRead, Status,
};

use super::{
    account, address, company, everything, identifier, membership, person, policy, profile, seconds, standing,
};
use crate::compare::{Pair, Tally};
use crate::support::block_on;

const STATES: [AccountState; 3] = [AccountState::Open, AccountState::Suspended, AccountState::Closed];
const STATUSES: [Status; 3] = [Status::AwaitingApproval, Status::Active, Status::Dismissed];

/// What is drawn: which write, and numbers from which it is made; numbers are meant beside those that stand in the row.
type Draw = (u8, usize, usize, usize, u64, (i8, i8), bool);

fn any_draw() -> impl Strategy<Value = Draw> {
    // One below, exact, one above; mostly exact.
    let near = prop_oneof![6 => Just(1_u64), 1 => Just(0), 1 => Just(2)];
    (0..26_u8, 0..3_usize, 0..2_usize, 0..3_usize, near, (-2..3_i8, -2..3_i8), any::<bool>())
}

/// Of many writes at once one is refused as a rule, and then nothing lands.
fn any_draws() -> impl Strategy<Value = Vec<Draw>> {
    prop_oneof![
        4 => any_draw().prop_map(|draw| vec![draw]),
        2 => prop::collection::vec(any_draw(), 2..4),
        1 => prop::collection::vec(any_draw(), 4..9),
    ]
}

/// The write that a draw means, given the rows as they stand.
fn meant((which, who, place, n, near, deltas, flag): Draw, store: &impl ProfilesRead) -> ProfilesWrite {
    let (subject, id) = (person(who), company(place));
    let beside = |number: u64| (number + near).saturating_sub(1);
    let epoch = || beside(block_on(store.profile(subject)).unwrap().map_or(1, |row| row.epoch));
    let settings = || beside(block_on(store.account(id)).unwrap().map_or(1, |row| row.settings_version));
    let version = || beside(block_on(store.membership(id, subject)).unwrap().map_or(1, |row| row.version));
    let (kind, key) = (address(n).kind(), address(n).key());
    match which {
        0 => AddMembership {
            membership: Membership {
                standing: standing(STATUSES[n], who),
                contact: membership(id, subject).contact.filter(|_| flag),
                version: near,
                wrong_secret_at: (!flag).then(|| seconds(0)),
                ..membership(id, subject)
            },
        },
        1 => BumpEpoch { subject, from: epoch() },
        2 => CountAdministrators { account: id, delta: deltas.0 },
        3 => CountProfile {
            subject,
            memberships: deltas.0,
            accounts: deltas.1,
            accounts_at_most: n as u32 + 1,
        },
        4 => CountSeats { account: id, delta: deltas.0, settings_version: settings() },
        5 => CountWays {
            subject,
            identifiers: deltas.0 * (n as i8 + 1),
            social_links: deltas.1 * (who as i8 + 1),
        },
        6 => {
            let (policy, settings_version) = (policy(flag.then_some(2), who), near);
            CreateAccount {
                account: Account {
                    state: STATES[n],
                    seats: n as u32,
                    policy,
                    settings_version,
                    ..account(id)
                },
            }
        }
        7 => {
            let block = Block { since: seconds(7), until: flag.then(|| seconds(8)) };
            let block = (near == 1).then_some(block);
            CreateProfile { profile: Profile { block, identifiers: n as u32 * 4, ..profile(subject) } }
        }
        8 => EditPolicy { account: id, from: settings(), policy: policy(flag.then_some(n as u32), who) },
        9 => {
            let owner = block_on(store.contact_owner(id, key)).unwrap();
            let from = if near == 1 { owner } else { (near == 2).then(|| person(n)) };
            MoveContact { account: id, key, from, to: (deltas.0 >= 0).then_some(subject) }
        }
        10 => MoveMembership {
            account: id,
            subject,
            from: version(),
            to: (deltas.0 > -2).then(|| standing(STATUSES[n], who)),
            ends_access: flag,
        },
        11 => NotePending { identifier: identifier(subject, n, false, i64::from(deltas.0)) },
        12 => {
            // Mostly one that is held, as it is held.
            let held = block_on(store.identifiers(subject)).unwrap();
            let own = held.get(n % held.len().max(1)).filter(|_| near != 0);
            let (kind, key) = own.map_or((kind, key), |own| (own.identifier.kind(), own.identifier.key()));
            let verified = own.is_some_and(|own| own.verified_at.is_some()) == (near == 1);
            ReleaseIdentifier { subject, kind, key, verified }
        }
        13 => RequireMembership { account: id, subject, version: version() },
        14 => RequireProfile { subject, epoch: epoch() },
        15 => RequireSettings { account: id, version: settings() },
        16 => {
            let block = Block { since: seconds(9), until: flag.then(|| seconds(10)) };
            SetBlock { subject, from: epoch(), block: (deltas.0 > 0).then_some(block) }
        }
        17 => SetState { account: id, from: settings(), state: STATES[n] },
        18 => TakeIdentifier { identifier: identifier(subject, n, true, i64::from(deltas.0)) },
        19 => {
            // Mostly one that is theirs.
            let held = block_on(store.identifiers(subject)).unwrap();
            let held = held.into_iter().find(|own| own.verified_at.is_some() && near != 0);
            let own = held.map_or(address(n), |own| own.identifier);
            let (since, until) = (seconds(deltas.1.into()), seconds(deltas.0.into()));
            let session = SessionHandle::from_bytes([n as u8; 16]);
            let leaving = Leaving { subject, identifier: own, verified_at: since, since, until, session };
            LeaveIdentifier { leaving }
        }
        20 => {
            let left = block_on(store.leaving_of(subject)).unwrap();
            let left = left.get(n % left.len().max(1)).filter(|_| near == 1);
            let (kind, key) = left.map_or((kind, key), |row| (row.identifier.kind(), row.identifier.key()));
            let until = left.map_or(seconds(deltas.0.into()), |row| row.until);
            ForgetLeaving { subject, kind, key, until }
        }
        21 => {
            let read = block_on(store.leaving(kind, key)).unwrap().map(|row| row.until);
            RequireIdentifier { subject, kind, key, leaving_until: read.filter(|_| near == 1) }
        }
        22 => {
            let freeze = Freeze { since: seconds(9), change_at: seconds(deltas.0.into()) };
            SetFreeze { subject, from: epoch(), freeze: flag.then_some(freeze) }
        }
        24 => {
            let contact = flag.then(|| format!("{n}@example.com"));
            SetContact { account: id, subject, from: version(), contact }
        }
        23 => SetPrimary { subject, epoch: epoch(), primary: key },
        _ => TouchMembership { account: id, subject, at: seconds(deltas.0.into()) },
    }
}

#[test]
fn every_batch_is_answered_as_the_reference_answers_and_leaves_the_same_rows() {
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    let sent = prop::collection::vec((0..120_u8, any_draws()), 1..160);
    let tally = RefCell::new(Tally::default());
    let compared = |sent: Vec<(u8, Vec<Draw>)>| {
        let mut pair = Pair::new();
        // Without people and members little lands; the others are drawn.
        let first = [
            CreateProfile { profile: profile(person(0)) },
            CreateProfile { profile: profile(person(1)) },
            AddMembership { membership: membership(company(0), person(0)) },
            AddMembership { membership: membership(company(1), person(1)) },
        ];
        for (id, write) in (200..).zip(first) {
            pair.send(id, vec![write], &mut tally.borrow_mut()).map_err(TestCaseError::fail)?;
        }
        for (id, draws) in sent {
            let writes = draws.into_iter().map(|draw| meant(draw, &pair.reference)).collect();
            pair.send(id, writes, &mut tally.borrow_mut()).map_err(TestCaseError::fail)?;
            prop_assert_eq!(everything(&pair.sqlite), everything(&pair.reference));
        }
        Ok(())
    };
    let guarded = [
        "AddMembership",
        "BumpEpoch",
        "CountAdministrators",
        "CountProfile",
        "CountSeats",
        "CountWays",
        "CreateAccount",
        "CreateProfile",
        "EditPolicy",
        "ForgetLeaving",
        "LeaveIdentifier",
        "MoveContact",
        "MoveMembership",
        "ReleaseIdentifier",
        "RequireIdentifier",
        "RequireMembership",
        "RequireProfile",
        "RequireSettings",
        "SetBlock",
        "SetContact",
        "SetFreeze",
        "SetPrimary",
        "SetState",
        "TakeIdentifier",
    ];
    let landing = [guarded.as_slice(), &["NotePending", "TouchMembership"]].concat();
    // Now and then a rare answer was not met: then more is drawn.
    for _ in 0..8 {
        TestRunner::new(config.clone()).run(&sent, compared).unwrap();
        if tally.borrow().has_met(&landing, &[], &guarded).is_ok() {
            return;
        }
    }
    tally.borrow().require(&landing, &[], &guarded);
}
