//! Windows: counters outside batches, each debit one statement.
//!
//! To take a window: [`debit_own`]; if no row changed and [`has_own`] answers one, the window is full. Else
//! [`claim_place`]; if a row changed, [`begin_own`], otherwise [`debit_shared`]; no row changed means full. All windows of
//! one call in one transaction, which is rolled back at the first full one.
//!
//! Where several write at once, two may find that a counter is missing: the second [`begin_own`] then violates the key of
//! `vestibule_window`. That is no fault: roll back, and take the windows of the call anew.

mod at_once;

use vestibule_core::{Realm, Timestamp};
use vestibule_throttle::{TakenWindow, WindowKey, WindowTake};

pub use at_once::{Debit, debit_at_once};

use crate::{Statement, Value};

/// Debits the window's own counter, if there is one and it has room.
#[must_use]
pub fn debit_own(realm: &Realm, window: &WindowTake) -> Statement {
    Statement::new(
        "update vestibule_window set debits = debits + 1
         where realm = ?1 and ends_at = ?2 and starts_at = ?3 and kind = ?4 and digest = ?5 and debits < ?6",
        own(realm, &window.key, [window.at_most.into()]),
    )
}

/// Answers a row when the window has a counter of its own.
#[must_use]
pub fn has_own(realm: &Realm, key: &WindowKey) -> Statement {
    Statement::new(
        "select 1 from vestibule_window
         where realm = ?1 and ends_at = ?2 and starts_at = ?3 and kind = ?4 and digest = ?5",
        own(realm, key, []),
    )
}

/// Claims the place of one more counter, while the population has room.
#[must_use]
pub fn claim_place(realm: &Realm, window: &WindowTake) -> Statement {
    Statement::new(
        "insert into vestibule_window_population as now (realm, ends_at, starts_at, kind, counters)
         select ?1, ?2, ?3, ?4, 1 where ?5 > 0
         on conflict (realm, ends_at, starts_at, kind) do update set counters = now.counters + 1
         where now.counters < ?5",
        span(realm, &window.key, [window.population.into()]),
    )
}

/// Makes the window's own counter with its first debit.
#[must_use]
pub fn begin_own(realm: &Realm, window: &WindowTake) -> Statement {
    Statement::new(
        "insert into vestibule_window (realm, ends_at, starts_at, kind, digest, debits)
         select ?1, ?2, ?3, ?4, ?5, 1 where ?6 > 0",
        own(realm, &window.key, [window.at_most.into()]),
    )
}

/// Debits the shared counter that stands in for the window's own, if it has room.
#[must_use]
pub fn debit_shared(realm: &Realm, window: &WindowTake) -> Statement {
    Statement::new(
        "insert into vestibule_window_shared as now (realm, ends_at, starts_at, kind, network, key, debits)
         select ?1, ?2, ?3, ?4, ?5, ?6, 1 where ?7 > 0
         on conflict (realm, ends_at, starts_at, kind, network, key) do update set debits = now.debits + 1
         where now.debits < ?7",
        shared(realm, &window.key, [window.at_most.into()]),
    )
}

/// Gives one debit back to the counter that was debited; no counter goes below zero.
#[must_use]
pub fn give_back(realm: &Realm, taken: &TakenWindow) -> Statement {
    if taken.shared {
        Statement::new(
            "update vestibule_window_shared set debits = debits - 1
             where realm = ?1 and ends_at = ?2 and starts_at = ?3 and kind = ?4 and network = ?5 and key = ?6
             and debits > 0",
            shared(realm, &taken.key, []),
        )
    } else {
        Statement::new(
            "update vestibule_window set debits = debits - 1
             where realm = ?1 and ends_at = ?2 and starts_at = ?3 and kind = ?4 and digest = ?5 and debits > 0",
            own(realm, &taken.key, []),
        )
    }
}

/// Removes windows that ended before an instant, at most `budget` rows a statement.
#[must_use]
pub fn forget_windows(realm: &Realm, ended_before: Timestamp, budget: u32) -> [Statement; 3] {
    [
        "delete from vestibule_window where (realm, ends_at, starts_at, kind, digest) in
         (select realm, ends_at, starts_at, kind, digest from vestibule_window
          where realm = ?1 and ends_at < ?2 order by ends_at limit ?3)",
        "delete from vestibule_window_shared where (realm, ends_at, starts_at, kind, network, key) in
         (select realm, ends_at, starts_at, kind, network, key from vestibule_window_shared
          where realm = ?1 and ends_at < ?2 order by ends_at limit ?3)",
        "delete from vestibule_window_population where (realm, ends_at, starts_at, kind) in
         (select realm, ends_at, starts_at, kind from vestibule_window_population
          where realm = ?1 and ends_at < ?2 order by ends_at limit ?3)",
    ]
    .map(|sql| Statement::new(sql, [realm.into(), ended_before.into(), budget.into()]))
}

fn span<const N: usize>(realm: &Realm, key: &WindowKey, more: [Value; N]) -> Vec<Value> {
    let mut params =
        vec![realm.into(), key.ends_at.into(), key.starts_at.into(), Value::from(key.kind.as_str())];
    params.extend(more);
    params
}

fn own<const N: usize>(realm: &Realm, key: &WindowKey, more: [Value; N]) -> Vec<Value> {
    let mut params = span(realm, key, [key.digest.as_slice().into()]);
    params.extend(more);
    params
}

fn shared<const N: usize>(realm: &Realm, key: &WindowKey, more: [Value; N]) -> Vec<Value> {
    let (network, part) = (u32::from(key.overflow.network), u32::from(key.overflow.key));
    let mut params = span(realm, key, [network.into(), part.into()]);
    params.extend(more);
    params
}
