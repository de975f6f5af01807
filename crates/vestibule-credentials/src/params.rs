//! What one hash costs.

/// The cost of new hashes: Argon2id, version 0x13, one lane.
///
/// The constructor refuses everything under the floor of the OWASP Password Storage Cheat Sheet. The default is
/// 19 MiB and two passes.
///
/// # Example
///
/// ```
/// use vestibule_credentials::HashParams;
///
/// let dearer = HashParams::new(65_536, 3)?;
/// assert!(HashParams::new(4_096, 1).is_err());
/// # Ok::<(), vestibule_credentials::HashParamsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashParams {
    memory_kib: u32,
    passes: u32,
}

impl HashParams {
    /// The most memory of one hash, in KiB: 2 GiB.
    pub const MAX_MEMORY_KIB: u32 = 1 << 21;

    /// The most work of one hash: memory in KiB times passes.
    pub const MAX_WORK: u64 = 1 << 22;

    /// Takes memory in KiB and the number of passes.
    ///
    /// # Errors
    ///
    /// [`HashParamsError::TooWeak`] unless at least 47 104 KiB with one pass, 19 456 KiB with two or 12 288 KiB
    /// with more; [`HashParamsError::TooCostly`] beyond [`MAX_MEMORY_KIB`](Self::MAX_MEMORY_KIB) or
    /// [`MAX_WORK`](Self::MAX_WORK).
    pub const fn new(memory_kib: u32, passes: u32) -> Result<Self, HashParamsError> {
        let floor = match passes {
            0 => return Err(HashParamsError::TooWeak),
            1 => 47_104,
            2 => 19_456,
            _ => 12_288,
        };
        if memory_kib < floor {
            return Err(HashParamsError::TooWeak);
        }
        if memory_kib > Self::MAX_MEMORY_KIB || memory_kib as u64 * passes as u64 > Self::MAX_WORK {
            return Err(HashParamsError::TooCostly);
        }
        Ok(Self { memory_kib, passes })
    }

    /// Params far under any floor (one pass over 8 KiB), so that a test suite does not spend its time hashing.
    ///
    /// # Security
    ///
    /// Hashes made with them are guessed at millions a second. For tests only.
    #[must_use]
    pub const fn danger_weak_for_tests() -> Self {
        Self { memory_kib: 8, passes: 1 }
    }

    /// Memory in KiB.
    #[must_use]
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Number of passes.
    #[must_use]
    pub const fn passes(self) -> u32 {
        self.passes
    }

    /// Memory times passes: what the hash costs whoever computes it.
    #[must_use]
    pub const fn work(self) -> u64 {
        self.memory_kib as u64 * self.passes as u64
    }
}

impl Default for HashParams {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2 }
    }
}

/// Why a cost is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashParamsError {
    /// More memory or work than one hash may take.
    #[error("the cost of a hash is above the ceiling")]
    TooCostly,
    /// Under the floor: such hashes are guessed too fast (ATK-B6, ASVS 11.4.2).
    #[error("the cost of a hash is under the floor")]
    TooWeak,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_is_exactly_where_it_is_documented() {
        for (memory, passes) in [(47_104, 1), (19_456, 2), (12_288, 3), (12_288, 4)] {
            assert!(HashParams::new(memory, passes).is_ok(), "{memory} {passes}");
            assert_eq!(HashParams::new(memory - 1, passes), Err(HashParamsError::TooWeak));
        }
        assert_eq!(HashParams::new(1 << 20, 0), Err(HashParamsError::TooWeak));
    }

    #[test]
    fn the_ceiling_holds() {
        assert!(HashParams::new(1 << 21, 2).is_ok());
        assert_eq!(HashParams::new(1 << 21, 3), Err(HashParamsError::TooCostly));
        assert_eq!(HashParams::new((1 << 21) + 1, 1), Err(HashParamsError::TooCostly));
        assert_eq!(HashParams::new(u32::MAX, u32::MAX), Err(HashParamsError::TooCostly));
    }

    #[test]
    fn the_default_passes_its_own_floor() {
        let default = HashParams::default();
        assert_eq!(HashParams::new(default.memory_kib(), default.passes()), Ok(default));
    }
}
