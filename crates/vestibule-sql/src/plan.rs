//! A batch as steps.

use vestibule_core::{Batch, BatchId, Landed, Lower, Realm, Timestamp, Write};

use crate::step::{Expect, Step, StepKind};
use crate::{Statement, Value};

/// Why a batch is not a plan. It is a mistake in the lowering of a write, never a matter of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A write was lowered to no step: it would land without a judgement.
    #[error("a write was lowered to no step")]
    NoStep {
        /// Its place in the batch.
        position: usize,
    },
}

/// Where a landed batch is remembered, so that sending it again is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "drivers match on it; a third place would change the contract")]
pub enum BatchMemory {
    /// In a row of its own: run this insert first, inside the batch's transaction. If it inserts no row, the batch has
    /// landed before.
    OwnRow(Statement),
    /// In rows that the writes change: after a refusal, and after rolling back, ask these. If one of them answers a
    /// row, the batch has landed before. Empty when no row remembers.
    InRows(Vec<Statement>),
}

/// How the run of a plan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "the closed set of answers to a commit")]
pub enum Outcome {
    /// Every write landed, now.
    Applied,
    /// Every write landed when this batch was sent before.
    AlreadyApplied,
    /// Nothing landed: the guard of the write at this place did not hold.
    Refused {
        /// The write's place in the batch.
        position: usize,
    },
}

impl Outcome {
    /// The answer of a commit of `batch`. `None` when it has no write at the refused place, that is when it is not the
    /// batch that the plan was made of.
    #[must_use]
    pub fn landed<W: Write>(self, batch: &Batch<W>) -> Option<Landed<W::Guard>> {
        match self {
            Self::Applied => Some(Landed::Applied),
            Self::AlreadyApplied => Some(Landed::AlreadyApplied),
            Self::Refused { position } => batch.refused(position),
        }
    }
}

/// A batch as steps of SQL, in canonical order.
///
/// The implementation of `Lower<Plan>` for a write calls [`step`](Self::step), [`always`](Self::always) or
/// [`require`](Self::require), as a rule once, and [`remember_by`](Self::remember_by) if the write's row carries the id
/// of the batch that made it. All statements take the realm ([`realm`](Self::realm)) as part of the key.
///
/// # Contract
///
/// - A statement looks, in its condition, at columns of the row that it changes, and at nothing else: a sub-select is
///   not judged again after a wait for a lock.
/// - A guarded statement touches one row or none.
/// - `insert .. on conflict` names the key that it means; without one it would swallow every key.
/// - A write that is remembered by its row has a guard that its own effect breaks: the memory is asked after a
///   refusal, not before.
#[derive(Debug, Clone)]
pub struct Plan {
    realm: Realm,
    batch: BatchId,
    at: Timestamp,
    position: usize,
    steps: Vec<Step>,
    memory: BatchMemory,
}

impl Plan {
    /// Lowers every write of a batch.
    ///
    /// # Errors
    ///
    /// [`PlanError`] when the lowering of a write is wrong.
    pub fn of<W: Write + Lower<Self>>(realm: &Realm, batch: &Batch<W>) -> Result<Self, PlanError> {
        let mut plan = Self {
            realm: realm.clone(),
            batch: batch.id(),
            at: batch.at(),
            position: 0,
            steps: Vec::with_capacity(batch.writes().len()),
            memory: BatchMemory::InRows(Vec::new()),
        };
        if batch.needs_memory() {
            plan.memory = BatchMemory::OwnRow(remember_batch(realm, batch));
        }
        for (position, write) in batch.writes().iter().enumerate() {
            let before = plan.steps.len();
            plan.position = position;
            write.lower(batch.id(), &mut plan);
            if plan.steps.len() == before {
                return Err(PlanError::NoStep { position });
            }
        }
        Ok(plan)
    }

    /// Adds a guarded effect: the statement changes one row, or the write is refused.
    pub fn step(&mut self, sql: &'static str, params: impl Into<Vec<Value>>) -> &mut Step {
        self.push(StepKind::Execute, Expect::OneRow, Statement::new(sql, params))
    }

    /// Adds an effect that never refuses, whatever number of rows it changes.
    pub fn always(&mut self, sql: &'static str, params: impl Into<Vec<Value>>) -> &mut Step {
        self.push(StepKind::Execute, Expect::Any, Statement::new(sql, params))
    }

    /// Adds a reliance on a row: the query answers one row, or the write is refused.
    ///
    /// Where there is one writer at a time (SQLite) the plain query is enough; a store with several must lock the row
    /// that it answers.
    pub fn require(&mut self, sql: &'static str, params: impl Into<Vec<Value>>) -> &mut Step {
        self.push(StepKind::Query, Expect::OneRow, Statement::new(sql, params))
    }

    /// Says by which query the row of this write is asked whether it carries this batch's id: it answers a row if so.
    ///
    /// A batch with a memory row of its own does not need it, and drops it.
    pub fn remember_by(&mut self, sql: &'static str, params: impl Into<Vec<Value>>) {
        if let BatchMemory::InRows(queries) = &mut self.memory {
            queries.push(Statement::new(sql, params));
        }
    }

    /// The realm, first part of every key.
    #[must_use]
    pub const fn realm(&self) -> &Realm {
        &self.realm
    }

    /// The batch's id.
    #[must_use]
    pub const fn batch(&self) -> BatchId {
        self.batch
    }

    /// The instant of the decision.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The steps in the order in which they are run.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Where the batch is remembered.
    #[must_use]
    pub const fn memory(&self) -> &BatchMemory {
        &self.memory
    }

    fn push(&mut self, kind: StepKind, expect: Expect, statement: Statement) -> &mut Step {
        let at = self.steps.len();
        self.steps.push(Step::new(self.position, kind, expect, statement));
        #[expect(clippy::indexing_slicing, reason = "the element was pushed in the line before")]
        &mut self.steps[at]
    }
}

fn remember_batch<W: Write>(realm: &Realm, batch: &Batch<W>) -> Statement {
    Statement::new(
        "insert into vestibule_batch (realm, id, at) values (?1, ?2, ?3) on conflict (realm, id) do nothing",
        [realm.into(), batch.id().into(), batch.at().into()],
    )
}

#[cfg(test)]
mod tests {
    use vestibule_core::kv::{Halt, Rows};
    use vestibule_core::{Memory, RowName, Verdict, WriteKind};

    use super::*;

    #[derive(Debug, Clone)]
    enum Odd {
        NoStep,
        Once(u8),
        Twice(u8),
    }

    impl Write for Odd {
        type Guard = ();
        fn row(&self) -> RowName {
            match self {
                Self::NoStep => RowName::new(1000, &[]),
                Self::Once(key) | Self::Twice(key) => RowName::new(1001, &[&[*key]]),
            }
        }
        fn guard(&self) {}
        fn kind(&self) -> WriteKind {
            WriteKind::Effect
        }
        fn apply(&self, _: BatchId, _: &mut Rows<'_>) -> Result<Verdict, Halt> {
            Ok(Verdict::Lands)
        }
        fn memory(&self, _: BatchId, _: &mut Rows<'_>) -> Result<Memory, Halt> {
            Ok(Memory::Silent)
        }
        fn carries(&self, _: BatchId) -> bool {
            false
        }
    }

    impl Lower<Plan> for Odd {
        fn lower(&self, batch: BatchId, plan: &mut Plan) {
            let steps = match self {
                Self::NoStep => 0,
                Self::Once(_) => 1,
                Self::Twice(_) => 2,
            };
            for _ in 0..steps {
                plan.step("update t set a = ?1", [Value::from(batch)]);
                plan.remember_by("select 1 from t where a = ?1", [Value::from(batch)]);
            }
        }
    }

    fn plan(writes: Vec<Odd>) -> Result<Plan, PlanError> {
        let batch = Batch::new(BatchId::from_bytes([7; 16]), Timestamp::EPOCH, writes).unwrap();
        Plan::of(&Realm::default(), &batch)
    }

    #[test]
    fn steps_belong_to_the_position_of_their_write() {
        let plan = plan(vec![Odd::Twice(2), Odd::Once(1), Odd::Once(3)]).unwrap();
        let positions: Vec<usize> = plan.steps().iter().map(Step::position).collect();
        assert_eq!(positions, [0, 1, 1, 2], "in canonical order, not the order given");
    }

    #[test]
    fn a_write_without_a_step_is_no_plan() {
        let error = plan(vec![Odd::Once(1), Odd::NoStep]).unwrap_err();
        assert_eq!(error, PlanError::NoStep { position: 0 });
    }

    #[test]
    fn a_batch_of_several_silent_writes_is_remembered_in_a_row_of_its_own() {
        assert!(matches!(plan(vec![Odd::Once(1), Odd::Once(2)]).unwrap().memory(), BatchMemory::OwnRow(_)));
    }

    #[test]
    fn a_batch_of_one_write_is_remembered_by_its_row() {
        let plan = plan(vec![Odd::Once(1)]).unwrap();
        let BatchMemory::InRows(queries) = plan.memory() else { panic!("{plan:?}") };
        assert_eq!(queries.len(), 1);
    }
}
