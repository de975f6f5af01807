//! A guarded commit, and the check of a session, against pgbench; see the README.

#![expect(clippy::print_stdout, reason = "the figures are for standard output")]
#![expect(clippy::print_stderr, reason = "progress, and why there is no figure, is for standard error")]

use core::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::Runtime;
use vestibule::Views;
use vestibule_benches::Unmeasured;
use vestibule_benches::arguments::Numbers;
use vestibule_benches::commits::Caller;
use vestibule_benches::crowd::load_postgres;
use vestibule_benches::postgres::{Pgbench, Server};
use vestibule_benches::process::timed;
use vestibule_benches::stats::Spread;
use vestibule_core::{Realm, SecretDigest};
use vestibule_postgres::{Options, PostgresStore};
use vestibule_sql::{dialect, views};

const HELP: &str = "\
A guarded commit of one row, and the check of a session, each against pgbench running the same prepared statement with as many
clients on the same server, which this program starts for itself.

Usage: commit_postgres [--commits N] [--clients N] [--rounds N]

  --commits N   commits, or checks, of a client in a round (default 4000)
  --clients N   clients at once (default 8)
  --rounds N    rounds, in each of which both take their turn (default 9)
";

/// Rows that a client has for itself.
const PEOPLE: u32 = 64;
/// How the digests of the sessions begin; a number of six digits follows, which is what pgbench can count with.
const DIGEST: &str = "a digest of thirty-two by ";
const FIRST_DIGEST: u32 = 100_000;
const SCHEMA: &str = "vestibule";
/// The first of pgbench's people: their ids are what it can count with, and as long as ours.
const FIRST: u64 = 1_000_000_000_000_000;

fn main() -> ExitCode {
    let numbers = match Numbers::parse(HELP, &[("--commits", 4000), ("--clients", 8), ("--rounds", 9)]) {
        Ok(Some(numbers)) => numbers,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("commit_postgres: {error}");
            return ExitCode::from(2);
        }
    };
    let [commits, clients, rounds] = [0, 1, 2].map(|at| numbers.at(at));
    // Every client goes through its people a whole number of times.
    let commits = commits.next_multiple_of(PEOPLE as usize);
    match measure(commits, clients, rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("commit_postgres: not measured: {error}");
            ExitCode::from(2)
        }
    }
}

fn measure(commits: usize, clients: usize, rounds: usize) -> Result<(), Unmeasured> {
    let fault = |error: std::io::Error| Unmeasured::at("a runtime", &error);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(fault)?;
    let server = Server::start()?;
    let mut ground = Ground::new(&server, &runtime, clients)?;
    for (commit, aim) in [("off", "0.8"), ("on", "0.9")] {
        let ratios = ground.commits(commit, commits, rounds)?;
        print("commits", &format!("synchronous_commit={commit}, {clients} clients"), ratios, aim);
    }
    let ratios = ground.sessions(commits, rounds)?;
    print("checks", &format!("sessions, {clients} clients"), ratios, "0.9");
    Ok(())
}

fn digest(number: u32) -> Result<SecretDigest, Unmeasured> {
    let digest: Result<[u8; 32], _> = format!("{DIGEST}{number}").into_bytes().try_into();
    digest.map(SecretDigest::from_bytes).map_err(|_| Unmeasured::because("a digest has another length"))
}

fn print(what: &str, how: &str, ratios: Spread, aim: &str) {
    println!(
        "{how}: {what} a second, ours / pgbench: {:.2} [{:.2}..{:.2}] (aim {aim})",
        ratios.median, ratios.least, ratios.most
    );
}

struct Ground<'a> {
    server: &'a Server,
    runtime: &'a Runtime,
    clients: usize,
    callers: Vec<Caller>,
    /// The epoch of every person of pgbench.
    epoch: usize,
    commit: Pgbench,
    session: Pgbench,
    digests: Vec<SecretDigest>,
}

impl<'a> Ground<'a> {
    fn new(server: &'a Server, runtime: &'a Runtime, clients: usize) -> Result<Self, Unmeasured> {
        let callers = u32::try_from(clients).map_err(|error| Unmeasured::at("so many clients", &error))?;
        let people = PEOPLE.saturating_mul(callers);
        eprintln!("{people} people move in");
        drop(runtime.block_on(load_postgres(&server.url(&[]), SCHEMA, people, clients))?);
        server.sql(&format!(
            "insert into {SCHEMA}.vestibule_profile
             select realm, convert_to(({FIRST} + number)::text, 'UTF8'), 0, null, null, 1, 0, 1, 0, 0
             from generate_series(0, {people} - 1) as number,
             (select distinct realm from {SCHEMA}.vestibule_profile) as realms"
        ))?;
        server.sql(&format!("vacuum analyze {SCHEMA}.vestibule_profile"))?;
        let realm = Realm::default();
        let commit = Pgbench::new(
            clients,
            &[format!(
                "\\set at :made % {PEOPLE}\n\\set from :epoch + :made / {PEOPLE}\n\\set made :made + 1\n\
                 \\set subject {FIRST} + :client_id * {PEOPLE} + :at\n\
                 update vestibule_profile set epoch = epoch + 1
                     where realm = :realm and subject = :subject and epoch = :from;\n"
            )],
        )?
        .variable("made", 0)
        .variable("realm", realm.as_str());
        server.sql(&format!(
            "update {SCHEMA}.vestibule_session as session set digest = convert_to('{DIGEST}' || number, 'UTF8')
             from (select subject, {FIRST_DIGEST} - 1 + row_number() over (order by subject) as number
             from {SCHEMA}.vestibule_session) as numbered where numbered.subject = session.subject"
        ))?;
        server.sql(&format!("vacuum analyze {SCHEMA}.vestibule_session"))?;
        let question = views::session_view(&realm, SecretDigest::from_bytes([0; 32]));
        let sql = dialect::postgres(question.statement().sql())
            .replace("$1", ":realm")
            .replace("$2", "convert_to(:digest::text || :number::text, 'UTF8')");
        let last = FIRST_DIGEST.saturating_add(people).saturating_sub(1);
        let session = Pgbench::new(
            clients,
            &[format!("\\set number random({FIRST_DIGEST}, {last})\n{};\n", sql.replace('\n', " "))],
        )?
        .variable("digest", DIGEST)
        .variable("realm", realm.as_str());
        let digests = (FIRST_DIGEST..=last).map(digest).collect::<Result<_, _>>()?;
        let callers = (0..callers).map(|number| Caller::new(number, PEOPLE)).collect();
        Ok(Self { server, runtime, clients, callers, epoch: 0, commit, session, digests })
    }

    fn commits(&mut self, synchronous: &str, commits: usize, rounds: usize) -> Result<Spread, Unmeasured> {
        let setting = format!("synchronous_commit={synchronous}");
        // One connection more than clients: it is kept for questions.
        let store = self.open(&self.server.url(&[&setting]), self.clients.saturating_add(1))?;
        let url = self.server.url(&[&setting, &format!("search_path={SCHEMA}")]);
        let before = self.ours(&store, PEOPLE as usize)?;
        eprintln!("warm after {before:?}");
        let mut ratios = Vec::with_capacity(rounds);
        for round in 1..=rounds {
            let (ours, theirs) = if round % 2 == 0 {
                let theirs = self.theirs(&url, commits)?;
                (self.ours(&store, commits)?, theirs)
            } else {
                let ours = self.ours(&store, commits)?;
                (ours, self.theirs(&url, commits)?)
            };
            ratios.push(self.compare(&format!("{setting}, round {round}"), ours, theirs, commits));
        }
        Spread::of(ratios).ok_or_else(|| Unmeasured::because("no round was run"))
    }

    fn sessions(&mut self, checks: usize, rounds: usize) -> Result<Spread, Unmeasured> {
        let store = self.open(&self.server.url(&[]), self.clients)?;
        let url = self.server.url(&[&format!("search_path={SCHEMA}")]);
        let _ = self.check(&store, PEOPLE as usize)?;
        let mut ratios = Vec::with_capacity(rounds);
        for round in 1..=rounds {
            let (ours, theirs) = if round % 2 == 0 {
                let theirs = self.session.run(&url, checks, &[])?;
                (self.check(&store, checks)?, theirs)
            } else {
                let ours = self.check(&store, checks)?;
                (ours, self.session.run(&url, checks, &[])?)
            };
            ratios.push(self.compare(&format!("sessions, round {round}"), ours, theirs, checks));
        }
        Spread::of(ratios).ok_or_else(|| Unmeasured::because("no round was run"))
    }

    fn compare(&self, round: &str, ours: Duration, theirs: f64, each: usize) -> f64 {
        let ours = each.saturating_mul(self.clients) as f64 / ours.as_secs_f64();
        println!("{round}: ours {ours:.0} a second, pgbench {theirs:.0}");
        ours / theirs
    }

    fn open(&self, url: &str, connections: usize) -> Result<PostgresStore, Unmeasured> {
        let fault = |error: vestibule_core::StoreError| Unmeasured::at("the store", &error);
        let server = vestibule_postgres::Server::parse(url).map_err(fault)?;
        let options = Options::new().schema_name(SCHEMA).connections(connections);
        self.runtime.block_on(PostgresStore::open(&server, Realm::default(), options)).map_err(fault)
    }

    fn ours(&mut self, store: &PostgresStore, commits: usize) -> Result<Duration, Unmeasured> {
        let callers = core::mem::take(&mut self.callers);
        let mut back = Vec::with_capacity(callers.len());
        let tasks = callers.into_iter().map(|mut caller| {
            let store = store.clone();
            async move { caller.commit(&store, commits).await.map(|()| caller) }
        });
        let spent = self.all(tasks, |caller| back.push(caller))?;
        self.callers = back;
        Ok(spent)
    }

    fn theirs(&mut self, url: &str, commits: usize) -> Result<f64, Unmeasured> {
        let epoch = ["-D".to_owned(), format!("epoch={}", self.epoch)];
        let tps = self.commit.run(url, commits, &epoch)?;
        self.epoch = self.epoch.saturating_add(commits / PEOPLE as usize);
        let off = self.server.sql(&format!(
            "select count(*) from {SCHEMA}.vestibule_profile where subject >= '{FIRST}' and epoch <> {}",
            self.epoch
        ))?;
        if off == "0" { Ok(tps) } else { Err(Unmeasured::because("a guard of pgbench did not hold")) }
    }

    fn check(&self, store: &PostgresStore, checks: usize) -> Result<Duration, Unmeasured> {
        let tasks = (0..self.clients).map(|client| {
            let (store, digests) = (store.clone(), self.digests.clone());
            async move {
                for &digest in
                    digests.iter().cycle().skip(client.saturating_mul(PEOPLE as usize)).take(checks)
                {
                    match store.session_view(digest).await {
                        Ok(Some(view)) if view.profile.is_some() => {}
                        Ok(_) => return Err(Unmeasured::because("a session was not good")),
                        Err(error) => return Err(Unmeasured::at("a session", &error)),
                    }
                }
                Ok(())
            }
        });
        self.all(tasks, |()| ())
    }

    /// Runs all of them at once.
    fn all<T: Send + 'static>(
        &self,
        tasks: impl Iterator<Item = impl Future<Output = Result<T, Unmeasured>> + Send + 'static>,
        mut done: impl FnMut(T),
    ) -> Result<Duration, Unmeasured> {
        timed(|| {
            self.runtime.block_on(async {
                let tasks: Vec<_> = tasks.map(tokio::spawn).collect();
                for task in tasks {
                    done(task.await.map_err(|error| Unmeasured::at("a client", &error))??);
                }
                Ok(())
            })
        })
    }
}
