//! Each outcome, and its time.

use vestibule_checkword::purpose::{ALL, CONFIRM_ADDRESS, JOIN};
use vestibule_checkword::{FORMERS, LONGEST, Rotation};
use vestibule_core::Purpose;

use super::*;

#[test]
fn a_link_is_redeemed_once_and_names_its_holder_and_what_it_is_bound_to() {
    let node = node(&MemoryStore::in_memory());
    let link = sent(&node, NOW);
    let proof = redeemed(&node, &link, after(5)).unwrap();
    assert_eq!((proof.holder(), proof.purpose(), proof.generation()), (ada(), RECOVERY, 1));
    assert_eq!((proof.bound(), proof.at()), (&b"ada@example.org"[..], after(5)));
    for now in [after(5), after(6), after(600)] {
        assert_eq!(redeemed(&node, &link, now), Err(Problem::Used { at: after(5) }));
    }
}

#[test]
fn a_thousand_visits_change_nothing_and_burn_nothing() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let link = sent(&node, NOW);
    let before = store.kv().dump();
    for _ in 0..1000 {
        inspected(&node, &link, after(1)).unwrap();
    }
    assert_eq!(store.kv().dump(), before);
    let _ = redeemed(&node, &link, after(2)).unwrap();
}

#[test]
fn the_boundary_instant_is_refused() {
    let node = node(&MemoryStore::in_memory());
    let link = sent(&node, NOW);
    let end = after(60);
    let last = Timestamp::from_unix_micros(end.unix_micros() - 1);
    inspected(&node, &link, last).unwrap();
    for now in [end, after(61)] {
        assert_eq!(inspected(&node, &link, now), Err(Problem::Expired { at: end }));
        assert_eq!(redeemed(&node, &link, now), Err(Problem::Expired { at: end }));
    }
    let _ = redeemed(&node, &link, last).unwrap();
}

#[test]
fn a_lifetime_of_its_own_holds_to_its_boundary() {
    let policy = CheckwordPolicy::default().with_lifetime(RECOVERY, LONGEST).unwrap();
    let node = node(&MemoryStore::in_memory()).with_policy(policy);
    let link = sent(&node, NOW);
    inspected(&node, &link, after(24 * 60 - 1)).unwrap();
    assert_eq!(redeemed(&node, &link, after(24 * 60)), Err(Problem::Expired { at: after(24 * 60) }));
}

#[test]
fn in_the_first_half_of_its_life_the_same_link_goes_out_again() {
    let node = node(&MemoryStore::in_memory());
    let link = sent(&node, NOW);
    assert_eq!(ask(&node, &wanted(), NOW.plus(MINUTE / 2)), None);
    for minute in [1, 6, 21] {
        assert_eq!(ask(&node, &wanted(), after(minute)), Some((link.clone(), true)), "{minute}");
        assert_eq!(ask(&node, &wanted(), after(minute).plus(MINUTE / 2)), None);
    }
    let _ = redeemed(&node, &link, after(59)).unwrap();
}

#[test]
fn after_half_its_life_a_new_link_supersedes_it_and_says_when() {
    let node = node(&MemoryStore::in_memory());
    let old = sent(&node, NOW);
    let (same, again) = ask(&node, &wanted(), after(30)).unwrap();
    assert!(again && same == old, "half of the life is left");
    let (new, again) = ask(&node, &wanted(), after(35)).unwrap();
    assert!(!again && new != old);
    assert_eq!(inspected(&node, &old, after(36)), Err(Problem::Superseded { at: after(35) }));
    assert_eq!(redeemed(&node, &old, after(36)), Err(Problem::Superseded { at: after(35) }));
    let _ = redeemed(&node, &new, after(36)).unwrap();
    assert_eq!(redeemed(&node, &old, after(36)), Err(Problem::Superseded { at: after(35) }));
}

#[test]
fn a_hundred_requests_in_a_minute_send_one_link_at_most_twice() {
    let node = node(&MemoryStore::in_memory());
    let asked = (0..=100).filter_map(|n| ask(&node, &wanted(), NOW.plus(MINUTE * n / 100)));
    let links: Vec<String> = asked.map(|(link, _)| link).collect();
    assert!(links.len() == 2 && links[0] == links[1], "{}", links.len());
    let _ = redeemed(&node, &links[0], after(2)).unwrap();
}

#[test]
fn every_change_makes_the_link_worthless_and_is_named() {
    for by in Rotation::ALL {
        let node = node(&MemoryStore::in_memory());
        let link = sent(&node, NOW);
        block_on(node.rotate(ada(), ALL, by, after(1))).unwrap();
        let rotated = Problem::Rotated { at: after(1), by };
        assert_eq!(redeemed(&node, &link, after(2)), Err(rotated));
        let (new, again) = ask(&node, &wanted(), after(3)).unwrap();
        assert!(!again);
        assert_eq!(redeemed(&node, &link, after(4)), Err(rotated), "the reason stays true");
        let _ = redeemed(&node, &new, after(4)).unwrap();
    }
}

#[test]
fn a_used_link_is_told_as_used_whatever_changes_later() {
    let node = node(&MemoryStore::in_memory());
    let link = sent(&node, NOW);
    let _ = redeemed(&node, &link, after(1)).unwrap();
    block_on(node.rotate(ada(), ALL, Rotation::PasswordSet, after(2))).unwrap();
    sent(&node, after(3));
    assert_eq!(redeemed(&node, &link, after(4)), Err(Problem::Used { at: after(1) }));
}

#[test]
fn a_link_for_another_address_is_another_link() {
    let node = node(&MemoryStore::in_memory());
    let old = sent(&node, NOW);
    let moved = CheckwordRequest::new(ada(), RECOVERY).bound_to(b"ada@example.com");
    let (new, again) = ask(&node, &moved, after(1)).unwrap();
    assert!(!again);
    assert_eq!(redeemed(&node, &old, after(2)), Err(Problem::Superseded { at: after(1) }));
    assert_eq!(redeemed(&node, &new, after(2)).unwrap().bound(), b"ada@example.com");
}

#[test]
fn purposes_do_not_serve_for_one_another_and_hosts_add_their_own() {
    let node = node(&MemoryStore::in_memory());
    let coupon = Purpose::new("acme-coupon").unwrap();
    for purpose in ALL.iter().copied().chain([coupon]) {
        let (link, _) = ask(&node, &CheckwordRequest::new(ada(), purpose), NOW).unwrap();
        for other in ALL.iter().copied().chain([coupon]).filter(|other| *other != purpose) {
            let answer = block_on(node.redeem(&link, other, Intent::NewPassword, after(1)));
            assert_eq!(known(answer), Err(Problem::WrongPurpose));
        }
        let _ = known(block_on(node.redeem(&link, purpose, Intent::NewPassword, after(1)))).unwrap();
    }
}

#[test]
fn the_session_that_redeems_must_be_the_holders() {
    let node = node(&MemoryStore::in_memory());
    let (link, _) = ask(&node, &CheckwordRequest::new(ada(), CONFIRM_ADDRESS), NOW).unwrap();
    let by =
        |person| known(block_on(node.redeem(&link, CONFIRM_ADDRESS, Intent::OwnSession(person), after(1))));
    assert_eq!(by(SubjectId::from(7)), Err(Problem::OtherPerson));
    assert_eq!(by(ada()).unwrap().intent(), Intent::OwnSession(ada()));
}

#[test]
fn what_is_no_link_is_malformed_and_a_strangers_is_unknown() {
    let node = node(&MemoryStore::in_memory());
    let link = sent(&super::node(&MemoryStore::in_memory()), NOW);
    assert_eq!(inspected(&node, &link, NOW), Err(Problem::Unknown));
    for text in [
        "",
        " ",
        "0",
        "null",
        link.trim_start_matches('v'),
        link.get(..link.len() - 1).unwrap(),
        &format!("{link} "),
    ] {
        assert_eq!(inspected(&node, text, NOW), Err(Problem::Malformed), "{text}");
    }
    let foreign = vestibule_core::SecretText::make(&SystemEntropy, RECOVERY, KeyId::parse("zz").unwrap());
    // EXPOSE: handed in as a stranger would.
    assert_eq!(inspected(&node, foreign.unwrap().render().expose(), NOW), Err(Problem::Unknown));
}

#[test]
fn the_last_generations_are_remembered_and_older_ones_are_unknown() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let bound = CheckwordRequest::new(ada(), JOIN);
    let count = u32::try_from(FORMERS).unwrap() + 3;
    let links: Vec<String> = (0..count).map(|n| ask(&node, &bound, after(n * 90)).unwrap().0).collect();
    let tell = |link: &str| known(block_on(node.inspect(link, JOIN, after(count * 90)))).unwrap_err();
    for (n, link) in links.iter().enumerate().take(links.len() - 1) {
        let at = after(u32::try_from(n + 1).unwrap() * 90);
        let told = if n < 2 { Problem::Unknown } else { Problem::Superseded { at } };
        assert_eq!(tell(link), told, "{n}");
    }
    // The slot, its formers, and a digest for each.
    assert_eq!(rows(&store), 2 * (1 + 8));
}

/// Rows beside the memory of batches.
fn rows(store: &MemoryStore) -> usize {
    let memory =
        |key: &vestibule_core::kv::Key| key.partition().as_bytes().windows(5).any(|word| word == b"batch");
    store.kv().dump().iter().filter(|(key, _)| !memory(key)).count()
}
