//! Whatever is done in whatever order by whomever, what is counted stays true, and accounts stay apart (PR-8, PR-15).

use proptest::prelude::*;
use vestibule_core::{AccountId, Failure, SubjectId};
use vestibule_profiles::{AccountState, ActingAs, Move, NewMember, Problem, ProfilesRead, Role, Status};

use super::{World, account_id, at, block_on, contact, person, role};

const PEOPLE: [&str; 3] = ["person-0", "person-1", "person-2"];
const ACCOUNTS: [&str; 2] = ["account-0", "account-1"];
const ROLES: [&str; 4] = ["worker", "deputy", "only Invite", "all but EditPolicy"];

/// Who acts, where, on whom, and what.
#[derive(Debug, Clone)]
struct Step {
    by: usize,
    account: usize,
    on: usize,
    act: Act,
}

#[derive(Debug, Clone)]
enum Act {
    Add { awaits: bool, role: usize, contact: Option<bool> },
    Block(bool),
    Move(usize),
    Policy { seats: Option<u32> },
    Role { role: usize, administers: bool },
    State(AccountState),
}

fn acts() -> impl Strategy<Value = Act> {
    let roles = 0..ROLES.len();
    prop_oneof![
        5 => (any::<bool>(), roles.clone(), any::<Option<bool>>())
            .prop_map(|(awaits, role, contact)| Act::Add { awaits, role, contact }),
        1 => any::<bool>().prop_map(Act::Block),
        9 => (0..Move::ALL.len()).prop_map(Act::Move),
        1 => proptest::option::of(1_u32..4).prop_map(|seats| Act::Policy { seats }),
        5 => (roles, any::<bool>()).prop_map(|(role, administers)| Act::Role { role, administers }),
        1 => prop_oneof![
            8 => Just(AccountState::Open),
            2 => Just(AccountState::Suspended),
            1 => Just(AccountState::Closed),
        ]
        .prop_map(Act::State),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0_usize..5, 0_usize..2, 0_usize..3, acts()).prop_map(|(by, account, on, act)| Step {
        by,
        account,
        on,
        act,
    });
    proptest::collection::vec(step, 1..40)
}

fn run(world: &World, step: &Step) -> Result<(), Failure<Problem>> {
    let by = match step.by {
        number @ 0..3 => ActingAs::Member(person(PEOPLE[number])),
        _ => ActingAs::Operator,
    };
    let (account, on) = (account_id(ACCOUNTS[step.account]), person(PEOPLE[step.on]));
    let named = |number: usize| -> Role { role(ROLES[number]) };
    let profiles = &world.profiles;
    match &step.act {
        Act::Add { awaits, role, contact: address } => {
            let role = named(*role);
            let new =
                if *awaits { NewMember::awaiting_approval(on, role) } else { NewMember::active(on, role) };
            let new = match address {
                None => new,
                Some(true) => new.contact(contact("one@example.com")),
                Some(false) => new.contact(contact("two@example.com")),
            };
            block_on(profiles.add_member(by, account, new, at(5)))
        }
        Act::Block(blocked) => block_on(profiles.set_block(on, blocked.then_some(None), at(5))),
        Act::Move(number) => block_on(profiles.move_member(by, account, on, Move::ALL[*number], at(5))),
        Act::Policy { seats } => {
            let mut policy = super::policy();
            policy.seat_limit = *seats;
            block_on(profiles.edit_policy(by, account, policy, at(5)))
        }
        Act::Role { role, administers } => {
            block_on(profiles.change_role(by, account, on, named(*role), *administers, at(5)))
        }
        Act::State(state) => block_on(profiles.set_state(by, account, *state, at(5))),
    }
}

fn counted_truly(world: &World, accounts: &[AccountId], people: &[SubjectId]) -> Result<(), TestCaseError> {
    for id in accounts {
        let account = world.account(*id);
        prop_assert_eq!(account.administrators, world.active_administrators(*id));
        prop_assert!(account.administrators >= 1, "PR-8");
        prop_assert_eq!(account.seats, world.active(*id));
        for member in world.members(*id) {
            if let Some(typed) = &member.contact {
                let owner = block_on(world.store.contact_owner(*id, contact(typed).key())).unwrap();
                prop_assert_eq!(owner, Some(member.subject));
            }
        }
    }
    for subject in people {
        let memberships = block_on(world.store.memberships_of(*subject, None, 100)).unwrap();
        let held = accounts.iter().filter_map(|id| world.membership(*id, *subject)).collect::<Vec<_>>();
        prop_assert_eq!(&memberships, &held);
        let live = held.iter().filter(|row| row.standing.status != Status::Dismissed).count();
        prop_assert_eq!(world.profile(*subject).unwrap().live_memberships as usize, live);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_is_counted_truly_and_stays_in_its_account(steps in steps()) {
        let world = World::new();
        let people = PEOPLE.map(|name| world.register(name));
        let accounts = [world.open(ACCOUNTS[0], people[0]), world.open(ACCOUNTS[1], people[1])];
        counted_truly(&world, &accounts, &people)?;
        for step in steps {
            let before = world.dump();
            let other = accounts[1 - step.account];
            let rows_of_other = world.rows_naming(other.as_bytes());
            let profiles = people.map(|subject| world.profile(subject).unwrap());
            match run(&world, &step) {
                Ok(()) => {}
                Err(Failure::Refused(_)) => prop_assert_eq!(world.dump(), before, "a refusal leaves no trace"),
                Err(fault) => return Err(TestCaseError::fail(format!("{fault:?}"))),
            }
            prop_assert_eq!(world.rows_naming(other.as_bytes()), rows_of_other, "PR-15: {:?}", step);
            if !matches!(step.act, Act::Block(_)) {
                for profile in profiles {
                    let now = world.profile(profile.subject).unwrap();
                    // PR-15: an account's affairs count its members, and touch nothing else of a profile.
                    let live_memberships = profile.live_memberships;
                    prop_assert_eq!(vestibule_profiles::Profile { live_memberships, ..now }, profile);
                }
            }
            counted_truly(&world, &accounts, &people)?;
        }
    }
}
