//! PR-6: before proof, answers for known and unknown logins are equal in content, side effects and cost, over whole
//! sequences of tries and whatever the owners do meanwhile.

use core::time::Duration;
use std::collections::BTreeMap;

use vestibule::{Acting, NewPerson, SignInRequest};
use vestibule_core::kv::Key;
use vestibule_core::{AccountId, Audience, ClientAddress, Disclosure, Identifier, LoginEmail, Secret};
use vestibule_profiles::Move;
use vestibule_throttle::{ChallengePassed, ThrottlePolicy};

use crate::doors::{BOB, EVE, rows, table};
use crate::world::{ADA, NEW, RIGHT, WRONG, World, block_on, reason};

/// Nobody, and one of each kind of person.
const LOGINS: [&str; 8] = [
    "nobody@example.com",
    ADA,
    BOB,
    EVE,
    "bare@example.com",
    "blocked@example.com",
    "marked@example.com",
    "waits@example.com",
];

/// Ada administers account 1, Bob is a member, Eve was dismissed, one has no password, one is blocked, one must change
/// the password, one waits for approval. Each has signed in once, as far as they could.
fn town() -> (World, AccountId, Secret<String>) {
    let world = World::with(ThrottlePolicy::default());
    for login in [ADA, BOB, EVE, "blocked@example.com", "marked@example.com", "waits@example.com"] {
        world.person(login);
    }
    let bare = NewPerson::verified_by_host(LoginEmail::parse("bare@example.com").unwrap());
    block_on(world.vestibule.register_verified(bare)).unwrap();
    let home = world.sign_in(ADA).device.unwrap();
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    let by = Acting::Administrator(&ada);
    for login in [BOB, EVE] {
        world.add(&ada, account, world.sign_in(login).subject);
    }
    let eve = world.sign_in(EVE).subject;
    block_on(world.vestibule.move_member(by, account, eve, Move::Dismiss)).unwrap();
    let waits = world.sign_in("waits@example.com").subject;
    let new = vestibule_profiles::NewMember::awaiting_approval(waits, crate::world::role());
    block_on(world.vestibule.add_member(by, account, new)).unwrap();
    let blocked = world.sign_in("blocked@example.com").subject;
    block_on(world.vestibule.block(&reason(), blocked, None)).unwrap();
    let marked = world.sign_in("marked@example.com").subject;
    block_on(world.vestibule.require_password_change(&reason(), marked)).unwrap();
    (world, account, home)
}

type Rows = BTreeMap<Key, Vec<u8>>;

/// The tables in which rows came into being or changed, and how many. A member's own row is noted for the
/// administrator; it is the one row that strangers do not have.
fn written(before: &Rows, after: &Rows) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (key, _) in after.iter().filter(|(key, row)| before.get(*key) != Some(*row)) {
        *counts.entry(table(key)).or_insert(0) += 1;
    }
    counts.retain(|table, _| table != "profiles.member");
    counts
}

/// What a stranger meets: everything that is answered, and what it costs.
#[derive(Debug, PartialEq, Eq)]
struct Met {
    answer: (&'static str, &'static str),
    remedies: Vec<&'static str>,
    facts: Vec<(&'static str, String)>,
    hashes: u64,
    written: BTreeMap<String, usize>,
}

fn meet(world: &World, request: SignInRequest) -> Met {
    let (hashes, before) = (world.vestibule.hashes_computed(), rows(world));
    let refusal = world.refused_in(request);
    let public = refusal.public();
    Met {
        answer: (public.code, public.text),
        remedies: refusal.public_remedies().iter().map(|remedy| remedy.id()).collect(),
        facts: refusal.facts_for(Audience::Visitor).map(|(name, value)| (name, value.to_owned())).collect(),
        hashes: world.vestibule.hashes_computed() - hashes,
        written: written(&before, &rows(world)),
    }
}

/// Runs the same script against every login, each in a town of its own, and compares what was met step by step.
fn same_for_everybody(script: impl Fn(&World, AccountId, &Secret<String>, &str) -> Vec<Met>) -> Vec<Met> {
    let mut all: Vec<(&str, Vec<Met>)> = LOGINS
        .into_iter()
        .map(|login| {
            let (world, account, home) = town();
            (login, script(&world, account, &home, login))
        })
        .collect();
    let (_, nobody) = all.remove(0);
    for (login, met) in all {
        for (step, (theirs, nobodys)) in met.iter().zip(&nobody).enumerate() {
            assert_eq!(theirs, nobodys, "{login}, step {step}");
        }
        assert_eq!(met.len(), nobody.len());
    }
    nobody
}

fn passed(world: &World, login: &str) -> ChallengePassed {
    let key = Identifier::parse_login(login).unwrap().key();
    ChallengePassed::vouched_by_host(key, world.vestibule.now())
}

fn client(n: u8) -> ClientAddress {
    ClientAddress::from(std::net::IpAddr::from([203, 0, 113, n]))
}

fn stolen(token: &Secret<String>) -> Secret<String> {
    // EXPOSE: the test sends it more than once.
    Secret::new(token.expose().clone())
}

#[test]
fn pr_6_a_burst_of_wrong_passwords_meets_the_same_window_and_challenge_for_everybody() {
    let met = same_for_everybody(|world, account, _, login| {
        let mut met = Vec::new();
        for group in 0..4 {
            for n in 0..7 {
                let mut request = SignInRequest::new(login, WRONG).from_client(client(n));
                if n % 2 == 0 {
                    request = request.into_account(account);
                }
                if group > 1 {
                    request = request.challenge(passed(world, login));
                }
                met.push(meet(world, request));
            }
            world.clock.advance(Duration::from_secs(31));
        }
        met
    });
    for code in ["sign_in.try_again", "throttle.wait", "throttle.challenge_required"] {
        assert!(met.iter().any(|one| one.answer.0 == code), "{code} was not met");
    }
}

/// The owners sign in, change passwords, come and go between the stranger's tries.
#[test]
fn pr_6_what_the_owners_do_meanwhile_shows_to_nobody() {
    same_for_everybody(|world, account, home, login| {
        let mut met = Vec::new();
        let ada = world.session(ADA);
        for round in 0..6 {
            for _ in 0..2 {
                met.push(meet(world, SignInRequest::new(login, WRONG).into_account(account)));
            }
            let right = |login| SignInRequest::new(login, RIGHT).challenge(passed(world, login));
            match round {
                0 => drop(world.sign_in_with(right(ADA).device(stolen(home)))),
                1 => drop(world.sign_in_with(right(BOB).into_account(account))),
                2 => block_on(world.vestibule.sign_out(&ada)).unwrap(),
                3 => {
                    let who = world.authenticate(&world.sign_in_with(right(BOB)).token).unwrap();
                    let _ = block_on(world.vestibule.change_password(&who, RIGHT, NEW)).unwrap();
                }
                4 => assert!(world.try_in(right("marked@example.com")).is_ok()),
                _ => assert_eq!(world.refused_in(right("blocked@example.com")).code(), "profile.blocked"),
            }
            world.clock.advance(Duration::from_secs(16));
        }
        met
    });
}

/// A device token of somebody else, of nobody, or none: no difference at the door of any login that is not its own.
#[test]
fn pr_6_a_device_token_of_somebody_else_tells_nothing() {
    let mut without = Vec::new();
    for token in [None, Some("theirs"), Some("nonsense")] {
        let met: Vec<Met> = LOGINS
            .into_iter()
            .map(|login| {
                let (world, account, _) = town();
                world.person("thief@example.com");
                let theirs = world.sign_in("thief@example.com").device.unwrap();
                let mut request = SignInRequest::new(login, WRONG).into_account(account);
                match token {
                    None => {}
                    Some("theirs") => request = request.device(theirs),
                    Some(other) => request = request.device(Secret::new(other.to_owned())),
                }
                meet(&world, request)
            })
            .collect();
        assert!(met.iter().all(|one| *one == met[0]), "{met:#?}");
        without.push(met);
    }
    assert!(without.iter().all(|one| *one == without[0]));
}

/// What cannot be a password, or is asked for an account that is not there, is refused alike.
#[test]
fn pr_6_odd_requests_are_refused_alike() {
    let long = "x".repeat(100_000);
    same_for_everybody(|world, _, _, login| {
        let nowhere = AccountId::from(404);
        // Each from a network of its own: what two of one network tell by their references is a finding.
        [
            SignInRequest::new(login, long.as_str()),
            SignInRequest::new(login, ""),
            SignInRequest::new(login, WRONG).into_account(nowhere),
            SignInRequest::new(login.to_uppercase(), WRONG),
        ]
        .into_iter()
        .zip(0..)
        .map(|(request, n)| meet(world, request.from_client(client(n))))
        .collect()
    });
}

/// The default tells nothing before proof.
#[test]
fn pr_6_the_default_is_to_tell_nothing_before_proof() {
    assert_eq!(Disclosure::default(), Disclosure::AfterProof);
}
