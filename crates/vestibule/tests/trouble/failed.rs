//! A store that goes away at any call of a command and stays away: every commit is there wholly or not at all, and whoever is
//! told that nothing was applied is told the truth. It is asked of the commands, in memory.

use std::sync::{Arc, Mutex};

use vestibule_conformance::{Call, Hook, Hooked};
use vestibule_core::{ErrorKind, MemoryStore, StoreError, StoreErrorKind};

use crate::acts::{Act, Answer, Ready};
use crate::cast::{deployment, settle};
use crate::ground::block_on;
use crate::killed::Expected;
use crate::picture::{difference, picture};

/// Fails each call of the act in turn, and all behind it.
pub(crate) fn everywhere(act: Act) {
    let expected = Expected::of(act);
    let last = expected.pictures.len() - 1;
    for calls in 0_u32.. {
        let store = MemoryStore::in_memory();
        block_on(settle(&deployment(store.clone()), act.start()));
        let hook = Arc::new(Gone(Mutex::new(None)));
        let vestibule = deployment(Hooked::new(store.clone(), Arc::clone(&hook)));
        let ready = block_on(Ready::make(act, &vestibule)).unwrap_or_else(|no| panic!("{no:?}"));
        *hook.0.lock().unwrap() = Some(Seen { left: calls, commits: 0, failed: false });
        let answer = block_on(ready.go(&vestibule));
        let seen = hook.0.lock().unwrap().take().unwrap();

        let what = format!("{} after {calls} calls: {answer:?}", act.name());
        let found = block_on(picture(&store));
        let difference = difference(&found, &expected.pictures[seen.commits.min(last)]);
        assert!(difference.is_empty(), "{what}: {difference:#?}");
        match answer {
            Answer::Done(_) => assert_eq!(seen.commits, last, "{what}"),
            // Of several commits the earlier stay.
            Answer::Fault(ErrorKind::OutcomeUnknown) => {}
            Answer::Fault(_) => assert!(seen.commits == 0 || last > 1, "{what}, and it had landed"),
            Answer::Refused(_) => panic!("{what}"),
        }
        if !seen.failed {
            break;
        }
    }
}

struct Seen {
    left: u32,
    commits: usize,
    failed: bool,
}

/// After so many calls each one fails; before that number is set, none.
struct Gone(Mutex<Option<Seen>>);

impl Hook for Gone {
    fn before(&self, _: Call) -> Result<(), StoreError> {
        let Some(seen) = &mut *self.0.lock().unwrap() else { return Ok(()) };
        let left = seen.left.checked_sub(1);
        seen.failed |= left.is_none();
        seen.left = left.ok_or(StoreErrorKind::Unavailable)?;
        Ok(())
    }

    fn after(&self, call: Call) -> Result<(), StoreError> {
        if let (Some(seen), Call::Commit(_)) = (&mut *self.0.lock().unwrap(), call) {
            seen.commits += 1;
        }
        Ok(())
    }
}
