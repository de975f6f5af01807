//! The walkthrough on the in-memory store.

#![cfg(test)]

use std::collections::BTreeSet;

use vestibule_conformance::block_on;
use vestibule_conformance::walkthrough::{self, Options, Scene, Summary, WalkthroughError};
use vestibule_core::{MemoryStore, Timestamp};
use vestibule_credentials::HashParams;

fn options() -> Options {
    Options::new().hashing(HashParams::danger_weak_for_tests())
}

fn play_on(store: MemoryStore, options: &Options) -> Result<(Summary, Vec<Scene>), WalkthroughError> {
    let mut scenes = Vec::new();
    let summary = block_on(walkthrough::play(store, options, |scene| scenes.push(scene.clone())))?;
    Ok((summary, scenes))
}

fn play(options: &Options) -> (Summary, Vec<Scene>) {
    play_on(MemoryStore::in_memory(), options).unwrap()
}

fn lines(scenes: &[Scene]) -> Vec<String> {
    scenes.iter().map(|scene| scene.to_json().unwrap()).collect()
}

#[test]
fn every_scene_ends_as_expected() {
    let (summary, scenes) = play(&options());
    let wrong: Vec<String> =
        scenes.iter().filter(|scene| !scene.ok).map(|scene| scene.render(false).to_string()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(summary.is_ok());
    assert_eq!(summary.played, walkthrough::scenarios().len());
}

#[test]
fn every_field_says_something() {
    for scene in play(&options()).1 {
        for text in
            [scene.code, &scene.case, &scene.visitor, &scene.mailbox, &scene.administrator, &scene.then]
        {
            assert!(!text.is_empty(), "{scene:?}");
        }
        assert!(!scene.remedies.is_empty());
        assert!(scene.applied.is_some() != scene.pending.is_some(), "one or the other: {scene:?}");
        assert!(scene.applied.is_none_or(|applied| scene.remedies.contains(&applied)), "{scene:?}");
    }
}

#[test]
fn the_remedies_that_can_be_pressed_are_pressed() {
    let pressed: BTreeSet<&str> = play(&options()).1.iter().filter_map(|scene| scene.applied).collect();
    for remedy in [
        "R5", "R6", "R7", "R14", "R15", "R16", "R18", "R19", "R20", "R21", "R22", "R23", "R24", "R26", "R30",
        "R33", "R34", "R35", "R38",
    ] {
        assert!(pressed.contains(remedy), "{remedy}");
    }
}

#[test]
fn the_same_seed_and_clock_give_the_same_bytes() {
    let once = lines(&play(&options()).1);
    assert_eq!(lines(&play(&options()).1), once);
    let other_seed = lines(&play(&options().seed(2)).1);
    assert!(once.iter().zip(&other_seed).all(|(one, other)| one != other), "every case is another");
}

#[test]
fn a_scene_is_the_same_alone_and_among_others() {
    let all = play(&options()).1;
    for problem in ["P4", "N4", "N11"] {
        let alone = play(&options().only([problem])).1;
        let among: Vec<Scene> = all.iter().filter(|scene| scene.problem == problem).cloned().collect();
        assert_eq!(lines(&alone), lines(&among));
    }
}

#[test]
fn another_clock_moves_the_dates_and_nothing_else_of_what_is_expected() {
    let later = Timestamp::from_unix_seconds(4_000_000_000); // in 2096
    let (summary, scenes) = play(&options().clock(later).only(["dismissed"]));
    assert!(summary.is_ok() && scenes[0].visitor.contains("2097-"), "{}", scenes[0].visitor);
}

#[test]
fn a_store_that_holds_somebody_is_left_alone() {
    let store = MemoryStore::in_memory();
    play_on(store.clone(), &options().only(["wrong_password"])).unwrap();
    let before = store.kv().dump();
    let again = play_on(store.clone(), &options().only(["wrong_password"]));
    assert!(matches!(again, Err(WalkthroughError::NotEmpty)));
    assert!(store.kv().dump() == before);
}

#[test]
fn what_is_no_scenario_is_told() {
    let nonsense = play_on(MemoryStore::in_memory(), &options().only(["P99"]));
    assert!(matches!(nonsense, Err(WalkthroughError::NoSuchScenario(name)) if name == "P99"));
}

#[test]
fn a_line_of_json_has_the_fields_in_their_order() {
    let line = play(&options().only(["wrong_password"])).1[0].to_json().unwrap();
    let fields = ["problem", "scenario", "code", "case", "visitor", "mailbox", "administrator", "remedies"];
    let places: Vec<usize> = fields
        .into_iter()
        .chain(["applied", "pending", "then", "ok"])
        .map(|field| line.find(&format!("\"{field}\":")).unwrap_or_else(|| panic!("{field} in {line}")))
        .collect();
    assert!(places.is_sorted(), "{line}");
    assert!(line.starts_with("{\"problem\":\"P1\",\"scenario\":\"wrong_password\"") && !line.contains('\n'));
}

#[test]
fn only_a_coloured_scene_has_escapes() {
    let scene = play(&options().only(["dismissed"])).1.remove(0);
    assert!(!scene.render(false).to_string().contains('\u{1b}'));
    assert!(scene.render(true).to_string().contains('\u{1b}'));
}
