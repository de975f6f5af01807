//! What a run of the kit saw, for machines.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::case::{CONTRACT, Case, Unmet};
use crate::finding::Outcome;
use crate::race::{Seen, take_seen};

/// The variable that names a file for the report, or a folder for one file for each store.
pub(crate) const VARIABLE: &str = "VESTIBULE_CONFORMANCE_REPORT";

/// What a run of the kit saw.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The store.
    pub store: String,
    /// The version of the contract.
    pub contract: u32,
    /// Whether the store passes it: every case that is asked of a store of its kind was run, and passed.
    pub passes: bool,
    /// How many cases passed.
    pub passed: usize,
    /// How many failed.
    pub failed: usize,
    /// How many were ignored, each for a reason that the author can do something about.
    pub ignored: usize,
    /// How many are not asked of a store of this kind.
    pub not_asked: usize,
    /// How many were left out by the arguments of the run.
    pub left_out: usize,
    /// How long the cases took together, in seconds.
    pub seconds: f64,
    /// What the author measured.
    pub measures: BTreeMap<String, u64>,
    /// Every case.
    pub cases: Vec<CaseReport>,
}

/// What became of one case.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CaseReport {
    /// Its id.
    pub id: &'static str,
    /// The clauses that it checks.
    pub clauses: &'static [&'static str],
    /// The version of the contract that brought it.
    pub since: u32,
    /// What became of it.
    pub outcome: Verdict,
    /// What was found, or why it was not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Rounds of its races.
    pub rounds: u64,
    /// Those in which two tasks ran at once.
    pub contended: u64,
    /// How often each task of its races won.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub winners: Vec<u64>,
}

/// What became of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It was not run, for a reason that the author can do something about.
    Ignored,
    /// It is not asked of a store of this kind.
    NotAsked,
    /// The arguments of the run left it out.
    LeftOut,
}

/// Whatever its cases come to, from all threads.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<BTreeMap<&'static str, CaseReport>>);

impl Log {
    /// Runs a case, and notes what it came to, also when it panics.
    pub(crate) fn watch<H>(&self, case: &Case<H>, run: impl FnOnce() -> Outcome) -> Outcome {
        drop(take_seen());
        #[expect(
            clippy::disallowed_methods,
            reason = "how long a case takes is measured, and decides nothing"
        )]
        let begun = Instant::now();
        let mut entry = Entry { log: self, report: Some(blank(case, Verdict::Failed)), begun };
        let outcome = run();
        if let Some(report) = &mut entry.report {
            match &outcome {
                Ok(()) => report.outcome = Verdict::Passed,
                Err(finding) => report.why = Some(finding.to_string()),
            }
        }
        outcome
    }

    /// The report, when every case has run that was to.
    pub(crate) fn report<H>(
        &self,
        store: &str,
        all: &[Case<H>],
        unmet: impl Fn(&Case<H>) -> Option<(Verdict, String)>,
        measures: Vec<(String, u64)>,
    ) -> Report {
        let seen = self.lock();
        let of = |case: &Case<H>| match (seen.get(case.id), unmet(case)) {
            (Some(report), _) => report.clone(),
            (None, Some((verdict, why))) => CaseReport { why: Some(why), ..blank(case, verdict) },
            (None, None) => blank(case, Verdict::LeftOut),
        };
        let cases: Vec<_> = all.iter().map(of).collect();
        let count = |verdict| cases.iter().filter(|case| case.outcome == verdict).count();
        let (failed, ignored, left_out) =
            (count(Verdict::Failed), count(Verdict::Ignored), count(Verdict::LeftOut));
        Report {
            store: store.to_owned(),
            contract: CONTRACT,
            passes: failed + ignored + left_out == 0,
            passed: count(Verdict::Passed),
            failed,
            ignored,
            not_asked: count(Verdict::NotAsked),
            left_out,
            seconds: cases.iter().map(|case| case.seconds).sum(),
            measures: measures.into_iter().collect(),
            cases,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, CaseReport>> {
        // Nothing that holds the lock can leave it half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Report {
    /// The report as JSON, in one line.
    ///
    /// # Errors
    ///
    /// None that is known of: it holds nothing that JSON cannot say.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The line that closes a run: `conformance::memory passes contract 1: passed: 104, failed: 0, ignored: 0`.
    #[must_use]
    pub fn summary(&self) -> String {
        let Self { store, contract, passed, failed, ignored, not_asked, left_out, .. } = self;
        let passes = if self.passes { "passes" } else { "does not pass" };
        let of = if *left_out > 0 { format!(", left out: {left_out}") } else { String::new() };
        format!(
            "conformance::{store} {passes} contract {contract}: passed: {passed}, failed: {failed}, ignored: {ignored}, \
             not asked: {not_asked}{of}"
        )
    }

    /// Writes it to a file, or in a folder to the file of its store's name; where it stands now.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, place: &Path) -> io::Result<PathBuf> {
        let file = if place.is_dir() { place.join(format!("{}.json", self.store)) } else { place.into() };
        std::fs::write(&file, format!("{}\n", self.to_json()?))?;
        Ok(file)
    }
}

/// A case that is being run; noted when it ends, in whatever way.
struct Entry<'a> {
    log: &'a Log,
    report: Option<CaseReport>,
    begun: Instant,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if let Some(mut report) = self.report.take() {
            report.seconds = seconds(self.begun.elapsed());
            for Seen { rounds, contended, winners } in take_seen() {
                report.rounds += rounds;
                report.contended += contended;
                report.winners.resize(winners.len(), 0);
                report.winners.iter_mut().zip(winners).for_each(|(sum, won)| *sum += won);
            }
            self.log.lock().insert(report.id, report);
        }
    }
}

fn blank<H>(case: &Case<H>, outcome: Verdict) -> CaseReport {
    CaseReport {
        id: case.id,
        clauses: case.clauses,
        since: case.since,
        outcome,
        why: None,
        seconds: 0.0,
        rounds: 0,
        contended: 0,
        winners: Vec::new(),
    }
}

/// To the millisecond: what lies below is noise.
fn seconds(span: Duration) -> f64 {
    u32::try_from(span.as_millis()).map_or(f64::MAX, |millis| f64::from(millis) / 1000.0)
}

/// How an unmet need is reported.
pub(crate) fn unmet(unmet: Unmet) -> (Verdict, String) {
    match unmet {
        Unmet::Ignored(why) => (Verdict::Ignored, why.to_owned()),
        Unmet::NotAsked(why) => (Verdict::NotAsked, why.to_owned()),
    }
}
