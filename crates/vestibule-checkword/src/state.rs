//! What became of a checkword.

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{CorruptRow, Timestamp};

/// The change that made a checkword worthless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new change must fail to compile wherever it is told")]
pub enum Rotation {
    /// The address it was sent to left the profile.
    AddressRemoved,
    /// The second factor was changed or reset.
    FactorChanged,
    /// The login was changed.
    LoginChanged,
    /// The password was set.
    PasswordSet,
    /// The operator blocked the profile.
    ProfileBlocked,
    /// The profile was deleted.
    ProfileDeleted,
    /// It was withdrawn, by its owner or by whoever had it sent.
    Withdrawn,
}

impl Rotation {
    /// Every change.
    pub const ALL: [Self; 7] = [
        Self::AddressRemoved,
        Self::FactorChanged,
        Self::LoginChanged,
        Self::PasswordSet,
        Self::ProfileBlocked,
        Self::ProfileDeleted,
        Self::Withdrawn,
    ];

    /// The number under which a store keeps it.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::AddressRemoved => 1,
            Self::FactorChanged => 2,
            Self::LoginChanged => 3,
            Self::PasswordSet => 4,
            Self::ProfileBlocked => 5,
            Self::ProfileDeleted => 6,
            Self::Withdrawn => 7,
        }
    }

    /// The change that a store kept under this number.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when there is none.
    pub fn from_number(number: u8) -> Result<Self, CorruptRow> {
        Self::ALL.into_iter().find(|change| change.number() == number).ok_or(CorruptRow("rotation"))
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddressRemoved => "address_removed",
            Self::FactorChanged => "factor_changed",
            Self::LoginChanged => "login_changed",
            Self::PasswordSet => "password_set",
            Self::ProfileBlocked => "profile_blocked",
            Self::ProfileDeleted => "profile_deleted",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Whether a checkword still stands. That it has expired is no state: time alone tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new state must fail to compile wherever one is judged")]
pub enum State {
    /// Nothing has happened to it.
    Live,
    /// A change made it worthless.
    Rotated {
        /// When.
        at: Timestamp,
        /// Which change.
        by: Rotation,
    },
    /// A newer one took its place.
    Superseded {
        /// When the newer one was made.
        at: Timestamp,
    },
    /// It was redeemed.
    Used {
        /// When.
        at: Timestamp,
    },
}

impl State {
    pub(crate) fn write(self, row: RecordWriter) -> RecordWriter {
        match self {
            Self::Live => row.u8(0),
            Self::Rotated { at, by } => row.u8(1).time(at).u8(by.number()),
            Self::Superseded { at } => row.u8(2).time(at),
            Self::Used { at } => row.u8(3).time(at),
        }
    }

    pub(crate) fn read(row: &mut RecordReader<'_>) -> Result<Self, CorruptRow> {
        Ok(match row.u8("state")? {
            0 => Self::Live,
            1 => Self::Rotated { at: row.time("state_at")?, by: Rotation::from_number(row.u8("rotation")?)? },
            2 => Self::Superseded { at: row.time("state_at")? },
            3 => Self::Used { at: row.time("state_at")? },
            _ => return Err(CorruptRow("state")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_comes_back_from_its_number() {
        for change in Rotation::ALL {
            assert_eq!(Rotation::from_number(change.number()), Ok(change));
        }
        assert!([0, 8, 255].into_iter().all(|number| Rotation::from_number(number).is_err()));
    }
}
