//! The store with a small domain of its own: tokens that are consumed once, and counters.

mod commits;
mod faults;
mod host;
mod migrations;
mod reference;
mod support;
