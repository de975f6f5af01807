//! People, identifiers, accounts and memberships: the tables `vestibule_profile`, `vestibule_identifier`,
//! `vestibule_identifier_owner`, `vestibule_leaving`, `vestibule_account`, `vestibule_membership` and `vestibule_contact`.
//!
//! A write is one statement about one row. Taking and releasing a verified identifier are two: the row that everybody
//! wants, which judges, and the person's own. None of these writes is remembered by its row.

mod addresses;
mod reads;
mod writes;

pub use reads::{
    account, anybody, contact_owner, forget_leavings, free_left, identifier_owner, identifiers, leaving,
    leaving_of, members_of, membership, memberships_of, profile,
};
#[cfg(all(feature = "credentials", feature = "sessions"))]
pub(crate) use reads::{read_membership, read_profile};
