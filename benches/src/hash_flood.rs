//! Many people sign in at once: our bounded pool against the plain `argon2` crate on unbounded blocking threads.

mod arguments;
mod report;
mod sample;
mod variants;

pub use arguments::{Arguments, HELP, Task, UsageError};
pub use report::{Layout, Report, Round};
pub use sample::Sample;
pub use variants::{Variant, cores, run};
