//! Other processes: this very program, started again to play a part instead of running the tests.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io::{BufRead, BufReader, Lines, Write, stdin, stdout};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const PART: &str = "VESTIBULE_TROUBLE_PART";

/// The part that this process was started for, word by word.
pub(crate) fn part() -> Option<Vec<String>> {
    std::env::var(PART).ok().map(|part| part.split('\n').map(str::to_owned).collect())
}

/// Says a line to whoever started this process.
pub(crate) fn tell(line: &str) {
    let mut out = stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

/// What whoever started this process says next.
pub(crate) fn hear() -> Option<String> {
    stdin().lock().lines().next().map(Result::unwrap)
}

/// A process that was started here. It ends with this.
pub(crate) struct Other {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
    ear: ChildStdin,
}

impl Other {
    pub(crate) fn start(part: &[&str]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(PART, part.join("\n"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let ear = child.stdin.take().unwrap();
        Self { child, said, ear }
    }

    /// What it says next; `None` once it has ended.
    pub(crate) fn hear(&mut self) -> Option<String> {
        self.said.next().map(Result::unwrap)
    }

    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.ear, "{line}").and_then(|()| self.ear.flush()).unwrap();
    }

    /// SIGKILL: no destructor runs and nothing is flushed.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        assert_eq!(self.child.wait().unwrap().code(), None, "it ended by itself");
    }

    pub(crate) fn end(mut self) {
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
