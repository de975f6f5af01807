//! A process that is killed at every call of its store, or, where there is little time, at every commit, before it and after it: every commit is there wholly or not at
//! all, what was answered is there, and whoever comes next goes on (FLT-X1, FLT-X2).

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use vestibule_conformance::{Call, Hook, Hooked, audit};
use vestibule_core::{MemoryStore, Realm, StoreError, StoreErrorKind};

use crate::acts::{Act, Answer, Ready};
use crate::amount;
use crate::cast::{accounts, deployment, people, settle};
use crate::ground::{Place, block_on, open};
use crate::picture::{difference, picture};
use crate::process::{Other, tell};

pub(crate) const PART: &str = "killed";

/// Kills a process of its own at each call of the act in turn.
pub(crate) fn everywhere(act: Act) {
    let place = Place::new();
    let expected = Expected::of(act);
    let (mut kills, mut reached) = (0, [false, false]);
    for side in ["before", "after"] {
        for call in 1_u32.. {
            let realm = format!("{side}-{call}");
            let store = open(&place.name(), Realm::parse(&realm).unwrap());
            block_on(settle(&deployment(store), act.start()));
            let mut other = Other::start(&[PART, &place.name(), &realm, act.name(), side, &call.to_string()]);
            let said = other.hear().expect("it died by itself");
            let commits = match said.split_once(' ') {
                Some(("here", commits)) => {
                    other.kill();
                    kills += 1;
                    commits.parse().unwrap()
                }
                _ => {
                    assert_eq!(said, "done");
                    other.end();
                    expected.pictures.len() - 1
                }
            };
            reached[0] |= commits == 0;
            reached[1] |= commits == expected.pictures.len() - 1;

            let store = open(&place.name(), Realm::parse(&realm).unwrap());
            let place = format!("{} {side} call {call}", act.name());
            let found = block_on(audit(&store, &people(), &accounts())).unwrap();
            assert!(found.is_empty(), "{place}: {found:?}");
            let same = |expected: &[String]| {
                let difference = difference(&block_on(picture(&store)), expected);
                assert!(difference.is_empty(), "{place}: {difference:#?}");
            };
            same(&expected.pictures[commits]);
            let vestibule = deployment(store.clone());
            let again = block_on(answered(act, &vestibule));
            assert_eq!(again, expected.again[commits].0, "{place}, and again");
            same(&expected.again[commits].1);
            if said == "done" {
                break;
            }
        }
    }
    assert!(kills >= 2);
    assert_eq!(reached, [true, true], "it was killed before its first commit and after its last");
}

/// The part: does the act, and stops for ever at the call.
pub(crate) fn play(words: &[String]) {
    let [place, realm, act, side, call] = words else { panic!("{words:?}") };
    let hook = Arc::new(Stop {
        armed: AtomicBool::new(false),
        left: AtomicU32::new(call.parse().unwrap()),
        before: side == "before",
        commits: AtomicU32::new(0),
    });
    let store = open(place, Realm::parse(realm).unwrap());
    let vestibule = deployment(Hooked::new(store, Arc::clone(&hook)));
    block_on(async {
        let ready = Ready::make(Act::named(act), &vestibule).await.unwrap_or_else(|no| panic!("{no:?}"));
        hook.armed.store(true, Ordering::SeqCst);
        let answer = ready.go(&vestibule).await;
        assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    });
    tell("done");
}

/// Says how many commits there were, and waits to be killed.
struct Stop {
    armed: AtomicBool,
    /// How many calls are left until the one.
    left: AtomicU32,
    before: bool,
    commits: AtomicU32,
}

impl Stop {
    fn pass(&self, call: Call, before: bool) {
        let is_meant = amount::much() || matches!(call, Call::Commit(_));
        if self.before == before
            && is_meant
            && self.armed.load(Ordering::SeqCst)
            && self.left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            tell(&format!("here {}", self.commits.load(Ordering::SeqCst)));
            loop {
                std::thread::park();
            }
        }
    }
}

impl Hook for Stop {
    fn before(&self, call: Call) -> Result<(), StoreError> {
        self.pass(call, true);
        Ok(())
    }

    fn after(&self, call: Call) -> Result<(), StoreError> {
        if self.armed.load(Ordering::SeqCst) && matches!(call, Call::Commit(_)) {
            self.commits.fetch_add(1, Ordering::SeqCst);
        }
        self.pass(call, false);
        Ok(())
    }
}

/// What the reference is like after each number of the act's commits, and when the act is then done again.
pub(crate) struct Expected {
    pub(crate) pictures: Vec<Vec<String>>,
    again: Vec<(Answer, Vec<String>)>,
}

impl Expected {
    pub(crate) fn of(act: Act) -> Self {
        let (mut pictures, mut again) = (Vec::new(), Vec::new());
        for commits in 0.. {
            let store = MemoryStore::in_memory();
            let ended = block_on(Self::until(act, &store, commits));
            pictures.push(block_on(picture(&store)));
            let answer = block_on(answered(act, &deployment(store.clone())));
            again.push((answer, block_on(picture(&store))));
            if ended {
                break;
            }
        }
        Self { pictures, again }
    }

    /// Does the act, and fails every call after this many commits. Whether it came to its end.
    async fn until(act: Act, store: &MemoryStore, commits: u32) -> bool {
        settle(&deployment(store.clone()), act.start()).await;
        let hook = Arc::new(Fail(Mutex::new(None)));
        let vestibule = deployment(Hooked::new(store.clone(), Arc::clone(&hook)));
        let ready = Ready::make(act, &vestibule).await.unwrap_or_else(|no| panic!("{no:?}"));
        *hook.0.lock().unwrap() = Some(commits);
        match ready.go(&vestibule).await {
            Answer::Done(_) => true,
            Answer::Fault(_) => false,
            Answer::Refused(code) => panic!("{} was refused by {code}", act.name()),
        }
    }
}

/// Fails every commit once as many have landed; before that number is set, none.
struct Fail(Mutex<Option<u32>>);

impl Hook for Fail {
    fn before(&self, call: Call) -> Result<(), StoreError> {
        if let (Call::Commit(_), Some(left)) = (call, &mut *self.0.lock().unwrap()) {
            *left = left.checked_sub(1).ok_or(StoreErrorKind::Unavailable)?;
        }
        Ok(())
    }

    fn after(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }
}

async fn answered(act: Act, vestibule: &vestibule::Vestibule) -> Answer {
    match Ready::make(act, vestibule).await {
        Ok(ready) => ready.go(vestibule).await,
        Err(answer) => answer,
    }
}
