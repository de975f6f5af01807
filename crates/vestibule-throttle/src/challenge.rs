//! The host's challenge after several failures.

use core::time::Duration;

use vestibule_core::{AddressKey, Timestamp, equal_in_constant_time};

use crate::policy::{Limit, PolicyError};

/// When a challenge is asked for, and for how long a passed one holds.
///
/// By default five tries within an hour that were not given back ask for one, and one that was passed holds for five
/// minutes. Success gives back its own try and no other: were a success to end the challenge for everybody, the end of
/// it would tell a stranger that the login exists and that its owner has just signed in (U-2, PR-6). For the owner it
/// ends by the known-device token that the success leaves: tries made with it are counted for themselves (N11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChallengePolicy {
    pub(crate) after: Option<Limit>,
    holds: Duration,
}

/// A passed challenge is worth no more than five minutes of guessing.
const HOLDS_AT_MOST: Duration = Duration::from_secs(300);

impl Default for ChallengePolicy {
    fn default() -> Self {
        Self { after: Some(Limit::of(5, 3600)), holds: HOLDS_AT_MOST }
    }
}

impl ChallengePolicy {
    /// Asks for a challenge once so many tries were made within a window; one that was passed holds for `holds`.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Challenge`] unless `holds` is above zero and at most five minutes.
    pub const fn new(after: Limit, holds: Duration) -> Result<Self, PolicyError> {
        if holds.is_zero() || holds.as_secs() > 300 || (holds.as_secs() == 300 && holds.subsec_nanos() > 0) {
            return Err(PolicyError::Challenge);
        }
        Ok(Self { after: Some(after), holds })
    }

    /// Never asks.
    #[must_use]
    pub const fn never() -> Self {
        Self { after: None, holds: HOLDS_AT_MOST }
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

    pub(crate) fn holds(&self, policy: &ChallengePolicy, identifier: &AddressKey, now: Timestamp) -> bool {
        equal_in_constant_time(self.identifier.as_bytes(), identifier.as_bytes())
            && !self.at.is_after(now)
            && !now.is_after(self.at.plus(policy.holds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: AddressKey = AddressKey::from_bytes([1; 32]);
    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    #[test]
    fn a_passed_challenge_holds_for_its_identifier_and_five_minutes() {
        let policy = ChallengePolicy::default();
        let at = |seconds| ChallengePassed::vouched_by_host(ADA, NOW.minus(Duration::from_secs(seconds)));
        assert!(at(0).holds(&policy, &ADA, NOW) && at(300).holds(&policy, &ADA, NOW));
        assert!(!at(301).holds(&policy, &ADA, NOW));
        assert!(!at(0).holds(&policy, &AddressKey::from_bytes([2; 32]), NOW));
        let ahead = ChallengePassed::vouched_by_host(ADA, NOW.plus(Duration::from_secs(1)));
        assert!(!ahead.holds(&policy, &ADA, NOW));
    }

    #[test]
    fn a_policy_cannot_let_a_challenge_hold_longer_than_five_minutes() {
        let after = Limit::of(1, 60);
        assert!(ChallengePolicy::new(after, Duration::from_secs(300)).is_ok());
        for holds in [Duration::ZERO, HOLDS_AT_MOST + Duration::from_nanos(1)] {
            assert_eq!(ChallengePolicy::new(after, holds), Err(PolicyError::Challenge));
        }
    }
}
