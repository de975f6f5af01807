//! From where somebody comes.

use core::fmt;
use std::net::IpAddr;

/// A client's network address, as the host passes it. Headers are never read here: which of them to trust is known to
/// the host alone (ATK-K4).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The address.
    #[must_use]
    pub const fn ip(self) -> IpAddr {
        self.0
    }

    /// The smallest network that one client commands: an IPv4 address, or an IPv6 /64.
    #[must_use]
    pub const fn own_network(self) -> ClientNetwork {
        match self.0 {
            IpAddr::V4(_) => self.network(32),
            IpAddr::V6(_) => self.network(64),
        }
    }

    /// The network of a site: an IPv6 /56; an IPv4 address stands for itself.
    #[must_use]
    pub const fn site_network(self) -> ClientNetwork {
        match self.0 {
            IpAddr::V4(_) => self.network(32),
            IpAddr::V6(_) => self.network(56),
        }
    }

    /// The network of a provider's customer at large: an IPv6 /48, an IPv4 /24.
    #[must_use]
    pub const fn wide_network(self) -> ClientNetwork {
        match self.0 {
            IpAddr::V4(_) => self.network(24),
            IpAddr::V6(_) => self.network(48),
        }
    }

    const fn network(self, prefix: u8) -> ClientNetwork {
        let bits = match self.0 {
            IpAddr::V4(own) => (own.to_bits() as u128) & mask(prefix, 32),
            IpAddr::V6(own) => own.to_bits() & mask(prefix, 128),
        };
        ClientNetwork { v6: self.0.is_ipv6(), bits, prefix }
    }
}

/// The first `prefix` of `width` bits.
const fn mask(prefix: u8, width: u8) -> u128 {
    let all = u128::MAX >> (128 - width as u32);
    if prefix == 0 { 0 } else { (all << (width - prefix) as u32) & all }
}

impl From<IpAddr> for ClientAddress {
    /// An IPv4 address mapped into IPv6 is the IPv4 address.
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }
}

impl fmt::Debug for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientAddress({})", self.wide_network())
    }
}

/// A network of clients. `Debug` shows no more than its IPv4 /24 or IPv6 /48.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientNetwork {
    v6: bool,
    bits: u128,
    prefix: u8,
}

impl ClientNetwork {
    /// Family, prefix length and bits: the input of digests and keys.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 18] {
        let mut bytes = [0; 18];
        let family = if self.v6 { 6 } else { 4 };
        let own = [family, self.prefix].into_iter().chain(self.bits.to_be_bytes());
        bytes.iter_mut().zip(own).for_each(|(slot, byte)| *slot = byte);
        bytes
    }
}

impl fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address: IpAddr = if self.v6 {
            std::net::Ipv6Addr::from_bits(self.bits).into()
        } else {
            std::net::Ipv4Addr::from_bits(u32::try_from(self.bits).unwrap_or(0)).into()
        };
        write!(f, "{address}/{}", self.prefix)
    }
}

impl fmt::Debug for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, shown) = if self.v6 { (128, 48) } else { (32, 24) };
        let shown = self.prefix.min(shown);
        let wide = Self { bits: self.bits & mask(shown, width), prefix: shown, ..*self };
        write!(f, "ClientNetwork({wide})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(text: &str) -> ClientAddress {
        ClientAddress::from(text.parse::<IpAddr>().unwrap())
    }

    #[test]
    fn clients_of_one_64_are_one_and_of_another_are_not() {
        assert_eq!(client("2001:db8::1").own_network(), client("2001:db8::ffff:1").own_network());
        assert_ne!(client("2001:db8::1").own_network(), client("2001:db8:0:1::1").own_network());
        assert_eq!(client("2001:db8::1").site_network(), client("2001:db8:0:ff::1").site_network());
        assert_eq!(client("2001:db8::1").wide_network(), client("2001:db8:0:ffff::1").wide_network());
        assert_ne!(client("2001:db8::1").wide_network(), client("2001:db8:1::1").wide_network());
    }

    #[test]
    fn a_mapped_address_is_the_ipv4_address() {
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_eq!(client("192.0.2.1").wide_network().to_string(), "192.0.2.0/24");
        assert_eq!(format!("{:?}", client("192.0.2.1")), "ClientAddress(192.0.2.0/24)");
    }

    #[test]
    fn debug_shows_the_wide_network_alone() {
        for (text, shown) in [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48")] {
            let own = client(text);
            for network in [own.own_network(), own.site_network(), own.wide_network()] {
                assert_eq!(format!("{network:?}"), format!("ClientNetwork({shown})"));
            }
        }
    }

    #[test]
    fn families_never_meet() {
        assert_ne!(client("::").own_network().to_bytes(), client("0.0.0.0").own_network().to_bytes());
    }
}
