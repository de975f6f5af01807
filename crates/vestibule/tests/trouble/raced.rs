//! Two and four processes that do two commands about the same person at once: what they were answered and what is then
//! stored is what one of them after the other leads to (FLT-X21).

use vestibule_conformance::audit;
use vestibule_core::MemoryStore;

use crate::acts::{Act, Answer, Ready};
use crate::calls::realm;
use crate::cast::{accounts, deployment, people, settle};
use crate::ground::{Place, block_on, open};
use crate::picture::{difference, picture};
use crate::process::{Other, hear, tell};

pub(crate) const PART: &str = "raced";

/// How many rounds each race has, and then every pair is raced; without it as few as the gate has time for.
const ROUNDS: &str = "VESTIBULE_TROUBLE_ROUNDS";

/// Of the pairs, one in so many is raced without that variable; another one each time that an act comes first.
const SHARE: &str = "VESTIBULE_TROUBLE_SHARE";

fn share() -> usize {
    std::env::var(SHARE).map_or(30, |share| share.parse().unwrap())
}

fn rounds() -> Option<u32> {
    std::env::var(ROUNDS).ok().map(|rounds| rounds.parse().unwrap())
}

/// Whether everything is to be run, however long it takes.
pub(crate) fn all() -> bool {
    rounds().is_some()
}

/// What the closing line says when the races were short.
pub(crate) fn left_out() -> Option<String> {
    (!all()).then(|| {
        let share = share();
        format!("one pair of commands in {share} was raced, once; {ROUNDS}=500 races every pair, 500 times")
    })
}

/// Races this act with every one, in the scene of this one.
pub(crate) fn by_two(first: Act) {
    let place = Place::new();
    let mut racers = racers(&place, 2);
    let own = Act::ALL.iter().position(|act| *act == first).unwrap();
    for (number, &second) in Act::ALL.iter().enumerate() {
        if !all() && first != second && !(own + number).is_multiple_of(share()) {
            continue;
        }
        for round in 0..rounds().unwrap_or(1) {
            race(&place, &mut racers, &[first, second], &format!("two-{number}-{round}"));
        }
    }
}

/// Races this act twice with its neighbour twice.
pub(crate) fn by_four(first: Act) {
    let place = Place::new();
    let mut racers = racers(&place, 4);
    let own = Act::ALL.iter().position(|act| *act == first).unwrap();
    let second = Act::ALL[(own + 1) % Act::ALL.len()];
    for round in 0..rounds().unwrap_or(1) {
        race(&place, &mut racers, &[first, second, first, second], &format!("four-{round}"));
    }
}

/// The part: does what it is told, at a word.
pub(crate) fn play(words: &[String]) {
    let [place] = words else { panic!("{words:?}") };
    while let Some(line) = hear() {
        let (act, name) = line.split_once(' ').unwrap();
        let vestibule = deployment(open(place, realm(name)));
        let ready = block_on(Ready::make(Act::named(act), &vestibule));
        tell("ready");
        assert_eq!(hear().as_deref(), Some("go"));
        let answer = match ready {
            Ok(ready) => block_on(ready.go(&vestibule)),
            Err(answer) => answer,
        };
        tell(&format!("{answer:?}"));
    }
}

fn racers(place: &Place, count: usize) -> Vec<Other> {
    (0..count).map(|_| Other::start(&[PART, &place.name()])).collect()
}

fn race(place: &Place, racers: &mut [Other], acts: &[Act], name: &str) {
    let store = open(&place.name(), realm(name));
    block_on(settle(&deployment(store.clone()), acts[0].start()));
    for (racer, act) in racers.iter_mut().zip(acts) {
        racer.tell(&format!("{} {name}", act.name()));
        assert_eq!(racer.hear().as_deref(), Some("ready"));
    }
    racers.iter_mut().for_each(|racer| racer.tell("go"));
    let answers: Vec<String> = racers.iter_mut().map(|racer| racer.hear().unwrap()).collect();

    let what = || format!("{:?}: {answers:?}", acts.iter().map(|act| act.name()).collect::<Vec<_>>());
    let findings = block_on(audit(&store, &people(), &accounts())).unwrap();
    assert!(findings.is_empty(), "{}: {findings:?}", what());
    assert!(!answers.iter().any(|answer| answer.starts_with("Fault")), "{}", what());
    let found = block_on(picture(&store));
    let serial: Vec<_> = orders(acts.len()).iter().map(|order| one_after_the_other(acts, order)).collect();
    let answers = as_one_commit(&answers);
    let nearest = serial
        .iter()
        .map(|(told, picture)| {
            (as_one_commit(told), difference(&as_one_commit(&found), &as_one_commit(picture)))
        })
        .min_by_key(|(told, difference)| (*told != answers, difference.len()))
        .unwrap();
    assert!(nearest.0 == answers && nearest.1.is_empty(), "no order explains {}: {nearest:#?}", what());
}

/// Without what tells that a command has several commits, between which others land: an import puts the person, then each
/// membership; a try is taken, then settled.
fn as_one_commit(lines: &[String]) -> Vec<String> {
    let one = |line: &String| {
        let imported = ["created", "completed", "unchanged"];
        let line = imported.iter().fold(line.clone(), |line, how| line.replace(how, "imported"));
        line.split_once(" taken, ").map_or(line.clone(), |(taken, _)| taken.to_owned())
    };
    lines.iter().map(one).collect()
}

/// The same in memory, in this order.
fn one_after_the_other(acts: &[Act], order: &[usize]) -> (Vec<String>, Vec<String>) {
    let store = MemoryStore::in_memory();
    let vestibule = deployment(store.clone());
    block_on(async {
        settle(&vestibule, acts[0].start()).await;
        let mut ready = Vec::new();
        for &act in acts {
            ready.push(Some(Ready::make(act, &vestibule).await));
        }
        let mut answers = vec![String::new(); acts.len()];
        for &next in order {
            let answer: Answer = match ready[next].take().unwrap() {
                Ok(ready) => ready.go(&vestibule).await,
                Err(answer) => answer,
            };
            answers[next] = format!("{answer:?}");
        }
        (answers, picture(&store).await)
    })
}

/// Every order of this many.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    orders(count - 1)
        .into_iter()
        .flat_map(|order| {
            (0..count).map(move |place| {
                let mut order = order.clone();
                order.insert(place, count - 1);
                order
            })
        })
        .collect()
}
