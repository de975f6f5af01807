//! What a sign-in costs on the wire: how often the server answers what was sent to it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use vestibule::{NewPerson, SignIn, SignInRequest, SignedIn, Vestibule};
use vestibule_conformance::{Call, Hook, Hooked};
use vestibule_core::{
    AccountId, ClientAddress, Clock, KeyId, KeyPurpose, KeyRing, LoginEmail, Realm, Secret, StoreError,
    Timestamp,
};
use vestibule_credentials::{HashParams, HashPoolConfig};
use vestibule_postgres::{PostgresStore, Server};
use vestibule_profiles::NewAccount;
use vestibule_sessions::SessionPolicy;
use vestibule_throttle::{Overflow, Taken, WindowKey, WindowKind, WindowTake, Windows};

use crate::server::{Place, runtime};
use crate::wire::{self, FromServer, ToServer};
use crate::world::{ADA, RIGHT, role};

/// One read, one take of the windows, one try, one commit, and the windows given back.
#[test]
fn a_sign_in_is_five_round_trips() {
    let five = ["sign_in_view", "take", "commit", "commit", "give_back"];
    deployed(SessionPolicy::default(), async |scene| {
        let known = scene.sign_in(None, None).await.0;
        let who = scene.vestibule.authenticate(&known.token).await.unwrap();
        let account = AccountId::from(1_u64);
        scene.vestibule.create_account(&who, NewAccount::new(account, "Engines", role())).await.unwrap();
        // A statement that is new to a connection costs it a round trip, once.
        scene.sign_in(None, Some(account)).await;
        scene.sign_in(known.device, Some(account)).await;

        // Whoever is in a slot is over by then, and every window is a new one, which nobody has begun.
        let mut device = None;
        for days in [200, 20] {
            scene.wait(days);
            let (signed_in, calls) = scene.sign_in(device, Some(account)).await;
            assert!(matches!(signed_in.entered, Some(Ok(_))));
            assert_eq!(calls, five.map(|name| (name, 1)));
            device = signed_in.device;
        }
    });
}

/// The slot was guessed. Where somebody is in it whose session is good, it takes a refused commit, which is asked whether it
/// had landed before, and a look.
#[test]
fn a_sign_in_whose_slot_is_taken_is_nine_round_trips() {
    let before = [("sign_in_view", 1), ("take", 1), ("commit", 1), ("commit", 2)];
    let then = [("sessions", 1), ("devices", 1), ("commit", 1), ("give_back", 1)];
    let one_at_most = SessionPolicy::default().with_sessions_at_most(1).unwrap();
    deployed(one_at_most, async |scene| {
        let device = scene.sign_in(None, None).await.0.device;
        let device = || device.as_ref().map(|device| Secret::new(read(device)));
        for _ in 0..2 {
            scene.sign_in(device(), None).await;
            scene.wait(1);
        }
        let (_, calls) = scene.sign_in(device(), None).await;
        assert_eq!(calls, [before, then].concat());
    });
}

/// A deployment with one person, behind a meter, on a server of its own.
struct Scene {
    vestibule: Vestibule,
    clock: Arc<Daily>,
    bill: Arc<Bill>,
}

impl Scene {
    fn wait(&self, days: i64) {
        self.clock.0.fetch_add(days * 86_400_000_000, Ordering::SeqCst);
    }

    /// Signs in, and how many answers each call took. No other answer was given.
    async fn sign_in(
        &self,
        device: Option<Secret<String>>,
        account: Option<AccountId>,
    ) -> (SignedIn, Vec<(&'static str, usize)>) {
        self.bill.calls.lock().unwrap().clear();
        let before = self.bill.answers.load(Ordering::SeqCst);
        let signed_in = sign_in(&self.vestibule, device, account).await;
        let all = self.bill.answers.load(Ordering::SeqCst) - before;
        let calls: Vec<_> = self.bill.calls.lock().unwrap().clone();
        assert_eq!(calls.iter().map(|(_, cost)| cost).sum::<usize>(), all, "{calls:?}");
        let name = |call| match call {
            Call::Read(name) | Call::Windows(name) => name,
            Call::Commit(_) => "commit",
            _ => panic!("{call:?}"),
        };
        (signed_in, calls.into_iter().map(|(call, cost)| (name(call), cost)).collect())
    }
}

fn deployed(policy: SessionPolicy, play: impl AsyncFnOnce(&Scene)) {
    let place = Place::new();
    drop(runtime().block_on(place.create()));
    let meter = Meter::new();
    // On one thread, whatever is sent in one go leaves in one go.
    let here = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    here.block_on(async {
        let server = Server::new(wire::through(meter.port));
        let store = PostgresStore::open(&server, Realm::default(), place.options()).await.unwrap();
        let bill = Arc::new(Bill {
            answers: Arc::clone(&meter.answers),
            before: AtomicUsize::default(),
            calls: Mutex::default(),
        });
        let clock = Arc::new(Daily(AtomicI64::new(1_800_000_000_000_000)));
        let vestibule = deployment(Hooked::new(store, Arc::clone(&bill)), &clock, policy);
        let ada = NewPerson::verified_by_host(LoginEmail::parse(ADA).unwrap()).password(RIGHT);
        vestibule.register_verified(ada).await.unwrap();
        play(&Scene { vestibule, clock, bill }).await;
    });
}

/// Who floods a full window makes the server write nothing.
#[test]
fn a_window_that_is_known_to_be_full_is_refused_without_a_commit() {
    let place = Place::new();
    drop(runtime().block_on(place.create()));
    let meter = Meter::new();
    let here = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    here.block_on(async {
        let server = Server::new(wire::through(meter.port));
        let store = PostgresStore::open(&server, Realm::default(), place.options()).await.unwrap();
        let window = |digest, at_most| WindowTake {
            key: WindowKey {
                kind: WindowKind::Identifier,
                digest: [digest; 32],
                overflow: Overflow { network: 0, key: 0 },
                starts_at: Timestamp::EPOCH,
                ends_at: Timestamp::from_unix_seconds(60),
            },
            at_most,
            population: 100,
        };
        let take = async |windows| {
            let before = meter.answers.load(Ordering::SeqCst);
            let taken = store.take(windows).await.unwrap();
            (taken, meter.answers.load(Ordering::SeqCst) - before)
        };
        let both = || vec![window(1, 3), window(2, 1), window(3, 1)];
        let full = Taken::Full { position: 1 };
        assert!(matches!(take(both()).await.0, Taken::All(_)));
        assert_eq!(take(both()).await.0, full, "what was debited with it is given back");
        for _ in 0..3 {
            assert_eq!(take(both()).await, (Taken::Full { position: 1 }, 2), "debited, and rolled back");
        }
        let mut left = 0;
        while let (Taken::All(_), trips) = take(vec![window(1, 3)]).await {
            assert_eq!(trips, 1);
            left += 1;
        }
        assert_eq!(left, 2, "only the first took anything");
    });
}

async fn sign_in(
    vestibule: &Vestibule,
    device: Option<Secret<String>>,
    account: Option<AccountId>,
) -> SignedIn {
    let client = ClientAddress::from(std::net::IpAddr::from([203, 0, 113, 9]));
    let mut request = SignInRequest::new(ADA, RIGHT).from_client(client);
    request.device = device;
    request.account = account;
    match vestibule.sign_in(request).await.unwrap() {
        SignIn::SignedIn(signed_in) => signed_in,
        SignIn::FactorNeeded(_) => panic!("nobody has a second factor"),
        SignIn::PasswordChangeNeeded { .. } => panic!("nothing was marked"),
    }
}

fn read(token: &Secret<String>) -> String {
    // EXPOSE: the browser sends it again.
    token.expose().clone()
}

fn deployment(store: Hooked<PostgresStore, Bill>, clock: &Arc<Daily>, policy: SessionPolicy) -> Vestibule {
    let mut ring = KeyRing::builder();
    for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
        ring = ring.current(purpose, KeyId::parse("k1").unwrap(), Secret::new([7; 32]));
    }
    Vestibule::builder()
        .store(store)
        .keys(ring.build().unwrap())
        .hashing(HashPoolConfig::new(HashParams::danger_weak_for_tests(), 2))
        .clock(Arc::clone(clock))
        .sessions(policy)
        .build()
        .unwrap()
}

/// A clock that stands still from one day to the next.
#[derive(Debug)]
struct Daily(AtomicI64);

impl Clock for Daily {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.load(Ordering::SeqCst))
    }

    fn is_system(&self) -> bool {
        false
    }
}

/// Counts the answers of the server: what it says between two things that it is told is one.
struct Meter {
    port: u16,
    answers: Arc<AtomicUsize>,
}

impl Meter {
    fn new() -> Self {
        let listener = runtime().block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&answers);
        runtime().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, wire::to_server().await, Arc::clone(&counted)));
            }
        });
        Self { port, answers }
    }
}

async fn carry(client: TcpStream, server: (FromServer, ToServer), answers: Arc<AtomicUsize>) {
    client.set_nodelay(true).unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server;
    let asked = Arc::new(AtomicBool::new(false));
    let answered = Arc::clone(&asked);
    let back = tokio::spawn(async move {
        let mut bytes = vec![0; 65536];
        while let Ok(read) = from_server.read(&mut bytes).await
            && read > 0
        {
            answers.fetch_add(usize::from(answered.swap(false, Ordering::SeqCst)), Ordering::SeqCst);
            if to_client.write_all(&bytes[..read]).await.is_err() {
                break;
            }
        }
    });
    let mut bytes = vec![0; 65536];
    while let Ok(read) = from_client.read(&mut bytes).await
        && read > 0
    {
        asked.store(true, Ordering::SeqCst);
        if to_server.write_all(&bytes[..read]).await.is_err() {
            break;
        }
    }
    back.abort();
}

/// How many answers each call of the store took.
struct Bill {
    answers: Arc<AtomicUsize>,
    before: AtomicUsize,
    calls: Mutex<Vec<(Call, usize)>>,
}

impl Hook for Bill {
    fn before(&self, _: Call) -> Result<(), StoreError> {
        self.before.store(self.answers.load(Ordering::SeqCst), Ordering::SeqCst);
        Ok(())
    }

    fn after(&self, call: Call) -> Result<(), StoreError> {
        let cost = self.answers.load(Ordering::SeqCst) - self.before.load(Ordering::SeqCst);
        self.calls.lock().unwrap().push((call, cost));
        Ok(())
    }
}
