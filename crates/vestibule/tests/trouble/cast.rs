//! Who is there when something happens: Ada administers an account, Bob is or was or wants to be in it.

use vestibule::{Acting, NewPerson, Provider, Reason, Store, Vestibule};
use vestibule_core::{AccountId, KeyId, KeyPurpose, KeyRing, LoginEmail, Secret, SocialSubject, SubjectId};
use vestibule_credentials::{HashParams, HashPoolConfig};
use vestibule_profiles::{Move, NewAccount, NewMember, Role};
use vestibule_throttle::{ChallengePolicy, Limit, ThrottlePolicy};

pub(crate) const ADA: &str = "ada@example.com";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const CLEO: &str = "cleo@example.com";
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
    /// A member whom a social account opens, too; as it does Ada.
    Linked,
    /// A member whose password is good for one change only.
    Marked,
    /// A member whom a social account alone opens.
    SocialOnly,
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
        .throttle(throttle)
        .provider(Provider::new(HOME).unwrap())
        .provider(Provider::new(ELSEWHERE).unwrap())
        .build()
        .unwrap()
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
        Start::Member | Start::Linked | Start::SocialOnly => {
            join(engines(), NewMember::active(bob(), role("clerk"))).await
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
