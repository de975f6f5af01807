//! Files that are made while others make them, or by a process that is killed meanwhile: each is made whole, or made by whoever comes
//! next (FLT-X22, FLT-X24).

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use vestibule_core::kv::{Applied, Expect};
use vestibule_core::{Realm, StoreErrorKind};
use vestibule_redb::create;

use crate::support::{apply, put};

const FOLDER: &str = "VESTIBULE_TEST_MIGRATORS_FOLDER";

fn file(folder: &Path, number: usize) -> std::path::PathBuf {
    folder.join(format!("{number}.redb"))
}

#[test]
#[ignore = "the process that is killed; the tests below start it"]
fn makes_files_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    for number in 0.. {
        writeln!(std::io::stdout(), "begins {number}").unwrap();
        match create(file(folder.as_ref(), number), Realm::default()) {
            Ok(_) => writeln!(std::io::stdout(), "made {number}").unwrap(),
            // Another one has it open.
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}"),
        }
    }
}

fn start(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "migrators::makes_files_until_it_is_killed", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The last file that it began, once it has been killed after so many lines.
fn kill(mut child: Child, after: usize) -> usize {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let begun = |line: String| line.split_once("begins ").map(|(_, number)| number.parse::<usize>().unwrap());
    let mut last = lines.by_ref().take(after).filter_map(begun).last();
    child.kill().unwrap();
    child.wait().unwrap();
    last = lines.filter_map(begun).last().or(last);
    last.expect("it was killed before it began")
}

fn every_file_is_good(folder: &Path, last: usize) {
    for number in 0..=last {
        let store = create(file(folder, number), Realm::default())
            .unwrap_or_else(|error| panic!("file {number}: {error:?}"));
        assert_eq!(apply(store.kv(), vec![put(1, Expect::Absent, b"next")]).unwrap(), Applied::All);
    }
}

#[test]
fn a_file_whose_maker_was_killed_is_made_by_whoever_comes_next() {
    for round in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let last = kill(start(folder.path()), 5 + 7 * round);
        every_file_is_good(folder.path(), last);
    }
}

/// What lies under the name beside it is nobody's any more, and never becomes the file: whoever put it there could read it.
#[test]
fn what_was_left_behind_is_not_made_use_of() {
    let folder = tempfile::tempdir().unwrap();
    let (path, beside) = (folder.path().join("people.redb"), folder.path().join("people.redb.making"));
    std::fs::write(&beside, "of somebody").unwrap();
    let held = std::fs::File::open(&beside).unwrap();
    drop(create(&path, Realm::default()).unwrap());
    assert!(!beside.exists());
    assert_eq!(held.metadata().unwrap().len(), 11, "it was not written to");
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&beside, "of somebody who makes it").unwrap();
    let held = std::fs::File::open(&beside).unwrap();
    held.try_lock().unwrap();
    let error = create(&path, Realm::default()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(beside.exists() && !path.exists());
}

#[test]
fn of_several_makers_at_once_one_makes_each_file() {
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<Child> = (0..3).map(|_| start(folder.path())).collect();
    let last = children.into_iter().map(|child| kill(child, 60)).max().unwrap();
    every_file_is_good(folder.path(), last);
}
