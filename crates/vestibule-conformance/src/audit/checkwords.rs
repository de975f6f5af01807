//! Links: in their slots, and by their digests.

use vestibule_checkword::purpose::ALL;
use vestibule_checkword::{CheckwordRead, Found};
use vestibule_core::{SecretDigest, SubjectId};

use super::flaw::{Flaw, Place, Row, Unsound};
use crate::finding::Finding;

pub(super) async fn of_person(
    store: &impl CheckwordRead,
    subject: SubjectId,
    found: &mut Vec<Unsound>,
) -> Result<(), Finding> {
    for purpose in ALL {
        let Some(row) = store.checkword(subject, purpose.as_str().to_owned()).await? else { continue };
        if (row.holder, row.purpose.as_str()) != (subject, purpose.as_str()) {
            found.push(Flaw::Misplaced(Row::Checkword).at(Place::Holder(subject)));
        }
        if store.found(row.digest).await? != Some(Found::Newest(row)) {
            found.push(Flaw::NotByItsDigest(Row::Checkword).at(Place::Holder(subject)));
        }
    }
    Ok(())
}

/// Whatever is found by a digest is in its slot the newest, or is of an earlier generation than the newest there.
pub(super) async fn of_links(
    store: &impl CheckwordRead,
    links: &[SecretDigest],
    found: &mut Vec<Unsound>,
) -> Result<(), Finding> {
    for &link in links {
        match store.found(link).await? {
            None => {}
            Some(Found::Newest(row)) => {
                let here = Place::Holder(row.holder);
                if row.digest != link {
                    found.push(Flaw::NotByItsDigest(Row::Checkword).at(here));
                }
                if store.checkword(row.holder, row.purpose.clone()).await? != Some(row) {
                    found.push(Flaw::TwoNewest.at(here));
                }
            }
            Some(Found::Former(former)) => {
                let here = Place::Holder(former.holder);
                if former.digest != link {
                    found.push(Flaw::NotByItsDigest(Row::Checkword).at(here));
                }
                let newest = store.checkword(former.holder, former.purpose.clone()).await?;
                if newest.is_none_or(|newest| newest.generation <= former.generation) {
                    found.push(Flaw::FormerWithoutNewer.at(here));
                }
            }
        }
    }
    Ok(())
}
