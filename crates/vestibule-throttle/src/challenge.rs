//! The host's challenge after several failures.

use core::time::Duration;

use vestibule_core::{AddressKey, Timestamp, equal_in_constant_time};

use crate::policy::PolicyError;
use crate::problem::Problem;

/// When a challenge is asked for, and for how long a passed one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChallengePolicy {
    after: u32,
    holds: Duration,
}

/// A passed challenge is worth no more than five minutes of guessing.
const HOLDS_AT_MOST: Duration = Duration::from_secs(300);

impl Default for ChallengePolicy {
    fn default() -> Self {
        Self { after: 5, holds: HOLDS_AT_MOST }
    }
}

impl ChallengePolicy {
    /// Asks for a challenge once this many consecutive tries failed; one that was passed holds for `holds`.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Challenge`] unless `after` is at least one and `holds` above zero and at most five minutes.
    pub const fn new(after: u32, holds: Duration) -> Result<Self, PolicyError> {
        if after == 0
            || holds.is_zero()
            || holds.as_secs() > 300
            || (holds.as_secs() == 300 && holds.subsec_nanos() > 0)
        {
            return Err(PolicyError::Challenge);
        }
        Ok(Self { after, holds })
    }

    /// Never asks.
    #[must_use]
    pub const fn never() -> Self {
        Self { after: u32::MAX, holds: HOLDS_AT_MOST }
    }
}

/// The host's word that whoever submits this identifier has just passed its challenge.
///
/// Nothing here checks it: the host does, with whatever it shows. The word is bound to the identifier and the
/// instant, so a challenge passed for one login, or long ago, opens no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengePassed {
    identifier: AddressKey,
    at: Timestamp,
}

impl ChallengePassed {
    /// The host vouches that its challenge was passed at `at` by whoever submitted the identifier of this key.
    #[must_use]
    pub const fn vouched_by_host(identifier: AddressKey, at: Timestamp) -> Self {
        Self { identifier, at }
    }

    fn holds(&self, policy: &ChallengePolicy, identifier: &AddressKey, now: Timestamp) -> bool {
        equal_in_constant_time(self.identifier.as_bytes(), identifier.as_bytes())
            && !self.at.is_after(now)
            && !now.is_after(self.at.plus(policy.holds))
    }
}

/// Whether a try may go on without (another) challenge.
///
/// `consecutive_failures` are those of the authenticator; a success settles them to zero, so the right password
/// ends the challenge (N11). For an unknown identifier the caller passes the count of the decoy that stands in for
/// it: a challenge that only existing logins meet would tell them apart (U-2).
///
/// # Errors
///
/// [`Problem::ChallengeRequired`].
pub fn challenge(
    policy: &ChallengePolicy,
    consecutive_failures: u32,
    identifier: &AddressKey,
    passed: Option<&ChallengePassed>,
    now: Timestamp,
) -> Result<(), Problem> {
    let free = policy.after == u32::MAX || consecutive_failures < policy.after;
    if free || passed.is_some_and(|passed| passed.holds(policy, identifier, now)) {
        Ok(())
    } else {
        Err(Problem::ChallengeRequired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: AddressKey = AddressKey::from_bytes([1; 32]);
    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn ask(failures: u32, passed: Option<&ChallengePassed>) -> Result<(), Problem> {
        challenge(&ChallengePolicy::default(), failures, &ADA, passed, NOW)
    }

    #[test]
    fn the_fifth_failure_asks_and_a_settled_count_does_not() {
        assert_eq!(ask(4, None), Ok(()));
        assert_eq!(ask(5, None), Err(Problem::ChallengeRequired));
        assert_eq!(ask(0, None), Ok(()), "the right password ends the challenge");
    }

    #[test]
    fn a_passed_challenge_holds_for_its_identifier_and_five_minutes() {
        let at = |seconds| ChallengePassed::vouched_by_host(ADA, NOW.minus(Duration::from_secs(seconds)));
        assert_eq!(ask(5, Some(&at(0))), Ok(()));
        assert_eq!(ask(5, Some(&at(300))), Ok(()));
        assert_eq!(ask(5, Some(&at(301))), Err(Problem::ChallengeRequired));
        let other = ChallengePassed::vouched_by_host(AddressKey::from_bytes([2; 32]), NOW);
        assert_eq!(ask(5, Some(&other)), Err(Problem::ChallengeRequired));
        let ahead = ChallengePassed::vouched_by_host(ADA, NOW.plus(Duration::from_secs(1)));
        assert_eq!(ask(5, Some(&ahead)), Err(Problem::ChallengeRequired));
    }

    #[test]
    fn a_policy_cannot_let_a_challenge_hold_longer_than_five_minutes() {
        let second = Duration::from_secs(1);
        assert!(ChallengePolicy::new(1, Duration::from_secs(300)).is_ok());
        for (after, holds) in [(0, second), (1, Duration::ZERO), (1, HOLDS_AT_MOST + Duration::from_nanos(1))]
        {
            assert_eq!(ChallengePolicy::new(after, holds), Err(PolicyError::Challenge));
        }
        let never = ChallengePolicy::never();
        assert_eq!(challenge(&never, u32::MAX, &ADA, None, NOW), Ok(()));
    }
}
