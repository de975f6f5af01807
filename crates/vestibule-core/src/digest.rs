//! What rests of a secret.

use core::fmt;

use crate::secret::equal_in_constant_time;

/// A keyed digest (HMAC-SHA-256) of a secret or of a submitted text: what a store may see of it.
///
/// `==` is constant-time; ordering is not offered. `Debug` shows nothing, because a digest of a short text
/// plus a leaked key is the text.
#[derive(Clone, Copy)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// Takes the bytes as they rest in a store.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes as they rest in a store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        equal_in_constant_time(&self.0, &other.0)
    }
}

impl Eq for SecretDigest {}

impl core::hash::Hash for SecretDigest {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(..)")
    }
}
