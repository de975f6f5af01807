//! Connecting to the server, and what a connection must be for decisions to be made on it.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Error, NoTls, SimpleQueryMessage, Socket};
use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_sql::Statement;

use crate::Options;
use crate::bind::{Form, Manner, sql, types};
use crate::error::{fault, with_kind};
use crate::fingerprint::Seen;
use crate::held::Held;
#[cfg(feature = "deadpool")]
use crate::held::Lent;

/// A server, and how it is reached.
#[derive(Clone)]
pub struct Server {
    config: Config,
    connector: Arc<dyn Connector>,
    seen: Arc<Seen>,
}

impl Server {
    /// A server by its address, such as `postgres://user@host/database`, without TLS.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of kind `Unavailable` when it is no address.
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        let config: Config = url
            .parse()
            .map_err(|_| StoreError::new(StoreErrorKind::Unavailable, "this is no address of a server"))?;
        Ok(Self::new(config))
    }

    /// A server without TLS. Where the configuration requires TLS, no connection comes about.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::with_tls(config, NoTls)
    }

    /// A server reached by a host's own TLS.
    pub fn with_tls<T>(config: Config, tls: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        Self { config, connector: Arc::new(Tls(tls)), seen: Arc::default() }
    }

    /// A server reached by connections of a host's own pool, which lends them one transaction at a time: nothing is prepared on
    /// them and nothing set for a session, as [`through_pooler`](Options::through_pooler) says. A transaction that was left
    /// open is rolled back before anything else is sent; a pool that others share is best recycled by
    /// `RecyclingMethod::Clean`.
    #[cfg(feature = "deadpool")]
    #[must_use]
    pub fn from_pool(pool: deadpool_postgres::Pool) -> Self {
        Self { config: Config::new(), connector: Arc::new(Lender(pool)), seen: Arc::default() }
    }

    /// A connection, told everything that a connection of ours is told.
    pub(crate) async fn connect(&self, options: &Options) -> Result<Conn, StoreError> {
        let mut config = self.config.clone();
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(options.connect_timeout);
        }
        if config.get_application_name().is_none() {
            config.application_name("vestibule");
        }
        let connecting = self.connector.connect(config);
        let client = tokio::time::timeout(options.connect_timeout, connecting)
            .await
            .map_err(|late| StoreError::new(StoreErrorKind::Unavailable, late))??;
        let prepares = !options.through_pooler && !client.is_lent();
        if !client.is_lent() {
            let _ = require_decisive(&client).await?;
        }
        if prepares {
            client.batch_execute(&options.session()).await.map_err(fault)?;
        }
        Ok(Conn { client, seen: Arc::clone(&self.seen), prepared: HashMap::new(), prepares })
    }
}

/// The configuration holds a password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("hosts", &self.config.get_hosts()).finish_non_exhaustive()
    }
}

type Connecting = Pin<Box<dyn Future<Output = Result<Held, StoreError>> + Send>>;

/// Some TLS or none, whose type nobody else needs to know.
trait Connector: Send + Sync {
    fn connect(&self, config: Config) -> Connecting;
}

struct Tls<T>(T);

impl<T> Connector for Tls<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn connect(&self, config: Config) -> Connecting {
        let tls = self.0.clone();
        Box::pin(async move {
            let (client, connection) = config.connect(tls).await.map_err(unreached)?;
            // It ends with the client; what goes wrong on it is told to whoever waits for an answer.
            tokio::spawn(async move { drop(connection.await) });
            Ok(Held::Ours(client))
        })
    }
}

/// Whatever kept a connection from coming about, unless the server itself said what it was.
fn unreached(error: Error) -> StoreError {
    if error.code().is_some() { fault(error) } else { with_kind(StoreErrorKind::Unavailable, error) }
}

#[cfg(feature = "deadpool")]
struct Lender(deadpool_postgres::Pool);

#[cfg(feature = "deadpool")]
impl Connector for Lender {
    fn connect(&self, _: Config) -> Connecting {
        use deadpool_postgres::PoolError;

        let pool = self.0.clone();
        Box::pin(async move {
            match pool.get().await {
                Ok(lent) => Ok(Held::Lent(Lent(lent))),
                Err(PoolError::Backend(error)) => Err(unreached(error)),
                Err(PoolError::Timeout(late)) => {
                    Err(StoreError::new(StoreErrorKind::Contended, PoolError::Timeout(late)))
                }
                Err(error) => Err(StoreError::new(StoreErrorKind::Unavailable, error)),
            }
        })
    }
}

/// A connection, with the statements that it knows.
pub(crate) struct Conn {
    pub(crate) client: Held,
    pub(crate) seen: Arc<Seen>,
    prepared: HashMap<(&'static str, Manner), tokio_postgres::Statement>,
    prepares: bool,
}

impl Conn {
    /// The form of a statement on this connection. One that is new costs a round trip, outside any transaction.
    pub(crate) async fn form(&mut self, statement: &Statement, manner: Manner) -> Result<Form, Error> {
        if !self.prepares {
            return Ok(Form::Text(sql(statement, manner)));
        }
        let key = (statement.sql(), manner);
        if let Some(prepared) = self.prepared.get(&key) {
            return Ok(Form::Prepared(prepared.clone()));
        }
        let prepared = self.client.prepare_typed(&sql(statement, manner), &types(statement)).await?;
        self.prepared.insert(key, prepared.clone());
        Ok(Form::Prepared(prepared))
    }

    /// What begins a transaction that writes. A connection of ours has been told the rest when it was made.
    pub(crate) fn begin(&self, options: &Options) -> Cow<'static, str> {
        const BEGIN: &str = "begin isolation level read committed read write";
        if self.is_ours_alone() { BEGIN.into() } else { format!("{BEGIN}; {}", options.local()).into() }
    }

    /// What begins a transaction that asks several questions of one instant.
    ///
    /// A connection that is not ours alone may lead to another server each time: `read write` is what a server refuses that
    /// follows another.
    pub(crate) fn begin_snapshot(&self, options: &Options) -> Cow<'static, str> {
        if self.is_ours_alone() {
            "begin isolation level repeatable read read only".into()
        } else {
            format!("begin isolation level repeatable read read write; {}", options.local()).into()
        }
    }

    /// Whether a question may be asked without a transaction of its own.
    pub(crate) const fn is_ours_alone(&self) -> bool {
        self.prepares
    }
}

/// No decision rests on a server that follows another (FLT-X16), refuses writes, or cannot keep our text. Its version.
pub(crate) async fn require_decisive(client: &Client) -> Result<String, StoreError> {
    let messages = client
        .simple_query(
            "select pg_is_in_recovery()::int, (current_setting('transaction_read_only') = 'on')::int,
             current_setting('server_encoding'), version()",
        )
        .await
        .map_err(fault)?;
    let row = messages
        .iter()
        .find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some([row.get(0), row.get(1), row.get(2), row.get(3)]),
            _ => None,
        })
        .ok_or(StoreErrorKind::Backend)?;
    match row {
        [Some("0"), Some("0"), Some("UTF8"), Some(version)] => Ok(version.to_owned()),
        [Some("0"), Some("0"), ..] => {
            Err(StoreError::new(StoreErrorKind::Schema, "the database does not keep text as UTF-8"))
        }
        _ => Err(StoreError::new(StoreErrorKind::ReadOnly, "the server is in recovery or refuses writes")),
    }
}
