//! A folder in which the program is run.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

pub(crate) const RIGHT: &str = "a horse that counts to nine";
pub(crate) const WRONG: &str = "a mule that counts to seven";
pub(crate) const NEW: &str = "eleven otters below the pier";

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The output of a run that did what was asked.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!((self.status, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// The words of a run that ended with this status.
    #[track_caller]
    pub(crate) fn stopped(self, status: i32) -> String {
        assert_eq!(self.status, status, "{self:?}");
        self.out + &self.err
    }
}

pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// After `init`.
    pub(crate) fn new() -> Self {
        let folder = Self::empty();
        folder.run(&["init"], &[]).done();
        folder
    }

    /// After `init`, with Ada registered under [`RIGHT`].
    pub(crate) fn with_ada() -> Self {
        let folder = Self::new();
        folder.register("ada@example.com", "=ada");
        folder
    }

    /// With Ada's account `=engines`, too, and Bob in it.
    pub(crate) fn with_engines() -> Self {
        let folder = Self::with_ada();
        folder.register("bob@example.com", "=bob");
        let create = ["account", "create", "Engines", "--id", "=engines", "--as", "ada@example.com"];
        folder.typed(&create, &[RIGHT]).done();
        folder.typed(&["member", "add", "=engines", "bob@example.com", "--as", "=ada"], &[RIGHT]).done();
        folder
    }

    pub(crate) fn register(&self, login: &str, id: &str) {
        self.typed(&["register", login, "--id", id], &[RIGHT]).done();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn replace(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(self.path(name), text.replacen(from, to, 1)).unwrap();
    }

    /// Runs SQL on the SQLite file.
    pub(crate) fn sql(&self, file: &str, sql: &str) {
        rusqlite::Connection::open(self.path(file)).unwrap().execute_batch(sql).unwrap();
    }

    /// Every file below the folder, with its bytes.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        fn below(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    below(&path, files);
                } else {
                    files.push((path.clone(), std::fs::read(&path).unwrap()));
                }
            }
        }
        let mut files = Vec::new();
        below(self.0.path(), &mut files);
        files.sort();
        files
    }

    /// Runs the program with `--password-stdin`, handing over these lines.
    pub(crate) fn typed(&self, arguments: &[&str], lines: &[&str]) -> Ran {
        let mut all = arguments.to_vec();
        all.push("--password-stdin");
        self.run(&all, lines)
    }

    pub(crate) fn run(&self, arguments: &[&str], lines: &[&str]) -> Ran {
        let mut program = self.start(arguments);
        let mut input = program.stdin.take().unwrap();
        for line in lines {
            // A program that needs no more may have ended.
            let _ = writeln!(input, "{line}");
        }
        drop(input);
        ended(program, String::new())
    }

    /// Runs the program, handing over these lines, and one more that answers the line with this beginning.
    pub(crate) fn answering(
        &self,
        arguments: &[&str],
        lines: &[&str],
        beginning: &str,
        mut answer: impl FnMut(&str) -> String,
    ) -> Ran {
        let mut program = self.start(arguments);
        let mut input = program.stdin.take().unwrap();
        for line in lines {
            let _ = writeln!(input, "{line}");
        }
        let mut out = BufReader::new(program.stdout.take().unwrap());
        let mut said = String::new();
        loop {
            let mut line = String::new();
            if out.read_line(&mut line).unwrap() == 0 {
                break;
            }
            said += &line;
            if line.starts_with(beginning) {
                let _ = writeln!(input, "{}", answer(line.trim_end_matches('\n')));
            }
        }
        drop(input);
        ended(program, said)
    }

    fn start(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_vestibule"))
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("VESTIBULE_CONFIG")
            .env("TMPDIR", self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

fn ended(program: Child, said: String) -> Ran {
    let output = program.wait_with_output().unwrap();
    Ran {
        status: output.status.code().unwrap(),
        out: said + &String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
