//! How many tries, in how long.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::challenge::ChallengePolicy;

/// At most so many tries in a window of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    at_most: u32,
    span: Duration,
}

impl Limit {
    /// At most `at_most` tries in every window of length `span`.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Tries`] unless there is at least one try, [`PolicyError::Span`] unless the window is a whole
    /// number of seconds, from one second to 31 days.
    pub const fn new(at_most: u32, span: Duration) -> Result<Self, PolicyError> {
        if at_most == 0 {
            return Err(PolicyError::Tries);
        }
        if span.as_secs() == 0 || span.as_secs() > 31 * 86_400 || span.subsec_nanos() != 0 {
            return Err(PolicyError::Span);
        }
        Ok(Self { at_most, span })
    }

    /// At most so many in every hour.
    #[must_use]
    pub const fn per_hour(at_most: NonZeroU32) -> Self {
        Self::of(at_most.get(), HOUR)
    }

    pub(crate) const fn of(at_most: u32, seconds: u64) -> Self {
        Self { at_most, span: Duration::from_secs(seconds) }
    }

    /// The most tries of a window.
    #[must_use]
    pub const fn at_most(&self) -> u32 {
        self.at_most
    }

    /// The length of a window.
    #[must_use]
    pub const fn span(&self) -> Duration {
        self.span
    }
}

/// Why limits do not make a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A challenge that passes for no time, for more than five minutes, or is asked for before the first failure.
    #[error("a challenge comes after at least one failure and passes for at most five minutes")]
    Challenge,
    /// No limit per identifier, or more than four of a kind.
    #[error("each kind has at most four limits, identifiers at least one")]
    Count,
    /// A longer window that allows no more than a shorter one: the shorter could never matter.
    #[error("a longer window must allow more tries than a shorter one")]
    Order,
    /// No room for a single counter.
    #[error("at least one counter of its own must fit a window")]
    Population,
    /// A window shorter than a second, longer than 31 days, or not of whole seconds.
    #[error("a window is a whole number of seconds, at most 31 days")]
    Span,
    /// A window in which nothing can be tried locks everybody out.
    #[error("a window allows at least one try")]
    Tries,
}

/// The limits of a deployment.
///
/// By default per submitted identifier 5 tries in 30 seconds, 10 in 5 minutes, 20 in an hour, 50 in a day: whoever
/// goes on guessing waits for ever longer windows to end, which is the growing delay (U-14), and never for good.
/// Per client (IPv4 address, IPv6 /64) 20 a minute and 200 an hour, per IPv6 /56 800 an hour, per IPv6 /48 or
/// IPv4 /24 3000 an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThrottlePolicy {
    pub(crate) identifier: Vec<Limit>,
    pub(crate) client: Vec<Limit>,
    pub(crate) site: Vec<Limit>,
    pub(crate) network: Vec<Limit>,
    pub(crate) population: u32,
    pub(crate) challenge: ChallengePolicy,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;

impl Default for ThrottlePolicy {
    fn default() -> Self {
        Self {
            identifier: vec![
                Limit::of(50, 24 * HOUR),
                Limit::of(20, HOUR),
                Limit::of(10, 5 * MINUTE),
                Limit::of(5, 30),
            ],
            client: vec![Limit::of(200, HOUR), Limit::of(20, MINUTE)],
            site: vec![Limit::of(800, HOUR)],
            network: vec![Limit::of(3000, HOUR)],
            population: 100_000,
            challenge: ChallengePolicy::default(),
        }
    }
}

impl ThrottlePolicy {
    /// Replaces the limits per submitted identifier.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Count`] or [`PolicyError::Order`].
    pub fn identifier(mut self, limits: &[Limit]) -> Result<Self, PolicyError> {
        if limits.is_empty() {
            return Err(PolicyError::Count);
        }
        self.identifier = longest_first(limits)?;
        Ok(self)
    }

    /// Replaces the limits per IPv4 address or IPv6 /64. None at all switches them off.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Count`] or [`PolicyError::Order`].
    pub fn client(mut self, limits: &[Limit]) -> Result<Self, PolicyError> {
        self.client = longest_first(limits)?;
        Ok(self)
    }

    /// Replaces the limits per IPv6 /56. None at all switches them off.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Count`] or [`PolicyError::Order`].
    pub fn site(mut self, limits: &[Limit]) -> Result<Self, PolicyError> {
        self.site = longest_first(limits)?;
        Ok(self)
    }

    /// Replaces the limits per IPv4 /24 or IPv6 /48. None at all switches them off.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Count`] or [`PolicyError::Order`].
    pub fn network(mut self, limits: &[Limit]) -> Result<Self, PolicyError> {
        self.network = longest_first(limits)?;
        Ok(self)
    }

    /// Replaces how many counters of their own one window may have (100 000) before new keys share.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Population`] when it is zero.
    pub fn population(mut self, at_most: u32) -> Result<Self, PolicyError> {
        if at_most == 0 {
            return Err(PolicyError::Population);
        }
        self.population = at_most;
        Ok(self)
    }

    /// Replaces when a challenge is asked for.
    #[must_use]
    pub const fn challenge(mut self, challenge: ChallengePolicy) -> Self {
        self.challenge = challenge;
        self
    }

    /// When a challenge is asked for.
    #[must_use]
    pub const fn challenge_policy(&self) -> &ChallengePolicy {
        &self.challenge
    }
}

/// The longest window is taken first, so the first full one names the instant before which nothing counts.
fn longest_first(limits: &[Limit]) -> Result<Vec<Limit>, PolicyError> {
    const MOST: usize = 4;
    if limits.len() > MOST {
        return Err(PolicyError::Count);
    }
    let mut sorted = limits.to_vec();
    sorted.sort_by_key(|limit| core::cmp::Reverse(limit.span));
    let ordered = sorted.windows(2).all(|pair| match pair {
        [longer, shorter] => longer.span > shorter.span && longer.at_most > shorter.at_most,
        _ => true,
    });
    if ordered { Ok(sorted) } else { Err(PolicyError::Order) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(at_most: u32, seconds: u64) -> Limit {
        Limit::new(at_most, Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn limits_that_lock_everybody_out_or_never_end_are_refused() {
        assert_eq!(Limit::new(0, Duration::from_secs(1)), Err(PolicyError::Tries));
        for span in [Duration::ZERO, Duration::from_millis(1500), Duration::from_secs(31 * 86_400 + 1)] {
            assert_eq!(Limit::new(1, span), Err(PolicyError::Span), "{span:?}");
        }
    }

    #[test]
    fn the_defaults_keep_the_rules_of_a_policy() {
        let policy = ThrottlePolicy::default();
        for limits in [&policy.identifier, &policy.client, &policy.site, &policy.network] {
            assert_eq!(longest_first(limits).as_ref(), Ok(limits));
            for limit in limits {
                assert_eq!(Limit::new(limit.at_most, limit.span), Ok(*limit));
            }
        }
    }

    #[test]
    fn a_window_that_could_never_matter_is_refused() {
        let policy = ThrottlePolicy::default;
        assert_eq!(policy().identifier(&[]), Err(PolicyError::Count));
        assert_eq!(policy().client(&[limit(1, 1); 5]), Err(PolicyError::Count));
        assert_eq!(policy().client(&[limit(5, 60), limit(5, 30)]), Err(PolicyError::Order));
        assert_eq!(policy().client(&[limit(5, 60), limit(6, 60)]), Err(PolicyError::Order));
        assert_eq!(policy().population(0), Err(PolicyError::Population));
        let sorted = policy().client(&[limit(5, 30), limit(6, 60)]).unwrap();
        assert_eq!(sorted.client, [limit(6, 60), limit(5, 30)]);
    }
}
