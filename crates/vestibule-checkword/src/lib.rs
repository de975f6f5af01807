#![doc = include_str!("../README.md")]

mod bridge;
mod checkword;
pub mod decide;
mod former;
mod intent;
mod link;
mod policy;
mod problem;
pub mod purpose;
mod service;
mod state;
mod store;
#[cfg(test)]
mod testing;
mod write;

pub use checkword::{Checkword, MAX_BOUND};
pub use former::{FORMERS, Former};
pub use intent::{Intent, RedeemedCheckword};
pub use link::{make_link, open_link, read_link};
pub use policy::{CheckwordPolicy, FACTOR_KEEP_LASTS, FREEZE_LASTS, LONGEST, PolicyError};
pub use problem::{Problem, registry};
pub use service::{Checkwords, Requested};
pub use state::{Rotation, State};
pub use store::{CheckwordRead, Found, dynamic};
pub use write::{CheckwordGuard, CheckwordWrite};
