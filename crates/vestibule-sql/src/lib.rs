#![doc = include_str!("../README.md")]

pub mod batches;
#[cfg(feature = "checkword")]
pub mod checkword;
#[cfg(feature = "credentials")]
pub mod credentials;
pub mod dialect;
#[cfg(feature = "journal")]
pub mod journal;
#[cfg(feature = "mfa")]
pub mod mfa;
mod plan;
#[cfg(feature = "profiles")]
pub mod profiles;
mod query;
#[cfg(feature = "sessions")]
pub mod sessions;
mod step;
#[cfg(feature = "throttle")]
pub mod throttle;
mod value;
#[cfg(all(feature = "credentials", feature = "profiles", feature = "sessions"))]
pub mod views;

pub use plan::{BatchMemory, Outcome, Plan, PlanError};
pub use query::{Query, RowValues};
pub use step::{Constraint, Expect, Judged, Step, StepKind};
pub use value::{Statement, Value};
