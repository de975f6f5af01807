//! A wire to the server that can be cut at a commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use vestibule_postgres::Server;

use crate::ground::runtime;
use crate::wire::{self, FromServer, ToServer};

/// What a simple query that commits looks like on the wire: its letter, its length, its text.
const COMMIT: &[u8] = b"Q\0\0\0\x0bcommit\0";

/// What a simple query that begins a transaction that writes has in it.
const BEGIN: &[u8] = b"begin isolation level read committed";

/// What the server says when it has committed, and when it has rolled back instead.
const COMMITTED: &[u8] = b"COMMIT\0";
const ROLLED_BACK: &[u8] = b"ROLLBACK\0";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server never sees the commit.
    Before,
    /// The server commits, and its answer is lost.
    After,
    /// The server is told something else than to begin, and what is behind it as it stands.
    Begin,
}

pub(crate) struct Proxy {
    port: u16,
    left: Arc<AtomicUsize>,
}

impl Proxy {
    /// Cuts the connection at each of the next `times` commits, or spoils as many beginnings.
    pub(crate) fn new(cut: Cut) -> Self {
        let listener = runtime().block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let left = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&left);
        runtime().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, wire::to_server().await, cut, Arc::clone(&counter)));
            }
        });
        Self { port, left }
    }

    pub(crate) fn cut(&self, times: usize) {
        self.left.store(times, Ordering::SeqCst);
    }

    pub(crate) fn left(&self) -> usize {
        self.left.load(Ordering::SeqCst)
    }

    /// The server behind this wire.
    pub(crate) fn server(&self) -> Server {
        Server::new(wire::through(self.port))
    }
}

async fn carry(client: TcpStream, server: (FromServer, ToServer), cut: Cut, left: Arc<AtomicUsize>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server;
    let severed = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&severed);
    let back = tokio::spawn(async move {
        let mut bytes = vec![0; 65536];
        while let Ok(read) = from_server.read(&mut bytes).await
            && read > 0
        {
            let answer = &bytes[..read];
            if !seen.load(Ordering::SeqCst) {
                if to_client.write_all(answer).await.is_err() {
                    break;
                }
            } else if [COMMITTED, ROLLED_BACK].iter().any(|tag| place(answer, tag).is_some()) {
                break;
            }
        }
    });
    let mut bytes = vec![0; 65536];
    while let Ok(read) = from_client.read(&mut bytes).await
        && read > 0
    {
        let one_less = |left: usize| left.checked_sub(1);
        if cut == Cut::Begin {
            if let Some(begin) = place(&bytes[..read], BEGIN)
                && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
            {
                bytes[begin] = b'x';
            }
            to_server.write_all(&bytes[..read]).await.unwrap();
            continue;
        }
        let sent = &bytes[..read];
        let commit = place(sent, COMMIT);
        if let Some(commit) = commit
            && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
        {
            severed.store(true, Ordering::SeqCst);
            match cut {
                // Whatever stands before it arrives.
                Cut::Before => to_server.write_all(&sent[..commit]).await.unwrap(),
                Cut::After => {
                    to_server.write_all(sent).await.unwrap();
                    back.await.unwrap();
                    return;
                }
                Cut::Begin => unreachable!("it cuts nothing"),
            }
            break;
        }
        if to_server.write_all(sent).await.is_err() {
            break;
        }
    }
    back.abort();
}

fn place(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
