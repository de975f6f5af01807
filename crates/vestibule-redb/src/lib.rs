#![doc = include_str!("../README.md")]

mod error;
mod file;
mod kv;
mod open;

pub use error::FormatError;
pub use kv::RedbKv;
pub use open::{RedbStore, create, open};
