//! Any sequence of acts: exactly the tokens that should open something do.

#![cfg(test)]

mod common;

use core::time::Duration;

use common::*;
use proptest::prelude::*;
use vestibule_core::{MemoryStore, SessionHandle, SubjectId};
use vestibule_sessions::decide::{OpenRequest, ReissueRequest};
use vestibule_sessions::{NewSession, SessionPolicy, Standing};

const CAP: u16 = 3;

#[derive(Debug, Clone)]
enum Act {
    Open { person: u64 },
    OpenInPlaceOf(prop::sample::Index),
    Reissue(prop::sample::Index),
    End(prop::sample::Index),
    EndOthers(prop::sample::Index),
    EndAll { person: u64 },
    MoveEpoch { person: u64 },
    Rest { hours: u64 },
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..2u64).prop_map(|person| Act::Open { person }),
        1 => any::<prop::sample::Index>().prop_map(Act::OpenInPlaceOf),
        3 => any::<prop::sample::Index>().prop_map(Act::Reissue),
        2 => any::<prop::sample::Index>().prop_map(Act::End),
        1 => any::<prop::sample::Index>().prop_map(Act::EndOthers),
        1 => (0..2u64).prop_map(|person| Act::EndAll { person }),
        1 => (0..2u64).prop_map(|person| Act::MoveEpoch { person }),
        2 => (0..200u64).prop_map(|hours| Act::Rest { hours }),
    ]
}

/// A token that was made, and what the model knows of it.
#[derive(Debug, Clone)]
struct Made {
    token: String,
    handle: SessionHandle,
    person: usize,
    epoch: u64,
    used: Duration,
    ends: Duration,
    over: bool,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_token_opens_something_exactly_while_it_should(acts in prop::collection::vec(any_act(), 1..60)) {
        let store = MemoryStore::in_memory();
        let policy = SessionPolicy::default().with_sessions_at_most(CAP).unwrap();
        let (absolute, idle) = (policy.one_factor().absolute(), policy.one_factor().idle());
        let node = node(&store).with_policy(policy);
        let (mut made, mut epochs, mut passed) = (Vec::<Made>::new(), [1u64; 2], Duration::ZERO);
        for act in acts {
            // No two acts fall on one instant, so the least recently used is always one.
            passed += Duration::from_secs(1);
            let now = NOW.plus(passed);
            let live: Vec<Made> = made
                .iter()
                .filter(|one| !one.over && one.epoch == epochs[one.person])
                .filter(|one| passed < one.ends && passed < one.used + idle)
                .cloned()
                .collect();
            let pick = |index: prop::sample::Index| (!live.is_empty()).then(|| index.get(&live).clone());
            let note = |made: &mut Vec<Made>, new: NewSession, person: usize, ends: Duration| {
                for one in made.iter_mut().filter(|one| Some(one.handle) == new.evicted) {
                    one.over = true;
                }
                let (token, handle) = (text(&new), new.session.handle);
                made.push(Made { token, handle, person, epoch: epochs[person], used: passed, ends, over: false });
            };
            let subject = |person: usize| SubjectId::from(person as u64);
            let open = |person| OpenRequest::new(subject(person), epochs[person], password(now).into());
            match act {
                Act::Open { person } => {
                    let person = usize::try_from(person).unwrap();
                    let full = live.iter().filter(|one| one.person == person).count() == usize::from(CAP);
                    let new = block_on(node.open(&open(person), now)).unwrap();
                    prop_assert_eq!(new.evicted.is_some(), full);
                    note(&mut made, new, person, passed + absolute);
                }
                Act::OpenInPlaceOf(index) => if let Some(old) = pick(index) {
                    let new = block_on(node.open(&open(old.person).in_place_of(old.handle), now)).unwrap();
                    prop_assert_eq!(new.evicted, None);
                    made.iter_mut().filter(|one| one.handle == old.handle).for_each(|one| one.over = true);
                    note(&mut made, new, old.person, passed + absolute);
                },
                Act::Reissue(index) => if let Some(old) = pick(index) {
                    let standing = Standing::new(old.epoch);
                    let used = use_it(&node, &old.token, &standing, now).unwrap();
                    let new = block_on(node.reissue(&used, &ReissueRequest::new(old.epoch), now)).unwrap();
                    made.iter_mut().filter(|one| one.handle == old.handle).for_each(|one| one.over = true);
                    note(&mut made, new, old.person, old.ends);
                },
                Act::End(index) => if let Some(old) = pick(index) {
                    block_on(node.end(subject(old.person), old.handle, now)).unwrap();
                    made.iter_mut().filter(|one| one.handle == old.handle).for_each(|one| one.over = true);
                },
                Act::EndOthers(index) => if let Some(kept) = pick(index) {
                    block_on(node.end_all(subject(kept.person), Some(kept.handle), now)).unwrap();
                    let others = made.iter_mut().filter(|one| one.person == kept.person);
                    others.filter(|one| one.handle != kept.handle).for_each(|one| one.over = true);
                },
                Act::EndAll { person } => {
                    let person = usize::try_from(person).unwrap();
                    block_on(node.end_all(subject(person), None, now)).unwrap();
                    made.iter_mut().filter(|one| one.person == person).for_each(|one| one.over = true);
                }
                Act::MoveEpoch { person } => epochs[usize::try_from(person).unwrap()] += 1,
                Act::Rest { hours } => passed += Duration::from_secs(hours * 3600),
            }
            let now = NOW.plus(passed);
            for one in &made {
                let answer = block_on(async {
                    let found = node.find(&one.token).await?;
                    // Judged without noting the use: looking must not change what is looked at.
                    let judged = node.list(found.subject(), &Standing::new(epochs[one.person]), None, now).await?;
                    Ok::<_, vestibule_core::Failure<_>>(judged.iter().any(|view| view.handle == one.handle))
                });
                let opens = answer.unwrap_or_else(|failure| {
                    assert_eq!(failure.refused(), Some(&vestibule_sessions::Problem::Unknown));
                    false
                });
                let should = !one.over && one.epoch == epochs[one.person]
                    && passed < one.ends && passed < one.used + idle;
                prop_assert_eq!(opens, should, "{:?}", one);
            }
        }
    }
}
