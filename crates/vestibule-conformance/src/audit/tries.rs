//! Passwords, and the tries made at them.

use core::iter::once;

use vestibule_core::SubjectId;
use vestibule_credentials::{CredentialsRead, Lane};
use vestibule_profiles::ProfilesRead;
use vestibule_sessions::SessionsRead;

use super::flaw::{Flaw, Place, Row, Unsound};
use crate::finding::Finding;

pub(super) async fn of_person<S: CredentialsRead + ProfilesRead + SessionsRead>(
    store: &S,
    subject: SubjectId,
    found: &mut Vec<Unsound>,
) -> Result<(), Finding> {
    let here = Place::Person(subject);
    let password = store.password(subject).await?;
    if password.as_ref().is_some_and(|password| password.subject != subject) {
        found.push(Flaw::Misplaced(Row::Password).at(here));
    }
    // One that was removed is nobody's key.
    let opens = password.is_some_and(|password| password.hash.is_some());
    if opens && store.profile(subject).await?.is_none() {
        found.push(Flaw::Orphan(Row::Password).at(here));
    }
    let devices = store.devices(subject).await?;
    let lanes = devices.iter().map(|device| Lane::Device(device.handle));
    for lane in once(Lane::Everybody).chain(lanes) {
        let Some(tries) = store.tries(subject, lane).await? else { continue };
        if (tries.subject, tries.lane) != (subject, lane) {
            found.push(Flaw::Misplaced(Row::Tries).at(here));
        }
        if tries.stopped_at.is_some() && tries.settled == tries.taken {
            found.push(Flaw::StoppedBySuccess.at(here));
        }
    }
    Ok(())
}
