//! Every write and every question of every domain, as the statements that reach a database, compared with what is kept here.
//!
//! A statement that changed is a question: does a store that runs the old one beside the new still do right? If so,
//! `VESTIBULE_RENEW=1 cargo test -p vestibule-sql --test statements` writes the snapshots anew.

#![cfg(test)]

mod checkword;
mod credentials;
mod journal;
mod memory;
mod mfa;
mod profiles;
mod sessions;
mod throttle;
mod world;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use vestibule_core::{Batch, BatchId, Lower, Realm, Write};
use vestibule_sql::{BatchMemory, Expect, Plan, Query, Statement, Step, StepKind, Value, dialect};

use crate::world::NOW;

/// One sample at least of every variant of a write, under the variant's name. The list is also an exhaustive match: a new
/// variant does not compile before it has a sample here.
macro_rules! samples {
    ($write:ident: $($variant:ident = [$($sample:expr),+ $(,)?])+) => {{
        fn name(write: &$write) -> &'static str {
            match write { $($write::$variant { .. } => stringify!($variant)),+ }
        }
        let samples: Vec<(&'static str, $write)> = vec![$($((stringify!($variant), $sample)),+),+];
        for (listed, sample) in &samples {
            assert_eq!(name(sample), *listed, "a sample stands under another variant's name");
        }
        samples
    }};
}
pub(crate) use samples;

/// Compares with the snapshot of this name, or renews it.
fn compare(name: &str, found: &str) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/statements").join(name).with_extension("snap");
    if env::var_os("VESTIBULE_RENEW").is_some() {
        fs::write(&path, found).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(found.lines()).position(|(kept, found)| kept != found);
    let at = differs.unwrap_or_else(|| kept.lines().count().min(found.lines().count()));
    assert!(
        kept == found,
        "{} differs from line {}: it has\n  {}\nwhere the statements say\n  {}\nRenew it with VESTIBULE_RENEW=1.",
        path.display(),
        at + 1,
        kept.lines().nth(at).unwrap_or("(its end)"),
        found.lines().nth(at).unwrap_or("(their end)"),
    );
}

/// What a batch of one such write asks of a database.
fn written<W: Write + Lower<Plan>>(samples: Vec<(&'static str, W)>) -> String {
    let mut text = String::new();
    for (name, write) in samples {
        let batch = Batch::new(BatchId::from_bytes([0xba; 16]), NOW, vec![write]).unwrap();
        let plan = Plan::of(&Realm::default(), &batch).unwrap();
        writeln!(text, "## {name}: {:?} or refused\n", batch.writes()[0].guard()).unwrap();
        planned(&mut text, &plan);
    }
    text
}

fn planned(text: &mut String, plan: &Plan) {
    if let BatchMemory::OwnRow(insert) = plan.memory() {
        statement(text, "first, or it was applied before", insert, &dialect::postgres(insert.sql()));
    }
    for step in plan.steps() {
        statement(text, &judged(step), step.statement(), &step.postgres());
    }
    if let BatchMemory::InRows(questions) = plan.memory() {
        for question in questions {
            statement(text, "remembered", question, &dialect::postgres(question.sql()));
        }
    }
}

fn judged(step: &Step) -> String {
    let by_rows = match (step.kind(), step.expect()) {
        (StepKind::Execute, Expect::OneRow) => "changes one row",
        (StepKind::Execute, Expect::Any) => "changes any rows",
        (StepKind::Query, Expect::OneRow) => "answers one row",
        (StepKind::Query, Expect::Any) => "answers any rows",
    };
    let mut judged = by_rows.to_owned();
    let constraints = RefCell::new(Vec::new());
    step.refuses_by(|constraint| {
        constraints.borrow_mut().push(format!(", refused by {constraint:?}"));
        false
    });
    judged.extend(constraints.into_inner());
    judged
}

fn asked<T>(text: &mut String, name: &str, question: &Query<T>) {
    run(text, name, question.statement());
}

fn run(text: &mut String, name: &str, run: &Statement) {
    writeln!(text, "## {name}\n").unwrap();
    statement(text, "run", run, &dialect::postgres(run.sql()));
}

fn statement(text: &mut String, what: &str, statement: &Statement, postgres: &str) {
    writeln!(text, "{what}").unwrap();
    writeln!(text, "  sqlite    {}", on_one_line(statement.sql())).unwrap();
    writeln!(text, "  postgres  {}", on_one_line(postgres)).unwrap();
    for (place, param) in statement.params().iter().enumerate() {
        writeln!(text, "  {:<8}  {}", format!("?{}", place + 1), shown(param)).unwrap();
    }
    text.push('\n');
    placeholders_have_parameters(statement);
}

/// Whitespace says nothing to a database, and no quoted text of ours holds any.
fn on_one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Int(number) => format!("int {number}"),
        Value::Text(text) => format!("text {text:?}"),
        Value::Blob(bytes) => bytes.iter().fold("blob ".to_owned(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        }),
    }
}

/// Every parameter is used, and none is missing.
fn placeholders_have_parameters(statement: &Statement) {
    let highest = (1..=64).rev().find(|place| {
        let mark = format!("?{place}");
        let after = statement.sql().split(&mark).skip(1);
        after.into_iter().any(|after| !after.starts_with(|next: char| next.is_ascii_digit()))
    });
    assert_eq!(highest.unwrap_or(0), statement.params().len(), "{}", statement.sql());
}
