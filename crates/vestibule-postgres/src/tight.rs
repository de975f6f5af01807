//! Windows that were found full, and spans that were found to have no room for another counter.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use vestibule_throttle::{WindowKey, WindowTake};

/// How many are remembered, at most: past it all are forgotten, which costs a round trip and no more.
const AT_MOST: usize = 4096;

/// A span, and a window in it; without one, all of them.
type Known = (&'static str, i64, i64, Option<[u8; 32]>);

/// What is known to be tight. It decides nothing but the way on which a window is asked for: room that was given back
/// meanwhile is found on either.
#[derive(Default)]
pub(crate) struct Tight(Mutex<HashSet<Known>>);

impl Tight {
    /// Whether one of these is known to be tight.
    pub(crate) fn is_met_by(&self, windows: &[WindowTake]) -> bool {
        let known = self.known();
        windows
            .iter()
            .any(|WindowTake { key, .. }| known.contains(&window(key)) || known.contains(&span(key)))
    }

    /// Remembers a window that was full; without a counter of its own, the span that has no room for it.
    pub(crate) fn note(&self, key: &WindowKey, has_own: bool) {
        let mut known = self.known();
        if known.len() >= AT_MOST {
            known.clear();
        }
        known.insert(if has_own { window(key) } else { span(key) });
    }

    fn known(&self) -> MutexGuard<'_, HashSet<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn window(key: &WindowKey) -> Known {
    (key.kind.as_str(), key.starts_at.unix_micros(), key.ends_at.unix_micros(), Some(key.digest))
}

fn span(key: &WindowKey) -> Known {
    (key.kind.as_str(), key.starts_at.unix_micros(), key.ends_at.unix_micros(), None)
}
