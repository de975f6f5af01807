//! Hashes that another system made.

use vestibule_core::Secret;

/// Verifies the hashes of another scheme, so that imported people sign in with the password they have.
///
/// It runs on the pool in place of the one Argon2id computation, and after the first success the password is hashed
/// anew. What it gets is the password exactly as typed: the other system did not prepare it.
///
/// # Contract
///
/// * F1 `recognises` looks at the form alone, cheaply, and answers `false` for what `verify` could not read.
/// * F2 `verify` answers `Ok(false)` only for a wrong password; what it cannot read is an error.
/// * F3 Its work has a ceiling that it checks before it computes.
/// * F4 It compares with [`vestibule_core::equal_in_constant_time`], and keeps no copy of the password.
pub trait ForeignHash: Send + Sync {
    /// Names the scheme, for people and journals: "bcrypt".
    fn scheme(&self) -> &'static str;

    /// Whether the text is a hash of this scheme.
    fn recognises(&self, stored: &str) -> bool;

    /// Whether `verify` could verify it: the form and the ceiling, without the work. An import asks before it stores.
    ///
    /// # Errors
    ///
    /// [`ForeignHashError`], the same that `verify` would answer.
    fn check(&self, stored: &str) -> Result<(), ForeignHashError>;

    /// Whether the password is the one the hash was made of.
    ///
    /// # Errors
    ///
    /// [`ForeignHashError`] when the text cannot be read or costs too much; never for a wrong password.
    fn verify(&self, typed: &Secret<String>, stored: &str) -> Result<bool, ForeignHashError>;
}

/// Why a foreign hash cannot be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForeignHashError {
    /// Not a hash of this scheme.
    #[error("a foreign hash cannot be read")]
    Malformed,
    /// More work than the ceiling allows.
    #[error("a foreign hash costs more than the ceiling allows")]
    TooCostly,
}
