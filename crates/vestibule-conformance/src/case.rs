//! One row of the table of cases.

use core::future::Future;
use core::pin::Pin;

use crate::finding::Outcome;
use crate::harness::Harness;

/// The version of the contract that this kit checks. It is counted up when a case is added that a store which passed
/// before may fail.
pub const CONTRACT: u32 = 1;

/// What a running case gives. It need not be `Send`: a case stays on the thread that began it.
pub type CaseFuture<'a> = Pin<Box<dyn Future<Output = Outcome> + 'a>>;

/// What a case needs besides a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// Nothing.
    Nothing,
    /// A harness with a [raw reader](Harness::raw).
    RawReader,
}

/// One case.
#[derive(Debug)]
#[non_exhaustive]
pub struct Case<H> {
    /// Its name, by which it is run and reported.
    pub id: &'static str,
    /// The clauses of the contract that it checks.
    pub clauses: &'static [&'static str],
    /// What it needs.
    pub needs: Need,
    /// What breaks in production when it fails.
    pub breaks: &'static str,
    /// The version of the contract that brought it.
    pub since: u32,
    /// The case.
    pub run: for<'a> fn(&'a H) -> CaseFuture<'a>,
}

impl<H: Harness> Case<H> {
    /// Why this harness cannot run it, if it cannot.
    #[must_use]
    pub fn unmet(&self, harness: &H) -> Option<&'static str> {
        match self.needs {
            Need::RawReader if !harness.has_raw_reader() => Some("the harness has no raw reader"),
            Need::Nothing | Need::RawReader => None,
        }
    }
}
