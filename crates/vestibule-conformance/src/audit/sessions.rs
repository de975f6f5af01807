//! Sessions and known devices.

use std::collections::BTreeSet;

use vestibule_core::SubjectId;
use vestibule_credentials::CredentialsRead;
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
    let epoch = store.profile(subject).await?.map(|profile| profile.epoch);
    let generation = store.password(subject).await?.map_or(0, |password| password.generation);
    let (mut slots, mut names) = (BTreeSet::new(), BTreeSet::new());
    for session in store.sessions(subject).await? {
        if session.subject != subject {
            found.push(Flaw::Misplaced(Row::Session).at(here));
        }
        if !(slots.insert(session.slot) & names.insert(*session.handle.as_bytes())) {
            found.push(Flaw::TwoInOnePlace(Row::Session).at(here));
        }
        match epoch {
            None => found.push(Flaw::Orphan(Row::Session).at(here)),
            Some(epoch) => {
                let proven = session.password_generation.unwrap_or_default();
                if session.profile_epoch > epoch || proven > generation {
                    found.push(Flaw::AheadOfItsTime(session.handle).at(here));
                }
            }
        }
        if store.session(session.digest).await?.as_ref() != Some(&session) {
            found.push(Flaw::NotByItsDigest(Row::Session).at(here));
        }
    }
    let (mut slots, mut names) = (BTreeSet::new(), BTreeSet::new());
    for device in store.devices(subject).await? {
        if device.subject != subject {
            found.push(Flaw::Misplaced(Row::Device).at(here));
        }
        if !(slots.insert(device.slot) & names.insert(*device.handle.as_bytes())) {
            found.push(Flaw::TwoInOnePlace(Row::Device).at(here));
        }
        // It was remembered when its token was made, by a code of then or before.
        if device.remembered_since.is_some_and(|shown| shown.is_after(device.made_at)) {
            found.push(Flaw::AheadOfItsTime(device.handle).at(here));
        }
        match epoch {
            None => found.push(Flaw::Orphan(Row::Device).at(here)),
            Some(epoch) if device.profile_epoch > epoch => {
                found.push(Flaw::AheadOfItsTime(device.handle).at(here));
            }
            Some(_) => {}
        }
        if store.device(device.digest).await?.as_ref() != Some(&device) {
            found.push(Flaw::NotByItsDigest(Row::Device).at(here));
        }
    }
    Ok(())
}
