#![doc = include_str!("../README.md")]

mod apply;
mod bind;
mod connect;
mod error;
mod export;
mod file;
mod fingerprint;
mod maintain;
mod migrate;
mod oneshot;
mod options;
mod readers;
mod run;
mod schema;
mod store;
#[cfg(feature = "throttle")]
mod throttle;
mod writer;

pub use apply::apply_in;
pub use error::SchemaError;
pub use fingerprint::Fingerprint;
pub use maintain::Maintained;
pub use migrate::Migrated;
pub use options::{Options, Synchronous};
pub use readers::Snapshot;
pub use schema::{Domain, Migration, Schema};
pub use store::SqliteStore;
pub use writer::WriterCounts;
