#![doc = include_str!("../README.md")]

mod challenge;
mod kv;
mod plan;
mod policy;
mod problem;
mod request;
mod service;
mod store;
#[cfg(test)]
mod testing;
mod window;

pub use challenge::{ChallengePassed, ChallengePolicy};
pub use plan::plan;
pub use policy::{Limit, PolicyError, ThrottlePolicy};
pub use problem::{Problem, registry};
pub use request::TryRequest;
pub use service::{Admitted, Throttle};
pub use store::{Taken, TakenWindow, WindowTake, Windows, dynamic};
pub use window::{Overflow, WindowKey, WindowKind};
