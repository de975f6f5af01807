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
mod fingerprint;
mod forms;
mod held;
#[cfg(feature = "journal")]
mod journal;
mod loud;
mod maintain;
#[cfg(feature = "mfa")]
mod mfa;
mod migrate;
mod options;
#[cfg(feature = "profiles")]
mod people;
mod pipeline;
mod pool;
#[cfg(feature = "profiles")]
mod profiles;
mod retry;
mod run;
mod schema;
mod server;
#[cfg(feature = "sessions")]
mod sessions;
#[cfg(feature = "facade")]
mod snapshot;
mod store;
mod text;
#[cfg(feature = "throttle")]
mod throttle;
#[cfg(feature = "throttle")]
mod tight;

pub use apply::apply_in;
pub use connect::Server;
pub use error::{SchemaError, ServerError};
pub use fingerprint::Fingerprint;
pub use maintain::Maintained;
pub use migrate::Migrated;
pub use options::Options;
pub use schema::{Domain, Migration, Schema};
pub use store::PostgresStore;
