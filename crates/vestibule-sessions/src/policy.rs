//! How long, how many.

use core::time::Duration;

/// The most slots a profile can have, of sessions and of known devices each.
pub const MAX_SLOTS: u16 = 32;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Nothing here lasts longer: beyond it a number is a mistake.
const LONGEST: Duration = Duration::from_secs(400 * 24 * 60 * 60);
const SHORTEST: Duration = Duration::from_secs(1);

/// Why a policy is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The idle time is longer than the whole session.
    #[error("the idle time is at most the absolute time")]
    IdleAboveAbsolute,
    /// No slot at all, or more than [`MAX_SLOTS`].
    #[error("a profile has 1 to {MAX_SLOTS} slots")]
    Slots,
    /// A time below a second or above 400 days.
    #[error("a time is between one second and 400 days")]
    Span,
}

/// How long a session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    absolute: Duration,
    idle: Duration,
}

impl Limits {
    /// A session ends `absolute` after sign-in whatever happens, and `idle` after its last use (ASVS 7.3.1, 7.3.2).
    ///
    /// # Errors
    ///
    /// [`PolicyError::Span`], [`PolicyError::IdleAboveAbsolute`].
    pub fn new(absolute: Duration, idle: Duration) -> Result<Self, PolicyError> {
        let (absolute, idle) = (span(absolute)?, span(idle)?);
        if idle > absolute { Err(PolicyError::IdleAboveAbsolute) } else { Ok(Self { absolute, idle }) }
    }

    /// The time from sign-in.
    #[must_use]
    pub const fn absolute(&self) -> Duration {
        self.absolute
    }

    /// The time from the last use.
    #[must_use]
    pub const fn idle(&self) -> Duration {
        self.idle
    }
}

/// The limits of a deployment (ASVS 7.1.1, 7.1.2).
///
/// By default: after one factor 30 days, 14 days idle; after two 24 hours, 1 hour idle; evidence is fresh for a
/// step-up for 5 minutes; 16 sessions; 16 known devices for 180 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPolicy {
    one_factor: Limits,
    two_factors: Limits,
    step_up: Duration,
    sessions: u16,
    devices: u16,
    device_lasts: Duration,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            one_factor: Limits { absolute: DAY * 30, idle: DAY * 14 },
            two_factors: Limits { absolute: DAY, idle: HOUR },
            step_up: MINUTE * 5,
            sessions: 16,
            devices: 16,
            device_lasts: DAY * 180,
        }
    }
}

impl SessionPolicy {
    /// Other limits after one factor and after two.
    #[must_use]
    pub const fn with_limits(mut self, one_factor: Limits, two_factors: Limits) -> Self {
        self.one_factor = one_factor;
        self.two_factors = two_factors;
        self
    }

    /// For how long evidence is fresh enough for what asks for a step-up.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Span`].
    pub fn with_step_up(mut self, fresh: Duration) -> Result<Self, PolicyError> {
        self.step_up = span(fresh)?;
        Ok(self)
    }

    /// How many sessions a profile may have at once. Sessions in slots above a lowered number live to their end.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Slots`].
    pub const fn with_sessions_at_most(mut self, slots: u16) -> Result<Self, PolicyError> {
        match slots {
            1..=MAX_SLOTS => {
                self.sessions = slots;
                Ok(self)
            }
            _ => Err(PolicyError::Slots),
        }
    }

    /// How many known devices a profile may have, and for how long each.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Slots`], [`PolicyError::Span`].
    pub fn with_devices(mut self, slots: u16, lasts: Duration) -> Result<Self, PolicyError> {
        if !(1..=MAX_SLOTS).contains(&slots) {
            return Err(PolicyError::Slots);
        }
        self.devices = slots;
        self.device_lasts = span(lasts)?;
        Ok(self)
    }

    /// The limits after one factor.
    #[must_use]
    pub const fn one_factor(&self) -> Limits {
        self.one_factor
    }

    /// The limits after two factors.
    #[must_use]
    pub const fn two_factors(&self) -> Limits {
        self.two_factors
    }

    /// How long evidence is fresh.
    #[must_use]
    pub const fn step_up(&self) -> Duration {
        self.step_up
    }

    /// How many sessions a profile may have.
    #[must_use]
    pub const fn sessions_at_most(&self) -> u16 {
        self.sessions
    }

    /// How many known devices a profile may have.
    #[must_use]
    pub const fn devices_at_most(&self) -> u16 {
        self.devices
    }

    /// How long a device is known.
    #[must_use]
    pub const fn device_lasts(&self) -> Duration {
        self.device_lasts
    }
}

/// In range, and in whole microseconds, as every store keeps it.
fn span(time: Duration) -> Result<Duration, PolicyError> {
    if !(SHORTEST..=LONGEST).contains(&time) {
        return Err(PolicyError::Span);
    }
    u64::try_from(time.as_micros()).map(Duration::from_micros).map_err(|_| PolicyError::Span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_what_the_constructors_accept() {
        let policy = SessionPolicy::default();
        for limits in [policy.one_factor(), policy.two_factors()] {
            assert_eq!(Limits::new(limits.absolute(), limits.idle()), Ok(limits));
        }
        assert_eq!(policy.with_step_up(policy.step_up()), Ok(policy));
        assert_eq!(policy.with_devices(policy.devices_at_most(), policy.device_lasts()), Ok(policy));
        assert_eq!(policy.with_sessions_at_most(policy.sessions_at_most()), Ok(policy));
    }

    #[test]
    fn senseless_numbers_are_refused() {
        let policy = SessionPolicy::default();
        assert_eq!(Limits::new(HOUR, DAY), Err(PolicyError::IdleAboveAbsolute));
        assert_eq!(Limits::new(HOUR, Duration::ZERO), Err(PolicyError::Span));
        assert_eq!(Limits::new(Duration::MAX, HOUR), Err(PolicyError::Span));
        assert_eq!(policy.with_sessions_at_most(0), Err(PolicyError::Slots));
        assert_eq!(policy.with_sessions_at_most(33), Err(PolicyError::Slots));
        assert_eq!(policy.with_devices(33, DAY), Err(PolicyError::Slots));
        assert_eq!(policy.with_step_up(Duration::ZERO), Err(PolicyError::Span));
    }

    #[test]
    fn times_are_kept_in_whole_microseconds() {
        let limits = Limits::new(HOUR, Duration::from_nanos(60_000_000_999)).unwrap();
        assert_eq!(limits.idle(), MINUTE);
    }
}
