//! The store beside the in-memory reference: every batch is answered alike.

use std::collections::BTreeMap;
use std::fmt::Debug;

use tempfile::TempDir;
use vestibule_core::{
    Batch, BatchId, Commit, Landed, Lower, MemoryStore, Realm, StoreError, StoreErrorKind, Timestamp, Write,
};
use vestibule_sql::Plan;
use vestibule_sqlite::{Options, SqliteStore, Synchronous};

use crate::support::block_on;

/// How often each write landed, was remembered by its row, and was refused; by its name.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<String, [usize; 3]>);

impl Tally {
    fn note<W: Write>(&mut self, batch: &Batch<W>, landed: Landed<W::Guard>) {
        match (landed, batch.writes()) {
            (Landed::Applied, writes) => writes.iter().for_each(|write| self.count(write, 0)),
            (Landed::AlreadyApplied, [write]) => self.count(write, 1),
            (Landed::AlreadyApplied, _) => {}
            (Landed::Refused { position, .. }, writes) => self.count(&writes[position], 2),
        }
    }

    fn count(&mut self, write: &impl Debug, outcome: usize) {
        self.0.entry(name(write)).or_default()[outcome] += 1;
    }

    fn has_remembered(&self, write: &impl Debug) -> bool {
        self.0.get(&name(write)).is_some_and(|counts| counts[1] > 0)
    }

    /// A comparison says something about a write only if it met every answer that the write has.
    pub(crate) fn require(&self, landed: &[&str], remembered: &[&str], refused: &[&str]) {
        self.has_met(landed, remembered, refused).unwrap_or_else(|name| panic!("{name} in {self:?}"));
    }

    /// The same as a question; the error is the first write that did not.
    pub(crate) fn has_met<'a>(
        &self,
        landed: &[&'a str],
        remembered: &[&'a str],
        refused: &[&'a str],
    ) -> Result<(), &'a str> {
        for (outcome, names) in [landed, remembered, refused].into_iter().enumerate() {
            let is_met = |name: &str| self.0.get(name).is_some_and(|counts| counts[outcome] > 0);
            if let Some(name) = names.iter().find(|name| !is_met(name)) {
                return Err(name);
            }
        }
        Ok(())
    }
}

fn name(write: &impl Debug) -> String {
    let shown = format!("{write:?}");
    shown.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
}

/// Both stores, and every batch that was sent.
pub(crate) struct Pair<W> {
    pub(crate) sqlite: SqliteStore,
    pub(crate) reference: MemoryStore,
    sent: BTreeMap<u8, Batch<W>>,
    _folder: TempDir,
}

impl<W: Write + Lower<Plan>> Pair<W> {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = create(&folder);
        Self { sqlite, reference: MemoryStore::in_memory(), sent: BTreeMap::new(), _folder: folder }
    }

    /// Sends a batch to both, or, when its id was drawn before, that one again. Answers that differ are the error.
    pub(crate) fn send(&mut self, id: u8, writes: Vec<W>, tally: &mut Tally) -> Result<(), String> {
        let make = |writes| Batch::new(BatchId::from_bytes([id; 16]), Timestamp::EPOCH, writes);
        let batch = self.sent.entry(id).or_insert_with(|| {
            let first = writes[..1].to_vec();
            // A require beside an effect on its row is no batch.
            make(writes).unwrap_or_else(|_| make(first).unwrap())
        });
        // What has landed is sent again at once until its kind was met as remembered: no draw is left to chance for that.
        let mut again = batch.writes().len() == 1 && !tally.has_remembered(&batch.writes()[0]);
        loop {
            let expected = block_on(self.reference.commit(batch)).unwrap();
            let answer =
                block_on(self.sqlite.commit(batch)).map_err(|error| format!("{error} at {batch:?}"))?;
            tally.note(batch, answer);
            if answer != expected {
                return Err(format!("{answer:?}, not {expected:?}: {batch:?}"));
            }
            if !again || answer != Landed::Applied {
                return Ok(());
            }
            again = false;
        }
    }
}

/// Answers are compared here, so a loss of power does not matter.
pub(crate) fn create(folder: &TempDir) -> SqliteStore {
    let options = Options::new().synchronous(Synchronous::Normal);
    SqliteStore::create(folder.path().join("people.db"), Realm::default(), options, Timestamp::EPOCH).unwrap()
}

pub(crate) fn reopen(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(folder.path().join("people.db"), Realm::default(), Options::new()).unwrap()
}

/// Lands one write under a batch of its own.
pub(crate) fn send<W: Write + Lower<Plan>>(store: &SqliteStore, id: u8, write: W) -> Landed<W::Guard> {
    let batch = Batch::new(BatchId::from_bytes([id; 16]), Timestamp::EPOCH, vec![write]).unwrap();
    block_on(store.commit(&batch)).unwrap()
}

pub(crate) fn land<W: Write + Lower<Plan>>(store: &SqliteStore, id: u8, write: W) {
    assert_eq!(send(store, id, write), Landed::Applied);
}

/// Changes rows behind the store's back, where its checks do not look.
pub(crate) fn tamper(folder: &TempDir, sql: &str) {
    let connection = rusqlite::Connection::open(folder.path().join("people.db")).unwrap();
    connection.execute_batch("pragma ignore_check_constraints = on").unwrap();
    assert_eq!(connection.execute(sql, []).unwrap(), 1, "{sql}");
}

pub(crate) fn is_corrupt<T: Debug>(answer: Result<T, StoreError>) -> bool {
    answer.is_err_and(|error| error.kind() == StoreErrorKind::Corrupt)
}
