//! The statements of a plan as they are sent.

use tokio_postgres::Error;
use vestibule_sql::{BatchMemory, Plan, Statement, Step, StepKind};

use crate::bind::{Form, Lock, sql};
use crate::connect::Conn;

/// The statements of a plan, each in the form in which it is sent.
pub(crate) struct Forms {
    pub(crate) own_row: Option<Form>,
    pub(crate) steps: Vec<Form>,
    pub(crate) memory: Vec<Form>,
}

impl Forms {
    pub(crate) async fn of(conn: &mut Conn, plan: &Plan) -> Result<Self, Error> {
        let mut forms =
            Self { own_row: None, steps: Vec::with_capacity(plan.steps().len()), memory: Vec::new() };
        for step in plan.steps() {
            forms.steps.push(conn.form(step.statement(), lock(step)).await?);
        }
        match plan.memory() {
            BatchMemory::OwnRow(insert) => forms.own_row = Some(conn.form(insert, Lock::None).await?),
            BatchMemory::InRows(questions) => {
                for question in questions {
                    forms.memory.push(conn.form(question, Lock::None).await?);
                }
            }
        }
        Ok(forms)
    }

    /// For a connection that is not ours.
    pub(crate) fn as_text(plan: &Plan) -> Self {
        let (own_row, memory) = match plan.memory() {
            BatchMemory::OwnRow(insert) => (Some(text(insert, Lock::None)), Vec::new()),
            BatchMemory::InRows(questions) => {
                (None, questions.iter().map(|question| text(question, Lock::None)).collect())
            }
        };
        let steps = plan.steps().iter().map(|step| text(step.statement(), lock(step))).collect();
        Self { own_row, steps, memory }
    }
}

fn text(statement: &Statement, lock: Lock) -> Form {
    Form::Text(sql(statement, lock))
}

/// What a decision relies on stays as it is until the batch has landed.
fn lock(step: &Step) -> Lock {
    match step.kind() {
        StepKind::Execute => Lock::None,
        StepKind::Query => Lock::Share,
    }
}
