//! A person's network profile.

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{AddressKey, CorruptRow, SubjectId, Timestamp};

/// The most verified addresses (e-mail and phone) of a profile, and as many social links. A batch that names them
/// all still fits every store.
pub const MAX_IDENTIFIERS: u32 = 8;

/// A person's network profile: one row per person in the realm, whatever accounts they belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct Profile {
    /// Whose it is.
    pub subject: SubjectId,
    /// Counts every event that ends all sessions; a session of an earlier epoch opens nothing (PR-5).
    pub epoch: u64,
    /// Set while the operator keeps the person out (P1f, N13).
    pub block: Option<Block>,
    /// Verified e-mail addresses and phone numbers.
    pub identifiers: u32,
    /// Social links.
    pub social_links: u32,
    /// Memberships that are Active or AwaitingApproval.
    pub live_memberships: u32,
    /// Accounts this person ever created.
    pub created_accounts: u32,
    /// Set while it is disputed whose the profile is: an address that was given up objected (R18).
    pub freeze: Option<Freeze>,
    /// The key of the login that the person made the primary one, if they ever did. It may have left since.
    pub primary: Option<AddressKey>,
    /// Since when the person has a confirmed second factor; `None`: there is none. While it is set, no session is opened and
    /// nothing about the profile is changed without one (PR-14).
    pub factor_since: Option<Timestamp>,
    /// When the profile came into being.
    pub created_at: Timestamp,
}

/// The operator keeps a person out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct Block {
    /// Since when.
    pub since: Timestamp,
    /// The instant from which it no longer holds; `None`: until it is lifted (N13 has an end).
    pub until: Option<Timestamp>,
}

/// Nothing about the profile is changed until it is known who is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct Freeze {
    /// Since when.
    pub since: Timestamp,
    /// The instant of the earliest change that is disputed. What was acquired then or later proves nothing.
    pub change_at: Timestamp,
}

impl Profile {
    /// A new profile without identifiers.
    #[must_use]
    pub const fn new(subject: SubjectId, now: Timestamp) -> Self {
        Self {
            subject,
            epoch: 1,
            block: None,
            identifiers: 0,
            social_links: 0,
            live_memberships: 0,
            created_accounts: 0,
            freeze: None,
            primary: None,
            factor_since: None,
            created_at: now,
        }
    }

    /// The block that holds at this instant, if any. It is computed from time; no job lifts it.
    #[must_use]
    pub fn blocked_at(&self, now: Timestamp) -> Option<Block> {
        self.block.filter(|block| block.until.is_none_or(|until| until.is_after(now)))
    }

    /// In how many ways the person can prove who they are: each verified address (a password is set through it, or
    /// set anew) and each social link (PR-2).
    #[must_use]
    pub const fn ways_in(&self) -> u32 {
        self.identifiers.saturating_add(self.social_links)
    }

    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        RecordWriter::new(3)
            .bytes(self.subject.as_bytes())
            .u64(self.epoch)
            .maybe(self.block, |row, block| row.time(block.since).maybe(block.until, RecordWriter::time))
            .u64(self.identifiers.into())
            .u64(self.social_links.into())
            .u64(self.live_memberships.into())
            .u64(self.created_accounts.into())
            .time(self.created_at)
            .maybe(self.freeze, |row, freeze| row.time(freeze.since).time(freeze.change_at))
            .maybe(self.primary.as_ref(), |row, primary| row.bytes(primary.as_bytes()))
            .maybe(self.factor_since, RecordWriter::time)
            .finish()
    }

    /// The row from bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when they are not such a row.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        // The first form knew neither a freeze nor a primary login; the second no factor.
        let form = bytes.first().copied().filter(|form| (1..=3).contains(form)).unwrap_or(3);
        let mut row = RecordReader::new(bytes, form)?;
        let mut profile = Self {
            subject: row.subject("subject")?,
            epoch: row.u64("epoch")?,
            block: row.maybe("block", |row| {
                Ok(Block { since: row.time("since")?, until: row.maybe("until", |row| row.time("until"))? })
            })?,
            identifiers: count(&mut row, "identifiers")?,
            social_links: count(&mut row, "social_links")?,
            live_memberships: count(&mut row, "live_memberships")?,
            created_accounts: count(&mut row, "created_accounts")?,
            freeze: None,
            primary: None,
            factor_since: None,
            created_at: row.time("created_at")?,
        };
        if form >= 2 {
            profile.freeze = row.maybe("freeze", |row| {
                Ok(Freeze { since: row.time("since")?, change_at: row.time("change_at")? })
            })?;
            profile.primary = row.maybe("primary", |row| {
                let key = row.bytes("primary")?.try_into().map_err(|_| CorruptRow("primary"))?;
                Ok(AddressKey::from_bytes(key))
            })?;
        }
        if form >= 3 {
            profile.factor_since = row.maybe("factor_since", |row| row.time("factor_since"))?;
        }
        row.finish()?;
        Ok(profile)
    }
}

pub(crate) fn count(row: &mut RecordReader<'_>, field: &'static str) -> Result<u32, CorruptRow> {
    u32::try_from(row.u64(field)?).map_err(|_| CorruptRow(field))
}

/// Adds a signed step to a counter; `None` below zero or above `u32`.
pub(crate) fn step(counter: u32, delta: i8) -> Option<u32> {
    counter.checked_add_signed(delta.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_block_with_an_end_ends_by_itself_at_that_instant() {
        let mut profile = Profile::new(SubjectId::from(1), Timestamp::EPOCH);
        let at = Timestamp::from_unix_seconds;
        profile.block = Some(Block { since: at(0), until: Some(at(10)) });
        assert!(profile.blocked_at(at(9)).is_some());
        assert!(profile.blocked_at(at(10)).is_none());
        profile.block = Some(Block { since: at(0), until: None });
        assert!(profile.blocked_at(Timestamp::MAX).is_some());
    }

    #[test]
    fn a_profile_of_the_first_form_is_still_read() {
        let now = Timestamp::from_unix_seconds(5);
        let row =
            RecordWriter::new(1).bytes(SubjectId::from(7).as_bytes()).u64(3).maybe(None::<u8>, |row, _| row);
        let row = [1, 2, 3, 4].into_iter().fold(row, RecordWriter::u64).time(now).finish();
        let read = Profile::decode(&row).unwrap();
        assert_eq!((read.epoch, read.created_accounts, read.created_at), (3, 4, now));
        assert_eq!((read.freeze, read.primary, read.factor_since), (None, None, None));
    }

    proptest! {
        #[test]
        fn a_profile_comes_back_from_its_bytes(
            epoch: u64, block: Option<Option<i64>>, n: u32, at: i64, freeze: Option<i64>, primary: Option<[u8; 32]>,
            factor: Option<i64>,
        ) {
            let profile = Profile {
                epoch,
                block: block.map(|until| Block {
                    since: Timestamp::from_unix_micros(at),
                    until: until.map(Timestamp::from_unix_micros),
                }),
                identifiers: n,
                freeze: freeze.map(|change| Freeze {
                    since: Timestamp::from_unix_micros(at),
                    change_at: Timestamp::from_unix_micros(change),
                }),
                primary: primary.map(AddressKey::from_bytes),
                factor_since: factor.map(Timestamp::from_unix_micros),
                ..Profile::new(SubjectId::from(7), Timestamp::from_unix_micros(at))
            };
            prop_assert_eq!(Profile::decode(&profile.encode()), Ok(profile));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            let _ = Profile::decode(&bytes);
        }
    }
}
