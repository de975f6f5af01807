//! Two and four processes that do two commands about the same person at once: what they were answered and what is then
//! stored is what one of them after the other leads to (FLT-X21).

use vestibule::Store;
use vestibule_conformance::audit;
use vestibule_core::MemoryStore;

use crate::acts::{Act, Answer, Ready};
use crate::amount::{all, is_tried, rounds, share};
use crate::calls::realm;
use crate::cast::{Start, accounts, deployment, people, settle};
use crate::ground::{Place, block_on, open};
use crate::picture::{difference, picture};
use crate::process::{Other, hear, tell};

pub(crate) const PART: &str = "raced";

/// Races this act with every one, in the scene of this one.
pub(crate) fn by_two(first: Act) {
    let place = Place::new();
    let mut racers = racers(&place, 2);
    let own = Act::ALL.iter().position(|act| *act == first).unwrap();
    let mut unexplained = Vec::new();
    for (number, &second) in Act::ALL.iter().enumerate() {
        if !all() && first != second && !(own + number).is_multiple_of(share()) {
            continue;
        }
        for round in 0..rounds().unwrap_or(1) {
            let raced = race(&place, &mut racers, &[first, second], &format!("two-{number}-{round}"));
            unexplained.extend(raced.err());
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
}

/// Races this act twice with another one twice: where all is asked, with every one, else with its neighbour.
pub(crate) fn by_four(first: Act) {
    let own = Act::ALL.iter().position(|act| *act == first).unwrap();
    if !is_tried(own, 3) {
        return;
    }
    let neighbour = Act::ALL[(own + 1) % Act::ALL.len()];
    let place = Place::new();
    let mut racers = racers(&place, 4);
    let mut unexplained = Vec::new();
    for (number, &second) in Act::ALL.iter().enumerate().filter(|(_, act)| all() || **act == neighbour) {
        for round in 0..rounds().unwrap_or(1) {
            let acts = [first, second, first, second];
            unexplained.extend(race(&place, &mut racers, &acts, &format!("four-{number}-{round}")).err());
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
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

/// What no order explains.
fn race(place: &Place, racers: &mut [Other], acts: &[Act], name: &str) -> Result<(), String> {
    let store = open(&place.name(), realm(name));
    block_on(settle(&deployment(store.clone()), acts[0].start()));
    for (racer, act) in racers.iter_mut().zip(acts) {
        racer.tell(&format!("{} {name}", act.name()));
        assert_eq!(racer.hear().as_deref(), Some("ready"));
    }
    racers.iter_mut().for_each(|racer| racer.tell("go"));
    let answers: Vec<String> = racers.iter_mut().map(|racer| racer.hear().unwrap()).collect();
    explained(acts, &answers, &store, &serial(acts[0].start(), acts))
}

/// What each order of these acts is answered, and leads to.
pub(crate) fn serial(start: Start, acts: &[Act]) -> Vec<(Vec<String>, Vec<String>)> {
    orders(acts.len()).iter().map(|order| one_after_the_other(start, acts, order)).collect()
}

/// Whether one of the orders was answered so and led to this; else what is in none.
pub(crate) fn explained(
    acts: &[Act],
    answers: &[String],
    store: &impl Store,
    serial: &[(Vec<String>, Vec<String>)],
) -> Result<(), String> {
    let what = || format!("{:?}: {answers:?}", acts.iter().map(|act| act.name()).collect::<Vec<_>>());
    let findings = block_on(audit(store, &people(), &accounts())).unwrap();
    if !findings.is_empty() {
        return Err(format!("{}: {findings:?}", what()));
    }
    if answers.iter().any(|answer| answer.starts_with("Fault")) {
        return Err(what());
    }
    let found = block_on(picture(store));
    let nearest = |as_told: fn(&[String]) -> Vec<String>| {
        let answers = as_told(answers);
        let orders = serial.iter().map(|(told, picture)| {
            let difference = difference(&as_told(&found), &as_told(picture));
            (as_told(told) != answers, difference, told)
        });
        orders.min_by_key(|(other, difference, _)| (*other, difference.len())).unwrap()
    };
    let (other, difference, _) = nearest(as_one_commit);
    if !other && difference.is_empty() {
        return Ok(());
    }
    // Then perhaps but for a try that was paid, and for which of several reasons was met first; none that no order gives is true.
    let (other, difference, told) = nearest(but_for_tries_and_reasons);
    let is_true = |number: usize| serial.iter().any(|(told, _)| told[number] == answers[number]);
    if !other && difference.is_empty() && (0..answers.len()).all(is_true) {
        return Ok(());
    }
    Err(format!("no order explains {}: {told:?} {difference:#?}", what()))
}

/// Without what tells that a command has several commits, between which others land: an import puts the person, then each
/// membership; a try is taken, then settled; reminders of a reset land before it, and none that did not begin is sent.
fn as_one_commit(lines: &[String]) -> Vec<String> {
    let one = |line: &String| {
        let imported = ["created", "completed", "unchanged"];
        let line = imported.iter().fold(line.clone(), |line, how| line.replace(how, "imported"));
        let line = line.split_once(" taken, ").map_or(line.clone(), |(taken, _)| taken.to_owned());
        let is_reminder = line.trim_start().starts_with("message Code(mailbox.factor_reset_waits)");
        (!is_reminder).then_some(line)
    };
    lines.iter().filter_map(one).collect()
}

/// The same without the try of a code, which is taken once a session or a sign-in stands, and which another command may end before
/// what the code proves lands; and without the reason of a refusal.
fn but_for_tries_and_reasons(lines: &[String]) -> Vec<String> {
    let one = |line: String| {
        if line.starts_with("Refused(") {
            return Some("Refused".to_owned());
        }
        if line.trim_start().starts_with("link for code-") {
            return line.split_once(" version ").map(|(code, _)| code.to_owned());
        }
        let is_one = ["tries of codes", "event EventKind(operation.refused)"];
        (!is_one.iter().any(|one| line.trim_start().starts_with(one))).then_some(line)
    };
    as_one_commit(lines).into_iter().filter_map(one).collect()
}

/// The same in memory, in this order.
fn one_after_the_other(start: Start, acts: &[Act], order: &[usize]) -> (Vec<String>, Vec<String>) {
    let store = MemoryStore::in_memory();
    let vestibule = deployment(store.clone());
    block_on(async {
        settle(&vestibule, start).await;
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
