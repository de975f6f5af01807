//! A host's own TLS is what every byte goes through. The one here turns each bit over, and the other end turns it back.

use core::convert::Infallible;
use core::future::{Ready, ready};
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::Socket;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use vestibule_core::{Commit, Landed, Realm, StoreErrorKind};
use vestibule_postgres::{PostgresStore, Server};

use crate::ground::{Place, runtime};
use crate::passwords::{PEOPLE, first_passwords, landed};
use crate::wire;

/// What a client sends that wants TLS.
const WANTS_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

#[test]
fn every_byte_goes_through_the_hosts_tls() {
    let place = Place::new();
    let end = Arc::new(End::default());
    let port = runtime().block_on(listen(Arc::clone(&end)));
    runtime().block_on(async {
        let direct = place.create().await;
        let mut config = wire::through(port);
        config.ssl_mode(SslMode::Require);

        let names = Arc::new(AtomicUsize::new(0));
        let tls = Inverting { asked: Arc::clone(&names) };
        let server = Server::with_tls(config.clone(), tls);
        let store = PostgresStore::open(&server, Realm::default(), place.options()).await.unwrap();
        assert_eq!(store.commit(&first_passwords(1)).await.unwrap(), Landed::Applied);
        assert_eq!(landed(&direct, 1).await, PEOPLE);
        let connections = end.secured.load(Ordering::SeqCst);
        assert!(connections > 0);
        assert_eq!(names.load(Ordering::SeqCst), connections, "each was made by the host's connector");

        // Where TLS is required and the host gave none, nothing is sent but the wish.
        let error =
            PostgresStore::open(&Server::new(config), Realm::default(), place.options()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert_eq!(end.secured.load(Ordering::SeqCst), connections);
        assert_eq!(end.plain.load(Ordering::SeqCst), 0);
    });
}

/// What came to the other end.
#[derive(Default)]
struct End {
    secured: AtomicUsize,
    plain: AtomicUsize,
}

async fn listen(end: Arc<End>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, Arc::clone(&end)));
        }
    });
    port
}

async fn serve(mut client: TcpStream, end: Arc<End>) {
    let mut first = [0; 8];
    if client.read_exact(&mut first).await.is_err() {
        return;
    }
    if first != WANTS_TLS {
        end.plain.fetch_add(1, Ordering::SeqCst);
        return;
    }
    client.write_all(b"S").await.unwrap();
    // Who has no TLS goes away here.
    if client.peek(&mut [0]).await.unwrap_or_default() == 0 {
        return;
    }
    end.secured.fetch_add(1, Ordering::SeqCst);
    let (from_server, to_server) = wire::to_server().await;
    let (from_client, to_client) = client.into_split();
    tokio::spawn(invert(from_server, to_client));
    invert(from_client, to_server).await;
}

async fn invert(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut bytes = vec![0; 65536];
    while let Ok(read) = from.read(&mut bytes).await
        && read > 0
    {
        bytes[..read].iter_mut().for_each(|byte| *byte = !*byte);
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// The host's connector.
#[derive(Clone)]
struct Inverting {
    asked: Arc<AtomicUsize>,
}

impl MakeTlsConnect<Socket> for Inverting {
    type Stream = Inverted;
    type TlsConnect = Self;
    type Error = Infallible;

    fn make_tls_connect(&mut self, name: &str) -> Result<Self, Infallible> {
        assert_eq!(name, "127.0.0.1");
        Ok(self.clone())
    }
}

impl TlsConnect<Socket> for Inverting {
    type Stream = Inverted;
    type Error = Infallible;
    type Future = Ready<Result<Inverted, Infallible>>;

    fn connect(self, stream: Socket) -> Self::Future {
        self.asked.fetch_add(1, Ordering::SeqCst);
        ready(Ok(Inverted(stream)))
    }
}

struct Inverted(Socket);

impl TlsStream for Inverted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Inverted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.0).poll_read(context, into);
        into.filled_mut()[before..].iter_mut().for_each(|byte| *byte = !*byte);
        read
    }
}

impl AsyncWrite for Inverted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let inverted: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
        Pin::new(&mut self.0).poll_write(context, &inverted)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
