#![doc = include_str!("../README.md")]

mod registry;
mod store;
mod writes;

pub use registry::registry;
pub use store::{DynStore, ErasedStore, Store, erase};
pub use writes::{AnyGuard, AnyWrite};
