//! The second factor through its public calls.

#![cfg(test)]

mod common;

use common::*;
use vestibule_core::{ErrorKind, Failure, MemoryStore, Secret, SystemEntropy};
use vestibule_mfa::{AuthenticatorName, Mfa, PENDING_FOR, Problem, ProvenBy, RecoveryCodes, STOPS_AT, Totp};

fn typed(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

#[test]
fn a_pending_secret_verifies_nothing_and_the_confirming_code_is_used() {
    let node = node(&MemoryStore::in_memory());
    let app = begin(&node, NOW);
    assert_eq!(refusal(block_on(node.verify(&Totp, ada(), &app.code(NOW, 0), NOW))), Problem::NotEnrolled);
    assert_eq!(refusal(block_on(node.confirm(ada(), app.id, &typed("00000a"), NOW))), Problem::Wrong);
    let sheet = block_on(node.confirm(ada(), app.id, &app.code(NOW, 0), NOW)).unwrap().unwrap();
    assert_eq!(sheet.codes().len(), 10);
    assert_eq!(refusal(block_on(node.verify(&Totp, ada(), &app.code(NOW, 0), NOW))), Problem::Replayed);
    assert_eq!(refusal(block_on(node.confirm(ada(), app.id, &app.code(NOW, 1), NOW))), Problem::NotPending);
}

#[test]
fn a_pending_secret_waits_an_hour_and_gives_way_to_the_next() {
    let node = node(&MemoryStore::in_memory());
    let (old, new) = (begin(&node, NOW), begin(&node, NOW));
    assert_eq!(refusal(block_on(node.confirm(ada(), old.id, &old.code(NOW, 0), NOW))), Problem::NotPending);
    let late = NOW.plus(PENDING_FOR);
    assert_eq!(refusal(block_on(node.confirm(ada(), new.id, &new.code(late, 0), late))), Problem::NotPending);
}

#[test]
fn each_step_is_accepted_once_however_its_code_is_spelt_and_no_older_one_after_it() {
    let node = node(&MemoryStore::in_memory());
    let (app, _) = enrol(&node);
    let proof = block_on(node.verify(&Totp, ada(), &app.code(NOW, 1), NOW)).unwrap().proof;
    assert_eq!((proof.subject(), proof.by(), proof.at()), (ada(), ProvenBy::Authenticator(app.id), NOW));
    assert_eq!(proof.amr(), "otp");
    let (code, mut spaced) = (app.code(NOW, 1), String::new());
    // EXPOSE: the test types it in two groups.
    code.expose()
        .chars()
        .enumerate()
        .for_each(|(at, digit)| spaced.extend([digit, if at == 2 { ' ' } else { '-' }]));
    assert_eq!(refusal(block_on(node.verify(&Totp, ada(), &typed(&spaced), NOW))), Problem::Replayed);
    assert_eq!(refusal(block_on(node.verify(&Totp, ada(), &app.code(NOW, 0), NOW))), Problem::Replayed);
}

#[test]
fn a_rename_does_not_bring_a_used_step_back() {
    let node = node(&MemoryStore::in_memory());
    let (app, _) = enrol(&node);
    let _ = block_on(node.verify(&Totp, ada(), &app.code(NOW, 0), NOW)).unwrap();
    block_on(node.rename(ada(), app.id, &AuthenticatorName::parse("new").unwrap(), NOW)).unwrap();
    assert_eq!(refusal(block_on(node.verify(&Totp, ada(), &app.code(NOW, 0), NOW))), Problem::Replayed);
    assert_eq!(block_on(node.list(ada())).unwrap()[0].name.as_str(), "new");
}

#[test]
fn a_wrong_clock_is_named_and_not_accepted() {
    let node = node(&MemoryStore::in_memory());
    let (app, _) = enrol(&node);
    for steps in [2, 20] {
        let answer = block_on(node.verify(&Totp, ada(), &app.code(NOW, steps), NOW));
        assert_eq!(refusal(answer), Problem::ClockSkew { steps });
    }
    assert_eq!(refusal(block_on(node.verify(&Totp, ada(), &app.code(NOW, 21), NOW))), Problem::Wrong);
    assert_eq!(refusal(block_on(node.verify(&Totp, ada(), &app.code(NOW, -5), NOW))), Problem::Wrong, "used");
}

#[test]
fn the_hundredth_failure_stops_it_also_for_the_right_code_until_bound_anew() {
    let node = node(&MemoryStore::in_memory());
    let (app, _) = enrol(&node);
    for _ in 0..STOPS_AT {
        assert_eq!(refusal(block_on(node.verify(&Totp, ada(), &app.code(NOW, 21), NOW))), Problem::Wrong);
    }
    assert_eq!(refusal(block_on(node.verify(&Totp, ada(), &app.code(NOW, 0), NOW))), Problem::Stopped);
    let (new, sheet) = enrol(&node);
    assert!(sheet.is_some());
    assert_eq!(
        refusal(block_on(node.verify(&Totp, ada(), &app.code(NOW, 0), NOW))),
        Problem::Wrong,
        "it is gone"
    );
    assert!(block_on(node.verify(&Totp, ada(), &new.code(NOW, 0), NOW)).is_ok());
}

#[test]
fn success_settles_the_failures_before_it_and_what_is_no_code_costs_no_try() {
    let node = node(&MemoryStore::in_memory());
    let (app, _) = enrol(&node);
    for _ in 0..STOPS_AT - 1 {
        let _ = refusal(block_on(node.verify(&Totp, ada(), &app.code(NOW, 21), NOW)));
        let _ = refusal(block_on(node.verify(&Totp, ada(), &typed("12345678"), NOW)));
    }
    assert!(block_on(node.verify(&Totp, ada(), &app.code(NOW, 0), NOW)).is_ok());
    assert_eq!(refusal(block_on(node.verify(&Totp, ada(), &app.code(NOW, 21), NOW))), Problem::Wrong);
    assert!(block_on(node.verify(&Totp, ada(), &app.code(NOW, 1), NOW)).is_ok());
}

#[test]
fn four_authenticators_and_no_fifth_and_the_codes_go_with_the_last() {
    let node = node(&MemoryStore::in_memory());
    let apps: Vec<_> = (0..4).map(|_| enrol(&node)).collect();
    assert_eq!(apps.iter().filter(|(_, sheet)| sheet.is_some()).count(), 1, "with the first");
    let name = AuthenticatorName::parse("fifth").unwrap();
    assert_eq!(refusal(block_on(node.begin(ada(), &name, NOW))), Problem::TooMany);
    for (place, (app, _)) in apps.iter().enumerate() {
        assert_eq!(block_on(node.count_codes(ada())).unwrap(), 10);
        if place < 3 {
            assert!(block_on(node.verify(&Totp, ada(), &app.code(NOW, 0), NOW)).is_ok());
        }
        block_on(node.remove(ada(), app.id, NOW)).unwrap();
        assert_eq!(refusal(block_on(node.remove(ada(), app.id, NOW))), Problem::Gone);
    }
    assert_eq!(block_on(node.count_codes(ada())).unwrap(), 0);
}

#[test]
fn a_recovery_code_works_once_in_any_spelling_and_returns_a_new_one() {
    let node = node(&MemoryStore::in_memory());
    let (_, sheet) = enrol(&node);
    let sheet = sheet.unwrap();
    // EXPOSE: the test types it.
    let spelt = typed(&sheet.codes()[7].render().expose().to_lowercase().replace('-', " "));
    let proven = block_on(node.verify(&RecoveryCodes, ada(), &spelt, NOW)).unwrap();
    assert_eq!(proven.proof.by(), ProvenBy::RecoveryCode(7));
    assert_eq!(
        refusal(block_on(node.verify(&RecoveryCodes, ada(), &spelt, NOW))),
        Problem::RecoveryCodeSpent
    );
    let new = proven.replacement.unwrap().render();
    assert_eq!(block_on(node.count_codes(ada())).unwrap(), 10);
    let renewed = block_on(node.regenerate_codes(ada(), NOW)).unwrap();
    assert_eq!(
        refusal(block_on(node.verify(&RecoveryCodes, ada(), &new, NOW))),
        Problem::RecoveryCodeWrong,
        "another set"
    );
    assert!(block_on(node.verify(&RecoveryCodes, ada(), &renewed.codes()[0].render(), NOW)).is_ok());
    // EXPOSE: its form only.
    assert_eq!(renewed.print("Codes").expose().lines().count(), 12);
}

#[test]
fn both_keys_live_while_they_rotate_and_a_lost_one_is_a_fault() {
    let store = MemoryStore::in_memory();
    let (app, sheet) = enrol(&node(&store));
    let codes = sheet.unwrap();
    let lost = Mfa::new(store.clone(), ring("k2", &[]), SystemEntropy);
    match block_on(lost.verify(&Totp, ada(), &app.code(NOW, 0), NOW)) {
        Err(Failure::Fault(fault)) => assert_eq!(fault.kind(), ErrorKind::Keys),
        other => panic!("{other:?}"),
    }
    let both = Mfa::new(store.clone(), ring("k2", &["k1"]), SystemEntropy);
    assert!(block_on(both.verify(&Totp, ada(), &app.code(NOW, 0), NOW)).is_ok());
    assert!(block_on(both.verify(&RecoveryCodes, ada(), &codes.codes()[3].render(), NOW)).is_ok());
    assert!(block_on(lost.verify(&Totp, ada(), &app.code(NOW, 1), NOW)).is_ok(), "sealed anew");
}
