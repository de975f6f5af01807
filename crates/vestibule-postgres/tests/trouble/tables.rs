//! Tables that are not as the migrations made them: each index and each constraint that is missing is found (FLT-X38), and
//! a key that is no longer unique opens nothing.

use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_postgres::SchemaError;
use vestibule_sessions::SessionsRead;

use crate::acts::session;
use crate::calls::realm;
use crate::cast::{ADA, BOB, Start, bob, deployment, settle};
use crate::ground::{Place, block_on, open};

fn is_changed(error: &StoreError) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref());
    error.kind() == StoreErrorKind::Schema && source == Some(&SchemaError::Changed)
}

/// What takes away an index, a constraint or a `not null`, and what puts it back, one per row.
const CHANGES: &str = "
select format('alter table %I drop constraint %I', relname, conname),
    format('alter table %I add constraint %I %s', relname, conname, pg_get_constraintdef(con.oid))
    from pg_constraint as con join pg_class on pg_class.oid = conrelid
    where relnamespace = $1::text::regnamespace and contype in ('c', 'u', 'p') and relname like 'vestibule\\_%'
union all
select format('drop index %I', indexname), indexdef from pg_indexes
    where schemaname = $1 and not exists (select 1 from pg_constraint where conname = indexname
        and connamespace = $1::text::regnamespace)
union all
(select distinct on (relname) format('alter table %I alter column %I drop not null', relname, attname),
    format('alter table %I alter column %I set not null', relname, attname)
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relnamespace = $1::text::regnamespace and relkind = 'r' and attnotnull and attnum > 0
    and not exists (select 1 from pg_index where indrelid = attrelid and indisprimary and attnum = any (indkey))
    and relname like 'vestibule\\_%')";

pub(crate) fn every_constraint_that_is_missing_is_found() {
    let place = Place::apart();
    let store = open(&place.name(), realm("default"));
    let own = place.own();
    let changes = block_on(own.query(CHANGES, &[&place.schema()])).unwrap();
    assert!(changes.len() > 80, "{}", changes.len());
    for change in changes {
        let (take, put): (&str, &str) = (change.get(0), change.get(1));
        // The ledger is read, and what it says compared; how it is kept is nobody's business.
        if take.contains("vestibule_migration") {
            continue;
        }
        block_on(own.batch_execute(take)).unwrap();
        assert!(block_on(store.check()).is_err_and(|error| is_changed(&error)), "{take}");
        block_on(own.batch_execute(put)).unwrap();
    }
    assert!(block_on(store.check()).is_ok(), "all is as it was");
}

/// With the index of sessions gone and two people under one digest, the token is nobody's.
pub(crate) fn a_key_that_is_no_longer_unique_opens_nothing() {
    let place = Place::apart();
    let store = open(&place.name(), realm("default"));
    let vestibule = deployment(store.clone());
    block_on(settle(&vestibule, Start::Member));
    let who = block_on(session(&vestibule, BOB)).unwrap();
    let _ = block_on(session(&vestibule, ADA)).unwrap();
    let digest = block_on(store.sessions(bob())).unwrap()[0].digest;
    let own = place.own();
    block_on(own.batch_execute("drop index vestibule_session_by_digest")).unwrap();
    let bytes = digest.as_bytes().as_slice();
    block_on(own.execute("update vestibule_session set digest = $1", &[&bytes])).unwrap();
    assert_eq!(block_on(store.session(digest)).unwrap_err().kind(), StoreErrorKind::Corrupt);
    let answer = block_on(vestibule.list_sessions(&who));
    assert!(answer.is_err_and(|failure| failure.refused().is_none()), "a fault, and no list");
    assert!(block_on(session(&vestibule, BOB)).is_ok(), "a new session is under a digest of its own");
    assert!(block_on(store.check()).is_err_and(|error| is_changed(&error)));
}
