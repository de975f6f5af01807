//! One session, as it rests.

use core::time::Duration;

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{AccountId, BatchId, CorruptRow, SecretDigest, SessionHandle, SubjectId, Timestamp};

use crate::evidence::{Amr, Evidence, has_two_factors};
use crate::label::DeviceLabel;
use crate::policy::{MAX_SLOTS, SessionPolicy};

/// The most accounts whose admission a session remembers. The oldest is forgotten; its account is checked again.
pub const MAX_ADMISSIONS: usize = 16;

/// What an admission to an account relied on. While all of it still stands, the admission does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores build it; a further field would change the contract")]
pub struct AdmissionStamp {
    /// Admitted to which account.
    pub account: AccountId,
    /// The membership's epoch: what ends access moves it.
    pub membership_epoch: u64,
    /// The version of the account's settings.
    pub policy_version: u64,
    /// The version of the membership.
    pub membership_version: u64,
}

/// One session: in one of the few slots of a profile, so that their number is bounded by the key (ATK-H6).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build it; a further field would change the contract")]
pub struct Session {
    /// The slot, below [`MAX_SLOTS`].
    pub slot: u16,
    /// The public name: random, and no key to anything (ATK-H8). A new token comes with a new handle.
    pub handle: SessionHandle,
    /// The digest of the token.
    pub digest: SecretDigest,
    /// Whose.
    pub subject: SubjectId,
    /// The profile's epoch when the session was made.
    pub profile_epoch: u64,
    /// The generation of the password that was proven, if one was.
    pub password_generation: Option<u64>,
    /// What was proven: at least one method, each once, in the order of [`Amr::ALL`].
    pub evidence: Vec<Evidence>,
    /// When the person signed in. A new token does not change it.
    pub created_at: Timestamp,
    /// When it was last used, to within a tenth of the idle time.
    pub last_used_at: Timestamp,
    /// For how long it may rest, in whole microseconds.
    pub idle: Duration,
    /// The first instant at which it opens nothing, whatever happens.
    pub ends_at: Timestamp,
    /// The accounts it was admitted to, the latest last, at most [`MAX_ADMISSIONS`].
    pub admissions: Vec<AdmissionStamp>,
    /// The host's name of the device; see [`DeviceLabel`].
    pub label: String,
    /// Moves with every change but use.
    pub version: u64,
    /// The batch that put or last changed it.
    pub set_by: BatchId,
}

const FORM: u8 = 1;

impl Session {
    /// Whether it was opened by two factors.
    #[must_use]
    pub fn has_two_factors(&self) -> bool {
        has_two_factors(&self.evidence)
    }

    /// When the second factor was shown on the remembered device that opened it, if one did.
    #[must_use]
    pub fn remembered_since(&self) -> Option<Timestamp> {
        self.evidence.iter().find(|one| one.amr == Amr::Remembered).map(|one| one.at)
    }

    /// Whether something was proven recently enough for what asks for a step-up (ASVS 7.5.1). A remembered device proves
    /// nothing.
    #[must_use]
    pub fn is_fresh(&self, policy: &SessionPolicy, now: Timestamp) -> bool {
        let fresh = |one: &&Evidence| one.at.plus(policy.step_up()).is_after(now);
        self.evidence.iter().filter(fresh).any(|one| one.amr.is_shown())
    }

    /// Whether this method succeeded recently enough for what asks for it.
    #[must_use]
    pub fn is_fresh_by(&self, amr: Amr, policy: &SessionPolicy, now: Timestamp) -> bool {
        let fresh = |one: &&Evidence| one.at.plus(policy.step_up()).is_after(now);
        self.evidence.iter().filter(fresh).any(|one| one.amr == amr && one.amr.is_shown())
    }

    /// The first instant at which it opens nothing, if it is not used before.
    #[must_use]
    pub fn rests_until(&self) -> Timestamp {
        self.ends_at.min(self.last_used_at.plus(self.idle))
    }

    /// Whether it opens nothing any more at this instant, to a profile of this epoch: its slot is as good as empty.
    #[must_use]
    pub fn is_over(&self, profile_epoch: u64, now: Timestamp) -> bool {
        self.profile_epoch < profile_epoch || !self.rests_until().is_after(now)
    }

    /// What it relied on when it was admitted to this account.
    #[must_use]
    pub fn admission(&self, account: AccountId) -> Option<&AdmissionStamp> {
        self.admissions.iter().find(|stamp| stamp.account == account)
    }

    /// The bytes of a key-value store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let row = RecordWriter::new(FORM)
            .u64(self.slot.into())
            .bytes(self.handle.as_bytes())
            .bytes(self.digest.as_bytes())
            .bytes(self.subject.as_bytes())
            .u64(self.profile_epoch)
            .maybe(self.password_generation, RecordWriter::u64)
            .u64(self.evidence.len() as u64);
        let row = self.evidence.iter().fold(row, |row, one| row.u8(one.amr.number()).time(one.at));
        let row = row
            .time(self.created_at)
            .time(self.last_used_at)
            .u64(u64::try_from(self.idle.as_micros()).unwrap_or(u64::MAX))
            .time(self.ends_at)
            .u64(self.admissions.len() as u64);
        let row = self.admissions.iter().fold(row, |row, stamp| {
            row.bytes(stamp.account.as_bytes())
                .u64(stamp.membership_epoch)
                .u64(stamp.policy_version)
                .u64(stamp.membership_version)
        });
        row.text(&self.label).u64(self.version).bytes(self.set_by.as_bytes()).finish()
    }

    /// Reads those bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, FORM)?;
        let session = Self {
            slot: slot(&mut row)?,
            handle: handle(&mut row)?,
            digest: row.digest("digest")?,
            subject: row.subject("subject")?,
            profile_epoch: row.u64("profile_epoch")?,
            password_generation: row.maybe("password_generation", |row| row.u64("password_generation"))?,
            evidence: list(&mut row, "evidence", Amr::ALL.len(), |row| {
                Ok(Evidence { amr: Amr::from_number(row.u8("amr")?)?, at: row.time("evidence")? })
            })?,
            created_at: row.time("created_at")?,
            last_used_at: row.time("last_used_at")?,
            idle: Duration::from_micros(row.u64("idle")?),
            ends_at: row.time("ends_at")?,
            admissions: list(&mut row, "admissions", MAX_ADMISSIONS, |row| {
                Ok(AdmissionStamp {
                    account: row.account("account")?,
                    membership_epoch: row.u64("membership_epoch")?,
                    policy_version: row.u64("policy_version")?,
                    membership_version: row.u64("membership_version")?,
                })
            })?,
            label: row.text("label")?.to_owned(),
            version: row.u64("version")?,
            set_by: row.batch("set_by")?,
        };
        row.finish()?;
        session.checked()
    }

    /// The row, if it keeps what every row keeps. Stores that read columns pass what they read through here.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn checked(self) -> Result<Self, CorruptRow> {
        if self.slot >= MAX_SLOTS {
            return Err(CorruptRow("slot"));
        }
        let ascending = self.evidence.windows(2).all(|pair| match pair {
            [a, b] => a.amr < b.amr,
            _ => true,
        });
        if self.evidence.is_empty() || !ascending {
            return Err(CorruptRow("evidence"));
        }
        if self.idle.is_zero() || i64::try_from(self.idle.as_micros()).is_err() {
            return Err(CorruptRow("idle"));
        }
        let twice = |stamp: &AdmissionStamp| {
            self.admissions.iter().filter(|other| other.account == stamp.account).count() > 1
        };
        if self.admissions.len() > MAX_ADMISSIONS || self.admissions.iter().any(twice) {
            return Err(CorruptRow("admissions"));
        }
        if DeviceLabel::parse(self.label.as_str()).is_err() {
            return Err(CorruptRow("label"));
        }
        Ok(self)
    }
}

pub(crate) fn slot(row: &mut RecordReader<'_>) -> Result<u16, CorruptRow> {
    u16::try_from(row.u64("slot")?).map_err(|_| CorruptRow("slot"))
}

pub(crate) fn handle(row: &mut RecordReader<'_>) -> Result<SessionHandle, CorruptRow> {
    row.bytes("handle")?.try_into().map(SessionHandle::from_bytes).map_err(|_| CorruptRow("handle"))
}

fn list<T>(
    row: &mut RecordReader<'_>,
    field: &'static str,
    at_most: usize,
    mut read: impl FnMut(&mut RecordReader<'_>) -> Result<T, CorruptRow>,
) -> Result<Vec<T>, CorruptRow> {
    match usize::try_from(row.u64(field)?) {
        Ok(length) if length <= at_most => (0..length).map(|_| read(row)).collect(),
        _ => Err(CorruptRow(field)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{NOW, session};

    fn any_session() -> impl Strategy<Value = Session> {
        let who = (
            0..MAX_SLOTS,
            any::<[u8; 16]>(),
            any::<[u8; 32]>(),
            proptest::collection::vec(any::<u8>(), 1..=64),
        );
        let what = (any::<u64>(), any::<Option<u64>>(), proptest::collection::vec(any::<i64>(), 1..=5));
        let when = (any::<i64>(), any::<i64>(), 1..=i64::MAX as u64, any::<i64>());
        let rest = (0..=16u64, any::<u64>(), "[a-zé ]{0,40}", any::<u64>(), any::<[u8; 16]>());
        (who, what, when, rest).prop_map(|(who, what, when, rest)| Session {
            slot: who.0,
            handle: SessionHandle::from_bytes(who.1),
            digest: SecretDigest::from_bytes(who.2),
            subject: SubjectId::from_bytes(&who.3).unwrap(),
            profile_epoch: what.0,
            password_generation: what.1,
            evidence: Amr::ALL
                .into_iter()
                .zip(what.2)
                .map(|(amr, at)| Evidence { amr, at: Timestamp::from_unix_micros(at) })
                .collect(),
            created_at: Timestamp::from_unix_micros(when.0),
            last_used_at: Timestamp::from_unix_micros(when.1),
            idle: Duration::from_micros(when.2),
            ends_at: Timestamp::from_unix_micros(when.3),
            admissions: (0..rest.0)
                .map(|n| AdmissionStamp {
                    account: AccountId::from(n),
                    membership_epoch: rest.1,
                    policy_version: rest.1 / 3,
                    membership_version: n,
                })
                .collect(),
            label: rest.2,
            version: rest.3,
            set_by: BatchId::from_bytes(rest.4),
        })
    }

    proptest! {
        #[test]
        fn every_session_comes_back_from_its_bytes(session in any_session()) {
            prop_assert_eq!(Session::decode(&session.encode()), Ok(session));
        }

        #[test]
        fn every_cut_of_a_row_is_corrupt(session in any_session(), at in any::<proptest::sample::Index>()) {
            let bytes = session.encode();
            let cut = at.index(bytes.len());
            prop_assert!(Session::decode(&bytes[..cut]).is_err());
        }

        #[test]
        fn reading_arbitrary_bytes_never_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Session::decode(&bytes);
            if let Some(form) = bytes.first_mut() {
                *form = FORM;
            }
            let _ = Session::decode(&bytes);
        }

        #[test]
        fn a_changed_byte_reads_as_itself_or_is_corrupt(
            session in any_session(), at in any::<proptest::sample::Index>(), byte in any::<u8>(),
        ) {
            let mut bytes = session.encode();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(read) = Session::decode(&bytes) {
                prop_assert_eq!(read.encode(), bytes, "one row has one form");
            }
        }
    }

    #[test]
    fn rows_that_no_decision_makes_are_corrupt() {
        let good = session();
        assert!(good.clone().checked().is_ok());
        let (mut slot, mut none, mut twice, mut idle) =
            (good.clone(), good.clone(), good.clone(), good.clone());
        slot.slot = MAX_SLOTS;
        none.evidence.clear();
        twice.evidence = vec![Evidence { amr: Amr::Otp, at: NOW }; 2];
        idle.idle = Duration::ZERO;
        let (mut accounts, mut label) = (good.clone(), good);
        let stamp = AdmissionStamp {
            account: AccountId::from(1),
            membership_epoch: 0,
            policy_version: 0,
            membership_version: 0,
        };
        accounts.admissions = vec![stamp; 2];
        label.label = "a\nb".to_owned();
        let expected = ["slot", "evidence", "evidence", "idle", "admissions", "label"];
        for (bad, field) in [slot, none, twice, idle, accounts, label].into_iter().zip(expected) {
            assert_eq!(Session::decode(&bad.encode()), Err(CorruptRow(field)));
        }
    }

    #[test]
    fn evidence_is_fresh_until_its_time_is_over_and_not_at_it() {
        let policy = SessionPolicy::default();
        let session = session();
        let end = NOW.plus(policy.step_up());
        assert!(session.is_fresh(&policy, end.minus(Duration::from_micros(1))));
        assert!(!session.is_fresh(&policy, end));
        assert!(session.is_fresh_by(Amr::Password, &policy, NOW));
        assert!(!session.is_fresh_by(Amr::Otp, &policy, NOW));
        let mut by_device = session;
        by_device.evidence = vec![Evidence { amr: Amr::Remembered, at: NOW }];
        assert!(!by_device.is_fresh(&policy, NOW), "a device steps nothing up");
        assert!(!by_device.is_fresh_by(Amr::Remembered, &policy, NOW));
        assert_eq!(by_device.remembered_since(), Some(NOW));
    }
}
