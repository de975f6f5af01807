//! A window debited by one statement, where a query can change rows.

use vestibule_core::Realm;
use vestibule_throttle::WindowTake;

use crate::Query;

/// What a debit came to: whether the window's own counter was debited, and whether it had one before.
pub type Debit = Query<(u64, u64)>;

/// [`debit_own`](super::debit_own), [`has_own`](super::has_own), [`claim_place`](super::claim_place) and [`begin_own`](super::begin_own) in
/// one statement, for a database that changes rows within a query, as PostgreSQL does and SQLite does not:
/// debits the window's own counter, which is begun if there is none and the population has room.
///
/// The parts of one statement see the same rows: of two racers who begin the same counter one fails at its key.
#[must_use]
pub fn debit_at_once(realm: &Realm, window: &WindowTake) -> Debit {
    Query::new(
        "with own as (
             update vestibule_window set debits = debits + 1
             where realm = ?1 and ends_at = ?2 and starts_at = ?3 and kind = ?4 and digest = ?5 and debits < ?6
             returning 1),
         there as (
             select 1 from vestibule_window
             where realm = ?1 and ends_at = ?2 and starts_at = ?3 and kind = ?4 and digest = ?5),
         place as (
             insert into vestibule_window_population as now (realm, ends_at, starts_at, kind, counters)
             select ?1, ?2, ?3, ?4, 1 where ?6 > 0 and ?7 > 0 and not exists (select 1 from there)
             on conflict (realm, ends_at, starts_at, kind) do update set counters = now.counters + 1
             where now.counters < ?7 returning 1),
         begun as (
             insert into vestibule_window (realm, ends_at, starts_at, kind, digest, debits)
             select ?1, ?2, ?3, ?4, ?5, 1 from place returning 1)
         select (select count(*) from own) + (select count(*) from begun), (select count(*) from there)",
        super::own(realm, &window.key, [window.at_most.into(), window.population.into()]),
        |row| Ok((row.u64("taken")?, row.u64("there")?)),
    )
}
