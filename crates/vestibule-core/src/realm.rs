//! White-label deployments that share a database and nothing else.

use core::fmt;

use crate::IdError;

/// One deployment among several in a database: 1 to 32 bytes of `[a-z0-9_-]`, by default `default`.
///
/// It is the first component of every key, and a store handle is bound to one realm, so no call can reach
/// another (PR-15).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Realm(Box<str>);

impl Realm {
    /// Reads a realm's name.
    ///
    /// # Errors
    ///
    /// [`IdError::Empty`], [`IdError::TooLong`] or [`IdError::Malformed`].
    pub fn parse(name: &str) -> Result<Self, IdError> {
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        match name.len() {
            0 => Err(IdError::Empty),
            1..=32 if name.bytes().all(plain) => Ok(Self(name.into())),
            1..=32 => Err(IdError::Malformed),
            _ => Err(IdError::TooLong),
        }
    }

    /// The name.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Realm {
    fn default() -> Self {
        Self("default".into())
    }
}

impl fmt::Debug for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Realm({})", self.0)
    }
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
