#![doc = include_str!("../README.md")]

pub mod arguments;
pub mod commits;
pub mod crowd;
pub mod deployment;
pub mod growth;
pub mod hash_flood;
pub mod postgres;
pub mod process;
pub mod redeemed;
pub mod stats;
mod unmeasured;

pub use unmeasured::Unmeasured;
