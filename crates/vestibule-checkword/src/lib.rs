#![doc = include_str!("../README.md")]

mod bridge;
mod checkword;
mod code;
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
mod tries;
mod write;

pub use checkword::{Checkword, MAX_BOUND};
pub use code::{code_of, is_code_of};
pub use former::{FORMERS, Former};
pub use intent::{Intent, RedeemedCheckword};
pub use link::{make_link, open_link, read_link};
pub use policy::{CODE_LASTS, CheckwordPolicy, FACTOR_KEEP_LASTS, FREEZE_LASTS, LONGEST, PolicyError};
pub use problem::{Problem, registry};
pub use service::{Checkwords, CodeMessage, CodeRequested, Requested};
pub use state::{Rotation, State};
pub use store::{CheckwordRead, Found, dynamic};
pub use tries::{TRIES_PER_CODE, TRIES_PER_DAY, Tries};
pub use write::{CheckwordGuard, CheckwordWrite};
