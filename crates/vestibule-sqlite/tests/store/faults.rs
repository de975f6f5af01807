//! Disk full, locked, replaced, deleted, read-only, corrupt: named faults, nothing lost (FLT-X17 to FLT-X20, FLT-X37).

use std::fs;
use std::time::Duration;

use rusqlite::Connection;
use vestibule_core::{Commit, Landed, Realm, StoreErrorKind};
use vestibule_sqlite::SqliteStore;

use crate::support::{TestWrite::*, batch, block_on, commit, dump, options, poll_once, store, sum};

fn kind(store: &SqliteStore, id: u64) -> StoreErrorKind {
    block_on(store.commit(&batch(id, vec![Count { key: 1, by: 1 }]))).unwrap_err().kind()
}

#[test]
fn a_full_disk_refuses_writes_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    drop(store(&folder));
    let path = folder.path().join("people.db");
    let own = Connection::open(&path).unwrap();
    own.execute_batch("create table ballast (bytes blob); insert into ballast values (zeroblob(200000))")
        .unwrap();
    let pages: u32 = own.query_row("pragma page_count", [], |row| row.get(0)).unwrap();
    let store = SqliteStore::open(&path, Realm::default(), options().at_most_pages(pages)).unwrap();
    // One row at a time until there is no room; each answer is either applied or full.
    let mut landed = 0;
    let full = (0..5_000).find_map(|id| {
        let both = batch(id, vec![Count { key: 1, by: 1 }, Count { key: 2, by: 1 }]);
        match block_on(store.commit(&both)) {
            Ok(answer) => {
                assert_eq!(answer, Landed::Applied);
                landed += 1;
                None
            }
            Err(error) => Some((error.kind(), both)),
        }
    });
    let (kind, left) = full.expect("the room was endless");
    assert_eq!(kind, StoreErrorKind::Full);
    assert_eq!(
        (sum(&store, 1), sum(&store, 2)),
        (landed, landed),
        "reads go on, and nothing was half written"
    );

    own.execute_batch("delete from ballast").unwrap();
    assert_eq!(commit(&store, &left), Landed::Applied, "with room again, no repair is needed");
}

#[test]
fn who_needs_no_room_is_not_refused_with_who_does() {
    let folder = tempfile::tempdir().unwrap();
    drop(store(&folder));
    let path = folder.path().join("people.db");
    let own = Connection::open(&path).unwrap();
    own.execute_batch("insert into test_counter values ('default', 1, 0)").unwrap();
    // A trigger of the test stands for a batch that needs far more room than there is.
    let pages: u32 = own.query_row("pragma page_count", [], |row| row.get(0)).unwrap();
    let store = SqliteStore::open(&path, Realm::default(), options().at_most_pages(pages)).unwrap();
    own.execute_batch(
        "create table ballast (bytes blob);
         create trigger greedy after insert on test_token begin insert into ballast values (zeroblob(900000)); end",
    )
    .unwrap();
    own.execute_batch("begin immediate").unwrap();
    let small = |id| batch(id, vec![Count { key: 1, by: 1 }]);
    let batches = [small(1), batch(2, vec![Add { key: 1 }]), small(3)];
    let mut commits: Vec<_> = batches.iter().map(|batch| Box::pin(store.commit(batch))).collect();
    for commit in &mut commits {
        assert!(poll_once(commit.as_mut()).is_pending());
    }
    own.execute_batch("rollback").unwrap();
    let answers: Vec<_> =
        commits.into_iter().map(|commit| block_on(commit).map_err(|error| error.kind())).collect();
    assert_eq!(answers, [Ok(Landed::Applied), Err(StoreErrorKind::Full), Ok(Landed::Applied)]);
    assert_eq!(sum(&store, 1), 2);
}

#[test]
fn a_locked_file_is_contended_and_free_again_later() {
    let folder = tempfile::tempdir().unwrap();
    drop(store(&folder));
    let path = folder.path().join("people.db");
    let patience = options().busy_timeout(Duration::from_millis(20));
    let store = SqliteStore::open(&path, Realm::default(), patience).unwrap();
    let own = Connection::open(&path).unwrap();
    own.execute_batch("begin immediate").unwrap();
    assert_eq!(kind(&store, 1), StoreErrorKind::Contended);
    assert_eq!(sum(&store, 1), 0, "reads do not wait for writers");
    own.execute_batch("rollback").unwrap();
    assert_eq!(commit(&store, &batch(1, vec![Count { key: 1, by: 1 }])), Landed::Applied);
}

#[test]
fn a_deleted_file_is_unavailable_and_is_not_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let path = folder.path().join("people.db");
    fs::remove_file(&path).unwrap();
    assert_eq!(kind(&store, 1), StoreErrorKind::Unavailable);
    assert_eq!(kind(&store, 2), StoreErrorKind::Unavailable, "also the second time");
    assert!(store.check().is_err_and(|error| error.kind() == StoreErrorKind::Unavailable));
    assert!(!path.exists());
}

#[test]
fn a_replaced_file_is_unavailable_until_the_right_one_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    assert_eq!(commit(&store, &batch(1, vec![Count { key: 1, by: 1 }])), Landed::Applied);
    let (path, away) = (folder.path().join("people.db"), folder.path().join("away.db"));
    fs::rename(&path, &away).unwrap();
    fs::copy(&away, &path).unwrap();
    assert_eq!(kind(&store, 2), StoreErrorKind::Unavailable);
    let read = store.query_one(&crate::support::counter(store.realm(), 1)).unwrap_err();
    assert_eq!(read.kind(), StoreErrorKind::Unavailable);
    fs::rename(&away, &path).unwrap();
    assert_eq!(commit(&store, &batch(2, vec![Count { key: 1, by: 1 }])), Landed::Applied);
    assert_eq!(sum(&store, 1), 2);
}

#[test]
fn opening_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["absent.db", ":memory:", "file:absent.db?mode=memory", "absent/absent.db"] {
        let path = folder.path().join(name);
        let error = SqliteStore::open(&path, Realm::default(), options()).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{name}");
        assert!(!path.exists(), "{name}");
    }
    assert_eq!(
        SqliteStore::open(":memory:", Realm::default(), options()).unwrap_err().kind(),
        StoreErrorKind::Unavailable
    );
}

#[test]
fn a_file_that_is_no_database_is_corrupt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    fs::write(&path, [b'x'; 8192]).unwrap();
    let error = SqliteStore::open(&path, Realm::default(), options()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    assert_eq!(fs::read(&path).unwrap(), [b'x'; 8192], "it was left as it is");
}

#[cfg(unix)]
#[test]
fn a_read_only_file_is_read_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let first = store(&folder);
    assert_eq!(commit(&first, &batch(1, vec![Count { key: 1, by: 1 }])), Landed::Applied);
    drop(first);
    let path = folder.path().join("people.db");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    if fs::OpenOptions::new().write(true).open(&path).is_ok() {
        return as_nobody("faults::a_read_only_file_is_read_only");
    }
    match SqliteStore::open(&path, Realm::default(), options()) {
        Ok(store) => {
            assert_eq!(kind(&store, 2), StoreErrorKind::ReadOnly);
            assert_eq!(sum(&store, 1), 1);
        }
        Err(error) => assert_eq!(error.kind(), StoreErrorKind::ReadOnly),
    }
}

/// The superuser writes everywhere: the test is run by somebody who does not.
#[cfg(unix)]
fn as_nobody(test: &str) {
    use std::os::unix::process::CommandExt;
    const DROPPED: &str = "VESTIBULE_TEST_AS_NOBODY";
    assert!(std::env::var_os(DROPPED).is_none(), "nobody writes everywhere, too");
    // Its path may lead through folders that nobody enters; a link to the file itself does not.
    let own = std::path::Path::new("/proc/self/exe");
    let own = if own.exists() { own.to_owned() } else { std::env::current_exe().unwrap() };
    let mut child = std::process::Command::new(own);
    child.args(["--exact", test]).env(DROPPED, "1").env_remove("TMPDIR").current_dir("/");
    let ran = child.uid(65534).gid(65534).output().expect("the superuser may become nobody");
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && told.contains("test result: ok. 1 passed"), "{told}");
}

#[test]
fn a_corrupt_row_is_a_fault_for_who_reads_it_only() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    assert_eq!(
        commit(&store, &batch(1, vec![Count { key: 1, by: 1 }, Count { key: 2, by: 1 }])),
        Landed::Applied
    );
    let rows = |key: i64| {
        vestibule_sql::Query::new(
            "select case key when 1 then x'00' else sum end from test_counter where key = ?1",
            [key.into()],
            |row| row.int("sum"),
        )
    };
    assert_eq!(store.query_one(&rows(1)).unwrap_err().kind(), StoreErrorKind::Corrupt);
    assert_eq!(store.query_one(&rows(2)).unwrap(), Some(1));
    assert!(!dump(&store).is_empty(), "the store goes on");
}

#[test]
fn readers_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let sly =
        vestibule_sql::Query::new("delete from vestibule_migration returning number", [], |row| row.int("n"));
    assert_eq!(store.query(&sly).unwrap_err().kind(), StoreErrorKind::ReadOnly);
}
