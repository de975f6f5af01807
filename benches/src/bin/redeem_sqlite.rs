//! A link is made and redeemed, without the hash: ours against the same statements on bare rusqlite; see the README.

#![expect(clippy::print_stdout, reason = "the figures are for standard output")]
#![expect(clippy::print_stderr, reason = "progress, and why there is no figure, is for standard error")]

use std::process::ExitCode;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::Null;
use rusqlite::{Connection, ToSql};
use vestibule::AnyWrite;
use vestibule_benches::Unmeasured;
use vestibule_benches::arguments::Numbers;
use vestibule_benches::crowd::{load_sqlite, subject};
use vestibule_benches::deployment::block_on;
use vestibule_benches::process::timed;
use vestibule_benches::redeemed::redeemed;
use vestibule_benches::stats::Spread;
use vestibule_core::{Batch, Commit, Landed, Realm};
use vestibule_credentials::{CredentialsRead, Password};
use vestibule_sql::{Plan, Value};
use vestibule_sqlite::{Options, SqliteStore};

const HELP: &str = "\
A link is made and redeemed, without the hash: ours against the same statements on bare rusqlite.

Usage: redeem_sqlite [--people N] [--rounds N]

  --people N   people in a round, each with a link of their own (default 50: a disk is not the same for long)
  --rounds N   rounds, in each of which both take their turn (default 41)
";

fn main() -> ExitCode {
    let numbers = match Numbers::parse(HELP, &[("--people", 50), ("--rounds", 41)]) {
        Ok(Some(numbers)) => numbers,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("redeem_sqlite: {error}");
            return ExitCode::from(2);
        }
    };
    match compare(numbers.at(0), numbers.at(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("redeem_sqlite: not measured: {error}");
            ExitCode::from(2)
        }
    }
}

fn compare(people: usize, rounds: usize) -> Result<(), Unmeasured> {
    eprintln!("{rounds} rounds of {people} people");
    let people = u32::try_from(people).map_err(|error| Unmeasured::at("so many people", &error))?;
    let folder = tempfile::tempdir().map_err(|error| Unmeasured::at("the ground", &error))?;
    let load = |file: &str| load_sqlite(&folder.path().join(file), people, Options::new());
    let store = load("ours.db")?;
    let passwords = passwords(&store, people)?;
    drop(load("bare.db")?);
    let bare = Connection::open(folder.path().join("bare.db"))
        .and_then(|connection| {
            connection.pragma_update(None, "synchronous", "full")?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            connection.set_prepared_statement_cache_capacity(64);
            Ok(connection)
        })
        .map_err(|error| Unmeasured::at("the bare connection", &error))?;
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let round = u64::try_from(round).map_err(|error| Unmeasured::at("so many rounds", &error))?;
        let batches = passwords.iter().zip(0..).map(|(password, number)| redeemed(number, password, round));
        let batches = batches.collect::<Result<Vec<_>, _>>()?.concat();
        // What stands in the statements is made beforehand for the bare connection, and in the measured time for ours.
        let plans = batches.iter().map(|batch| Plan::of(&Realm::default(), batch));
        let plans: Vec<Plan> =
            plans.collect::<Result<_, _>>().map_err(|error| Unmeasured::at("a plan", &error))?;
        let by_us = || timed(|| batches.iter().try_for_each(|batch| block_on(commit(&store, batch))));
        let by_them = || timed(|| plans.iter().try_for_each(|plan| run(&bare, plan)));
        let (one, other) = if round % 2 == 0 {
            let one = by_us()?;
            (one, by_them()?)
        } else {
            let other = by_them()?;
            (by_us()?, other)
        };
        let each = |spent: Duration| spent.as_secs_f64() * 1e6 / f64::from(people.max(1));
        ours.push(each(one));
        theirs.push(each(other));
        ratios.push(each(other) / each(one));
    }
    for (who, times) in [("ours", ours), ("bare rusqlite", theirs)] {
        let times = Spread::of(times).ok_or_else(|| Unmeasured::because("no round was run"))?;
        println!("{who}: {:.1} us to make a link and redeem it", times.median);
    }
    let ratios = Spread::of(ratios).ok_or_else(|| Unmeasured::because("no round was run"))?;
    println!(
        "links a second, ours / bare rusqlite: {:.2} [{:.2}..{:.2}] (aim 0.9)",
        ratios.median, ratios.least, ratios.most
    );
    Ok(())
}

fn passwords(store: &SqliteStore, people: u32) -> Result<Vec<Password>, Unmeasured> {
    let one = |number| {
        let read = block_on(store.password(subject(number)?));
        let read = read.map_err(|error| Unmeasured::at("a password", &error))?;
        read.ok_or_else(|| Unmeasured::because("somebody has no password"))
    };
    (0..people).map(one).collect()
}

async fn commit(store: &SqliteStore, batch: &Batch<AnyWrite>) -> Result<(), Unmeasured> {
    match store.commit(batch).await {
        Ok(Landed::Applied) => Ok(()),
        Ok(landed) => Err(Unmeasured::because(format!("a commit was not applied: {landed:?}"))),
        Err(error) => Err(Unmeasured::at("a commit", &error)),
    }
}

fn run(bare: &Connection, plan: &Plan) -> Result<(), Unmeasured> {
    let fault = |error: rusqlite::Error| Unmeasured::at("the bare commit", &error);
    let run = |sql: &str| bare.prepare_cached(sql)?.execute([]);
    run("begin immediate").map_err(fault)?;
    for step in plan.steps() {
        let statement = step.statement();
        let mut prepared = bare.prepare_cached(statement.sql()).map_err(fault)?;
        prepared.execute(rusqlite::params_from_iter(statement.params().iter().map(bound))).map_err(fault)?;
    }
    run("commit").map_err(fault)?;
    Ok(())
}

fn bound(value: &Value) -> &dyn ToSql {
    match value {
        Value::Null => &Null,
        Value::Int(number) => number,
        Value::Text(text) => text,
        Value::Blob(bytes) => bytes,
    }
}
