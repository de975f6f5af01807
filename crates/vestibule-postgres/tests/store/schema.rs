//! Making the tables, and noticing when they are not as they were made.

use std::error::Error;

use vestibule_core::{Realm, StoreError, StoreErrorKind, Timestamp};
use vestibule_postgres::{Options, PostgresStore, Schema, SchemaError};

use crate::ground::{Place, own, runtime};

fn why(error: &StoreError) -> Option<SchemaError> {
    assert_eq!(error.kind(), StoreErrorKind::Schema);
    error.source().and_then(|source| source.downcast_ref::<SchemaError>()).copied()
}

async fn open(place: &Place, options: Options) -> Result<PostgresStore, StoreError> {
    PostgresStore::open(&place.server(), Realm::default(), options).await
}

#[test]
fn opening_never_migrates_and_migrating_twice_does_nothing() {
    let place = Place::new();
    runtime().block_on(async {
        let error = open(&place, place.options()).await.unwrap_err();
        assert_eq!(why(&error), Some(SchemaError::Missing));
        let migrate = || {
            let (server, options) = (place.server(), place.options());
            async move { PostgresStore::migrate(&server, &options, Timestamp::EPOCH).await }
        };
        // Two at once: the second waits, and finds nothing to do (FLT-X24).
        let racer = tokio::spawn(migrate());
        let (one, other) = (migrate().await.unwrap(), racer.await.unwrap().unwrap());
        assert_eq!(one.fingerprint, other.fingerprint);
        assert_eq!(one.applied.min(other.applied), 0);
        assert!(one.applied.max(other.applied) > 0);
        assert_eq!(migrate().await.unwrap().applied, 0);
        assert_eq!(open(&place, place.options()).await.unwrap().check().await.unwrap(), one.fingerprint);
    });
}

#[test]
fn tables_that_were_changed_are_refused() {
    for change in [
        "drop index vestibule_session_by_digest",
        "alter table vestibule_password drop constraint vestibule_password_pkey",
        "alter table vestibule_password alter column hash set not null",
        "alter table vestibule_tries drop constraint vestibule_tries_check",
        "create unique index added on vestibule_password (realm)",
        "create rule none as on delete to vestibule_password do instead nothing",
        "alter table vestibule_event enable row level security",
        "drop table vestibule_window",
    ] {
        let place = Place::new();
        runtime().block_on(async {
            drop(place.create().await);
            own(&place).await.batch_execute(change).await.unwrap();
            let error = open(&place, place.options()).await.unwrap_err();
            assert_eq!(why(&error), Some(SchemaError::Changed), "{change}");
        });
    }
}

#[test]
fn a_newer_or_altered_ledger_is_refused() {
    for (change, expected) in [
        (
            "insert into vestibule_migration select domain, number + 9, checksum, 0 from vestibule_migration",
            SchemaError::Newer,
        ),
        ("update vestibule_migration set checksum = decode(repeat('00', 32), 'hex')", SchemaError::Altered),
        ("delete from vestibule_migration where domain = 'journal'", SchemaError::Outdated),
    ] {
        let place = Place::new();
        runtime().block_on(async {
            drop(place.create().await);
            own(&place).await.batch_execute(change).await.unwrap();
            assert_eq!(why(&open(&place, place.options()).await.unwrap_err()), Some(expected), "{change}");
        });
    }
}

#[test]
fn the_exported_script_makes_the_same_tables() {
    let (made, scripted) = (Place::new(), Place::new());
    runtime().block_on(async {
        let expected = made.create().await.check().await.unwrap();
        let client = own(&scripted).await;
        let script = PostgresStore::export_sql(&Schema::enabled());
        client.batch_execute(&format!("create schema {}; {script}", scripted.0)).await.unwrap();
        let store = open(&scripted, scripted.options()).await.unwrap();
        assert_eq!(store.check().await.unwrap(), expected);
    });
}

#[test]
fn a_pooler_that_lends_connections_for_one_transaction_is_enough() {
    let place = Place::new();
    runtime().block_on(async {
        drop(place.create().await);
        let store = open(&place, place.options().through_pooler()).await.unwrap();
        let batch = crate::passwords::first_passwords(1);
        let commit = || vestibule_core::Commit::commit(&store, &batch);
        assert_eq!(commit().await.unwrap(), vestibule_core::Landed::Applied);
        assert_eq!(commit().await.unwrap(), vestibule_core::Landed::AlreadyApplied);
        assert_eq!(crate::passwords::landed(&store, 1).await, crate::passwords::PEOPLE);
    });
}
