//! Taking windows before a secret is compared.

use std::sync::Arc;

use vestibule_core::{AddressKey, ClientAddress, Error, ErrorKind, Failure, KeyRing, Timestamp};

use crate::challenge::{ChallengePassed, challenge};
use crate::plan::plan;
use crate::policy::ThrottlePolicy;
use crate::problem::Problem;
use crate::store::{Taken, TakenWindow, Windows};

/// A try that was admitted. Its windows are debited: hand it to [`Throttle::settle`] after success; dropped, it
/// counts as failed.
#[derive(Debug)]
#[must_use = "an admitted try counts as failed unless it is settled"]
pub struct Admitted {
    taken: Vec<TakenWindow>,
}

/// The windows of a deployment.
#[derive(Debug, Clone)]
pub struct Throttle<S> {
    store: S,
    ring: Arc<KeyRing>,
    policy: Arc<ThrottlePolicy>,
}

impl<S: Windows> Throttle<S> {
    /// Windows in this store, under this policy, named by digests under the ring's current key.
    #[must_use]
    pub fn new(store: S, ring: Arc<KeyRing>, policy: ThrottlePolicy) -> Self {
        Self { store, ring, policy: Arc::new(policy) }
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &ThrottlePolicy {
        &self.policy
    }

    /// Debits the windows of a try, durably, before its secret is compared.
    ///
    /// `identifier` is the key of the *submitted* identifier in its canonical form, existing or not: all spellings
    /// of one login share it (ATK-A6). A try made with a known device passes a digest of the device in its place, so that
    /// strangers who flood the identifier do not lock the device out.
    ///
    /// # Errors
    ///
    /// [`Problem::Wait`] with the end of the longest full window of its kind; nothing stays debited then. Faults of
    /// the store; windows may stay debited then.
    pub async fn admit(
        &self,
        identifier: &AddressKey,
        client: Option<ClientAddress>,
        now: Timestamp,
    ) -> Result<Admitted, Failure<Problem>> {
        let windows = plan(&self.policy, &self.ring, identifier, client, now);
        let ends: Vec<Timestamp> = windows.iter().map(|window| window.key.ends_at).collect();
        match self.store.take(windows).await? {
            Taken::All(taken) => Ok(Admitted { taken }),
            Taken::Full { position } => match ends.get(position) {
                Some(ends_at) => Err(Failure::Refused(Problem::Wait { not_before: *ends_at })),
                // A window that was never asked for: the store breaks the contract.
                None => Err(Failure::Fault(Error::from(ErrorKind::Store))),
            },
        }
    }

    /// Asks for the host's challenge after several consecutive failures; see [`challenge`](crate::challenge()).
    ///
    /// # Errors
    ///
    /// [`Problem::ChallengeRequired`].
    pub fn challenge(
        &self,
        consecutive_failures: u32,
        identifier: &AddressKey,
        passed: Option<&ChallengePassed>,
        now: Timestamp,
    ) -> Result<(), Problem> {
        challenge(self.policy.challenge_policy(), consecutive_failures, identifier, passed, now)
    }

    /// Gives the windows of a successful try back, to exactly those that were debited. If it is lost, they stay
    /// debited until they end.
    ///
    /// # Errors
    ///
    /// Faults of the store.
    pub async fn settle(&self, admitted: Admitted) -> Result<(), Error> {
        Ok(self.store.give_back(admitted.taken).await?)
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use vestibule_core::MemoryStore;

    use super::*;
    use crate::testing::{NOW, address, block_on, ring};

    const ADA: AddressKey = AddressKey::from_bytes([1; 32]);
    const NOBODY: AddressKey = AddressKey::from_bytes([2; 32]);

    fn throttle() -> Throttle<MemoryStore> {
        Throttle::new(MemoryStore::in_memory(), Arc::new(ring()), ThrottlePolicy::default())
    }

    fn fail(
        throttle: &Throttle<MemoryStore>,
        identifier: &AddressKey,
        now: Timestamp,
    ) -> Result<(), Timestamp> {
        match block_on(throttle.admit(identifier, None, now)) {
            Ok(admitted) => {
                drop(admitted);
                Ok(())
            }
            Err(Failure::Refused(Problem::Wait { not_before })) => Err(not_before),
            Err(other) => panic!("{other:?}"),
        }
    }

    /// Guesses at every instant that is allowed for two days; the waits it met and the guesses it had.
    fn guess(throttle: &Throttle<MemoryStore>, identifier: &AddressKey) -> (Vec<Duration>, u32) {
        let (mut now, mut waits, mut guesses) = (NOW.start_of(Duration::from_secs(86_400)), Vec::new(), 0);
        let end = now.plus(Duration::from_secs(2 * 86_400));
        while now < end {
            match fail(throttle, identifier, now) {
                Ok(()) => guesses += 1,
                Err(not_before) => {
                    waits.push(not_before.since(now));
                    now = not_before;
                }
            }
        }
        (waits, guesses)
    }

    #[test]
    fn the_waits_of_a_guesser_grow_and_end() {
        let (waits, guesses) = guess(&throttle(), &ADA);
        assert_eq!(guesses, 100, "fifty a day");
        let day = waits.split(|wait| *wait > Duration::from_secs(7200)).next().unwrap();
        let longest = |waits: &[Duration]| waits.iter().max().copied().unwrap();
        assert_eq!(waits.first(), Some(&Duration::from_secs(30)));
        assert!(longest(day) > Duration::from_secs(3000), "an hour's budget ends: {day:?}");
        assert!(longest(&waits) > Duration::from_secs(20 * 3600), "a day's budget ends: {waits:?}");
        assert!(longest(&waits) <= Duration::from_secs(86_400));
    }

    #[test]
    fn known_and_unknown_identifiers_wait_at_the_same_index() {
        let throttle = throttle();
        // Ada exists and signed in before; that leaves no mark.
        let admitted = block_on(throttle.admit(&ADA, None, NOW)).unwrap();
        block_on(throttle.settle(admitted)).unwrap();
        assert_eq!(guess(&throttle, &ADA), guess(&throttle, &NOBODY));
    }

    #[test]
    fn success_gives_back_what_it_took_and_no_more() {
        let throttle = throttle();
        for _ in 0..4 {
            assert_eq!(fail(&throttle, &ADA, NOW), Ok(()));
        }
        for _ in 0..100 {
            let admitted = block_on(throttle.admit(&ADA, None, NOW)).unwrap();
            block_on(throttle.settle(admitted)).unwrap();
        }
        assert_eq!(fail(&throttle, &ADA, NOW), Ok(()));
        assert!(fail(&throttle, &ADA, NOW).is_err(), "the four failures stand");
    }

    #[test]
    fn a_try_settled_after_roll_over_leaves_the_new_window_alone() {
        let throttle = throttle();
        let before = NOW.start_of(Duration::from_secs(86_400)).plus(Duration::from_secs(29));
        let after = before.plus(Duration::from_secs(2));
        let slow = block_on(throttle.admit(&ADA, None, before)).unwrap();
        for _ in 0..5 {
            assert_eq!(fail(&throttle, &ADA, after), Ok(()));
        }
        block_on(throttle.settle(slow)).unwrap();
        assert!(fail(&throttle, &ADA, after).is_err(), "the new window was not credited");
        assert!((0..4).all(|_| fail(&throttle, &ADA, before) == Ok(())), "the old one was");
    }

    #[test]
    fn a_full_identifier_costs_the_network_nothing() {
        let throttle = throttle();
        let client = Some(address("203.0.113.9"));
        for _ in 0..500 {
            let _ = block_on(throttle.admit(&ADA, client, NOW));
        }
        assert!(
            block_on(throttle.admit(&NOBODY, client, NOW)).is_ok(),
            "only five of the minute's twenty are spent"
        );
    }
}
