//! Values that must not leak: one wrapper, one constant-time comparison.

use core::fmt;

use ctutils::CtEq;
use zeroize::Zeroize;

/// A value that is wiped when dropped and never printed.
///
/// There is no `Display`, `Serialize`, `Clone`, `PartialEq` or `Deref`: the only way to the value is
/// [`expose`](Self::expose), and every call of it carries a comment that begins with `EXPOSE:` and says why.
///
/// # Example
///
/// ```
/// use vestibule_core::Secret;
///
/// let password = Secret::new(String::from("correct horse battery staple"));
/// assert_eq!(format!("{password:?}"), "Secret(..)");
/// ```
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the value in. Copies that the caller keeps are the caller's to wipe.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one computation that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Whether two byte strings are equal, in time that depends on their lengths alone (ATK-B9).
///
/// Every comparison of a digest, a hash or a code in this workspace goes through here.
#[must_use]
pub fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).to_bool()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_secret_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new(vec![1_u8, 2, 3])), "Secret(..)");
    }

    #[test]
    fn comparison_is_exact() {
        assert!(equal_in_constant_time(b"abc", b"abc"));
        assert!(!equal_in_constant_time(b"abc", b"abd"));
        assert!(!equal_in_constant_time(b"abc", b"ab"));
        assert!(equal_in_constant_time(b"", b""));
    }
}
