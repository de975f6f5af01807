//! A deployment on a SQLite file in a temporary folder, with people who have signed in.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Wake;
use std::thread::Thread;

use tempfile::TempDir;
use vestibule::{NewPerson, SignIn, SignInRequest, Vestibule};
use vestibule_core::{
    Clock, KeyId, KeyPurpose, KeyRing, LoginEmail, Realm, Secret, SystemClock, SystemEntropy, make_bytes,
};
use vestibule_credentials::{HashParams, HashPoolConfig};
use vestibule_sqlite::{Options, SqliteStore};

use crate::Unmeasured;

/// The password of everybody.
const PASSWORD: &str = "a horse that counts to nine";

/// A deployment, and the session tokens of its people.
#[derive(Debug)]
pub struct Deployment {
    /// The facade.
    pub vestibule: Vestibule,
    /// One live session token per person.
    pub tokens: Vec<Secret<String>>,
    folder: TempDir,
}

impl Deployment {
    /// Registers people and signs each of them in. Hashes are as cheap as they can be: what is measured is everything
    /// else.
    ///
    /// # Errors
    ///
    /// [`Unmeasured`] when any of it fails.
    pub fn with_people(people: usize) -> Result<Self, Unmeasured> {
        Self::on(Options::new(), people)
    }

    /// The same on a file that is opened so.
    ///
    /// # Errors
    ///
    /// [`Unmeasured`] when any of it fails.
    pub fn on(options: Options, people: usize) -> Result<Self, Unmeasured> {
        let folder = tempfile::tempdir().map_err(|error| Unmeasured::at("a temporary folder", &error))?;
        let store = SqliteStore::create(file(&folder), Realm::default(), options, SystemClock.now())
            .map_err(|error| Unmeasured::at("the database", &error))?;
        let mut ring = KeyRing::builder();
        let id = KeyId::parse("bench").map_err(|error| Unmeasured::at("a key id", &error))?;
        for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
            let key = make_bytes(&SystemEntropy).map_err(|error| Unmeasured::at("a key", &error))?;
            ring = ring.current(purpose, id, Secret::new(key));
        }
        let ring = ring.build().map_err(|error| Unmeasured::at("the key ring", &error))?;
        let vestibule = Vestibule::builder()
            .store(store)
            .keys(ring)
            .hashing(HashPoolConfig::new(HashParams::danger_weak_for_tests(), 2))
            .build()
            .map_err(|error| Unmeasured::at("the deployment", &error))?;
        let mut deployment = Self { vestibule, tokens: Vec::with_capacity(people), folder };
        for number in 0..people {
            let login = login(number);
            let address = LoginEmail::parse(&login).map_err(|error| Unmeasured::at("an address", &error))?;
            let person = NewPerson::verified_by_host(address).password(PASSWORD);
            if block_on(deployment.vestibule.register_verified(person)).is_err() {
                return Err(Unmeasured::because("somebody could not be registered"));
            }
            deployment.tokens.push(deployment.sign_in(number)?);
        }
        Ok(deployment)
    }

    /// Signs one of them in and returns the session token.
    ///
    /// # Errors
    ///
    /// [`Unmeasured`] when that person is not let in.
    pub fn sign_in(&self, number: usize) -> Result<Secret<String>, Unmeasured> {
        match block_on(self.vestibule.sign_in(SignInRequest::new(login(number), PASSWORD))) {
            Ok(SignIn::SignedIn(signed_in)) => Ok(signed_in.token),
            Ok(SignIn::FactorNeeded(_) | SignIn::PasswordChangeNeeded { .. }) | Err(_) => {
                Err(Unmeasured::because("somebody could not sign in"))
            }
        }
    }

    /// The database file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        file(&self.folder)
    }
}

fn file(folder: &TempDir) -> PathBuf {
    let folder: &Path = folder.path();
    folder.join("people.db")
}

/// The login of one of them.
#[must_use]
pub fn login(number: usize) -> String {
    format!("person{number}@example.com")
}

/// Runs a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
