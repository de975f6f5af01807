//! A few connections, lent one at a time.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vestibule_core::{StoreError, StoreErrorKind};

use crate::connect::Conn;
use crate::{Options, Server};

pub(crate) struct Pool {
    server: Server,
    pub(crate) options: Options,
    pub(crate) runtime: Handle,
    #[cfg(feature = "throttle")]
    pub(crate) tight: crate::tight::Tight,
    idle: Mutex<Vec<Conn>>,
    places: Arc<Semaphore>,
    /// One place fewer than there are connections: however many commits wait, a question finds a connection (FLT-X13).
    commits: Arc<Semaphore>,
}

impl Pool {
    pub(crate) fn new(server: Server, options: Options, runtime: Handle) -> Arc<Self> {
        let connections = options.connections;
        Arc::new(Self {
            server,
            options,
            runtime,
            #[cfg(feature = "throttle")]
            tight: crate::tight::Tight::default(),
            idle: Mutex::new(Vec::with_capacity(connections)),
            places: Arc::new(Semaphore::new(connections)),
            commits: Arc::new(Semaphore::new(connections.saturating_sub(1).max(1))),
        })
    }

    /// A connection for a question.
    pub(crate) async fn for_question(self: &Arc<Self>) -> Result<Lease, StoreError> {
        let place = self.place(&self.places).await?;
        self.lend([Some(place), None]).await
    }

    /// A connection for something that writes.
    pub(crate) async fn for_commit(self: &Arc<Self>) -> Result<Lease, StoreError> {
        let commit = self.place(&self.commits).await?;
        let place = self.place(&self.places).await?;
        self.lend([Some(place), Some(commit)]).await
    }

    async fn place(&self, places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, StoreError> {
        tokio::time::timeout(self.options.patience, Arc::clone(places).acquire_owned())
            .await
            .map_err(|_| StoreError::new(StoreErrorKind::Contended, "no connection is free"))?
            .map_err(|closed| StoreError::new(StoreErrorKind::Unavailable, closed))
    }

    async fn lend(self: &Arc<Self>, places: [Option<OwnedSemaphorePermit>; 2]) -> Result<Lease, StoreError> {
        let conn = match self.take_idle() {
            Some(conn) => conn,
            None => self.server.connect(&self.options).await?,
        };
        Ok(Lease { conn, pool: Arc::clone(self), _places: places })
    }

    fn take_idle(&self) -> Option<Conn> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|conn| !conn.client.is_closed());
        idle.pop()
    }
}

/// A connection on loan. It comes back only by [`done`](Self::done): one that is dropped anywhere else may be amid a
/// transaction, and is closed.
pub(crate) struct Lease {
    pub(crate) conn: Conn,
    pool: Arc<Pool>,
    _places: [Option<OwnedSemaphorePermit>; 2],
}

impl Lease {
    pub(crate) fn done(self) {
        let Self { conn, pool, _places } = self;
        if !conn.client.is_closed() && !conn.client.is_lent() {
            pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
        }
    }
}
