//! The thread that waits for a database in the caller's stead.

use core::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use vestibule_core::kv::{Applied, Key, Kv, Op, Partition, Versioned};
use vestibule_core::{BatchId, StoreError, StoreErrorKind};

use crate::answer::{Answer, Promise, answer};
use crate::maintain::{Dead, Sweep, Swept};
use crate::ordered::{self, Change, Done, Ordered};
use crate::people;

/// How many changes share a transaction at most.
const GROUP: usize = 64;

/// A database in the process itself as a [`Kv`] that needs no runtime. Clones share it.
///
/// Changes go to a thread of its own; those that wait at the same time share a transaction, and with it the syncs of the
/// disk. A change is handed over at the first poll and runs to its end from there, also when its future is dropped. Reads
/// run on the caller's thread. The thread ends with the last clone, which waits for it: the database is closed then.
pub struct Threaded<B: Ordered> {
    shared: Arc<Shared<B>>,
}

struct Shared<B> {
    // Dropped in this order: the thread gives its hold of the database up first.
    writer: Writer,
    database: Arc<B>,
}

struct Writer {
    tasks: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

enum Task {
    Change(Change, Promise<Result<Done, StoreError>>),
    Sweep { after: Vec<u8>, limit: usize, dead: Dead, promise: Promise<Result<Swept, StoreError>> },
}

impl<B: Ordered> Threaded<B> {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of kind `Unavailable` when there can be no further thread.
    pub fn start(database: B) -> Result<Self, StoreError> {
        let database = Arc::new(database);
        let (tasks, received) = channel();
        let own = Arc::clone(&database);
        let thread = thread::Builder::new()
            .name("vestibule-kv".to_owned())
            .spawn(move || work(&*own, &received))
            .map_err(|error| StoreError::new(StoreErrorKind::Unavailable, error))?;
        let writer = Writer { tasks: Some(tasks), thread: Some(thread) };
        Ok(Self { shared: Arc::new(Shared { writer, database }) })
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &B {
        &self.shared.database
    }

    /// As [`check`](crate::check), on this thread.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn check(&self) -> Result<(), StoreError> {
        ordered::check(self.database())
    }

    /// Whether the database holds any profile, in any realm. It looks at every row until it finds one, on this thread.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot answer.
    pub fn has_people(&self) -> Result<bool, StoreError> {
        people::has_people(self.database())
    }

    async fn change(&self, change: Change) -> Result<Done, StoreError> {
        let (promise, answer) = answer();
        self.hand_over(Task::Change(change, promise), answer).await
    }

    async fn hand_over<T>(&self, task: Task, answer: Answer<Result<T, StoreError>>) -> Result<T, StoreError> {
        let tasks = self.shared.writer.tasks.as_ref().ok_or(StoreErrorKind::Unavailable)?;
        tasks.send(task).map_err(|_| StoreError::new(StoreErrorKind::Unavailable, "the writer is gone"))?;
        // Without an answer the thread died with the change in its hands: nobody knows how far it came.
        answer.await.unwrap_or_else(|| Err(StoreErrorKind::OutcomeUnknown.into()))
    }
}

impl<B: Ordered> Kv for Threaded<B> {
    async fn get(&self, keys: Vec<Key>) -> Result<Vec<Option<Versioned>>, StoreError> {
        ordered::get(self.database(), &keys)
    }

    async fn list(
        &self,
        partition: Partition,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Versioned)>, StoreError> {
        ordered::list(self.database(), &partition, after.as_deref(), limit)
    }

    async fn apply(&self, _: BatchId, ops: Vec<Op>) -> Result<Applied, StoreError> {
        match self.change(Change::Apply(ops)).await? {
            Done::Applied(applied) => Ok(applied),
            Done::Added(_) => Err(StoreErrorKind::OutcomeUnknown.into()),
        }
    }

    async fn add(&self, key: Key, delta: i64, at_most: Option<i64>) -> Result<Option<i64>, StoreError> {
        match self.change(Change::Add { key, delta, at_most }).await? {
            Done::Added(sum) => Ok(sum),
            Done::Applied(_) => Err(StoreErrorKind::OutcomeUnknown.into()),
        }
    }
}

impl<B: Ordered> Sweep for Threaded<B> {
    async fn sweep(&self, after: Vec<u8>, limit: usize, dead: Dead) -> Result<Swept, StoreError> {
        let (promise, answer) = answer();
        self.hand_over(Task::Sweep { after, limit, dead, promise }, answer).await
    }
}

impl<B: Ordered> Clone for Threaded<B> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<B: Ordered> fmt::Debug for Threaded<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threaded").finish_non_exhaustive()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.tasks.take());
        if let Some(thread) = self.thread.take() {
            // Whoever is woken by an answer may drop the last clone on the writer's own thread, which ends by itself.
            if thread.thread().id() != thread::current().id() {
                // A thread that panicked has said so; there is nothing else to clean up.
                let _ = thread.join();
            }
        }
    }
}

fn work<B: Ordered>(database: &B, tasks: &Receiver<Task>) {
    while let Ok(first) = tasks.recv() {
        let mut changes = Vec::new();
        for task in core::iter::once(first).chain(tasks.try_iter().take(GROUP - 1)) {
            match task {
                Task::Change(change, promise) => changes.push((change, promise)),
                Task::Sweep { after, limit, dead, promise } => {
                    settle(database, core::mem::take(&mut changes));
                    promise.keep(ordered::sweep(database, &after, limit, &dead));
                }
            }
        }
        settle(database, changes);
    }
}

/// Makes changes in one transaction; when one of them errs, each in its own, so that none suffers for another.
fn settle<B: Ordered>(database: &B, group: Vec<(Change, Promise<Result<Done, StoreError>>)>) {
    if group.is_empty() {
        return;
    }
    let (changes, promises): (Vec<_>, Vec<_>) = group.into_iter().unzip();
    match ordered::write(database, &changes) {
        Ok(done) => {
            // A promise without an answer says by itself that there is none.
            promises.into_iter().zip(done).for_each(|(promise, done)| promise.keep(Ok(done)));
        }
        Err(error) if changes.len() > 1 && error.kind() != StoreErrorKind::OutcomeUnknown => {
            changes.into_iter().zip(promises).for_each(|one| settle(database, vec![one]));
        }
        Err(error) => {
            let (kind, error) = (error.kind(), Arc::new(error));
            for promise in promises {
                promise.keep(Err(StoreError::new(kind, Arc::clone(&error))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use core::error::Error;
    use core::ops::Bound;
    use core::pin::pin;
    use core::task::{Context, Waker};
    use std::sync::{Condvar, Mutex};

    use vestibule_conformance::block_on;

    use super::*;
    use crate::ordered::{Changes, Pair, Space};

    /// A database whose transactions wait until the gate is open; how many counters each changed is noted, and one that
    /// meets a certain counter errs.
    #[derive(Default)]
    struct Gated {
        open: Mutex<bool>,
        opened: Condvar,
        groups: Mutex<Vec<usize>>,
    }

    fn key(number: u8) -> Key {
        Key::single("test", &[&[number]])
    }

    const ERRS: u8 = 99;

    struct Counting(usize);

    impl Changes for Counting {
        fn get(&self, _: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            let errs = key.last() == Some(&ERRS);
            if errs { Err(StoreError::new(StoreErrorKind::Corrupt, "this one")) } else { Ok(None) }
        }

        fn put(&mut self, _: Space, _: &[u8], _: &[u8]) -> Result<(), StoreError> {
            self.0 += 1;
            Ok(())
        }

        fn remove(&mut self, _: Space, _: &[u8]) -> Result<(), StoreError> {
            Ok(())
        }
    }

    impl Ordered for Arc<Gated> {
        fn get(&self, _: Space, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
            Ok(vec![None; keys.len()])
        }

        fn range(
            &self,
            _: Space,
            _: Bound<&[u8]>,
            _: Bound<&[u8]>,
            _: usize,
        ) -> Result<Vec<Pair>, StoreError> {
            Ok(Vec::new())
        }

        fn transact(
            &self,
            work: &mut dyn FnMut(&mut dyn Changes) -> Result<bool, StoreError>,
        ) -> Result<(), StoreError> {
            drop(self.opened.wait_while(self.open.lock().unwrap(), |open| !*open).unwrap());
            let mut changes = Counting(0);
            work(&mut changes)?;
            self.groups.lock().unwrap().push(changes.0);
            Ok(())
        }
    }

    impl Gated {
        fn open(&self) {
            *self.open.lock().unwrap() = true;
            self.opened.notify_all();
        }
    }

    fn begun<F: Future + Unpin>(mut call: F) -> F {
        assert!(pin!(&mut call).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        call
    }

    #[test]
    fn changes_that_wait_share_a_transaction() {
        let gated = Arc::new(Gated::default());
        let kv = Threaded::start(Arc::clone(&gated)).unwrap();
        let calls: Vec<_> = (1..9).map(|number| begun(Box::pin(kv.add(key(number), 1, None)))).collect();
        gated.open();
        assert!(calls.into_iter().all(|call| block_on(call).unwrap() == Some(1)));
        // The first may have been taken alone; the others waited behind it.
        let groups = gated.groups.lock().unwrap();
        assert!(groups.len() <= 2 && groups.iter().sum::<usize>() == 8, "{groups:?}");
    }

    #[test]
    fn one_that_errs_errs_alone() {
        let gated = Arc::new(Gated::default());
        let kv = Threaded::start(Arc::clone(&gated)).unwrap();
        // The first may be taken alone; the others wait together behind it.
        let calls: Vec<_> =
            [1, 2, 3, ERRS, 4].map(|number| begun(Box::pin(kv.add(key(number), 1, None)))).into();
        gated.open();
        let answers: Vec<_> = calls.into_iter().map(block_on).collect();
        let errors: Vec<_> =
            answers.iter().map(|answer| answer.as_ref().err().map(StoreError::kind)).collect();
        assert_eq!(errors, [None, None, None, Some(StoreErrorKind::Corrupt), None]);
        let told = answers[3].as_ref().unwrap_err().source().unwrap().source().unwrap().to_string();
        assert_eq!(told, "this one", "the cause is kept");
        let groups = gated.groups.lock().unwrap();
        assert_eq!(groups.iter().sum::<usize>(), 4, "{groups:?}");
    }

    #[test]
    fn a_change_whose_caller_goes_is_made_and_the_last_clone_waits_for_it() {
        let gated = Arc::new(Gated::default());
        let kv = Threaded::start(Arc::clone(&gated)).unwrap();
        drop(begun(Box::pin(kv.add(key(1), 1, None))));
        let other = kv.clone();
        let swept = begun(Box::pin(other.sweep(Vec::new(), 7, Arc::new(|_| false))));
        gated.open();
        assert_eq!(block_on(swept).unwrap().next, Some(vec![1]), "the rows come next");
        drop((kv, other));
        assert_eq!(gated.groups.lock().unwrap().iter().sum::<usize>(), 1);
        assert_eq!(Arc::strong_count(&gated), 1, "the thread holds nothing any more");
    }
}
