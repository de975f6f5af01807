#![doc = include_str!("../README.md")]

pub mod arguments;
pub mod deployment;
pub mod hash_flood;
pub mod process;
pub mod stats;
mod unmeasured;

pub use unmeasured::Unmeasured;
