#![doc = include_str!("../README.md")]

pub mod dialect;
mod plan;
mod query;
mod step;
#[cfg(feature = "throttle")]
pub mod throttle;
mod value;

pub use plan::{BatchMemory, Outcome, Plan, PlanError};
pub use query::{Query, RowValues};
pub use step::{Constraint, Expect, Judged, Step, StepKind};
pub use value::{Statement, Value};
