//! Is a session good? Ours against the same join on bare rusqlite; see the README.

#![expect(clippy::print_stdout, reason = "the figures are for standard output")]
#![expect(clippy::print_stderr, reason = "progress, and why there is no figure, is for standard error")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use vestibule_benches::Unmeasured;
use vestibule_benches::arguments::Numbers;
use vestibule_benches::deployment::{Deployment, block_on};
use vestibule_benches::process::timed;
use vestibule_benches::stats::Spread;
use vestibule_core::{Realm, SecretDigest};
use vestibule_sql::views;

const HELP: &str = "\
Is a session good? Ours (token read, digest, join, judged) against the same join on bare rusqlite, one thread.

Usage: session_check [--people N] [--checks N] [--rounds N]

  --people N   people with a session each (default 2000)
  --checks N   checks a round (default 20000)
  --rounds N   rounds, in each of which both take their turn (default 9)
";

fn main() -> ExitCode {
    let numbers = match Numbers::parse(HELP, &[("--people", 2000), ("--checks", 20_000), ("--rounds", 9)]) {
        Ok(Some(numbers)) => numbers,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("session_check: {error}");
            return ExitCode::from(2);
        }
    };
    let [people, checks, rounds] = [0, 1, 2].map(|at| numbers.at(at));
    match compare(people, checks, rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("session_check: not measured: {error}");
            ExitCode::from(2)
        }
    }
}

fn compare(people: usize, checks: usize, rounds: usize) -> Result<(), Unmeasured> {
    eprintln!("{people} people sign in");
    let deployment = Deployment::with_people(people)?;
    let (bare, untold) = (Bare::open(&deployment, true)?, Bare::open(&deployment, false)?);
    let (mut ratios, mut to_untold) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        let (ours, theirs) = if round % 2 == 0 {
            let theirs = timed(|| bare.check(checks));
            (timed(|| check(&deployment, checks)), theirs)
        } else {
            let ours = timed(|| check(&deployment, checks));
            (ours, timed(|| bare.check(checks)))
        };
        let few = checks.div_ceil(10);
        let each = |spent: Duration, checks: usize| spent.as_secs_f64() * 1e6 / checks as f64;
        let untold = each(timed(|| untold.check(few))?, few);
        let (ours, theirs) = (each(ours?, checks), each(theirs?, checks));
        println!(
            "round {round}: ours {ours:.2} us, bare join {theirs:.2} us, and {untold:.2} us on a connection as it comes"
        );
        ratios.push(theirs / ours);
        to_untold.push(untold / ours);
    }
    for (what, aim, ratios) in
        [("bare join", " (aim 0.9)", ratios), ("bare join on a connection as it comes", "", to_untold)]
    {
        let ratios = Spread::of(ratios).ok_or_else(|| Unmeasured::because("no round was run"))?;
        println!(
            "throughput, ours / {what}: {:.2} [{:.2}..{:.2}]{aim}",
            ratios.median, ratios.least, ratios.most
        );
    }
    Ok(())
}

fn check(deployment: &Deployment, checks: usize) -> Result<(), Unmeasured> {
    for token in deployment.tokens.iter().cycle().take(checks) {
        if black_box(block_on(deployment.vestibule.authenticate(token))).is_err() {
            return Err(Unmeasured::because("a session was not good"));
        }
    }
    Ok(())
}

struct Bare {
    connection: Connection,
    sql: &'static str,
    digests: Vec<[u8; 32]>,
}

impl Bare {
    /// `told`: that the planner is not to look at bound values, as ours are told. It then prepares the statement once.
    fn open(deployment: &Deployment, told: bool) -> Result<Self, Unmeasured> {
        let fault = |error: rusqlite::Error| Unmeasured::at("the bare connection", &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(deployment.file(), flags).map_err(fault)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, told).map_err(fault)?;
        let mut all = connection.prepare("select digest from vestibule_session").map_err(fault)?;
        let digests = all.query_map([], |row| row.get(0)).map_err(fault)?;
        let digests = digests.collect::<Result<Vec<[u8; 32]>, _>>().map_err(fault)?;
        drop(all);
        let question = views::session_view(&Realm::default(), SecretDigest::from_bytes([0; 32]));
        Ok(Self { connection, sql: question.statement().sql(), digests })
    }

    /// The same statement; every column of the answer is looked at.
    fn check(&self, checks: usize) -> Result<(), Unmeasured> {
        let fault = |error: rusqlite::Error| Unmeasured::at("the bare join", &error);
        for digest in self.digests.iter().cycle().take(checks) {
            let mut statement = self.connection.prepare_cached(self.sql).map_err(fault)?;
            let columns = statement.column_count();
            let mut rows = statement.query((Realm::default().as_str(), digest.as_slice())).map_err(fault)?;
            let row = rows.next().map_err(fault)?.ok_or_else(|| Unmeasured::because("no session"))?;
            for column in 0..columns {
                black_box(row.get_ref(column).map_err(fault)?);
            }
        }
        Ok(())
    }
}
