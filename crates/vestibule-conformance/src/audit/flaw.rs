//! What an audit finds.

use core::fmt;

use vestibule_core::{AccountId, CaseReference, EventId, SessionHandle, SubjectId};

use crate::finding::Finding;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a place and a flaw")]
pub struct Unsound {
    /// Where.
    pub place: Place,
    /// What.
    pub flaw: Flaw,
}

/// Where something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In an account.
    Account(AccountId),
    /// In a case.
    Case(CaseReference),
    /// Of whoever holds a link, for the purpose of a slot.
    Holder(SubjectId),
    /// In the message of this slot.
    Message([u8; 32]),
    /// With a person.
    Person(SubjectId),
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// A membership is in an account that is not there.
    AccountMissing(AccountId),
    /// A session was made in an epoch, or by a generation of the password, that is yet to come; or a device is remembered since a
    /// code that was shown after its token was made.
    AheadOfItsTime(SessionHandle),
    /// A case holds none, or ended before it began, or stands under another reference than its key's.
    CaseMisfiled,
    /// The reference of a refusal leads to another event.
    CaseLeadsElsewhere(EventId),
    /// There are personal fields that are not those to which the event is committed.
    Commitment(EventId),
    /// A counter says other than there is.
    Counter {
        /// Of what.
        of: Counted,
        /// What it says.
        says: u64,
        /// What there is.
        there: u64,
    },
    /// An event is another one by its id than in the list.
    EventDiffers(EventId),
    /// An event stands in the list of somebody, or of an account, whom it does not name.
    EventOfAnother(EventId),
    /// A list is not in the order in which it is to be read.
    OutOfOrder(Listed),
    /// An account lists a membership of another.
    ForeignMembership(AccountId),
    /// An earlier link is kept of a slot whose newest is none later.
    FormerWithoutNewer,
    /// A message waits whose link opens nothing any more.
    LetterOfNoUse,
    /// A message does not open in its own row.
    LetterSealedElsewhere,
    /// The account and the person know a membership otherwise.
    MembershipDiffers(AccountId),
    /// By the digest that a row holds another row is found, or none.
    NotByItsDigest(Row),
    /// Nobody Active administers the account (PR-8).
    NoAdministrator,
    /// There is no way in (PR-2).
    NoWayIn,
    /// A row belongs to somebody who is not there.
    Orphan(Row),
    /// A verified identifier has another owner (PR-1).
    OwnedByAnother,
    /// The primary administrator is no Active administrator.
    PrimaryAdministersNothing,
    /// A row stands in the place of another.
    Misplaced(Row),
    /// A recovery code is live that was spent.
    SpentAndLive,
    /// Tries are stopped although the last of them has succeeded.
    StoppedBySuccess,
    /// Two links of one holder and purpose are the newest (PR-3).
    TwoNewest,
    /// Two rows of a person share a slot or a name.
    TwoInOnePlace(Row),
}

/// What counters count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counted {
    /// Active administrators of an account.
    Administrators,
    /// Cases of the realm: at least those that were found.
    Cases,
    /// Verified identifiers of a profile.
    Identifiers,
    /// Memberships of a profile that are not over.
    Memberships,
    /// Active members of an account.
    Seats,
    /// Social links of a profile.
    SocialLinks,
}

/// Which list it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Listed {
    /// Of authenticators.
    Authenticators,
    /// Of events.
    Events,
    /// Of messages.
    Messages,
    /// Of recovery codes.
    RecoveryCodes,
}

/// Which row it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Row {
    /// An authenticator.
    Authenticator,
    /// A checkword.
    Checkword,
    /// A known device.
    Device,
    /// The reset of a second factor.
    FactorReset,
    /// Tries at a second factor.
    FactorTries,
    /// An identifier.
    Identifier,
    /// A membership.
    Membership,
    /// A password.
    Password,
    /// A recovery code.
    RecoveryCode,
    /// A session.
    Session,
    /// Tries at a password.
    Tries,
}

impl Flaw {
    pub(super) const fn at(self, place: Place) -> Unsound {
        Unsound { place, flaw: self }
    }
}

impl fmt::Display for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Account(account) => write!(f, "account {account}")?,
            Place::Case(reference) => write!(f, "case {reference}")?,
            Place::Holder(holder) => write!(f, "holder {holder}")?,
            Place::Message(slot) => write!(f, "message {:?}", slot.get(..4).unwrap_or_default())?,
            Place::Person(subject) => write!(f, "person {subject}")?,
        }
        match self.flaw {
            Flaw::Counter { of, says, there } => {
                write!(f, ": the counter of {of:?} says {says} and there are {there}")
            }
            flaw => write!(f, ": {flaw:?}"),
        }
    }
}

impl From<Unsound> for Finding {
    fn from(unsound: Unsound) -> Self {
        Self::new(unsound.to_string())
    }
}
