//! `walkthrough`, and `problems`.

use crate::folder::{Folder, RIGHT, Ran};

fn played(folder: &Folder, more: &[&str]) -> Ran {
    folder.run(&[&["walkthrough", "--only", "P4,account_closed"], more].concat(), &[])
}

#[test]
fn the_output_is_the_same_on_every_store_and_another_under_another_seed() {
    let folder = Folder::empty();
    let memory = played(&folder, &["--json", "--store", "memory:"]).done();
    let sqlite = played(&folder, &["--json", "--store", "sqlite:a.db"]).done();
    let redb = played(&folder, &["--json", "--store", "redb:a.redb"]).done();
    assert_eq!(redb, memory);
    let fresh = played(&folder, &["--json"]);
    assert_eq!((fresh.status, &memory, &memory), (0, &sqlite, &fresh.out));
    assert!(fresh.err.starts_with("Playing on sqlite:"), "{}", fresh.err);
    let other = played(&folder, &["--json", "--store", "memory:", "--seed", "2"]).done();
    assert_ne!(memory, other);
    for line in memory.lines() {
        let scene: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(scene["ok"], true, "{line}");
    }
    assert!(memory.lines().count() >= 2);
}

#[test]
fn a_scene_is_told_in_plain_text_and_its_case_is_found_afterwards() {
    let folder = Folder::empty();
    let told = played(&folder, &["--store", "sqlite:a.db", "--clock", "2027-01-31T12:00:00Z"]).done();
    assert!(told.contains("N8 account_closed  ok") && !told.contains('\u{1b}'), "{told}");
    let reference = told.split("(case ").nth(1).unwrap().split(')').next().unwrap();
    let found = folder.run(&["case", reference, "--store", "sqlite:a.db"], &[]).done();
    assert!(found.contains("admission.dismissed") && found.contains("at       2027-"), "{found}");
}

/// Nobody is left in the store, but the tries of an earlier play still count there.
#[test]
fn a_scene_that_ends_otherwise_than_expected_is_shown_and_ends_the_program_with_1() {
    let folder = Folder::empty();
    let play = ["walkthrough", "--only", "unknown_login", "--store", "sqlite:a.db"];
    let well = folder.run(&play, &[]).done();
    assert!(well.contains("unknown_login  ok") && well.contains("1 of 1 as expected"), "{well}");
    folder.sql("a.db", &emptied_of_all_but_windows(&folder.path("a.db")));
    folder.sql("a.db", "update vestibule_window set debits = 5 where kind = 'challenge' and debits > 0");
    let told = folder.run(&[&play[..], &["--json"]].concat(), &[]).stopped(1);
    let scene: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&scene["ok"], &scene["code"]), (&false.into(), &"throttle.challenge_required".into()));
    folder.sql("a.db", &emptied_of_all_but_windows(&folder.path("a.db")));
    let told = folder.run(&play, &[]).stopped(1);
    assert!(told.contains("0 of 1 as expected") && !told.contains("unknown_login  ok"), "{told}");
}

fn emptied_of_all_but_windows(path: &std::path::Path) -> String {
    let database = rusqlite::Connection::open(path).unwrap();
    let sql = "select group_concat('delete from ' || name, ';') from sqlite_schema where type = 'table'
               and name like 'vestibule_%' and name not like 'vestibule_window%' and name <> 'vestibule_migration'";
    let delete: String = database.query_row(sql, [], |row| row.get(0)).unwrap();
    format!("pragma foreign_keys = off; {delete}")
}

#[test]
fn a_story_begins_in_the_year_9999_at_the_latest() {
    let folder = Folder::empty();
    for clock in ["253402300799", "9999-12-31T23:59:59Z", "0"] {
        played(&folder, &["--store", "memory:", "--clock", clock]).done();
    }
    for clock in ["253402300800", "9223372036854", "99999999999999999999"] {
        let told = played(&folder, &["--store", "memory:", "--clock", clock]).stopped(64);
        assert!(told.contains("9999-12-31T23:59:59Z"), "{told}");
    }
}

#[test]
fn a_store_that_holds_anybody_in_any_realm_is_refused() {
    for store in ["sqlite:people.db", "redb:people.redb"] {
        let folder = Folder::empty();
        folder.run(&["init", "--realm", "other", "--store", store], &[]).done();
        folder.register("ada@example.com", "=ada");
        let before = folder.files();
        let told = played(&folder, &["--store", store]).stopped(2);
        assert!(told.contains("holds profiles already"), "{store}: {told}");
        // redb notes in its file that it was open.
        assert!(folder.files() == before || store.starts_with("redb:"));
        folder.typed(&["sign-in", "ada@example.com"], &[RIGHT]).done();
    }
}

#[test]
fn a_store_of_an_older_version_that_holds_anybody_is_refused_as_it_is() {
    let folder = Folder::with_ada();
    // As before there was a second factor.
    let sql = "delete from vestibule_migration where domain = 'mfa';
               drop table vestibule_authenticator; drop table vestibule_recovery_code;
               drop table vestibule_factor_tries; drop table vestibule_factor_reset;";
    folder.sql("vestibule.db", sql);
    assert!(folder.run(&["doctor"], &[]).stopped(1).contains("older than this version"));
    let before = folder.files();
    let told = played(&folder, &["--store", "sqlite:vestibule.db"]).stopped(2);
    assert!(told.contains("holds profiles already"), "{told}");
    assert!(folder.files() == before);
}

#[test]
fn nothing_is_made_for_a_scene_that_there_is_not() {
    let folder = Folder::empty();
    for store in [&[][..], &["--store", "sqlite:a.db"], &["--store", "redb:a.redb"]] {
        let told = folder.run(&[&["walkthrough", "--only", "P4,P99"], store].concat(), &[]).stopped(64);
        assert!(told.contains("P99"), "{told}");
        assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 0, "{store:?}");
    }
}

#[test]
fn a_code_that_there_is_not_is_told() {
    let folder = Folder::empty();
    assert!(folder.run(&["problems", "no.such"], &[]).stopped(1).contains("vestibule problems"));
    assert!(folder.run(&["problems", "password.wrong"], &[]).done().contains("R34"));
}
