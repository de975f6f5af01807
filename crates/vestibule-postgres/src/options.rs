//! How a store uses its server.

use core::fmt::Write as _;
use core::time::Duration;

use crate::Schema;

/// How a store uses its server.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) schema_name: String,
    pub(crate) connections: usize,
    pub(crate) patience: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) through_pooler: bool,
    pub(crate) schema: Schema,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            schema_name: "vestibule".to_owned(),
            connections: 8,
            patience: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            through_pooler: false,
            schema: Schema::enabled(),
        }
    }
}

impl Options {
    /// The schema `vestibule`, eight connections, two seconds of patience with others, five for a statement and for
    /// connecting, the tables of every enabled domain.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The schema in which the tables are. It is made by migrating, if it is not there.
    #[must_use]
    pub fn schema_name(mut self, name: impl Into<String>) -> Self {
        self.schema_name = name.into();
        self
    }

    /// How many connections there are at most; at least two, one of which commits leave to questions (FLT-X13).
    #[must_use]
    pub const fn connections(mut self, connections: usize) -> Self {
        self.connections = if connections < 2 { 2 } else { connections };
        self
    }

    /// How long a free connection is waited for, and how long in all a lock, before the answer is `Contended` (FLT-X11).
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How long the server may work at one statement, before it is `Contended`.
    #[must_use]
    pub const fn statement_timeout(mut self, at_most: Duration) -> Self {
        self.statement_timeout = at_most;
        self
    }

    /// How long connecting may take, before the server is `Unavailable`.
    #[must_use]
    pub const fn connect_timeout(mut self, at_most: Duration) -> Self {
        self.connect_timeout = at_most;
        self
    }

    /// For a pooler between us and the server that gives a connection for one transaction only: nothing is prepared,
    /// nothing is set for a session, and every question is a transaction (FLT-X46).
    #[must_use]
    pub const fn through_pooler(mut self) -> Self {
        self.through_pooler = true;
        self
    }

    /// The tables that the schema must have.
    #[must_use]
    pub fn schema(mut self, schema: Schema) -> Self {
        self.schema = schema;
        self
    }

    /// What a transaction is told on a connection that is not ours alone.
    pub(crate) fn local(&self) -> String {
        self.settings("set local")
    }

    /// What a connection of our own is told once.
    pub(crate) fn session(&self) -> String {
        self.settings("set session")
    }

    /// Temporary tables come last: nobody's can stand in for ours.
    fn settings(&self, set: &str) -> String {
        let (lock, statement) = (self.patience.as_millis() / 2, self.statement_timeout.as_millis());
        let mut settings = format!("{set} search_path to {}, pg_temp", self.quoted_schema());
        for (name, millis) in [
            ("lock_timeout", lock),
            ("statement_timeout", statement),
            ("idle_in_transaction_session_timeout", statement.saturating_mul(2)),
        ] {
            // Zero would be no limit at all. Writing to a String does not fail.
            let _ = write!(settings, "; {set} {name} to {}", millis.clamp(1, 2_147_483_647));
        }
        settings
    }

    pub(crate) fn quoted_schema(&self) -> String {
        format!("\"{}\"", self.schema_name.replace('"', "\"\""))
    }
}
