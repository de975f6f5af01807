//! What was proven, and when.

use vestibule_core::{CorruptRow, Timestamp};

/// How something was proven: the authentication methods of RFC 8176 that exist here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new method must fail to compile wherever factors are counted")]
pub enum Amr {
    /// A password: `pwd`.
    Password,
    /// A one-time password, from an app or a list: `otp`.
    Otp,
    /// The host's word about a first factor that this workspace does not know. RFC 8176 has no value for it.
    Asserted,
    /// What an identity provider said of the person, under a link that the profile has. RFC 8176 has no value for it.
    Federated,
    /// A device on which the second factor was shown earlier, by an owner who asked that it be remembered; dated by that code. It is
    /// no factor: an account may let it stand in for one. RFC 8176 has no value for it.
    Remembered,
}

/// What a method counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    First,
    Second,
    /// It proves nothing at this time.
    Neither,
}

impl Amr {
    /// Every method, in the order in which a session holds them.
    pub const ALL: [Self; 5] = [Self::Password, Self::Otp, Self::Asserted, Self::Federated, Self::Remembered];

    /// The registered value of RFC 8176, section 2, if there is one.
    #[must_use]
    pub const fn registered(self) -> Option<&'static str> {
        match self {
            Self::Password => Some("pwd"),
            Self::Otp => Some("otp"),
            Self::Asserted | Self::Federated | Self::Remembered => None,
        }
    }

    /// The number under which a store keeps it.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Password => 1,
            Self::Otp => 2,
            Self::Asserted => 3,
            Self::Federated => 4,
            Self::Remembered => 5,
        }
    }

    /// The method that a store kept under this number.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when there is none.
    pub const fn from_number(number: u8) -> Result<Self, CorruptRow> {
        match number {
            1 => Ok(Self::Password),
            2 => Ok(Self::Otp),
            3 => Ok(Self::Asserted),
            4 => Ok(Self::Federated),
            5 => Ok(Self::Remembered),
            _ => Err(CorruptRow("amr")),
        }
    }

    const fn counts(self) -> Counts {
        match self {
            Self::Otp => Counts::Second,
            Self::Password | Self::Asserted | Self::Federated => Counts::First,
            Self::Remembered => Counts::Neither,
        }
    }

    /// Whether something was shown when it succeeded: only that makes a session fresh.
    pub(crate) const fn is_shown(self) -> bool {
        !matches!(self.counts(), Counts::Neither)
    }
}

/// One method, and when it last succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores build it; a further field would change the contract")]
pub struct Evidence {
    /// The method.
    pub amr: Amr,
    /// When it succeeded.
    pub at: Timestamp,
}

/// Evidence for which nobody but the host vouches: it is the host's own check that the person passed.
///
/// In this crate alone, that is all there is. Whoever uses `vestibule` never needs it: there a proof comes from the
/// crate that compared the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssertedEvidence(Evidence);

impl AssertedEvidence {
    /// The host vouches that this person passed this check at this instant.
    #[must_use]
    pub const fn the_host_vouches(amr: Amr, at: Timestamp) -> Self {
        Self(Evidence { amr, at })
    }
}

impl From<AssertedEvidence> for Evidence {
    fn from(asserted: AssertedEvidence) -> Self {
        asserted.0
    }
}

/// Both together: one entry a method, the latest, in the order of [`Amr::ALL`].
pub(crate) fn merge(old: &[Evidence], new: &[Evidence]) -> Vec<Evidence> {
    let latest = |amr| {
        let at = old.iter().chain(new).filter(|one| one.amr == amr).map(|one| one.at).max()?;
        Some(Evidence { amr, at })
    };
    Amr::ALL.into_iter().filter_map(latest).collect()
}

/// Whether a first and a second factor are both among it.
pub(crate) fn has_two_factors(evidence: &[Evidence]) -> bool {
    let any = |counts| evidence.iter().any(|one| one.amr.counts() == counts);
    any(Counts::First) && any(Counts::Second)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(amr: Amr, second: i64) -> Evidence {
        Evidence { amr, at: Timestamp::from_unix_seconds(second) }
    }

    #[test]
    fn merging_keeps_the_latest_of_each_method_in_one_order() {
        let merged =
            merge(&[at(Amr::Otp, 5), at(Amr::Password, 9)], &[at(Amr::Password, 7), at(Amr::Otp, 6)]);
        assert_eq!(merged, [at(Amr::Password, 9), at(Amr::Otp, 6)]);
    }

    #[test]
    fn two_factors_are_of_two_kinds() {
        assert!(!has_two_factors(&[at(Amr::Password, 0), at(Amr::Asserted, 0)]), "twice something known");
        assert!(!has_two_factors(&[at(Amr::Otp, 0)]), "a second factor alone");
        assert!(has_two_factors(&[at(Amr::Asserted, 0), at(Amr::Otp, 0)]));
        assert!(!has_two_factors(&[at(Amr::Password, 0), at(Amr::Remembered, 0)]), "a device is no factor");
        assert!(!has_two_factors(&[at(Amr::Otp, 0), at(Amr::Remembered, 0)]), "nor the first of two");
    }

    #[test]
    fn every_method_comes_back_from_its_number() {
        for amr in Amr::ALL {
            assert_eq!(Amr::from_number(amr.number()), Ok(amr));
        }
        assert!([0, 6, 255].into_iter().all(|number| Amr::from_number(number).is_err()));
    }
}
