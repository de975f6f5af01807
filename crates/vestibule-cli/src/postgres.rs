//! A server's address, and the runtime that a store on a server lives on.

use core::fmt;
use core::future::Future;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::Config;
use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_postgres::Server;

/// Where PostgreSQL's own programs look for the password.
const PASSWORD: &str = "PGPASSWORD";

/// `postgres://USER@HOST/DATABASE`. No password stands in it: it would end in configurations, lists of processes and messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    text: String,
    config: Box<Config>,
}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let config: Config =
            text.parse().map_err(|_| "a server is named as in postgres://USER@HOST/DATABASE")?;
        if config.get_password().is_some() {
            return Err("a password does not belong into the name of a store: set PGPASSWORD");
        }
        Ok(Self { text: text.to_owned(), config: Box::new(config) })
    }

    /// The server, with the password of the environment if there is one.
    pub(crate) fn server(&self) -> Server {
        let mut config = Config::clone(&self.config);
        if let Ok(password) = std::env::var(PASSWORD) {
            config.password(password);
        }
        Server::new(config)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Waits for a future on the runtime on which stores are opened; there they live on, as long as the program does.
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output, StoreError> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let made =
        RUNTIME.get_or_init(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().ok());
    let runtime = made.as_ref().ok_or_else(|| StoreError::from(StoreErrorKind::Unavailable))?;
    Ok(runtime.block_on(future))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_password_is_refused() {
        assert!(Address::parse("postgres://door@localhost/people").is_ok());
        for bad in ["postgres://door:secret@localhost/people", "postgres://door@localhost:x/people"] {
            assert!(Address::parse(bad).is_err_and(|why| !why.contains("secret")), "{bad}");
        }
    }
}
