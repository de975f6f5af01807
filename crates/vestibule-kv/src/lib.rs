#![doc = include_str!("../README.md")]

mod answer;
pub mod file;
pub mod form;
mod limited;
mod limits;
mod maintain;
mod ordered;
mod people;
mod schema;
mod threaded;
mod through;

pub use form::FlatKeys;
pub use limited::{Largest, Limited, Record};
pub use limits::{Limit, MAX_BATCH_BYTES, MAX_OPS, MAX_PAGE, MAX_PARTITION, MAX_SORT};
pub use maintain::{Dead, Found, Sweep, Swept, maintain};
pub use ordered::{Changes, Ordered, Pair, Space, prepare};
pub use schema::{FormatError, Migrated, check, migrate};
pub use threaded::Threaded;

pub use vestibule_core::kv::{Action, Applied, Expect, Key, Kv, KvStore, Op, Partition, Versioned};
