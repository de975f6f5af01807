//! Races: real threads, one barrier, each task on its own handle.

use core::cell::RefCell;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, OnceLock};

use crate::finding::{Finding, Outcome};
use crate::harness::Harness;
use crate::scene::Scene;

/// How many tasks race.
pub(crate) const TASKS: usize = 8;

/// Fewer rounds prove too little.
const FLOOR: u64 = 20;

/// How many rounds a race has: 20, or as many more as `VESTIBULE_RACE_ROUNDS` says.
pub(crate) fn rounds() -> u64 {
    static ROUNDS: OnceLock<u64> = OnceLock::new();
    *ROUNDS.get_or_init(|| rounds_of(std::env::var("VESTIBULE_RACE_ROUNDS").ok().as_deref()))
}

fn rounds_of(said: Option<&str>) -> u64 {
    said.and_then(|said| said.parse().ok()).unwrap_or(FLOOR).max(FLOOR)
}

/// What was seen in a race, to its end or to its failure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) rounds: u64,
    /// Rounds in which two tasks ran at once.
    pub(crate) contended: u64,
    /// How often each task won.
    pub(crate) winners: [u64; TASKS],
}

thread_local! {
    /// The races of this thread: a case stays on the thread that began it.
    static SEEN: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
}

/// The races that ended on this thread, well or not, since this was last asked.
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
                        // Counted within: a harness may let its threads wait for each other.
                        harness.block_on(async {
                            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                            let answer = task(number, handle).await;
                            running.fetch_sub(1, Ordering::SeqCst);
                            answer
                        })
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

impl<H: Harness> Drop for Race<'_, H> {
    /// Of a race that failed it is told what was seen until then.
    fn drop(&mut self) {
        let Self { rounds, contended, winners, .. } = *self;
        SEEN.with_borrow_mut(|seen| seen.push(Seen { rounds, contended, winners }));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use vestibule_core::Realm;

    use super::*;
    use crate::harness::HarnessError;
    use crate::memory::MemoryHarness;

    /// A harness that runs one task at a time.
    struct OneByOne(MemoryHarness, Mutex<()>);

    impl Harness for OneByOne {
        type Store = <MemoryHarness as Harness>::Store;
        type Guard = <MemoryHarness as Harness>::Guard;

        fn name(&self) -> &str {
            "one by one"
        }

        async fn fresh(&self, case: &str) -> Result<(Self::Guard, Self::Store), HarnessError> {
            self.0.fresh(case).await
        }

        async fn reopen(&self, guard: &Self::Guard, realm: &Realm) -> Result<Self::Store, HarnessError> {
            self.0.reopen(guard, realm).await
        }

        fn block_on<F: Future>(&self, future: F) -> F::Output {
            let _alone = self.1.lock().unwrap_or_else(PoisonError::into_inner);
            self.0.block_on(future)
        }
    }

    fn one_by_one() -> OneByOne {
        OneByOne(MemoryHarness::new(), Mutex::new(()))
    }

    fn open(harness: &OneByOne) -> Race<'_, OneByOne> {
        let scene = crate::block_on(Scene::open(harness, "race")).unwrap();
        crate::block_on(Race::open(&scene)).unwrap()
    }

    #[test]
    fn a_race_that_never_raced_fails() {
        let harness = one_by_one();
        let mut race = open(&harness);
        for round in 0..3 {
            race.expect_winners(1, async |task, _| Ok(task == round)).unwrap();
        }
        let finding = race.finish().unwrap_err().to_string();
        assert!(finding.starts_with("in none of 3 rounds did two tasks run at once"), "{finding}");
    }

    #[test]
    fn of_a_race_that_fails_it_is_told_what_was_seen_until_then() {
        let harness = one_by_one();
        drop(take_seen());
        let mut race = open(&harness);
        race.expect_winners(1, async |task, _| Ok(task == 7)).unwrap();
        race.expect_winners(1, async |task, _| Ok(task > 5)).unwrap_err();
        drop(race);
        let seen = take_seen().pop().unwrap();
        assert_eq!((seen.rounds, seen.contended, seen.winners), (2, 0, [0, 0, 0, 0, 0, 0, 1, 2]));
    }

    #[test]
    fn fewer_rounds_than_the_floor_are_not_to_be_had() {
        assert_eq!([None, Some("19"), Some("many"), Some("21")].map(rounds_of), [20, 20, 20, 21]);
    }
}
