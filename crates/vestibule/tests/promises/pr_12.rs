//! PR-12: memory and time under a flood of sign-ins stay bounded, and known-good sessions keep working meanwhile.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use vestibule::{Acting, ImportedMembership, ImportedPerson, NewPerson, SignInRequest, Vestibule};
use vestibule_core::{
    ClientAddress, ErrorKind, Failure, KeyId, KeyPurpose, KeyRing, LoginEmail, Secret, Timestamp,
};
use vestibule_credentials::{HashParams, HashPoolConfig};
use vestibule_throttle::{ChallengePolicy, ThrottlePolicy};

use crate::world::{ADA, RIGHT, WRONG, World, block_on, reason, wide};

fn client(text: &str) -> ClientAddress {
    ClientAddress::from(text.parse::<std::net::IpAddr>().unwrap())
}

/// One worker, one place in the queue.
fn narrow(base: &World) -> Vestibule {
    let mut ring = KeyRing::builder();
    for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
        ring = ring.current(purpose, KeyId::parse("k1").unwrap(), Secret::new([7; 32]));
    }
    Vestibule::builder()
        .store(base.store.clone())
        .keys(ring.build().unwrap())
        .hashing(HashPoolConfig::new(HashParams::danger_weak_for_tests(), 1).with_queue(1))
        .clock(Arc::clone(&base.clock))
        .throttle(wide())
        .build()
        .unwrap()
}

#[test]
fn pr_12_whoever_finds_no_place_in_the_queue_is_told_busy_at_once_and_pays_nothing() {
    let base = World::new();
    let world = World { vestibule: narrow(&base), ..base };
    let person = NewPerson::verified_by_host(LoginEmail::parse(ADA).unwrap()).password(RIGHT);
    block_on(world.vestibule.register_verified(person)).unwrap();
    let session = world.sign_in(ADA);

    let (busy, judged, checked) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let over = AtomicBool::new(false);
    let before = world.vestibule.hashes_computed();
    std::thread::scope(|scope| {
        let flood: Vec<_> = (0..8)
            .map(|attacker| {
                let (world, busy, judged) = (&world, &busy, &judged);
                scope.spawn(move || {
                    for n in 0..60 {
                        let login = format!("nobody{attacker}x{n}@example.com");
                        match world.try_in(SignInRequest::new(login, WRONG)) {
                            Err(Failure::Refused(_)) => judged.fetch_add(1, Ordering::SeqCst),
                            Err(Failure::Fault(error)) => {
                                assert_eq!(error.kind(), ErrorKind::Busy);
                                assert!(error.is_retryable());
                                busy.fetch_add(1, Ordering::SeqCst)
                            }
                            Ok(_) => panic!("nobody signed in"),
                        };
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                assert!(world.authenticate(&session.token).is_ok(), "a good session is shut out");
                checked.fetch_add(1, Ordering::SeqCst);
            }
        });
        flood.into_iter().for_each(|one| one.join().unwrap());
        over.store(true, Ordering::SeqCst);
    });
    let (busy, judged) = (busy.into_inner(), judged.into_inner());
    assert_eq!(busy + judged, 480);
    assert!(busy > 0 && judged > 0, "{busy} busy, {judged} judged");
    assert_eq!(world.vestibule.hashes_computed() - before, judged, "who was told busy was not hashed");
    assert!(checked.into_inner() > 0);
    // Not debited either: whoever was told busy left no try behind.
    let tries = world.store.kv().dump().into_iter().filter(|(key, _)| {
        key.partition().as_bytes().windows(b"credentials.tries".len()).any(|it| it == b"credentials.tries")
    });
    assert!(u64::try_from(tries.count()).unwrap() <= judged + 1);
}

#[test]
fn pr_12_a_network_that_floods_soon_costs_no_hash_and_no_row_of_a_try() {
    let world = World::with(ThrottlePolicy::default());
    world.person(ADA);
    let session = world.sign_in(ADA);
    let flood = client("203.0.113.9");
    let rows = || world.store.kv().dump().len();
    let before = world.vestibule.hashes_computed();
    for n in 0..300 {
        let request = SignInRequest::new(format!("nobody{n}@example.com"), WRONG).from_client(flood);
        world.refused_in(request);
        assert!(world.authenticate(&session.token).is_ok());
    }
    assert_eq!(world.vestibule.hashes_computed() - before, 20, "twenty a minute");
    // The same logins again and again: what was refused is folded, nothing grows.
    let mut stands = Vec::new();
    for _ in 0..3 {
        for n in 0..300 {
            let request = SignInRequest::new(format!("nobody{n}@example.com"), WRONG).from_client(flood);
            assert_eq!(world.refused_in(request).code(), "throttle.wait");
        }
        stands.push(rows());
    }
    assert_eq!(stands[1..], [stands[0]; 2]);
    // Somebody else is not shut out by it.
    world.sign_in_with(SignInRequest::new(ADA, RIGHT).from_client(client("198.51.100.1")));
}

#[test]
fn pr_12_a_flood_at_one_login_shuts_out_neither_its_sessions_nor_its_known_devices() {
    let policy = ThrottlePolicy::default().challenge(ChallengePolicy::never());
    let world = World::with(policy);
    world.person(ADA);
    let signed_in = world.sign_in(ADA);
    let device = || {
        // EXPOSE: the browser sends its cookie again and again.
        Secret::new(signed_in.device.as_ref().unwrap().expose().clone())
    };
    for day in 0..7 {
        for _ in 0..12 {
            world.clock.advance(Duration::from_secs(300));
            for _ in 0..8 {
                world.refused_in(SignInRequest::new(ADA, WRONG));
            }
            // A stranger does not get through now, even with the right password.
            let stranger = world.refused_in(SignInRequest::new(ADA, RIGHT)).code();
            assert!(stranger == "throttle.wait" || stranger == "password.stopped", "{stranger}");
            assert!(world.authenticate(&signed_in.token).is_ok(), "day {day}");
        }
        // In the midst of it, with every window of the login full.
        if day == 0 {
            world.sign_in_with(SignInRequest::new(ADA, RIGHT).device(device()));
        }
        world.clock.advance(Duration::from_secs(86_400));
    }
    // Strangers have stopped the password; the device is still known.
    assert_eq!(world.refused_in(SignInRequest::new(ADA, RIGHT)).code(), "password.stopped");
    world.sign_in_with(SignInRequest::new(ADA, RIGHT).device(device()));
}

/// What is sent may be of any size and form: it is refused, and soon.
#[test]
fn pr_12_hostile_texts_are_refusals_and_leave_short_rows() {
    let (world, _) = World::with_ada();
    let long = "x".repeat(1 << 20);
    let texts =
        ["", "\0", "@", "a@", "\u{202e}@example.com", "+", "+49", "é@é.é", "a\r\nb@example.com", &long];
    for login in texts {
        let _ = world.refused_in(SignInRequest::new(login, WRONG).device(Secret::new(long.clone())));
        for password in texts {
            let _ = world.refused_in(SignInRequest::new(login, password));
            let _ = world.refused_in(SignInRequest::new(ADA, password));
        }
    }
    for token in texts {
        assert_eq!(world.dead(&Secret::new(token.to_owned())), "session.unknown");
    }
    assert!(world.store.kv().dump().iter().all(|(_, row)| row.len() < 1024));
}

/// FLT-X28: instants at both ends are kept, told and shown without a panic.
#[test]
fn pr_12_instants_at_both_ends_of_time_are_told_like_others() {
    let first = Timestamp::from_unix_micros(i64::MIN);
    let (world, ada) = World::with_ada();
    let session = world.session(ADA);
    let account = world.account(&session, 1);
    for (n, at) in [(50, first), (51, Timestamp::EPOCH)] {
        let membership = ImportedMembership::dismissed(account, "clerk").joined_at(at).since(at);
        let person = ImportedPerson::new(n.into()).email(&format!("p{n}@example.com")).created_at(at);
        let _ = block_on(world.vestibule.import(person.member(membership), &reason())).unwrap();
        let by = Acting::Administrator(&session);
        let seen = block_on(world.vestibule.view_member(by, account, n.into())).unwrap();
        assert!(seen.sentences().iter().any(|said| said.starts_with("Dismissed since")));
    }
    for until in [Timestamp::MAX, first] {
        block_on(world.vestibule.block(&reason(), ada, Some(until))).unwrap();
        let waiting = block_on(world.vestibule.waiting_messages(None, 10)).unwrap();
        assert!(waiting.unreadable.is_empty());
        assert!(waiting.messages.iter().all(|message| !message.notice.text().is_empty()));
        let signed_in = world.try_in(SignInRequest::new(ADA, RIGHT)).is_ok();
        assert_eq!(signed_in, until == first);
    }
}
