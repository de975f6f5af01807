//! Guarded commits of one row: each ends a person's sessions, if their epoch is still the one that was read.

use vestibule_core::{Batch, BatchId, Commit, Landed, Timestamp};
use vestibule_profiles::ProfilesWrite;

use crate::Unmeasured;
use crate::crowd::subject;

/// Somebody who commits, and the people that nobody else commits to.
#[derive(Debug)]
pub struct Caller {
    first: u32,
    people: u32,
    made: u64,
}

impl Caller {
    /// Caller number n, with so many people of its own.
    #[must_use]
    pub const fn new(number: u32, people: u32) -> Self {
        Self { first: number.saturating_mul(people), people, made: 0 }
    }

    /// Who is next, and their epoch.
    pub fn turn(&mut self) -> (u32, u64) {
        let (people, made) = (u64::from(self.people.max(1)), self.made);
        self.made = made.saturating_add(1);
        let at = u32::try_from(made.checked_rem(people).unwrap_or(0)).unwrap_or(0);
        (self.first.saturating_add(at), made.checked_div(people).unwrap_or(0))
    }

    /// Commits so many times, one after the other.
    ///
    /// # Errors
    ///
    /// [`Unmeasured`] when a commit is not applied.
    pub async fn commit<S: Commit<ProfilesWrite>>(
        &mut self,
        store: &S,
        commits: usize,
    ) -> Result<(), Unmeasured> {
        for _ in 0..commits {
            let (number, from) = self.turn();
            let id = BatchId::from_bytes(((u128::from(number) << 64) | u128::from(from)).to_be_bytes());
            let write = ProfilesWrite::BumpEpoch { subject: subject(number)?, from };
            let batch = Batch::new(id, Timestamp::EPOCH, vec![write])
                .map_err(|error| Unmeasured::at("a batch", &error))?;
            match store.commit(&batch).await {
                Ok(Landed::Applied) => {}
                Ok(_) => return Err(Unmeasured::because("a commit was refused")),
                Err(error) => return Err(Unmeasured::at("a commit", &error)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_share_nobody_and_find_each_epoch_one_further() {
        let mut second = Caller::new(1, 2);
        let made: Vec<(u32, u64)> = (0..5).map(|_| second.turn()).collect();
        assert_eq!(made, [(2, 0), (3, 0), (2, 1), (3, 1), (2, 2)]);
    }
}
