//! What the migrations make, noted beside each of them: `VESTIBULE_RENEW=1` writes it anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use vestibule_core::{Realm, Timestamp};
use vestibule_postgres::{Domain, Migration, PostgresStore, Schema};

use crate::ground::{Place, own, runtime};

const PARTS: &str = include_str!("../../src/parts.sql");

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")
}

/// The note that tells of this table: of the domain whose migrations make it, or the ledger's.
fn note_of(table: &str) -> PathBuf {
    let makes = |file: &Path| fs::read_to_string(file).unwrap().contains(&format!("create table {table} ("));
    let domains = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    for domain in domains.filter(|path| path.is_dir()) {
        let mut files = fs::read_dir(&domain).unwrap().map(|entry| entry.unwrap().path());
        if files.any(|file| makes(&file)) {
            return domain.join("makes.txt");
        }
    }
    assert_eq!(table, "vestibule_migration");
    folder().join("ledger.txt")
}

/// Exactly this is what opening compares with before it asks the server to make the tables.
#[test]
fn what_stands_beside_the_migrations_is_what_they_make() {
    let place = Place::new();
    let rows = runtime().block_on(async {
        drop(place.create().await);
        let namespace = format!("'{}'::regnamespace", place.0);
        own(&place).await.query(&PARTS.replace("{namespace}", &namespace), &[]).await.unwrap()
    });
    let mut notes: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for row in rows {
        let (table, part): (String, String) = (row.get(0), row.get(1));
        assert!(!part.contains('\n') && !table.contains(' '), "{table} {part}");
        notes.entry(note_of(&table)).or_default().push(format!("{table} {part}\n"));
    }
    assert!(notes.len() > 1);
    for (file, mut lines) in notes {
        lines.sort_unstable();
        let made = lines.concat();
        if std::env::var_os("VESTIBULE_RENEW").is_some() {
            fs::write(&file, made).unwrap();
        } else {
            assert_eq!(
                fs::read_to_string(&file).unwrap(),
                made,
                "{}: VESTIBULE_RENEW=1 renews it",
                file.display()
            );
        }
    }
}

/// A host's migrations have no such note: what they make is asked of the server, and a change is seen all the same.
#[test]
fn what_a_hosts_own_migrations_make_is_asked_of_the_server() {
    const HOSTS: Domain =
        Domain::new("host", &[Migration::new(1, "create table host_row (a bigint not null check (a > 0))")]);
    let place = Place::new();
    runtime().block_on(async {
        let schema = || Schema::enabled().with(HOSTS);
        let store = place.create_with(schema()).await;
        let fingerprint = store.check().await.unwrap();
        let options = place.options().schema(schema());
        let again = PostgresStore::migrate(&place.server(), &options, Timestamp::EPOCH).await.unwrap();
        assert_eq!((again.applied, again.fingerprint), (0, fingerprint));
        let change = "alter table host_row drop constraint host_row_a_check";
        own(&place).await.batch_execute(change).await.unwrap();
        assert!(store.check().await.is_err());
        let opened = PostgresStore::open(&place.server(), Realm::default(), options).await;
        assert!(opened.is_err());
    });
}
