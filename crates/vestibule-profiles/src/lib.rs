#![doc = include_str!("../README.md")]

mod account;
mod admission;
mod apply;
mod bridge;
pub mod decide;
mod identifier;
mod leaving;
mod membership;
mod policy;
mod problem;
mod profile;
mod requirement;
mod service;
mod store;
#[cfg(test)]
mod testing;
mod write;

pub use account::{Account, AccountState};
pub use admission::{Admission, AdmissionRequest, AdmissionRule, Proven, admit, factor_stands};
pub use decide::{By, FreezeProof, NewAccount, NewMember};
pub use identifier::ProfileIdentifier;
pub use leaving::Leaving;
pub use membership::{Membership, Move, Standing, Status};
pub use policy::{
    AccountPolicy, NetworkRange, Permission, Permissions, PolicyError, REMEMBERED_AT_LEAST,
    REMEMBERED_AT_MOST, Role,
};
pub use problem::{ENTRIES, HostProblem, Problem};
pub use profile::{Block, Freeze, MAX_IDENTIFIERS, Profile};
pub use requirement::{FactorRequirement, FactorScope, MAX_GRACE};
pub use service::{ActingAs, Profiles};
pub use store::{ProfilesRead, dynamic};
pub use write::{ProfilesGuard, ProfilesWrite};
