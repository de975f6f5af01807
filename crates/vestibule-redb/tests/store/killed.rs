//! A process that is killed while it commits: every batch is all or nothing, and what was answered is there.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use vestibule_core::Realm;
use vestibule_core::kv::{Applied, Expect};
use vestibule_redb::open;

use crate::support::{apply, put, store, value};

const FILE: &str = "VESTIBULE_TEST_KILLED_FILE";

#[test]
#[ignore = "the process that is killed; the test below starts it"]
fn commits_until_it_is_killed() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let store = open(path, Realm::default()).unwrap();
    let mut expect = [Expect::Absent; 2];
    for count in 1_u64.. {
        let count = count.to_be_bytes();
        let both = vec![put(1, expect[0], &count), put(2, expect[1], &count)];
        assert_eq!(apply(store.kv(), both).unwrap(), Applied::All);
        writeln!(std::io::stdout(), "answered").unwrap();
        expect = [1, 2].map(|number| Expect::Version(value(store.kv(), number).unwrap().unwrap().1));
    }
}

#[test]
fn a_killed_process_leaves_whole_batches_and_all_that_were_answered() {
    for round in 1..=5_usize {
        let folder = tempfile::tempdir().unwrap();
        drop(store(&folder));
        let path = folder.path().join("people.redb");
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

        let store = open(&path, Realm::default()).unwrap();
        let (first, version) = value(store.kv(), 1).unwrap().unwrap();
        let (second, later) = value(store.kv(), 2).unwrap().unwrap();
        assert_eq!(first, second, "never half a batch");
        assert_eq!(later, version + 1, "its rows were put together");
        assert!(answered >= round * 7, "it was killed at work");
        let landed = usize::try_from(u64::from_be_bytes(first.try_into().unwrap())).unwrap();
        assert!(landed >= answered, "{landed} landed, {answered} were answered");
        let next = vec![put(1, Expect::Version(version), b"next"), put(2, Expect::Version(later), b"next")];
        assert_eq!(apply(store.kv(), next).unwrap(), Applied::All, "whoever comes next goes on");
    }
}
