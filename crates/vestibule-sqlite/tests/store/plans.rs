//! How every statement finds its rows: kept as a file, and no table is read through.

#[path = "../../../vestibule-sql/tests/support/statements.rs"]
mod statements;

use std::fmt::Write as _;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, StatementStatus};
use statements::Found;

use crate::compare::create;

/// What is allowed to look at every row of a realm, and why.
const THROUGH_A_REALM: [(&str, &str); 4] = [
    ("select subject from vestibule_profile limit 1", "it stops at the first, of whatever realm"),
    (
        "select count(*) from vestibule_case where realm = ?1",
        "cases are capped, and it is asked every ten seconds",
    ),
    (
        "delete from vestibule_case where (realm, reference, key) in \
         (select realm, reference, key from vestibule_case where realm = ?1 order by last_at \
         limit (select case when count(*) <= ?2 then 0 when count(*) - ?2 < ?3 then count(*) - ?2 else ?3 end \
         from vestibule_case where realm = ?1))",
        "housekeeping, over what is capped",
    ),
    (
        "update vestibule_checkword set sealed = null, version = version + 1 where (realm, holder, \
         purpose) in (select realm, holder, purpose from vestibule_checkword where realm = ?1 and sealed \
         is not null and issued_at + (expires_at - issued_at) / (2 - is_code) < ?2 order by issued_at limit ?3) and \
         sealed is not null and issued_at + (expires_at - issued_at) / (2 - is_code) < ?2",
        "housekeeping, over the words that may still be sent again",
    ),
];

fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("explain query plan {sql}")).unwrap();
    let nothing = rusqlite::params_from_iter(vec![rusqlite::types::Null; statement.parameter_count()]);
    let steps = statement.query_map(nothing, |row| row.get::<_, String>(3)).unwrap();
    // How subqueries are numbered is the affair of the release.
    steps
        .map(|step| {
            step.unwrap().trim_end_matches(|char: char| char.is_ascii_digit() || char == ' ').to_owned()
        })
        .collect()
}

/// All but the one that is for databases in which a query can change rows.
fn statements() -> Vec<Found> {
    let all = statements::all(env!("CARGO_MANIFEST_DIR"));
    all.into_iter().filter(|found| found.file != "throttle/at_once.rs").collect()
}

fn plans() -> Vec<(Found, Vec<String>)> {
    let folder = tempfile::tempdir().unwrap();
    drop(create(&folder));
    let connection = Connection::open(folder.path().join("people.db")).unwrap();
    statements()
        .into_iter()
        .map(|found| (plan(&connection, &found.sql), found))
        .map(|(plan, found)| (found, plan))
        .collect()
}

/// After a change that is meant: `VESTIBULE_RENEW=1 cargo test -p vestibule-sqlite --test store plans`, and look at the
/// difference. How plans are worded is the affair of a release of SQLite, so they are kept for one; that no statement reads too
/// much is looked at with every release, in the next test.
#[test]
fn every_statement_is_planned_as_it_was() {
    let mut shown = format!("SQLite {}\n\n", rusqlite::version());
    let mut file = String::new();
    for (found, plan) in plans() {
        if found.file != file {
            file.clone_from(&found.file);
            writeln!(shown, "# {file}\n").unwrap();
        }
        writeln!(shown, "{}", found.sql).unwrap();
        plan.iter().for_each(|step| writeln!(shown, "    {step}").unwrap());
        shown.push('\n');
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/plans.txt");
    if std::env::var_os("VESTIBULE_RENEW").is_some() {
        std::fs::write(&path, &shown).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    let release = |plans: &str| plans.lines().next().map(str::to_owned);
    if release(&kept) != release(&shown) {
        eprintln!("not compared: {} holds the plans of {:?}", path.display(), release(&kept));
        return;
    }
    for (line, (kept, shown)) in kept.lines().zip(shown.lines()).enumerate() {
        assert_eq!(shown, kept, "line {} of {}", line + 1, path.display());
    }
    assert_eq!(shown.lines().count(), kept.lines().count(), "{}", path.display());
}

/// A search by the realm alone is a scan of everybody: each key goes on behind it.
#[test]
fn no_statement_reads_a_table_or_a_realm_through() {
    let plans = plans();
    assert!(plans.len() > 60, "only {} statements were found", plans.len());
    for (found, plan) in plans {
        let through = plan.iter().any(|step| {
            (step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW")
                || step.ends_with("(realm=?)")
                || step.contains("USE TEMP B-TREE")
                || step.contains("AUTOMATIC")
        });
        let allowed = THROUGH_A_REALM.iter().any(|(sql, _)| *sql == found.sql);
        assert_eq!(through, allowed, "{plan:?}: {}", found.sql);
    }
}

/// How many statements are prepared anew for other values. They are run on no rows at all, so that none changes anything.
fn prepared_anew(path: &Path, one_plan: bool) -> usize {
    let connection = Connection::open(path).unwrap();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, one_plan).unwrap();
    let found = statements();
    let anew = |sql: &str| {
        let mut statement = connection.prepare(sql).unwrap();
        for value in 1..=3 {
            let values = rusqlite::params_from_iter(vec![value; statement.parameter_count()]);
            statement.query(values).unwrap().next().unwrap();
        }
        statement.get_status(StatementStatus::RePrepare) > 0
    };
    found.iter().filter(|found| !found.sql.starts_with("insert") && anew(&found.sql)).count()
}

#[test]
fn told_to_keep_to_one_plan_sqlite_prepares_nothing_anew_for_another_value() {
    let folder = tempfile::tempdir().unwrap();
    drop(create(&folder));
    let path = folder.path().join("people.db");
    assert_eq!(prepared_anew(&path, true), 0);
    assert!(prepared_anew(&path, false) > 0, "there is nothing left to tell it");
}
