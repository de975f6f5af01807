//! A file of its own for every case.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use redb::{ReadableDatabase, ReadableTable, TableDefinition};
use tempfile::TempDir;
use vestibule_conformance::{Harness, HarnessError, Yielding};
use vestibule_core::kv::{KvStore, RecordWriter};
use vestibule_core::{Realm, StoreError, Timestamp};
use vestibule_kv::{Limited, MAX_BATCH_BYTES, MAX_OPS, Record, maintain};
use vestibule_redb::{RedbKv, create, open};

#[derive(Default)]
pub(crate) struct Redb {
    /// Of every case but the story.
    pub(crate) cases: Arc<Record>,
    /// Of the whole walkthrough.
    pub(crate) story: Arc<Record>,
}

/// One case's file, and the one opening of it that redb allows at a time: handles share it while there are any, and the
/// next opens the file anew.
pub(crate) struct Ground {
    opened: Mutex<Weak<RedbKv>>,
    folder: TempDir,
    record: Arc<Record>,
}

impl Ground {
    fn path(&self) -> PathBuf {
        self.folder.path().join("people.redb")
    }

    fn kv(&self) -> Result<Arc<RedbKv>, StoreError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kv) = opened.upgrade() {
            return Ok(kv);
        }
        let kv = Arc::new(open(self.path(), Realm::default())?.kv().clone());
        *opened = Arc::downgrade(&kv);
        Ok(kv)
    }
}

impl Harness for Redb {
    // The threads of a race are let run between a read and the write that relies on it.
    type Store = KvStore<Limited<Yielding<Arc<RedbKv>>>>;
    type Guard = Ground;

    fn name(&self) -> &'static str {
        "redb"
    }

    async fn fresh(&self, case: &str) -> Result<(Ground, Self::Store), HarnessError> {
        let folder = tempfile::tempdir()?;
        drop(create(folder.path().join("people.redb"), Realm::default())?);
        let record = Arc::clone(if case == "walkthrough" { &self.story } else { &self.cases });
        let ground = Ground { opened: Mutex::default(), folder, record };
        let store = self.reopen(&ground, &Realm::default()).await?;
        Ok((ground, store))
    }

    async fn reopen(&self, ground: &Ground, realm: &Realm) -> Result<Self::Store, HarnessError> {
        let kv = Limited::recording(Yielding::new(ground.kv()?), Arc::clone(&ground.record));
        Ok(KvStore::new(kv, realm.clone()))
    }

    fn has_raw_reader(&self) -> bool {
        true
    }

    async fn raw(&self, ground: &Ground) -> Result<Vec<Vec<u8>>, HarnessError> {
        const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("vestibule_rows");
        const COUNTERS: TableDefinition<'_, &[u8], i64> = TableDefinition::new("vestibule_counters");
        let kv = ground.kv()?;
        let transaction = kv.database().begin_read()?;
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

    fn has_schema(&self) -> bool {
        true
    }

    async fn make_newer(&self, ground: &Ground) -> Result<(), HarnessError> {
        const META: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("vestibule_meta");
        let kv = ground.kv()?;
        let transaction = kv.database().begin_write()?;
        let newer = RecordWriter::new(1).u64(u64::MAX).finish();
        transaction.open_table(META)?.insert(&b"schema"[..], newer.as_slice())?;
        Ok(transaction.commit()?)
    }

    fn has_breakdown(&self) -> bool {
        true
    }

    async fn break_down(&self, ground: &Ground) -> Result<(), HarnessError> {
        Ok(fs::remove_file(ground.path())?)
    }

    fn has_maintenance(&self) -> bool {
        true
    }

    async fn maintain(&self, ground: &Ground, _: &Self::Store, now: Timestamp) -> Result<(), HarnessError> {
        let (kv, mut from) = (ground.kv()?, None);
        loop {
            from = maintain(&*kv, now, from, 7).await?.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    fn measures(&self) -> Vec<(String, u64)> {
        let of = |record: &Record| [record.largest().ops, record.largest().bytes];
        let [ops, bytes] = of(&self.story);
        let [all_ops, all_bytes] = of(&self.cases);
        let named = [
            (format!("operations of the largest batch of the whole walkthrough, of {MAX_OPS}"), ops),
            (format!("bytes of the largest batch of the whole walkthrough, of {MAX_BATCH_BYTES}"), bytes),
            ("operations of the largest batch of the other cases".to_owned(), all_ops),
            ("bytes of the largest batch of the other cases".to_owned(), all_bytes),
        ];
        named.into_iter().map(|(what, n)| (what, u64::try_from(n).unwrap_or(u64::MAX))).collect()
    }
}
