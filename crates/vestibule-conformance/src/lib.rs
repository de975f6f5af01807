#![doc = include_str!("../README.md")]

mod audit;
mod case;
mod cases;
mod finding;
mod fixture;
mod front;
mod harness;
mod hooked;
mod joined;
mod memory;
mod model;
mod race;
mod scene;
pub mod walkthrough;

pub use audit::{assert_sound, audit};
pub use case::{CONTRACT, Case, CaseFuture, Need};
pub use cases::{all, named};
pub use finding::{Finding, Outcome};
pub use front::{assert_case, run, trials};
pub use harness::{Harness, HarnessError, Missing, Store, block_on};
pub use hooked::{Call, Hook, Hooked};
pub use joined::{JoinedGuard, JoinedWrite};
pub use memory::{MemoryHarness, Yielding};
pub use model::model_check;
