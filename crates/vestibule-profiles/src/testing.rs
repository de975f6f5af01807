//! What this crate's property tests draw from.

use core::time::Duration;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use vestibule_core::{AccountId, Identifier, SocialSubject, SubjectId, Timestamp};

use crate::policy::{AccountPolicy, NetworkRange, Permissions, Role};
use crate::requirement::FactorRequirement;

pub(crate) fn any_time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_unix_micros)
}

fn any_id() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 1..=64)
}

pub(crate) fn any_subject() -> impl Strategy<Value = SubjectId> {
    any_id().prop_map(|id| SubjectId::from_bytes(&id).unwrap())
}

pub(crate) fn any_account_id() -> impl Strategy<Value = AccountId> {
    any_id().prop_map(|id| AccountId::from_bytes(&id).unwrap())
}

/// As typed, which is not always as it is compared.
pub(crate) fn any_identifier() -> impl Strategy<Value = Identifier> {
    let social = |name: String| SocialSubject::new("https://social.example", &name).unwrap().into();
    prop_oneof![
        "[a-zA-Z0-9]{1,20}@[a-zA-Z]{1,12}\\.example".prop_map(|text| Identifier::parse_login(&text).unwrap()),
        "\\+4930[ -]?[0-9]{6,9}".prop_map(|text| Identifier::parse_login(&text).unwrap()),
        "[A-Za-z0-9]{1,40}".prop_map(social),
    ]
}

pub(crate) fn any_role() -> impl Strategy<Value = Role> {
    "[a-zA-Zé _-]{1,32}".prop_map(|name| Role::parse(&name).unwrap())
}

pub(crate) fn any_network() -> impl Strategy<Value = NetworkRange> {
    let v4 = (any::<u32>(), 0..=32_u8).prop_map(|(bits, prefix)| (Ipv4Addr::from_bits(bits).into(), prefix));
    let v6 = (any::<u128>(), 0..=128_u8);
    let v6 = v6.prop_map(|(bits, prefix)| (IpAddr::from(Ipv6Addr::from_bits(bits)), prefix));
    let mapped = (any::<u32>(), 0..=128_u8);
    let mapped =
        mapped.prop_map(|(bits, prefix)| (Ipv4Addr::from_bits(bits).to_ipv6_mapped().into(), prefix));
    prop_oneof![v4, v6, mapped].prop_map(|(address, prefix)| NetworkRange::new(address, prefix).unwrap())
}

fn any_permissions() -> impl Strategy<Value = Permissions> {
    (0..=Permissions::KNOWN).prop_map(Permissions)
}

fn any_requirement() -> impl Strategy<Value = FactorRequirement> {
    let holding = proptest::option::of(any_permissions());
    (holding, any_time(), any::<u32>()).prop_map(|(holding, from, grace)| {
        let asked = match holding {
            None => FactorRequirement::of_everyone(from),
            Some(permissions) => FactorRequirement::of_holders(permissions, from),
        };
        asked.grace(Duration::from_micros(grace.into()))
    })
}

pub(crate) fn any_policy() -> impl Strategy<Value = AccountPolicy> {
    let networks = proptest::collection::vec(any_network(), 0..5);
    let roles = proptest::collection::btree_map(any_role(), any_permissions(), 0..5);
    let factor = proptest::option::of(any_requirement());
    let remembers = proptest::option::of(86_400_000_000_u64..=90 * 86_400_000_000);
    (any::<bool>(), any::<Option<u32>>(), networks, roles, factor, remembers).prop_map(
        |(single_sign_on_only, seat_limit, networks, roles, factor, remembers)| AccountPolicy {
            single_sign_on_only,
            networks,
            seat_limit,
            roles,
            factor,
            remembers_devices: remembers.map(Duration::from_micros),
        },
    )
}
