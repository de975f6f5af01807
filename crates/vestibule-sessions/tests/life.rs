//! A session from sign-in to its end, over a store that several processes share.

#![cfg(test)]

mod common;

use core::time::Duration;

use common::*;
use vestibule_core::kv::Key;
use vestibule_core::{MemoryStore, SubjectId, Timestamp};
use vestibule_sessions::decide::{ReissueRequest, RememberRequest};
use vestibule_sessions::{
    AdmissionStamp, AdmissionState, Amr, DeviceLabel, Evidence, Limits, Problem, SessionPolicy, Standing,
};

const TICK: Duration = Duration::from_micros(1);

/// The rows of this domain: a batch of several writes leaves a row of the bridge's own, too.
fn rows(store: &MemoryStore) -> Vec<(Key, Vec<u8>)> {
    let ours = |key: &Key| key.partition().as_bytes().windows(9).any(|window| window == b"sessions.");
    store.kv().dump().into_iter().filter(|(key, _)| ours(key)).collect()
}

#[test]
fn a_token_that_was_cut_or_extended_is_refused() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let token = text(&open(&node, NOW));
    for length in 0..token.len() {
        assert_eq!(refusal(block_on(node.find(token.get(..length).unwrap()))), Problem::Unknown, "{length}");
    }
    for tail in ["0", "_", "=", " ", "\0", "\n"] {
        assert_eq!(refusal(block_on(node.find(&format!("{token}{tail}")))), Problem::Unknown);
    }
    assert_eq!(refusal(block_on(node.find(&token.to_uppercase()))), Problem::Unknown);
    assert!(block_on(node.find(&token)).is_ok());
}

#[test]
fn a_token_that_names_a_key_nobody_has_is_unknown_and_no_fault() {
    use vestibule_core::{KeyId, Purpose, SecretText, SystemEntropy};
    let other = KeyId::parse("gone").unwrap();
    let forged = SecretText::make(&SystemEntropy, Purpose::new("session").unwrap(), other).unwrap().render();
    let node = node(&MemoryStore::in_memory());
    // EXPOSE: what an attacker sends.
    assert_eq!(refusal(block_on(node.find(forged.expose()))), Problem::Unknown);
}

#[test]
fn a_store_holds_no_token_and_strangers_leave_no_row() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    for n in 0..1000 {
        let _ = block_on(node.find(&format!("vst1_session_k1_{n}_0000")));
    }
    assert!(rows(&store).is_empty());
    let token = text(&open(&node, NOW));
    let secret = token.split('_').nth(3).unwrap().as_bytes();
    for (key, value) in rows(&store) {
        let at_rest = [key.partition().as_bytes(), key.sort(), &value].concat();
        assert!(!at_rest.windows(secret.len()).any(|window| window == secret));
    }
}

#[test]
fn the_idle_and_the_absolute_boundary_refuse() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let new = open(&node, NOW);
    let token = text(&new);
    let end = NOW.plus(new.session.idle);
    assert_eq!(refusal(use_it(&node, &token, &standing(), end)), Problem::Idle { ended_at: end });
    assert_eq!(refusal(use_it(&node, &token, &standing(), end.plus(TICK))), Problem::Idle { ended_at: end });
    assert!(use_it(&node, &token, &standing(), end.minus(TICK)).is_ok());
}

#[test]
fn activity_never_extends_the_absolute_end() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let new = open(&node, NOW);
    let (token, end) = (text(&new), new.session.ends_at);
    let mut now = NOW;
    while now < end {
        let used = use_it(&node, &token, &standing(), now).unwrap();
        assert_eq!(used.session.ends_at, end);
        now = now.plus(Duration::from_secs(8 * 3600));
    }
    assert!(use_it(&node, &token, &standing(), end.minus(TICK)).is_ok());
    assert_eq!(refusal(use_it(&node, &token, &standing(), end)), Problem::Expired { ended_at: end });
}

#[test]
fn a_use_is_written_at_most_once_in_a_tenth_of_the_idle_time() {
    let store = MemoryStore::in_memory();
    let minute = Duration::from_secs(60);
    let limits = Limits::new(minute * 600, minute * 10).unwrap();
    let node = node(&store).with_policy(SessionPolicy::default().with_limits(limits, limits));
    let token = text(&open(&node, NOW));
    let mut writes = 0;
    let mut before = rows(&store);
    for second in 1..=600 {
        let now = NOW.plus(Duration::from_secs(second));
        assert_eq!(use_it(&node, &token, &standing(), now).unwrap().touch, None, "it was landed");
        let after = rows(&store);
        writes += u32::from(before != after);
        before = after;
    }
    assert_eq!(writes, 10);
}

#[test]
fn a_new_token_ends_the_old_one_and_the_old_handle() {
    let store = MemoryStore::in_memory();
    let (node, elsewhere) = (node(&store), node(&store));
    let old = open(&node, NOW);
    let used = use_it(&node, &text(&old), &standing(), NOW).unwrap();
    let otp = Evidence { amr: Amr::Otp, at: NOW };
    let new = block_on(node.reissue(&used, &ReissueRequest::new(EPOCH).proven(otp), NOW)).unwrap();
    assert_ne!(text(&old), text(&new));
    assert_eq!(refusal(block_on(elsewhere.find(&text(&old)))), Problem::Unknown);
    assert!(use_it(&elsewhere, &text(&new), &standing(), NOW).unwrap().session.has_two_factors());
    assert_eq!(refusal(block_on(elsewhere.end(ada(), old.session.handle, NOW))), Problem::Ended);
    let again = ReissueRequest::new(EPOCH);
    assert_eq!(
        refusal(block_on(node.reissue(&used, &again, NOW))),
        Problem::Unknown,
        "it is another session now"
    );
    assert_eq!(rows(&store).len(), 2, "one session and its token");
}

#[test]
fn signing_in_over_a_session_ends_that_one() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let old = open(&node, NOW);
    let over = request(NOW).in_place_of(old.session.handle);
    let new = block_on(node.open(&over, NOW)).unwrap();
    assert_eq!(refusal(block_on(node.find(&text(&old)))), Problem::Unknown);
    assert!(block_on(node.find(&text(&new))).is_ok());
    assert_eq!(rows(&store).len(), 2);
}

#[test]
fn a_moved_epoch_ends_every_session_at_once_in_every_process() {
    let store = MemoryStore::in_memory();
    let (node, elsewhere) = (node(&store), node(&store));
    let tokens: Vec<String> = (0..16).map(|_| text(&open(&node, NOW))).collect();
    assert!(tokens.iter().all(|token| use_it(&elsewhere, token, &standing(), NOW).is_ok()));
    let moved = Standing::new(EPOCH + 1).with_password_generation(GENERATION);
    for token in &tokens {
        for node in [&node, &elsewhere] {
            assert_eq!(refusal(use_it(node, token, &moved, NOW)), Problem::Revoked);
        }
    }
    assert!(block_on(node.list(ada(), &moved, None, NOW)).unwrap().is_empty());
}

#[test]
fn signed_out_is_signed_out_in_every_process() {
    let store = MemoryStore::in_memory();
    let (node, elsewhere) = (node(&store), node(&store));
    let (one, two) = (open(&node, NOW), open(&node, NOW));
    block_on(elsewhere.end(ada(), one.session.handle, NOW)).unwrap();
    assert_eq!(refusal(use_it(&node, &text(&one), &standing(), NOW)), Problem::Unknown);
    assert!(use_it(&node, &text(&two), &standing(), NOW).is_ok());
    assert_eq!(refusal(block_on(node.end(ada(), one.session.handle, NOW))), Problem::Ended);
    assert_eq!(rows(&store).len(), 2, "nothing of it is left");
}

#[test]
fn a_handle_ends_only_one_s_own_session() {
    let node = node(&MemoryStore::in_memory());
    let session = open(&node, NOW);
    let stranger = SubjectId::from(43);
    assert_eq!(refusal(block_on(node.end(stranger, session.session.handle, NOW))), Problem::Ended);
    assert!(block_on(node.find(&text(&session))).is_ok());
}

#[test]
fn a_person_lists_live_sessions_by_handle_and_ends_all_others() {
    let store = MemoryStore::in_memory();
    let slots = SessionPolicy::default().with_sessions_at_most(32).unwrap();
    let node = node(&store).with_policy(slots);
    let label = DeviceLabel::parse("Firefox on Linux").unwrap();
    let own = block_on(node.open(&request(NOW).label(label), NOW)).unwrap();
    for _ in 0..31 {
        let _ = open(&node, NOW);
    }
    let handle = own.session.handle;
    let list = block_on(node.list(ada(), &standing(), Some(handle), NOW)).unwrap();
    assert_eq!(list.len(), 32);
    let current: Vec<_> = list.iter().filter(|view| view.current).collect();
    assert_eq!(current.len(), 1);
    assert_eq!((current[0].handle, current[0].label.as_str()), (handle, "Firefox on Linux"));
    let blocked = standing().with_blocked(true);
    assert!(block_on(node.list(ada(), &blocked, None, NOW)).unwrap().is_empty(), "none of them is live");
    assert_eq!(block_on(node.end_all(ada(), Some(handle), NOW)).unwrap(), 31);
    assert_eq!(block_on(node.list(ada(), &standing(), None, NOW)).unwrap().len(), 1);
    assert!(block_on(node.find(&text(&own))).is_ok());
    assert_eq!(block_on(node.end_all(ada(), None, NOW)).unwrap(), 1);
    assert!(rows(&store).is_empty());
}

#[test]
fn ten_thousand_sign_ins_leave_no_more_rows_than_slots() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let mut evicted = 0;
    for second in 0..10_000 {
        let new = open(&node, NOW.plus(Duration::from_secs(second)));
        evicted += usize::from(new.evicted.is_some());
    }
    assert_eq!(evicted, 10_000 - 16);
    assert_eq!(rows(&store).len(), 2 * 16, "a row and a token each");
}

#[test]
fn an_admission_is_remembered_until_something_moves() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let token = text(&open(&node, NOW));
    let stamp =
        AdmissionStamp { account: 7.into(), membership_epoch: 1, policy_version: 1, membership_version: 1 };
    let asked = standing().with_admission(stamp);
    let used = use_it(&node, &token, &asked, NOW).unwrap();
    assert_eq!(used.admission, AdmissionState::CheckAgain);
    block_on(node.admitted(&used, stamp, NOW)).unwrap();
    // A second note from the same reading meets a moved version, reads again and finds it noted.
    block_on(node.admitted(&used, stamp, NOW)).unwrap();
    assert_eq!(use_it(&node, &token, &asked, NOW).unwrap().admission, AdmissionState::Admitted);
    let dismissed = standing().with_admission(AdmissionStamp { membership_epoch: 2, ..stamp });
    assert_eq!(use_it(&node, &token, &dismissed, NOW).unwrap().admission, AdmissionState::CheckAgain);
    block_on(node.end_all(ada(), None, NOW)).unwrap();
    let moved = AdmissionStamp { policy_version: 2, ..stamp };
    assert_eq!(refusal(block_on(node.admitted(&used, moved, NOW))), Problem::Unknown);
}

#[test]
fn a_late_use_revives_nothing() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let new = open(&node, NOW);
    let found = block_on(node.find(&text(&new))).unwrap();
    block_on(node.end(ada(), new.session.handle, NOW)).unwrap();
    let later = NOW.plus(new.session.idle / 2);
    let _ = block_on(node.validate(found, &standing(), later)).unwrap();
    assert!(rows(&store).is_empty());
}

#[test]
fn a_device_is_known_to_its_owner_until_its_end_or_the_epoch_moves() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let known = block_on(node.remember_device(&RememberRequest::new(ada(), EPOCH), NOW)).unwrap();
    let secret = known.token.render();
    // EXPOSE: tests play the browser.
    let token = secret.expose().as_str();
    let recognise = |token: &str, subject, epoch, now: Timestamp| {
        block_on(node.recognise_device(token, subject, epoch, now)).unwrap()
    };
    let device = recognise(token, ada(), EPOCH, NOW).unwrap();
    assert_eq!((device.handle(), device.subject()), (known.device.handle, ada()));
    let end = known.device.ends_at;
    assert!(recognise(token, ada(), EPOCH, end.minus(TICK)).is_some());
    assert_eq!(recognise(token, ada(), EPOCH, end), None);
    assert_eq!(recognise(token, ada(), EPOCH + 1, NOW), None);
    assert_eq!(recognise(token, ada(), EPOCH - 1, NOW), None);
    assert_eq!(recognise(token, SubjectId::from(43), EPOCH, NOW), None);
    assert_eq!(recognise(&text(&open(&node, NOW)), ada(), EPOCH, NOW), None, "a session is no device");
    assert_eq!(refusal(block_on(node.find(token))), Problem::Unknown, "a device is no session");
    for length in 0..token.len() {
        assert_eq!(recognise(token.get(..length).unwrap(), ada(), EPOCH, NOW), None);
    }
}

#[test]
fn a_device_that_signs_in_again_keeps_its_slot_and_its_old_token_ends() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let mut request = RememberRequest::new(ada(), EPOCH);
    for _ in 0..100 {
        let known = block_on(node.remember_device(&request, NOW)).unwrap();
        assert_eq!(known.evicted, None);
        request = RememberRequest::new(ada(), EPOCH).in_place_of(known.device.handle);
    }
    assert_eq!(rows(&store).len(), 2, "one device and its token");
    let others = (1..=16).filter(|second| {
        let now = NOW.plus(Duration::from_secs(*second));
        block_on(node.remember_device(&RememberRequest::new(ada(), EPOCH), now)).unwrap().evicted.is_some()
    });
    assert_eq!(others.count(), 1, "the sixteenth more");
    assert_eq!(rows(&store).len(), 2 * 16);
}
