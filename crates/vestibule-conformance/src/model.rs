//! Random batches, beside the in-memory reference.

mod checkword;
mod compare;
mod draw;
mod factor;
mod journal;
mod world;

use core::iter;
use core::ops::Range;
use std::collections::BTreeMap;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRng, TestRunner};
use vestibule_core::{Batch, BatchId, Commit, MemoryStore};

use crate::finding::{Finding, Outcome, same};
use crate::fixture::NOW;
use crate::harness::{Harness, block_on};
use crate::joined::JoinedWrite;
use draw::{Draw, History, KINDS, any_history, history_of, meant, settlers};

/// Sends this many random histories of batches, of all domains joined, to a fresh store and to the in-memory reference:
/// every answer and every read must be equal. A finding names the shortest history that was found to differ.
///
/// The table of cases has it with few histories, always the same; whoever changes a store runs it with many.
///
/// # Errors
///
/// [`Finding`], when anything differs.
pub fn model_check<H: Harness>(harness: &H, histories: u32) -> Outcome {
    run(harness, &mut TestRunner::new(config(histories, 2_000)), &any_history())
}

/// The same histories every time, some of each kind.
pub(crate) fn check_fixed<H: Harness>(harness: &H) -> Outcome {
    fixed().try_for_each(|(mut runner, kinds)| run(harness, &mut runner, &history_of(kinds)))
}

/// The kinds of the fixed histories, each with the runner that draws them.
fn fixed() -> impl Iterator<Item = (TestRunner, Range<u8>)> {
    let rng = TestRng::deterministic_rng(Config::default().rng_algorithm);
    let mut all = TestRunner::new_with_rng(Config::default(), rng);
    KINDS.into_iter().map(move |(kinds, histories)| {
        (TestRunner::new_with_rng(config(histories, 50), all.new_rng()), kinds)
    })
}

/// Histories that differ are made shorter in at most so many steps.
fn config(cases: u32, max_shrink_iters: u32) -> Config {
    Config { cases, failure_persistence: None, max_shrink_iters, ..Config::default() }
}

fn run<H: Harness>(
    harness: &H,
    runner: &mut TestRunner,
    histories: &impl Strategy<Value = History>,
) -> Outcome {
    let ran = runner.run(histories, |history| {
        let told = harness.block_on(compared(harness, history));
        told.map_err(|finding| TestCaseError::fail(finding.to_string()))
    });
    match ran {
        Ok(()) => Ok(()),
        Err(TestError::Fail(reason, _)) => Err(Finding::new(reason.message().to_owned())),
        Err(TestError::Abort(reason)) => Err(Finding::new(reason.message().to_owned()).within("no history")),
    }
}

async fn compared<H: Harness>(harness: &H, history: History) -> Outcome {
    let (_guard, store) =
        harness.fresh("model_check").await.map_err(|error| Finding::new(error.to_string()))?;
    let reference = MemoryStore::in_memory();
    let mut sent = Sent::default();
    for (id, draws) in iter::once((world::IDS, settlers())).chain(history) {
        let batch = sent.batch(id, draws, &reference)?;
        let expected = block_on(reference.commit(&batch))?;
        let answer = store.commit(&batch).await.map_err(|error| Finding::from(error).within(&sent))?;
        same("the answer", &answer, &expected).map_err(|finding| finding.within(&sent))?;
        // What differs mostly still does at the end; now and then it is looked at sooner.
        if sent.order.len().is_multiple_of(8) {
            compare::rows(&reference, &store).await.map_err(|finding| finding.within(&sent))?;
        }
    }
    compare::all(&reference, &store).await.map_err(|finding| finding.within(&sent))
}

/// Every batch sent, in order. One id is one batch: drawn again, it is sent again.
#[derive(Default)]
struct Sent {
    known: BTreeMap<u8, Batch<JoinedWrite>>,
    order: Vec<Batch<JoinedWrite>>,
}

impl Sent {
    fn batch(
        &mut self,
        id: u8,
        draws: Vec<Draw>,
        reference: &MemoryStore,
    ) -> Result<Batch<JoinedWrite>, Finding> {
        let batch = match self.known.get(&id) {
            Some(batch) => batch.clone(),
            None => made(id, draws, reference)?,
        };
        self.known.insert(id, batch.clone());
        self.order.push(batch.clone());
        Ok(batch)
    }
}

fn made(id: u8, draws: Vec<Draw>, reference: &MemoryStore) -> Result<Batch<JoinedWrite>, Finding> {
    let id = BatchId::from_bytes([id; 16]);
    let writes: Vec<_> =
        draws.into_iter().map(|draw| meant(&draw, id, reference)).collect::<Result<_, _>>()?;
    let first = writes.iter().take(1).cloned().collect();
    // A require beside an effect on its row is no batch.
    Ok(Batch::new(id, NOW, writes).or_else(|_| Batch::new(id, NOW, first))?)
}

impl core::fmt::Display for Sent {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("after these batches")?;
        for batch in &self.order {
            write!(f, "\n    {}: {:?}", batch.id(), batch.writes())?;
        }
        f.write_str("\n  ")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::strategy::ValueTree;
    use vestibule_core::{Landed, Write};

    use super::*;
    use crate::writes::{NAMES, UNREFUSED, name};

    /// A comparison says something of a write only if it met every answer that the write has.
    #[test]
    fn the_fixed_histories_meet_every_write_both_landing_and_refused() {
        let (mut landed, mut refused, mut always) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut again = 0;
        let drawn = fixed().flat_map(|(mut runner, kinds)| {
            let histories = history_of(kinds);
            (0..runner.config().cases)
                .map(|_| histories.new_tree(&mut runner).unwrap().current())
                .collect::<Vec<_>>()
        });
        for history in drawn {
            let (reference, mut sent) = (MemoryStore::in_memory(), Sent::default());
            for (id, draws) in iter::once((world::IDS, settlers())).chain(history) {
                let batch = sent.batch(id, draws, &reference).unwrap();
                let unguarded = batch
                    .writes()
                    .iter()
                    .filter(|write| format!("{:?}", write.guard()).ends_with("(Always)"));
                always.extend(unguarded.map(name));
                match block_on(reference.commit(&batch)).unwrap() {
                    Landed::Applied => landed.extend(batch.writes().iter().map(name)),
                    Landed::AlreadyApplied => again += 1,
                    Landed::Refused { position, .. } => refused.extend([name(&batch.writes()[position])]),
                }
            }
        }
        let all: BTreeSet<_> = NAMES.iter().copied().collect();
        assert_eq!(always, BTreeSet::from(UNREFUSED));
        assert_eq!(landed, all);
        assert_eq!(refused, &all - &always);
        assert!(again > 20, "{again}");
    }
}
