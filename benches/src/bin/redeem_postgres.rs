//! A link is made and redeemed, without the hash: ours against pgbench; see the README.

#![expect(clippy::print_stdout, reason = "the figures are for standard output")]
#![expect(clippy::print_stderr, reason = "progress, and why there is no figure, is for standard error")]

use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::Runtime;
use vestibule::AnyWrite;
use vestibule_benches::Unmeasured;
use vestibule_benches::arguments::Numbers;
use vestibule_benches::crowd::{load_postgres, subject};
use vestibule_benches::postgres::{Pgbench, Server};
use vestibule_benches::process::timed;
use vestibule_benches::redeemed::redeemed;
use vestibule_benches::stats::Spread;
use vestibule_core::{Batch, Commit, Landed, Realm};
use vestibule_credentials::{CredentialsRead, Password};
use vestibule_postgres::{Options, PostgresStore};
use vestibule_sql::{Plan, Value, dialect};

const HELP: &str = "\
A link is made and redeemed with a new password, without the hash: two commits of ours against pgbench running the same prepared
statements in two transactions, each in one round trip, with as many clients on the same server, which this program starts for
itself.

Usage: redeem_postgres [--redemptions N] [--clients N] [--rounds N]

  --redemptions N   redemptions of a client in a round (default 1000)
  --clients N       clients at once (default 8)
  --rounds N        rounds, in each of which both take their turn (default 9)
";

/// People that a client has for itself.
const PEOPLE: u32 = 50;
const SCHEMA: &str = "vestibule";
/// The first of pgbench's people: their ids are what it can count with, and as long as ours.
const FIRST: u64 = 1_000_000_000_000_000;
/// A round that gives numbers which nothing else in the statements has: each is then known for what it counts.
const MARKED: u64 = 700_000_007;

fn main() -> ExitCode {
    let numbers = match Numbers::parse(HELP, &[("--redemptions", 1000), ("--clients", 8), ("--rounds", 9)]) {
        Ok(Some(numbers)) => numbers,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("redeem_postgres: {error}");
            return ExitCode::from(2);
        }
    };
    let [redemptions, clients, rounds] = [0, 1, 2].map(|at| numbers.at(at));
    // Every client goes through its people a whole number of times.
    match measure(redemptions.next_multiple_of(PEOPLE as usize), clients, rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("redeem_postgres: not measured: {error}");
            ExitCode::from(2)
        }
    }
}

fn measure(redemptions: usize, clients: usize, rounds: usize) -> Result<(), Unmeasured> {
    let fault = |error: std::io::Error| Unmeasured::at("a runtime", &error);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(fault)?;
    let server = Server::start()?;
    let mut ground = Ground::new(&server, &runtime, clients)?;
    for synchronous in ["off", "on"] {
        let ratios = ground.compare(synchronous, redemptions, rounds)?;
        println!(
            "synchronous_commit={synchronous}, {clients} clients: links made and redeemed a second, ours / pgbench: {:.2} \
             [{:.2}..{:.2}] (aim 0.8)",
            ratios.median, ratios.least, ratios.most
        );
    }
    Ok(())
}

struct Ground<'a> {
    server: &'a Server,
    runtime: &'a Runtime,
    clients: u32,
    /// Everybody's password before the first round.
    passwords: Vec<Password>,
    /// The next round of everybody of ours, and of pgbench.
    ours: u64,
    theirs: u64,
    pgbench: Pgbench,
}

impl<'a> Ground<'a> {
    fn new(server: &'a Server, runtime: &'a Runtime, clients: usize) -> Result<Self, Unmeasured> {
        let clients = u32::try_from(clients).map_err(|error| Unmeasured::at("so many clients", &error))?;
        let people = PEOPLE.saturating_mul(clients);
        eprintln!("{people} people move in");
        let store = runtime.block_on(load_postgres(&server.url(&[]), SCHEMA, people, clients as usize))?;
        let passwords = runtime.block_on(passwords(&store, people))?;
        // Whoever has redeemed once has every row, and what comes next changes rows only.
        runtime.block_on(each_round(&store, &passwords, 0, 0))?;
        let template = passwords.first().ok_or_else(|| Unmeasured::because("nobody is there"))?;
        let pgbench = Pgbench::new(clients as usize, &[script(template)?])?.variable("made", 0);
        let ground = Self { server, runtime, clients, passwords, ours: 1, theirs: 1, pgbench };
        ground.move_in(people)?;
        Ok(ground)
    }

    /// People of pgbench's own, with the rows of ours under ids that it can count with.
    fn move_in(&self, people: u32) -> Result<(), Unmeasured> {
        let tables = [
            ("vestibule_profile", "subject"),
            ("vestibule_password", "subject"),
            ("vestibule_tries", "subject"),
            ("vestibule_checkword", "holder"),
        ];
        for (table, id) in tables {
            self.server.sql(&format!(
                "create temp table theirs as select * from {SCHEMA}.{table};
                 update theirs set {id} = numbered.new from
                     (select {id} as old, convert_to(({FIRST} - 1 + row_number() over (order by {id}))::text, 'UTF8') as new
                      from (select distinct {id} from theirs) as everybody) as numbered
                     where {id} = numbered.old;
                 insert into {SCHEMA}.{table} select * from theirs"
            ))?;
            self.server.sql(&format!("vacuum analyze {SCHEMA}.{table}"))?;
        }
        let moved = self.server.sql(&format!(
            "select count(*) from {SCHEMA}.vestibule_checkword where holder between '{FIRST}' and '{}'",
            FIRST.saturating_add(u64::from(people)).saturating_sub(1)
        ))?;
        if moved == people.to_string() {
            Ok(())
        } else {
            Err(Unmeasured::because(format!("{moved} of {people} moved in")))
        }
    }

    fn compare(
        &mut self,
        synchronous: &str,
        redemptions: usize,
        rounds: usize,
    ) -> Result<Spread, Unmeasured> {
        let setting = format!("synchronous_commit={synchronous}");
        let fault = |error: vestibule_core::StoreError| Unmeasured::at("the store", &error);
        let server = vestibule_postgres::Server::parse(&self.server.url(&[&setting])).map_err(fault)?;
        // One connection more than clients: it is kept for questions.
        let connections = (self.clients as usize).saturating_add(1);
        let options = Options::new().schema_name(SCHEMA).connections(connections);
        let store =
            self.runtime.block_on(PostgresStore::open(&server, Realm::default(), options)).map_err(fault)?;
        let url = self.server.url(&[&setting, &format!("search_path={SCHEMA}")]);
        let each = redemptions / PEOPLE as usize;
        eprintln!("warm after {:?}", self.by_us(&store, 1)?);
        let mut ratios = Vec::with_capacity(rounds);
        for round in 1..=rounds {
            let (ours, theirs) = if round % 2 == 0 {
                let theirs = self.by_them(&url, redemptions)?;
                (self.by_us(&store, each)?, theirs)
            } else {
                let ours = self.by_us(&store, each)?;
                (ours, self.by_them(&url, redemptions)?)
            };
            let ours = redemptions.saturating_mul(self.clients as usize) as f64 / ours.as_secs_f64();
            println!("{setting}, round {round}: ours {ours:.0} a second, pgbench {theirs:.0}");
            ratios.push(ours / theirs);
        }
        Spread::of(ratios).ok_or_else(|| Unmeasured::because("no round was run"))
    }

    /// Every client redeems so many links of each of its people.
    fn by_us(&mut self, store: &PostgresStore, each: usize) -> Result<Duration, Unmeasured> {
        let first = self.ours;
        let rounds = first..first.saturating_add(each as u64);
        self.ours = rounds.end;
        timed(|| {
            self.runtime.block_on(async {
                let clients: Vec<_> = self
                    .passwords
                    .chunks(PEOPLE as usize)
                    .zip((0_u32..).step_by(PEOPLE as usize))
                    .map(|(own, from)| {
                        let (store, own, rounds) = (store.clone(), own.to_vec(), rounds.clone());
                        tokio::spawn(async move {
                            for round in rounds {
                                each_round(&store, &own, from, round).await?;
                            }
                            Ok::<_, Unmeasured>(())
                        })
                    })
                    .collect();
                for client in clients {
                    client.await.map_err(|error| Unmeasured::at("a client", &error))??;
                }
                Ok(())
            })
        })
    }

    fn by_them(&mut self, url: &str, redemptions: usize) -> Result<f64, Unmeasured> {
        let from = ["-D".to_owned(), format!("first={}", self.theirs)];
        let tps = self.pgbench.run(url, redemptions, &from)?;
        self.theirs = self.theirs.saturating_add((redemptions / PEOPLE as usize) as u64);
        // Its guards say nothing: what they let through is looked at.
        let (people, landed) = (PEOPLE.saturating_mul(self.clients), self.theirs);
        let right = self.server.sql(&format!(
            "select count(*) from {SCHEMA}.vestibule_checkword as word
             join {SCHEMA}.vestibule_profile as profile on profile.realm = word.realm and profile.subject = word.holder
             join {SCHEMA}.vestibule_password as password on password.realm = word.realm and password.subject = word.holder
             where holder between '{FIRST}' and '{}' and word.generation = {landed} and word.state = 3
                 and profile.epoch = {landed} and password.version = {landed} + 1",
            FIRST.saturating_add(u64::from(people)).saturating_sub(1)
        ))?;
        if right == people.to_string() {
            Ok(tps)
        } else {
            Err(Unmeasured::because("a guard of pgbench did not hold"))
        }
    }
}

async fn passwords(store: &PostgresStore, people: u32) -> Result<Vec<Password>, Unmeasured> {
    let mut all = Vec::new();
    for number in 0..people {
        let read =
            store.password(subject(number)?).await.map_err(|error| Unmeasured::at("a password", &error))?;
        all.push(read.ok_or_else(|| Unmeasured::because("somebody has no password"))?);
    }
    Ok(all)
}

/// Each of these people redeems a link.
async fn each_round(
    store: &PostgresStore,
    own: &[Password],
    from: u32,
    round: u64,
) -> Result<(), Unmeasured> {
    for (password, number) in own.iter().zip(from..) {
        for batch in &redeemed(number, password, round)? {
            commit(store, batch).await?;
        }
    }
    Ok(())
}

async fn commit(store: &PostgresStore, batch: &Batch<AnyWrite>) -> Result<(), Unmeasured> {
    match store.commit(batch).await {
        Ok(Landed::Applied) => Ok(()),
        Ok(landed) => Err(Unmeasured::because(format!("a commit was not applied: {landed:?}"))),
        Err(error) => Err(Unmeasured::at("a commit", &error)),
    }
}

/// The same two batches as pgbench runs them: what differs from person to person and from round to round is counted by it.
fn script(template: &Password) -> Result<String, Unmeasured> {
    let mut script = format!(
        "\\set at :made % {PEOPLE}\n\\set round :first + :made / {PEOPLE}\n\\set made :made + 1\n\
         \\set subject {FIRST} + :client_id * {PEOPLE} + :at\n\\set next :round + 1\n\\set after :round + 2\n\
         \\set version 2 * :round\n\\set newer 2 * :round + 1\n"
    );
    for batch in redeemed(0, template, MARKED)? {
        let plan = Plan::of(&Realm::default(), &batch).map_err(|error| Unmeasured::at("a plan", &error))?;
        script.push_str("\\startpipeline\nbegin;\n");
        for step in plan.steps() {
            let statement = step.statement();
            let mut sql = dialect::postgres(statement.sql()).replace('\n', " ");
            for (at, value) in statement.params().iter().enumerate().rev() {
                sql = sql.replace(&format!("${}", at + 1), &counted(value)?);
            }
            script.push_str(&sql);
            script.push_str(";\n");
        }
        script.push_str("commit;\n\\endpipeline\n");
    }
    Ok(script)
}

/// How pgbench writes this value: by what it counts, or as it stands.
fn counted(value: &Value) -> Result<String, Unmeasured> {
    let marks = [
        (MARKED, ":round"),
        (MARKED + 1, ":next"),
        (MARKED + 2, ":after"),
        (2 * MARKED, ":version"),
        (2 * MARKED + 1, ":newer"),
    ];
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::Int(number) => {
            let mark = marks.iter().find(|(mark, _)| i64::try_from(*mark) == Ok(*number));
            mark.map_or_else(|| number.to_string(), |(_, counts)| (*counts).to_owned())
        }
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Blob(bytes) if bytes.as_slice() == subject(0)?.as_bytes() => ":subject".to_owned(),
        // A digest, which nobody else has at the time: ten letters, sixteen digits and six.
        Value::Blob(bytes) if bytes.len() == 32 => {
            "convert_to('of a link ' || :subject::text || (100000 + :round)::text, 'UTF8')".to_owned()
        }
        Value::Blob(bytes) if bytes.len() == 16 => ":subject".to_owned(), // the id of a batch
        Value::Blob(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("'\\x{hex}'::bytea")
        }
    })
}
