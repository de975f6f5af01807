#![doc = include_str!("../README.md")]

mod audit;
mod case;
mod cases;
mod erased;
mod faults;
mod finding;
mod fixture;
mod front;
mod harness;
mod history;
mod hooked;
mod joined;
mod memory;
mod model;
mod race;
mod report;
mod scene;
pub mod walkthrough;
#[cfg(test)]
mod writes;

pub use audit::{Counted, Flaw, Listed, Place, Row, Scope, Unsound, assert_sound, audit, audit_within};
pub use case::{CONTRACT, Case, CaseFuture, Need, Unmet};
pub use cases::{all, named};
pub use faults::{Cancelling, Failing, Losing, Slow};
pub use finding::{Finding, Outcome};
pub use front::{assert_case, run, trials};
pub use harness::{Harness, HarnessError, HostEnd, HostWork, Missing, Store, block_on};
pub use hooked::{Call, Hook, Hooked};
pub use joined::{JoinedGuard, JoinedWrite};
pub use memory::{MemoryHarness, Yielding};
pub use model::model_check;
pub use report::{CaseReport, Report, Verdict};
