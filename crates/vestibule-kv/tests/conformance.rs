//! The contract of stores on a map, every call within the limits: what a database of four methods owes is what the bridge
//! needs, no more.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use vestibule_conformance::{Harness, HarnessError, Yielding};
use vestibule_core::kv::MemoryKv;
use vestibule_core::{BatchId, Realm};
use vestibule_kv::{
    Action, Applied, Expect, Key, Kv, KvStore, Limited, MAX_BATCH_BYTES, MAX_OPS, Op, Record, check, migrate,
};

type Database = Limited<Yielding<Arc<MemoryKv>>>;

#[derive(Default)]
struct LimitedMemory {
    /// Of every case but the story.
    cases: Arc<Record>,
    /// Of the whole walkthrough.
    story: Arc<Record>,
}

struct Ground {
    kv: Arc<MemoryKv>,
    record: Arc<Record>,
}

impl Ground {
    fn database(&self) -> Database {
        Limited::recording(Yielding::new(Arc::clone(&self.kv)), Arc::clone(&self.record))
    }
}

impl Harness for LimitedMemory {
    type Store = KvStore<Database>;
    type Guard = Ground;

    fn name(&self) -> &'static str {
        "kv"
    }

    async fn fresh(&self, case: &str) -> Result<(Ground, Self::Store), HarnessError> {
        let record = Arc::clone(if case == "walkthrough" { &self.story } else { &self.cases });
        let ground = Ground { kv: Arc::default(), record };
        let _ = migrate(&ground.database()).await?;
        let store = self.reopen(&ground, &Realm::default()).await?;
        Ok((ground, store))
    }

    async fn reopen(&self, ground: &Ground, realm: &Realm) -> Result<Self::Store, HarnessError> {
        let database = ground.database();
        check(&database).await?;
        Ok(KvStore::new(database, realm.clone()))
    }

    fn has_raw_reader(&self) -> bool {
        true
    }

    async fn raw(&self, ground: &Ground) -> Result<Vec<Vec<u8>>, HarnessError> {
        let rows = ground.kv.dump().into_iter();
        Ok(rows.map(|(key, value)| [key.partition().as_bytes(), key.sort(), &value].concat()).collect())
    }

    fn has_schema(&self) -> bool {
        true
    }

    async fn make_newer(&self, ground: &Ground) -> Result<(), HarnessError> {
        // Whatever the row says now, a newer version says something else.
        let key = Key::single("vestibule.schema", &[]);
        let row = ground.kv.get(vec![key.clone()]).await?.remove(0).ok_or("there is no row of the schema")?;
        let value = row.value.iter().zip(0..).map(|(byte, place)| byte.saturating_add(u8::from(place > 0)));
        let value = value.collect();
        let op = Op { key, expect: Expect::Version(row.version), action: Action::Put(value) };
        match ground.kv.apply(BatchId::from_bytes([9; 16]), vec![op]).await? {
            Applied::All => Ok(()),
            Applied::Nothing => Err("the row of the schema moved".into()),
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

fn main() -> ExitCode {
    let harness = LimitedMemory::default();
    let records = [Arc::clone(&harness.cases), Arc::clone(&harness.story)];
    let code = vestibule_conformance::run(harness);
    match records.iter().find_map(|record| record.violated()) {
        None => code,
        Some(limit) => {
            let _ = writeln!(std::io::stderr(), "a limit was violated: {limit}");
            ExitCode::FAILURE
        }
    }
}
