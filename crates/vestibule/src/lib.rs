#![doc = include_str!("../README.md")]

mod account;
mod builder;
mod password;
mod problem;
mod refuse;
mod register;
mod registry;
mod session;
mod sign_in;
mod store;
mod vestibule;
mod writes;

pub use account::{Acting, Reason, ReasonError};
pub use builder::{BuildError, Builder};
pub use problem::SignInProblem;
pub use register::NewPerson;
pub use registry::registry;
pub use session::{Authenticated, OwnSession};
pub use sign_in::{SignIn, SignInRequest, SignedIn};
pub use store::{DynStore, ErasedStore, Store, erase};
pub use vestibule::Vestibule;
pub use writes::{AnyGuard, AnyWrite};
