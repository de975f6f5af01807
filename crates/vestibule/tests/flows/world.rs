//! A deployment whose clock stands still until it is told to go on.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Wake, Waker};
use std::thread::Thread;

use vestibule::{
    Acting, Authenticated, NewPerson, PhoneCodes, Provider, Reason, SignIn, SignInRequest, SignedIn,
    Vestibule,
};
use vestibule_core::{
    AccountId, Clock, Failure, KeyId, KeyPurpose, KeyRing, LoginEmail, Refusal, Secret, SubjectId, Timestamp,
};
use vestibule_credentials::{HashParams, HashPoolConfig};
use vestibule_journal::JournalRead;
use vestibule_profiles::{NewAccount, NewMember, Role};
use vestibule_throttle::{ChallengePolicy, Limit, ThrottlePolicy};

use crate::ground::{Ground, Keep, ground};

pub(crate) const ADA: &str = "ada@example.com";
pub(crate) const RIGHT: &str = "a horse that counts to nine";
pub(crate) const WRONG: &str = "a mule that counts to seven";
pub(crate) const NEW: &str = "eleven otters below the pier";

/// A provider that runs the mailboxes of example.com.
pub(crate) const HOME: &str = "https://id.example.com";
/// A provider that runs none.
pub(crate) const ELSEWHERE: &str = "https://social.example.net";
/// A provider by which nobody signs up.
pub(crate) const STAFF: &str = "https://staff.example.org/realms/all";

/// A clock that moves when a test says so.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, span: Duration) {
        self.0.fetch_add(i64::try_from(span.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.load(Ordering::SeqCst))
    }

    fn is_system(&self) -> bool {
        false
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future on this thread; the hashing pool's workers wake it.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

pub(crate) struct World {
    pub(crate) vestibule: Vestibule,
    pub(crate) store: Ground,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) keep: Keep,
}

/// Windows too wide to meet and no challenge, for tests of what stands behind them.
pub(crate) fn wide() -> ThrottlePolicy {
    let limit = Limit::new(1_000_000, Duration::from_secs(60)).unwrap();
    let policy = ThrottlePolicy::default().identifier(&[limit]).unwrap();
    policy.challenge(ChallengePolicy::never())
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(wide())
    }

    pub(crate) fn with(throttle: ThrottlePolicy) -> Self {
        Self::built(throttle, Some(PhoneCodes::default()))
    }

    /// With codes for phones as this says.
    pub(crate) fn with_phones(codes: Option<PhoneCodes>) -> Self {
        Self::built(wide(), codes)
    }

    fn built(throttle: ThrottlePolicy, codes: Option<PhoneCodes>) -> Self {
        let (store, keep) = ground();
        let clock = Arc::new(TestClock(AtomicI64::new(1_800_000_000_000_000)));
        let mut ring = KeyRing::builder();
        for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
            ring = ring.current(purpose, KeyId::parse("k1").unwrap(), Secret::new([7; 32]));
        }
        let mut builder = Vestibule::builder();
        if let Some(codes) = codes {
            builder = builder.phone_codes(codes);
        }
        let vestibule = builder
            .store(store.clone())
            .keys(ring.build().unwrap())
            .hashing(HashPoolConfig::new(HashParams::danger_weak_for_tests(), 2))
            .clock(Arc::clone(&clock))
            .throttle(throttle)
            .provider(Provider::new(HOME).unwrap().authoritative_for("example.com").unwrap())
            .provider(Provider::new(ELSEWHERE).unwrap())
            .provider(Provider::new(STAFF).unwrap().without_sign_up())
            .build()
            .unwrap();
        Self { vestibule, store, clock, keep }
    }

    /// With Ada registered under [`RIGHT`].
    pub(crate) fn with_ada() -> (Self, SubjectId) {
        let world = Self::new();
        let ada = world.person(ADA);
        (world, ada)
    }

    pub(crate) fn person(&self, login: &str) -> SubjectId {
        let person = NewPerson::verified_by_host(LoginEmail::parse(login).unwrap()).password(RIGHT);
        block_on(self.vestibule.register_verified(person)).unwrap()
    }

    pub(crate) fn try_in(&self, request: SignInRequest) -> Result<SignIn, Failure<Refusal>> {
        block_on(self.vestibule.sign_in(request))
    }

    pub(crate) fn sign_in_with(&self, request: SignInRequest) -> SignedIn {
        match self.try_in(request).unwrap() {
            SignIn::SignedIn(signed_in) => signed_in,
            SignIn::FactorNeeded(_) => panic!("a second factor is needed"),
            SignIn::PasswordChangeNeeded { because, .. } => panic!("{}", because.code()),
        }
    }

    pub(crate) fn sign_in(&self, login: &str) -> SignedIn {
        self.sign_in_with(SignInRequest::new(login, RIGHT))
    }

    pub(crate) fn refused_in(&self, request: SignInRequest) -> Refusal {
        refused(self.try_in(request))
    }

    pub(crate) fn session(&self, login: &str) -> Authenticated {
        self.authenticate(&self.sign_in(login).token).unwrap()
    }

    pub(crate) fn authenticate(&self, token: &Secret<String>) -> Result<Authenticated, Failure<Refusal>> {
        block_on(self.vestibule.authenticate(token))
    }

    /// The code with which a token is refused.
    pub(crate) fn dead(&self, token: &Secret<String>) -> &'static str {
        refused(self.authenticate(token)).code()
    }

    pub(crate) fn account(&self, by: &Authenticated, account: u64) -> AccountId {
        let account = AccountId::from(account);
        block_on(self.vestibule.create_account(by, NewAccount::new(account, "Engines", role()))).unwrap();
        account
    }

    pub(crate) fn add(&self, by: &Authenticated, account: AccountId, subject: SubjectId) {
        let member = NewMember::active(subject, role());
        block_on(self.vestibule.add_member(Acting::Administrator(by), account, member)).unwrap();
    }

    /// Whether the reference finds a folded case, and whether it finds an audit event.
    pub(crate) fn found(&self, refusal: &Refusal) -> (bool, bool) {
        let cases = block_on(self.store.cases(refusal.case())).unwrap();
        let case = cases.iter().any(|case| case.code.as_str() == refusal.code());
        let event = block_on(self.store.event_by_case(refusal.case())).unwrap();
        (case, event.is_some())
    }

    /// The refusal of an act, which must have left an audit event.
    pub(crate) fn told<T>(&self, result: Result<T, Failure<Refusal>>) -> &'static str {
        let refusal = refused(result);
        assert_eq!(self.found(&refusal), (false, true), "{}", refusal.code());
        refusal.code()
    }
}

/// The refusal of an act that must not succeed.
pub(crate) fn refused<T>(result: Result<T, Failure<Refusal>>) -> Refusal {
    match result {
        Ok(_) => panic!("it was allowed"),
        Err(Failure::Refused(refusal)) => refusal,
        Err(Failure::Fault(error)) => panic!("a fault: {error:?}"),
    }
}

/// Does both at once.
pub(crate) fn both<A: Send, B: Send>(
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    let barrier = Barrier::new(2);
    std::thread::scope(|scope| {
        let one = scope.spawn(|| {
            barrier.wait();
            one()
        });
        barrier.wait();
        let other = other();
        (one.join().unwrap(), other)
    })
}

/// How many rounds a race has: as many as usual, or `VESTIBULE_RACE_ROUNDS`.
pub(crate) fn rounds(usual: usize) -> usize {
    std::env::var("VESTIBULE_RACE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(usual)
}

pub(crate) fn role() -> Role {
    Role::parse("clerk").unwrap()
}

pub(crate) fn reason() -> Reason {
    Reason::parse("ticket 4711").unwrap()
}
