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
    /// A harness that can [take the database away](Harness::break_down).
    Breakdown,
    /// A store that lands batches in [a host's transaction](Harness::host_transaction).
    HostTransactions,
    /// A store with [housekeeping](Harness::maintain).
    Maintenance,
    /// A store with [tables of a version](Harness::make_newer).
    Schema,
}

/// Why a case is not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unmet {
    /// The author can do something about it: the case is ignored.
    Ignored(&'static str),
    /// It is no matter of a store of this kind: the case is not asked.
    NotAsked(&'static str),
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
    pub fn unmet(&self, harness: &H) -> Option<Unmet> {
        let not_asked = |has: bool, why| (!has).then_some(Unmet::NotAsked(why));
        match self.needs {
            Need::Nothing => None,
            Need::RawReader => {
                (!harness.has_raw_reader()).then_some(Unmet::Ignored("the harness has no raw reader"))
            }
            Need::Breakdown => not_asked(harness.has_breakdown(), "the harness breaks nothing down"),
            Need::HostTransactions => {
                not_asked(harness.has_host_transactions(), "the store has no transactions of a host's")
            }
            Need::Maintenance => not_asked(harness.has_maintenance(), "the store has no housekeeping"),
            Need::Schema => not_asked(harness.has_schema(), "the store has no schema"),
        }
    }
}
