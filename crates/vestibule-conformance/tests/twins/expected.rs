//! Which cases catch which twin.

use crate::faults::Fault;

pub(crate) const FAILING: &[(Fault, &[&str])] = &[
    (Fault::DoubleSpend, &[]),
    (Fault::HalfBatch, &[]),
    (Fault::IgnoresVersion, &[]),
    (Fault::SwallowsDuplicate, &[]),
    (Fault::RequireWithoutLock, &[]),
    (Fault::LeaksRealm, &[]),
    (Fault::CaseFolds, &[]),
    (Fault::NulTruncates, &[]),
    (Fault::ForgetsMemory, &[]),
    (Fault::LosesOnReopen, &[]),
    (Fault::StaleReads, &[]),
    (Fault::CountersOverspend, &[]),
    (Fault::CountersUnlimited, &[]),
    (Fault::NeverGivesBack, &[]),
    (Fault::ShortPages, &[]),
    (Fault::PagesOverlap, &[]),
    (Fault::ListsRunOn, &[]),
    (Fault::ListsBackwards, &[]),
    (Fault::NeverDeletes, &[]),
    (Fault::MissingIsError, &[]),
    (Fault::CutsValues, &[]),
];

/// Cases that no twin fails.
pub(crate) const NO_TWIN_YET: &[&str] = &[];
