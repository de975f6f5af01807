//! The one writer: a thread of its own, and many batches to a transaction.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_sql::{Outcome, Plan, Statement};

use crate::Options;
use crate::bind::execute;
use crate::connect::connect;
use crate::error::{commit_kind, fault};
use crate::file::OpenedFile;
use crate::oneshot::{Answer, Promise, answer};
use crate::run::{command, run_in_savepoint};

/// The most batches of one transaction.
const GROUP: usize = 64;
/// How long what nobody waits for is kept, so that the next transaction takes it along. Nothing else is ever held up.
const LINGER: Duration = Duration::from_millis(50);

/// What the writer has done since it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriterCounts {
    /// How many transactions were committed.
    pub transactions: u64,
    /// How many batches were judged in them.
    pub batches: u64,
}

/// The handle on the writer's thread. Dropping it lets the thread finish what was handed to it.
pub(crate) struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    transactions: AtomicU64,
    batches: AtomicU64,
}

struct Job {
    task: Task,
    promise: Promise<Result<Done, StoreError>>,
}

pub(crate) enum Task {
    Batch(Plan),
    Statement(Statement),
    #[cfg(feature = "throttle")]
    Windows(crate::throttle::WindowTask),
}

pub(crate) enum Done {
    Batch(Outcome),
    Statement {
        rows: usize,
    },
    #[cfg(feature = "throttle")]
    Windows(vestibule_throttle::Taken),
}

impl Writer {
    pub(crate) fn start(
        connection: Connection,
        file: OpenedFile,
        options: Options,
    ) -> Result<Self, StoreError> {
        let (jobs, queue) = sync_channel(options.queue);
        let counts = Arc::new(Counts::default());
        let desk = Desk { connection: Some(connection), file, options, queue, counts: Arc::clone(&counts) };
        let thread = thread::Builder::new()
            .name("vestibule-sqlite".to_owned())
            .spawn(|| desk.serve())
            .map_err(|error| StoreError::new(StoreErrorKind::Unavailable, error))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), counts })
    }

    /// Hands a task over. From here on it runs to its end, whether anybody waits for the answer or not.
    pub(crate) fn hand_over(&self, task: Task) -> Result<Answer<Result<Done, StoreError>>, StoreError> {
        let (promise, answer) = answer();
        let jobs = self.jobs.as_ref().ok_or(StoreErrorKind::Unavailable)?;
        match jobs.try_send(Job { task, promise }) {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(_)) => {
                Err(StoreError::new(StoreErrorKind::Contended, "the writer's queue is full"))
            }
            Err(TrySendError::Disconnected(_)) => {
                Err(StoreError::new(StoreErrorKind::Unavailable, "the writer is gone"))
            }
        }
    }

    pub(crate) fn counts(&self) -> WriterCounts {
        WriterCounts {
            transactions: self.counts.transactions.load(Ordering::Relaxed),
            batches: self.counts.batches.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take()
            // An executor may poll, and drop the last store, from within a wake on the writer's own thread.
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

/// The writer's side.
struct Desk {
    /// `None` after a fault of the disk: the next turn opens a new one.
    connection: Option<Connection>,
    file: OpenedFile,
    options: Options,
    queue: Receiver<Job>,
    counts: Arc<Counts>,
}

impl Desk {
    fn serve(mut self) {
        while let Ok(first) = self.queue.recv() {
            let jobs = self.linger(first);
            for job in self.turn(jobs, GROUP) {
                // SQLite took a whole group back because of one of its batches: the others go alone.
                let _ = self.turn(vec![job], 1);
            }
        }
    }

    /// Waits for company while all there is to do is what nobody waits for.
    fn linger(&self, first: Job) -> Vec<Job> {
        let mut jobs = vec![first];
        while jobs.len() < GROUP
            && jobs.iter().all(|job| job.task.may_linger())
            && let Ok(job) = self.queue.recv_timeout(LINGER)
        {
            jobs.push(job);
        }
        jobs
    }

    /// One transaction of as many jobs as wait, up to `most`. It answers them all, but for those that are to be run again.
    fn turn(&mut self, mut jobs: Vec<Job>, most: usize) -> Vec<Job> {
        let begun = self.begin();
        // Gathered only now, because whoever came while the lock was waited for shares its price.
        while jobs.len() < most
            && let Ok(job) = self.queue.try_recv()
        {
            jobs.push(job);
        }
        match begun {
            Err(error) => {
                self.discard_after(error.kind());
                tell_all(jobs.into_iter().map(|job| job.promise), error);
                Vec::new()
            }
            Ok(connection) => {
                let run = run_all(&connection, jobs);
                self.connection = Some(connection);
                match run {
                    Run::TakenBack(others) => others,
                    Run::Ready(judged) => {
                        self.commit(judged);
                        Vec::new()
                    }
                }
            }
        }
    }

    /// Takes the connection out, with a transaction begun on it.
    fn begin(&mut self) -> Result<Connection, StoreError> {
        self.file.require_same()?;
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.file, &self.options)?,
        };
        match command(&connection, "begin immediate") {
            Ok(()) => Ok(connection),
            Err(error) => {
                self.connection = Some(connection);
                Err(fault(error))
            }
        }
    }

    fn commit(&mut self, judged: Vec<Judged>) {
        match self.try_commit() {
            Ok(()) => {
                let batches = judged.iter().filter(|job| matches!(job.done, Ok(Done::Batch(_)))).count();
                self.counts.transactions.fetch_add(1, Ordering::Relaxed);
                self.counts.batches.fetch_add(batches as u64, Ordering::Relaxed);
                judged.into_iter().for_each(|job| job.promise.keep(job.done));
            }
            Err(error) => {
                // Refusals too: they may rest on what an earlier batch of the group had written.
                tell_all(judged.into_iter().map(|job| job.promise), error);
            }
        }
    }

    fn try_commit(&mut self) -> Result<(), StoreError> {
        let connection = self.connection.as_ref().ok_or(StoreErrorKind::Backend)?;
        if let Err(error) = command(connection, "commit") {
            let kind = commit_kind(&error);
            if !connection.is_autocommit() && command(connection, "rollback").is_err() {
                self.connection = None;
            }
            self.discard_after(kind);
            return Err(StoreError::new(kind, error));
        }
        // Replaced in the last moment: what was committed is in a file that nobody will find.
        self.file.require_same().map_err(|error| StoreError::new(StoreErrorKind::OutcomeUnknown, error))
    }

    /// A connection that met a fault of the disk is not trusted again (FLT-X18).
    fn discard_after(&mut self, kind: StoreErrorKind) {
        if matches!(
            kind,
            StoreErrorKind::OutcomeUnknown | StoreErrorKind::Unavailable | StoreErrorKind::Corrupt
        ) {
            self.connection = None;
        }
    }
}

/// A job that was run in a transaction which is still open.
struct Judged {
    task: Task,
    promise: Promise<Result<Done, StoreError>>,
    done: Result<Done, StoreError>,
}

enum Run {
    /// All were run; the transaction waits for its commit.
    Ready(Vec<Judged>),
    /// SQLite ended the transaction. Whose fault it was has been told; these were not to blame.
    TakenBack(Vec<Job>),
}

fn run_all(connection: &Connection, jobs: Vec<Job>) -> Run {
    let mut judged = Vec::with_capacity(jobs.len());
    let mut jobs = jobs.into_iter();
    while let Some(Job { task, promise }) = jobs.next() {
        let done = task.run(connection);
        if connection.is_autocommit() {
            promise.keep(done.and_then(|_| Err(StoreErrorKind::Backend.into())));
            let before = judged.into_iter().map(|Judged { task, promise, .. }| Job { task, promise });
            return Run::TakenBack(before.chain(jobs).collect());
        }
        judged.push(Judged { task, promise, done });
    }
    Run::Ready(judged)
}

impl Task {
    /// Whether nobody waits for it to be done.
    const fn may_linger(&self) -> bool {
        match self {
            #[cfg(feature = "throttle")]
            Self::Windows(task) => task.may_linger(),
            Self::Batch(_) | Self::Statement(_) => false,
        }
    }

    fn run(&self, connection: &Connection) -> Result<Done, StoreError> {
        match self {
            Self::Batch(plan) => run_in_savepoint(connection, plan).map(Done::Batch),
            Self::Statement(statement) => {
                execute(connection, statement).map(|rows| Done::Statement { rows }).map_err(fault)
            }
            #[cfg(feature = "throttle")]
            Self::Windows(task) => task.run(connection).map(Done::Windows),
        }
    }
}

fn tell_all(promises: impl Iterator<Item = Promise<Result<Done, StoreError>>>, error: StoreError) {
    let kind = error.kind();
    let shared = Arc::new(error);
    promises.for_each(|promise| promise.keep(Err(StoreError::new(kind, SharedFault(Arc::clone(&shared))))));
}

/// One fault, told to many.
#[derive(Debug)]
struct SharedFault(Arc<StoreError>);

impl fmt::Display for SharedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl core::error::Error for SharedFault {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.0.source()
    }
}
