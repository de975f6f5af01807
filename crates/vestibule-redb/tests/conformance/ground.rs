//! A file of its own for every case.

use std::fs;
use std::sync::Arc;

use redb::{ReadableDatabase, ReadableTable, TableDefinition};
use tempfile::TempDir;
use vestibule_conformance::{Harness, HarnessError, Yielding};
use vestibule_core::Realm;
use vestibule_core::kv::KvStore;
use vestibule_kv::{Limited, Record};
use vestibule_redb::{RedbKv, create};

pub(crate) struct Redb {
    record: Arc<Record>,
}

impl Redb {
    pub(crate) const fn new(record: Arc<Record>) -> Self {
        Self { record }
    }
}

/// One case's file, and the one handle on it that redb allows in a process.
pub(crate) struct Ground {
    kv: RedbKv,
    folder: TempDir,
}

impl Harness for Redb {
    // The threads of a race are let run between a read and the write that relies on it.
    type Store = KvStore<Limited<Yielding<RedbKv>>>;
    type Guard = Ground;

    fn name(&self) -> &'static str {
        "redb"
    }

    async fn fresh(&self, _case: &str) -> Result<(Ground, Self::Store), HarnessError> {
        let folder = tempfile::tempdir()?;
        let kv = create(folder.path().join("people.redb"), Realm::default())?.kv().clone();
        let ground = Ground { kv, folder };
        let store = self.reopen(&ground, &Realm::default()).await?;
        Ok((ground, store))
    }

    /// A store of its own over the same handle: redb opens a file once, and neither keeps anything of its own.
    async fn reopen(&self, ground: &Ground, realm: &Realm) -> Result<Self::Store, HarnessError> {
        let kv = Limited::recording(Yielding::new(ground.kv.clone()), Arc::clone(&self.record));
        Ok(KvStore::new(kv, realm.clone()))
    }

    fn has_raw_reader(&self) -> bool {
        true
    }

    async fn raw(&self, ground: &Ground) -> Result<Vec<Vec<u8>>, HarnessError> {
        const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("vestibule_rows");
        const COUNTERS: TableDefinition<'_, &[u8], i64> = TableDefinition::new("vestibule_counters");
        let transaction = ground.kv.database().begin_read()?;
        let mut all = Vec::new();
        for row in transaction.open_table(ROWS)?.iter()? {
            let (key, value) = row?;
            all.push([key.value(), value.value()].concat());
        }
        for row in transaction.open_table(COUNTERS)?.iter()? {
            let (key, value) = row?;
            all.push([key.value(), value.value().to_string().as_bytes()].concat());
        }
        Ok(all)
    }

    async fn files(&self, ground: &Ground) -> Result<Vec<Vec<u8>>, HarnessError> {
        let files = fs::read_dir(ground.folder.path())?.map(|file| fs::read(file?.path()));
        Ok(files.collect::<Result<_, _>>()?)
    }
}
