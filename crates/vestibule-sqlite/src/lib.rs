#![doc = include_str!("../README.md")]

mod apply;
mod bind;
#[cfg(feature = "checkword")]
mod checkword;
mod connect;
#[cfg(feature = "credentials")]
mod credentials;
mod error;
mod export;
#[cfg(feature = "facade")]
mod facade;
mod file;
mod fingerprint;
#[cfg(feature = "journal")]
mod journal;
mod maintain;
#[cfg(feature = "mfa")]
mod mfa;
mod migrate;
mod oneshot;
mod options;
#[cfg(feature = "profiles")]
mod people;
#[cfg(feature = "profiles")]
mod profiles;
mod readers;
mod run;
mod schema;
mod server;
#[cfg(feature = "sessions")]
mod sessions;
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
