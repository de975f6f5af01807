//! Concurrent histories: what was asked and told, in the order of calls and answers, and the serial order that explains it.

use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::HashSet;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use vestibule_core::kv::{Action, Applied, Expect, Kv, MemoryKv, Op};
use vestibule_core::{
    AccountId, Batch, BatchId, Commit, Landed, MemoryStore, Realm, StoreErrorKind, SubjectId,
};
use vestibule_credentials::{CredentialsRead, Lane, Tries};
use vestibule_profiles::{Account, Profile, ProfilesRead};

use crate::finding::Finding;
use crate::harness::{Store, block_on};
use crate::joined::{JoinedGuard, JoinedWrite};

/// What one task asked.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    Account(AccountId),
    Commit(Batch<JoinedWrite>),
    Profile(SubjectId),
    Tries(SubjectId),
}

/// What it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    Account(Option<Account>),
    Landed(Landed<JoinedGuard>),
    /// The answer was lost: it landed, was refused, or never came to anything.
    Lost,
    Profile(Option<Profile>),
    Tries(Option<Tries>),
}

/// One call and its answer, by a clock that both sides of every call move.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    called: u64,
    answered: u64,
    asked: Asked,
    told: Told,
}

/// The clock of a history.
#[derive(Debug, Default)]
pub(crate) struct Recorder(AtomicU64);

impl Recorder {
    fn tick(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    /// Asks, and notes when, and what was told. `None`: the store says that nothing came of it.
    pub(crate) async fn ask(&self, store: &impl Store, asked: Asked) -> Result<Option<Event>, Finding> {
        let called = self.tick();
        let told = match &asked {
            Asked::Account(account) => Told::Account(store.account(*account).await?),
            Asked::Commit(batch) => match store.commit(batch).await {
                Ok(landed) => Told::Landed(landed),
                Err(error) if error.kind() == StoreErrorKind::OutcomeUnknown => Told::Lost,
                Err(error) if error.kind() == StoreErrorKind::Contended => return Ok(None),
                Err(error) => return Err(error.into()),
            },
            Asked::Profile(subject) => Told::Profile(store.profile(*subject).await?),
            Asked::Tries(subject) => Told::Tries(store.tries(*subject, Lane::Everybody).await?),
        };
        Ok(Some(Event { called, answered: self.tick(), asked, told }))
    }
}

/// How many states are looked at before the search gives up.
const STATES: usize = 200_000;

/// Whether some order of these calls, in which none comes before another that was answered before it was called, would
/// have been told the same by the in-memory reference.
///
/// It is the search of Wing and Gong, with the memory of Lowe: what was called is done one by one, as far as the answers
/// agree, and no set of calls is left in the same state twice.
///
/// # Errors
///
/// [`Finding`] with the whole history when there is none, or the search gave up.
pub(crate) fn explain(start: &MemoryStore, mut history: Vec<Event>) -> Result<(), Finding> {
    // What was lost may land whenever it likes, or never.
    history.iter_mut().filter(|event| event.told == Told::Lost).for_each(|event| event.answered = u64::MAX);
    history.sort_by_key(|event| event.answered);
    if history.len() > 64 {
        return Err(Finding::new("a history is longer than 64 calls"));
    }
    let mut search = Search { history: &history, seen: HashSet::new() };
    match search.from(0, start.kv())? {
        true => Ok(()),
        false if search.seen.len() >= STATES => {
            Err(Finding::new("a history has more orders than can be looked at"))
        }
        false => {
            history.sort_by_key(|event| event.called);
            let mut sentence = "no serial order explains these calls".to_owned();
            for Event { called, answered, asked, told } in &history {
                sentence.push_str(&format!("\n    {called}..{answered}: {}: {told:?}", Plain(asked)));
            }
            Err(Finding::new(sentence))
        }
    }
}

struct Search<'a> {
    history: &'a [Event],
    seen: HashSet<(u64, [u8; 32])>,
}

impl Search<'_> {
    /// Whether what is not in `done` can follow in this state.
    fn from(&mut self, done: u64, state: &Arc<MemoryKv>) -> Result<bool, Finding> {
        let open = |number: usize| done & (1 << number) == 0;
        let left: Vec<_> = self.history.iter().enumerate().filter(|(number, _)| open(*number)).collect();
        // Whatever is lost may have come to nothing.
        if left.iter().all(|(_, event)| event.told == Told::Lost) {
            return Ok(true);
        }
        if self.seen.len() >= STATES || !self.seen.insert((done, digest(state))) {
            return Ok(false);
        }
        let first_answer = left.iter().map(|(_, event)| event.answered).min().unwrap_or(0);
        for (number, event) in left {
            if event.called > first_answer {
                continue;
            }
            if let Some(next) = follows(state, event)?
                && self.from(done | 1 << number, &next)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The state after this call, if the reference would have told the same.
fn follows(state: &Arc<MemoryKv>, event: &Event) -> Result<Option<Arc<MemoryKv>>, Finding> {
    let told = |store: &MemoryStore| -> Result<Told, Finding> {
        Ok(match &event.asked {
            Asked::Account(account) => Told::Account(block_on(store.account(*account))?),
            Asked::Commit(batch) => Told::Landed(block_on(store.commit(batch))?),
            Asked::Profile(subject) => Told::Profile(block_on(store.profile(*subject))?),
            Asked::Tries(subject) => Told::Tries(block_on(store.tries(*subject, Lane::Everybody))?),
        })
    };
    let after = match &event.asked {
        Asked::Commit(_) => fork(state)?,
        Asked::Account(_) | Asked::Profile(_) | Asked::Tries(_) => Arc::clone(state),
    };
    let told = told(&MemoryStore::new(Arc::clone(&after), Realm::default()))?;
    Ok((told == event.told || event.told == Told::Lost).then_some(after))
}

/// A copy that goes its own way.
fn fork(state: &MemoryKv) -> Result<Arc<MemoryKv>, Finding> {
    let copy = MemoryKv::new();
    let rows = state.dump().into_iter();
    let ops = rows.map(|(key, value)| Op { key, expect: Expect::Absent, action: Action::Put(value) });
    match block_on(copy.apply(BatchId::from_bytes([0; 16]), ops.collect()))? {
        Applied::All => Ok(Arc::new(copy)),
        Applied::Nothing => Err(Finding::new("a copy of the reference is no copy")),
    }
}

fn digest(state: &MemoryKv) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (key, value) in state.dump() {
        for part in [key.partition().as_bytes(), key.sort(), &value] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
    }
    hash.finalize().into()
}

struct Plain<'a>(&'a Asked);

impl core::fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            Asked::Commit(batch) => write!(f, "{:?}", batch.writes()),
            other => write!(f, "{other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use vestibule_profiles::ProfilesWrite;

    use super::*;
    use crate::fixture::{NOW, create_profile, profile, subject};

    fn commit(number: u8, write: ProfilesWrite) -> Asked {
        Asked::Commit(Batch::new(BatchId::from_bytes([number; 16]), NOW, vec![write.into()]).unwrap())
    }

    fn bump(number: u8, from: u64) -> Asked {
        commit(number, ProfilesWrite::BumpEpoch { subject: subject(1), from })
    }

    fn start() -> MemoryStore {
        let store = MemoryStore::in_memory();
        let Asked::Commit(batch) = commit(0, create_profile(1)) else { unreachable!() };
        assert_eq!(block_on(store.commit(&batch)).unwrap(), Landed::Applied);
        store
    }

    fn event(called: u64, answered: u64, asked: Asked, told: Told) -> Event {
        Event { called, answered, asked, told }
    }

    fn landed() -> Told {
        Told::Landed(Landed::Applied)
    }

    fn read(epoch: u64) -> Told {
        let profile = profile(1);
        Told::Profile(Some(Profile { epoch, ..profile }))
    }

    fn is_explained(history: Vec<Event>) -> bool {
        explain(&start(), history).is_ok()
    }

    #[test]
    fn calls_at_once_may_be_told_in_either_order() {
        let refused = Told::Landed(Landed::Refused {
            position: 0,
            guard: JoinedGuard::Profiles(vestibule_profiles::ProfilesGuard::Epoch),
        });
        for told in [[landed(), refused.clone()], [refused.clone(), landed()]] {
            let [first, second] = told;
            assert!(is_explained(vec![event(0, 2, bump(1, 1), first), event(1, 3, bump(2, 1), second),]));
        }
        assert!(!is_explained(vec![event(0, 2, bump(1, 1), landed()), event(1, 3, bump(2, 1), landed())]));
        assert!(!is_explained(vec![
            event(0, 2, bump(1, 1), refused.clone()),
            event(1, 3, bump(2, 1), refused)
        ]));
    }

    #[test]
    fn a_read_shows_what_was_answered_before_it_and_may_show_what_was_not() {
        let asked = || Asked::Profile(subject(1));
        let history =
            |called, epoch| vec![event(0, 2, bump(1, 1), landed()), event(called, 9, asked(), read(epoch))];
        assert!(is_explained(history(3, 2)));
        assert!(!is_explained(history(3, 1)), "it was answered before");
        assert!(is_explained(history(1, 1)) && is_explained(history(1, 2)), "they ran at once");
        assert!(!is_explained(history(1, 3)));
    }

    #[test]
    fn two_reads_never_go_back() {
        let asked = || Asked::Profile(subject(1));
        let history = |first, second| {
            vec![
                event(0, 9, bump(1, 1), landed()),
                event(1, 2, asked(), read(first)),
                event(3, 4, asked(), read(second)),
            ]
        };
        assert!(is_explained(history(1, 2)));
        assert!(!is_explained(history(2, 1)));
    }

    #[test]
    fn what_was_lost_landed_or_not() {
        let asked = || Asked::Profile(subject(1));
        for epoch in [1, 2] {
            assert!(is_explained(vec![
                event(0, 1, bump(1, 1), Told::Lost),
                event(2, 3, asked(), read(epoch)),
            ]));
        }
    }
}
