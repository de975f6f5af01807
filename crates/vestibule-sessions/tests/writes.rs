//! What each write means, on the reference store.

#![cfg(test)]

mod common;

use core::time::Duration;

use common::*;
use vestibule_core::kv::{Action, Applied, Expect, Kv, Op};
use vestibule_core::{Batch, BatchId, Commit, Landed, MemoryStore, SessionHandle, Write};
use vestibule_sessions::decide::ReissueRequest;
use vestibule_sessions::{AdmissionStamp, Problem, Session, SessionsGuard, SessionsRead, SessionsWrite};

/// Lands one write in a batch of its own.
fn land(store: &MemoryStore, number: u8, write: &SessionsWrite) -> Landed<SessionsGuard> {
    let batch = Batch::new(BatchId::from_bytes([number; 16]), NOW, vec![write.clone()]).unwrap();
    block_on(store.commit(&batch)).unwrap()
}

const fn refused(guard: SessionsGuard) -> Landed<SessionsGuard> {
    Landed::Refused { position: 0, guard }
}

fn row(store: &MemoryStore, session: &Session) -> Option<Session> {
    block_on(store.session(session.digest)).unwrap()
}

fn opened(store: &MemoryStore) -> Session {
    open(&node(store), NOW).session
}

const STRANGER: SessionHandle = SessionHandle::from_bytes([0xaa; 16]);

#[test]
fn put_wants_the_slot_empty_or_held_by_the_one_it_replaces() {
    let store = MemoryStore::in_memory();
    let old = opened(&store);
    let new = Session { handle: STRANGER, ..old.clone() };
    for replacing in [None, Some(STRANGER)] {
        let put = SessionsWrite::PutSession { session: new.clone(), replacing };
        assert_eq!(land(&store, 1, &put), refused(SessionsGuard::Slot), "{replacing:?}");
        let empty = Session { slot: old.slot ^ 1, ..new.clone() };
        let into_empty = SessionsWrite::PutSession { session: empty, replacing: Some(STRANGER) };
        assert_eq!(land(&store, 1, &into_empty), refused(SessionsGuard::Slot), "nobody is there to replace");
    }
    let put = SessionsWrite::PutSession { session: new.clone(), replacing: Some(old.handle) };
    assert_eq!(land(&store, 2, &put), Landed::Applied);
    assert_eq!(land(&store, 2, &put), Landed::AlreadyApplied, "the same batch");
    assert_eq!(land(&store, 3, &put), refused(SessionsGuard::Slot), "another one");
    assert_eq!(row(&store, &new).unwrap().set_by, BatchId::from_bytes([2; 16]));
}

#[test]
fn end_wants_exactly_that_session() {
    let store = MemoryStore::in_memory();
    let session = opened(&store);
    let end = |handle| SessionsWrite::EndSession { subject: session.subject, slot: session.slot, handle };
    assert_eq!(land(&store, 1, &end(STRANGER)), refused(SessionsGuard::SessionLive));
    assert!(row(&store, &session).is_some());
    assert_eq!(land(&store, 1, &end(session.handle)), Landed::Applied);
    assert_eq!(row(&store, &session), None);
    assert_eq!(land(&store, 2, &end(session.handle)), refused(SessionsGuard::SessionLive));
}

#[test]
fn a_use_moves_forward_only_and_touches_no_other_session() {
    let store = MemoryStore::in_memory();
    let session = opened(&store);
    let touch =
        |handle, at| SessionsWrite::TouchSession { subject: session.subject, slot: session.slot, handle, at };
    let (soon, late) = (NOW.plus(Duration::from_secs(1)), NOW.plus(Duration::from_secs(2)));
    assert_eq!(land(&store, 1, &touch(session.handle, late)), Landed::Applied);
    assert_eq!(land(&store, 2, &touch(session.handle, soon)), Landed::Applied, "it never refuses");
    let expected = Session { last_used_at: late, ..session.clone() };
    assert_eq!(row(&store, &session), Some(expected.clone()), "and nothing else has changed");
    let later = late.plus(Duration::from_secs(1));
    assert_eq!(land(&store, 3, &touch(STRANGER, later)), Landed::Applied);
    assert_eq!(row(&store, &session), Some(expected));
}

#[test]
fn stamping_wants_the_version_that_was_read_and_moves_it() {
    let store = MemoryStore::in_memory();
    let session = opened(&store);
    let admissions = vec![AdmissionStamp {
        account: 7.into(),
        membership_epoch: 1,
        policy_version: 2,
        membership_version: 3,
    }];
    let stamp = |handle, from| SessionsWrite::StampAdmissions {
        subject: session.subject,
        slot: session.slot,
        handle,
        from,
        admissions: admissions.clone(),
    };
    let (handle, from) = (session.handle, session.version);
    assert_eq!(land(&store, 1, &stamp(handle, from + 1)), refused(SessionsGuard::SessionVersion));
    assert_eq!(land(&store, 1, &stamp(STRANGER, from)), refused(SessionsGuard::SessionVersion));
    assert_eq!(land(&store, 2, &stamp(handle, from)), Landed::Applied);
    assert_eq!(land(&store, 2, &stamp(handle, from)), Landed::AlreadyApplied, "the same batch");
    assert_eq!(land(&store, 3, &stamp(handle, from)), refused(SessionsGuard::SessionVersion));
    let stamped = row(&store, &session).unwrap();
    assert_eq!((stamped.version, stamped.admissions), (from + 1, admissions));
}

#[test]
fn every_write_names_the_row_it_changes() {
    let store = MemoryStore::in_memory();
    let session = opened(&store);
    let put = SessionsWrite::PutSession { session: session.clone(), replacing: None };
    let end = vestibule_sessions::decide::end(&session);
    let touch = SessionsWrite::TouchSession {
        subject: session.subject,
        slot: session.slot,
        handle: session.handle,
        at: NOW,
    };
    assert!([&end, &touch].into_iter().all(|write| write.row() == put.row()));
    let other = Session { slot: session.slot ^ 1, ..session };
    assert_ne!(vestibule_sessions::decide::end(&other).row(), put.row());
}

#[test]
fn a_token_read_beside_its_re_issue_finds_nobody_else_s_session() {
    let store = MemoryStore::in_memory();
    let node = node(&store);
    let old = open(&node, NOW);
    let before = store.kv().dump();
    let used = use_it(&node, &text(&old), &standing(), NOW).unwrap();
    let _ = block_on(node.reissue(&used, &ReissueRequest::new(EPOCH), NOW)).unwrap();
    let after = store.kv().dump();
    // The old pointer as a reader saw it before, the row as it sees it after.
    let gone = before.into_iter().find(|(key, _)| after.iter().all(|(other, _)| other != key));
    let (key, pointer) = gone.unwrap();
    let op = Op { key, expect: Expect::Absent, action: Action::Put(pointer) };
    assert_eq!(block_on(store.kv().apply(BatchId::from_bytes([9; 16]), vec![op])).unwrap(), Applied::All);
    assert_eq!(refusal(block_on(node.find(&text(&old)))), Problem::Unknown);
}
