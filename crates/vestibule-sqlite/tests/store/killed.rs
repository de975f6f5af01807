//! A process that is killed while it commits: every batch is all or nothing, and what was answered is there.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use vestibule_core::{Landed, Realm};
use vestibule_sqlite::SqliteStore;

use crate::support::{TestWrite::Count, batch, commit, options, store, sum};

const FILE: &str = "VESTIBULE_TEST_KILLED_FILE";

#[test]
#[ignore = "the process that is killed; the test below starts it"]
fn commits_until_it_is_killed() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let store = SqliteStore::open(path, Realm::default(), options()).unwrap();
    for id in 0.. {
        let both = batch(id, vec![Count { key: 1, by: 1 }, Count { key: 2, by: 1 }]);
        assert_eq!(commit(&store, &both), Landed::Applied);
        writeln!(std::io::stdout(), "answered").unwrap();
    }
}

#[test]
fn a_killed_process_leaves_whole_batches_and_all_that_were_answered() {
    for round in 1..=5_usize {
        let folder = tempfile::tempdir().unwrap();
        drop(store(&folder));
        let path = folder.path().join("people.db");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::commits_until_it_is_killed", "--ignored", "--nocapture"])
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let answers = |line: &String| line.contains("answered");
        let early = lines.by_ref().filter(answers).take(round * 7).count();
        child.kill().unwrap();
        child.wait().unwrap();
        let answered = early + lines.filter(answers).count();

        let store = SqliteStore::open(&path, Realm::default(), options()).unwrap();
        let landed = sum(&store, 1);
        assert_eq!(sum(&store, 2), landed, "never half a batch");
        assert!(answered >= round * 7, "it was killed at work");
        assert!(usize::try_from(landed).unwrap() >= answered, "{landed} landed, {answered} were answered");
        let last =
            batch(u64::try_from(landed).unwrap() - 1, vec![Count { key: 1, by: 1 }, Count { key: 2, by: 1 }]);
        assert_eq!(commit(&store, &last), Landed::AlreadyApplied, "the last one is remembered");
    }
}
