//! What an account asks of those who enter, and what its roles may do.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;
use std::net::IpAddr;

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{CorruptRow, Timestamp};

use crate::requirement::{FactorRequirement, MAX_GRACE};

/// The shortest and the longest time for which an account accepts a remembered device.
pub const REMEMBERED_AT_LEAST: Duration = Duration::from_secs(24 * 3600);
/// See [`REMEMBERED_AT_LEAST`].
pub const REMEMBERED_AT_MOST: Duration = Duration::from_secs(90 * 24 * 3600);

/// Why a part of a policy is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A role's name is empty, longer than 64 bytes, or has control characters.
    #[error("a role has 1 to 64 bytes without control characters")]
    Role,
    /// A network's prefix is longer than its address.
    #[error("a network's prefix is longer than its address")]
    Prefix,
    /// A network that is not `address/prefix`.
    #[error("a network is an address, a slash and a prefix length")]
    Network,
    /// A grace of more than a year.
    #[error("a grace is at most a year")]
    Grace,
    /// Devices are remembered for less than a day or for more than 90.
    #[error("devices are remembered for 1 to 90 days")]
    Remembering,
    /// More than 64 roles or 64 networks.
    #[error("at most 64 roles and 64 networks")]
    TooMany,
}

/// A role: the host's own text (`employee`, `integrator`, ...), 1 to 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(Box<str>);

impl Role {
    /// Reads a role's name.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Role`].
    pub fn parse(name: &str) -> Result<Self, PolicyError> {
        let valid = (1..=64).contains(&name.len()) && !name.chars().any(char::is_control);
        if valid { Ok(Self(name.into())) } else { Err(PolicyError::Role) }
    }

    /// The name.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a member may do in an account: a closed set, to which the policy maps the host's roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Permission {
    /// Approve or decline those who wait (R14).
    Approve,
    /// Dismiss members (R15).
    Dismiss,
    /// Change members' contact addresses (R17).
    EditContact,
    /// Change the account's policy and the members' roles.
    EditPolicy,
    /// End members' sessions of this account (R30).
    EndSessions,
    /// Exempt members from the second factor (R23).
    Exempt,
    /// Invite and add members (R8, R9).
    Invite,
    /// Read the account's audit events.
    ReadAudit,
    /// Reinstate dismissed members (R16).
    Reinstate,
    /// See members' login identifiers (R21).
    SeeLogin,
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(pub(crate) u16);

impl Permissions {
    pub(crate) const KNOWN: u16 = (1 << 10) - 1;

    /// The empty set.
    #[must_use]
    pub const fn none() -> Self {
        Self(0)
    }

    /// This set and one more permission.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | 1 << permission as u8)
    }

    /// Whether the set has this permission.
    #[must_use]
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    /// Whether the two sets have a permission in common.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn bits(self) -> u16 {
        self.0
    }

    pub(crate) fn read(row: &mut RecordReader<'_>, field: &'static str) -> Result<Self, CorruptRow> {
        let set = u16::try_from(row.u64(field)?).map_err(|_| CorruptRow(field))?;
        if set & !Self::KNOWN == 0 { Ok(Self(set)) } else { Err(CorruptRow(field)) }
    }

    /// Whether every permission of this set is also in the other.
    #[must_use]
    pub const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// This set less the permissions of the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// A range of client addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkRange {
    address: IpAddr,
    prefix: u8,
}

impl NetworkRange {
    /// The addresses that agree with `address` in their first `prefix` bits.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Prefix`] when there are not so many bits.
    pub const fn new(address: IpAddr, prefix: u8) -> Result<Self, PolicyError> {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        if prefix > bits { Err(PolicyError::Prefix) } else { Ok(Self { address, prefix }) }
    }

    /// Reads `192.0.2.0/24` or `2001:db8::/32`.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Network`] or [`PolicyError::Prefix`].
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let (address, prefix) = text.split_once('/').ok_or(PolicyError::Network)?;
        // `+8` and `08` are numbers to the parser of numbers.
        if !prefix.starts_with(|first: char| first.is_ascii_digit())
            || (prefix.starts_with('0') && prefix != "0")
        {
            return Err(PolicyError::Network);
        }
        Self::new(
            address.parse().map_err(|_| PolicyError::Network)?,
            prefix.parse().map_err(|_| PolicyError::Network)?,
        )
    }

    /// The one spelling in which a range rests.
    fn from_stored(text: &str) -> Result<Self, CorruptRow> {
        match Self::parse(text) {
            Ok(range) if range.to_string() == text => Ok(range),
            _ => Err(CorruptRow("networks")),
        }
    }

    /// Whether a client is in the range. An IPv4 address mapped into IPv6 counts as the IPv4 address.
    #[must_use]
    pub fn contains(&self, client: IpAddr) -> bool {
        match (self.address.to_canonical(), client.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix.min(32))).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl fmt::Display for NetworkRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// What an account (a company's space) asks of those who enter, and what its roles may do.
///
/// *Administers* is no role and not in the map: it is a flag of the membership and holds every permission.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AccountPolicy {
    /// Only the account's identity provider lets people in (N6).
    pub single_sign_on_only: bool,
    /// The clients that may enter; empty: all. Administrators are never shut out by it (N5).
    pub networks: Vec<NetworkRange>,
    /// The most Active members (N4, counted at activation: U-31).
    pub seat_limit: Option<u32>,
    /// What each role may do.
    pub roles: BTreeMap<Role, Permissions>,
    /// Whom it asks for a second factor (P13, N10); `None`: nobody.
    pub factor: Option<FactorRequirement>,
    /// For how long, counted from the code, it accepts a remembered device in the place of a second factor: from
    /// [`REMEMBERED_AT_LEAST`] to [`REMEMBERED_AT_MOST`], in whole microseconds. `None`, as at first: it accepts none.
    pub remembers_devices: Option<Duration>,
}

impl AccountPolicy {
    /// Everybody may enter from everywhere; no role may do anything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What a role may do.
    #[must_use]
    pub fn permissions(&self, role: &Role) -> Permissions {
        self.roles.get(role).copied().unwrap_or_default()
    }

    /// Whether it accepts, in the place of a second factor, a device on which one was shown at that instant. At the end of the
    /// time it does not.
    #[must_use]
    pub fn accepts_device(&self, shown: Timestamp, now: Timestamp) -> bool {
        let accepts = self.remembers_devices.is_some_and(|span| shown.plus(span).is_after(now));
        accepts && !shown.is_after(now)
    }

    /// Whether it lets remembered devices in that the other does not.
    #[must_use]
    pub fn accepts_devices_beyond(&self, other: &Self) -> bool {
        self.remembers_devices > other.remembers_devices
    }

    /// Whether the policy is within its bounds.
    ///
    /// # Errors
    ///
    /// [`PolicyError::TooMany`], [`PolicyError::Grace`], [`PolicyError::Remembering`].
    pub fn check(&self) -> Result<(), PolicyError> {
        if self.roles.len() > 64 || self.networks.len() > 64 {
            return Err(PolicyError::TooMany);
        }
        if self.factor.is_some_and(|factor| factor.grace > MAX_GRACE) {
            return Err(PolicyError::Grace);
        }
        if !self.remembers_devices.is_none_or(is_remembering) {
            return Err(PolicyError::Remembering);
        }
        Ok(())
    }

    /// The policy as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let row = RecordWriter::new(3)
            .bool(self.single_sign_on_only)
            .maybe(self.seat_limit, |row, limit| row.u64(limit.into()))
            .u64(self.networks.len() as u64);
        let row = self.networks.iter().fold(row, |row, range| row.text(&range.to_string()));
        let row = row.u64(self.roles.len() as u64);
        self.roles
            .iter()
            .fold(row, |row, (role, permissions)| row.text(role.as_str()).u64(permissions.0.into()))
            .maybe(self.factor.as_ref(), |row, factor| factor.write(row))
            .maybe(self.remembers_devices, |row, span| {
                row.u64(u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
            })
            .finish()
    }

    /// The policy from bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when they are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        // The first form asked nobody for a second factor, and the second accepted no remembered device.
        let form = bytes.first().copied().filter(|form| (1..=2).contains(form)).unwrap_or(3);
        let mut row = RecordReader::new(bytes, form)?;
        let single_sign_on_only = row.bool("single_sign_on_only")?;
        let seat_limit = row.maybe("seat_limit", |row| crate::profile::count(row, "seat_limit"))?;
        let networks = (0..bounded(&mut row, "networks")?)
            .map(|_| NetworkRange::from_stored(row.text("networks")?))
            .collect::<Result<_, _>>()?;
        let mut roles = BTreeMap::new();
        for _ in 0..bounded(&mut row, "roles")? {
            let role = Role::parse(row.text("roles")?).map_err(|_| CorruptRow("roles"))?;
            // Each once and in order, as they are written.
            if roles.last_key_value().is_some_and(|(last, _)| *last >= role) {
                return Err(CorruptRow("roles"));
            }
            roles.insert(role, Permissions::read(&mut row, "roles")?);
        }
        let factor = if form < 2 { None } else { row.maybe("factor", FactorRequirement::read)? };
        let remembers_devices = if form < 3 { None } else { row.maybe("remembers_devices", remembering)? };
        row.finish()?;
        Ok(Self { single_sign_on_only, networks, seat_limit, roles, factor, remembers_devices })
    }
}

fn bounded(row: &mut RecordReader<'_>, field: &'static str) -> Result<u64, CorruptRow> {
    row.u64(field).and_then(|count| if count <= 64 { Ok(count) } else { Err(CorruptRow(field)) })
}

fn remembering(row: &mut RecordReader<'_>) -> Result<Duration, CorruptRow> {
    let span = Duration::from_micros(row.u64("remembers_devices")?);
    if is_remembering(span) { Ok(span) } else { Err(CorruptRow("remembers_devices")) }
}

/// In range, and in whole microseconds, as every store keeps it.
fn is_remembering(span: Duration) -> bool {
    (REMEMBERED_AT_LEAST..=REMEMBERED_AT_MOST).contains(&span) && span.subsec_nanos().is_multiple_of(1000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{any_network, any_policy};

    #[test]
    fn ranges_hold_their_ends_and_nothing_else() {
        let range = NetworkRange::parse("192.0.2.0/24").unwrap();
        for (client, inside) in [
            ("192.0.2.0", true),
            ("192.0.2.255", true),
            ("192.0.3.0", false),
            ("::ffff:192.0.2.7", true),
            ("2001:db8::1", false),
        ] {
            assert_eq!(range.contains(client.parse().unwrap()), inside, "{client}");
        }
        let all = NetworkRange::parse("::/0").unwrap();
        assert!(all.contains("2001:db8::1".parse().unwrap()) && !all.contains("192.0.2.1".parse().unwrap()));
        assert!(NetworkRange::parse("0.0.0.0/0").unwrap().contains("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn malformed_ranges_and_roles_are_refused() {
        for text in
            ["", "192.0.2.0", "192.0.2.0/33", "x/8", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/08", "::/129"]
        {
            assert!(NetworkRange::parse(text).is_err(), "{text}");
        }
        for name in ["", "a\nb", &"x".repeat(65)] {
            assert_eq!(Role::parse(name), Err(PolicyError::Role));
        }
    }

    #[test]
    fn devices_are_remembered_for_one_to_ninety_days_and_at_first_not_at_all() {
        let mut policy = AccountPolicy::new();
        assert_eq!(policy.remembers_devices, None);
        let tick = Duration::from_micros(1);
        for span in [REMEMBERED_AT_LEAST, REMEMBERED_AT_MOST] {
            policy.remembers_devices = Some(span);
            assert_eq!(policy.check(), Ok(()));
        }
        let bad = [
            Duration::ZERO,
            REMEMBERED_AT_LEAST - tick,
            REMEMBERED_AT_MOST + tick,
            REMEMBERED_AT_LEAST + Duration::from_nanos(1),
        ];
        for span in bad {
            policy.remembers_devices = Some(span);
            assert_eq!(policy.check(), Err(PolicyError::Remembering), "{span:?}");
        }
        for span in [Duration::ZERO, REMEMBERED_AT_LEAST - tick, REMEMBERED_AT_MOST + tick, Duration::MAX] {
            policy.remembers_devices = Some(span);
            assert_eq!(AccountPolicy::decode(&policy.encode()), Err(CorruptRow("remembers_devices")));
        }
    }

    #[test]
    fn a_device_is_accepted_from_its_code_until_the_time_is_over() {
        let mut policy = AccountPolicy::new();
        let shown = Timestamp::from_unix_seconds(1_700_000_000);
        assert!(!policy.accepts_device(shown, shown), "off by default");
        policy.remembers_devices = Some(REMEMBERED_AT_LEAST);
        let end = shown.plus(REMEMBERED_AT_LEAST);
        assert!(policy.accepts_device(shown, shown));
        assert!(policy.accepts_device(shown, end.minus(Duration::from_micros(1))));
        assert!(!policy.accepts_device(shown, end), "the end itself");
        assert!(!policy.accepts_device(shown, shown.minus(Duration::from_micros(1))), "shown in the future");
    }

    #[test]
    fn longer_is_beyond_and_none_is_least() {
        let with = |days: Option<u64>| {
            let remembers_devices = days.map(|days| Duration::from_secs(days * 24 * 3600));
            AccountPolicy { remembers_devices, ..AccountPolicy::new() }
        };
        assert!(with(Some(1)).accepts_devices_beyond(&with(None)));
        assert!(with(Some(2)).accepts_devices_beyond(&with(Some(1))));
        for (new, old) in [(None, None), (None, Some(1)), (Some(1), Some(1)), (Some(1), Some(2))] {
            assert!(!with(new).accepts_devices_beyond(&with(old)));
        }
    }

    #[test]
    fn earlier_forms_are_read_as_policies_that_accept_no_device() {
        for form in 1..=2 {
            let row = RecordWriter::new(form).bool(true).maybe(None::<u64>, RecordWriter::u64).u64(0).u64(0);
            let row = if form == 2 { row.maybe(None::<u64>, RecordWriter::u64) } else { row };
            let read = AccountPolicy::decode(&row.finish()).unwrap();
            assert_eq!(read, AccountPolicy { single_sign_on_only: true, ..AccountPolicy::new() });
        }
    }

    /// Two texts of one policy would pass for two policies wherever rows are compared.
    #[test]
    fn a_policy_that_is_spelled_otherwise_is_corrupt() {
        let row = |networks: &[&str], roles: &[&str]| {
            let row = RecordWriter::new(3).bool(false).maybe(None::<u64>, RecordWriter::u64);
            let row = row.u64(networks.len() as u64);
            let row = networks.iter().fold(row, |row, network| row.text(network)).u64(roles.len() as u64);
            let row = roles.iter().fold(row, |row, role| row.text(role).u64(1));
            row.maybe(None::<u64>, RecordWriter::u64).maybe(None::<u64>, RecordWriter::u64).finish()
        };
        assert!(AccountPolicy::decode(&row(&["192.0.2.0/8", "2001:db8::/32"], &["a", "b"])).is_ok());
        for network in ["192.0.2.0/08", "192.0.2.0/+8", "2001:DB8::/32", "2001:db8:0::/32"] {
            assert_eq!(
                AccountPolicy::decode(&row(&[network], &[])),
                Err(CorruptRow("networks")),
                "{network}"
            );
        }
        for roles in [["b", "a"], ["a", "a"]] {
            assert_eq!(AccountPolicy::decode(&row(&[], &roles)), Err(CorruptRow("roles")), "{roles:?}");
        }
    }

    proptest! {
        #[test]
        fn a_policy_comes_back_from_its_bytes_and_from_neither_fewer_nor_more(
            policy in any_policy(), cut in any::<prop::sample::Index>(),
        ) {
            prop_assert_eq!(policy.check(), Ok(()));
            let bytes = policy.encode();
            prop_assert!(AccountPolicy::decode(&bytes[..cut.index(bytes.len())]).is_err());
            prop_assert!(AccountPolicy::decode(&[&bytes[..], &[0]].concat()).is_err());
            prop_assert_eq!(AccountPolicy::decode(&bytes), Ok(policy));
        }

        #[test]
        fn a_changed_byte_reads_as_itself_or_is_corrupt(policy in any_policy(), byte: u8) {
            let whole = policy.encode();
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                if let Ok(read) = AccountPolicy::decode(&bytes) {
                    prop_assert_eq!(read.encode(), bytes, "one policy has one form");
                }
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            let _ = AccountPolicy::decode(&bytes);
        }

        #[test]
        fn a_network_comes_back_from_its_text(network in any_network()) {
            prop_assert_eq!(NetworkRange::parse(&network.to_string()), Ok(network));
        }

        #[test]
        fn a_text_is_refused_or_is_the_network_that_it_is_written_as(
            text in "[0-9]{1,3}(\\.[0-9]{1,3}){3}/[+0-9]{0,4}|[0-9a-fA-F:]{0,20}/[0-9]{0,4}|\\PC{0,24}",
        ) {
            if let Ok(network) = NetworkRange::parse(&text) {
                prop_assert_eq!(NetworkRange::parse(&network.to_string()), Ok(network));
                let prefix = text.split_once('/').unwrap().1;
                prop_assert_eq!(prefix, network.prefix.to_string(), "a prefix has one spelling");
            }
        }

        #[test]
        fn a_role_is_refused_or_is_its_text(name in "[ -~]{0,70}|\\PC{0,40}|[\\x00-\\x7fé]{0,8}") {
            match Role::parse(&name) {
                Ok(role) => {
                    prop_assert_eq!(role.as_str(), &name);
                    prop_assert_eq!(role.to_string(), name);
                }
                Err(error) => {
                    prop_assert_eq!(error, PolicyError::Role);
                    let fits = (1..=64).contains(&name.len());
                    prop_assert!(!fits || name.contains(char::is_control), "{name:?}");
                }
            }
        }
    }
}
