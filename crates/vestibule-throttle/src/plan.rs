//! Which windows a try takes: pure, and blind to whether the identifier exists.

use vestibule_core::{KeyRing, Timestamp};

use crate::policy::{Limit, ThrottlePolicy};
use crate::request::TryRequest;
use crate::store::WindowTake;
use crate::window::{Overflow, WindowKey, WindowKind};

/// The windows of a try, in the order they are taken.
///
/// The client's come first, so that a network at its limit makes no rows for identifiers; among those of one kind
/// the longest comes first, so that the first full one says how long waiting is worth while.
///
/// The window that asks for the challenge is the last: whoever must wait is told to wait, and whoever meets the challenge
/// has spent nothing. A passed challenge leaves it out.
#[must_use]
pub fn plan(policy: &ThrottlePolicy, ring: &KeyRing, request: &TryRequest<'_>) -> Vec<WindowTake> {
    let &TryRequest { identifier, client, now, .. } = request;
    let counted = request.device.unwrap_or(identifier);
    let challenge = if request.has_passed(&policy.challenge) { None } else { policy.challenge.after };
    let challenge: Vec<Limit> = challenge.into_iter().collect();
    let around = client.map(|client| client.wide_network().to_bytes());
    let networks = client.into_iter().flat_map(|client| {
        let (own, site) = (client.own_network(), client.site_network());
        [
            Some((WindowKind::Network, client.wide_network(), &policy.network)),
            // The site of an IPv4 address is that address, which has its windows already.
            (site != own).then_some((WindowKind::Site, site, &policy.site)),
            Some((WindowKind::Client, own, &policy.client)),
        ]
    });
    let kinds = networks
        .flatten()
        .map(|(kind, network, limits)| (kind, network.to_bytes().to_vec(), limits))
        .chain([
            (WindowKind::Identifier, counted.as_bytes().to_vec(), &policy.identifier),
            (WindowKind::Challenge, counted.as_bytes().to_vec(), &challenge),
        ]);
    kinds
        .flat_map(|(kind, subject, limits)| {
            limits.iter().map(move |limit| WindowTake {
                key: window(ring, kind, limit, &subject, around.as_ref(), now),
                at_most: limit.at_most(),
                population: policy.population,
            })
        })
        .collect()
}

/// The one window of something that is counted and is no try.
pub(crate) fn single(
    policy: &ThrottlePolicy,
    ring: &KeyRing,
    kind: WindowKind,
    (whose, limit): (&[u8], &Limit),
    now: Timestamp,
) -> WindowTake {
    let key = window(ring, kind, limit, whose, None, now);
    WindowTake { key, at_most: limit.at_most(), population: policy.population }
}

fn window(
    ring: &KeyRing,
    kind: WindowKind,
    limit: &Limit,
    subject: &[u8],
    around: Option<&[u8; 18]>,
    now: Timestamp,
) -> WindowKey {
    let starts_at = now.start_of(limit.span());
    let ends_at = starts_at.plus(limit.span());
    let (start, end) = (starts_at.unix_micros().to_be_bytes(), ends_at.unix_micros().to_be_bytes());
    let digest = |label, subject: &[u8]| {
        *ring.digest_current(label, &[kind.as_str().as_bytes(), &start, &end, subject]).as_bytes()
    };
    let own = digest("throttle.window", subject);
    let fold = |digest: [u8; 32], width: u16| {
        let [high, low, ..] = digest;
        u16::from_be_bytes([high, low]) % width
    };
    let overflow = Overflow {
        network: around.map_or(Overflow::NETWORKS, |network| {
            fold(digest("throttle.shared", network), Overflow::NETWORKS)
        }),
        key: u8::try_from(fold(own, u16::from(Overflow::KEYS))).unwrap_or_default(),
    };
    WindowKey { kind, digest: own, overflow, starts_at, ends_at }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use vestibule_core::AddressKey;

    use super::*;
    use crate::challenge::ChallengePassed;
    use crate::testing::{NOW, address, ring};

    fn planned(identifier: [u8; 32], client: Option<&str>, now: Timestamp) -> Vec<WindowTake> {
        let identifier = AddressKey::from_bytes(identifier);
        let request = TryRequest::new(&identifier, now).client(client.map(address));
        plan(&ThrottlePolicy::default(), &ring(), &request)
    }

    fn digests(takes: &[WindowTake], kind: WindowKind) -> BTreeSet<[u8; 32]> {
        takes.iter().filter(|take| take.key.kind == kind).map(|take| take.key.digest).collect()
    }

    #[test]
    fn every_identifier_takes_windows_of_the_same_shape_whether_it_exists_or_not() {
        // No argument says whether it exists; two identifiers differ in nothing but digests.
        let shape = |identifier| {
            let takes = planned(identifier, Some("203.0.113.9"), NOW);
            takes.iter().map(|take| (take.key.kind, take.key.starts_at, take.at_most)).collect::<Vec<_>>()
        };
        assert_eq!(shape([1; 32]), shape([2; 32]));
        assert_eq!(shape([1; 32]).len(), 8);
    }

    #[test]
    fn an_ipv6_64_is_one_client() {
        let one = planned([1; 32], Some("2001:db8:1:2::1"), NOW);
        let other = planned([1; 32], Some("2001:db8:1:2:ffff:ffff:ffff:ffff"), NOW);
        assert_eq!(one, other);
        let next = planned([1; 32], Some("2001:db8:1:3::1"), NOW);
        assert_ne!(digests(&one, WindowKind::Client), digests(&next, WindowKind::Client));
        assert_eq!(digests(&one, WindowKind::Site), digests(&next, WindowKind::Site));
        let far = planned([1; 32], Some("2001:db8:1:102::1"), NOW);
        assert_ne!(digests(&one, WindowKind::Site), digests(&far, WindowKind::Site));
        assert_eq!(digests(&one, WindowKind::Network), digests(&far, WindowKind::Network));
    }

    #[test]
    fn an_ipv4_address_is_the_same_client_when_it_comes_mapped() {
        let plain = planned([1; 32], Some("203.0.113.9"), NOW);
        assert_eq!(plain, planned([1; 32], Some("::ffff:203.0.113.9"), NOW));
        let neighbour = planned([1; 32], Some("203.0.113.10"), NOW);
        assert_ne!(digests(&plain, WindowKind::Client), digests(&neighbour, WindowKind::Client));
        assert_eq!(digests(&plain, WindowKind::Network), digests(&neighbour, WindowKind::Network));
    }

    #[test]
    fn the_clients_windows_come_first_and_the_longest_of_a_kind_before_the_others() {
        let takes = planned([1; 32], Some("2001:db8::1"), NOW);
        let order: Vec<_> = takes.iter().map(|take| (take.key.kind, take.key.span().as_secs())).collect();
        use WindowKind::{Challenge, Client, Identifier, Network, Site};
        assert_eq!(
            order,
            [
                (Network, 3600),
                (Site, 3600),
                (Client, 3600),
                (Client, 60),
                (Identifier, 86_400),
                (Identifier, 3600),
                (Identifier, 300),
                (Identifier, 30),
                (Challenge, 3600),
            ]
        );
    }

    #[test]
    fn a_device_is_counted_for_itself_and_a_passed_challenge_leaves_its_window_out() {
        let (ada, phone) = (AddressKey::from_bytes([1; 32]), AddressKey::from_bytes([2; 32]));
        let passed = ChallengePassed::vouched_by_host(ada, NOW);
        let kinds = |request: TryRequest<'_>| {
            let takes = plan(&ThrottlePolicy::default(), &ring(), &request);
            (digests(&takes, WindowKind::Identifier), digests(&takes, WindowKind::Challenge))
        };
        let (own, challenge) = kinds(TryRequest::new(&ada, NOW));
        let (of_device, challenge_of_device) = kinds(TryRequest::new(&ada, NOW).device(Some(&phone)));
        assert!(own.is_disjoint(&of_device) && challenge.is_disjoint(&challenge_of_device));
        assert_eq!(kinds(TryRequest::new(&ada, NOW).challenge(Some(&passed))), (own, BTreeSet::new()));
    }

    #[test]
    fn the_start_is_part_of_the_key() {
        let next = planned([1; 32], None, NOW.plus(Duration::from_secs(86_400)));
        let all: BTreeSet<_> =
            planned([1; 32], None, NOW).into_iter().chain(next).map(|take| take.key.digest).collect();
        assert_eq!(all.len(), 10);
    }

    proptest! {
        #[test]
        fn shared_counters_stay_within_the_networks_own_share(identifiers in proptest::collection::vec(any::<[u8; 32]>(), 1..20)) {
            let shared: BTreeSet<_> = identifiers
                .iter()
                .flat_map(|identifier| planned(*identifier, Some("198.51.100.7"), NOW))
                .filter(|take| take.key.kind == WindowKind::Identifier)
                .map(|take| (take.key.span(), take.key.overflow.network))
                .collect();
            prop_assert_eq!(shared.len(), 4, "one network part per window");
        }

        #[test]
        fn every_window_holds_now(micros in -4_000_000_000_000_000i64..4_000_000_000_000_000) {
            let now = Timestamp::from_unix_micros(micros);
            for take in planned([1; 32], Some("198.51.100.7"), now) {
                prop_assert!(take.key.starts_at <= now && now < take.key.ends_at);
                prop_assert!(take.key.overflow.network < Overflow::NETWORKS && take.key.overflow.key < Overflow::KEYS);
            }
        }
    }
}
