//! A disk without room: what is refused is no success, what needs no room goes on, and with room again everything does,
//! without any repair (FLT-X17).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use vestibule::{NewPerson, SignIn, SignInRequest, Vestibule};
use vestibule_conformance::audit;
use vestibule_core::{Failure, LoginEmail, Refusal, StoreError, StoreErrorKind, SubjectId};
use vestibule_profiles::ProfilesRead;

use crate::acts::{ENTERED, entered};
use crate::calls::realm;
use crate::cast::{BOB, RIGHT, Start, accounts, deployment, engines, people, settle};
use crate::ground::{block_on, make_at, open, with_room_again};

/// A small file system in memory, which goes with this.
pub(crate) struct Small(tempfile::TempDir);

impl Small {
    /// `None` where this process may mount nothing.
    pub(crate) fn of(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={size}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all the room that is left.
    pub(crate) fn fill(&self) -> PathBuf {
        let ballast = self.path().join("ballast");
        let mut file = fs::File::create(&ballast).unwrap();
        let mut block = vec![0; 1 << 16];
        while !block.is_empty() {
            if std::io::Write::write_all(&mut file, &block).is_err() {
                block.truncate(block.len() / 2);
            }
        }
        ballast
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// Whether there was no disk to fill.
static UNMOUNTED: AtomicBool = AtomicBool::new(false);

/// What the closing line says then.
pub(crate) fn left_out() -> Option<&'static str> {
    let said = "no disk was full: nothing may be mounted here; run this as root";
    UNMOUNTED.load(Ordering::Relaxed).then_some(said)
}

/// Fills the disk beneath a deployment, and makes room again.
pub(crate) fn no_room(size: &str) {
    let Some(small) = Small::of(size) else {
        UNMOUNTED.store(true, Ordering::Relaxed);
        return;
    };
    let name = make_at(small.path());
    let store = open(&name, realm("default"));
    let vestibule = deployment(store.clone());
    block_on(settle(&vestibule, Start::Member));
    let request = SignInRequest::new(BOB, RIGHT).into_account(engines());
    let Ok(SignIn::SignedIn(signed_in)) = block_on(vestibule.sign_in(request)) else {
        panic!("there was room")
    };
    let token = signed_in.token;

    let ballast = small.fill();
    // Some room may be left within the database's own files.
    let (number, failure) = (100..10_000)
        .find_map(|number| register(&vestibule, number).err().map(|failure| (number, failure)))
        .expect("the room was endless");
    let Failure::Fault(fault) = failure else { panic!("a refusal: {failure:?}") };
    let source = std::error::Error::source(&fault).and_then(|source| source.downcast_ref());
    assert_eq!(source.map(StoreError::kind), Some(StoreErrorKind::Full));
    assert_eq!(block_on(store.profile(SubjectId::from(number))).unwrap(), None, "what was refused is there");
    for _ in 0..3 {
        assert!(
            register(&vestibule, number).is_err_and(|failure| failure.refused().is_none()),
            "refused is not success"
        );
        let who = block_on(vestibule.authenticate(&token)).expect("sessions are checked without room");
        assert!(block_on(vestibule.is_admitted(&who, engines())).unwrap());
    }

    fs::remove_file(ballast).unwrap();
    drop(vestibule);
    let store = with_room_again(store, &name);
    let vestibule = deployment(store.clone());
    register(&vestibule, number).expect("there is room again");
    let request = SignInRequest::new(BOB, RIGHT).into_account(engines());
    assert_eq!(block_on(entered(&vestibule, request)), Ok(ENTERED.to_owned()));
    let everybody: Vec<_> = (100..=number).map(SubjectId::from).chain(people()).collect();
    assert!(block_on(audit(&store, &everybody, &accounts())).unwrap().is_empty());
}

fn register(vestibule: &Vestibule, number: u64) -> Result<SubjectId, Failure<Refusal>> {
    let login = LoginEmail::parse(&format!("p{number}@example.com")).unwrap();
    let person = NewPerson::verified_by_host(login).subject(SubjectId::from(number));
    block_on(vestibule.register_verified(person))
}
