//! The cases, by what they are about, and the table of them.

mod batches;
mod checkword_ends;
mod checkword_races;
mod checkwords;
mod credentials;
mod deleting;
mod end_races;
mod factor_tries;
mod factors;
mod faults;
mod histories;
mod host;
mod isolation;
mod journal;
mod lasting;
mod leaving;
mod membership;
mod profiles;
mod reading;
mod recovery_codes;
mod refusals;
mod revocation;
mod session_races;
mod sessions;
mod story;
mod table;
mod text;
mod time;
mod views;
mod windows;

pub use table::{all, named};
