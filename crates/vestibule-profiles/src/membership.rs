//! A person in an account, and the only moves there are.

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{AccountId, CorruptRow, SubjectId, Timestamp};

use crate::policy::Role;

/// A person in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct Membership {
    /// Where.
    pub account: AccountId,
    /// Who.
    pub subject: SubjectId,
    /// What changes by moves.
    pub standing: Standing,
    /// The contact address as typed. It is no login.
    pub contact: Option<String>,
    /// When the person first joined.
    pub joined_at: Timestamp,
    /// Counts every move.
    pub version: u64,
    /// Counts every move that ends what the person had open here (PR-5).
    pub epoch: u64,
    /// The last time a wrong secret was tried on the way into this account (no more is kept of it).
    pub wrong_secret_at: Option<Timestamp>,
}

/// What changes by moves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct Standing {
    /// Whether the person may enter.
    pub status: Status,
    /// The host's role.
    pub role: Role,
    /// Holds every permission and counts for PR-8 while Active.
    pub administers: bool,
    /// Since when the status holds.
    pub since: Timestamp,
    /// Who moved it, if a person did.
    pub moved_by: Option<SubjectId>,
    /// Until when the account asks this member for no second factor (R23): it opens this account's door and no other. It is
    /// computed from time at every check; no job ends it.
    pub exempt_until: Option<Timestamp>,
}

/// Whether a member may enter: one closed enum (U-12), moved only by [`Move`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "admission and stores match on it: a new status must fail to compile there"
)]
pub enum Status {
    /// Self-registered or added for approval; may not enter yet (N7).
    AwaitingApproval,
    /// May enter.
    Active,
    /// May not enter until reinstated (P4).
    Dismissed,
}

impl Status {
    /// The word that rests in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingApproval => "awaiting_approval",
            Self::Active => "active",
            Self::Dismissed => "dismissed",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] for any other.
    pub fn from_stored(word: &str) -> Result<Self, CorruptRow> {
        match word {
            "awaiting_approval" => Ok(Self::AwaitingApproval),
            "active" => Ok(Self::Active),
            "dismissed" => Ok(Self::Dismissed),
            _ => Err(CorruptRow("status")),
        }
    }
}

/// The moves of a membership. There is no other way for a status to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Move {
    /// AwaitingApproval to Active (M7, R14).
    Approve,
    /// AwaitingApproval to nothing: the row goes (M8, R14).
    Decline,
    /// Active to Dismissed (M9, R15).
    Dismiss,
    /// Dismissed to Active (M10, R16), without the flag *administers*, which is granted anew.
    Reinstate,
}

impl Move {
    /// Every move.
    pub const ALL: &'static [Self] = &[Self::Approve, Self::Decline, Self::Dismiss, Self::Reinstate];

    /// The status it starts from: the only one.
    #[must_use]
    pub const fn from(self) -> Status {
        match self {
            Self::Approve | Self::Decline => Status::AwaitingApproval,
            Self::Dismiss => Status::Active,
            Self::Reinstate => Status::Dismissed,
        }
    }

    /// The status it leads to; `None`: the row goes.
    #[must_use]
    pub const fn to(self) -> Option<Status> {
        match self {
            Self::Approve | Self::Reinstate => Some(Status::Active),
            Self::Decline => None,
            Self::Dismiss => Some(Status::Dismissed),
        }
    }
}

impl Membership {
    /// Whether the member is Active and administers.
    #[must_use]
    pub fn is_active_administrator(&self) -> bool {
        self.standing.status == Status::Active && self.standing.administers
    }

    /// Whether the account asks this member for no second factor at this instant. The end itself is not exempt.
    #[must_use]
    pub fn is_exempt(&self, now: Timestamp) -> bool {
        self.standing.exempt_until.is_some_and(|until| until.is_after(now))
    }

    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let standing = &self.standing;
        RecordWriter::new(2)
            .bytes(self.account.as_bytes())
            .bytes(self.subject.as_bytes())
            .text(standing.status.as_str())
            .text(standing.role.as_str())
            .bool(standing.administers)
            .time(standing.since)
            .maybe(standing.moved_by, |row, subject| row.bytes(subject.as_bytes()))
            .maybe(self.contact.as_deref(), RecordWriter::text)
            .time(self.joined_at)
            .u64(self.version)
            .u64(self.epoch)
            .maybe(self.wrong_secret_at, RecordWriter::time)
            .maybe(standing.exempt_until, RecordWriter::time)
            .finish()
    }

    /// The row from bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when they are not such a row.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        // The first form knew no exemption.
        let first = bytes.first() == Some(&1);
        let mut row = RecordReader::new(bytes, if first { 1 } else { 2 })?;
        let mut membership = Self {
            account: row.account("account")?,
            subject: row.subject("subject")?,
            standing: Standing {
                status: Status::from_stored(row.text("status")?)?,
                role: Role::parse(row.text("role")?).map_err(|_| CorruptRow("role"))?,
                administers: row.bool("administers")?,
                since: row.time("since")?,
                moved_by: row.maybe("moved_by", |row| row.subject("moved_by"))?,
                exempt_until: None,
            },
            contact: row.maybe("contact", |row| row.text("contact").map(str::to_owned))?,
            joined_at: row.time("joined_at")?,
            version: row.u64("version")?,
            epoch: row.u64("epoch")?,
            wrong_secret_at: row.maybe("wrong_secret_at", |row| row.time("wrong_secret_at"))?,
        };
        if !first {
            membership.standing.exempt_until = row.maybe("exempt_until", |row| row.time("exempt_until"))?;
        }
        row.finish()?;
        Ok(membership)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{any_account_id, any_role, any_subject, any_time};

    fn any_membership() -> impl Strategy<Value = Membership> {
        let statuses = [Status::AwaitingApproval, Status::Active, Status::Dismissed];
        let standing = (
            proptest::sample::select(statuses.to_vec()),
            any_role(),
            any::<bool>(),
            any_time(),
            proptest::option::of(any_subject()),
            proptest::option::of(any_time()),
        );
        let standing = standing.prop_map(|(status, role, administers, since, moved_by, exempt_until)| {
            Standing { status, role, administers, since, moved_by, exempt_until }
        });
        let rest = (proptest::option::of("\\PC{0,40}"), any_time(), proptest::option::of(any_time()));
        (any_account_id(), any_subject(), standing, rest, any::<(u64, u64)>()).prop_map(
            |(account, subject, standing, (contact, joined_at, wrong_secret_at), (version, epoch))| {
                Membership { account, subject, standing, contact, joined_at, version, epoch, wrong_secret_at }
            },
        )
    }

    /// PR-4: no move leaves Dismissed but Reinstate.
    #[test]
    fn only_reinstate_leaves_dismissed() {
        for step in Move::ALL {
            assert_eq!(step.from() == Status::Dismissed, *step == Move::Reinstate);
        }
    }

    #[test]
    fn every_status_comes_back_from_its_word() {
        for status in [Status::AwaitingApproval, Status::Active, Status::Dismissed] {
            assert_eq!(Status::from_stored(status.as_str()), Ok(status));
        }
        assert!(Status::from_stored("ACTIVE").is_err());
    }

    proptest! {
        #[test]
        fn every_membership_comes_back_from_its_bytes_and_from_neither_fewer_nor_more(
            membership in any_membership(), cut in any::<prop::sample::Index>(),
        ) {
            let bytes = membership.encode();
            prop_assert!(Membership::decode(&bytes[..cut.index(bytes.len())]).is_err());
            prop_assert!(Membership::decode(&[&bytes[..], &[0]].concat()).is_err());
            prop_assert_eq!(Membership::decode(&bytes), Ok(membership));
        }

        #[test]
        fn the_first_form_is_read_as_a_membership_without_exemption(membership in any_membership()) {
            let mut plain = membership;
            plain.standing.exempt_until = None;
            let mut bytes = plain.encode();
            bytes[0] = 1;
            bytes.truncate(bytes.len() - 1);
            prop_assert_eq!(Membership::decode(&bytes), Ok(plain));
        }

        #[test]
        fn a_changed_byte_reads_as_itself_or_is_corrupt(membership in any_membership(), byte: u8) {
            let whole = membership.encode();
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                if let Ok(read) = Membership::decode(&bytes) {
                    prop_assert_eq!(read.encode(), bytes, "one row has one form");
                }
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Membership::decode(&bytes);
            if let Some(form) = bytes.first_mut() {
                *form = 1 + *form % 2;
            }
            let _ = Membership::decode(&bytes);
        }
    }
}
