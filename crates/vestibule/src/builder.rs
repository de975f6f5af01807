//! Everything a deployment decides once.

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, Mutex};

use vestibule_checkword::CheckwordPolicy;
use vestibule_core::{
    Clock, Disclosure, Entropy, EntropyError, KeyRing, SystemClock, SystemEntropy, make_bytes,
};
use vestibule_credentials::{
    BreachedPasswords, HashParams, HashPool, HashPoolConfig, NoBreachData, PasswordPolicy, PoolStartError,
};
use vestibule_mfa::{LEAST_RESET_WAITS, MOST_RESET_WAITS, RESET_WAITS};
use vestibule_profiles::AdmissionRule;
use vestibule_sessions::SessionPolicy;
use vestibule_throttle::{Throttle, ThrottlePolicy};

use crate::links::BaseUrls;
use crate::phone::PhoneCodes;
use crate::recovery::UnknownAddressNotice;
use crate::social::Provider;
use crate::store::{ErasedStore, Store, erase};
use crate::vestibule::{Inner, Vestibule};

/// Why a deployment cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No store was given.
    #[error("a store is needed")]
    NoStore,
    /// No key ring was given.
    #[error("a key ring is needed")]
    NoKeys,
    /// The source of randomness failed.
    #[error("the source of randomness failed")]
    Entropy(#[source] EntropyError),
    /// The hashing pool could not start.
    #[error("the password pool could not start")]
    Pool(#[source] PoolStartError),
}

/// Collects what a deployment decides once; see [`Vestibule::builder`].
#[must_use]
pub struct Builder {
    store: Option<ErasedStore>,
    keys: Option<Arc<KeyRing>>,
    hashing: HashPoolConfig,
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
    passwords: PasswordPolicy,
    breached: Arc<dyn BreachedPasswords>,
    sessions: SessionPolicy,
    throttle: ThrottlePolicy,
    rules: Vec<Arc<dyn AdmissionRule>>,
    disclosure: Disclosure,
    links: Option<BaseUrls>,
    product: String,
    accounts_at_most: u32,
    checkwords: CheckwordPolicy,
    unknown_addresses: UnknownAddressNotice,
    providers: Vec<Provider>,
    phones: Option<PhoneCodes>,
    reset_waits: Duration,
}

impl Default for Builder {
    fn default() -> Self {
        let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            store: None,
            keys: None,
            hashing: HashPoolConfig::new(HashParams::default(), workers),
            entropy: Arc::new(SystemEntropy),
            clock: Arc::new(SystemClock),
            passwords: PasswordPolicy::default(),
            breached: Arc::new(NoBreachData),
            sessions: SessionPolicy::default(),
            throttle: ThrottlePolicy::default(),
            rules: Vec::new(),
            disclosure: Disclosure::default(),
            links: None,
            product: String::new(),
            accounts_at_most: 7,
            checkwords: CheckwordPolicy::default(),
            unknown_addresses: UnknownAddressNotice::default(),
            providers: Vec::new(),
            phones: None,
            reset_waits: RESET_WAITS,
        }
    }
}

impl Builder {
    /// Where everything rests. Its type is erased here, once.
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(erase(store));
        self
    }

    /// The keys of the deployment.
    pub fn keys(mut self, keys: KeyRing) -> Self {
        self.keys = Some(Arc::new(keys));
        self
    }

    /// Cost, workers and queue of password hashing.
    pub fn hashing(mut self, config: HashPoolConfig) -> Self {
        self.hashing = config;
        self
    }

    /// The source of randomness, by default the operating system's.
    pub fn entropy(mut self, entropy: impl Entropy + 'static) -> Self {
        self.entropy = Arc::new(entropy);
        self
    }

    /// The clock, by default the machine's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// What a password must be.
    pub fn passwords(mut self, policy: PasswordPolicy) -> Self {
        self.passwords = policy;
        self
    }

    /// Asked of every new password, on every path.
    pub fn breached_passwords(mut self, data: impl BreachedPasswords + 'static) -> Self {
        self.breached = Arc::new(data);
        self
    }

    /// How long the reset of a lost second factor waits (R33), by default 72 hours: never less than 24, nor more than the six days in
    /// which the link that stops it is good for sure.
    pub fn factor_reset_waits(mut self, wait: Duration) -> Self {
        self.reset_waits = wait.clamp(LEAST_RESET_WAITS, MOST_RESET_WAITS);
        self
    }

    /// How long links last.
    pub fn checkwords(mut self, policy: CheckwordPolicy) -> Self {
        self.checkwords = policy;
        self
    }

    /// Codes go to phones (R2): for recovery, sign-up, and numbers that become logins. The host sends them, as it sends mail:
    /// see [`Vestibule::waiting_messages`].
    pub fn phone_codes(mut self, codes: PhoneCodes) -> Self {
        self.phones = Some(codes);
        self
    }

    /// Whether the owner of a mailbox who is nobody here is told so.
    pub fn unknown_addresses(mut self, notice: UnknownAddressNotice) -> Self {
        self.unknown_addresses = notice;
        self
    }

    /// An identity provider that people are taken from; from all others nobody is. The last of one issuer counts.
    pub fn provider(mut self, provider: Provider) -> Self {
        self.providers.retain(|other| other.issuer() != provider.issuer());
        self.providers.push(provider);
        self
    }

    /// How long sessions last and how many there are.
    pub fn sessions(mut self, policy: SessionPolicy) -> Self {
        self.sessions = policy;
        self
    }

    /// How many tries there are.
    pub fn throttle(mut self, policy: ThrottlePolicy) -> Self {
        self.throttle = policy;
        self
    }

    /// A rule of the host's own at the gate of every account; asked after all of ours.
    pub fn admission_rule(mut self, rule: impl AdmissionRule + 'static) -> Self {
        self.rules.push(Arc::new(rule));
        self
    }

    /// How much a visitor is told before they have proven who they are.
    pub fn disclosure(mut self, disclosure: Disclosure) -> Self {
        self.disclosure = disclosure;
        self
    }

    /// Where the pages are that links in messages lead to. Without it no message carries a link.
    pub fn links(mut self, links: BaseUrls) -> Self {
        self.links = Some(links);
        self
    }

    /// The product's name: no password consists of it.
    pub fn product(mut self, name: impl Into<String>) -> Self {
        self.product = name.into();
        self
    }

    /// How many accounts one person may create, by default seven.
    pub fn accounts_at_most(mut self, limit: u32) -> Self {
        self.accounts_at_most = limit;
        self
    }

    /// Starts the hashing pool.
    ///
    /// # Errors
    ///
    /// [`BuildError`].
    pub fn build(self) -> Result<Vestibule, BuildError> {
        let store = self.store.ok_or(BuildError::NoStore)?;
        let ring = self.keys.ok_or(BuildError::NoKeys)?;
        let pool =
            HashPool::start(self.hashing, Arc::clone(&ring), &*self.entropy).map_err(BuildError::Pool)?;
        let id = make_bytes(&*self.entropy).map_err(BuildError::Entropy)?;
        Ok(Vestibule::of(Inner {
            id,
            throttle: Throttle::new(store.clone(), Arc::clone(&ring), self.throttle),
            store,
            ring,
            pool,
            entropy: self.entropy,
            clock: self.clock,
            passwords: self.passwords,
            breached: self.breached,
            sessions: self.sessions,
            rules: self.rules,
            disclosure: self.disclosure,
            cases: Mutex::new(None),
            links: self.links,
            product: self.product,
            accounts_at_most: self.accounts_at_most,
            checkwords: self.checkwords,
            unknown_addresses: self.unknown_addresses,
            providers: self.providers,
            phones: self.phones,
            reset_waits: self.reset_waits,
        }))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("keys", &self.keys).finish_non_exhaustive()
    }
}
