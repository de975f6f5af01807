//! A process that dies at any call of its store, before or after it: every operation is all or nothing, and whoever
//! comes next can go on.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use vestibule::{Acting, NewPerson, SignIn, SignInRequest, Vestibule};
use vestibule_conformance::{Call, Hook, Hooked, audit};
use vestibule_core::{
    AccountId, Failure, KeyId, KeyPurpose, KeyRing, LoginEmail, Realm, Secret, StoreError, SubjectId,
};
use vestibule_credentials::{CredentialsRead, HashParams, HashPoolConfig, Lane};
use vestibule_journal::{EventKind, JournalRead};
use vestibule_profiles::{Move, NewAccount, NewMember, ProfilesRead, Status};
use vestibule_sqlite::{Options, SqliteStore};

use crate::world::{ADA, NEW, RIGHT, block_on, role, wide};

const BOB: &str = "bob@example.com";
const FILE: &str = "VESTIBULE_TEST_KILLED_FILE";
const PLAN: &str = "VESTIBULE_TEST_KILLED_PLAN";

/// Ends the process at one call.
#[derive(Debug, Default)]
struct Kill {
    armed: AtomicBool,
    /// How many calls are left until the one.
    left: AtomicU32,
    before: bool,
}

impl Kill {
    fn pass(&self, before: bool) -> Result<(), StoreError> {
        if self.before == before
            && self.armed.load(Ordering::SeqCst)
            && self.left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            // No destructor runs and nothing is flushed, as after SIGKILL.
            std::process::abort();
        }
        Ok(())
    }
}

impl Hook for Kill {
    fn before(&self, _: Call) -> Result<(), StoreError> {
        self.pass(true)
    }

    fn after(&self, _: Call) -> Result<(), StoreError> {
        self.pass(false)
    }
}

fn acme() -> AccountId {
    AccountId::from(7)
}

fn deployment(store: impl vestibule::Store) -> Vestibule {
    let mut ring = KeyRing::builder();
    for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
        ring = ring.current(purpose, KeyId::parse("k1").unwrap(), Secret::new([7; 32]));
    }
    Vestibule::builder()
        .store(store)
        .keys(ring.build().unwrap())
        .hashing(HashPoolConfig::new(HashParams::danger_weak_for_tests(), 1))
        .throttle(wide())
        .build()
        .unwrap()
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, Realm::default(), Options::new()).unwrap()
}

fn person(vestibule: &Vestibule, login: &str) -> SubjectId {
    let person = NewPerson::verified_by_host(LoginEmail::parse(login).unwrap()).password(RIGHT);
    block_on(vestibule.register_verified(person)).unwrap()
}

fn session(vestibule: &Vestibule, login: &str) -> (vestibule::Authenticated, Secret<String>) {
    let SignIn::SignedIn(signed_in) = block_on(vestibule.sign_in(SignInRequest::new(login, RIGHT))).unwrap()
    else {
        panic!("nothing was marked")
    };
    (block_on(vestibule.authenticate(&signed_in.token)).unwrap(), signed_in.token)
}

/// Ada administers the account, Bob is a member.
fn settle(vestibule: &Vestibule) -> (SubjectId, SubjectId) {
    let (ada, bob) = (person(vestibule, ADA), person(vestibule, BOB));
    let (who, _) = session(vestibule, ADA);
    block_on(vestibule.create_account(&who, NewAccount::new(acme(), "Acme", role()))).unwrap();
    let member = NewMember::active(bob, role());
    block_on(vestibule.add_member(Acting::Administrator(&who), acme(), member)).unwrap();
    (ada, bob)
}

#[test]
#[ignore = "the process that is killed; the tests below start it"]
fn acts_and_is_killed() {
    let (Some(path), Ok(plan)) = (std::env::var_os(FILE), std::env::var(PLAN)) else { return };
    let mut plan = plan.split(' ');
    let (act, before, call) = (plan.next().unwrap(), plan.next().unwrap(), plan.next().unwrap());
    let hook = Arc::new(Kill {
        left: AtomicU32::new(call.parse().unwrap()),
        before: before == "before",
        ..Kill::default()
    });
    let vestibule = deployment(Hooked::new(open(Path::new(&path)), Arc::clone(&hook)));
    let arm = || hook.armed.store(true, Ordering::SeqCst);
    match act {
        "sign_in" => {
            arm();
            let request = SignInRequest::new(BOB, RIGHT).into_account(acme());
            assert!(matches!(block_on(vestibule.sign_in(request)), Ok(SignIn::SignedIn(_))));
        }
        "change_password" => {
            let (who, _) = session(&vestibule, BOB);
            arm();
            block_on(vestibule.change_password(&who, RIGHT, NEW)).unwrap();
        }
        "dismiss" => {
            let (who, _) = session(&vestibule, ADA);
            let bob = block_on(vestibule.list_accounts(&who, None, 1)).map(|_| bob_of(&path)).unwrap();
            arm();
            let by = Acting::Administrator(&who);
            block_on(vestibule.move_member(by, acme(), bob, Move::Dismiss)).unwrap();
        }
        other => panic!("{other}"),
    }
}

fn bob_of(path: impl AsRef<Path>) -> SubjectId {
    let login = vestibule_core::Identifier::parse_login(BOB).unwrap();
    block_on(open(path.as_ref()).identifier_owner(login.kind(), login.key())).unwrap().unwrap().subject
}

/// Plays an act once per call and side of it, the process dying there, and shows what was left each time. Returns how
/// often the act was not done and how often it was, by what `look` says.
fn kill_everywhere(act: &str, look: impl Fn(&SqliteStore, &Vestibule, SubjectId) -> bool) -> (u32, u32) {
    let (mut undone, mut done) = (0, 0);
    for side in ["before", "after"] {
        for call in 1.. {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("people.db");
            let now = vestibule_core::Timestamp::EPOCH;
            let store = SqliteStore::create(&path, Realm::default(), Options::new(), now).unwrap();
            let (ada, bob) = settle(&deployment(store));
            let ended = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "killed::acts_and_is_killed", "--ignored"])
                .env(FILE, &path)
                .env(PLAN, format!("{act} {side} {call}"))
                .output()
                .unwrap();
            let store = open(&path);
            let findings = block_on(audit(&store, &[ada, bob], &[acme()])).unwrap();
            assert!(findings.is_empty(), "{act}, killed {side} call {call}: {findings:?}");
            let landed = look(&store, &deployment(store.clone()), bob);
            if ended.status.success() {
                assert!(landed, "{act} was answered and is not there");
                assert!(call > 3, "{act} has more calls than that");
                break;
            }
            assert_eq!(ended.status.code(), None, "{}", String::from_utf8_lossy(&ended.stdout));
            *(if landed { &mut done } else { &mut undone }) += 1;
        }
    }
    (undone, done)
}

fn events(store: &SqliteStore, subject: SubjectId, kind: &EventKind) -> usize {
    let events = block_on(store.events_of_subject(subject, None, 100)).unwrap();
    events.iter().filter(|event| event.kind == *kind).count()
}

fn password_opens(vestibule: &Vestibule, password: &str) -> bool {
    match block_on(vestibule.sign_in(SignInRequest::new(BOB, password))) {
        Ok(_) => true,
        Err(Failure::Refused(_)) => false,
        Err(Failure::Fault(fault)) => panic!("{fault:?}"),
    }
}

#[test]
fn a_sign_in_is_whole_or_not_there_and_its_try_is_never_refunded() {
    let (undone, done) = kill_everywhere("sign_in", |store, vestibule, bob| {
        use vestibule_sessions::SessionsRead;
        let sessions = block_on(store.sessions(bob)).unwrap();
        let tries = block_on(store.tries(bob, Lane::Everybody)).unwrap();
        let landed = !sessions.is_empty();
        assert_eq!(sessions.len(), usize::from(landed));
        assert_eq!(events(store, bob, &EventKind::SIGN_IN_SUCCEEDED), usize::from(landed), "with its event");
        assert_eq!(block_on(store.devices(bob)).unwrap().len(), usize::from(landed), "and the device");
        if landed {
            assert_eq!(tries.unwrap().consecutive_failures(), 0, "it settled its own try");
        } else {
            assert!(tries.is_none_or(|tries| tries.consecutive_failures() == 1));
        }
        assert!(password_opens(vestibule, RIGHT), "whoever comes next signs in");
        landed
    });
    assert!(undone > 2 && done > 0, "{undone} {done}");
}

#[test]
fn a_password_is_the_old_one_or_the_new_one_with_all_that_belongs_to_it() {
    let (undone, done) = kill_everywhere("change_password", |store, vestibule, bob| {
        let (old, new) = (password_opens(vestibule, RIGHT), password_opens(vestibule, NEW));
        assert!(old != new, "old {old}, new {new}");
        let epoch = block_on(store.profile(bob)).unwrap().unwrap().epoch;
        assert_eq!(epoch, if new { 2 } else { 1 }, "the sessions of before ended");
        assert_eq!(events(store, bob, &EventKind::PASSWORD_CHANGED), usize::from(new), "with its event");
        let told = block_on(vestibule.waiting_messages(None, 100)).unwrap().messages;
        let told = told.iter().filter(|told| told.notice.kind == vestibule::NoticeKind::PasswordChanged);
        assert_eq!(told.count(), usize::from(new), "and the notice");
        new
    });
    assert!(undone > 2 && done > 0, "{undone} {done}");
}

#[test]
fn a_dismissal_is_whole_or_not_there() {
    let (undone, done) = kill_everywhere("dismiss", |store, vestibule, bob| {
        let member = block_on(store.membership(acme(), bob)).unwrap().unwrap();
        let landed = member.standing.status == Status::Dismissed;
        let account = block_on(store.account(acme())).unwrap().unwrap();
        assert_eq!(account.seats, if landed { 1 } else { 2 });
        assert_eq!(events(store, bob, &EventKind::MEMBERSHIP_DISMISSED), usize::from(landed));
        let told = block_on(vestibule.waiting_messages(None, 100)).unwrap().messages;
        let told = told.iter().filter(|told| told.notice.kind == vestibule::NoticeKind::MemberDismissed);
        assert_eq!(told.count(), usize::from(landed));
        let request = SignInRequest::new(BOB, RIGHT).into_account(acme());
        let Ok(SignIn::SignedIn(signed_in)) = block_on(vestibule.sign_in(request)) else {
            panic!("dismissed from an account only")
        };
        assert_eq!(signed_in.entered.unwrap().is_err(), landed, "PR-4");
        landed
    });
    assert!(undone > 2 && done > 0, "{undone} {done}");
}
