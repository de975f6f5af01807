//! A host gets the tables of the domains whose features it turns on, and no others: read from the script, which needs no
//! server. The gate runs this with each domain alone.

#![cfg(test)]

#[path = "../../vestibule-sql/tests/tables/enabled.rs"]
mod enabled;

use vestibule_postgres::{PostgresStore, Schema};

#[test]
fn the_exported_script_makes_the_tables_of_the_enabled_domains_and_no_others() {
    let script = PostgresStore::export_sql(&Schema::enabled());
    let made = script.lines().filter_map(|line| line.strip_prefix("create table "));
    let mut made: Vec<&str> =
        made.map(|table| table.trim_start_matches("if not exists ").trim_end_matches(" (")).collect();
    made.sort_unstable();
    assert_eq!(made, enabled::tables());
}
