#![doc = include_str!("../README.md")]

mod limited;
mod limits;

pub use limited::{Largest, Limited, Record};
pub use limits::{Limit, MAX_BATCH_BYTES, MAX_OPS, MAX_PAGE, MAX_PARTITION, MAX_SORT};

pub use vestibule_core::kv::{Action, Applied, Expect, Key, Kv, KvStore, Op, Partition, Versioned};
