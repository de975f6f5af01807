//! Explicit migrations, all or nothing; nothing is opened that is not exactly known (FLT-X22 to FLT-X24, FLT-X38).

use std::path::Path;
use std::sync::Barrier;
use std::thread;

use rusqlite::Connection;
use vestibule_core::{Realm, StoreError, StoreErrorKind, Timestamp};
use vestibule_sqlite::{Domain, Migration, Options, Schema, SchemaError, SqliteStore};

use crate::support::{DOMAIN, options, store};

/// How many migrations the enabled domains have.
const OURS: u32 = 1
    + 2 * cfg!(feature = "checkword") as u32
    + cfg!(feature = "credentials") as u32
    + cfg!(feature = "journal") as u32
    + cfg!(feature = "mfa") as u32
    + 3 * cfg!(feature = "profiles") as u32
    + 3 * cfg!(feature = "sessions") as u32
    + cfg!(feature = "throttle") as u32;
const FIRST: Migration = Migration::new(1, "create table host_row (a integer not null) strict");
const SECOND: Migration =
    Migration::new(2, "alter table host_row add column b text; create index host_b on host_row (b)");
const BROKEN: Migration =
    Migration::new(2, "alter table host_row add column b text; create index i on absent (b)");

fn with(migrations: &'static [Migration]) -> Options {
    Options::new().schema(Schema::enabled().with(Domain::new("host", migrations)))
}

fn migrate(path: &Path, options: &Options) -> Result<u32, StoreError> {
    SqliteStore::migrate(path, options, Timestamp::EPOCH).map(|migrated| migrated.applied)
}

fn open(path: &Path, options: &Options) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, Realm::default(), options.clone())
}

fn schema_error(result: Result<impl Sized, StoreError>) -> SchemaError {
    let error = result.err().expect("it was accepted");
    assert_eq!(error.kind(), StoreErrorKind::Schema);
    *std::error::Error::source(&error).unwrap().downcast_ref().unwrap()
}

#[test]
fn migrating_twice_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    let options = with(&[FIRST, SECOND]);
    assert_eq!(migrate(&path, &options).unwrap(), OURS + 2);
    assert_eq!(migrate(&path, &options).unwrap(), 0);
    let now = SqliteStore::migrate(&path, &options, Timestamp::EPOCH).unwrap().fingerprint;
    assert_eq!(open(&path, &options).unwrap().check().unwrap(), now);
}

#[test]
fn in_steps_or_at_once_the_tables_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (steps, once) = (folder.path().join("steps.db"), folder.path().join("once.db"));
    assert_eq!(migrate(&steps, &with(&[FIRST])).unwrap(), OURS + 1);
    assert_eq!(schema_error(open(&steps, &with(&[FIRST, SECOND]))), SchemaError::Outdated);
    assert_eq!(migrate(&steps, &with(&[FIRST, SECOND])).unwrap(), 1);
    assert_eq!(migrate(&once, &with(&[FIRST, SECOND])).unwrap(), OURS + 2);
    let print = |path: &Path| open(path, &with(&[FIRST, SECOND])).unwrap().check().unwrap();
    assert_eq!(print(&steps), print(&once));
}

#[test]
fn a_migration_that_fails_half_way_leaves_the_old_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    assert_eq!(migrate(&path, &with(&[FIRST])).unwrap(), OURS + 1);
    assert!(migrate(&path, &with(&[FIRST, BROKEN])).is_err());
    let _whole = open(&path, &with(&[FIRST])).unwrap();
    assert_eq!(migrate(&path, &with(&[FIRST, SECOND])).unwrap(), 1, "and the right one still applies");
}

#[test]
fn of_migrators_at_once_one_does_the_work() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.db");
        let start = Barrier::new(4);
        let mut applied: Vec<u32> = thread::scope(|scope| {
            let migrators: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        migrate(&path, &with(&[FIRST, SECOND])).unwrap()
                    })
                })
                .collect();
            migrators.into_iter().map(|migrator| migrator.join().unwrap()).collect()
        });
        applied.sort_unstable();
        assert_eq!(applied, [0, 0, 0, OURS + 2]);
    }
}

#[test]
fn newer_tables_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    migrate(&path, &with(&[FIRST, SECOND])).unwrap();
    assert_eq!(schema_error(open(&path, &with(&[FIRST]))), SchemaError::Newer);
    assert_eq!(schema_error(migrate(&path, &with(&[FIRST]))), SchemaError::Newer);
}

#[test]
fn another_migration_under_a_known_number_is_refused() {
    const OTHER: Migration = Migration::new(1, "create table host_row (a text not null) strict");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    migrate(&path, &with(&[FIRST])).unwrap();
    assert_eq!(schema_error(open(&path, &with(&[OTHER]))), SchemaError::Altered);
    assert_eq!(schema_error(migrate(&path, &with(&[OTHER, SECOND]))), SchemaError::Altered);
}

#[test]
fn a_file_that_was_never_migrated_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("host.db");
    Connection::open(&path).unwrap().execute_batch("create table invoice (number integer)").unwrap();
    assert_eq!(schema_error(open(&path, &options())), SchemaError::Missing);
}

#[test]
fn tables_that_were_tampered_with_are_refused() {
    for tampering in [
        "drop index test_token_seat",
        "create trigger sly after update on test_token begin delete from test_counter; end",
        "create unique index one_realm on test_counter (realm)",
        "alter table vestibule_batch add column note text",
        "drop table test_counter",
    ] {
        let folder = tempfile::tempdir().unwrap();
        drop(store(&folder));
        let path = folder.path().join("people.db");
        Connection::open(&path).unwrap().execute_batch(tampering).unwrap();
        assert_eq!(schema_error(open(&path, &options())), SchemaError::Changed, "{tampering}");
        assert_eq!(schema_error(migrate(&path, &options())), SchemaError::Changed, "{tampering}");
    }
}

#[test]
fn a_hosts_own_tables_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    drop(store(&folder));
    let path = folder.path().join("people.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("create table invoice (number integer); create index by_number on invoice (number)")
        .unwrap();
    let _store = open(&path, &options()).unwrap();
}

#[test]
fn the_exported_script_makes_the_same_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    let script = SqliteStore::export_sql(&Schema::enabled().with(DOMAIN));
    Connection::open(&path).unwrap().execute_batch(&script).unwrap();
    let _store = open(&path, &options()).unwrap();
    assert_eq!(migrate(&path, &options()).unwrap(), 0);
}

#[test]
fn misnumbered_migrations_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    assert_eq!(schema_error(migrate(&path, &with(&[SECOND]))), SchemaError::Misnumbered);
    let twice = Options::new().schema(Schema::enabled().with(DOMAIN).with(DOMAIN));
    assert_eq!(schema_error(migrate(&path, &twice)), SchemaError::Misnumbered);
}

#[cfg(unix)]
#[test]
fn a_new_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let _store = store(&folder);
    let mode = std::fs::metadata(folder.path().join("people.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Sessions of before rest by their tokens afterwards, each as it was.
#[cfg(feature = "sessions")]
#[test]
fn sessions_of_the_form_before_are_kept_whole() {
    const BEFORE: [&str; 2] = [
        include_str!("../../migrations/sessions/0001_init.sql"),
        include_str!("../../migrations/sessions/0002_remembered.sql"),
    ];
    const COLUMNS: &str = "realm, subject, slot, handle, digest, profile_epoch, password_generation, evidence, created_at, \
                           last_used_at, idle, ends_at, admissions, label, version, set_by";
    let connection = Connection::open_in_memory().unwrap();
    BEFORE.iter().for_each(|sql| connection.execute_batch(sql).unwrap());
    // No value stands twice in a row, so that none can change places with another unseen.
    for row in 0..300_u32 {
        let bytes =
            |length: usize, column: u8| [vec![column; length - 4], row.to_be_bytes().to_vec()].concat();
        let number = |column: u32| i64::from(1000 * row + column);
        connection
            .execute(
                &format!(
                    "insert into vestibule_session ({COLUMNS})
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
                ),
                rusqlite::params![
                    if row % 3 == 0 { "default" } else { "other" },
                    bytes(16, 2),
                    row % 7,
                    bytes(16, 4),
                    // In another order than the rows.
                    bytes(32, u8::try_from(row * 89 % 251).unwrap()),
                    number(6),
                    (row % 5 != 0).then(|| number(7)),
                    bytes(9, 8),
                    number(9),
                    number(10),
                    number(11),
                    number(12),
                    bytes(9, 13),
                    format!("label {row}"),
                    number(15),
                    bytes(16, 16),
                ],
            )
            .unwrap();
    }
    let all = || {
        let sql = format!("select {COLUMNS} from vestibule_session order by realm, subject, slot");
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| (0..16).map(|at| row.get(at)).collect()).unwrap();
        rows.collect::<Result<Vec<Vec<rusqlite::types::Value>>, _>>().unwrap()
    };
    let before = all();
    assert_eq!(before.len(), 300);
    connection.execute_batch(include_str!("../../migrations/sessions/0003_by_token.sql")).unwrap();
    assert_eq!(all(), before);
}
