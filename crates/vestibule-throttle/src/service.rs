//! Taking windows before a secret is compared.

use std::sync::Arc;

use vestibule_core::{Error, ErrorKind, Failure, KeyRing, Timestamp};

use crate::plan::{plan, single};
use crate::policy::{Limit, ThrottlePolicy};
use crate::problem::Problem;
use crate::request::TryRequest;
use crate::store::{Taken, TakenWindow, Windows};
use crate::window::WindowKind;

/// A try that was admitted. Its windows are debited: hand it to [`Throttle::settle`] after success; dropped, it
/// counts as failed. Only [`Throttle::admit`] makes it:
///
/// ```compile_fail,E0451
/// let refund = vestibule_throttle::Admitted { taken: Vec::new() };
/// ```
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
    /// # Errors
    ///
    /// [`Problem::Wait`] with the end of the longest full window of its kind, or [`Problem::ChallengeRequired`]; nothing
    /// stays debited then. Faults of the store; windows may stay debited then.
    pub async fn admit(&self, request: &TryRequest<'_>) -> Result<Admitted, Failure<Problem>> {
        let windows = plan(&self.policy, &self.ring, request);
        let asked: Vec<(WindowKind, Timestamp)> =
            windows.iter().map(|window| (window.key.kind, window.key.ends_at)).collect();
        match self.store.take(windows).await? {
            Taken::All(taken) => Ok(Admitted { taken }),
            Taken::Full { position } => match asked.get(position) {
                Some((WindowKind::Challenge, _)) => Err(Failure::Refused(Problem::ChallengeRequired)),
                Some((_, ends_at)) => Err(Failure::Refused(Problem::Wait { not_before: *ends_at })),
                // A window that was never asked for: the store breaks the contract.
                None => Err(Failure::Fault(Error::from(ErrorKind::Store))),
            },
        }
    }

    /// Counts one more of something that is no try, and says whether it is still within the limit. `whose` is any text or
    /// id that names who is counted.
    ///
    /// # Errors
    ///
    /// Faults of the store.
    pub async fn count(
        &self,
        kind: WindowKind,
        whose: &[u8],
        limit: &Limit,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let window = single(&self.policy, &self.ring, kind, (whose, limit), now);
        Ok(matches!(self.store.take(vec![window]).await?, Taken::All(_)))
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

    use vestibule_core::{AddressKey, MemoryStore};

    use super::*;
    use crate::challenge::{ChallengePassed, ChallengePolicy};
    use crate::testing::{NOW, address, block_on, ring};

    const ADA: AddressKey = AddressKey::from_bytes([1; 32]);
    const NOBODY: AddressKey = AddressKey::from_bytes([2; 32]);

    fn throttle() -> Throttle<MemoryStore> {
        with(ThrottlePolicy::default().challenge(ChallengePolicy::never()))
    }

    fn with(policy: ThrottlePolicy) -> Throttle<MemoryStore> {
        Throttle::new(MemoryStore::in_memory(), Arc::new(ring()), policy)
    }

    fn fail(
        throttle: &Throttle<MemoryStore>,
        identifier: &AddressKey,
        now: Timestamp,
    ) -> Result<(), Timestamp> {
        match block_on(throttle.admit(&TryRequest::new(identifier, now))) {
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
        let admitted = block_on(throttle.admit(&TryRequest::new(&ADA, NOW))).unwrap();
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
            let admitted = block_on(throttle.admit(&TryRequest::new(&ADA, NOW))).unwrap();
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
        let slow = block_on(throttle.admit(&TryRequest::new(&ADA, before))).unwrap();
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
            let _ = block_on(throttle.admit(&TryRequest::new(&ADA, NOW).client(client)));
        }
        assert!(
            block_on(throttle.admit(&TryRequest::new(&NOBODY, NOW).client(client))).is_ok(),
            "only five of the minute's twenty are spent"
        );
    }

    /// Whether a try is let through, counted as failed; `None`: the challenge is asked for.
    fn tried(throttle: &Throttle<MemoryStore>, request: &TryRequest<'_>) -> Option<Admitted> {
        match block_on(throttle.admit(request)) {
            Ok(admitted) => Some(admitted),
            Err(Failure::Refused(Problem::ChallengeRequired)) => None,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_sixth_try_of_an_hour_meets_the_challenge_and_spends_nothing_on_it() {
        let throttle = with(ThrottlePolicy::default());
        let at = |minute: u64| NOW.plus(Duration::from_secs(60 * minute));
        for minute in 0..5 {
            assert!(tried(&throttle, &TryRequest::new(&ADA, at(minute))).is_some());
        }
        for _ in 0..50 {
            assert!(tried(&throttle, &TryRequest::new(&ADA, at(5))).is_none(), "it goes on asking");
        }
        let passed = ChallengePassed::vouched_by_host(ADA, at(5));
        let answered = TryRequest::new(&ADA, at(5)).challenge(Some(&passed));
        assert!(tried(&throttle, &answered).is_some(), "the fifty cost no window");
        assert!(tried(&throttle, &TryRequest::new(&ADA, at(60))).is_some(), "the hour is over");
    }

    #[test]
    fn what_is_counted_is_within_the_limit_of_its_own_window_only() {
        let throttle = throttle();
        let limit = Limit::new(3, Duration::from_secs(3600)).unwrap();
        let count =
            |whose: &[u8], now| block_on(throttle.count(WindowKind::Refusal, whose, &limit, now)).unwrap();
        let within: Vec<bool> = (0..5).map(|_| count(b"ada", NOW)).collect();
        assert_eq!(within, [true, true, true, false, false]);
        assert!(count(b"bob", NOW), "somebody else");
        assert!(count(b"ada", NOW.plus(Duration::from_secs(3600))), "an hour later");
        assert_eq!(fail(&throttle, &ADA, NOW), Ok(()), "tries are counted apart");
    }

    /// PR-6: the challenge that a stranger meets must not end because the owner has signed in.
    #[test]
    fn a_success_ends_the_challenge_for_nobody_but_the_device_it_was_made_with() {
        let throttle = with(ThrottlePolicy::default());
        for _ in 0..5 {
            let _ = tried(&throttle, &TryRequest::new(&ADA, NOW));
        }
        let now = NOW.plus(Duration::from_secs(60));
        let passed = ChallengePassed::vouched_by_host(ADA, now);
        let owner = tried(&throttle, &TryRequest::new(&ADA, now).challenge(Some(&passed))).unwrap();
        block_on(throttle.settle(owner)).unwrap();
        assert!(tried(&throttle, &TryRequest::new(&ADA, now)).is_none(), "a stranger learns nothing");
        let device = AddressKey::from_bytes([9; 32]);
        assert!(tried(&throttle, &TryRequest::new(&ADA, now).device(Some(&device))).is_some());
    }
}
