//! The hook for passwords known from breaches.

use crate::PreparedPassword;

/// Knows passwords that were published by somebody's breach.
///
/// The call is synchronous: answer from a local data set or a cache. Whoever asks a remote service looks it up
/// beforehand and hands the answer in through a small implementation. The policy asks last, so every cheaper
/// reason to refuse comes first and an unacceptable password is never sent anywhere.
///
/// # Example
///
/// ```
/// use vestibule_credentials::{BreachAnswer, BreachedPasswords, PreparedPassword};
///
/// struct Leaked(std::collections::HashSet<String>);
///
/// impl BreachedPasswords for Leaked {
///     fn look_up(&self, password: &PreparedPassword) -> BreachAnswer {
///         // EXPOSE: looked up in this process; it goes nowhere.
///         match self.0.contains(password.prepared().expose()) {
///             true => BreachAnswer::Breached,
///             false => BreachAnswer::Clean,
///         }
///     }
/// }
/// ```
pub trait BreachedPasswords: Send + Sync {
    /// What is known of this password.
    fn look_up(&self, password: &PreparedPassword) -> BreachAnswer;
}

impl<T: BreachedPasswords + ?Sized> BreachedPasswords for &T {
    fn look_up(&self, password: &PreparedPassword) -> BreachAnswer {
        (**self).look_up(password)
    }
}

impl<T: BreachedPasswords + ?Sized> BreachedPasswords for std::sync::Arc<T> {
    fn look_up(&self, password: &PreparedPassword) -> BreachAnswer {
        (**self).look_up(password)
    }
}

/// The answer of [`BreachedPasswords`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "hosts build it, the policy handles each case")]
pub enum BreachAnswer {
    /// Part of a known breach.
    Breached,
    /// Not in the data that was asked.
    Clean,
    /// The data could not be asked; [`WhenBreachUnknown`] decides.
    Unknown,
}

/// What a policy does with [`BreachAnswer::Unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "fail open or fail closed: there is no third")]
pub enum WhenBreachUnknown {
    /// Accept: the list built in was asked, and an outage elsewhere does not stop people from setting a password.
    #[default]
    Accept,
    /// Refuse with [`PasswordRejection::BreachUnknown`](crate::PasswordRejection::BreachUnknown).
    Refuse,
}

/// No data set beyond the list built in: everything is clean.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "a unit type: it has nothing to grow")]
pub struct NoBreachData;

impl BreachedPasswords for NoBreachData {
    fn look_up(&self, _: &PreparedPassword) -> BreachAnswer {
        BreachAnswer::Clean
    }
}
