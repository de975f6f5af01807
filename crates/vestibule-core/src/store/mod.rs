//! The contract between a decision and the store that lands it.

pub(crate) mod batch;
pub(crate) mod commit;
pub(crate) mod error;
pub mod server;
mod twin;
mod union;
pub(crate) mod write;
