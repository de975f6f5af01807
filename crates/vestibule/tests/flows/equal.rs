//! Before proof, nobody can tell who is known (PR-6).

use core::cell::RefCell;
use std::collections::BTreeMap;

use vestibule::{
    Acting, CodeSent, NewPerson, RecoveryRequest, Sent, SignInRequest, SignUpAsked, SignUpRequest,
};
use vestibule_core::kv::Key;
use vestibule_core::{LoginEmail, PhoneNumber};
use vestibule_profiles::Move;

use crate::world::{ADA, RIGHT, WRONG, World, block_on, reason};

type Rows = BTreeMap<Key, Vec<u8>>;

fn rows(world: &World) -> Rows {
    world.store.kv().dump().into_iter().collect()
}

/// How many rows came into being or changed, by the table they rest in.
fn written(before: &Rows, after: &Rows) -> BTreeMap<(String, bool), usize> {
    let mut counts = BTreeMap::new();
    for (key, _) in after.iter().filter(|(key, value)| before.get(*key) != Some(*value)) {
        *counts.entry((table(key), before.contains_key(key))).or_insert(0) += 1;
    }
    counts
}

/// The second part of a partition, after the realm.
fn table(key: &Key) -> String {
    let bytes = key.partition().as_bytes();
    let part = |bytes: &[u8]| usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    let rest = &bytes[2 + part(bytes)..];
    String::from_utf8(rest[2..2 + part(rest)].to_vec()).unwrap()
}

/// A deployment with one of each kind of person, and their logins.
fn of_each_kind() -> (World, vestibule_core::AccountId, [&'static str; 5]) {
    let (world, _) = World::with_ada();
    let bare = NewPerson::verified_by_host(LoginEmail::parse("bare@example.com").unwrap());
    block_on(world.vestibule.register_verified(bare)).unwrap();
    let blocked = world.person("blocked@example.com");
    let dismissed = world.person("dismissed@example.com");
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    world.add(&ada, account, dismissed);
    let by = Acting::Administrator(&ada);
    block_on(world.vestibule.move_member(by, account, dismissed, Move::Dismiss)).unwrap();
    block_on(world.vestibule.block(&reason(), blocked, None)).unwrap();
    let logins =
        ["nobody@example.com", ADA, "bare@example.com", "blocked@example.com", "dismissed@example.com"];
    (world, account, logins)
}

#[test]
fn a_wrong_secret_gets_the_same_answer_and_costs_one_hash_whoever_it_is() {
    let (world, account, logins) = of_each_kind();
    let mut codes = Vec::new();
    for into_account in [true, false] {
        let mut answers = Vec::new();
        for login in logins {
            let mut request = SignInRequest::new(login, WRONG);
            if into_account {
                request = request.into_account(account);
            }
            let hashes = world.vestibule.hashes_computed();
            let refusal = world.refused_in(request);
            assert_eq!(world.vestibule.hashes_computed() - hashes, 1, "{login}");
            assert_eq!(world.found(&refusal), (true, false), "{login}");
            let shown: Vec<_> = refusal
                .facts_for(vestibule_core::Audience::Visitor)
                .map(|(name, value)| (name, value.to_owned()))
                .collect();
            answers.push((refusal.public(), refusal.public_remedies(), shown));
            codes.push(refusal.code());
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(answers[0].0.code, "sign_in.try_again");
    }
    let told =
        ["sign_in.login_unknown", "password.wrong", "password.none", "password.wrong", "password.wrong"];
    assert_eq!(codes, [told, told].concat());
}

#[test]
fn a_wrong_secret_writes_the_same_new_rows_whoever_it_is() {
    let (world, _, logins) = of_each_kind();
    // The first try of each has no row of tries yet only where nobody ever signed in: each tries once beforehand.
    for login in logins {
        world.refused_in(SignInRequest::new(login, WRONG));
    }
    world.clock.advance(core::time::Duration::from_secs(7200));
    let mut all = Vec::new();
    for login in logins {
        let before = rows(&world);
        world.refused_in(SignInRequest::new(login, WRONG));
        all.push(written(&before, &rows(&world)));
    }
    assert!(all.iter().all(|one| *one == all[0]), "{all:#?}");
    assert!(!all[0].is_empty());
}

/// On the way into an account too: a member's row is only touched, none comes into being for anybody alone.
#[test]
fn on_the_way_into_an_account_the_same_rows_come_into_being_whoever_it_is() {
    let (world, account, logins) = of_each_kind();
    for login in logins {
        world.refused_in(SignInRequest::new(login, WRONG).into_account(account));
    }
    world.clock.advance(core::time::Duration::from_secs(7200));
    let mut all = Vec::new();
    for login in logins {
        let before = rows(&world);
        world.refused_in(SignInRequest::new(login, WRONG).into_account(account));
        let mut counts = written(&before, &rows(&world));
        counts.retain(|(_, existed), _| !existed);
        all.push(counts);
    }
    assert!(all.iter().all(|one| *one == all[0]), "{all:#?}");
    assert!(!all[0].is_empty());
}

#[test]
fn a_first_wrong_secret_writes_the_same_new_rows_for_the_unknown_and_the_known() {
    let (world, _, _) = of_each_kind();
    world.person("fresh@example.com");
    let mut all = Vec::new();
    for login in ["nobody@example.com", "fresh@example.com", "bare@example.com", "blocked@example.com"] {
        let before = rows(&world);
        world.refused_in(SignInRequest::new(login, WRONG));
        all.push(written(&before, &rows(&world)));
    }
    assert!(all.iter().all(|one| *one == all[0]), "{all:#?}");
}

#[test]
fn what_is_no_login_is_told_so_whoever_asks() {
    let (world, ..) = of_each_kind();
    let malformed = world.refused_in(SignInRequest::new("not a login", RIGHT));
    assert_eq!(malformed.code(), "sign_in.login_malformed");
    assert_eq!(malformed.public().code, malformed.code(), "it does not depend on who is known");
    assert_eq!(world.found(&malformed), (true, false));
}

/// A request for a link: first, while the last message is too fresh, and when the link before is superseded.
#[test]
fn a_request_for_a_link_writes_the_same_rows_whoever_it_is() {
    asked_of_each(|world, login| {
        let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(login))).unwrap();
    });
}

#[test]
fn a_sign_up_writes_the_same_rows_whoever_has_the_address() {
    asked_of_each(|world, login| {
        let request = SignUpRequest::new(login).has_no_profile();
        assert!(matches!(
            block_on(world.vestibule.request_sign_up(request)).unwrap(),
            SignUpAsked::Sent(Sent::Message)
        ));
    });
}

/// Of a phone the same, and so for the codes that are typed, right ones but the last.
#[test]
fn a_code_is_asked_for_and_typed_with_the_same_rows_whoever_has_the_number() {
    let numbers = ["+12025550100", "+12025550101", "+12025550102", "+12025550103"];
    let world = World::new();
    let number = |n: usize| PhoneNumber::parse(numbers[n]).unwrap();
    for (n, password) in [(1, true), (2, false), (3, true)] {
        let mut person = NewPerson::verified_by_host(number(n));
        if password {
            person = person.password(RIGHT);
        }
        let subject = block_on(world.vestibule.register_verified(person)).unwrap();
        if n == 3 {
            block_on(world.vestibule.block(&reason(), subject, None)).unwrap();
        }
    }
    let tickets = RefCell::new(BTreeMap::new());
    same_rows(&world, &numbers, 1, |world, phone| {
        let sent = block_on(world.vestibule.request_recovery(RecoveryRequest::new(phone))).unwrap();
        let Sent::Code(CodeSent { ticket, .. }) = sent else { panic!("a code was asked for") };
        tickets.borrow_mut().insert(phone.to_owned(), ticket);
    });
    same_rows(&world, &numbers, 0, |world, phone| {
        let tickets = tickets.borrow();
        let typed = block_on(world.vestibule.confirm_recovery_code(&tickets[phone], "12345", None));
        let code = crate::world::refused(typed).code();
        assert!(["checkword.code_wrong", "checkword.expired"].contains(&code), "{code}");
    });
    same_rows(&world, &numbers, 1, |world, phone| {
        let request = SignUpRequest::new(phone).has_no_profile();
        let asked = block_on(world.vestibule.request_sign_up(request)).unwrap();
        assert!(matches!(asked, SignUpAsked::Sent(Sent::Code(_))));
    });
}

fn asked_of_each(ask: impl Fn(&World, &str)) {
    let (world, _, logins) = of_each_kind();
    same_rows(&world, &logins, 1, ask);
}

fn same_rows(world: &World, logins: &[&str], messages: usize, ask: impl Fn(&World, &str)) {
    let mut rounds = Vec::new();
    for wait in [0, 10, 7200] {
        world.clock.advance(core::time::Duration::from_secs(wait));
        let mut all = Vec::new();
        for login in logins.iter().copied() {
            let before = rows(world);
            ask(world, login);
            let after = rows(world);
            let mut counts = written(&before, &after);
            // A message that is kept back and one that waits rest in slots of their own: how many there are is the same.
            let queued: usize = counts
                .iter()
                .filter(|((table, _), _)| table == "journal.messages")
                .map(|(_, count)| count)
                .sum();
            counts.retain(|(table, _), _| table != "journal.messages");
            // How many cases there are is counted in shards, and which of them is there already is chance.
            counts.retain(|(table, _), _| table != "journal.case_population");
            // The windows of the realm are one row for all.
            counts.retain(|(table, _), _| !table.starts_with("throttle"));
            all.push((counts, queued));
        }
        assert!(all.iter().all(|one| *one == all[0]), "after {wait} s: {all:#?}");
        assert_eq!(all[0].1, messages, "messages of each");
        rounds.push(all.swap_remove(0));
    }
    assert!(!rounds[0].0.is_empty());
}
