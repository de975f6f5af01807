//! Which slot a new row takes.

use vestibule_core::{SessionHandle, Timestamp};

/// A slot that is taken.
pub(crate) struct Holder {
    pub(crate) slot: u16,
    pub(crate) handle: SessionHandle,
    pub(crate) live: bool,
    /// The least of them goes first.
    pub(crate) last_used_at: Timestamp,
}

/// The slot that was chosen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) slot: u16,
    pub(crate) replacing: Option<SessionHandle>,
    pub(crate) evicts: bool,
}

/// An empty slot, else a dead holder's, else that of the least recently used (ATK-H6).
///
/// Among the empty ones the search begins where the new handle's random part points, so that people who sign in on
/// several devices at once seldom want the same slot.
pub(crate) fn choose(holders: &[Holder], slots: u16, new: SessionHandle) -> Choice {
    let [.., start] = *new.as_bytes();
    let from = u16::from(start) % slots.max(1);
    let mut candidates = (from..slots).chain(0..from);
    let empty = candidates.find(|slot| holders.iter().all(|holder| holder.slot != *slot));
    if let Some(slot) = empty {
        return Choice { slot, replacing: None, evicts: false };
    }
    let first = holders
        .iter()
        .filter(|holder| holder.slot < slots)
        .min_by_key(|holder| (holder.live, holder.last_used_at, holder.slot));
    match first {
        Some(holder) => Choice { slot: holder.slot, replacing: Some(holder.handle), evicts: holder.live },
        // Without slots there is neither an empty nor a taken one; a policy has at least one.
        None => Choice { slot: 0, replacing: None, evicts: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: SessionHandle = SessionHandle::from_bytes([0; 16]);

    fn holder(slot: u16, live: bool, second: i64) -> Holder {
        let handle = SessionHandle::from_bytes([u8::try_from(slot).unwrap() + 1; 16]);
        Holder { slot, handle, live, last_used_at: Timestamp::from_unix_seconds(second) }
    }

    fn replaced(slot: u16, evicts: bool) -> Choice {
        Choice { slot, replacing: Some(holder(slot, true, 0).handle), evicts }
    }

    #[test]
    fn an_empty_slot_comes_first_then_a_dead_one_then_the_least_recently_used() {
        let taken = [holder(0, true, 5), holder(2, false, 9)];
        assert_eq!(choose(&taken, 3, NEW), Choice { slot: 1, replacing: None, evicts: false });
        let taken = [holder(0, true, 5), holder(1, true, 4), holder(2, false, 9)];
        assert_eq!(choose(&taken, 3, NEW), replaced(2, false));
        let taken = [holder(0, true, 5), holder(1, true, 4), holder(2, true, 9)];
        assert_eq!(choose(&taken, 3, NEW), replaced(1, true));
    }

    #[test]
    fn a_slot_above_a_lowered_cap_is_never_taken_again() {
        let taken = [holder(0, true, 5), holder(9, false, 1)];
        assert_eq!(choose(&taken, 1, NEW), replaced(0, true));
    }

    #[test]
    fn the_search_for_an_empty_slot_visits_every_slot() {
        for start in 0..=u8::MAX {
            let new = SessionHandle::from_bytes([start; 16]);
            let taken = [holder(0, true, 5), holder(2, true, 5)];
            assert_eq!(choose(&taken, 3, new).slot, 1);
        }
    }
}
