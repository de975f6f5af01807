//! Randomness comes in from outside, and may fail.

use rand::TryRng;

/// The source of random bytes had none to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness failed")]
#[non_exhaustive]
pub struct EntropyError;

impl EntropyError {
    /// For sources outside this crate.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Default for EntropyError {
    fn default() -> Self {
        Self::new()
    }
}

/// A cryptographic source of random bytes.
///
/// It is a trait so that tests can make every draw reproducible and can let the draw fail (FLT-X29). Types of
/// the `rand` crate do not appear: hosts hold several of its versions at once.
pub trait Entropy: Send + Sync {
    /// Fills `out` with random bytes.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when not every byte could be drawn; `out` must then not be used.
    fn try_fill(&self, out: &mut [u8]) -> Result<(), EntropyError>;
}

impl<T: Entropy + ?Sized> Entropy for &T {
    fn try_fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        (**self).try_fill(out)
    }
}

impl<T: Entropy + ?Sized> Entropy for std::sync::Arc<T> {
    fn try_fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        (**self).try_fill(out)
    }
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "a unit type: it has nothing to grow")]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn try_fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        rand::rngs::SysRng.try_fill_bytes(out).map_err(|_| EntropyError)
    }
}

/// Draws `N` random bytes.
///
/// # Errors
///
/// [`EntropyError`] when the source fails.
pub fn make_bytes<const N: usize>(entropy: &(impl Entropy + ?Sized)) -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    entropy.try_fill(&mut bytes)?;
    Ok(bytes)
}
