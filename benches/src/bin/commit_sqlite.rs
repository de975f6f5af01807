//! A guarded commit against bare rusqlite, and many callers against one; see the README.

#![expect(clippy::print_stdout, reason = "the figures are for standard output")]
#![expect(clippy::print_stderr, reason = "progress, and why there is no figure, is for standard error")]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::runtime::Runtime;
use vestibule_benches::Unmeasured;
use vestibule_benches::arguments::Numbers;
use vestibule_benches::commits::Caller;
use vestibule_benches::crowd::{load_sqlite, subject};
use vestibule_benches::deployment::block_on;
use vestibule_benches::process::timed;
use vestibule_benches::stats::Spread;
use vestibule_core::Realm;
use vestibule_sqlite::{Options, SqliteStore, Synchronous};

const HELP: &str = "\
A guarded commit of one row: ours against the same statement on bare rusqlite, and sixteen callers against one.

Usage: commit_sqlite [--commits N] [--callers N] [--rounds N]

  --commits N   commits of one caller in a round (default 100: a disk is not the same for long)
  --callers N   callers at once (default 16)
  --rounds N    rounds, in each of which everybody takes their turn (default 61)
";

/// Rows that a caller has for itself.
const PEOPLE: u32 = 64;

/// What SQLite runs for the write that ours commits.
const STATEMENT: &str =
    "update vestibule_profile set epoch = epoch + 1 where realm = ?1 and subject = ?2 and epoch = ?3";

fn main() -> ExitCode {
    let numbers = match Numbers::parse(HELP, &[("--commits", 100), ("--callers", 16), ("--rounds", 61)]) {
        Ok(Some(numbers)) => numbers,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("commit_sqlite: {error}");
            return ExitCode::from(2);
        }
    };
    let [commits, callers, rounds] = [0, 1, 2].map(|at| numbers.at(at));
    let both = [("full", Synchronous::Full), ("normal", Synchronous::Normal)];
    match both.into_iter().try_for_each(|(name, kept)| compare(name, kept, commits, callers, rounds)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("commit_sqlite: not measured: {error}");
            ExitCode::from(2)
        }
    }
}

fn compare(
    name: &str,
    kept: Synchronous,
    commits: usize,
    callers: usize,
    rounds: usize,
) -> Result<(), Unmeasured> {
    eprintln!("synchronous={name}: {rounds} rounds");
    let mut ground = Ground::new(name, kept, callers)?;
    let mut times = [Vec::with_capacity(rounds), Vec::with_capacity(rounds), Vec::with_capacity(rounds)];
    let (mut to_bare, mut to_one) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for round in 1..=rounds {
        let (one, bare, many) = if round % 2 == 0 {
            let bare = ground.bare(commits)?;
            let one = ground.one(commits)?;
            (one, bare, ground.many(commits)?)
        } else {
            let many = ground.many(commits)?;
            let one = ground.one(commits)?;
            (one, ground.bare(commits)?, many)
        };
        let each = |spent: Duration, commits: usize| spent.as_secs_f64() * 1e6 / commits as f64;
        let all = commits.saturating_mul(callers);
        let (one, bare, many) = (each(one, commits), each(bare, commits), each(many, all));
        for (times, time) in times.iter_mut().zip([one, bare, many]) {
            times.push(time);
        }
        to_bare.push(bare / one);
        to_one.push(one / many);
    }
    for (who, times) in ["ours", "bare rusqlite", "ours with all callers"].into_iter().zip(times) {
        let times = Spread::of(times).ok_or_else(|| Unmeasured::because("no round was run"))?;
        println!("synchronous={name}: {who} {:.1} us a commit", times.median);
    }
    let (group, aim) = if kept == Synchronous::Full { ("3", "0.9") } else { ("none", "0.9") };
    for (what, aim, ratios) in [
        ("commits a second, ours / bare rusqlite, one caller".to_owned(), aim, to_bare),
        (format!("commits a second, {callers} callers / one caller"), group, to_one),
    ] {
        let ratios = Spread::of(ratios).ok_or_else(|| Unmeasured::because("no round was run"))?;
        println!(
            "synchronous={name}: {what}: {:.2} [{:.2}..{:.2}] (aim {aim})",
            ratios.median, ratios.least, ratios.most
        );
    }
    Ok(())
}

/// Two files with the same rows.
struct Ground {
    store: SqliteStore,
    callers: Vec<Caller>,
    first: Caller,
    connection: Connection,
    bare: Caller,
    runtime: Runtime,
    _folder: tempfile::TempDir,
}

impl Ground {
    fn new(name: &str, kept: Synchronous, callers: usize) -> Result<Self, Unmeasured> {
        let callers = u32::try_from(callers).map_err(|error| Unmeasured::at("so many callers", &error))?;
        let fault = |error: std::io::Error| Unmeasured::at("the ground", &error);
        let folder = tempfile::tempdir().map_err(fault)?;
        let people = PEOPLE.saturating_mul(callers.saturating_add(1));
        let load =
            |file: &str| load_sqlite(&folder.path().join(file), people, Options::new().synchronous(kept));
        let store = load("ours.db")?;
        drop(load("bare.db")?);
        let connection = Connection::open(folder.path().join("bare.db"))
            .and_then(|connection| {
                connection.pragma_update(None, "synchronous", name)?;
                connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
                Ok(connection)
            })
            .map_err(|error| Unmeasured::at("the bare connection", &error))?;
        Ok(Self {
            store,
            callers: (0..callers).map(|number| Caller::new(number, PEOPLE)).collect(),
            first: Caller::new(callers, PEOPLE),
            connection,
            bare: Caller::new(callers, PEOPLE),
            runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().map_err(fault)?,
            _folder: folder,
        })
    }

    fn one(&mut self, commits: usize) -> Result<Duration, Unmeasured> {
        timed(|| block_on(self.first.commit(&self.store, commits)))
    }

    fn many(&mut self, commits: usize) -> Result<Duration, Unmeasured> {
        let (store, callers) = (Arc::new(self.store.clone()), core::mem::take(&mut self.callers));
        let mut back = Vec::with_capacity(callers.len());
        let spent = timed(|| {
            self.runtime.block_on(async {
                let tasks: Vec<_> = callers
                    .into_iter()
                    .map(|mut caller| {
                        let store = Arc::clone(&store);
                        tokio::spawn(async move { caller.commit(&*store, commits).await.map(|()| caller) })
                    })
                    .collect();
                for task in tasks {
                    back.push(task.await.map_err(|error| Unmeasured::at("a caller", &error))??);
                }
                Ok(())
            })
        });
        self.callers = back;
        spent
    }

    fn bare(&mut self, commits: usize) -> Result<Duration, Unmeasured> {
        let (connection, caller, realm) = (&self.connection, &mut self.bare, Realm::default());
        let fault = |error: rusqlite::Error| Unmeasured::at("the bare commit", &error);
        timed(|| {
            for _ in 0..commits {
                let (number, from) = caller.turn();
                let subject = subject(number)?;
                let run = |sql| connection.prepare_cached(sql)?.execute([]);
                run("begin immediate").map_err(fault)?;
                let mut statement = connection.prepare_cached(STATEMENT).map_err(fault)?;
                let rows = statement
                    .execute((realm.as_str(), subject.as_bytes(), from.cast_signed()))
                    .map_err(fault)?;
                if rows != 1 {
                    return Err(Unmeasured::because("the bare commit was refused"));
                }
                run("commit").map_err(fault)?;
            }
            Ok(())
        })
    }
}
