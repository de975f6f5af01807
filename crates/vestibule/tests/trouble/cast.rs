//! Who is there when something happens: Ada administers an account, Bob is or was or wants to be in it.

use core::cell::Cell;
use core::time::Duration;

use vestibule::{
    Acting, NewPerson, NoticeKind, PhoneCodes, Provider, Reason, RecoveryRequest, Store, Vestibule,
};
use vestibule_core::{
    AccountId, Clock, ContactEmail, KeyId, KeyPurpose, KeyRing, LoginEmail, PhoneNumber, Secret,
    SocialSubject, SubjectId, Timestamp,
};
use vestibule_credentials::{HashParams, HashPoolConfig};
use vestibule_profiles::{AccountPolicy, Move, NewAccount, NewMember, Role};
use vestibule_throttle::{ChallengePolicy, Limit, ThrottlePolicy};

use crate::acts::{letter, session};
use crate::factor::{Draws, remember, set_up};

pub(crate) const ADA: &str = "ada@example.com";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const CLEO: &str = "cleo@example.com";
/// Bob's other mailbox and his phone, in the scenes where he has them.
pub(crate) const HIS: &str = "bob@home.example";
pub(crate) const PHONE: &str = "+12025550101";
/// Nobody's phone, in every scene.
pub(crate) const FREE: &str = "+12025550102";
pub(crate) const RIGHT: &str = "a horse that counts to nine";
pub(crate) const NEW: &str = "eleven otters below the pier";

pub(crate) const HOME: &str = "https://id.example.com";
pub(crate) const ELSEWHERE: &str = "https://social.example.net";

/// Somebody's social account, named as their login.
pub(crate) fn social(issuer: &str, login: &str) -> SocialSubject {
    SocialSubject::new(issuer, login).unwrap()
}

pub(crate) fn ada() -> SubjectId {
    SubjectId::from(1)
}

pub(crate) fn bob() -> SubjectId {
    SubjectId::from(2)
}

/// Nobody yet, in every scene.
pub(crate) fn cleo() -> SubjectId {
    SubjectId::from(3)
}

/// Ada's account.
pub(crate) fn engines() -> AccountId {
    AccountId::from(7)
}

/// Another one of hers.
pub(crate) fn pumps() -> AccountId {
    AccountId::from(8)
}

/// No account yet, in every scene.
pub(crate) fn looms() -> AccountId {
    AccountId::from(9)
}

/// Everybody that a scene can have.
pub(crate) fn people() -> [SubjectId; 3] {
    [ada(), bob(), cleo()]
}

/// Every account that a scene can have.
pub(crate) fn accounts() -> [AccountId; 3] {
    [engines(), pumps(), looms()]
}

pub(crate) fn role(name: &str) -> Role {
    Role::parse(name).unwrap()
}

pub(crate) fn reason() -> Reason {
    Reason::parse("ticket 4711").unwrap()
}

/// How Bob stands to Ada's account when a scene begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// He has nothing to do with it.
    Outside,
    Waiting,
    Member,
    Dismissed,
    /// A member of it and of another one.
    Elsewhere,
    /// A member whom the operator keeps out.
    Blocked,
    /// A member with a second factor, whom Ada exempts from it.
    Exempt,
    /// A member with a second factor, by which he has signed in.
    Factor,
    /// A member whose profile is frozen: the mailbox that he gave up objected.
    Frozen,
    /// The same, and he had a second factor before.
    FrozenFactor,
    /// A member whom a social account opens, too; as it does Ada.
    Linked,
    /// A member with two mailboxes and a phone; the first mailbox is his contact address there.
    Logins,
    /// A member whose second factor was lost, and reset.
    Lost,
    /// A member whose password is good for one change only.
    Marked,
    /// A member with a second factor and a device on which it is remembered, which the account accepts.
    Remembered,
    /// A member whom a social account alone opens, and his second factor.
    SocialFactor,
    /// A member whom a social account alone opens.
    SocialOnly,
    /// A member with a second factor, a mailbox and a phone, and a password by which he has not shown it.
    Unproven,
}

/// One instant for every process and every reference: what is due, and which code an app shows, depends on no machine.
struct Still;

thread_local! {
    /// Whether it is an hour before that: what was there before something else has come about.
    static EARLIER: Cell<bool> = const { Cell::new(false) };
}

/// Does it an hour before everything else.
pub(crate) async fn an_hour_earlier<T>(work: impl Future<Output = T>) -> T {
    EARLIER.set(true);
    let done = work.await;
    EARLIER.set(false);
    done
}

impl Clock for Still {
    fn now(&self) -> Timestamp {
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        if EARLIER.get() { now.minus(Duration::from_secs(3600)) } else { now }
    }

    fn is_system(&self) -> bool {
        false
    }
}

/// Windows too wide to meet, no challenge, and the cheapest hash.
pub(crate) fn deployment(store: impl Store) -> Vestibule {
    let mut ring = KeyRing::builder();
    for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
        ring = ring.current(purpose, KeyId::parse("k1").unwrap(), Secret::new([7; 32]));
    }
    let limit = Limit::new(1_000_000, Duration::from_secs(60)).unwrap();
    let throttle =
        ThrottlePolicy::default().identifier(&[limit]).unwrap().challenge(ChallengePolicy::never());
    Vestibule::builder()
        .store(store)
        .keys(ring.build().unwrap())
        .hashing(HashPoolConfig::new(HashParams::danger_weak_for_tests(), 1))
        .clock(Still)
        .entropy(Draws)
        .phone_codes(PhoneCodes::default())
        .throttle(throttle)
        .provider(Provider::new(HOME).unwrap())
        .provider(Provider::new(ELSEWHERE).unwrap())
        .build()
        .unwrap()
}

/// Until when an exemption holds.
pub(crate) fn tomorrow(vestibule: &Vestibule) -> Timestamp {
    vestibule.now().plus(Duration::from_secs(24 * 3600))
}

/// Brings everybody into their places, in a realm that was empty.
pub(crate) async fn settle(vestibule: &Vestibule, start: Start) {
    register(vestibule, start).await;
    let who = session(vestibule, ADA).await.unwrap();
    let why = reason();
    let by = Acting::Operator(&why);
    let open = async |account| {
        vestibule.create_account(&who, NewAccount::new(account, "Works", role("owner"))).await.unwrap();
    };
    let join = async |account, new: NewMember| vestibule.add_member(by, account, new).await.unwrap();
    open(engines()).await;
    let clerk = NewMember::active(bob(), role("clerk"));
    match start {
        Start::Outside => return,
        Start::Waiting => {
            return join(engines(), NewMember::awaiting_approval(bob(), role("clerk"))).await;
        }
        Start::Logins => join(engines(), clerk.contact(ContactEmail::parse(BOB).unwrap())).await,
        _ => join(engines(), clerk).await,
    }
    match start {
        Start::Outside
        | Start::Waiting
        | Start::Member
        | Start::Linked
        | Start::Logins
        | Start::SocialOnly => {}
        Start::Factor | Start::SocialFactor => drop(set_up(vestibule, start).await),
        Start::Exempt => {
            set_up(vestibule, start).await;
            vestibule.exempt(by, engines(), bob(), Some(tomorrow(vestibule)), &why).await.unwrap();
        }
        Start::Lost => {
            set_up(vestibule, start).await;
            vestibule.reset_factor(&why, bob()).await.unwrap();
        }
        Start::Unproven => {
            set_up(vestibule, start).await;
            let _ = vestibule.request_recovery(RecoveryRequest::new(BOB)).await.unwrap();
            let link = letter(vestibule, NoticeKind::RecoveryLink).await.unwrap().link.unwrap();
            vestibule.recover(&link, RIGHT, None).await.unwrap();
        }
        Start::Remembered => {
            let mut policy = AccountPolicy::new();
            policy.remembers_devices = Some(Duration::from_secs(24 * 3600));
            vestibule.edit_policy(by, engines(), policy).await.unwrap();
            remember(vestibule, &mut set_up(vestibule, start).await).await;
        }
        Start::Frozen => freeze(vestibule).await,
        Start::FrozenFactor => {
            an_hour_earlier(set_up(vestibule, start)).await;
            freeze(vestibule).await;
        }
        Start::Dismissed => vestibule.move_member(by, engines(), bob(), Move::Dismiss).await.unwrap(),
        Start::Elsewhere => {
            open(pumps()).await;
            join(pumps(), NewMember::active(bob(), role("clerk"))).await;
        }
        Start::Blocked => vestibule.block(&why, bob(), None).await.unwrap(),
        Start::Marked => vestibule.require_password_change(&why, bob()).await.unwrap(),
    }
}

/// Ada and Bob, each with what opens their profile.
async fn register(vestibule: &Vestibule, start: Start) {
    let linked = start == Start::Linked;
    for (subject, login, link) in [(ada(), ADA, social(ELSEWHERE, ADA)), (bob(), BOB, social(HOME, BOB))] {
        let is_bob = login == BOB;
        let mut person = NewPerson::verified_by_host(LoginEmail::parse(login).unwrap()).password(RIGHT);
        if linked {
            person = person.also(link.clone());
        }
        if is_bob && matches!(start, Start::SocialOnly | Start::SocialFactor) {
            person = NewPerson::verified_by_host(link);
        }
        if is_bob && matches!(start, Start::Logins | Start::Frozen | Start::FrozenFactor) {
            person = person.also(LoginEmail::parse(HIS).unwrap());
        }
        if is_bob && matches!(start, Start::Logins | Start::Frozen | Start::Unproven) {
            person = person.also(PhoneNumber::parse(PHONE).unwrap());
        }
        vestibule.register_verified(person.subject(subject)).await.unwrap();
    }
}

/// Bob gives a mailbox up, which objects.
async fn freeze(vestibule: &Vestibule) {
    let who = session(vestibule, BOB).await.unwrap();
    vestibule.remove_login(&who, HIS).await.unwrap();
    let told = letter(vestibule, NoticeKind::LoginLeaves).await.unwrap();
    vestibule.freeze_profile(&told.link.unwrap(), told.code.unwrap().expose()).await.unwrap();
}
