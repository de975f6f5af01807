//! Migrators that are killed half-way, and several at once, each a process of its own; and tables that are newer (FLT-X22
//! to FLT-X24).

use std::path::Path;

use rusqlite::Connection;
use vestibule_core::{Realm, Timestamp};
use vestibule_sqlite::{Domain, Migration, Options, Schema, SchemaError, SqliteStore};

use crate::process::{Other, hear, tell};

pub(crate) const PART: &str = "migrates";

const TABLE: Migration = Migration::new(1, "create table host_row (a integer not null) strict");
const SHORT: Migration = Migration::new(2, "insert into host_row values (1)");
/// It works without end at what the short one does, so that it is always killed amid it.
const ENDLESS: Migration = Migration::new(
    2,
    "with recursive n (a) as (select 1 union all select a + 1 from n) insert into host_row select a from n",
);

fn options(endless: bool) -> Options {
    const SHORTLY: &[Migration] = &[TABLE, SHORT];
    const ENDLESSLY: &[Migration] = &[TABLE, ENDLESS];
    let migrations = if endless { ENDLESSLY } else { SHORTLY };
    Options::new().schema(Schema::enabled().with(Domain::new("host", migrations)))
}

/// The part: migrates at a word, and says how many migrations it applied.
pub(crate) fn play(words: &[String]) {
    let [path, endless] = words else { panic!("{words:?}") };
    tell("ready");
    assert_eq!(hear().as_deref(), Some("go"));
    let migrated = SqliteStore::migrate(path, &options(endless == "true"), Timestamp::EPOCH).unwrap();
    tell(&migrated.applied.to_string());
}

fn start(path: &Path, endless: bool) -> Other {
    let mut other = Other::start(&[PART, path.to_str().unwrap(), &endless.to_string()]);
    assert_eq!(other.hear().as_deref(), Some("ready"));
    other
}

pub(crate) fn one_that_is_killed_has_done_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, whole) = (folder.path().join("people.db"), folder.path().join("whole.db"));
    let expected = SqliteStore::migrate(&whole, &options(false), Timestamp::EPOCH).unwrap();
    for round in 0..3 {
        let mut other = start(&path, true);
        other.tell("go");
        while !is_locked(&path) {
            std::thread::yield_now();
        }
        other.kill();
        let opened = SqliteStore::open(&path, Realm::default(), options(false));
        assert!(opened.is_err(), "round {round}: half of the tables are there");
    }
    let migrated = SqliteStore::migrate(&path, &options(false), Timestamp::EPOCH).unwrap();
    assert_eq!(migrated, expected, "as if nobody had been there before");
    SqliteStore::open(&path, Realm::default(), options(false)).unwrap().check().unwrap();
}

/// Somebody is amid a transaction that writes.
fn is_locked(path: &Path) -> bool {
    let Ok(own) = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE) else {
        return false;
    };
    own.busy_timeout(core::time::Duration::ZERO).unwrap();
    own.execute_batch("begin immediate; rollback").is_err()
}

pub(crate) fn of_several_at_once_one_does_the_work() {
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.db");
        let mut others: Vec<Other> = (0..4).map(|_| start(&path, false)).collect();
        others.iter_mut().for_each(|other| other.tell("go"));
        let mut applied: Vec<u32> =
            others.iter_mut().map(|other| other.hear().unwrap().parse().unwrap()).collect();
        others.into_iter().for_each(Other::end);
        applied.sort_unstable();
        assert_eq!(applied[..3], [0, 0, 0]);
        assert!(applied[3] > 2);
    }
}

pub(crate) fn tables_one_version_newer_are_left_alone() {
    let place = crate::ground::Place::new();
    let own = Connection::open(place.path()).unwrap();
    let domains = {
        let mut statement =
            own.prepare("select domain, max(number) from vestibule_migration group by domain").unwrap();
        let rows =
            statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>()
    };
    assert!(domains.len() >= 6);
    for (domain, newest) in domains {
        own.execute(
            "insert into vestibule_migration select domain, number + 1, checksum, applied_at
             from vestibule_migration where domain = ?1 and number = ?2",
            rusqlite::params![domain, newest],
        )
        .unwrap();
        let options = crate::ground::options();
        let opened = SqliteStore::open(place.path(), Realm::default(), options.clone()).map(drop);
        let migrated = SqliteStore::migrate(place.path(), &options, Timestamp::EPOCH).map(drop);
        for refused in [opened, migrated] {
            let error = refused.unwrap_err();
            let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref());
            assert_eq!(source, Some(&SchemaError::Newer), "{domain}");
        }
        own.execute(
            "delete from vestibule_migration where domain = ?1 and number > ?2",
            rusqlite::params![domain, newest],
        )
        .unwrap();
    }
    SqliteStore::open(place.path(), Realm::default(), crate::ground::options()).unwrap();
}
