//! Whom an account asks for a second factor, and from when.

use core::time::Duration;

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{CorruptRow, Timestamp};

use crate::membership::Standing;
use crate::policy::{AccountPolicy, Permissions};

/// The longest grace: a requirement that begins later than that is none.
pub const MAX_GRACE: Duration = Duration::from_secs(365 * 24 * 3600);

/// An account asks members for a second factor (R31).
///
/// A member has time until the later of the policy's start and their own joining, plus the grace (U-21): computed from time
/// at every check, never from a first sign-in.
///
/// # Example
///
/// ```
/// use core::time::Duration;
/// use vestibule_core::Timestamp;
/// use vestibule_profiles::{AccountPolicy, FactorRequirement};
///
/// let start = Timestamp::from_unix_seconds(1_700_000_000);
/// let mut policy = AccountPolicy::new();
/// policy.factor = Some(FactorRequirement::of_everyone(start).grace(Duration::from_secs(7 * 24 * 3600)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FactorRequirement {
    /// Of whom it is asked.
    pub of: FactorScope,
    /// From when.
    pub from: Timestamp,
    /// How long a member has to set one up; at most [`MAX_GRACE`].
    pub grace: Duration,
}

/// Of whom a second factor is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a scope that is overlooked would let people in")]
pub enum FactorScope {
    /// Of every member.
    Everyone,
    /// Of members who hold any of these permissions. Who administers holds all.
    Holding(Permissions),
}

impl FactorRequirement {
    /// Of every member, from this instant, without a grace.
    #[must_use]
    pub const fn of_everyone(from: Timestamp) -> Self {
        Self { of: FactorScope::Everyone, from, grace: Duration::ZERO }
    }

    /// Of members who hold any of these permissions, from this instant, without a grace.
    #[must_use]
    pub const fn of_holders(permissions: Permissions, from: Timestamp) -> Self {
        Self { of: FactorScope::Holding(permissions), from, grace: Duration::ZERO }
    }

    /// With this long to set one up.
    #[must_use]
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    pub(crate) fn write(&self, row: RecordWriter) -> RecordWriter {
        let holding = match self.of {
            FactorScope::Everyone => None,
            FactorScope::Holding(permissions) => Some(permissions),
        };
        row.maybe(holding, |row, permissions| row.u64(permissions.bits().into()))
            .time(self.from)
            .u64(u64::try_from(self.grace.as_micros()).unwrap_or(u64::MAX))
    }

    pub(crate) fn read(row: &mut RecordReader<'_>) -> Result<Self, CorruptRow> {
        let holding = row.maybe("factor", |row| Permissions::read(row, "factor"))?;
        let requirement = Self {
            of: holding.map_or(FactorScope::Everyone, FactorScope::Holding),
            from: row.time("factor")?,
            grace: Duration::from_micros(row.u64("factor")?),
        };
        if requirement.grace > MAX_GRACE { Err(CorruptRow("factor")) } else { Ok(requirement) }
    }
}

impl AccountPolicy {
    /// From when this member is asked for a second factor; `None`: never. At that instant they are asked.
    #[must_use]
    pub fn asks_for_factor_from(&self, standing: &Standing, joined_at: Timestamp) -> Option<Timestamp> {
        let requirement = self.factor.as_ref()?;
        let asked = match requirement.of {
            FactorScope::Everyone => true,
            FactorScope::Holding(permissions) => {
                standing.administers || permissions.meets(self.permissions(&standing.role))
            }
        };
        asked.then(|| requirement.from.max(joined_at).plus(requirement.grace))
    }
}
