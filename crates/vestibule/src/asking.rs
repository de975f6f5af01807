//! A link is asked for: the one that is live already, a new one, or none before an instant.

use vestibule_checkword::decide::{self, CheckwordRequest, Wanted};
use vestibule_checkword::{CheckwordRead, CheckwordWrite, make_link, open_link};
use vestibule_core::{BatchId, Error, Purpose, Secret, SubjectId, Timestamp};

use crate::vestibule::Inner;

/// What comes of it, and the writes that land with it.
pub(crate) enum Asking {
    Link {
        /// `None`: the live one can be told no more.
        link: Option<Secret<String>>,
        /// The first instant at which it is refused.
        until: Timestamp,
        writes: Vec<CheckwordWrite>,
    },
    /// Messages are spaced.
    Spaced {
        not_before: Timestamp,
        /// The text that is on its way, if it can be told; and whether it is bound to the same.
        live: Option<(Secret<String>, bool)>,
        writes: Vec<CheckwordWrite>,
    },
}

impl Inner {
    /// For this holder and purpose, bound to this; and the id of the batch in which the writes must land.
    pub(crate) async fn ask_for_link(
        &self,
        (holder, purpose): (SubjectId, Purpose),
        bound: &[u8],
        now: Timestamp,
    ) -> Result<(BatchId, Asking), Error> {
        self.ask_for(&CheckwordRequest::new(holder, purpose).bound_to(bound), now).await
    }

    /// The same of a request that says in which way it reaches its owner.
    pub(crate) async fn ask_for(
        &self,
        asked: &CheckwordRequest,
        now: Timestamp,
    ) -> Result<(BatchId, Asking), Error> {
        let (holder, purpose) = (asked.holder(), asked.purpose());
        let mut newest = self.store.checkword(holder, purpose.as_str().to_owned()).await?;
        let before = open_link(&self.ring, newest.as_mut(), purpose);
        let generation = newest.as_ref().map_or(0, |row| row.generation).saturating_add(1);
        let id = self.batch_id(now)?;
        let (fresh, made) = make_link(&self.ring, &*self.entropy, asked, generation, id)?;
        let asking = match decide::request(&self.checkwords, asked, newest.as_ref(), &made, now) {
            Wanted::New { checkword, writes } => {
                Asking::Link { link: Some(fresh), until: checkword.expires_at, writes }
            }
            Wanted::Again { checkword, writes } => {
                Asking::Link { link: before, until: checkword.expires_at, writes }
            }
            Wanted::Spaced { not_before, writes } => {
                let live = newest.filter(|word| word.is_live(now)).map(|word| word.bound == asked.bound());
                let live = before.zip(live);
                Asking::Spaced { not_before, live, writes }
            }
        };
        Ok((id, asking))
    }
}
