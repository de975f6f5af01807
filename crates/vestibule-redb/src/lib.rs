#![doc = include_str!("../README.md")]

mod database;
mod error;
mod kv;
mod open;

pub use kv::RedbKv;
pub use open::{RedbStore, create, open};
pub use vestibule_kv::FormatError;
