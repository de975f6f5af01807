//! Who is there when something happens: Ada administers an account, Bob is or was or wants to be in it.

use vestibule::{Acting, NewPerson, NoticeKind, PhoneCodes, Provider, Reason, Store, Vestibule};
use vestibule_core::{
    AccountId, Clock, KeyId, KeyPurpose, KeyRing, LoginEmail, PhoneNumber, Secret, SocialSubject, SubjectId,
    Timestamp,
};
use vestibule_credentials::{HashParams, HashPoolConfig};
use vestibule_profiles::{Move, NewAccount, NewMember, Role};
use vestibule_throttle::{ChallengePolicy, Limit, ThrottlePolicy};

use crate::factor::{Draws, set_up};

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
    /// A member whom a social account opens, too; as it does Ada.
    Linked,
    /// A member with two mailboxes and a phone.
    Logins,
    /// A member whose second factor was lost, and reset.
    Lost,
    /// A member whose password is good for one change only.
    Marked,
    /// A member whom a social account alone opens.
    SocialOnly,
}

/// One instant for every process and every reference: what is due, and which code an app shows, depends on no machine.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(1_800_000_000)
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
    let limit = Limit::new(1_000_000, core::time::Duration::from_secs(60)).unwrap();
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
    vestibule.now().plus(core::time::Duration::from_secs(24 * 3600))
}

/// Brings everybody into their places, in a realm that was empty.
pub(crate) async fn settle(vestibule: &Vestibule, start: Start) {
    let linked = start == Start::Linked;
    for (subject, login, link) in [(ada(), ADA, social(ELSEWHERE, ADA)), (bob(), BOB, social(HOME, BOB))] {
        let mut person = NewPerson::verified_by_host(LoginEmail::parse(login).unwrap()).password(RIGHT);
        if linked {
            person = person.also(link.clone());
        }
        if start == Start::SocialOnly && login == BOB {
            person = NewPerson::verified_by_host(link);
        }
        if matches!(start, Start::Logins | Start::Frozen) && login == BOB {
            person = person.also(LoginEmail::parse(HIS).unwrap()).also(PhoneNumber::parse(PHONE).unwrap());
        }
        vestibule.register_verified(person.subject(subject)).await.unwrap();
    }
    let who = crate::acts::session(vestibule, ADA).await.unwrap();
    let why = reason();
    let by = Acting::Operator(&why);
    let open = async |account| {
        vestibule.create_account(&who, NewAccount::new(account, "Works", role("owner"))).await.unwrap();
    };
    let join = async |account, new: NewMember| vestibule.add_member(by, account, new).await.unwrap();
    open(engines()).await;
    match start {
        Start::Outside => {}
        Start::Waiting => join(engines(), NewMember::awaiting_approval(bob(), role("clerk"))).await,
        Start::Member | Start::Linked | Start::Logins | Start::SocialOnly => {
            join(engines(), NewMember::active(bob(), role("clerk"))).await
        }
        Start::Exempt => {
            join(engines(), NewMember::active(bob(), role("clerk"))).await;
            set_up(vestibule).await;
            vestibule.exempt(by, engines(), bob(), Some(tomorrow(vestibule)), &why).await.unwrap();
        }
        Start::Factor | Start::Lost => {
            join(engines(), NewMember::active(bob(), role("clerk"))).await;
            set_up(vestibule).await;
            if start == Start::Lost {
                vestibule.reset_factor(&why, bob()).await.unwrap();
            }
        }
        Start::Frozen => {
            join(engines(), NewMember::active(bob(), role("clerk"))).await;
            let who = crate::acts::session(vestibule, BOB).await.unwrap();
            vestibule.remove_login(&who, HIS).await.unwrap();
            let told = crate::acts::letter(vestibule, NoticeKind::LoginLeaves).await.unwrap();
            vestibule.freeze_profile(&told.link.unwrap(), told.code.unwrap().expose()).await.unwrap();
        }
        Start::Dismissed => {
            join(engines(), NewMember::active(bob(), role("clerk"))).await;
            vestibule.move_member(by, engines(), bob(), Move::Dismiss).await.unwrap();
        }
        Start::Elsewhere => {
            open(pumps()).await;
            for account in [engines(), pumps()] {
                join(account, NewMember::active(bob(), role("clerk"))).await;
            }
        }
        Start::Blocked => {
            join(engines(), NewMember::active(bob(), role("clerk"))).await;
            vestibule.block(&why, bob(), None).await.unwrap();
        }
        Start::Marked => {
            join(engines(), NewMember::active(bob(), role("clerk"))).await;
            vestibule.require_password_change(&why, bob()).await.unwrap();
        }
    }
}
