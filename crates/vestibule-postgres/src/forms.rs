//! The statements of a plan as they are sent.

use tokio_postgres::Error;
use vestibule_sql::{BatchMemory, Expect, Plan, Statement, Step, StepKind};

use crate::bind::{Form, Manner, sql};
use crate::connect::Conn;

/// How a guard that does not hold is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// By a number of rows: whoever commits must have looked at it.
    Silent,
    /// By a failure, after which nothing can be committed.
    Loud,
}

/// The statements of a plan, each in the form in which it is sent.
pub(crate) struct Forms {
    pub(crate) voice: Voice,
    pub(crate) own_row: Option<Form>,
    pub(crate) steps: Vec<Form>,
    pub(crate) memory: Vec<Form>,
}

impl Forms {
    pub(crate) async fn of(conn: &mut Conn, plan: &Plan, voice: Voice) -> Result<Self, Error> {
        let steps = Vec::with_capacity(plan.steps().len());
        let mut forms = Self { voice, own_row: None, steps, memory: Vec::new() };
        for step in plan.steps() {
            forms.steps.push(conn.form(step.statement(), of_step(step, voice)).await?);
        }
        match plan.memory() {
            BatchMemory::OwnRow(insert) => {
                forms.own_row = Some(conn.form(insert, of_own_row(voice)).await?);
            }
            BatchMemory::InRows(questions) => {
                for question in questions {
                    forms.memory.push(conn.form(question, Manner::Plain).await?);
                }
            }
        }
        Ok(forms)
    }

    /// For a connection that is not ours.
    pub(crate) fn as_text(plan: &Plan) -> Self {
        let voice = Voice::Silent;
        let (own_row, memory) = match plan.memory() {
            BatchMemory::OwnRow(insert) => (Some(text(insert, of_own_row(voice))), Vec::new()),
            BatchMemory::InRows(questions) => {
                (None, questions.iter().map(|question| text(question, Manner::Plain)).collect())
            }
        };
        let steps = plan.steps().iter().map(|step| text(step.statement(), of_step(step, voice))).collect();
        Self { voice, own_row, steps, memory }
    }
}

fn text(statement: &Statement, manner: Manner) -> Form {
    Form::Text(sql(statement, manner))
}

/// What a decision relies on stays as it is until the batch has landed.
fn of_step(step: &Step, voice: Voice) -> Manner {
    match (step.kind(), step.expect(), voice) {
        (StepKind::Execute, Expect::OneRow, Voice::Loud) => Manner::Loud,
        (StepKind::Execute, Expect::Any, Voice::Loud) => Manner::LoudAny,
        (StepKind::Execute, _, _) => Manner::Plain,
        (StepKind::Query, Expect::OneRow, Voice::Loud) => Manner::LoudLocked,
        (StepKind::Query, _, _) => Manner::Locked,
    }
}

const fn of_own_row(voice: Voice) -> Manner {
    match voice {
        Voice::Silent => Manner::Plain,
        Voice::Loud => Manner::Loud,
    }
}
