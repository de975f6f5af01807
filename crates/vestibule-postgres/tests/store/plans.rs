//! How every statement finds its rows on a server that has counted them: kept as a file, and no table is read through.

#[path = "../../../vestibule-sql/tests/support/statements.rs"]
mod statements;

use std::fmt::Write as _;
use std::path::Path;

use statements::Found;
use tokio_postgres::{Client, SimpleQueryMessage};
use vestibule_sql::dialect;

use crate::ground::{Place, own, runtime};

/// The release whose words are kept: another one's plans are judged, and not compared word by word.
const KEPT: u32 = 15;

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

/// Of which statements the server does not guess the types, which the store tells it.
const NOT_GUESSED: [(&str, &str); 2] = [
    ("update vestibule_factor_tries set taken", "(text, bytea, bigint, bigint, bigint, bytea)"),
    ("update vestibule_tries set taken", "(text, bytea, bytea, bigint, bigint, bigint, bytea)"),
];

/// What is asked here is whether an index serves, not at which size it begins to pay.
const SETTINGS: &str = "
    set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_bitmapscan = off; set enable_hashjoin = off;
    set enable_mergejoin = off; set enable_memoize = off; set jit = off; set max_parallel_workers_per_gather = 0";

/// The statement as the store sends it.
fn sent(found: &Found) -> String {
    dialect::postgres(&found.sql) + if found.requires { " for share" } else { "" }
}

async fn said(client: &Client, sql: &str) -> Vec<String> {
    let messages = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{error:?}: {sql}"));
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    rows.collect()
}

/// The plan for any parameters. Only how many rows a list or housekeeping may have is known to the server: for any number it
/// would plan for a tenth of the table.
async fn plan(client: &Client, found: &Found) -> Vec<String> {
    let sql = sent(found);
    let sql = (1..9).fold(sql, |sql, number| sql.replace(&format!("limit ${number}"), "limit 50"));
    let types = NOT_GUESSED.iter().find(|(begins, _)| sql.starts_with(begins)).map_or("", |(_, types)| types);
    let prepared = client.batch_execute(&format!("prepare planned {types} as {sql}")).await;
    prepared.unwrap_or_else(|error| panic!("{error:?}: {sql}"));
    let parameters = (1..).take_while(|number| sql.contains(&format!("${number}"))).map(|_| "null");
    let parameters = parameters.collect::<Vec<_>>().join(", ");
    let parameters = if parameters.is_empty() { parameters } else { format!("({parameters})") };
    let plan = said(client, &format!("explain (costs off) execute planned{parameters}")).await;
    client.batch_execute("deallocate planned").await.unwrap();
    plan
}

/// The plans, and the server's release.
fn plans() -> (Vec<(Found, Vec<String>)>, u32) {
    let place = Place::new();
    runtime().block_on(async {
        drop(place.create().await);
        let client = own(&place).await;
        client.batch_execute(include_str!("plans/rows.sql")).await.unwrap();
        client.batch_execute(SETTINGS).await.unwrap();
        let number: u32 = said(&client, "show server_version_num").await[0].parse().unwrap();
        let mut plans = Vec::new();
        for found in statements::all(env!("CARGO_MANIFEST_DIR")) {
            let plan = plan(&client, &found).await;
            plans.push((found, plan));
        }
        (plans, number / 10_000)
    })
}

/// After a change that is meant: `VESTIBULE_RENEW=1 cargo test -p vestibule-postgres --test store plans`, and look at the
/// difference.
#[test]
fn every_statement_is_planned_as_it_was_and_no_table_or_realm_is_read_through() {
    let (plans, release) = plans();
    assert!(plans.len() > 60, "only {} statements were found", plans.len());
    let mut shown = String::new();
    let mut file = String::new();
    for (found, plan) in &plans {
        if found.file != file {
            file.clone_from(&found.file);
            writeln!(shown, "# {file}\n").unwrap();
        }
        writeln!(shown, "{}", sent(found)).unwrap();
        plan.iter().for_each(|step| writeln!(shown, "    {step}").unwrap());
        shown.push('\n');
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/plans.txt");
    if std::env::var_os("VESTIBULE_RENEW").is_some() {
        std::fs::write(&path, &shown).unwrap();
    }
    for (found, plan) in &plans {
        let allowed = THROUGH_A_REALM.iter().any(|(sql, _)| *sql == found.sql);
        assert_eq!(reads_through(plan), allowed, "{plan:#?}: {}", found.sql);
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    for (line, (kept, shown)) in kept.lines().zip(shown.lines()).enumerate() {
        assert!(release != KEPT || shown == kept, "line {} of {}: {shown}", line + 1, path.display());
    }
    assert!(release != KEPT || shown.lines().count() == kept.lines().count(), "{}", path.display());
}

/// A search by the realm alone is a scan of everybody: each key goes on behind it. And no list is sorted.
fn reads_through(plan: &[String]) -> bool {
    let scans =
        plan.iter().filter(|step| step.contains("Index Scan") || step.contains("Index Only Scan")).count();
    let keyed: Vec<_> =
        plan.iter().filter_map(|step| step.trim_start().strip_prefix("Index Cond: ")).collect();
    let by_realm_alone = keyed.iter().any(|cond| !cond.contains(" AND "));
    plan.iter().any(|step| step.contains("Seq Scan") || step.contains("Sort"))
        || by_realm_alone
        || keyed.len() < scans
}
