//! A try that asks for its windows.

use vestibule_core::{AddressKey, ClientAddress, Timestamp};

use crate::challenge::{ChallengePassed, ChallengePolicy};

/// A try, before its secret is compared.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TryRequest<'a> {
    /// The key of the *submitted* identifier in its canonical form, existing or not: all spellings of one login share it
    /// (ATK-A6).
    pub identifier: &'a AddressKey,
    /// The digest of a known device. Its tries are counted for themselves, so that strangers who flood the identifier do
    /// not lock the device out (PR-12).
    pub device: Option<&'a AddressKey>,
    /// From where, if the host knows.
    pub client: Option<ClientAddress>,
    /// The host's word that its challenge was passed.
    pub challenge: Option<&'a ChallengePassed>,
    /// When.
    pub now: Timestamp,
}

impl<'a> TryRequest<'a> {
    /// A try with this identifier.
    #[must_use]
    pub const fn new(identifier: &'a AddressKey, now: Timestamp) -> Self {
        Self { identifier, device: None, client: None, challenge: None, now }
    }

    /// From a known device.
    #[must_use]
    pub const fn device(mut self, device: Option<&'a AddressKey>) -> Self {
        self.device = device;
        self
    }

    /// From this client.
    #[must_use]
    pub const fn client(mut self, client: Option<ClientAddress>) -> Self {
        self.client = client;
        self
    }

    /// With the host's word that its challenge was passed.
    #[must_use]
    pub const fn challenge(mut self, passed: Option<&'a ChallengePassed>) -> Self {
        self.challenge = passed;
        self
    }

    pub(crate) fn has_passed(&self, policy: &ChallengePolicy) -> bool {
        self.challenge.is_some_and(|passed| passed.holds(policy, self.identifier, self.now))
    }
}
