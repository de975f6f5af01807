//! How long a checkword lasts, and how often its message is sent.

use core::time::Duration;

use vestibule_core::{Purpose, Timestamp};

use crate::checkword::Checkword;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The longest a checkword lasts that goes by mail (NIST SP 800-63B-4, 4.2.1.2).
pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a link lasts that opens nothing and only freezes a profile, unless the deployment says otherwise.
pub const FREEZE_LASTS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long a link lasts that opens nothing and only ends a reset of the second factor.
pub const FACTOR_KEEP_LASTS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long a code that is typed lasts at most (NIST SP 800-63B-4, 3.1.3.2).
pub const CODE_LASTS: Duration = Duration::from_secs(10 * 60);

/// How long after the first, second, third message the next may follow; then one an hour. It never closes.
const SPACING: [Duration; 4] = [MINUTE, Duration::from_secs(5 * 60), Duration::from_secs(15 * 60), HOUR];
/// After so long without a message the spacing begins anew.
const QUIET: Duration = Duration::from_secs(24 * 60 * 60);

/// Why a policy is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A lifetime below a minute or above [`LONGEST`].
    #[error("a checkword lasts between one minute and 24 hours")]
    Lifetime,
}

/// The lifetimes of a deployment: 60 minutes, unless a purpose has its own; [`FREEZE_LASTS`] for what freezes and
/// [`FACTOR_KEEP_LASTS`] for what ends a reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckwordPolicy {
    lifetime: Duration,
    own: Vec<(Purpose, Duration)>,
}

impl Default for CheckwordPolicy {
    fn default() -> Self {
        Self { lifetime: HOUR, own: Vec::new() }
    }
}

impl CheckwordPolicy {
    /// Another lifetime for one purpose.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Lifetime`].
    pub fn with_lifetime(mut self, purpose: Purpose, lifetime: Duration) -> Result<Self, PolicyError> {
        if !(MINUTE..=LONGEST).contains(&lifetime) {
            return Err(PolicyError::Lifetime);
        }
        self.own.retain(|(other, _)| *other != purpose);
        self.own.push((purpose, lifetime));
        Ok(self)
    }

    /// How long a code that is typed lasts, for this purpose: as a link, and [`CODE_LASTS`] at most.
    #[must_use]
    pub fn lifetime_of_code(&self, purpose: Purpose) -> Duration {
        self.lifetime(purpose).min(CODE_LASTS)
    }

    /// How long a checkword for this purpose lasts.
    #[must_use]
    pub fn lifetime(&self, purpose: Purpose) -> Duration {
        let usual = match purpose {
            crate::purpose::FREEZE => FREEZE_LASTS,
            crate::purpose::FACTOR_KEEP => FACTOR_KEEP_LASTS,
            _ => self.lifetime,
        };
        self.own.iter().find(|(own, _)| *own == purpose).map_or(usual, |(_, lifetime)| *lifetime)
    }
}

/// How many messages in a row there are, this one included.
pub(crate) fn sends(row: &Checkword, now: Timestamp) -> u64 {
    if now.since(row.last_sent_at) >= QUIET { 1 } else { row.sends.saturating_add(1) }
}

/// From when the next message may follow. Codes are spaced by no more than they live, or nobody could type one for want of it.
pub(crate) fn next_message(row: &Checkword, as_code: bool) -> Timestamp {
    let place = usize::try_from(row.sends.saturating_sub(1)).unwrap_or(usize::MAX);
    let spacing = SPACING.get(place).copied().unwrap_or(HOUR);
    row.last_sent_at.plus(if as_code { spacing.min(CODE_LASTS) } else { spacing })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purpose::{JOIN, RECOVERY};
    use crate::testing::row;

    #[test]
    fn a_lifetime_is_an_hour_unless_the_purpose_has_its_own_and_a_day_at_most() {
        let day = CheckwordPolicy::default().with_lifetime(JOIN, LONGEST).unwrap();
        assert_eq!((day.lifetime(RECOVERY), day.lifetime(JOIN)), (HOUR, LONGEST));
        assert_eq!(day.lifetime(crate::purpose::FREEZE), FREEZE_LASTS, "it is no way in");
        for bad in [LONGEST + Duration::from_micros(1), MINUTE - Duration::from_micros(1), Duration::ZERO] {
            assert_eq!(day.clone().with_lifetime(JOIN, bad), Err(PolicyError::Lifetime));
        }
    }

    #[test]
    fn spacing_grows_to_an_hour_and_never_closes() {
        let waits = |as_code| {
            [0, 1, 2, 3, 4, 5, u64::MAX].map(|sends| {
                let row = Checkword { sends, ..row() };
                next_message(&row, as_code).since(row.last_sent_at).as_secs()
            })
        };
        assert_eq!(waits(false), [60, 60, 300, 900, 3600, 3600, 3600]);
        assert_eq!(waits(true), [60, 60, 300, 600, 600, 600, 600], "a code lasts no longer");
    }

    #[test]
    fn a_day_without_a_message_begins_the_spacing_anew() {
        let row = Checkword { sends: 7, ..row() };
        assert_eq!(sends(&row, row.last_sent_at.plus(QUIET - Duration::from_micros(1))), 8);
        assert_eq!(sends(&row, row.last_sent_at.plus(QUIET)), 1);
    }
}
