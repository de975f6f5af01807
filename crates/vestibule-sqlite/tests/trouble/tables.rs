//! Tables that are not as the migrations made them: each index and each constraint that is missing is found (FLT-X38), and
//! a key that is no longer unique opens nothing.

use rusqlite::Connection;
use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_sessions::SessionsRead;
use vestibule_sqlite::SchemaError;

use crate::acts::session;
use crate::amount::is_tried;
use crate::calls::realm;
use crate::cast::{ADA, BOB, Start, bob, deployment, settle};
use crate::ground::{Place, block_on, open};

fn is_changed(error: &StoreError) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref());
    error.kind() == StoreErrorKind::Schema && source == Some(&SchemaError::Changed)
}

/// Whatever constrains is taken away by itself, and put back.
pub(crate) fn every_constraint_that_is_missing_is_found() {
    let place = Place::new();
    let store = open(&place.name(), realm("default"));
    let own = Connection::open(place.path()).unwrap();
    own.execute_batch("pragma writable_schema = on").unwrap();
    let mut found = [0, 0];
    for (name, kind, sql) in objects(&own) {
        let without: Vec<String> = match kind.as_str() {
            "index" => {
                own.execute_batch(&format!("drop index {name}")).unwrap();
                assert!(store.check().is_err_and(|error| is_changed(&error)), "{name}");
                own.execute_batch(&sql).unwrap();
                found[0] += 1;
                Vec::new()
            }
            _ => weaker(&sql),
        };
        for weaker in without {
            found[1] += 1;
            if !is_tried(found[1], 4) {
                continue;
            }
            rewrite(&own, &name, &weaker);
            assert!(store.check().is_err_and(|error| is_changed(&error)), "{name}: {weaker}");
            rewrite(&own, &name, &sql);
        }
    }
    assert!(store.check().is_ok(), "all is as it was");
    assert!(found[0] >= 10 && found[1] >= 100, "{found:?}");
}

/// Name, kind and text of every table and index of ours.
fn objects(own: &Connection) -> Vec<(String, String, String)> {
    let mut statement = own
        .prepare(
            "select name, type, sql from sqlite_schema where name like 'vestibule_%' and sql is not null",
        )
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The text of a table without one of its constraints, each in turn.
fn weaker(sql: &str) -> Vec<String> {
    let without = |constraint: &str| {
        let at = sql.match_indices(constraint).map(|(at, _)| (at, end_of(sql, at, constraint)));
        // `is not null` within a check is no constraint of its own.
        at.filter(|(from, _)| !sql.split_at(*from).0.ends_with(" is"))
            .map(|(from, to)| format!("{}{}", sql.split_at(from).0, sql.split_at(to).1))
            .collect::<Vec<_>>()
    };
    [without(" not null"), without(" check ("), without(" strict,")].concat()
}

/// Behind the constraint that begins here; one in parentheses ends with the last of them.
fn end_of(sql: &str, from: usize, constraint: &str) -> usize {
    let mut depth = i32::from(constraint.ends_with('('));
    let mut at = from + constraint.len();
    for byte in sql.split_at(at).1.bytes() {
        if depth == 0 {
            break;
        }
        depth += i32::from(byte == b'(') - i32::from(byte == b')');
        at += 1;
    }
    at
}

fn rewrite(own: &Connection, table: &str, sql: &str) {
    own.execute("update sqlite_schema set sql = ?2 where type = 'table' and name = ?1", [table, sql])
        .unwrap();
    let version: i64 = own.query_row("pragma schema_version", [], |row| row.get(0)).unwrap();
    own.execute_batch(&format!("pragma schema_version = {}", version + 1)).unwrap();
}

/// A table of sessions that is told by no digest: its people are still one to a slot.
const LOOSE: &str = "
create table loose as select * from vestibule_session;
drop table vestibule_session;
alter table loose rename to vestibule_session;
create unique index vestibule_session_by_slot on vestibule_session (realm, subject, slot)";

/// With the key of sessions gone and two people under one digest, the token is nobody's.
pub(crate) fn a_key_that_is_no_longer_unique_opens_nothing() {
    let place = Place::new();
    let store = open(&place.name(), realm("default"));
    let vestibule = deployment(store.clone());
    block_on(settle(&vestibule, Start::Member));
    let who = block_on(session(&vestibule, BOB)).unwrap();
    let _ = block_on(session(&vestibule, ADA)).unwrap();
    let digest = block_on(store.sessions(bob())).unwrap()[0].digest;
    let own = Connection::open(place.path()).unwrap();
    own.execute_batch(LOOSE).unwrap();
    own.execute("update vestibule_session set digest = ?1", [digest.as_bytes().as_slice()]).unwrap();
    assert_eq!(block_on(store.session(digest)).unwrap_err().kind(), StoreErrorKind::Corrupt);
    let answer = block_on(vestibule.list_sessions(&who));
    assert!(answer.is_err_and(|failure| failure.refused().is_none()), "a fault, and no list");
    assert!(block_on(session(&vestibule, BOB)).is_ok(), "a new session is under a digest of its own");
    assert!(store.check().is_err_and(|error| is_changed(&error)));
}
