//! Races: real threads, one barrier, each task on its own handle.

use core::cell::RefCell;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, OnceLock};

use crate::finding::{Finding, Outcome};
use crate::harness::Harness;
use crate::scene::Scene;

/// How many tasks race.
pub(crate) const TASKS: usize = 8;

/// How many rounds a race has: 20, or as `VESTIBULE_RACE_ROUNDS` says.
pub(crate) fn rounds() -> u64 {
    static ROUNDS: OnceLock<u64> = OnceLock::new();
    let said = || std::env::var("VESTIBULE_RACE_ROUNDS").ok()?.parse().ok().filter(|rounds| *rounds > 0);
    *ROUNDS.get_or_init(|| said().unwrap_or(20))
}

/// What was seen in a race that came to its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) rounds: u64,
    /// Rounds in which two tasks ran at once.
    pub(crate) contended: u64,
    /// How often each task won.
    pub(crate) winners: [u64; TASKS],
}

thread_local! {
    /// The races that ended on this thread: a case stays on the thread that began it.
    static SEEN: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
}

/// The races that ended on this thread since this was last asked.
pub(crate) fn take_seen() -> Vec<Seen> {
    SEEN.take()
}

/// The handles of a race, and what was seen in its rounds.
pub(crate) struct Race<'a, H: Harness> {
    harness: &'a H,
    handles: Vec<H::Store>,
    winners: [u64; TASKS],
    contended: u64,
    rounds: u64,
}

impl<'a, H: Harness> Race<'a, H> {
    pub(crate) async fn open(scene: &Scene<'a, H>) -> Result<Self, Finding> {
        let mut handles = Vec::with_capacity(TASKS);
        for _ in 0..TASKS {
            handles.push(scene.reopen().await?);
        }
        Ok(Self { harness: scene.harness, handles, winners: [0; TASKS], contended: 0, rounds: 0 })
    }

    /// Runs one round: every task begins when all are ready. Their answers, in the order of the tasks.
    pub(crate) fn round<T: Send>(
        &mut self,
        task: impl AsyncFn(usize, &H::Store) -> Result<T, Finding> + Sync,
    ) -> Result<Vec<T>, Finding> {
        let (barrier, running, most) =
            (Barrier::new(self.handles.len()), AtomicUsize::new(0), AtomicUsize::new(0));
        let harness = self.harness;
        let answers: Vec<_> = std::thread::scope(|scope| {
            let (barrier, running, most, task) = (&barrier, &running, &most, &task);
            let threads: Vec<_> = self
                .handles
                .iter()
                .enumerate()
                .map(|(number, handle)| {
                    scope.spawn(move || {
                        barrier.wait();
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        let answer = harness.block_on(task(number, handle));
                        running.fetch_sub(1, Ordering::SeqCst);
                        answer
                    })
                })
                .collect();
            threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        self.rounds += 1;
        self.contended += u64::from(most.into_inner() > 1);
        answers
            .into_iter()
            .map(|joined| joined.unwrap_or_else(|_| Err(Finding::new("a task panicked"))))
            .collect::<Result<_, _>>()
            .map_err(|finding| finding.within(format_args!("round {}", self.rounds)))
    }

    /// A round of which exactly `expected` tasks may win.
    pub(crate) fn expect_winners(
        &mut self,
        expected: usize,
        task: impl AsyncFn(usize, &H::Store) -> Result<bool, Finding> + Sync,
    ) -> Outcome {
        let won = self.round(task)?;
        for (count, won) in self.winners.iter_mut().zip(&won) {
            *count += u64::from(*won);
        }
        let winners = won.iter().filter(|won| **won).count();
        if winners == expected {
            return Ok(());
        }
        Err(Finding::new(format!(
            "round {} had {winners} winners of {TASKS} tasks, expected {expected}; so far winners by task {:?}, \
             rounds with contention {}",
            self.rounds, self.winners, self.contended
        )))
    }

    /// A race that never raced proves nothing.
    pub(crate) fn finish(self) -> Outcome {
        let Self { rounds, contended, winners, .. } = self;
        SEEN.with_borrow_mut(|seen| seen.push(Seen { rounds, contended, winners }));
        if self.contended > 0 {
            return Ok(());
        }
        Err(Finding::new(format!(
            "in none of {} rounds did two tasks run at once; winners by task {:?}: give the harness threads, or the \
             store a pause",
            self.rounds, self.winners
        )))
    }
}
