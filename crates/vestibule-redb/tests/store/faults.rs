//! A disk that fails: what is said of it, and what is there afterwards.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;

use redb::backends::FileBackend;
use redb::{Database, StorageBackend};
use vestibule_core::kv::{Applied, Expect};
use vestibule_core::{Realm, StoreErrorKind};
use vestibule_redb::{RedbKv, open};

use crate::support::{apply, put, store, value};

/// A file whose writes, or whose syncs, fail from some moment on.
#[derive(Debug)]
struct Failing {
    file: FileBackend,
    write: Arc<Mutex<Option<io::ErrorKind>>>,
    sync: Arc<Mutex<Option<io::ErrorKind>>>,
}

fn pass(failing: &Mutex<Option<io::ErrorKind>>) -> io::Result<()> {
    failing.lock().unwrap().map_or(Ok(()), |kind| Err(kind.into()))
}

impl StorageBackend for Failing {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        pass(&self.sync)?;
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        pass(&self.write)?;
        self.file.write(offset, data)
    }
}

/// Puts one row, then two more while writes or syncs fail; the kind of the fault, and whether the two are there when the
/// file is opened again.
fn fail(path: &Path, write: Option<io::ErrorKind>, sync: Option<io::ErrorKind>) -> (StoreErrorKind, bool) {
    let (writes, syncs) = (Arc::default(), Arc::default());
    let file = File::options().read(true).write(true).open(path).unwrap();
    let file = FileBackend::new(file).unwrap();
    let backend = Failing { file, write: Arc::clone(&writes), sync: Arc::clone(&syncs) };
    let kv = RedbKv::over(Arc::new(Database::builder().create_with_backend(backend).unwrap())).unwrap();
    assert_eq!(apply(&kv, vec![put(1, Expect::Absent, b"before")]).unwrap(), Applied::All);

    *writes.lock().unwrap() = write;
    *syncs.lock().unwrap() = sync;
    let both = vec![put(2, Expect::Absent, b"half"), put(3, Expect::Absent, b"half")];
    let error = apply(&kv, both).unwrap_err();
    *writes.lock().unwrap() = None;
    *syncs.lock().unwrap() = None;
    let next = apply(&kv, vec![put(4, Expect::Absent, b"next")]).unwrap_err();
    assert_eq!(next.kind(), StoreErrorKind::Unavailable, "until it is opened again");
    drop(kv);

    let store = open(path, Realm::default()).unwrap();
    assert_eq!(value(store.kv(), 1).unwrap().unwrap().0, b"before");
    let landed = [2, 3].map(|number| value(store.kv(), number).unwrap().is_some());
    assert_eq!(landed[0], landed[1], "never half a batch");
    assert_eq!(value(store.kv(), 4).unwrap(), None);
    assert_eq!(apply(store.kv(), vec![put(5, Expect::Absent, b"after")]).unwrap(), Applied::All);
    (error.kind(), landed[0])
}

#[test]
fn a_full_disk_is_full_and_nothing_was_applied() {
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
        for (write, sync) in [(Some(kind), None), (None, Some(kind))] {
            let folder = tempfile::tempdir().unwrap();
            drop(store(&folder));
            let seen = fail(&folder.path().join("people.redb"), write, sync);
            assert_eq!(seen, (StoreErrorKind::Full, false), "FLT-X17");
        }
    }
}

#[test]
fn a_disk_that_fails_in_the_commit_leaves_it_unknown() {
    for (write, sync) in [(Some(io::ErrorKind::Other), None), (None, Some(io::ErrorKind::Other))] {
        let folder = tempfile::tempdir().unwrap();
        drop(store(&folder));
        let (kind, _) = fail(&folder.path().join("people.redb"), write, sync);
        assert_eq!(kind, StoreErrorKind::OutcomeUnknown, "FLT-X18");
    }
}
