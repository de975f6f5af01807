//! A wire that is cut before, amid and behind each message to the server, those that commit among them: an answered effect
//! is there, one that was promised not to be applied is not, and the next command works (FLT-X7, FLT-X8).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use vestibule_conformance::audit;
use vestibule_core::{ErrorKind, Realm};
use vestibule_postgres::{Options, PostgresStore, Server};

use crate::acts::{Act, Answer, Ready};
use crate::calls::realm;
use crate::cast::{accounts, deployment, people, settle};
use crate::ground::{Place, block_on, open, runtime};
use crate::killed::Expected;
use crate::picture::{difference, picture};
use crate::wire::{self, FromServer, ToServer};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The server does not see the message.
    Before,
    /// It sees half of it.
    Amid,
    /// It sees the message, and its answer is lost.
    After,
}

/// Commands of every shape: with one commit and with several, with a secret and without.
pub(crate) const ACTS: [Act; 6] =
    [Act::SignIn, Act::Enter, Act::ChangePassword, Act::Dismiss, Act::Register, Act::Import];

/// Cuts the wire at each message of the act in turn.
pub(crate) fn everywhere(act: Act) {
    let place = Place::new();
    let expected = Expected::of(act);
    let mut cuts = 0;
    for cut in [Cut::Before, Cut::Amid, Cut::After] {
        let proxy = Proxy::new(cut);
        let options = Options::new().schema_name(place.schema()).connections(2);
        let through = block_on(PostgresStore::open(&proxy.server(), Realm::default(), options)).unwrap();
        for message in 1.. {
            let realm = realm(&format!("{}-{message}", format!("{cut:?}").to_lowercase()));
            let direct = open(&place.name(), realm.clone());
            block_on(settle(&deployment(direct.clone()), act.start()));
            let vestibule = deployment(through.in_realm(realm));
            let ready = block_on(Ready::make(act, &vestibule)).unwrap_or_else(|no| panic!("{no:?}"));
            proxy.cut(message);
            let answer = block_on(ready.go(&vestibule));
            let over = proxy.cut(0) > 0;

            let what = format!("{} cut {cut:?} message {message}, and {answer:?}", act.name());
            let findings = block_on(audit(&direct, &people(), &accounts())).unwrap();
            assert!(findings.is_empty(), "{what}: {findings:?}");
            let found = block_on(picture(&direct));
            let is = |number: usize| difference(&found, &expected.pictures[number]).is_empty();
            let last = expected.pictures.len() - 1;
            match answer {
                Answer::Done(_) => assert!(is(last), "{what}: an answered effect was lost"),
                Answer::Fault(ErrorKind::OutcomeUnknown) => {
                    assert!((0..=last).any(is), "{what}: half of a commit")
                }
                // Of several commits the earlier stay; after the last one only a window may be left to give back.
                Answer::Fault(_) if last > 1 => assert!((0..=last).any(is), "{what}: half of a commit"),
                Answer::Fault(_) => assert!(is(0), "{what}, which promised that nothing was applied"),
                Answer::Refused(_) => panic!("{what}"),
            }
            cuts += usize::from(!over);
            if over {
                assert!(!matches!(answer, Answer::Fault(_)), "{what}");
                break;
            }
        }
    }
    // Some are one message: cut before it, amid it and after it.
    assert!(cuts >= 3, "the wire was cut {cuts} times");
}

struct Proxy {
    port: u16,
    left: Arc<AtomicUsize>,
}

impl Proxy {
    fn new(cut: Cut) -> Self {
        let listener = block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
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

    /// Cuts at this message from now, or never at zero; how many were left to the one before.
    fn cut(&self, message: usize) -> usize {
        self.left.swap(message, Ordering::SeqCst)
    }

    fn server(&self) -> Server {
        Server::new(wire::through(self.port))
    }
}

async fn carry(client: TcpStream, server: (FromServer, ToServer), cut: Cut, left: Arc<AtomicUsize>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server;
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut bytes = vec![0; 65536];
    while let Ok(read) = from_client.read(&mut bytes).await
        && read > 0
    {
        let sent = &bytes[..read];
        let one_less = |left: usize| left.checked_sub(1);
        if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less) == Ok(1) {
            back.abort();
            let _ = back.await;
            let seen = match cut {
                Cut::Before => 0,
                Cut::Amid => read / 2,
                Cut::After => read,
            };
            // The server may be gone already.
            let _ = to_server.write_all(&sent[..seen]).await;
            return;
        }
        if to_server.write_all(sent).await.is_err() {
            break;
        }
    }
    back.abort();
}
