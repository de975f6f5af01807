//! One statement of a plan, and how its answer is judged.

use crate::{Statement, Value, dialect};

/// How a step's statement is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "drivers match on it: there is no third way to run a statement")]
pub enum StepKind {
    /// It changes rows; the number of changed rows is judged.
    Execute,
    /// It answers rows; their number is judged. Only what relies on a row without changing it is a query.
    Query,
}

/// What the number of rows must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "drivers match on it")]
pub enum Expect {
    /// Any number: the step never refuses (guards that always hold).
    Any,
    /// One; none means that the guard did not hold.
    OneRow,
}

/// A constraint of the schema whose violation means that the guard did not hold.
///
/// A row that racers want is better taken by `insert .. on conflict (its key) do nothing`, which says the same without
/// an error; this is for updates that run into a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Constraint {
    /// A named check.
    Check {
        /// The constraint's name.
        name: &'static str,
    },
    /// A unique or primary key. SQLite reports it by its columns, PostgreSQL by its name.
    #[non_exhaustive]
    Unique {
        /// The constraint's or index's name.
        name: &'static str,
        /// The table.
        table: &'static str,
        /// The columns in the key's order.
        columns: &'static [&'static str],
    },
}

impl Constraint {
    /// A named check.
    #[must_use]
    pub const fn check(name: &'static str) -> Self {
        Self::Check { name }
    }

    /// A unique or primary key, without conditions or expressions.
    #[must_use]
    pub const fn unique(name: &'static str, table: &'static str, columns: &'static [&'static str]) -> Self {
        Self::Unique { name, table, columns }
    }

    /// The constraint's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Check { name } | Self::Unique { name, .. } => name,
        }
    }
}

/// How a step's answer was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "drivers match on it")]
pub enum Judged {
    /// The guard held.
    Lands,
    /// The guard did not hold: the batch is refused at this step's position.
    Refused,
    /// More rows than one guarded fact can touch. The statement or the schema is wrong; nothing may be committed.
    TooMany,
}

/// One statement of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    position: usize,
    kind: StepKind,
    statement: Statement,
    expect: Expect,
    constraints: Vec<Constraint>,
}

impl Step {
    pub(crate) fn new(position: usize, kind: StepKind, expect: Expect, statement: Statement) -> Self {
        Self { position, kind, statement, expect, constraints: Vec::new() }
    }

    /// Names a constraint whose violation is this step's refusal.
    pub fn refused_by(&mut self, constraint: Constraint) -> &mut Self {
        self.constraints.push(constraint);
        self
    }

    /// The place of the write that this step belongs to.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// How the statement is run.
    #[must_use]
    pub const fn kind(&self) -> StepKind {
        self.kind
    }

    /// The statement.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The statement as PostgreSQL runs it: its placeholders, and a lock on what is relied upon.
    ///
    /// What a decision relies on must stay as it is until the batch has landed. `for share` keeps it so; `for key share`
    /// would let anybody change what is no key.
    #[must_use]
    pub fn postgres(&self) -> String {
        let sql = dialect::postgres(self.statement.sql());
        match self.kind {
            StepKind::Execute => sql,
            StepKind::Query => sql + " for share",
        }
    }

    /// The statement's parameters.
    #[must_use]
    pub fn params(&self) -> &[Value] {
        self.statement.params()
    }

    /// What the number of rows must be.
    #[must_use]
    pub const fn expect(&self) -> Expect {
        self.expect
    }

    /// Judges the number of rows that the statement changed or answered.
    pub const fn judge(&self, rows: usize) -> Judged {
        match (self.expect, rows) {
            (Expect::Any, _) | (Expect::OneRow, 1) => Judged::Lands,
            (Expect::OneRow, 0) => Judged::Refused,
            (Expect::OneRow, _) => Judged::TooMany,
        }
    }

    /// Whether the violation of the constraint that `is` recognises is this step's refusal.
    pub fn refuses_by(&self, is: impl Fn(&Constraint) -> bool) -> bool {
        self.constraints.iter().any(is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(expect: Expect) -> Step {
        Step::new(3, StepKind::Execute, expect, Statement::new("select 1", []))
    }

    #[test]
    fn a_guarded_step_needs_exactly_one_row() {
        assert_eq!(step(Expect::OneRow).judge(0), Judged::Refused);
        assert_eq!(step(Expect::OneRow).judge(1), Judged::Lands);
        assert_eq!(step(Expect::OneRow).judge(2), Judged::TooMany);
    }

    #[test]
    fn an_unguarded_step_lands_on_any_number_of_rows() {
        for rows in 0..3 {
            assert_eq!(step(Expect::Any).judge(rows), Judged::Lands);
        }
    }

    #[test]
    fn what_is_relied_upon_is_locked() {
        let query = Statement::new("select 1 from t where a = ?1", []);
        let relied = Step::new(3, StepKind::Query, Expect::OneRow, query);
        assert_eq!(relied.postgres(), "select 1 from t where a = $1 for share");
        assert_eq!(step(Expect::OneRow).postgres(), "select 1");
    }

    #[test]
    fn only_a_named_constraint_refuses() {
        let mut step = step(Expect::OneRow);
        step.refused_by(Constraint::check("named"));
        assert!(step.refuses_by(|constraint| constraint.name() == "named"));
        assert!(!step.refuses_by(|constraint| constraint.name() == "other"));
    }
}
