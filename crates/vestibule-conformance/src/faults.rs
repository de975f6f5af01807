//! What can be in the way of a store: each is a [`Hook`], and `Failing::every(3, kind).around(store)` is a store.

use core::sync::atomic::{AtomicU64, Ordering};

use vestibule_core::{StoreError, StoreErrorKind};

use crate::hooked::{Call, Hook};

/// A store whose every call begins some polls late, so that whoever comes after it goes first.
#[derive(Debug)]
pub struct Slow(u32);

impl Slow {
    /// Every call begins so many polls late.
    #[must_use]
    pub const fn by_polls(polls: u32) -> Self {
        Self(polls)
    }
}

impl Hook for Slow {
    fn before(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }

    fn after(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }

    fn delay(&self, _: Call) -> u32 {
        self.0
    }
}

/// A store some of whose calls fail before anything is done.
#[derive(Debug)]
pub struct Failing {
    which: Which,
    kind: StoreErrorKind,
    calls: AtomicU64,
}

#[derive(Debug, Clone, Copy)]
enum Which {
    Every(u64),
    Nth(u64),
    Named(Call),
}

impl Failing {
    /// Every `n`th call fails so.
    #[must_use]
    pub const fn every(n: u64, kind: StoreErrorKind) -> Self {
        Self::of(Which::Every(n), kind)
    }

    /// The `n`th call fails so, and no other. The first is call 1.
    #[must_use]
    pub const fn nth(n: u64, kind: StoreErrorKind) -> Self {
        Self::of(Which::Nth(n), kind)
    }

    /// Each call of this name fails so: `Call::Read("profile")`, `Call::Commit(3)`.
    #[must_use]
    pub const fn at(call: Call, kind: StoreErrorKind) -> Self {
        Self::of(Which::Named(call), kind)
    }

    const fn of(which: Which, kind: StoreErrorKind) -> Self {
        Self { which, kind, calls: AtomicU64::new(0) }
    }

    /// How many calls there were.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Hook for Failing {
    fn before(&self, call: Call) -> Result<(), StoreError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let fails = match self.which {
            Which::Every(n) => number.checked_rem(n) == Some(0),
            Which::Nth(n) => number == n,
            Which::Named(named) => call == named,
        };
        if fails { Err(StoreError::new(self.kind, "a fault that was put there")) } else { Ok(()) }
    }

    fn after(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A store whose callers go away: every commit is dropped at its `n`th poll, and is answered `OutcomeUnknown`.
#[derive(Debug)]
pub struct Cancelling(u32);

impl Cancelling {
    /// Every commit is polled so many times at most.
    #[must_use]
    pub const fn at_poll(n: u32) -> Self {
        Self(n)
    }
}

impl Hook for Cancelling {
    fn before(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }

    fn after(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }

    fn patience(&self, call: Call) -> Option<u32> {
        matches!(call, Call::Commit(_)).then_some(self.0)
    }
}

/// A store behind a wire that loses answers: every `n`th commit is done, and answered `OutcomeUnknown`.
#[derive(Debug)]
pub struct Losing {
    every: u64,
    commits: AtomicU64,
}

impl Losing {
    /// Every `n`th answer to a commit is lost.
    #[must_use]
    pub const fn every(n: u64) -> Self {
        Self { every: n, commits: AtomicU64::new(0) }
    }
}

impl Hook for Losing {
    fn before(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }

    fn after(&self, call: Call) -> Result<(), StoreError> {
        if !matches!(call, Call::Commit(_)) {
            return Ok(());
        }
        let number = self.commits.fetch_add(1, Ordering::SeqCst) + 1;
        if number.checked_rem(self.every) == Some(0) {
            return Err(StoreErrorKind::OutcomeUnknown.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use core::future::ready;
    use core::task::{Context, Waker};

    use vestibule_core::{Batch, BatchId, Commit, Landed, MemoryStore};
    use vestibule_profiles::ProfilesRead;

    use super::*;
    use crate::fixture::{NOW, create_profile, subject};
    use crate::harness::block_on;
    use crate::hooked::{later, within};

    fn batch(number: u64) -> Batch<vestibule_profiles::ProfilesWrite> {
        let id = BatchId::from_bytes(u128::from(number).to_be_bytes());
        Batch::new(id, NOW, vec![create_profile(number), create_profile(number + 1000)]).unwrap()
    }

    #[test]
    fn a_slow_call_is_pending_as_often_as_said() {
        let store = Slow::by_polls(2).around(MemoryStore::in_memory());
        let batch = batch(1);
        let mut commit = core::pin::pin!(store.commit(&batch));
        let mut context = Context::from_waker(Waker::noop());
        let polls = (1..9).find(|_| commit.as_mut().poll(&mut context).is_ready());
        assert_eq!(polls, Some(3));
    }

    #[test]
    fn every_nth_call_fails_and_does_nothing() {
        let memory = MemoryStore::in_memory();
        let store = Failing::every(2, StoreErrorKind::Unavailable).around(memory.clone());
        assert_eq!(block_on(store.commit(&batch(1))).unwrap(), Landed::Applied);
        let error = block_on(store.commit(&batch(2))).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(block_on(memory.profile(subject(2))).unwrap().is_none());
        assert_eq!(block_on(store.commit(&batch(2))).unwrap(), Landed::Applied);
    }

    #[test]
    fn a_named_call_fails_and_others_do_not() {
        let hook = Failing::at(Call::Read("profile"), StoreErrorKind::Corrupt);
        let store = hook.around(MemoryStore::in_memory());
        assert_eq!(block_on(store.commit(&batch(1))).unwrap(), Landed::Applied);
        assert_eq!(block_on(store.profile(subject(1))).unwrap_err().kind(), StoreErrorKind::Corrupt);
        assert!(block_on(store.identifiers(subject(1))).unwrap().is_empty());
        let nth = Failing::nth(2, StoreErrorKind::Full).around(MemoryStore::in_memory());
        let fails: Vec<_> = (0..4).map(|_| block_on(nth.profile(subject(1))).is_err()).collect();
        assert_eq!(fails, [false, true, false, false]);
    }

    #[test]
    fn a_commit_whose_caller_goes_is_unknown_and_never_begun_at_poll_zero() {
        let memory = MemoryStore::in_memory();
        let store = Cancelling::at_poll(0).around(memory.clone());
        let error = block_on(store.commit(&batch(1))).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::OutcomeUnknown);
        assert!(block_on(memory.profile(subject(1))).unwrap().is_none());
        assert!(block_on(store.profile(subject(1))).unwrap().is_none(), "reads are left alone");
    }

    #[test]
    fn a_future_is_polled_no_oftener_than_said() {
        assert_eq!(block_on(within(0, ready(1))), None);
        assert_eq!(block_on(within(1, ready(1))), Some(1));
        assert_eq!(block_on(within(5, later(5))), None);
        assert_eq!(block_on(within(6, later(5))), Some(()));
    }

    #[test]
    fn a_lost_answer_is_unknown_and_its_batch_is_there() {
        let memory = MemoryStore::in_memory();
        let store = Losing::every(1).around(memory.clone());
        let error = block_on(store.commit(&batch(1))).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::OutcomeUnknown);
        assert!(block_on(memory.profile(subject(1))).unwrap().is_some());
    }
}
