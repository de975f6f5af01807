//! Which window a try falls into.

use core::time::Duration;

use vestibule_core::Timestamp;

/// What a window counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "stores keep it by its name; a further kind is a further window")]
pub enum WindowKind {
    /// Tries with one submitted identifier, existing or not.
    Identifier,
    /// Tries from one client: an IPv4 address or an IPv6 /64.
    Client,
    /// Tries from one site: an IPv6 /56.
    Site,
    /// Tries from one network: an IPv4 /24 or an IPv6 /48.
    Network,
    /// Tries with one submitted identifier before the host's challenge is asked for.
    Challenge,
    /// Messages asked for by one client, or sent to one address or by one realm, of a sort that is capped.
    Message,
    /// Refusals of one person after proof, before they are recorded together.
    Refusal,
}

impl WindowKind {
    /// The name by which stores keep it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identifier => "identifier",
            Self::Client => "client",
            Self::Site => "site",
            Self::Network => "network",
            Self::Challenge => "challenge",
            Self::Message => "message",
            Self::Refusal => "refusal",
        }
    }
}

/// One window: what is counted, whose, and from when to when.
///
/// The start is part of the key, so a counter is never reset: the next window is another counter, and giving back
/// reaches exactly the window that was debited.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "stores take it apart; a further field would change their rows"
)]
pub struct WindowKey {
    /// What is counted.
    pub kind: WindowKind,
    /// Whose it is: a keyed digest of kind, start, length and the identifier's or network's own key.
    pub digest: [u8; 32],
    /// The shared counter that stands in for it when there are too many.
    pub overflow: Overflow,
    /// The first instant that belongs to it.
    pub starts_at: Timestamp,
    /// The first instant after it.
    pub ends_at: Timestamp,
}

impl WindowKey {
    /// How long the window is.
    #[must_use]
    pub fn span(&self) -> Duration {
        self.ends_at.since(self.starts_at)
    }
}

/// A shared counter, one of at most 1025 * 16 per window: the network part is bounded by itself, so that a network
/// fills only its own share however many identifiers it submits, and whatever others submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "stores take it apart; a further field would change their rows"
)]
pub struct Overflow {
    /// The client's IPv4 /24 or IPv6 /48, folded to 0..1024; 1024 for tries without a client address.
    pub network: u16,
    /// The key, folded to 0..16.
    pub key: u8,
}

impl Overflow {
    /// How many networks are told apart.
    pub const NETWORKS: u16 = 1024;
    /// How many keys of one network are told apart.
    pub const KEYS: u8 = 16;
}
