//! The tables of each domain, as numbered migrations.

use sha2::{Digest, Sha256};

/// One step from one form of a domain's tables to the next. Once released it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    pub(crate) number: u32,
    pub(crate) sql: &'static str,
}

impl Migration {
    /// The step that makes form `number` of form `number - 1`; the first is 1.
    #[must_use]
    pub const fn new(number: u32, sql: &'static str) -> Self {
        Self { number, sql }
    }

    pub(crate) fn checksum(&self) -> [u8; 32] {
        Sha256::digest(self.sql.as_bytes()).into()
    }
}

/// A domain's tables. Their names begin with `vestibule_`, or, for a host's own rows, with a prefix of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Domain {
    pub(crate) name: &'static str,
    pub(crate) migrations: &'static [Migration],
    /// The parts of the tables that they make, one on a line: the table and what the server says.
    pub(crate) makes: Option<&'static str>,
}

impl Domain {
    /// A domain with its migrations, numbered 1, 2, 3 and so on.
    #[must_use]
    pub const fn new(name: &'static str, migrations: &'static [Migration]) -> Self {
        Self { name, migrations, makes: None }
    }

    /// With what the migrations make.
    const fn making(self, makes: &'static str) -> Self {
        Self { makes: Some(makes), ..self }
    }
}

/// The memory of batches, which every store has.
const BATCHES: Domain =
    Domain::new("batches", &[Migration::new(1, include_str!("../migrations/batches/0001_init.sql"))])
        .making(include_str!("../migrations/batches/makes.txt"));

#[cfg(feature = "checkword")]
const CHECKWORD: Domain = Domain::new(
    "checkword",
    &[
        Migration::new(1, include_str!("../migrations/checkword/0001_init.sql")),
        Migration::new(2, include_str!("../migrations/checkword/0002_codes.sql")),
    ],
)
.making(include_str!("../migrations/checkword/makes.txt"));

#[cfg(feature = "credentials")]
const CREDENTIALS: Domain =
    Domain::new("credentials", &[Migration::new(1, include_str!("../migrations/credentials/0001_init.sql"))])
        .making(include_str!("../migrations/credentials/makes.txt"));

#[cfg(feature = "journal")]
const JOURNAL: Domain =
    Domain::new("journal", &[Migration::new(1, include_str!("../migrations/journal/0001_init.sql"))])
        .making(include_str!("../migrations/journal/makes.txt"));

#[cfg(feature = "mfa")]
const MFA: Domain = Domain::new("mfa", &[Migration::new(1, include_str!("../migrations/mfa/0001_init.sql"))])
    .making(include_str!("../migrations/mfa/makes.txt"));

#[cfg(feature = "profiles")]
const PROFILES: Domain = Domain::new(
    "profiles",
    &[
        Migration::new(1, include_str!("../migrations/profiles/0001_init.sql")),
        Migration::new(2, include_str!("../migrations/profiles/0002_leaving.sql")),
        Migration::new(3, include_str!("../migrations/profiles/0003_factor.sql")),
    ],
)
.making(include_str!("../migrations/profiles/makes.txt"));

#[cfg(feature = "sessions")]
const SESSIONS: Domain = Domain::new(
    "sessions",
    &[
        Migration::new(1, include_str!("../migrations/sessions/0001_init.sql")),
        Migration::new(2, include_str!("../migrations/sessions/0002_remembered.sql")),
    ],
)
.making(include_str!("../migrations/sessions/makes.txt"));

#[cfg(feature = "throttle")]
const THROTTLE: Domain =
    Domain::new("throttle", &[Migration::new(1, include_str!("../migrations/throttle/0001_init.sql"))])
        .making(include_str!("../migrations/throttle/makes.txt"));

/// The tables that a file must have: of the enabled domains, and of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    domains: Vec<Domain>,
}

impl Schema {
    /// The tables of every domain whose feature is on.
    #[must_use]
    pub fn enabled() -> Self {
        Self {
            domains: vec![
                BATCHES,
                #[cfg(feature = "checkword")]
                CHECKWORD,
                #[cfg(feature = "credentials")]
                CREDENTIALS,
                #[cfg(feature = "journal")]
                JOURNAL,
                #[cfg(feature = "mfa")]
                MFA,
                #[cfg(feature = "profiles")]
                PROFILES,
                #[cfg(feature = "sessions")]
                SESSIONS,
                #[cfg(feature = "throttle")]
                THROTTLE,
            ],
        }
    }

    /// These and a host's own, for hosts whose rows land in one commit with ours.
    #[must_use]
    pub fn with(mut self, domain: Domain) -> Self {
        self.domains.push(domain);
        self
    }

    pub(crate) fn checksum(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for migration in self.domains.iter().flat_map(|domain| domain.migrations) {
            hash.update(migration.checksum());
        }
        hash.finalize().into()
    }

    pub(crate) fn domains(&self) -> &[Domain] {
        &self.domains
    }
}
