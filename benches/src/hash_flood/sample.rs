//! What one child process measured, and how it tells its parent.

use core::fmt;
use core::str::FromStr;

use crate::Unmeasured;

/// One run of one variant, in a process of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// How many verifications found the password right.
    pub verified: u64,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// The most memory the process had resident.
    pub peak_kib: u64,
}

impl Sample {
    /// Verifications a second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "no flood has 2^52 people")]
    pub fn throughput(&self) -> f64 {
        self.verified as f64 / self.seconds
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.verified, self.seconds, self.peak_kib)
    }
}

impl FromStr for Sample {
    type Err = Unmeasured;

    fn from_str(text: &str) -> Result<Self, Unmeasured> {
        let parsed = || {
            let mut parts = text.split_whitespace();
            let verified = parts.next()?.parse().ok()?;
            let seconds = parts.next()?.parse().ok()?;
            let peak_kib = parts.next()?.parse().ok()?;
            parts.next().is_none().then_some(Self { verified, seconds, peak_kib })
        };
        parsed().ok_or_else(|| Unmeasured::because("a child process answered something unreadable"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_reads_what_the_child_writes() {
        let sample = Sample { verified: 500, seconds: 4.75, peak_kib: 43_210 };
        assert_eq!(format!("{sample}\n").parse(), Ok(sample));
    }

    #[test]
    fn half_a_line_or_more_than_one_is_no_sample() {
        assert!("500 4.75".parse::<Sample>().is_err());
        assert!("500 4.75 1 1".parse::<Sample>().is_err());
        assert!("".parse::<Sample>().is_err());
    }
}
