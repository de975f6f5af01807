//! Second factors: what stands in their slots, and the tries made at them.

use std::collections::BTreeSet;

use vestibule_core::SubjectId;
use vestibule_mfa::{CODES, MAX_AUTHENTICATORS, MfaRead};

use super::flaw::{Flaw, Listed, Place, Row, Unsound};
use crate::finding::Finding;

/// What one row alone can contradict (a used step without a confirmation, more settled than taken, a slot that is none)
/// no store answers: such a row is corrupt.
pub(super) async fn of_person(
    store: &impl MfaRead,
    subject: SubjectId,
    found: &mut Vec<Unsound>,
) -> Result<(), Finding> {
    let here = Place::Person(subject);
    let held = store.authenticators(subject).await?;
    let slots: Vec<u8> = held.iter().map(|row| row.slot).collect();
    let ids: BTreeSet<_> = held.iter().map(|row| row.id).collect();
    let stranger = held.iter().any(|row| row.subject != subject);
    judge(
        Row::Authenticator,
        Listed::Authenticators,
        (stranger, &slots, MAX_AUTHENTICATORS),
        ids.len(),
        here,
        found,
    );

    let codes = store.codes(subject).await?;
    let slots: Vec<u8> = codes.iter().map(|row| row.slot).collect();
    let digests: BTreeSet<_> = codes.iter().map(|row| *row.digest.as_bytes()).collect();
    let stranger = codes.iter().any(|row| row.subject != subject);
    judge(Row::RecoveryCode, Listed::RecoveryCodes, (stranger, &slots, CODES), digests.len(), here, found);
    if codes.iter().any(|row| row.spent.is_some_and(|(_, spent)| digests.contains(spent.as_bytes()))) {
        found.push(Flaw::SpentAndLive.at(here));
    }

    if store.factor_reset(subject).await?.is_some_and(|row| row.subject != subject) {
        found.push(Flaw::Misplaced(Row::FactorReset).at(here));
    }
    let Some(tries) = store.mfa_tries(subject).await? else { return Ok(()) };
    if tries.subject != subject {
        found.push(Flaw::Misplaced(Row::FactorTries).at(here));
    }
    if tries.stopped_at.is_some() && tries.settled == tries.taken {
        found.push(Flaw::StoppedBySuccess.at(here));
    }
    Ok(())
}

/// What holds of every list of slots: all are the person's and there, ascending, and no two hold the same.
fn judge(
    row: Row,
    list: Listed,
    (stranger, slots, bound): (bool, &[u8], u8),
    names: usize,
    here: Place,
    found: &mut Vec<Unsound>,
) {
    if stranger || slots.iter().any(|slot| *slot >= bound) {
        found.push(Flaw::Misplaced(row).at(here));
    }
    if !slots.is_sorted() {
        found.push(Flaw::OutOfOrder(list).at(here));
    }
    let places: BTreeSet<_> = slots.iter().collect();
    if places.len() < slots.len() || names < slots.len() {
        found.push(Flaw::TwoInOnePlace(row).at(here));
    }
}
